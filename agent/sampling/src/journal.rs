//! The systemd journal: files read directly, and what `journalctl` writes of them.
//!
//! A file ([`scan`]) is a heap of objects: data objects hold one field and its value, entries name the data objects
//! that make them up. Both are met in one pass, front to back: what a data object says is learned once, an entry
//! costs a look at each of its items. `journalctl -o json` and `-o export` are read by
//! [`text::Scanner`] and give the same counts.

#[cfg(test)]
pub(crate) mod builder;
mod data;
mod draft;
mod entry;
mod export;
mod grow;
mod header;
mod json;
mod lz4;
mod notice;
mod numbers;
mod objects;
mod payload;
mod scan;
#[cfg(test)]
mod tests;
mod windows;

use std::io;

pub use self::header::{Head, Id128, MAGIC, State};
pub(crate) use self::{
    export::ExportFeed,
    grow::{Limits, Mark, Reach, Writing},
    json::JsonLines,
};
use crate::{
    read_at::ReadAt,
    text::{self, LogScan, TextOptions, tally::Tally},
};

/// Why a file was not scanned.
#[derive(Debug, thiserror::Error)]
pub enum JournalError {
    /// There are no bytes.
    #[error("the file is empty (0 bytes): not a journal file")]
    NoBytes,
    /// There are fewer bytes than a file header.
    #[error("the file ends after {bytes} bytes: a journal file begins with a header of at least 208")]
    TooShort {
        /// Bytes there are.
        bytes: u64,
    },
    /// It begins with something else.
    #[error("not a journal file: it begins with {found:02x?} where `LPKSHHRH` should be")]
    NotJournal {
        /// The first eight bytes.
        found: [u8; 8],
    },
    /// Its format has features that are not known.
    #[error(
        "written by a newer systemd (incompatible flags {flags:#x}): \
         export it there with `journalctl --file FILE -o export` and give that"
    )]
    Newer {
        /// The flags that are not known.
        flags: u32,
    },
    /// The operating system refused a read.
    #[error("could not read at offset {offset}")]
    Read {
        /// Bytes from the start.
        offset: u64,
        /// The answer.
        source: io::Error,
    },
}

/// A failed read, and where.
struct ReadFailure {
    offset: u64,
    source: io::Error,
}

impl From<ReadFailure> for JournalError {
    fn from(failure: ReadFailure) -> Self {
        Self::Read { offset: failure.offset, source: failure.source }
    }
}

/// True for the beginning of a journal file.
#[must_use]
pub fn is_journal(head: &[u8]) -> bool {
    head.starts_with(MAGIC)
}

/// What the header of a file of `length` bytes says about it.
///
/// # Errors
/// Where the bytes are not a journal file that can be read.
pub fn head(bytes: &dyn ReadAt, length: u64) -> Result<Head, JournalError> {
    header::read(bytes, length).map(|(head, _)| head)
}

/// What the header of a file of `length` bytes says about it, and how many entries it announces.
pub(crate) fn announced(bytes: &dyn ReadAt, length: u64) -> Result<(Head, u64), JournalError> {
    header::read(bytes, length).map(|(head, layout)| (head, layout.entries))
}

/// Scans what stands behind a mark in a file of `length` bytes, and moves the mark.
pub(crate) fn scan_on(
    bytes: &dyn ReadAt,
    length: u64,
    mark: &mut Mark,
    limits: Limits,
    options: &TextOptions,
) -> Result<(LogScan, Reach), JournalError> {
    let (_, layout) = header::read(bytes, length)?;
    let mut tally = Tally::new(options.detail);
    let reach = grow::count(bytes, (layout, length), mark, limits, &mut tally)?;
    Ok((text::harvest::finish(tally, options), reach))
}

/// Scans a file of `length` bytes.
///
/// A file that is being written, was left dirty, is truncated or damaged gives what can be read of it; `damaged` counts
/// the entries that cannot be read, or the gaps where their number is unknown. `progress` is told how many bytes were
/// passed since it was last told. Needs at most 16 MiB of memory.
///
/// # Errors
/// Where the bytes are not a journal file, or reading breaks off. A file without entries is no error: it has `records`
/// 0.
pub fn scan(
    bytes: &dyn ReadAt,
    length: u64,
    options: &TextOptions,
    progress: &dyn Fn(u64),
) -> Result<LogScan, JournalError> {
    let (_, layout) = header::read(bytes, length)?;
    let mut tally = Tally::new(options.detail);
    scan::count(bytes, length, layout, progress, &mut tally)?;
    Ok(text::harvest::finish(tally, options))
}
