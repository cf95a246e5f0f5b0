//! Names met in one scan, each kept once.

use std::sync::Arc;

use rustc_hash::FxHashMap;

/// Distinct names that one scan keeps. Real logs hold a few thousand; the cap bounds what a crafted file can cost.
const MAX_TEXTS: usize = 65_536;
/// Bytes of names that one scan keeps.
const MAX_TEXT_BYTES: usize = 8 << 20;

/// One of the names of a [`Texts`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct TextId(u32);

impl TextId {
    /// The empty name.
    pub(super) const EMPTY: Self = Self(0);
}

/// Names by their UTF-16 bytes.
#[derive(Debug)]
pub(super) struct Texts {
    ids: FxHashMap<Box<[u8]>, TextId>,
    texts: Vec<Arc<str>>,
    bytes: usize,
}

impl Texts {
    pub(super) fn new() -> Self {
        let empty = FxHashMap::from_iter([(Box::default(), TextId::EMPTY)]);
        Self { ids: empty, texts: vec![Arc::from("")], bytes: 0 }
    }

    /// The id of a UTF-16 name, which ends at its first NUL; `None` where the scan keeps no more names.
    pub(super) fn intern(&mut self, utf16: &[u8]) -> Option<TextId> {
        let name = until_nul(utf16);
        if let Some(id) = self.ids.get(name) {
            return Some(*id);
        }
        if self.texts.len() >= MAX_TEXTS || self.bytes + name.len() > MAX_TEXT_BYTES {
            return None;
        }
        let id = TextId(u32::try_from(self.texts.len()).ok()?);
        let units = name.as_chunks().0.iter().map(|unit| u16::from_le_bytes(*unit));
        let text: String =
            char::decode_utf16(units).map(|c| c.unwrap_or(char::REPLACEMENT_CHARACTER)).collect();
        self.texts.push(text.into());
        self.bytes += name.len();
        self.ids.insert(name.into(), id);
        Some(id)
    }

    /// The id of a name that is not in UTF-16.
    pub(super) fn intern_str(&mut self, text: &str) -> Option<TextId> {
        let utf16: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
        self.intern(&utf16)
    }

    /// The name itself.
    pub(super) fn text(&self, id: TextId) -> Arc<str> {
        usize::try_from(id.0).ok().and_then(|index| self.texts.get(index)).cloned().unwrap_or_default()
    }
}

/// What precedes the first NUL unit.
pub(super) fn until_nul(utf16: &[u8]) -> &[u8] {
    let units = utf16.as_chunks::<2>().0;
    let length = units.iter().position(|unit| *unit == [0, 0]).unwrap_or(units.len());
    utf16.get(..length * 2).unwrap_or_default()
}

/// True where the UTF-16 bytes spell this ASCII name.
pub(super) fn spells(utf16: &[u8], ascii: &str) -> bool {
    utf16.len() == ascii.len() * 2
        && utf16.as_chunks().0.iter().zip(ascii.bytes()).all(|(unit, letter)| *unit == [letter, 0])
}
