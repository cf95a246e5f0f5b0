//! One record to what is counted of it: its System values and the fill of its fields.

use std::rc::Rc;

use super::{
    bytes::{Cursor, u16_at, u32_at, u64_at},
    chunk::Frame,
    fields::FieldReader,
    filetime,
    fill::value_type,
    layout::{Layout, Level, ShapeId, SystemLayout, SystemSource},
    layouts::{Layouts, Shapes},
    texts::{TextId, Texts},
    values::{FRAGMENT, INSTANCE, Instance, Values},
};
use crate::Detail;
use crate::fill::Fill;

/// What every record says about itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct SystemValues {
    pub(super) provider: TextId,
    /// [`TextId::EMPTY`] where the record has no Channel, as those of some providers do.
    pub(super) channel: TextId,
    pub(super) event_id: u16,
    /// FILETIME of TimeCreated, or of the record's header where there is none.
    pub(super) time: u64,
    pub(super) record_id: u64,
    pub(super) computer: TextId,
}

/// Why a record was not decoded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Refusal {
    /// Its values end behind its end.
    Torn,
    /// Its fragment is not understood here; a full parse may do better.
    NotUnderstood,
}

/// Decodes records, chunk by chunk.
#[derive(Debug)]
pub(super) struct Decoder {
    pub(super) texts: Texts,
    pub(super) layouts: Layouts,
    detail: Detail,
    /// Kept from record to record for its memory.
    offsets: Vec<u32>,
    fields: FieldReader,
    memos: [TextMemo; 3],
}

/// The last value of a slot that rarely changes.
#[derive(Debug, Default)]
struct TextMemo {
    utf16: Vec<u8>,
    id: Option<TextId>,
}

impl Decoder {
    pub(super) fn new(detail: Detail) -> Self {
        Self {
            texts: Texts::new(),
            layouts: Layouts::new(),
            detail,
            offsets: Vec::new(),
            fields: FieldReader::default(),
            memos: Default::default(),
        }
    }

    /// Must precede the records of each chunk.
    pub(super) fn start_chunk(&mut self) {
        self.layouts.start_chunk();
        self.fields.start_chunk();
    }

    /// The field names of the last record, and what each held.
    pub(super) fn fields(&self) -> (Option<ShapeId>, &[Fill]) {
        self.fields.last()
    }

    /// Decodes one record.
    pub(super) fn decode(&mut self, chunk: &[u8], frame: &Frame) -> Result<SystemValues, Refusal> {
        let mut offsets = std::mem::take(&mut self.offsets);
        let decoded = self.decode_with(chunk, frame, &mut offsets);
        self.offsets = offsets;
        decoded
    }

    #[inline]
    fn decode_with(
        &mut self,
        chunk: &[u8],
        frame: &Frame,
        offsets: &mut Vec<u32>,
    ) -> Result<SystemValues, Refusal> {
        use Refusal::{NotUnderstood, Torn};
        let mut cursor = Cursor::new(chunk, frame.body.start, frame.body.end).ok_or(Torn)?;
        let to_instance = match cursor.rest() {
            [FRAGMENT, _, _, _, INSTANCE, ..] => Some(5),
            [INSTANCE, ..] => Some(1),
            _ => None,
        };
        let (layout, values) = if let Some(to_instance) = to_instance {
            cursor.skip(to_instance).ok_or(Torn)?;
            let instance = Instance::read(chunk, &mut cursor).ok_or(Torn)?;
            let values = Values::read(chunk, instance, &mut cursor, offsets).ok_or(Torn)?;
            let texts = &mut self.texts;
            let layout = self.layouts.of_definition(chunk, instance.definition, Level::Record, texts);
            (layout.ok_or(NotUnderstood)?, values)
        } else {
            if cursor.peek() == Some(FRAGMENT) {
                cursor.skip(4).ok_or(Torn)?;
            }
            let layout = self.layouts.of_fragment(chunk, cursor.clone(), Level::Record, &mut self.texts);
            (Rc::new(layout.ok_or(NotUnderstood)?), Values::NONE)
        };
        let system = self.system(&layout.system, &values, frame).ok_or(NotUnderstood)?;
        if self.detail == Detail::Inventory {
            self.read_fields(chunk, &layout, &values)?;
        }
        Ok(system)
    }

    #[inline]
    fn read_fields(&mut self, chunk: &[u8], layout: &Layout, values: &Values<'_>) -> Result<(), Refusal> {
        self.fields.read((chunk, layout, values), &mut self.layouts, &mut self.texts)
    }

    #[inline]
    fn system(&mut self, layout: &SystemLayout, values: &Values<'_>, frame: &Frame) -> Option<SystemValues> {
        let event_id = match layout.event_id {
            SystemSource::Absent => None,
            SystemSource::Literal(id) => Some(id),
            SystemSource::Slot(slot) => event_id(values.get(slot)?),
        }?;
        let time = match layout.time {
            SystemSource::Absent => None,
            SystemSource::Literal(time) => Some(time),
            SystemSource::Slot(slot) => values.get(slot).and_then(time),
        };
        let record_id = match layout.record_id {
            SystemSource::Absent => None,
            SystemSource::Literal(id) => Some(id),
            SystemSource::Slot(slot) => values.get(slot).and_then(|(_, value)| u64_at(value, 0)),
        };
        let [provider, channel, computer] = &mut self.memos;
        let texts = &mut self.texts;
        Some(SystemValues {
            provider: provider.read(layout.provider, values, texts)?,
            channel: channel.read(layout.channel, values, texts)?,
            event_id,
            time: time.or(Some(frame.time).filter(|time| filetime::is_time(*time)))?,
            record_id: record_id.unwrap_or(frame.id),
            computer: computer.read(layout.computer, values, texts)?,
        })
    }
}

/// The low 16 bits: the high ones are qualifiers where a writer put both into one value.
fn event_id((kind, value): (u8, &[u8])) -> Option<u16> {
    match (kind, value.len()) {
        (value_type::UINT16, 2) => u16_at(value, 0),
        (value_type::UINT32, 4) => u16::try_from(u32_at(value, 0)? & 0xffff).ok(),
        _ => None,
    }
}

fn time((kind, value): (u8, &[u8])) -> Option<u64> {
    let filetime = match kind {
        value_type::FILETIME => u64_at(value, 0),
        value_type::SYSTEMTIME => filetime::of_systemtime(value),
        _ => None,
    };
    filetime.filter(|filetime| filetime::is_time(*filetime))
}

impl TextMemo {
    #[inline]
    fn read(
        &mut self,
        source: SystemSource<TextId>,
        values: &Values<'_>,
        texts: &mut Texts,
    ) -> Option<TextId> {
        let slot = match source {
            SystemSource::Absent => return Some(TextId::EMPTY),
            SystemSource::Literal(id) => return Some(id),
            SystemSource::Slot(slot) => slot,
        };
        match values.get(slot) {
            None | Some((value_type::NULL, _)) => Some(TextId::EMPTY),
            Some((value_type::STRING, utf16)) => {
                if utf16 == self.utf16 && self.id.is_some() {
                    return self.id;
                }
                self.id = texts.intern(utf16);
                self.utf16.clear();
                self.utf16.extend_from_slice(utf16);
                self.id
            }
            Some(_) => None,
        }
    }
}

impl Decoder {
    /// Tells the decoder of field names that another parser found, as if it had decoded the record.
    pub(super) fn adopt_fields(&mut self, fields: &[(TextId, Fill)]) -> (Option<ShapeId>, &[Fill]) {
        self.fields.adopt(fields, self.layouts.shapes());
        self.fields.last()
    }

    /// Names of the fields in a list.
    pub(super) fn field_names(&mut self, shape: ShapeId) -> &[TextId] {
        Shapes::names(self.layouts.shapes(), shape)
    }
}
