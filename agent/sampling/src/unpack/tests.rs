//! Archives, whole, cut off and refused.

use std::io::Write as _;

use flate2::{Compression, write::GzEncoder};

use super::*;

/// 8 KiB of lines that do not pack to nothing.
fn log() -> Vec<u8> {
    let mut state = 1_u32;
    let line = |_| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        format!("a line of a log, number {state}\n")
    };
    (0..250).map(line).collect::<String>().into_bytes()
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn zstd(bytes: &[u8]) -> Vec<u8> {
    zstd::bulk::compress(bytes, 3).unwrap()
}

/// `abc\n` by `xz --check=crc32`.
const XZ: [u8; 56] = [
    0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00, 0x00, 0x01, 0x69, 0x22, 0xde, 0x36, 0x02, 0x00, 0x21, 0x01, 0x16,
    0x00, 0x00, 0x00, 0x74, 0x2f, 0xe5, 0xa3, 0x01, 0x00, 0x03, 0x61, 0x62, 0x63, 0x0a, 0x00, 0x4e, 0x81,
    0x88, 0x47, 0x00, 0x01, 0x18, 0x04, 0x6b, 0xe9, 0xf0, 0xa5, 0x90, 0x42, 0x99, 0x0d, 0x01, 0x00, 0x00,
    0x00, 0x00, 0x01, 0x59, 0x5a,
];

/// What comes out, and the error that ends it.
fn unpacked(archive: &[u8]) -> (Packing, Vec<u8>, Option<io::Error>) {
    let mut unpacked = reader(Box::new(io::Cursor::new(archive.to_vec()))).unwrap();
    let mut bytes = Vec::new();
    let error = unpacked.bytes.read_to_end(&mut bytes).err();
    (unpacked.packing, bytes, error)
}

#[test]
fn archives_that_follow_each_other_are_one_log() {
    let twice = [log(), log()].concat();
    for (packing, archive) in [
        (Packing::Plain, twice.clone()),
        (Packing::Gzip, [gzip(&log()), gzip(&log())].concat()),
        (Packing::Zstd, [zstd(&log()), zstd(&log())].concat()),
    ] {
        let (found, bytes, error) = unpacked(&archive);
        assert_eq!((found, error.map(|error| error.to_string())), (packing, None));
        assert!(bytes == twice, "{packing:?}");
    }
    let (packing, bytes, error) = unpacked(&[XZ, XZ].concat());
    assert_eq!((packing, &*bytes), (Packing::Xz, &b"abc\nabc\n"[..]));
    assert!(error.is_none());
}

#[test]
fn an_archive_that_is_cut_off_gives_what_came_before_and_says_so() {
    for archive in [gzip(&log()), [zstd(&log()), zstd(&log())].concat(), [XZ, XZ].concat()] {
        for cut in [10, archive.len() / 2 + 8, archive.len() - 1] {
            let (_, bytes, error) = unpacked(&archive[..cut]);
            let error = error.unwrap_or_else(|| panic!("{cut} of {}", archive.len()));
            assert_eq!(error.kind(), io::ErrorKind::UnexpectedEof);
            assert_eq!(error.to_string(), "the archive is cut off: its end is missing");
            assert!(cut < archive.len() / 2 || !bytes.is_empty());
            assert!(log().repeat(2).starts_with(&bytes) || b"abc\nabc\n".starts_with(&bytes));
        }
    }
}

#[test]
fn a_damaged_archive_says_so() {
    let mut archive = gzip(&log());
    let middle = archive.len() / 2;
    archive[middle..middle + 64].fill(0xff);
    let (_, _, error) = unpacked(&archive);
    assert!(error.unwrap().to_string().starts_with("the archive is damaged: "));
}

#[test]
fn what_is_not_unpacked_is_named_with_what_unpacks_it() {
    let mut tar = vec![0; 512];
    tar[257..262].copy_from_slice(b"ustar");
    for (head, expected) in [
        (
            &b"BZh91AY&SY"[..],
            "a bzip2 archive is not read: unpack it first with `bunzip2 FILE`, and give what is in it",
        ),
        (
            b"PK\x03\x04",
            "a zip archive is not read: unpack it first with `unzip FILE`, and give what is in it",
        ),
        (
            b"\x04\x22\x4d\x18",
            "an lz4 archive is not read: unpack it first with `lz4 -d FILE`, and give what is in it",
        ),
        (
            b"7z\xbc\xaf\x27\x1c",
            "a 7z archive is not read: unpack it first with `7z x FILE`, and give what is in it",
        ),
        (&tar, "a tar archive is not read: unpack it first with `tar -xf FILE`, and give what is in it"),
        (
            &gzip(&tar),
            "a tar archive is not read: unpack it first with `tar -xf FILE`, and give what is in it",
        ),
    ] {
        let error = reader(Box::new(io::Cursor::new(head.to_vec()))).err().unwrap();
        assert_eq!(error.to_string(), expected);
    }
}

#[test]
fn a_bound_is_met_with_an_error_and_not_with_an_end() {
    let bounded = |left| {
        let archive = Box::new(io::Cursor::new(log()));
        let mut bytes = Vec::new();
        let error = Bounded { archive, packing: Packing::Gzip, left }.read_to_end(&mut bytes).err();
        (bytes.len() as u64, error.map(|error| error.kind()))
    };
    let length = log().len() as u64;
    assert_eq!(bounded(length), (length, None));
    assert_eq!(bounded(length - 1).1, Some(io::ErrorKind::FileTooLarge));
}

#[test]
fn an_archive_that_needs_too_much_memory_says_how_to_unpack_it() {
    let mut encoder = zstd::stream::write::Encoder::new(Vec::new(), 1).unwrap();
    encoder.window_log(27).unwrap();
    encoder.write_all(&log()).unwrap();
    let (_, bytes, error) = unpacked(&encoder.finish().unwrap());
    assert!(bytes.is_empty());
    assert!(error.unwrap().to_string().contains("a window above 64 MiB"));
    // The same with `dict=128MiB`: the block's header says so, and its checksum differs.
    let mut archive = XZ;
    archive[16] = 0x1e;
    archive[20..24].copy_from_slice(&[0x9b, 0x07, 0x51, 0x66]);
    let (_, _, error) = unpacked(&archive);
    assert!(error.unwrap().to_string().contains("a dictionary above 64 MiB"));
}

#[test]
fn an_empty_file_and_a_short_one_are_plain() {
    for log in [&b""[..], b"\x1f", b"a\n"] {
        let (packing, bytes, error) = unpacked(log);
        assert_eq!((packing, &*bytes, error.is_none()), (Packing::Plain, log, true));
    }
}
