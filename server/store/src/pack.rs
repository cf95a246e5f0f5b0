//! The packed form of rows that are rewritten with every report: a format version, then a short binary form,
//! compressed. It is not for other programs: a backup carries it as it is, and each version reads those before it.

pub(crate) mod bytes;
pub(crate) mod census;
pub(crate) mod day;
pub(crate) mod host;
pub(crate) mod ids;
pub(crate) mod progress;
pub(crate) mod settings;

use std::{cell::RefCell, io};

use zstd::bulk::{Compressor, Decompressor};

use crate::{StoreError, row::corrupt};

/// The first byte of every packed value.
pub(crate) const FORMAT: u8 = 1;
/// The most bytes that a packed value may have when it is unpacked. Larger ones are neither written nor read.
const MAX_UNPACKED: usize = 256 << 20;
/// The fastest level that still compresses well: rows are written far more often than they are read.
const LEVEL: i32 = 1;

thread_local! {
    /// Making these anew for every row would take longer than using them.
    static COMPRESSOR: RefCell<Option<Compressor<'static>>> = const { RefCell::new(None) };
    static DECOMPRESSOR: RefCell<Option<Decompressor<'static>>> = const { RefCell::new(None) };
}

/// Packs a value that is in its binary form.
pub(crate) fn pack(plain: &[u8]) -> Result<Vec<u8>, StoreError> {
    if plain.len() > MAX_UNPACKED {
        return Err(io::Error::other("a record is larger than can be kept").into());
    }
    let compressed = COMPRESSOR.with_borrow_mut(|kept| {
        let mut compressor = kept.take().map_or_else(|| Compressor::new(LEVEL), Ok)?;
        let compressed = compressor.compress(plain);
        *kept = Some(compressor);
        compressed
    })?;
    Ok([&[FORMAT], compressed.as_slice()].concat())
}

/// Unpacks a value of this table into its binary form.
pub(crate) fn unpack(table: &'static str, packed: &[u8]) -> Result<Vec<u8>, StoreError> {
    let broken = || corrupt(table, "a packed value");
    let (format, rest) = packed.split_first().ok_or_else(broken)?;
    if *format != FORMAT {
        return Err(corrupt(table, "a packed value of another format"));
    }
    let size = zstd::zstd_safe::get_frame_content_size(rest).ok().flatten().ok_or_else(broken)?;
    let size = usize::try_from(size).ok().filter(|size| *size <= MAX_UNPACKED).ok_or_else(broken)?;
    let plain = DECOMPRESSOR.with_borrow_mut(|kept| {
        let mut decompressor = kept.take().map_or_else(Decompressor::new, Ok)?;
        let plain = decompressor.decompress(rest, size);
        *kept = Some(decompressor);
        plain
    });
    plain.ok().filter(|plain| plain.len() == size).ok_or_else(broken)
}

#[cfg(test)]
mod tests;
