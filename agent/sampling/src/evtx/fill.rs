//! Whether a value says something: filled, a placeholder, or empty, as its rendered text would be.

use super::{bytes::u16_at, texts};
use crate::fill::Fill;

/// Value types of BinXML ([MS-EVEN6] 2.2.18).
pub(super) mod value_type {
    pub(in super::super) const NULL: u8 = 0x00;
    pub(in super::super) const STRING: u8 = 0x01;
    pub(in super::super) const ANSI_STRING: u8 = 0x02;
    pub(in super::super) const UINT16: u8 = 0x06;
    pub(in super::super) const UINT32: u8 = 0x08;
    pub(in super::super) const GUID: u8 = 0x0f;
    pub(in super::super) const FILETIME: u8 = 0x11;
    pub(in super::super) const SYSTEMTIME: u8 = 0x12;
    pub(in super::super) const BINXML: u8 = 0x21;
    pub(in super::super) const STRING_ARRAY: u8 = 0x81;
    pub(in super::super) const ANSI_STRING_ARRAY: u8 = 0x82;
    pub(in super::super) const GUID_ARRAY: u8 = 0x8f;
}

const ZERO_GUID: &str = "{00000000-0000-0000-0000-000000000000}";

/// What a substituted value says.
#[inline]
pub(super) fn of_value(kind: u8, value: &[u8]) -> Fill {
    match (kind, value) {
        (value_type::NULL, _) | (_, []) => Fill::Empty,
        (value_type::STRING, _) => of_utf16(value),
        (value_type::GUID, _) => of_guid(value),
        (value_type::ANSI_STRING | value_type::STRING_ARRAY.., _) => of_rare(kind, value),
        _ => Fill::Filled,
    }
}

/// What a UTF-16 text says, up to its first NUL.
#[inline]
pub(super) fn of_utf16(value: &[u8]) -> Fill {
    const DASH: u16 = b'-' as u16;
    const BRACE: u16 = b'{' as u16;
    match u16_at(value, 0) {
        None | Some(0) => Fill::Empty,
        Some(DASH) if matches!(u16_at(value, 2), None | Some(0)) => Fill::Placeholder,
        Some(BRACE) if texts::spells(texts::until_nul(value), ZERO_GUID) => Fill::Placeholder,
        Some(_) => Fill::Filled,
    }
}

/// What a text says.
pub(super) fn of_str(text: &str) -> Fill {
    match text {
        "" => Fill::Empty,
        "-" | ZERO_GUID => Fill::Placeholder,
        _ => Fill::Filled,
    }
}

fn of_guid(value: &[u8]) -> Fill {
    if value.iter().all(|byte| *byte == 0) { Fill::Placeholder } else { Fill::Filled }
}

/// ANSI strings, and arrays: an array repeats its element, so the fullest item counts.
fn of_rare(kind: u8, value: &[u8]) -> Fill {
    match kind {
        value_type::ANSI_STRING => of_ansi(value),
        value_type::STRING_ARRAY => {
            let units = value.as_chunks::<2>().0;
            let items = units.split(|unit| *unit == [0, 0]).map(<[[u8; 2]]>::as_flattened);
            items.map(of_utf16).max().unwrap_or(Fill::Empty)
        }
        value_type::ANSI_STRING_ARRAY => {
            value.split(|byte| *byte == 0).map(of_ansi).max().unwrap_or(Fill::Empty)
        }
        value_type::GUID_ARRAY => value.chunks(16).map(of_guid).max().unwrap_or(Fill::Empty),
        _ => Fill::Filled,
    }
}

/// NULs inside an ANSI value are not part of its text.
fn of_ansi(value: &[u8]) -> Fill {
    let mut letters = value.iter().filter(|byte| **byte != 0);
    match (letters.next(), letters.next()) {
        (None, _) => Fill::Empty,
        (Some(b'-'), None) => Fill::Placeholder,
        _ => Fill::Filled,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn utf16(text: &str) -> Vec<u8> {
        text.encode_utf16().flat_map(u16::to_le_bytes).collect()
    }

    #[test]
    fn strings_are_judged_by_what_they_would_show() {
        let fill = |text: &str| of_value(value_type::STRING, &utf16(text));
        assert_eq!(fill("whoami"), Fill::Filled);
        assert_eq!(fill("0"), Fill::Filled);
        assert_eq!(fill("-x"), Fill::Filled);
        assert_eq!(fill("-"), Fill::Placeholder);
        assert_eq!(fill("-\0"), Fill::Placeholder);
        assert_eq!(fill(ZERO_GUID), Fill::Placeholder);
        assert_eq!(fill("\0hidden"), Fill::Empty);
        assert_eq!(fill(""), Fill::Empty);
    }

    #[test]
    fn numbers_count_even_when_zero_and_guids_do_not() {
        assert_eq!(of_value(value_type::UINT32, &[0; 4]), Fill::Filled);
        assert_eq!(of_value(value_type::GUID, &[0; 16]), Fill::Placeholder);
        assert_eq!(of_value(value_type::NULL, &[1, 2]), Fill::Empty);
    }

    #[test]
    fn an_array_is_as_full_as_its_fullest_item() {
        let fill = |text: &str| of_value(value_type::STRING_ARRAY, &utf16(text));
        assert_eq!(fill("\0\0"), Fill::Empty);
        assert_eq!(fill("-\0\0"), Fill::Placeholder);
        assert_eq!(fill("\0-\0a\0"), Fill::Filled);
        assert_eq!(of_value(value_type::ANSI_STRING, b"\0\0"), Fill::Empty);
        assert_eq!(of_value(value_type::ANSI_STRING, b"-\0"), Fill::Placeholder);
    }
}
