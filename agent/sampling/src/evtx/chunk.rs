//! The records of one chunk: where each begins and ends, and what is torn ([MS-EVEN6] has no layout of chunks; the
//! facts are those of libevtx's format description and of the corpus).
//!
//! A record counts where its magic, its size and the copy of its size at its end agree. A full parse that accepts
//! a wrong copy reports event types that never existed. Behind a torn record the walk goes on at the next place
//! where all three agree and the id is one that the chunk's header announces.

use std::ops::Range;

use memchr::memmem;

use super::bytes::{offset_at, u32_at, u64_at};

/// Bytes of a chunk.
pub(super) const CHUNK_BYTES: usize = 65_536;
/// Bytes before its first record.
const CHUNK_HEAD: usize = 512;
const CHUNK_MAGIC: &[u8; 8] = b"ElfChnk\0";
const RECORD_MAGIC: &[u8; 4] = b"**\0\0";
/// Bytes before a record's BinXML: magic, size, id, time.
const RECORD_HEAD: usize = 24;
/// The copy of the size behind it.
const RECORD_TAIL: usize = 4;
const SMALLEST_RECORD: usize = RECORD_HEAD + RECORD_TAIL;

/// One whole record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Frame {
    /// Where its BinXML is, from the start of the chunk.
    pub(super) body: Range<usize>,
    /// The id in its header: its place in the log, which restarts at 1 in exported files.
    pub(super) id: u64,
    /// FILETIME in its header; 0 in some exported files.
    pub(super) time: u64,
}

/// What a chunk's bytes turn out to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ChunkState {
    /// Records may be in it.
    InUse,
    /// Only zeroes: allocated and never written.
    Unused,
    /// Neither: overwritten or torn.
    Damaged,
}

/// Looks at the magic before anything else, so that the zeroes of a sparse file cost little.
pub(super) fn state_of(chunk: &[u8]) -> ChunkState {
    if chunk.starts_with(CHUNK_MAGIC) && chunk.len() >= CHUNK_HEAD {
        ChunkState::InUse
    } else if is_zero(chunk) {
        ChunkState::Unused
    } else {
        ChunkState::Damaged
    }
}

fn is_zero(bytes: &[u8]) -> bool {
    let blocks = bytes.chunks(4096);
    blocks.into_iter().all(|block| block.iter().fold(0, |sum, byte| sum | byte) == 0)
}

/// A step of the walk.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Step {
    /// A whole record.
    Record(Frame),
    /// So many records that cannot be read, at least one.
    Damaged(u64),
}

/// What the header of a chunk in use says of its records.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Announced {
    pub(super) first_id: u64,
    pub(super) last_id: u64,
}

/// What the beginning of a chunk announces; `None` where it is not in use.
pub(super) fn announced(chunk: &[u8]) -> Option<Announced> {
    let begins = chunk.starts_with(CHUNK_MAGIC);
    let (first_id, last_id) = (u64_at(chunk, 24)?, u64_at(chunk, 32)?);
    begins.then_some(Announced { first_id, last_id })
}

/// Walks the records of a chunk in use.
#[derive(Debug)]
pub(super) struct Frames<'c> {
    chunk: &'c [u8],
    at: Option<usize>,
    live_end: usize,
    /// Where the header says that the last record begins.
    last_offset: usize,
    first_id: u64,
    last_id: u64,
    /// The id after that of the last record seen.
    next_id: u64,
}

impl<'c> Frames<'c> {
    /// `chunk` may be shorter than a whole chunk where the file ends early.
    pub(super) fn new(chunk: &'c [u8]) -> Self {
        let first_id = u64_at(chunk, 24).unwrap_or(0);
        Self {
            chunk,
            at: Some(CHUNK_HEAD),
            live_end: offset_at(chunk, 48).unwrap_or(0).min(CHUNK_BYTES),
            last_offset: offset_at(chunk, 44).unwrap_or(0),
            first_id,
            last_id: u64_at(chunk, 32).unwrap_or(0),
            next_id: first_id,
        }
    }

    #[inline]
    fn frame_at(&self, at: usize) -> Option<Frame> {
        let head = self.chunk.get(at..)?.first_chunk::<RECORD_HEAD>()?;
        if !head.starts_with(RECORD_MAGIC) {
            return None;
        }
        let size = offset_at(head, 4)?;
        let tail = at.checked_add(size)?.checked_sub(RECORD_TAIL)?;
        if size < SMALLEST_RECORD || offset_at(self.chunk, tail)? != size {
            return None;
        }
        Some(Frame { body: at + RECORD_HEAD..tail, id: u64_at(head, 8)?, time: u64_at(head, 16)? })
    }

    /// The next whole record from `from` on that the header announces. Linear in the bytes passed over.
    fn resync(&self, from: usize) -> Option<(usize, Frame)> {
        let until = self.live_end.min(self.last_offset.saturating_add(RECORD_MAGIC.len()));
        let searched = self.chunk.get(..until.min(self.chunk.len()))?;
        memmem::find_iter(searched.get(from..)?, RECORD_MAGIC).find_map(|hit| {
            let frame = self.frame_at(from + hit)?;
            let announced = (self.first_id..=self.last_id).contains(&frame.id);
            (announced && frame.body.end + RECORD_TAIL <= self.live_end).then_some((from + hit, frame))
        })
    }

    /// How many records were lost between `at` and `until`: what the ids say where the bytes have room for as
    /// many, else one.
    fn lost(&self, at: usize, until: usize, next_id: u64) -> u64 {
        let room = until.saturating_sub(at) / SMALLEST_RECORD;
        let gap = next_id.saturating_sub(self.next_id);
        if usize::try_from(gap).is_ok_and(|gap| gap <= room) { gap.max(1) } else { 1 }
    }

    /// True where no record begins: zeroes, or no room.
    fn is_blank(&self, at: usize) -> bool {
        at.saturating_add(RECORD_HEAD) > self.chunk.len() || u32_at(self.chunk, at) == Some(0)
    }

    fn pass_damage(&mut self, at: usize) -> Option<Step> {
        if let Some((next, frame)) = self.resync(at + 1) {
            self.at = Some(next);
            return Some(Step::Damaged(self.lost(at, next, frame.id)));
        }
        self.at = None;
        let announced = self.next_id <= self.last_id && self.last_offset >= at;
        // Zeroes here are where the free space really starts, unless the header announces a record behind them.
        (announced || !self.is_blank(at))
            .then(|| Step::Damaged(self.lost(at, self.live_end, self.last_id.saturating_add(1))))
    }
}

impl Iterator for Frames<'_> {
    type Item = Step;

    #[inline]
    fn next(&mut self) -> Option<Step> {
        let at = self.at.filter(|at| *at < self.live_end)?;
        let Some(frame) = self.frame_at(at) else { return self.pass_damage(at) };
        self.next_id = frame.id.saturating_add(1);
        // Behind the last announced record is what an older use of the chunk left.
        self.at = (frame.id != self.last_id).then_some(frame.body.end + RECORD_TAIL);
        Some(Step::Record(frame))
    }
}

/// The size of the record whose BinXML begins at `body_start`; `None` where its copy says otherwise.
pub(super) fn record_size(chunk: &[u8], body_start: usize) -> Option<usize> {
    let at = body_start.checked_sub(RECORD_HEAD)?;
    let size = offset_at(chunk, at.checked_add(4)?)?;
    let copy = offset_at(chunk, at.checked_add(size)?.checked_sub(RECORD_TAIL)?)?;
    (copy == size).then_some(size)
}
