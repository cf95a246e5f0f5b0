//! Windows logs of the corpus, years old, of many machines, collected in one folder.

use std::{
    fs,
    path::{Path, PathBuf},
};

use blindspot_tests::{
    corpus::{corpus, files_below},
    program::wait_until,
    stage::Collector,
};

use crate::{
    compare::{Host, Offline},
    machines::{Machine, Part, Runs},
};

/// A machine that holds them; `None` where there is no corpus.
pub fn machine(folder: &Path) -> Option<Machine> {
    let files = files_below(&corpus()?.join("evtx-attack-samples"), ".evtx");
    let writer = Box::new(move |logs: &Path, part: Part, _| write(&files, logs, part));
    Some(Machine::new(folder, "old-logs", Runs::Here, writer).relaying())
}

/// Adds a third of the logs.
fn write(files: &[PathBuf], logs: &Path, part: Part) {
    for (number, file) in files.iter().enumerate().filter(|(number, _)| number % 3 == part as usize) {
        fs::copy(file, logs.join(format!("{number}.evtx"))).expect("a log is copied");
    }
}

/// What the collector says of them: all is history, and nothing of it is sight.
pub fn expect(collector: &Collector, offline: &Offline) {
    assert!(offline.events() > 8000, "{} events", offline.events());
    let count = |hosts: &[Host]| hosts.iter().map(Host::events).sum::<u64>();
    wait_until("all is counted", || count(&hosts(collector)) == offline.events());
    for host in hosts(collector) {
        assert!(host.verdicts("blind") + host.verdicts("unknown") > 1000, "it was judged");
        for verdict in ["sighted", "noisy", "partial", "armed"] {
            assert_eq!(host.verdicts(verdict), 0, "{verdict} by logs of years ago");
        }
    }
}

fn hosts(collector: &Collector) -> Vec<Host> {
    let lines = collector.hosts().map(|page| page.hosts).unwrap_or_default();
    lines.iter().filter(|line| line.relay.is_some()).filter_map(|line| Host::live(collector, line)).collect()
}
