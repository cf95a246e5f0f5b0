//! The chunks of a file by their headers, without reading what is in them.

use jiff::Timestamp;

use super::{
    EvtxError,
    bytes::u64_at,
    check_header,
    chunk::{self, CHUNK_BYTES, Frames, Step},
    decode::{Decoder, Refusal},
    filetime,
    scan::{FILE_HEAD, ReadFailure, read_chunk},
};
use crate::{
    Detail,
    read_at::{ReadAt, read_full},
};

/// Bytes of a chunk's beginning that tell when it was written to: ids, offsets, checksums.
const HEAD_BYTES: usize = 128;
/// Where the first record of a chunk is, and its time in it.
const FIRST_RECORD_TIME: u64 = 512 + 16;

/// The beginning of one chunk.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ChunkHead {
    /// Its place in the file.
    pub(crate) number: u64,
    /// The ids of its first and last record; `None` where it is not in use, or has none.
    pub(crate) ids: Option<(u64, u64)>,
    /// Its first bytes.
    pub(crate) raw: Vec<u8>,
}

impl ChunkHead {
    fn read(bytes: &dyn ReadAt, number: u64) -> Result<Self, ReadFailure> {
        let mut raw = vec![0; HEAD_BYTES];
        let offset = offset_of(number);
        let read = read_full(bytes, &mut raw, offset).map_err(|source| ReadFailure { offset, source })?;
        raw.truncate(read);
        let ids = chunk::announced(&raw).map(|announced| (announced.first_id, announced.last_id));
        // A chunk without records announces the highest number that there is.
        let ids = ids.filter(|(first, last)| first <= last && *last < u64::MAX);
        Ok(Self { number, ids, raw })
    }

    /// True for a chunk whose beginning is neither that of a chunk nor empty.
    pub(crate) fn is_destroyed(&self) -> bool {
        chunk::announced(&self.raw).is_none() && self.raw.iter().any(|byte| *byte != 0)
    }

    /// When its first record was written, as that says.
    pub(crate) fn first_written(&self, bytes: &dyn ReadAt) -> Option<Timestamp> {
        let mut time = [0; 8];
        read_full(bytes, &mut time, offset_of(self.number) + FIRST_RECORD_TIME).ok()?;
        filetime::timestamp(u64_at(&time, 0)?)
    }
}

fn offset_of(number: u64) -> u64 {
    FILE_HEAD.saturating_add(number.saturating_mul(CHUNK_BYTES as u64))
}

/// The beginnings of all chunks of a file of `length` bytes.
pub(crate) fn survey(bytes: &dyn ReadAt, length: u64) -> Result<Vec<ChunkHead>, EvtxError> {
    check_header(bytes, length)?;
    let chunks = length.saturating_sub(FILE_HEAD).div_ceil(CHUNK_BYTES as u64);
    let heads = (0..chunks).map(|number| ChunkHead::read(bytes, number));
    Ok(heads.collect::<Result<_, _>>()?)
}

/// The beginning of one chunk, by its number.
pub(crate) fn head_of(bytes: &dyn ReadAt, number: u64) -> Result<ChunkHead, EvtxError> {
    Ok(ChunkHead::read(bytes, number)?)
}

/// The id of the first record behind `after` that a chunk's header announces and that is not whole.
pub(crate) fn first_torn(bytes: &dyn ReadAt, number: u64, after: u64) -> Result<Option<u64>, EvtxError> {
    let mut buffer = vec![0; CHUNK_BYTES];
    let chunk = read_chunk(bytes, number, &mut buffer)?;
    let Some(announced) = chunk::announced(chunk) else { return Ok(None) };
    let mut decoder = Decoder::new(Detail::Counts);
    decoder.start_chunk();
    let mut next = announced.first_id;
    for step in Frames::new(chunk) {
        let whole = match step {
            Step::Record(frame) => {
                next = frame.id;
                !matches!(decoder.decode(chunk, &frame), Err(Refusal::Torn))
            }
            Step::Damaged(_) => false,
        };
        if !whole && next > after {
            return Ok(Some(next));
        }
        next = next.saturating_add(1);
    }
    Ok(None)
}
