//! Lines of each kind, and what is counted of them.

mod devices;
mod forms;
mod junk;
mod repeated;
mod sysmon;
mod times;

use std::collections::BTreeMap;

use blindspot_telemetry::{EventType, FieldFill, Observed};
use jiff::{Timestamp, tz::TimeZone};

use crate::{
    Detail,
    text::{Format, LogScan, Scanner, TextOptions},
};

/// Written on the 2nd of March 2026, in Berlin.
fn options() -> TextOptions {
    TextOptions {
        detail: Detail::Inventory,
        zone: TimeZone::get("Europe/Berlin").unwrap(),
        written: "2026-03-02T12:00:00Z".parse().unwrap(),
    }
}

fn scan_bytes(log: &[u8]) -> LogScan {
    let mut scanner = Scanner::new(Format::Syslog, options());
    scanner.feed(log);
    scanner.finish()
}

fn scan(lines: &[&str]) -> LogScan {
    scan_bytes(lines.join("\n").as_bytes())
}

/// How often each event type of each host was counted, as `host syslog:program`.
fn counts(scan: &LogScan) -> BTreeMap<String, u64> {
    let mut counts = BTreeMap::new();
    for host in &scan.hosts {
        let name = host.name.as_ref().map_or("", |name| name.as_str());
        for (event_type, observed) in &host.event_types {
            counts.insert(format!("{name} {event_type}"), observed.count);
        }
    }
    let counted: u64 = counts.values().sum();
    assert_eq!(counted + scan.uncounted, scan.records);
    counts
}

/// The one event type that a line is counted as: `host syslog:program`.
fn one(line: &str) -> String {
    let scan = scan(&[line]);
    let counts = counts(&scan);
    assert_eq!((counts.len(), scan.damaged, scan.undated), (1, 0, 0), "{line}: {counts:?}");
    counts.into_keys().next().unwrap()
}

/// What was counted of the first event type of the first host.
fn first(scan: &LogScan) -> (&EventType, &Observed) {
    scan.hosts.first().and_then(|host| host.event_types.first_key_value()).unwrap()
}

/// When the one event of a line happened.
fn time(line: &str) -> String {
    let scan = scan(&[line]);
    let (_, observed) = first(&scan);
    assert_eq!(observed.first, observed.last);
    observed.first.to_string()
}

/// The fields of a line that have a value, and those that have a placeholder.
fn fields(line: &str) -> (Vec<String>, Vec<String>) {
    let scan = scan(&[line]);
    let (_, observed) = first(&scan);
    let with = |fill: FieldFill| {
        let fields = observed.fields.iter().filter(|(_, counted)| **counted == fill);
        fields.map(|(name, _)| name.to_string()).collect()
    };
    let (filled, placeholder) = (
        FieldFill { filled: 1, ..FieldFill::default() },
        FieldFill { placeholder: 1, ..FieldFill::default() },
    );
    (with(filled), with(placeholder))
}

fn timestamp(text: &str) -> Timestamp {
    text.parse().unwrap()
}
