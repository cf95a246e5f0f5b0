//! What the tests of Linux logs share.

use std::collections::BTreeMap;

use blindspot_sampling::{
    Detail,
    text::{Format, LogScan, TextOptions, scan},
};
use blindspot_telemetry::EventType;
pub use blindspot_tests::program::output;
use jiff::{Timestamp, tz::TimeZone};

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
