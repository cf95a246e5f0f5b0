//! The audit log scanner on any bytes: no panic, no endless work, the same however the bytes come, and sums that agree.

#![no_main]

use blindspot_sampling::{
    Detail,
    text::{Format, LogScan, Scanner, TextOptions},
};
use jiff::{Timestamp, tz::TimeZone};
use libfuzzer_sys::fuzz_target;

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
    let options =
        TextOptions { detail: Detail::Inventory, zone: TimeZone::UTC, written: Timestamp::UNIX_EPOCH };
    let mut scanner = Scanner::new(Format::Auditd, options);
    pieces.into_iter().for_each(|piece| scanner.feed(piece));
    scanner.finish()
}

fn check(scan: &LogScan, log: &[u8]) {
    let lines = log.split(|byte| *byte == b'\n').count() as u64;
    assert!(scan.records + scan.damaged + scan.undated <= lines, "more events than lines");
    assert!(scan.audit_events <= scan.records);
    assert_eq!(scan.continued, 0);
    let mut counted = scan.uncounted;
    for observed in scan.hosts.iter().flat_map(|host| host.event_types.values()) {
        counted += observed.count;
        assert_eq!(observed.hours.values().sum::<u64>(), observed.count);
        assert!(observed.first <= observed.last);
        assert!(observed.fields.values().all(|fill| fill.declared() <= observed.count));
    }
    assert_eq!(counted, scan.records);
}
