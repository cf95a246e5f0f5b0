//! What judging a fleet of 100,000 hosts costs: `cargo bench -p blindspot-tests --bench fleet`.
//!
//! The hosts are made up: 5,000 inventories of 60 event types that detections ask for, 20 hosts of each; with
//! `--distinct` every host has an inventory of its own. The detections are all ATT&CK analytics and, with
//! `BLINDSPOT_CORPUS`, all public Sigma rules. A join works every count of every detection out anew.

use std::{fs, num::NonZeroUsize, process::ExitCode, sync::Arc, time::Duration};

use blindspot::input::{self, Catalogue};
use blindspot_catalog::{Detection, Facts, attack};
use blindspot_coverage::{
    HostSight,
    index::{Compiled, DetectionSlot, FleetIndex, GroupId, HostMeta, HostSet, HostSlot},
};
use blindspot_telemetry::{Clock, EventTypePattern, Hour, Inventory, Platform, clock::SystemClock};
use blindspot_tests::{
    corpus::corpus,
    limits::{self, Limit},
    random_fleet::{Asked, Random, window},
};

const HOSTS: usize = 100_000;
const ALIKE: usize = 20;
const EVENT_TYPES: usize = 60;
const UPDATES: usize = 2000;
const ROUNDS: usize = 7;

fn main() -> ExitCode {
    let alike = if std::env::args().any(|argument| argument == "--distinct") { 1 } else { ALIKE };
    let threads = std::thread::available_parallelism().unwrap_or(NonZeroUsize::MIN);
    let (detections, facts) = detections(threads);
    let asked = Asked::by(&detections);
    let clock = SystemClock::new();
    let compiled = Arc::new(Compiled::new(&detections, &facts));
    let compiling = clock.monotonic();
    println!("{:?}, {threads} threads", compiled.sizes());

    let before = memory();
    let mut index = FleetIndex::new(Arc::clone(&compiled), threads);
    let mut random = Random::new(3);
    fill(&mut index, &asked, &facts, (&mut random, alike));
    let grown = memory() - before;
    println!("{HOSTS} hosts, {} profiles", index.profiles());

    let (join, counts) = best(|| index.join(&HostSet::All));
    assert_eq!(counts, index.all_counts());
    let (part, _) = best(|| index.join(&HostSet::Group(GroupId(1))));
    let pattern: EventTypePattern = "sysmon:1".parse().expect("an event type");
    let since = window().from.map(Hour::of);
    let (flow, _) = best(|| index.flow(&pattern, Some("CommandLine"), since, &HostSet::All));
    let (one, _) = best(|| index.counts(DetectionSlot(1000), &HostSet::Group(GroupId(1))));
    let (reads, puts) = updates(&mut index, &asked, &facts, &mut random);
    let total: Vec<Duration> = reads.iter().zip(&puts).map(|(read, put)| *read + *put).collect();
    println!("reading one host, p50 and p99 in ms: {:.3} {:.3}", at(&reads, 50), at(&reads, 99));
    println!("putting one reading, p50 and p99 in ms: {:.3} {:.3}", at(&puts, 50), at(&puts, 99));
    println!("one detection on one group, ms: {:.2}; a part's join, ms: {:.1}", ms(one), ms(part));
    limits::report(&[
        Limit::at_most("compiling, ms", ms(compiling), 1000.0),
        Limit::at_most("join of all hosts and detections, ms", ms(join), 100.0),
        Limit::at_most("one host's update, p50 in ms", at(&total, 50), 1.0),
        Limit::at_most("one host's update, p99 in ms", at(&total, 99), 1.0),
        Limit::at_most("on which hosts an event type flows, ms", ms(flow), 100.0),
        Limit::at_most("memory of the index, MB", grown, 1024.0),
    ])
}

fn detections(threads: NonZeroUsize) -> (Vec<Detection>, Facts) {
    let Catalogue { facts, logsources, mappings, .. } = Catalogue::load(None).expect("the embedded tables");
    let (attack, _) = input::load_attack(None).expect("the embedded ATT&CK");
    let (mut detections, _) = attack::detections(&attack, &mappings);
    if let Some(corpus) = corpus() {
        let rules = corpus.join("sigma-rules-2026-08");
        detections.extend(blindspot::rules::load(&[rules], &logsources, &facts, threads).0);
    }
    (detections, facts)
}

/// Every inventory on so many hosts.
fn fill(index: &mut FleetIndex, asked: &Asked, facts: &Facts, (random, alike): (&mut Random, usize)) {
    let compiled = Arc::clone(index.compiled());
    for _ in 0..HOSTS / alike {
        let host = asked.host(random, EVENT_TYPES);
        let reading = compiled.read(&HostSight::new(&host, window(), facts));
        for _ in 0..alike {
            let meta = HostMeta { platform: Platform::Windows, group: GroupId(random.below(10) as u32) };
            let slot = index.new_host(meta);
            index.put_reading(slot, reading.clone());
        }
    }
}

/// Puts other inventories in the place of some: how long each took to be read, and to be put.
fn updates(
    index: &mut FleetIndex,
    asked: &Asked,
    facts: &Facts,
    random: &mut Random,
) -> (Vec<Duration>, Vec<Duration>) {
    let hosts: Vec<Inventory> = (0..UPDATES).map(|_| asked.host(random, EVENT_TYPES)).collect();
    let compiled = Arc::clone(index.compiled());
    let timed = |host: &Inventory| {
        let slot = HostSlot(random.below(HOSTS) as u32);
        let clock = SystemClock::new();
        let reading = compiled.read(&HostSight::new(host, window(), facts));
        let read = clock.monotonic();
        index.put_reading(slot, reading);
        (read, clock.monotonic() - read)
    };
    hosts.iter().map(timed).unzip()
}

/// The least time of several runs, and what it came to.
fn best<T>(mut run: impl FnMut() -> T) -> (Duration, T) {
    let mut timed = || {
        let clock = SystemClock::new();
        let result = run();
        (clock.monotonic(), result)
    };
    let first = timed();
    (1..ROUNDS).map(|_| timed()).fold(first, |best, next| if next.0 < best.0 { next } else { best })
}

fn ms(time: Duration) -> f64 {
    time.as_secs_f64() * 1000.0
}

/// The time below which so many of a hundred lie, in milliseconds.
fn at(times: &[Duration], percent: usize) -> f64 {
    let mut sorted = times.to_vec();
    sorted.sort_unstable();
    ms(sorted[(sorted.len() - 1) * percent / 100])
}

/// Memory of this process, in MB.
fn memory() -> f64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap_or_default();
    line.trim().trim_end_matches(" kB").parse::<f64>().unwrap_or(0.0) / 1024.0
}
