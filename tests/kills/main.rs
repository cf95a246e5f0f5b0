//! Agent and collector are killed at random moments while a log is written and rotated; in the end the collector's
//! counts are the ledger's, to the event.
//!
//! Half of the agent's deaths are at a system call of its own (strace(1), its fault injection), the others at any
//! moment. `BLINDSPOT_KILLS=200` makes it longer, `BLINDSPOT_SEED=N` chooses the moments.
#![cfg(target_os = "linux")]

mod victim;
mod writer;

use std::{collections::BTreeMap, fs, path::Path, thread, time::Duration};

use blindspot_telemetry::{Clock as _, clock::SystemClock};

use blindspot_telemetry::Hour;
use blindspot_tests::{
    puppet,
    stage::{Collector, within},
};
use victim::{Death, Victim};
use writer::{Counts, Writer};

fn number(variable: &str) -> Option<u64> {
    std::env::var_os(variable).map(|text| text.to_string_lossy().parse().expect("a number"))
}

/// What a collector knows of a host, by hour and program.
fn known(collector: &Collector, host: &str) -> Counts {
    let Ok(detail) = collector.host(host) else { return Counts::new() };
    let mut counts = BTreeMap::new();
    for seen in detail.inventory.event_types {
        let program = seen.program.expect("a program");
        let in_hours: u64 = seen.hours.values().sum();
        assert_eq!(in_hours, seen.count, "{program}: all of it is of the last days");
        for (hour, count) in seen.hours {
            counts.insert((Hour::of(hour).0, program.clone()), count);
        }
    }
    counts
}

/// Where one count is not the other.
fn differences(known: &Counts, written: &Counts) -> Vec<String> {
    let keys: std::collections::BTreeSet<_> = known.keys().chain(written.keys()).collect();
    let count = |counts: &Counts, key| counts.get(key).copied().unwrap_or_default();
    let differ = keys.into_iter().filter(|key| count(known, key) != count(written, key));
    differ
        .map(|key| format!("{key:?}: {} known, {} written", count(known, key), count(written, key)))
        .collect()
}

fn agent_file(folder: &Path) {
    let text = format!(
        "state_dir = {:?}\nlogs = [{:?}]\nname = \"web1\"\ninterval_s = 15\n[limits]\ncpu_percent = 100\n",
        folder.join("agent"),
        folder.join("logs")
    );
    fs::write(folder.join("agent.toml"), text).expect("an agent's file");
}

#[test]
fn no_death_of_agent_or_collector_loses_or_repeats_an_event() {
    let kills = number("BLINDSPOT_KILLS").unwrap_or(12);
    let seed = number("BLINDSPOT_SEED").unwrap_or(1);
    println!("BLINDSPOT_SEED={seed}, {kills} deaths of the agent");
    let folder = tempfile::tempdir().expect("a folder");
    let mut collector = Collector::start(&folder.path().join("collector"), None);
    puppet::enrol(&folder.path().join("agent"), "web1", &collector.enrolment_string());
    agent_file(folder.path());
    let writer = Writer::start(folder.path());
    let began = SystemClock::new();
    let (mut by_call, mut of_collector) = (0, 0);
    for kill in 0..kills {
        let death = Death::of(seed, kill);
        let victim = Victim::start(folder.path(), death);
        if kill % 2 == 1 {
            thread::sleep(Duration::from_millis(100 * (kill % 13)));
            collector.kill();
            of_collector += 1;
            collector.restart();
        }
        by_call += u64::from(victim.dies());
        let ahead = differences(&known(&collector, "web1"), &writer.written());
        assert!(ahead.iter().all(|line| !is_over(line)), "more is known than was written: {ahead:#?}");
    }
    let took = began.monotonic();
    let written = writer.stop();
    collector.until_it_answers();
    let last = Victim::start(folder.path(), Death::Never);
    let reads = SystemClock::new();
    let mut found = Vec::new();
    let exact = (0..600).any(|_| {
        thread::sleep(Duration::from_millis(100));
        found = differences(&known(&collector, "web1"), &written);
        found.is_empty()
    });
    let events: u64 = written.values().sum();
    println!(
        "{kills} deaths of the agent ({by_call} at a system call), {of_collector} of the collector in {took:.1?}; \
         {events} events in {} rotations; exact after {:.1?}",
        fs::read_dir(folder.path().join("logs")).expect("logs").count() - 1,
        reads.monotonic()
    );
    last.end();
    assert!(exact, "BLINDSPOT_SEED={seed}: {found:#?}\n{}", victim::log(folder.path()));
    let detail = within(Duration::from_secs(5), "no answer", || collector.host("web1").ok());
    let lost: Vec<_> = detail.findings.iter().filter(|finding| finding.code != "rolled_back").collect();
    println!("findings: {lost:?}");
    assert_eq!(detail.line.agent_state, "active");
    assert!(
        !detail.findings.iter().any(|finding| finding.code == "rolled_back" || finding.code == "state_lost")
    );
}

/// Whether a difference is that too much is known.
fn is_over(line: &str) -> bool {
    let numbers: Vec<u64> = line
        .rsplit(": ")
        .next()
        .unwrap_or_default()
        .split(' ')
        .filter_map(|word| word.parse().ok())
        .collect();
    matches!(numbers.as_slice(), [known, written] if known > written)
}
