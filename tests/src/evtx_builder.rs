//! Builds EVTX files for tests and demonstrations: events in, bytes out, damage on demand.
//!
//! What it writes is what Windows writes: string and template tables, nested templates, checksums. A test compares
//! it with the `evtx` crate's reading.

mod binxml;
mod chunk;
mod damage;
mod event;
mod repeat;

pub use damage::Damage;
pub use event::{Event, Payload, Value};
pub use repeat::write_repeated;

use chunk::ChunkWriter;

/// Bytes before the first chunk.
pub const FILE_HEAD: usize = 4096;
/// Bytes of a chunk.
pub const CHUNK_BYTES: usize = 65_536;

/// How the System values of an event are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Style {
    /// Provider, Channel and Computer are part of the template, as in most logs of Windows itself.
    #[default]
    Literals,
    /// They are substitution values.
    Slots,
    /// There is no template: the whole event stands in the record, its numbers as text.
    Direct,
}

/// A file in the making.
#[derive(Debug, Default)]
pub struct EvtxBuilder {
    style: Style,
    chunks: Vec<Vec<u8>>,
    open: Option<ChunkWriter>,
    next_record_id: u64,
}

impl EvtxBuilder {
    /// A file whose events are written in this style.
    #[must_use]
    pub fn new(style: Style) -> Self {
        Self { style, chunks: Vec::new(), open: None, next_record_id: 1 }
    }

    /// Appends an event; a chunk that is full is closed.
    ///
    /// # Panics
    /// Where the event does not fit into an empty chunk.
    pub fn push(&mut self, event: &Event) {
        self.next_record_id = event.record_id + 1;
        let mut chunk = self.open.take().unwrap_or_default();
        if !chunk.push(event, self.style) {
            self.chunks.push(chunk.finish());
            chunk = ChunkWriter::default();
            assert!(chunk.push(event, self.style), "an event must fit into 64 KiB");
        }
        self.open = Some(chunk);
    }

    /// Closes the chunk: the next event begins another.
    pub fn end_chunk(&mut self) {
        self.chunks.extend(self.open.take().map(ChunkWriter::finish));
    }

    /// Appends a chunk of zeroes, as Windows allocates in advance.
    pub fn push_unused_chunk(&mut self) {
        self.end_chunk();
        self.chunks.push(vec![0; CHUNK_BYTES]);
    }

    /// The file.
    #[must_use]
    pub fn build(mut self) -> Vec<u8> {
        self.end_chunk();
        let mut file = file_header(self.chunks.len(), self.next_record_id);
        file.extend(self.chunks.into_iter().flatten());
        file
    }

    /// The file of these events, in [`Style::Literals`].
    #[must_use]
    pub fn file_of<'e>(events: impl IntoIterator<Item = &'e Event>) -> Vec<u8> {
        let mut builder = Self::new(Style::Literals);
        for event in events {
            builder.push(event);
        }
        builder.build()
    }
}

/// The 4,096 bytes before the first chunk ([MS-EVEN6] names no layout; see libevtx's format description).
#[must_use]
pub fn file_header(chunks: usize, next_record_id: u64) -> Vec<u8> {
    let mut header = vec![0; FILE_HEAD];
    header[..8].copy_from_slice(b"ElfFile\0");
    put(&mut header, 16, &(chunks as u64).saturating_sub(1).to_le_bytes());
    put(&mut header, 24, &next_record_id.to_le_bytes());
    put(&mut header, 32, &128_u32.to_le_bytes());
    put(&mut header, 36, &1_u16.to_le_bytes());
    put(&mut header, 38, &3_u16.to_le_bytes());
    put(&mut header, 40, &4096_u16.to_le_bytes());
    // Real logs can hold more chunks than the field can say.
    put(&mut header, 42, &u16::try_from(chunks).unwrap_or(u16::MAX).to_le_bytes());
    let checksum = evtx::checksum_ieee(&header[..120]);
    put(&mut header, 124, &checksum.to_le_bytes());
    header
}

fn put(bytes: &mut [u8], at: usize, value: &[u8]) {
    bytes[at..at + value.len()].copy_from_slice(value);
}
