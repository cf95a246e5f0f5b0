//! Journal files for tests, written after systemd's "Journal File Format". Hash tables and entry arrays are left out
//! or empty: a reader that goes from object to object has no use for them.

use std::collections::HashMap;

/// How wide offsets are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Width {
    /// 64 bits.
    Regular,
    /// 32 bits.
    Compact,
}

/// How data objects are compressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Compression {
    /// Not at all.
    None,
    /// A block of literals.
    Lz4,
    /// A frame.
    Zstd,
}

/// Writes a file.
pub(crate) struct JournalBuilder {
    bytes: Vec<u8>,
    width: Width,
    compression: Compression,
    known: HashMap<Vec<u8>, u64>,
    last: u64,
    entries: u64,
}

/// Bytes of the header.
pub(crate) const HEADER: usize = 272;

impl JournalBuilder {
    /// A file without entries, of the regular or the compact layout.
    pub(crate) fn new(width: Width, compression: Compression) -> Self {
        let mut bytes = vec![0; HEADER];
        bytes[..8].copy_from_slice(b"LPKSHHRH");
        bytes[12] = 4 | u8::from(width == Width::Compact) << 4;
        bytes[24..40].fill(0xf1);
        bytes[40..56].fill(0xab);
        let mut builder = Self { bytes, width, compression, known: HashMap::new(), last: 0, entries: 0 };
        builder.object(4, 0, &[0; 64]);
        builder
    }

    /// Writes an entry of these fields, with the data objects that are not written yet.
    pub(crate) fn entry(&mut self, realtime: u64, fields: &[&str]) {
        let mut items: Vec<u64> = fields.iter().map(|field| self.data(field.as_bytes())).collect();
        items.sort_unstable();
        self.entry_of(realtime, &items);
    }

    /// Writes an entry of data objects at these offsets.
    pub(crate) fn entry_of(&mut self, realtime: u64, items: &[u64]) {
        self.entries += 1;
        let mut body = Vec::new();
        for number in [self.entries, realtime, realtime, 0xb007, 0xb007, 0] {
            body.extend(number.to_le_bytes());
        }
        for item in items {
            if self.width == Width::Compact {
                body.extend(u32::try_from(*item).expect("a small file").to_le_bytes());
            } else {
                body.extend(item.to_le_bytes());
                body.extend([0; 8]);
            }
        }
        self.object(3, 0, &body);
        let array: &[u8] =
            &if self.width == Width::Compact { vec![0; 8 + 4 * 4] } else { vec![0; 8 + 4 * 8] };
        self.object(6, 0, array);
    }

    /// The offset of the data object with this payload, which is written if it is not yet.
    pub(crate) fn data(&mut self, payload: &[u8]) -> u64 {
        if let Some(offset) = self.known.get(payload) {
            return *offset;
        }
        let (flags, stored) = match self.compression {
            Compression::None => (0, payload.to_vec()),
            Compression::Lz4 => (2, lz4_of_literals(payload)),
            Compression::Zstd => (4, zstd::bulk::compress(payload, 3).expect("compressed")),
        };
        let mut body = vec![0; if self.width == Width::Compact { 56 } else { 48 }];
        body.extend(stored);
        let offset = self.object(1, flags, &body);
        self.known.insert(payload.to_vec(), offset);
        offset
    }

    /// Writes any object and returns its offset.
    pub(crate) fn object(&mut self, kind: u8, flags: u8, body: &[u8]) -> u64 {
        let offset = self.bytes.len() as u64;
        self.bytes.extend([kind, flags, 0, 0, 0, 0, 0, 0]);
        self.bytes.extend((body.len() as u64 + 16).to_le_bytes());
        self.bytes.extend(body);
        self.bytes.resize(self.bytes.len().next_multiple_of(8), 0);
        self.last = offset;
        offset
    }

    /// The file, with its header as of now and as much space that is not used yet.
    pub(crate) fn build(&self, state: u8, unused: usize) -> Vec<u8> {
        let mut file = self.bytes.clone();
        file.resize(file.len() + unused, 0);
        file[16] = state;
        let arena = (file.len() - HEADER) as u64;
        for (at, number) in [(88, HEADER as u64), (96, arena), (136, self.last), (152, self.entries)] {
            file[at..at + 8].copy_from_slice(&number.to_le_bytes());
        }
        file
    }
}

/// A size and a block of literals alone.
fn lz4_of_literals(payload: &[u8]) -> Vec<u8> {
    let mut stored = (payload.len() as u64).to_le_bytes().to_vec();
    match payload.len().checked_sub(15) {
        None => stored.push(u8::try_from(payload.len() << 4).expect("a nibble")),
        Some(more) => {
            stored.push(0xf0);
            stored.extend(std::iter::repeat_n(255, more / 255));
            stored.push(u8::try_from(more % 255).expect("a byte"));
        }
    }
    stored.extend(payload);
    stored
}
