//! What is no EVTX file, or hardly one: a clear result each, and no panic.

use std::fs::File;

use blindspot_sampling::{
    Detail,
    evtx::{EvtxError, Scan, scan},
    read_at::ReadAt,
};
use blindspot_telemetry::clock::{Clock, SystemClock};
use blindspot_tests::evtx_builder::{Damage, EvtxBuilder, Style, file_header};
use proptest::prelude::*;

use crate::support::{ALL_STYLES, options, processes, scan_bytes};

fn try_scan(bytes: &[u8]) -> Result<Scan, EvtxError> {
    scan(&bytes, bytes.len() as u64, &options(Detail::Inventory, 1), &|_| ())
}

#[test]
fn no_bytes_is_an_answer_of_its_own() {
    let error = try_scan(&[]).expect_err("no bytes");
    assert!(matches!(error, EvtxError::NoBytes));
    assert!(error.to_string().contains("0 bytes"));
}

#[test]
fn a_header_that_is_cut_says_how_short_it_is() {
    for bytes in [1, 7, 8, 100, 4095] {
        let file = file_header(0, 1)[..bytes].to_vec();
        let error = try_scan(&file).expect_err("a short file");
        assert!(matches!(error, EvtxError::TooShort { bytes: found } if found == bytes as u64), "{error}");
    }
}

#[test]
fn another_format_is_named_by_its_first_bytes() {
    let mut file = EvtxBuilder::file_of(&processes(3));
    Damage::WrongFileMagic.apply(&mut file);
    let error = try_scan(&file).expect_err("a zip");
    assert!(matches!(error, EvtxError::NotEvtx { found } if found.starts_with(b"PK")));
    assert!(error.to_string().contains("50, 4b"), "{error}");
    assert!(matches!(try_scan(&vec![0; 70_000]), Err(EvtxError::NotEvtx { .. })), "zeroes");
}

#[test]
fn a_file_without_records_is_read_and_holds_none() {
    let empty = scan_bytes(&file_header(0, 1));
    assert_eq!((empty.records, empty.damaged, empty.oldest), (0, 0, None));
    let mut builder = EvtxBuilder::new(Style::Literals);
    builder.push_unused_chunk();
    let unused = scan_bytes(&builder.build());
    assert_eq!((unused.records, unused.damaged, unused.chunks.unused), (0, 0, 1));
}

/// Bytes that cannot be read from some offset on.
struct Failing(Vec<u8>, u64);

impl ReadAt for Failing {
    fn read_at(&self, buffer: &mut [u8], offset: u64) -> std::io::Result<usize> {
        if offset >= self.1 {
            return Err(std::io::Error::from(std::io::ErrorKind::PermissionDenied));
        }
        self.0.read_at(buffer, offset)
    }
}

#[test]
fn a_read_that_fails_says_where() {
    let file = EvtxBuilder::file_of(&processes(3));
    let length = file.len() as u64;
    for (fails_from, expected) in [(0, 0), (4096, 4096)] {
        let bytes = Failing(file.clone(), fails_from);
        let error = scan(&bytes, length, &options(Detail::Counts, 2), &|_| ()).expect_err("a failed read");
        assert!(matches!(error, EvtxError::Read { offset, .. } if offset == expected), "{error}");
    }
}

#[test]
fn five_gigabytes_of_nothing_are_soon_read() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("sparse.evtx");
    std::fs::write(&path, EvtxBuilder::file_of(&processes(3))).expect("a file");
    let file = File::options().read(true).write(true).open(&path).expect("a file");
    let length = 5_000_000_000;
    file.set_len(length).expect("a sparse file");
    let clock = SystemClock::new();
    let scan = scan(&file, length, &options(Detail::Inventory, 2), &|_| ()).expect("a sparse file");
    assert_eq!((scan.records, scan.damaged, scan.chunks.in_use), (3, 0, 1));
    assert_eq!(scan.chunks.unused, (length - 4096).div_ceil(65_536) - 1);
    let elapsed = clock.monotonic();
    assert!(elapsed.as_secs() < 60, "{elapsed:?}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(3000))]

    /// Any few bytes of a good file may be anything: no panic, and never more records than bytes can hold.
    #[test]
    fn mutated_files_never_panic(
        style in 0_usize..3,
        edits in prop::collection::vec((0_usize..6_000, any::<u8>()), 1..40),
    ) {
        let mut builder = EvtxBuilder::new(ALL_STYLES[style]);
        processes(20).iter().for_each(|event| builder.push(event));
        let mut file = builder.build();
        for (at, byte) in edits {
            file[4096 + at] = byte;
        }
        let scan = try_scan(&file).expect("the header is whole");
        prop_assert!(scan.records <= 65_536 / 28);
        let observed = scan.computers.iter().flat_map(|computer| computer.event_types.values());
        let counted: u64 = observed.clone().map(|observed| observed.count).sum();
        prop_assert_eq!(counted + scan.uncounted, scan.records);
        for observed in observed {
            prop_assert_eq!(observed.hours.values().sum::<u64>(), observed.count);
            prop_assert!(observed.first <= observed.last);
            for fill in observed.fields.values() {
                prop_assert!(fill.declared() <= observed.count);
            }
        }
    }
}
