//! The header of a journal file (systemd's "Journal File Format").

use std::fmt;

use super::{
    JournalError,
    numbers::{u32_at, u64_at},
};
use crate::read_at::{ReadAt, read_full};

/// What a journal file begins with.
pub const MAGIC: &[u8; 8] = b"LPKSHHRH";

/// The shortest header: what systemd before 187 wrote.
const SHORTEST: usize = 208;
/// The longest header that is believed; the longest written so far has 272 bytes.
const LONGEST: u64 = 4096;
/// Incompatible flags: compressed by XZ, LZ4, zstd, and a keyed hash.
const HARMLESS: u32 = 1 | 1 << 1 | 1 << 2 | 1 << 3;
/// Incompatible flag: offsets of 32 bits.
const COMPACT: u32 = 1 << 4;

/// An id of 128 bits, as systemd prints it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Id128(pub [u8; 16]);

impl fmt::Display for Id128 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

/// Who is done with a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// It was closed, and may be written again.
    Offline,
    /// It is being written, or was when the machine stopped.
    Online,
    /// It will not be written again.
    Archived,
}

/// What the header of a file says about it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Head {
    /// The machine that wrote it (`/etc/machine-id`).
    pub machine_id: Id128,
    /// The file itself.
    pub file_id: Id128,
    /// Who is done with it.
    pub state: State,
}

/// Where things lie in a file.
#[derive(Debug, Clone, Copy)]
pub(super) struct Layout {
    /// Bytes of an item of an entry.
    pub(super) item: usize,
    /// Bytes of a data object before its payload.
    pub(super) data_head: usize,
    /// Where the first object is.
    pub(super) first_object: u64,
    /// Where the last object is.
    pub(super) last_object: u64,
    /// Where the part in use ends.
    pub(super) end: u64,
    /// Entries that there are.
    pub(super) entries: u64,
    /// True for a file that may be growing.
    pub(super) online: bool,
}

/// Reads the header.
pub(super) fn read(bytes: &dyn ReadAt, length: u64) -> Result<(Head, Layout), JournalError> {
    if length == 0 {
        return Err(JournalError::NoBytes);
    }
    let mut header = [0; SHORTEST];
    let read = read_full(bytes, &mut header, 0).map_err(|source| JournalError::Read { offset: 0, source })?;
    if let Some(found) = header.first_chunk().filter(|found| read >= MAGIC.len() && *found != MAGIC) {
        return Err(JournalError::NotJournal { found: *found });
    }
    let header = header.get(..read).unwrap_or_default();
    parse(header).unwrap_or(Err(JournalError::TooShort { bytes: length }))
}

/// `None` where a header ends before [`SHORTEST`].
fn parse(header: &[u8]) -> Option<Result<(Head, Layout), JournalError>> {
    let header = header.get(..SHORTEST)?;
    let flags = u32_at(header, 12)?;
    if flags & !(HARMLESS | COMPACT) != 0 {
        return Some(Err(JournalError::Newer { flags: flags & !(HARMLESS | COMPACT) }));
    }
    let state = match header.get(16)? {
        0 => State::Offline,
        2 => State::Archived,
        _ => State::Online,
    };
    let head = Head { file_id: id_at(header, 24)?, machine_id: id_at(header, 40)?, state };
    let size = u64_at(header, 88)?;
    let believed = (SHORTEST as u64..=LONGEST).contains(&size) && size % 8 == 0;
    let compact = flags & COMPACT != 0;
    let layout = Layout {
        item: if compact { 4 } else { 16 },
        data_head: if compact { 72 } else { 64 },
        first_object: if believed { size } else { SHORTEST as u64 },
        last_object: u64_at(header, 136)?,
        end: size.saturating_add(u64_at(header, 96)?),
        entries: u64_at(header, 152)?,
        online: state == State::Online,
    };
    Some(Ok((head, layout)))
}

fn id_at(header: &[u8], at: usize) -> Option<Id128> {
    header.get(at..)?.first_chunk().map(|id| Id128(*id))
}
