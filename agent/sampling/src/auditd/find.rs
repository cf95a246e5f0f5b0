//! Finds a byte that is near, as most are in fields: a call to the general search costs more than looking.

use memchr::memchr;

/// Words of eight bytes that are looked at before the general search is asked.
const NEAR_WORDS: usize = 3;

/// The place of the first byte that is one of two.
#[inline]
pub(super) fn first_of(a: u8, b: u8, text: &[u8]) -> Option<usize> {
    let (words, rest) = text.as_chunks::<8>();
    for (number, word) in words.iter().enumerate() {
        let word = u64::from_le_bytes(*word);
        let marks = marks(word, a) | marks(word, b);
        if marks != 0 {
            return Some(number * 8 + first_mark(marks));
        }
    }
    let place = rest.iter().position(|byte| *byte == a || *byte == b)?;
    Some(words.len() * 8 + place)
}

/// The place of the first such byte.
#[inline]
pub(super) fn first(byte: u8, text: &[u8]) -> Option<usize> {
    let (words, _) = text.as_chunks::<8>();
    for (number, word) in words.iter().take(NEAR_WORDS).enumerate() {
        let marks = marks(u64::from_le_bytes(*word), byte);
        if marks != 0 {
            return Some(number * 8 + first_mark(marks));
        }
    }
    let seen = words.len().min(NEAR_WORDS) * 8;
    Some(seen + memchr(byte, text.get(seen..)?)?)
}

/// Marks the bytes of a word that are equal to one: the highest bit of each. Above the lowest mark, others may be
/// wrong. (The well-known test for a zero byte, of what differs.)
#[inline]
fn marks(word: u64, byte: u8) -> u64 {
    const ONES: u64 = u64::from_le_bytes([1; 8]);
    let differs = word ^ (ONES * u64::from(byte));
    differs.wrapping_sub(ONES) & !differs & (ONES << 7)
}

/// The place of the lowest mark.
#[inline]
fn first_mark(marks: u64) -> usize {
    (marks.trailing_zeros() / 8) as usize
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every length, every place, and neighbours that differ in one bit.
    #[test]
    fn the_first_is_found_wherever_it_is() {
        for fill in *b"!\x1f\x20\x21\x3c\x3e\x00\xff\xa0\xbd" {
            for length in 0..40 {
                for place in 0..=length {
                    let mut text = vec![fill; length];
                    if let Some(byte) = text.get_mut(place) {
                        *byte = b'=';
                    }
                    let equals = |byte: &u8| *byte == b'=';
                    assert_eq!(first(b'=', &text), text.iter().position(equals), "{text:?}");
                    let either = |byte: &u8| *byte == b'=' || *byte == b' ';
                    assert_eq!(first_of(b'=', b' ', &text), text.iter().position(either), "{text:?}");
                }
            }
        }
        assert_eq!(first_of(b'=', b' ', b"name of=it"), Some(4));
    }
}
