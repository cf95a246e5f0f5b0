//! What a data object holds, decompressed as far as it is needed.

use std::io::Read;

use lzma_rust2::XzReader;
use zstd::stream::raw::{DParameter, Decoder, InBuffer, Operation, OutBuffer};

use super::{lz4, objects::Object};

/// Bytes of a payload that are decompressed at most.
pub(super) const MAX_PAYLOAD_BYTES: usize = 64 << 10;
/// Compressed bytes that are looked at for them: a block of zstd has 128 KiB at most.
pub(super) const MAX_STORED_BYTES: usize = 192 << 10;
/// The largest window of zstd that is taken: 32 MiB, of which no more is touched than is decompressed. A payload that
/// was compressed at once has a window of its own size.
const ZSTD_WINDOW_LOG: u32 = 25;
/// Memory for XZ. journald's own streams need 1 MiB.
const XZ_MEMORY_KIB: u32 = 8 << 10;

const XZ: u8 = 1;
const LZ4: u8 = 1 << 1;
const ZSTD: u8 = 1 << 2;
/// The flags of an object that say how it is compressed.
pub(super) const COMPRESSED: u8 = XZ | LZ4 | ZSTD;

/// The payload that was looked at last, which most often is the next entry's message.
pub(super) struct Payload {
    /// The offset of its object; `None` where there is none.
    object: Option<u64>,
    bytes: Vec<u8>,
    zstd: Option<Decoder<'static>>,
}

impl Payload {
    pub(super) fn new() -> Self {
        Self { object: None, bytes: Vec::new(), zstd: None }
    }

    /// The payload of the object at `offset`, or its beginning, if it is the last.
    pub(super) fn of(&self, offset: u64) -> Option<&[u8]> {
        (self.object == Some(offset)).then_some(&*self.bytes)
    }

    /// Takes an object's payload, or its beginning, as it is stored; `None` where it cannot be decompressed.
    pub(super) fn take(&mut self, object: &Object, stored: &[u8]) -> Option<&[u8]> {
        self.object = None;
        self.bytes.clear();
        match object.flags & COMPRESSED {
            0 => self.bytes.extend_from_slice(stored.get(..MAX_PAYLOAD_BYTES).unwrap_or(stored)),
            XZ => self.xz(stored)?,
            LZ4 => lz4::decompress_head(stored, MAX_PAYLOAD_BYTES, &mut self.bytes)?,
            ZSTD => self.zstd(stored)?,
            _ => return None,
        }
        self.object = Some(object.offset);
        Some(&self.bytes)
    }

    fn xz(&mut self, stored: &[u8]) -> Option<()> {
        let reader = XzReader::new_mem_limit(stored, false, XZ_MEMORY_KIB);
        let read = reader.take(MAX_PAYLOAD_BYTES as u64).read_to_end(&mut self.bytes);
        // Damage behind the beginning does no harm.
        (read.is_ok() || !self.bytes.is_empty()).then_some(())
    }

    fn zstd(&mut self, stored: &[u8]) -> Option<()> {
        if self.zstd.is_none() {
            let mut decoder = Decoder::new().ok()?;
            decoder.set_parameter(DParameter::WindowLogMax(ZSTD_WINDOW_LOG)).ok()?;
            self.zstd = Some(decoder);
        }
        let decoder = self.zstd.as_mut()?;
        decoder.reinit().ok()?;
        // As much as there is room for is decompressed.
        self.bytes.reserve_exact(MAX_PAYLOAD_BYTES);
        let mut input = InBuffer::around(stored);
        let mut output = OutBuffer::around(&mut self.bytes);
        let mut before = None;
        // Until the frame ends, is damaged, or neither takes nor gives any more.
        while before != Some((input.pos(), output.pos())) {
            before = Some((input.pos(), output.pos()));
            if !decoder.run(&mut input, &mut output).is_ok_and(|hint| hint > 0) {
                break;
            }
        }
        (output.pos() > 0).then_some(())
    }
}
