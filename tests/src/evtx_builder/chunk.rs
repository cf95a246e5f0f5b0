//! One 64 KiB chunk in the making: records, and the tables of names and templates that they share.

use std::collections::HashMap;

use super::{
    CHUNK_BYTES, Style,
    binxml::{Element, Writing, write_fragment_header},
    event::Event,
    put,
};

/// Bytes before the first record.
pub(super) const CHUNK_HEAD: usize = 512;
const NAME_BUCKETS: usize = 64;
const TEMPLATE_BUCKETS: usize = 32;

/// A chunk in the making.
#[derive(Debug)]
pub(super) struct ChunkWriter {
    bytes: Vec<u8>,
    names: HashMap<String, u32>,
    templates: HashMap<Element, u32>,
    /// Last offset of each chain of names, and of templates.
    name_heads: [u32; NAME_BUCKETS],
    template_heads: [u32; TEMPLATE_BUCKETS],
    /// First and last id, and where the last record begins.
    ids: Option<(u64, u64)>,
    last_offset: usize,
}

impl Default for ChunkWriter {
    fn default() -> Self {
        Self {
            bytes: vec![0; CHUNK_HEAD],
            names: HashMap::new(),
            templates: HashMap::new(),
            name_heads: [0; NAME_BUCKETS],
            template_heads: [0; TEMPLATE_BUCKETS],
            ids: None,
            last_offset: 0,
        }
    }
}

impl ChunkWriter {
    /// Appends a record; false, and unchanged, where it does not fit.
    pub(super) fn push(&mut self, event: &Event, style: Style) -> bool {
        let start = self.bytes.len();
        let heads = (self.name_heads, self.template_heads);
        self.bytes(b"**\0\0");
        self.u32(0);
        self.bytes(&event.record_id.to_le_bytes());
        self.bytes(&event.filetime().to_le_bytes());
        let root = event.root(style);
        if style == Style::Direct {
            write_fragment_header(self);
            root.template.write(self, Writing::Direct, &root.values);
            self.u8(0x00);
        } else {
            root.write(self);
        }
        while !(self.bytes.len() + 4 - start).is_multiple_of(8) {
            self.u8(0);
        }
        let size = u32::try_from(self.bytes.len() + 4 - start).expect("a record of fewer than 4 GiB");
        self.u32(size);
        put(&mut self.bytes, start + 4, &size.to_le_bytes());
        if self.bytes.len() > CHUNK_BYTES {
            self.bytes.truncate(start);
            (self.name_heads, self.template_heads) = heads;
            self.names.retain(|_, offset| (*offset as usize) < start);
            self.templates.retain(|_, offset| (*offset as usize) < start);
            return false;
        }
        let first = self.ids.map_or(event.record_id, |(first, _)| first);
        self.ids = Some((first, event.record_id));
        self.last_offset = start;
        true
    }

    /// The whole chunk, with its header and checksums.
    pub(super) fn finish(self) -> Vec<u8> {
        let mut bytes = self.bytes;
        let free = bytes.len();
        let (first, last) = self.ids.unwrap_or((u64::MAX, u64::MAX));
        let data_checksum = evtx::checksum_ieee(&bytes[CHUNK_HEAD..]);
        put(&mut bytes, 0, b"ElfChnk\0");
        for (at, id) in [(8, first), (16, last), (24, first), (32, last)] {
            put(&mut bytes, at, &id.to_le_bytes());
        }
        for (at, number) in [(40, 128), (44, self.last_offset), (48, free)] {
            put(&mut bytes, at, &u32::try_from(number).expect("within a chunk").to_le_bytes());
        }
        put(&mut bytes, 52, &data_checksum.to_le_bytes());
        // Set in every chunk of the corpus.
        put(&mut bytes, 120, &1_u32.to_le_bytes());
        let heads = self.name_heads.iter().chain(&self.template_heads);
        for (index, head) in heads.enumerate() {
            put(&mut bytes, 128 + index * 4, &head.to_le_bytes());
        }
        bytes.resize(CHUNK_BYTES, 0);
        seal_header(&mut bytes);
        bytes
    }

    /// Writes a reference to a name, and the name itself where it is new to the chunk.
    pub(super) fn name(&mut self, name: &str) {
        if let Some(offset) = self.names.get(name) {
            let offset = *offset;
            return self.u32(offset);
        }
        let offset = self.here() + 4;
        self.u32(offset);
        let units: Vec<u16> = name.encode_utf16().collect();
        let hash =
            units.iter().fold(0_u32, |hash, unit| hash.wrapping_mul(65_599).wrapping_add(u32::from(*unit)))
                & 0xffff;
        let head = &mut self.name_heads[hash as usize % NAME_BUCKETS];
        let next = std::mem::replace(head, offset);
        self.names.insert(name.to_owned(), offset);
        self.u32(next);
        self.u16(hash as u16);
        self.u16(u16::try_from(units.len()).expect("a short name"));
        for unit in units {
            self.u16(unit);
        }
        self.u16(0);
    }

    /// Where the chunk has this template.
    pub(super) fn definition(&self, template: &Element) -> Option<u32> {
        self.templates.get(template).copied()
    }

    /// Writes a reference to a definition that follows right here, and the definition's head up to its size.
    pub(super) fn begin_definition(&mut self, template: &Element, guid: &[u8; 16]) {
        let offset = self.here() + 4;
        self.u32(offset);
        self.templates.insert(template.clone(), offset);
        let bucket = u32::from_le_bytes([guid[0], guid[1], guid[2], guid[3]]) as usize % TEMPLATE_BUCKETS;
        let next = std::mem::replace(&mut self.template_heads[bucket], offset);
        self.u32(next);
        self.bytes(guid);
    }

    pub(super) fn len(&self) -> usize {
        self.bytes.len()
    }

    pub(super) fn bytes(&mut self, bytes: &[u8]) {
        self.bytes.extend_from_slice(bytes);
    }

    pub(super) fn u8(&mut self, number: u8) {
        self.bytes.push(number);
    }

    pub(super) fn u16(&mut self, number: u16) {
        self.bytes(&number.to_le_bytes());
    }

    pub(super) fn u32(&mut self, number: u32) {
        self.bytes(&number.to_le_bytes());
    }

    /// Room for a size that is not known yet.
    pub(super) fn reserve_u32(&mut self) -> usize {
        self.u32(0);
        self.len()
    }

    /// Fills in the size of what was written since.
    pub(super) fn fill_size(&mut self, reserved: usize) {
        let size = u32::try_from(self.len() - reserved).expect("within a chunk");
        put(&mut self.bytes, reserved - 4, &size.to_le_bytes());
    }

    /// Fills in the size of a value that began at `start`.
    pub(super) fn fill_descriptor(&mut self, descriptor: usize, start: usize) {
        let size = u16::try_from(self.len() - start).expect("a value of fewer than 64 KiB");
        put(&mut self.bytes, descriptor, &size.to_le_bytes());
    }

    fn here(&self) -> u32 {
        u32::try_from(self.bytes.len()).expect("within a chunk")
    }
}

/// Computes the header's checksum, which leaves out the flags and itself.
pub(super) fn seal_header(chunk: &mut [u8]) {
    let covered: Vec<u8> = chunk[..120].iter().chain(&chunk[128..CHUNK_HEAD]).copied().collect();
    let checksum = evtx::checksum_ieee(&covered);
    put(chunk, 124, &checksum.to_le_bytes());
}
