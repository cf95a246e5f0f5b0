//! The beginning of an LZ4 block (LZ4 Block Format Description).

use super::numbers::u64_at;

/// Decompresses what journald stores, a 64-bit size and a block, until `out` is `limit` bytes long. `None` where the
/// block is damaged.
pub(super) fn decompress_head(stored: &[u8], limit: usize, out: &mut Vec<u8>) -> Option<()> {
    let size = usize::try_from(u64_at(stored, 0)?).unwrap_or(usize::MAX);
    let limit = limit.min(size);
    let mut block = stored.get(8..)?;
    out.clear();
    loop {
        let token = take(&mut block, 1)?.first().copied()?;
        let literals = take_length(token >> 4, &mut block)?;
        let wanted = limit - out.len();
        if literals >= wanted {
            out.extend_from_slice(block.get(..wanted)?);
            return Some(());
        }
        out.extend_from_slice(take(&mut block, literals)?);
        let offset = take(&mut block, 2)?.first_chunk().map(|raw| u16::from_le_bytes(*raw))?;
        let length = take_length(token & 15, &mut block)?.checked_add(4)?;
        repeat(out, usize::from(offset), length.min(limit - out.len()))?;
        if out.len() >= limit {
            return Some(());
        }
    }
}

/// A length that continues in further bytes.
fn take_length(nibble: u8, block: &mut &[u8]) -> Option<usize> {
    let mut length = usize::from(nibble);
    if nibble == 15 {
        loop {
            let more = take(block, 1)?.first().copied()?;
            length += usize::from(more);
            if more != 255 {
                break;
            }
        }
    }
    Some(length)
}

fn take<'b>(block: &mut &'b [u8], length: usize) -> Option<&'b [u8]> {
    let (taken, rest) = block.split_at_checked(length)?;
    *block = rest;
    Some(taken)
}

/// Appends `length` bytes from `offset` before the end, which may overlap what is appended.
fn repeat(out: &mut Vec<u8>, offset: usize, length: usize) -> Option<()> {
    let from = out.len().checked_sub(offset).filter(|_| offset > 0)?;
    for at in from..from + length {
        out.push(*out.get(at)?);
    }
    Some(())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `abc`, six more by a match three back, and `xy`, by hand after the format's description.
    const STORED: [u8; 17] = [11, 0, 0, 0, 0, 0, 0, 0, 0x32, b'a', b'b', b'c', 3, 0, 0x20, b'x', b'y'];

    #[test]
    fn a_block_is_decompressed_as_far_as_asked_for() {
        let mut out = Vec::new();
        for limit in 0..=11 {
            decompress_head(&STORED, limit, &mut out).unwrap();
            assert_eq!(out, b"abcabcabcxy"[..limit]);
        }
        decompress_head(&STORED, 100, &mut out).unwrap();
        assert_eq!(out, b"abcabcabcxy");
    }

    #[test]
    fn what_another_compressor_makes_comes_back() {
        let text: Vec<u8> =
            (0..20_000_u32).flat_map(|n| (n * n % 1000 / 7).to_string().into_bytes()).collect();
        let block = lz4_flex::block::compress(&text);
        assert!(block.len() < text.len());
        let stored = [&(text.len() as u64).to_le_bytes()[..], &block].concat();
        let mut out = Vec::new();
        for limit in [0, 1, 100, 4096, text.len(), usize::MAX] {
            decompress_head(&stored, limit, &mut out).unwrap();
            assert!(out == text[..limit.min(text.len())], "{limit}");
        }
    }

    #[test]
    fn a_damaged_block_is_none() {
        let mut out = Vec::new();
        let mut damaged = STORED;
        for offset in [0, 4] {
            damaged[12] = offset;
            assert_eq!(decompress_head(&damaged, 100, &mut out), None);
        }
        for end in 0..STORED.len() {
            assert_eq!(decompress_head(&STORED[..end], 100, &mut out), None);
        }
    }
}
