//! The syslog scanner on any bytes: no panic, no endless work, the same however the bytes come, and sums that agree.

#![no_main]

use std::sync::LazyLock;

use blindspot_sampling::{
    Detail,
    text::{Format, LogScan, Scanner, TextOptions},
};
use jiff::{Timestamp, tz::TimeZone};
use libfuzzer_sys::fuzz_target;

/// A zone whose clocks are set forward and back: hours that are left out or come twice.
static ZONE: LazyLock<TimeZone> =
    LazyLock::new(|| TimeZone::posix("CET-1CEST,M3.5.0,M10.5.0/3").expect("a zone of POSIX"));

fuzz_target!(|data: &[u8]| {
    let Some((seed, log)) = data.split_first() else { return };
    let whole = scan([log]);
    check(&whole, log);
    // Pieces of lengths that the first byte chooses.
    let mut lengths = (1..).map(|round: usize| 1 + (usize::from(*seed) * round * 31) % 97);
    let mut rest = log;
    let pieces = std::iter::from_fn(|| {
        let length = lengths.next()?.min(rest.len());
        let (piece, behind) = rest.split_at(length);
        rest = behind;
        (!piece.is_empty()).then_some(piece)
    });
    assert_eq!(scan(pieces), whole);
});

fn scan<'d>(pieces: impl IntoIterator<Item = &'d [u8]>) -> LogScan {
    let written = Timestamp::from_second(1_772_000_000).expect("a time in 2026");
    let options = TextOptions { detail: Detail::Inventory, zone: ZONE.clone(), written };
    let mut scanner = Scanner::new(Format::Syslog, options);
    pieces.into_iter().for_each(|piece| scanner.feed(piece));
    scanner.finish()
}

fn check(scan: &LogScan, log: &[u8]) {
    let lines = log.split(|byte| *byte == b'\n').count() as u64;
    assert!(scan.damaged + scan.continued + scan.undated <= lines, "more of them than lines");
    // A line can say how often the one before was repeated.
    if !log.windows(9).any(|word| word == b" repeated") {
        assert!(scan.records + scan.damaged + scan.continued + scan.undated <= lines, "more events than lines");
    }
    let mut counted = scan.uncounted;
    for observed in scan.hosts.iter().flat_map(|host| host.event_types.values()) {
        counted += observed.count;
        assert_eq!(observed.hours.values().sum::<u64>(), observed.count);
        assert!(observed.first <= observed.last);
        assert!(observed.fields.values().all(|fill| fill.declared() <= observed.count));
    }
    assert_eq!(counted, scan.records);
}
