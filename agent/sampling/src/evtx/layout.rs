//! What one BinXML fragment says about every event written with it: where its System values and its fields are.

use super::texts::TextId;
use crate::fill::Fill;

/// Where in an event a fragment stands; it decides what its elements mean.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Level {
    /// A record's own fragment: `Event` is expected.
    Record,
    /// Inside `Event`: `System`, `EventData`, `UserData`.
    Event,
    /// Inside `UserData`: the provider's wrapper element.
    UserData,
    /// Inside `EventData` or the wrapper: fields.
    Fields,
}

/// A System value: absent, the same in every event, or in a substitution slot.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum SystemSource<T> {
    Absent,
    Literal(T),
    Slot(u16),
}

/// Where the System values of an event are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct SystemLayout {
    pub(super) provider: SystemSource<TextId>,
    pub(super) event_id: SystemSource<u16>,
    pub(super) channel: SystemSource<TextId>,
    /// Literal times are FILETIMEs: 100 ns since 1601.
    pub(super) time: SystemSource<u64>,
    pub(super) record_id: SystemSource<u64>,
    pub(super) computer: SystemSource<TextId>,
}

impl SystemLayout {
    pub(super) const ABSENT: Self = Self {
        provider: SystemSource::Absent,
        event_id: SystemSource::Absent,
        channel: SystemSource::Absent,
        time: SystemSource::Absent,
        record_id: SystemSource::Absent,
        computer: SystemSource::Absent,
    };
}

/// A field's name: fixed, or itself a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum NameSource {
    Literal(TextId),
    Slot(u16),
}

/// A piece of an element's content.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Part {
    Literal(Fill),
    Slot(u16),
}

/// An element without child elements below `EventData` or `UserData`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct FieldLayout {
    pub(super) name: NameSource,
    pub(super) parts: Vec<Part>,
    /// Slots that must hold something for the element, or one around it, to be there ([MS-EVEN6] 2.2.12).
    pub(super) depends_on: Vec<u16>,
}

/// A slot outside any field, where a nested fragment may stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Hole {
    pub(super) slot: u16,
    pub(super) level: Level,
}

/// Index of a list of field names in the decoder.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct ShapeId(pub(super) u32);

/// What is known of one fragment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Layout {
    pub(super) system: SystemLayout,
    pub(super) fields: Vec<FieldLayout>,
    pub(super) holes: Vec<Hole>,
    /// Set where every field is one slot with a fixed name of its own, as in nearly all templates.
    pub(super) plain: Option<PlainFields>,
}

/// The fields of a fragment whose fill can be read off slot by slot.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct PlainFields {
    /// The names, in the order of `slots`.
    pub(super) shape: ShapeId,
    pub(super) slots: Vec<u16>,
}

impl Layout {
    pub(super) const EMPTY: Self =
        Self { system: SystemLayout::ABSENT, fields: Vec::new(), holes: Vec::new(), plain: None };

    /// The slots of the fields where each field is exactly one slot, and their names.
    pub(super) fn plain_fields(&self) -> Option<(Vec<TextId>, Vec<u16>)> {
        if !self.holes.is_empty() {
            return None;
        }
        let mut names = Vec::with_capacity(self.fields.len());
        let mut slots = Vec::with_capacity(self.fields.len());
        for field in &self.fields {
            let (NameSource::Literal(name), [Part::Slot(slot)]) = (field.name, field.parts.as_slice()) else {
                return None;
            };
            if field.depends_on.iter().any(|needed| needed != slot) {
                return None;
            }
            names.push(name);
            slots.push(*slot);
        }
        let mut sorted = names.clone();
        sorted.sort_unstable();
        sorted.dedup();
        (sorted.len() == names.len()).then_some((names, slots))
    }
}
