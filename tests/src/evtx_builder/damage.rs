//! What can be wrong with a file.

use super::{CHUNK_BYTES, FILE_HEAD, put};

/// One fault. Chunks and records count from 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Damage {
    /// The copy of a record's size says something else.
    WrongSizeCopy {
        /// The chunk.
        chunk: usize,
        /// The record in it.
        record: usize,
    },
    /// A record's second half is overwritten, its size copy too.
    TornRecord {
        /// The chunk.
        chunk: usize,
        /// The record in it.
        record: usize,
    },
    /// A record that is not the first claims values that end a few bytes behind it.
    ValuesBehindEnd {
        /// The chunk.
        chunk: usize,
        /// The record in it.
        record: usize,
    },
    /// The chunk's header says that this record is the last; those behind it are left from an older use.
    LeftOverFrom {
        /// The chunk.
        chunk: usize,
        /// The last record that counts.
        record: usize,
    },
    /// Zeroes from this record to the end of its chunk.
    ZeroesFrom {
        /// The chunk.
        chunk: usize,
        /// The first record that is gone.
        record: usize,
    },
    /// Only zeroes.
    ZeroedChunk(usize),
    /// The chunk's magic is overwritten.
    WrongChunkMagic(usize),
    /// The chunk's checksums do not match; its records are whole.
    WrongChecksums(usize),
    /// The file ends after so many bytes.
    Truncated(usize),
    /// The file was not closed.
    DirtyFlag,
    /// The file does not begin like one.
    WrongFileMagic,
}

impl Damage {
    /// Does it.
    ///
    /// # Panics
    /// Where the file has no such chunk or record.
    pub fn apply(self, file: &mut Vec<u8>) {
        match self {
            Self::WrongSizeCopy { chunk, record } => {
                let (start, size) = record_at(file, chunk, record);
                put(file, start + size - 4, &0xdead_u32.to_le_bytes());
            }
            Self::TornRecord { chunk, record } => {
                let (start, size) = record_at(file, chunk, record);
                file[start + size / 2..start + size].fill(0xaa);
            }
            Self::ValuesBehindEnd { chunk, record } => {
                let (start, _) = record_at(file, chunk, record);
                // Head, fragment header, instance that refers back to its template; then the descriptors.
                let table = start + 24 + 4 + 10 + 4;
                let values = usize::from(file[table - 4]);
                let last = table + 4 * (values - 1);
                let size = u16::from_le_bytes([file[last], file[last + 1]]);
                put(file, last, &(size + 24).to_le_bytes());
            }
            Self::LeftOverFrom { chunk, record } => {
                let (start, _) = record_at(file, chunk, record);
                let id: [u8; 8] = file[start + 8..start + 16].try_into().expect("eight bytes");
                let chunk_start = FILE_HEAD + chunk * CHUNK_BYTES;
                let offset = u32::try_from(start - chunk_start).expect("within a chunk");
                put(file, chunk_start + 16, &id);
                put(file, chunk_start + 32, &id);
                put(file, chunk_start + 44, &offset.to_le_bytes());
            }
            Self::ZeroesFrom { chunk, record } => {
                let (start, _) = record_at(file, chunk, record);
                let end = FILE_HEAD + (chunk + 1) * CHUNK_BYTES;
                file[start..end].fill(0);
            }
            Self::ZeroedChunk(chunk) => chunk_at(file, chunk).fill(0),
            Self::WrongChunkMagic(chunk) => chunk_at(file, chunk)[..8].copy_from_slice(b"Damaged!"),
            Self::WrongChecksums(chunk) => {
                let chunk = chunk_at(file, chunk);
                put(chunk, 52, &[0x55; 4]);
                put(chunk, 124, &[0x55; 4]);
            }
            Self::Truncated(bytes) => file.truncate(bytes),
            Self::DirtyFlag => put(file, 120, &1_u32.to_le_bytes()),
            Self::WrongFileMagic => put(file, 0, b"PK\x03\x04\0\0\0\0"),
        }
    }
}

fn chunk_at(file: &mut [u8], chunk: usize) -> &mut [u8] {
    let start = FILE_HEAD + chunk * CHUNK_BYTES;
    &mut file[start..start + CHUNK_BYTES]
}

/// Where a record begins in the file, and its size.
fn record_at(file: &[u8], chunk: usize, record: usize) -> (usize, usize) {
    let size_of = |at: usize| {
        assert_eq!(&file[at..at + 4], b"**\0\0", "there is no such record");
        u32::from_le_bytes(file[at + 4..at + 8].try_into().expect("four bytes")) as usize
    };
    let mut at = FILE_HEAD + chunk * CHUNK_BYTES + 512;
    for _ in 0..record {
        at += size_of(at);
    }
    (at, size_of(at))
}
