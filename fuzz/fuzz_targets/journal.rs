//! The systemd journal as a file, as an export and as JSON lines, of any bytes: no panic, no endless work, bounded
//! memory, and every entry counted once.

#![no_main]

use blindspot_sampling::{
    Detail, journal,
    text::{Format, LogScan, Scanner, TextOptions},
};
use jiff::{Timestamp, tz::TimeZone};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &[u8]| {
    let Some((mode, rest)) = input.split_first() else { return };
    match mode % 4 {
        0 => native(rest.to_vec()),
        // A header that is whole, so that what follows is looked at.
        1 => native(with_header(rest, mode & 4 != 0)),
        2 => text(rest, Format::JournalExport),
        _ => text(rest, Format::JournalJson),
    }
});

fn options(detail: Detail) -> TextOptions {
    TextOptions { detail, zone: TimeZone::UTC, written: Timestamp::UNIX_EPOCH }
}

fn native(file: Vec<u8>) {
    let length = file.len() as u64;
    let scanned = |detail| journal::scan(&file, length, &options(detail), &|_| ());
    let Ok(inventory) = scanned(Detail::Inventory) else { return };
    check(&inventory);
    let counts = scanned(Detail::Counts).expect("the same file");
    assert_eq!((counts.records, counts.damaged), (inventory.records, inventory.damaged));
}

fn with_header(objects: &[u8], compact: bool) -> Vec<u8> {
    let mut file = vec![0; 208];
    file[..8].copy_from_slice(journal::MAGIC);
    file[12] = 4 | u8::from(compact) << 4;
    for (at, number) in [(88, 208), (96, objects.len() as u64), (136, objects.len() as u64)] {
        file[at..at + 8].copy_from_slice(&number.to_le_bytes());
    }
    file.extend(objects);
    file
}

fn text(log: &[u8], format: Format) {
    let scanned = |piece: usize| {
        let mut scanner = Scanner::new(format, options(Detail::Inventory));
        log.chunks(piece).for_each(|piece| scanner.feed(piece));
        scanner.finish()
    };
    let whole = scanned(usize::MAX);
    check(&whole);
    assert_eq!(scanned(7), whole, "pieces differ from the whole");
}

fn check(scan: &LogScan) {
    let mut counted = 0;
    for observed in scan.hosts.iter().flat_map(|host| host.event_types.values()) {
        assert_eq!(observed.hours.values().sum::<u64>(), observed.count);
        for fill in observed.fields.values() {
            assert!(fill.filled + fill.placeholder + fill.empty <= observed.count);
        }
        counted += observed.count;
    }
    assert_eq!(counted + scan.uncounted, scan.records);
}
