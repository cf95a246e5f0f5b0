//! The index against plain judgement, on requirements of every shape and hosts that differ in everything small.

use std::{num::NonZeroUsize, sync::Arc};

use blindspot_catalog::{
    Accepts, Branch, Breadth, Detection, DetectionId, DetectionSource, Exclusion, Facts, FieldExpr,
    FieldNeed, FieldTest, Leaf, LeafEvent, NotUnderstood, Requirement, Schema, Scope,
};
use blindspot_telemetry::{
    FieldFill, Hour, Inventory, Observed, Platform, Source, SourceId, SourceKind, SourceStatus, Window,
};
use jiff::Timestamp;

use super::*;
use crate::{HostSight, Verdict, VerdictCounts, judge};

/// Event types of which the catalogue knows different things: rates, defaults, siblings, roles, products.
const TYPES: [&str; 9] = [
    "sysmon:1",
    "sysmon:13",
    "security:4624",
    "security:4648",
    "security:1102",
    "security:4769",
    "powershell:4104",
    "PowerShellCore/Operational:4104",
    "Unheard-Of/Log:7",
];
const FIELDS: [&str; 3] = ["Image", "TargetObject", "CommandLine"];

const STATUSES: [SourceStatus; 8] = [
    SourceStatus::Read,
    SourceStatus::Empty,
    SourceStatus::Missing,
    SourceStatus::NotGiven,
    SourceStatus::Denied,
    SourceStatus::Disabled,
    SourceStatus::Lagging,
    SourceStatus::Unreadable,
];

/// Small numbers that look random.
struct Random(u64);

impl Random {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        (mixed ^ (mixed >> 31)) % bound
    }

    fn pick<T: Copy>(&mut self, from: &[T]) -> T {
        from[self.below(from.len() as u64) as usize]
    }

    fn need(&mut self) -> FieldNeed {
        let field = self.pick(&FIELDS);
        FieldNeed {
            rule_name: field.into(),
            event_fields: [field.into()].into(),
            schema: self.pick(&[Schema::Declares, Schema::Declares, Schema::Lacks, Schema::Unknown]),
            accepts: self.pick(&[Accepts::Value, Accepts::Placeholder]),
        }
    }

    fn expr(&mut self, depth: u64) -> FieldExpr {
        let some = |random: &mut Self| (0..2).map(|_| random.expr(depth + 1)).collect();
        match self.below(if depth < 3 { 7 } else { 3 }) {
            6 => FieldExpr::Constant(self.below(2) == 0),
            5 => FieldExpr::All(some(self)),
            4 => FieldExpr::Any(some(self)),
            3 => FieldExpr::Not(Box::new(self.expr(depth + 1))),
            2 => FieldExpr::Open,
            _ => FieldExpr::Test(self.need(), self.pick(&[FieldTest::Value, FieldTest::Absence])),
        }
    }

    fn leaf(&mut self) -> Leaf {
        let event = match self.below(8) {
            0 => LeafEvent::Source(SourceId::Channel("Security".into())),
            _ => LeafEvent::Type(self.pick(&TYPES).parse().unwrap()),
        };
        let exclusions =
            (0..self.below(2)).map(|_| Exclusion { label: "filter".into(), excluded: self.expr(0) });
        Leaf {
            event,
            exclusions: exclusions.collect(),
            breadth: self.pick(&[Breadth::Exact, Breadth::Exact, Breadth::SourceLevel]),
            needs: (0..self.below(3)).map(|_| self.need()).collect(),
            paths: Arc::default(),
        }
    }

    fn requirement(&mut self, depth: u64) -> Requirement {
        let some = |random: &mut Self| (0..3).map(|_| random.requirement(depth + 1)).collect();
        match self.below(12) {
            0..3 if depth < 3 => Requirement::Parts(some(self)),
            3..6 if depth < 3 => Requirement::Together(some(self)),
            6 => Requirement::Outside { what: "cloud".into() },
            7 if self.below(3) == 0 => {
                Requirement::NotUnderstood { kind: NotUnderstood::UnparsedRequirement, what: "?".into() }
            }
            _ => {
                let alternatives = (0..self.below(4)).map(|_| self.leaf()).collect();
                Requirement::Branch(Branch { label: "one".into(), alternatives })
            }
        }
    }

    fn detection(&mut self) -> Detection {
        Detection {
            id: DetectionId::new("d"),
            source: DetectionSource::Sigma,
            title: "a rule".into(),
            level: None,
            status: None,
            techniques: Vec::new(),
            file: None,
            scope: match self.below(6) {
                0 => Scope::Any,
                1 => Scope::OtherPlatform("macOS".into()),
                2 => Scope::Hosts(Platform::Linux),
                _ => Scope::Hosts(Platform::Windows),
            },
            requirement: self.requirement(0),
            sysmon_lines: Vec::new(),
            prerequisites: Vec::new(),
        }
    }

    fn host(&mut self) -> Inventory {
        let mut host = Inventory::new("H".into(), Platform::Windows);
        for name in TYPES {
            if self.below(2) == 0 {
                let (count, hour) = (self.pick(&[3, 40]), self.pick(&[10, 20, 30]));
                let fills = FIELDS.into_iter().filter_map(|field| {
                    let fill = |filled, placeholder, empty| FieldFill { filled, placeholder, empty };
                    let fill = self.pick(&[
                        None,
                        Some(fill(count, 0, 0)),
                        Some(fill(0, count, 0)),
                        Some(fill(0, 0, count)),
                    ]);
                    Some((field.into(), fill?))
                });
                let fields = fills.collect();
                let (first, last) = (at(hour), at(hour));
                let hours = [(Hour(hour), count)].into();
                host.observe(name.parse().unwrap(), Observed { count, first, last, hours, fields });
            }
            let source = SourceId::of(&name.parse().unwrap());
            if self.below(3) > 0 {
                host.sources.push(Source {
                    path: name.to_owned(),
                    kind: SourceKind::Evtx,
                    status: self.pick(&STATUSES),
                    holds: vec![source],
                    records: 100,
                    damaged: self.pick(&[0, 0, 50]),
                    oldest: self.pick(&[None, Some(at(10)), Some(at(20))]),
                    newest: None,
                    size_bytes: None,
                });
            }
        }
        host
    }
}

fn at(hour: i64) -> Timestamp {
    Hour(hour).start()
}

fn window() -> Window {
    Window { from: Some(at(15)), to: Some(at(40)) }
}

#[test]
fn every_verdict_is_that_of_plain_judgement_on_requirements_of_every_shape() {
    let facts = Facts::embedded();
    let mut random = Random(5);
    let detections: Vec<Detection> = (0..400).map(|_| random.detection()).collect();
    let compiled = Arc::new(Compiled::new(&detections, &facts));
    let mut index = FleetIndex::new(compiled, NonZeroUsize::new(2).unwrap());
    let mut counts = vec![VerdictCounts::default(); detections.len()];
    let mut met = VerdictCounts::default();
    for number in 0..200 {
        let host = random.host();
        let slot = index.new_host(HostMeta { platform: Platform::Linux, group: GroupId(0) });
        let sight =
            if number % 20 == 0 { HostSight::stale(&host) } else { HostSight::new(&host, window(), &facts) };
        index.put(slot, &sight);
        let found = index.verdicts(slot).unwrap();
        for (at, detection) in detections.iter().enumerate() {
            let expected = judge(detection, &sight, &facts).verdict;
            assert_eq!(found[at], expected, "{:?} on {host:?}", detection.requirement);
            counts[at].add(expected);
            met.add(expected);
        }
    }
    assert!(met.iter().all(|(_, hosts)| hosts > 200), "{met:?}");
    assert_eq!(index.join(&HostSet::All), counts);
    assert_eq!(index.all_counts(), counts);
}

#[test]
fn a_new_host_is_stale_and_a_removed_one_leaves_nothing_behind() {
    let facts = Facts::embedded();
    let mut random = Random(9);
    let detections: Vec<Detection> = (0..50).map(|_| random.detection()).collect();
    let mut index = FleetIndex::new(Arc::new(Compiled::new(&detections, &facts)), NonZeroUsize::MIN);
    let meta = HostMeta { platform: Platform::Windows, group: GroupId(4) };
    let slot = index.new_host(meta);
    let host = random.host();
    assert!(!host.event_types.is_empty(), "a host that counted something");
    let stale = HostSight::stale(&host);
    let expected: Vec<Verdict> = detections.iter().map(|each| judge(each, &stale, &facts).verdict).collect();
    assert_eq!(index.verdicts(slot), Some(expected.clone()));
    index.put(slot, &HostSight::new(&host, window(), &facts));
    assert!(!index.event_types(&HostSet::Group(GroupId(4))).is_empty());
    assert!(!index.expired(Hour(1000)).is_empty());
    index.set_stale(slot);
    assert_eq!((index.verdicts(slot), index.expired(Hour(1000)).len()), (Some(expected), 0));
    index.set_group(slot, GroupId(5));
    assert!(index.hosts(&HostSet::Group(GroupId(4))).is_empty());
    index.remove(slot);
    assert_eq!((index.verdicts(slot), index.profiles()), (None, 0));
    assert_eq!((index.event_types(&HostSet::All), index.hosts(&HostSet::All).len()), (Vec::new(), 0));
    assert_eq!(index.all_counts(), vec![VerdictCounts::default(); 50]);
    assert_eq!(index.new_host(meta), slot);
}
