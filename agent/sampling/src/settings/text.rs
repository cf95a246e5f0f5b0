//! Texts that programs of Windows write, in whatever encoding.

/// UTF-16 and UTF-8 as what they are, without their mark. Of other code pages only ASCII is what it was: the rest serves
/// to compare words.
pub(super) fn decode(bytes: &[u8]) -> String {
    let pairs = |swap: bool| {
        bytes.chunks_exact(2).map(move |pair| match (pair, swap) {
            ([low, high], false) => u16::from_le_bytes([*low, *high]),
            ([high, low], true) => u16::from_be_bytes([*high, *low]),
            _ => 0,
        })
    };
    let wide = |swap| String::from_utf16_lossy(&pairs(swap).collect::<Vec<_>>());
    let text = match bytes {
        [0xFF, 0xFE, ..] | [_, 0, _, 0, ..] => wide(false),
        [0xFE, 0xFF, ..] | [0, _, 0, _, ..] => wide(true),
        _ => String::from_utf8(bytes.to_vec())
            .unwrap_or_else(|_| bytes.iter().copied().map(char::from).collect()),
    };
    match text.strip_prefix('\u{feff}') {
        Some(rest) => rest.to_owned(),
        None => text,
    }
}
