//! The EVTX scanner on any bytes: no panic, no endless work, and sums that agree with each other.

#![no_main]

use blindspot_sampling::evtx::{Scan, ScanOptions, scan};
use libfuzzer_sys::fuzz_target;

const FILE_HEAD: usize = 4096;
const CHUNK_HEAD: usize = 512;

fuzz_target!(|data: &[u8]| {
    let Some((mode, rest)) = data.split_first() else { return };
    // The first byte chooses how much of the frame is right, so that the fuzzer reaches the records soon.
    let file = match mode % 3 {
        0 => rest.to_vec(),
        1 => file_of(&[rest]),
        _ => file_of(&[&chunk_head(rest.len()), rest]),
    };
    if let Ok(scan) = scan(&file, file.len() as u64, &ScanOptions::default(), &|_| ()) {
        check(&scan, file.len() as u64);
    }
});

fn file_of(parts: &[&[u8]]) -> Vec<u8> {
    let mut file = vec![0; FILE_HEAD];
    file[..8].copy_from_slice(b"ElfFile\0");
    file.extend(parts.concat());
    file
}

/// A chunk header that announces any id, up to the end of the data.
fn chunk_head(length: usize) -> Vec<u8> {
    let end = u32::try_from((CHUNK_HEAD + length).min(65_536)).unwrap_or(u32::MAX);
    let mut head = vec![0; CHUNK_HEAD];
    head[..8].copy_from_slice(b"ElfChnk\0");
    head[32..40].fill(0xff);
    head[44..48].copy_from_slice(&end.to_le_bytes());
    head[48..52].copy_from_slice(&end.to_le_bytes());
    head
}

fn check(scan: &Scan, bytes: u64) {
    assert!(scan.records <= bytes / 28, "more records than there is room for");
    let mut counted = scan.uncounted;
    for observed in scan.computers.iter().flat_map(|computer| computer.event_types.values()) {
        counted += observed.count;
        assert_eq!(observed.hours.values().sum::<u64>(), observed.count);
        assert!(observed.first <= observed.last);
        assert!(observed.fields.values().all(|fill| fill.declared() <= observed.count));
    }
    assert_eq!(counted, scan.records);
}
