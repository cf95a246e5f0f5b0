//! Syslog: what a real `rsyslogd` writes, in each of its templates, and the files of the corpus.

mod corpus;
mod daemon;
mod recorded;

use std::{collections::BTreeMap, fs::File, path::Path};

use blindspot_sampling::{
    Detail,
    text::{Format, LogScan, TextOptions, scan},
};
use blindspot_telemetry::{Clock, clock::SystemClock};
use jiff::tz::TimeZone;

/// How often each program of each host was counted. Sysmon for Linux is the program `sysmon-linux:ID`.
type Counts = BTreeMap<(String, String), u64>;

/// Scans a log as written now, with times that name no zone in UTC.
fn scan_file(path: &Path) -> LogScan {
    let options =
        TextOptions { detail: Detail::Inventory, zone: TimeZone::UTC, written: SystemClock::new().wall() };
    let mut file = File::open(path).expect("the log");
    scan(&mut file, Format::Syslog, &options, &|_| ()).expect("a log that can be read")
}

fn counts(scan: &LogScan) -> Counts {
    let mut counts = Counts::new();
    for host in &scan.hosts {
        let name = host.name.as_ref().map_or("", |name| name.as_str());
        for (event_type, observed) in &host.event_types {
            assert_eq!(observed.hours.values().sum::<u64>(), observed.count);
            let program = event_type.to_string();
            let program = program.strip_prefix("syslog:").unwrap_or(&program);
            *counts.entry((name.to_owned(), program.to_owned())).or_default() += observed.count;
        }
    }
    assert_eq!(counts.values().sum::<u64>(), scan.records);
    counts
}
