//! A large file out of few chunks, with the record ids of a log that was never cleared.

use std::io::{self, Write};

use super::{
    CHUNK_BYTES,
    chunk::{CHUNK_HEAD, seal_header},
    file_header, put,
};

/// Writes a file of about `bytes` bytes that repeats these chunks. Record ids in headers rise from 1, checksums are
/// right; the EventRecordIDs inside the records stay those of the chunks.
///
/// # Errors
/// What writing answers.
pub fn write_repeated(chunks: &[Vec<u8>], bytes: u64, out: &mut impl Write) -> io::Result<()> {
    let wanted = usize::try_from(bytes).unwrap_or(usize::MAX) / CHUNK_BYTES;
    out.write_all(&file_header(wanted, 1))?;
    let mut next_id = 1;
    for chunk in chunks.iter().cycle().take(wanted) {
        let mut chunk = chunk.clone();
        next_id = renumber(&mut chunk, next_id);
        out.write_all(&chunk)?;
    }
    out.flush()
}

/// Gives the records ids from `first` on and returns the id after the last.
fn renumber(chunk: &mut [u8], first: u64) -> u64 {
    let number = |chunk: &[u8], at: usize| {
        u32::from_le_bytes(chunk[at..at + 4].try_into().expect("four bytes")) as usize
    };
    let free = number(chunk, 48).min(chunk.len());
    let (mut at, mut next) = (CHUNK_HEAD, first);
    while at + 28 <= free && chunk[at..at + 4] == *b"**\0\0" {
        put(chunk, at + 8, &next.to_le_bytes());
        next += 1;
        put(chunk, 44, &u32::try_from(at).expect("within a chunk").to_le_bytes());
        at += number(chunk, at + 4).max(28);
    }
    for (at, id) in [(8, first), (16, next - 1), (24, first), (32, next - 1)] {
        put(chunk, at, &id.to_le_bytes());
    }
    let checksum = evtx::checksum_ieee(&chunk[CHUNK_HEAD..free]);
    put(chunk, 52, &checksum.to_le_bytes());
    seal_header(chunk);
    next
}
