//! One worker: chunks in, a tally out.

use std::{io, ops::Range};

use super::{
    chunk::{self, CHUNK_BYTES, ChunkState, Frames, Step, state_of},
    decode::{Decoder, Refusal},
    fallback,
    layout::ShapeId,
    options::ScanOptions,
    tally::Tally,
    texts::{TextId, Texts},
};
use crate::Detail;
use crate::read_at::{ReadAt, read_full};

/// Bytes before the first chunk.
pub(super) const FILE_HEAD: u64 = 4096;
/// Chunks between two calls of the progress function: 4 MiB.
const CHUNKS_PER_PROGRESS: u64 = 64;

/// How many chunks were what.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ChunkCounts {
    /// Chunks that may hold records.
    pub in_use: u64,
    /// Chunks of zeroes: allocated and never written.
    pub unused: u64,
    /// Chunks whose magic is destroyed; each counts once among the damaged records too.
    pub damaged: u64,
}

/// What one worker learned.
pub(super) struct Harvest {
    pub(super) tally: Tally,
    pub(super) chunks: ChunkCounts,
    pub(super) texts: Texts,
    /// Field names by [`ShapeId`].
    pub(super) shapes: Vec<Box<[TextId]>>,
}

/// A failed read, and where.
pub(super) struct ReadFailure {
    pub(super) offset: u64,
    pub(super) source: io::Error,
}

/// The bytes of chunk `number`, read into `buffer`; fewer than a chunk where the file ends, none behind its end.
pub(super) fn read_chunk<'b>(
    bytes: &dyn ReadAt,
    number: u64,
    buffer: &'b mut [u8],
) -> Result<&'b [u8], ReadFailure> {
    let offset = FILE_HEAD.saturating_add(number.saturating_mul(CHUNK_BYTES as u64));
    let read = read_full(bytes, buffer, offset).map_err(|source| ReadFailure { offset, source })?;
    Ok(buffer.get(..read).unwrap_or_default())
}

/// Scans stretches of chunks, by their numbers; behind the end of the file are none.
pub(super) fn scan_chunks(
    bytes: &dyn ReadAt,
    stretches: impl Iterator<Item = Range<u64>>,
    options: &ScanOptions,
    progress: &(dyn Fn(u64) + Sync),
) -> Result<Harvest, ReadFailure> {
    let mut worker = Worker::new(options);
    let mut buffer = vec![0; CHUNK_BYTES];
    for stretch in stretches {
        let mut done = 0;
        worker.tally.runs.pause();
        for number in stretch {
            let chunk = read_chunk(bytes, number, &mut buffer)?;
            if chunk.is_empty() {
                break;
            }
            worker.chunk(chunk);
            done += chunk.len() as u64;
            if number % CHUNKS_PER_PROGRESS == CHUNKS_PER_PROGRESS - 1 {
                progress(std::mem::take(&mut done));
            }
        }
        progress(done);
    }
    Ok(worker.finish())
}

struct Worker {
    decoder: Decoder,
    detail: Detail,
    fallback_channel: TextId,
    tally: Tally,
    chunks: ChunkCounts,
    refused: Vec<usize>,
    wanted: Wanted,
}

/// The ids of the records that are counted: those between these two.
#[derive(Debug, Clone, Copy)]
struct Wanted {
    after: Option<u64>,
    before: Option<u64>,
}

impl Wanted {
    fn has(self, id: u64) -> bool {
        self.after.is_none_or(|after| id > after) && self.before.is_none_or(|before| id < before)
    }
}

impl Worker {
    fn new(options: &ScanOptions) -> Self {
        let mut decoder = Decoder::new(options.detail);
        let channel = options.fallback_channel.as_ref();
        let fallback_channel = channel.and_then(|channel| decoder.texts.intern_str(channel.as_str()));
        Self {
            decoder,
            detail: options.detail,
            fallback_channel: fallback_channel.unwrap_or(TextId::EMPTY),
            tally: Tally::default(),
            chunks: ChunkCounts::default(),
            refused: Vec::new(),
            wanted: Wanted { after: options.after_record_id, before: options.before_record_id },
        }
    }

    fn chunk(&mut self, chunk: &[u8]) {
        match state_of(chunk) {
            ChunkState::Unused => self.chunks.unused += 1,
            ChunkState::Damaged => {
                self.chunks.damaged += 1;
                self.tally.damaged += 1;
            }
            ChunkState::InUse => {
                self.chunks.in_use += 1;
                self.records(chunk);
            }
        }
    }

    fn records(&mut self, chunk: &[u8]) {
        let last_id = chunk::announced(chunk).map_or(u64::MAX, |announced| announced.last_id);
        if self.wanted.after.is_some_and(|after| last_id <= after) {
            return;
        }
        self.decoder.start_chunk();
        self.refused.clear();
        // Damage stands before the record that follows it, or at the chunk's end.
        let mut lost_before = 0;
        for step in Frames::new(chunk) {
            let frame = match step {
                Step::Record(frame) => frame,
                Step::Damaged(lost) => {
                    lost_before += lost;
                    continue;
                }
            };
            let lost = std::mem::take(&mut lost_before);
            if !self.wanted.has(frame.id) {
                continue;
            }
            self.tally.damaged += lost;
            match self.decoder.decode(chunk, &frame) {
                Ok(mut system) => {
                    if system.channel == TextId::EMPTY {
                        system.channel = self.fallback_channel;
                    }
                    self.tally.add(&system, frame.id, &self.decoder.texts);
                    if self.detail == Detail::Inventory {
                        self.tally.add_fields(self.decoder.fields());
                    }
                }
                Err(Refusal::Torn) => self.tally.damaged += 1,
                Err(Refusal::NotUnderstood) => self.refused.push(frame.body.start),
            }
        }
        if self.wanted.has(last_id) {
            self.tally.damaged += lost_before;
        }
        if !self.refused.is_empty() {
            self.full_parse(chunk);
        }
    }

    /// Hands the records that were not understood to the `evtx` crate.
    #[cold]
    fn full_parse(&mut self, chunk: &[u8]) {
        let refused = std::mem::take(&mut self.refused);
        let rescued = fallback::parse(chunk, &refused, &mut self.decoder);
        self.tally.damaged += (refused.len() - rescued.len()) as u64;
        for mut record in rescued {
            if record.system.channel == TextId::EMPTY {
                record.system.channel = self.fallback_channel;
            }
            self.tally.add(&record.system, record.place, &self.decoder.texts);
            if self.detail == Detail::Inventory {
                self.tally.add_fields(self.decoder.adopt_fields(&record.fields));
            }
        }
        self.refused = refused;
    }

    fn finish(mut self) -> Harvest {
        let count = self.decoder.layouts.shapes().len();
        let ids = (0..count).filter_map(|id| u32::try_from(id).ok());
        let shapes = ids.map(|id| self.decoder.field_names(ShapeId(id)).into()).collect();
        Harvest { tally: self.tally, chunks: self.chunks, texts: self.decoder.texts, shapes }
    }
}
