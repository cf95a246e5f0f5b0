//! What the EVTX tests share.

use std::{collections::BTreeMap, num::NonZeroUsize};

use blindspot_sampling::{
    Detail,
    evtx::{Scan, ScanOptions, scan},
};
use blindspot_telemetry::FieldFill;
use blindspot_tests::evtx_builder::{Event, EvtxBuilder, Style};
use jiff::{Timestamp, ToSpan};

pub const ALL_STYLES: [Style; 3] = [Style::Literals, Style::Slots, Style::Direct];

/// Scans bytes on one thread, with all detail.
pub fn scan_bytes(file: &[u8]) -> Scan {
    scan_with(file, &ScanOptions::default())
}

pub fn scan_with(file: &[u8], options: &ScanOptions) -> Scan {
    scan(&file, file.len() as u64, options, &|_| ()).expect("a file that can be scanned")
}

pub fn options(detail: Detail, threads: usize) -> ScanOptions {
    let threads = NonZeroUsize::new(threads).expect("at least one thread");
    ScanOptions { detail, threads, ..ScanOptions::default() }
}

/// 2024-05-01T00:00:00Z and so many minutes.
pub fn minute(minutes: i64) -> Timestamp {
    let start: Timestamp = "2024-05-01T00:00:00Z".parse().expect("a time");
    start.checked_add(minutes.minutes()).expect("a time in range")
}

/// `count` process creations with ids from 1 on, a minute apart.
pub fn processes(count: u64) -> Vec<Event> {
    (1..=count)
        .map(|id| {
            let data = [("Image", r"C:\Windows\System32\cmd.exe"), ("CommandLine", "cmd /c whoami")];
            Event::new("Microsoft-Windows-Sysmon/Operational", "Microsoft-Windows-Sysmon", 1, &data)
                .at(id, minute(i64::try_from(id).expect("a small id")))
        })
        .collect()
}

/// A file of these events, `per_chunk` in each chunk.
pub fn chunked(events: &[Event], per_chunk: usize) -> Vec<u8> {
    let mut builder = EvtxBuilder::new(Style::Literals);
    for chunk in events.chunks(per_chunk) {
        for event in chunk {
            builder.push(event);
        }
        builder.end_chunk();
    }
    builder.build()
}

/// Event types of all computers with their counts.
pub fn counts(scan: &Scan) -> BTreeMap<String, u64> {
    let mut counts = BTreeMap::new();
    for (event_type, observed) in scan.computers.iter().flat_map(|computer| &computer.event_types) {
        *counts.entry(event_type.to_string()).or_default() += observed.count;
    }
    counts
}

/// Fill of a field of the only event type in the file.
pub fn fill(scan: &Scan, field: &str) -> FieldFill {
    let mut types = scan.computers.iter().flat_map(|computer| computer.event_types.values());
    let observed = types.next().expect("an event type");
    assert!(types.next().is_none(), "several event types");
    observed.fields.get(field).copied().unwrap_or_default()
}
