//! Windows event log files to event types: a scanner that reads record headers, and no more of each record than is
//! counted.
//!
//! A record's BinXML names a template and lists substitution values. [`scan`] learns once per template which value
//! or literal holds Provider, EventID, Channel, TimeCreated, EventRecordID, Computer and each field, and then looks
//! at nothing else. The `evtx` crate reads what the walker does not understand, and [`verify`] compares the two.
//!
//! Every chunk is read: a sample of them misses the rare event types, which are the interesting ones.

mod binxml;
mod bytes;
mod chunk;
mod decode;
mod fallback;
mod fields;
mod filetime;
mod fill;
mod full_parse;
mod harvest;
mod layout;
mod layouts;
mod options;
mod parallel;
mod rendered;
mod runs;
mod scan;
mod survey;
mod tally;
mod texts;
mod values;
mod verify;

use std::{collections::BTreeMap, io};

use blindspot_telemetry::{EventType, HostName, Observed, WindowsChannel};
use jiff::Timestamp;

pub use options::{ScanOptions, channel_of_file_name};
pub use scan::ChunkCounts;
pub(crate) use survey::{ChunkHead, first_torn, head_of, survey};
pub use verify::{Difference, DifferenceKind, RecordFacts, Verification, verify};

use crate::read_at::{ReadAt, read_full};

/// What one file holds.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Scan {
    /// What each computer wrote, in the order of their first records. Names are compared without case.
    pub computers: Vec<ComputerScan>,
    /// True where a computer's name comes back after another one took over: they are several machines. Otherwise
    /// names that follow each other are one machine that was renamed.
    pub interleaved: bool,
    /// Records counted.
    pub records: u64,
    /// Records that exist and could not be counted; where records cannot be told apart, chunks.
    pub damaged: u64,
    /// Records among `records` that stand under no event type, because the file holds more distinct types or hours
    /// than a scan keeps. Real logs have none.
    pub uncounted: u64,
    /// Records whose fields are not in any `fields`, for the same reason.
    pub fields_uncounted: u64,
    /// What the file's chunks are.
    pub chunks: ChunkCounts,
    /// Event time of the oldest record: TimeCreated or, in records without one, the time in the record's header.
    pub oldest: Option<Timestamp>,
    /// Event time of the newest record.
    pub newest: Option<Timestamp>,
    /// The channels that records name, or that the fallback gave them.
    pub channels: Vec<WindowsChannel>,
    /// The lowest EventRecordID. A log that starts at 1 was never overwritten.
    pub lowest_record_id: Option<u64>,
}

/// What one computer wrote.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ComputerScan {
    /// Its name, as its first record writes it; empty where records have none.
    pub name: HostName,
    /// What it recorded.
    pub event_types: BTreeMap<EventType, Observed>,
}

/// Why a file was not scanned.
#[derive(Debug, thiserror::Error)]
pub enum EvtxError {
    /// There are no bytes.
    #[error("the file is empty (0 bytes): not an EVTX file")]
    NoBytes,
    /// There are fewer bytes than a file header.
    #[error("the file ends after {bytes} bytes: an EVTX file begins with a header of 4096")]
    TooShort {
        /// Bytes there are.
        bytes: u64,
    },
    /// It begins with something else.
    #[error("not an EVTX file: it begins with {found:02x?} where `ElfFile` should be")]
    NotEvtx {
        /// The first eight bytes.
        found: [u8; 8],
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

const FILE_MAGIC: &[u8; 8] = b"ElfFile\0";

/// Scans a file of `length` bytes.
///
/// A dirty, truncated or damaged file gives what can be read of it and a count of what cannot. `progress` is told
/// how many bytes were read since it was last told, from any of the threads.
///
/// # Errors
/// Where the bytes are not an EVTX file, or reading breaks off. A file with a valid header and no records is no
/// error: it has `records` 0.
pub fn scan(
    bytes: &dyn ReadAt,
    length: u64,
    options: &ScanOptions,
    progress: &(dyn Fn(u64) + Sync),
) -> Result<Scan, EvtxError> {
    check_header(bytes, length)?;
    progress(scan::FILE_HEAD);
    parallel::scan_all(bytes, length, options, progress).map(harvest::join).map_err(EvtxError::from)
}

/// Scans some chunks of a file, by their numbers, on one thread.
pub(crate) fn scan_chunks(
    bytes: &dyn ReadAt,
    numbers: &[u64],
    options: &ScanOptions,
) -> Result<Scan, EvtxError> {
    let stretches = numbers.iter().map(|number| *number..number.saturating_add(1));
    scan::scan_chunks(bytes, stretches, options, &|_| ())
        .map(|harvest| harvest::join(vec![harvest]))
        .map_err(EvtxError::from)
}

impl From<scan::ReadFailure> for EvtxError {
    fn from(failure: scan::ReadFailure) -> Self {
        Self::Read { offset: failure.offset, source: failure.source }
    }
}

/// Only the magic is checked: flags, counts and checksums of the header are wrong in files whose records are good.
fn check_header(bytes: &dyn ReadAt, length: u64) -> Result<(), EvtxError> {
    if length == 0 {
        return Err(EvtxError::NoBytes);
    }
    let mut found = [0; FILE_MAGIC.len()];
    let read = read_full(bytes, &mut found, 0).map_err(|source| EvtxError::Read { offset: 0, source })?;
    if read == found.len() && found != *FILE_MAGIC {
        return Err(EvtxError::NotEvtx { found });
    }
    if read < found.len() || length < scan::FILE_HEAD {
        return Err(EvtxError::TooShort { bytes: length });
    }
    Ok(())
}
