//! Every verdict of the index is that of plain judgement, through updates, staleness and removal.

use std::{collections::BTreeMap, sync::Arc};

use blindspot_catalog::{Detection, Facts};
use blindspot_coverage::{
    HostSight, Verdict, VerdictCounts,
    index::{Compiled, DetectionSlot, FleetIndex, GroupId, HostMeta, HostSet, HostSlot},
    judge,
};
use blindspot_telemetry::{Inventory, Platform};
use blindspot_tests::random_fleet::{Asked, Random, window};

use crate::{detections, threads};

const HOSTS: usize = 1000;
const EVENT_TYPES: usize = 60;

/// The detections, and what plain judgement says of a host.
struct Plain {
    detections: Vec<Detection>,
    facts: Facts,
}

impl Plain {
    fn verdicts(&self, sight: &HostSight<'_>) -> Vec<Verdict> {
        self.detections.iter().map(|detection| judge(detection, sight, &self.facts).verdict).collect()
    }

    /// The verdicts of many hosts, by all processors.
    fn all(&self, hosts: &[Inventory]) -> Vec<Vec<Verdict>> {
        let of = |host| self.verdicts(&HostSight::new(host, window(), &self.facts));
        std::thread::scope(|scope| {
            let share = hosts.len().div_ceil(threads().get()).max(1);
            let workers: Vec<_> = hosts
                .chunks(share)
                .map(|hosts| scope.spawn(move || hosts.iter().map(of).collect::<Vec<_>>()))
                .collect();
            workers.into_iter().flat_map(|worker| worker.join().expect("a worker that ends well")).collect()
        })
    }
}

/// An index beside what it should say.
struct Fleet<'p> {
    plain: &'p Plain,
    index: FleetIndex,
    expected: BTreeMap<HostSlot, Vec<Verdict>>,
}

impl Fleet<'_> {
    fn put(&mut self, slot: HostSlot, host: &Inventory, expected: Vec<Verdict>) {
        self.index.put(slot, &HostSight::new(host, window(), &self.plain.facts));
        self.expected.insert(slot, expected);
    }

    fn check(&self) {
        let mut counts = vec![VerdictCounts::default(); self.plain.detections.len()];
        for (slot, expected) in &self.expected {
            let found = self.index.verdicts(*slot).expect("a host");
            let pairs = self.plain.detections.iter().zip(found.iter().zip(expected));
            let wrong: Vec<_> = pairs
                .filter(|(_, (found, expected))| found != expected)
                .map(|(detection, verdicts)| (detection.id.as_str(), verdicts))
                .collect();
            assert!(wrong.is_empty(), "host {slot:?}: {} wrong, such as {:?}", wrong.len(), wrong.first());
            counts.iter_mut().zip(expected).for_each(|(counts, verdict)| counts.add(*verdict));
        }
        assert_eq!(self.index.all_counts(), counts);
        assert_eq!(self.index.join(&HostSet::All), counts);
        let all = HostSet::Hosts(self.index.hosts(&HostSet::All));
        assert_eq!(self.index.join(&all), counts);
    }

    /// What is asked of a part of the fleet is asked of its hosts only.
    fn check_group(&self, group: GroupId) {
        let set = HostSet::Group(group);
        let hosts = self.index.hosts(&set);
        let joined = self.index.join(&set);
        for (at, joined) in joined.iter().enumerate().step_by(97) {
            let detection = DetectionSlot(at as u32);
            assert_eq!(self.index.counts(detection, &set), *joined);
            for verdict in Verdict::ALL {
                let found = self.index.hosts_with(detection, verdict, &set);
                let has = |host: &u32| self.expected[&HostSlot(*host)][at] == verdict;
                assert!(hosts.iter().filter(has).eq(found.iter()), "{detection:?} {verdict:?}");
                assert_eq!(found.len() as usize, joined.of(verdict));
            }
        }
    }
}

#[test]
fn every_verdict_is_that_of_plain_judgement() {
    let (detections, facts) = detections();
    let compiled = Arc::new(Compiled::new(&detections, &facts));
    println!("{:?}", compiled.sizes());
    let asked = Asked::by(&detections);
    let plain = Plain { detections, facts };
    let mut random = Random::new(7);
    let hosts: Vec<Inventory> = (0..HOSTS).map(|_| asked.host(&mut random, EVENT_TYPES)).collect();
    let verdicts = plain.all(&hosts);
    let mut met: BTreeMap<Verdict, usize> = BTreeMap::new();
    verdicts.iter().flatten().for_each(|verdict| *met.entry(*verdict).or_default() += 1);
    println!("{met:?}");
    assert!(Verdict::ALL.iter().all(|verdict| met.contains_key(verdict)), "{met:?}");

    let mut fleet =
        Fleet { plain: &plain, index: FleetIndex::new(compiled, threads()), expected: BTreeMap::new() };
    for (at, (host, expected)) in hosts.iter().zip(&verdicts).enumerate() {
        let meta = HostMeta { platform: Platform::Windows, group: GroupId(at as u32 % 3) };
        let slot = fleet.index.new_host(meta);
        fleet.put(slot, host, expected.clone());
    }
    fleet.check();
    fleet.check_group(GroupId(1));

    // Every third host turns into another, is stale, or is gone.
    let slots: Vec<HostSlot> = fleet.expected.keys().copied().collect();
    for (at, slot) in slots.iter().enumerate() {
        let other = HOSTS - 1 - at;
        match at % 9 {
            0 => fleet.put(*slot, &hosts[other], verdicts[other].clone()),
            3 => {
                fleet.index.set_stale(*slot);
                fleet.expected.insert(*slot, plain.verdicts(&HostSight::stale(&hosts[at])));
            }
            6 => {
                fleet.index.remove(*slot);
                fleet.expected.remove(slot);
            }
            _ => {}
        }
    }
    fleet.check();
    fleet.check_group(GroupId(0));
    for slot in fleet.index.stale_hosts() {
        let ruled = [Verdict::Unknown, Verdict::OutOfScope, Verdict::Unsampled];
        assert!(fleet.expected[&HostSlot(slot)].iter().all(|verdict| ruled.contains(verdict)));
    }
}
