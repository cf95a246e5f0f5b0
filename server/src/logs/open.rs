//! Opening a log: its first bytes, unpacked where it is packed.

use std::{
    fs::File,
    io::{self, Read},
};

use blindspot_sampling::sniff::HEAD_BYTES;

/// The first bytes of a log.
///
/// # Errors
/// What the operating system answers, or that the file is packed in a way that is not read.
pub fn head(file: File) -> io::Result<Vec<u8>> {
    let mut head = Vec::with_capacity(HEAD_BYTES);
    unpacked(file)?.take(HEAD_BYTES as u64).read_to_end(&mut head)?;
    Ok(head)
}

/// The bytes of a log, unpacked.
///
/// # Errors
/// What the operating system answers, or that the file is packed in a way that is not read.
pub fn unpacked(file: File) -> io::Result<Box<dyn Read + Send>> {
    Ok(Box::new(file))
}
