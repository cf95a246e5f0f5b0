//! What a file is, by its first bytes.

use super::Packing;

/// Bytes that tell: the magic of tar ends here.
pub(super) const BYTES: u64 = 262;

/// What a file that begins so is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Begin {
    /// Plain, or packed in a way that is unpacked.
    Known(Packing),
    /// Packed in a way that is not.
    Refused { format: &'static str, command: &'static str },
}

const KNOWN: [(&[u8], Packing); 3] =
    [(b"\x1f\x8b", Packing::Gzip), (b"\xfd7zXZ\0", Packing::Xz), (b"\x28\xb5\x2f\xfd", Packing::Zstd)];

/// Magic, what it is, and what unpacks it.
const REFUSED: [(&[u8], &str, &str); 7] = [
    (b"BZh", "a bzip2 archive", "bunzip2 FILE"),
    (b"PK\x03\x04", "a zip archive", "unzip FILE"),
    (b"PK\x05\x06", "an empty zip archive", "unzip FILE"),
    (b"7z\xbc\xaf\x27\x1c", "a 7z archive", "7z x FILE"),
    (b"\x04\x22\x4d\x18", "an lz4 archive", "lz4 -d FILE"),
    (b"\x02\x21\x4c\x18", "an lz4 archive", "lz4 -d FILE"),
    (b"\x1f\x9d", "an archive of `compress`", "uncompress FILE"),
];

/// The first magic that fits.
pub(super) fn of(head: &[u8]) -> Begin {
    if let Some((_, packing)) = KNOWN.iter().find(|(magic, _)| head.starts_with(magic)) {
        return Begin::Known(*packing);
    }
    if let Some((_, format, command)) = REFUSED.iter().find(|(magic, ..)| head.starts_with(magic)) {
        return Begin::Refused { format, command };
    }
    if head.get(257..).is_some_and(|rest| rest.starts_with(b"ustar")) {
        return Begin::Refused { format: "a tar archive", command: "tar -xf FILE" };
    }
    Begin::Known(Packing::Plain)
}
