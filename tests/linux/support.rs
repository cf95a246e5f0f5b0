//! What the tests of Linux logs share.

use std::{
    collections::BTreeMap,
    process::{Command, Stdio},
    time::Duration,
};

use blindspot_sampling::{
    Detail,
    text::{Format, LogScan, TextOptions, scan},
};
use blindspot_telemetry::EventType;
use jiff::{Timestamp, tz::TimeZone};

/// Standard output of a program; `None` where there is no such program.
pub fn output(program: &str, arguments: &[&str]) -> Option<String> {
    let run = Command::new(program).args(arguments).stdin(Stdio::null()).output().ok()?;
    Some(String::from_utf8_lossy(&run.stdout).into_owned())
}

/// Waits for something that other programs do. A minute is long enough for all of it.
pub fn wait_until(what: &str, is_so: impl Fn() -> bool) {
    for _ in 0..3000 {
        if is_so() {
            return;
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    panic!("waited a minute: {what}");
}

/// Counts a log, with the fill of its fields.
pub fn count(log: &[u8], format: Format) -> LogScan {
    let options =
        TextOptions { detail: Detail::Inventory, zone: TimeZone::UTC, written: Timestamp::UNIX_EPOCH };
    scan(&mut &log[..], format, &options, &|_| ()).expect("a log in memory")
}

/// Records of all hosts, by what `name` makes of their event types.
pub fn counts_by<K: Ord>(scan: &LogScan, name: impl Fn(&EventType) -> Option<K>) -> BTreeMap<K, u64> {
    let mut counts = BTreeMap::new();
    for (event_type, observed) in scan.hosts.iter().flat_map(|host| &host.event_types) {
        if let Some(name) = name(event_type) {
            *counts.entry(name).or_default() += observed.count;
        }
    }
    counts
}
