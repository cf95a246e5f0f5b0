//! Opening a log: its first bytes, unpacked where it is packed.

use std::{
    fs::File,
    io::{self, Read},
};

use blindspot_sampling::{
    sniff::HEAD_BYTES,
    unpack::{self, UnpackError, Unpacked},
};

/// The first bytes of a log. An archive that breaks off gives what comes before.
///
/// # Errors
/// What the operating system answers, or that the file is packed in a way that is not read.
pub fn head(file: File) -> io::Result<Vec<u8>> {
    let mut head = Vec::with_capacity(HEAD_BYTES);
    match unpacked(file)?.bytes.take(HEAD_BYTES as u64).read_to_end(&mut head) {
        Err(error) if head.is_empty() => Err(error),
        _ => Ok(head),
    }
}

/// The bytes of a log, unpacked.
///
/// # Errors
/// What the operating system answers, or that the file is packed in a way that is not read.
pub fn unpacked(file: File) -> io::Result<Unpacked> {
    unpack::reader(Box::new(file)).map_err(|error| match error {
        UnpackError::Read(error) => error,
        refused @ UnpackError::Refused { .. } => io::Error::other(refused),
    })
}
