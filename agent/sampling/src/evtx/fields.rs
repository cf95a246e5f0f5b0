//! The fill of one record's fields: nested templates slot by slot where they are plain, a walk where they are not.

use super::{
    binxml,
    bytes::Cursor,
    decode::Refusal,
    fill::{self, value_type},
    layout::{FieldLayout, Hole, Layout, Level, NameSource, Part, PlainFields, ShapeId},
    layouts::{Layouts, Shapes},
    texts::{TextId, Texts},
    values::{FRAGMENT, INSTANCE, Instance, Values},
};
use crate::fill::Fill;

/// Fragments inside each other; real events stay below 4.
const MAX_NESTING: usize = 8;
/// Elements and holes that the walk visits in one chunk; bounds what a crafted chunk can cost.
const MAX_VISITS: usize = 1 << 18;

/// Reads fields, and keeps those of the last record.
#[derive(Debug, Default)]
pub(super) struct FieldReader {
    shape: Option<ShapeId>,
    fills: Vec<Fill>,
    /// Kept from record to record for its memory.
    offsets: Vec<u32>,
    walked: Vec<(TextId, Fill)>,
    visits: usize,
}

/// What the walk needs at each step.
struct Walk<'c, 'r> {
    chunk: &'c [u8],
    layouts: &'r mut Layouts,
    texts: &'r mut Texts,
    found: &'r mut Vec<(TextId, Fill)>,
    visits: &'r mut usize,
}

impl FieldReader {
    /// Must precede the records of each chunk.
    pub(super) fn start_chunk(&mut self) {
        self.visits = 0;
    }

    /// Names and fills of the last record; no names where the scan keeps no more lists of them.
    pub(super) fn last(&self) -> (Option<ShapeId>, &[Fill]) {
        (self.shape, &self.fills)
    }

    /// Reads the fields of a record by its root fragment.
    #[inline]
    pub(super) fn read(
        &mut self,
        (chunk, layout, values): (&[u8], &Layout, &Values<'_>),
        layouts: &mut Layouts,
        texts: &mut Texts,
    ) -> Result<(), Refusal> {
        self.fills.clear();
        self.shape = None;
        let was_plain = match (layout.holes.as_slice(), &layout.plain) {
            ([], Some(plain)) => self.read_plain(plain, values),
            ([hole], _) if layout.fields.is_empty() => {
                self.read_hole((chunk, *hole, values), layouts, texts)?
            }
            _ => false,
        };
        if was_plain {
            return Ok(());
        }
        self.fills.clear();
        self.walked.clear();
        let found = &mut self.walked;
        let mut walk = Walk { chunk, layouts, texts, found, visits: &mut self.visits };
        walk.layout(layout, values, 0)?;
        let found = std::mem::take(&mut self.walked);
        self.adopt(&found, layouts.shapes());
        self.walked = found;
        Ok(())
    }

    /// Takes over names and fills, in any order; of a name that comes twice the fuller counts.
    pub(super) fn adopt(&mut self, found: &[(TextId, Fill)], shapes: &mut Shapes) {
        let mut sorted = found.to_vec();
        sorted.sort_unstable_by(|a, b| a.0.cmp(&b.0).then(b.1.cmp(&a.1)));
        sorted.dedup_by_key(|(name, _)| *name);
        let names: Vec<TextId> = sorted.iter().map(|(name, _)| *name).collect();
        self.shape = shapes.intern(&names);
        self.fills.clear();
        if self.shape.is_some() {
            self.fills.extend(sorted.iter().map(|(_, fill)| *fill));
        }
    }

    /// True where every field was read; false where one holds a nested fragment.
    #[inline]
    fn read_plain(&mut self, plain: &PlainFields, values: &Values<'_>) -> bool {
        self.shape = Some(plain.shape);
        for slot in &plain.slots {
            let fill = match values.get(*slot) {
                None => Fill::Empty,
                Some((value_type::BINXML, [_, ..])) => return false,
                Some((kind, value)) => fill::of_value(kind, value),
            };
            self.fills.push(fill);
        }
        true
    }

    #[inline]
    fn read_hole(
        &mut self,
        (chunk, hole, values): (&[u8], Hole, &Values<'_>),
        layouts: &mut Layouts,
        texts: &mut Texts,
    ) -> Result<bool, Refusal> {
        let nested =
            values.locate(hole.slot).filter(|(kind, at)| *kind == value_type::BINXML && !at.is_empty());
        let Some((_, at)) = nested else {
            // No nested fragment: an event without data.
            self.shape = Some(Shapes::NO_FIELDS);
            return Ok(true);
        };
        let mut cursor = Cursor::new(chunk, at.start, at.end).ok_or(Refusal::Torn)?;
        if cursor.peek() == Some(FRAGMENT) {
            cursor.skip(4).ok_or(Refusal::Torn)?;
        }
        if cursor.u8() != Some(INSTANCE) {
            return Ok(false);
        }
        let instance = Instance::read(chunk, &mut cursor).ok_or(Refusal::Torn)?;
        let layout = layouts
            .of_definition(chunk, instance.definition, hole.level, texts)
            .ok_or(Refusal::NotUnderstood)?;
        let Some(plain) = &layout.plain else { return Ok(false) };
        let mut offsets = std::mem::take(&mut self.offsets);
        let nested = Values::read(chunk, instance, &mut cursor, &mut offsets);
        let read = nested.map(|nested| self.read_plain(plain, &nested));
        self.offsets = offsets;
        // More fragments may follow: the walk finds them.
        let ends = cursor.is_at_end() || cursor.peek() == Some(0);
        read.map(|plain| plain && ends).ok_or(Refusal::Torn)
    }
}

impl Walk<'_, '_> {
    fn layout(&mut self, layout: &Layout, values: &Values<'_>, depth: usize) -> Result<(), Refusal> {
        for field in &layout.fields {
            self.field(field, values, depth)?;
        }
        for hole in &layout.holes {
            self.visit(values)?;
            if let Some((value_type::BINXML, [_, ..])) = values.get(hole.slot) {
                self.fragment(*hole, values, depth)?;
            }
        }
        Ok(())
    }

    fn field(&mut self, field: &FieldLayout, values: &Values<'_>, depth: usize) -> Result<(), Refusal> {
        self.visit(values)?;
        let mut said = Vec::with_capacity(field.parts.len());
        let mut has_children = false;
        for part in &field.parts {
            match part {
                Part::Literal(fill) => said.push(*fill),
                Part::Slot(slot) => match values.get(*slot) {
                    None => (),
                    Some((value_type::BINXML, [_, ..])) => {
                        has_children = true;
                        self.fragment(Hole { slot: *slot, level: Level::Fields }, values, depth)?;
                    }
                    Some((kind, value)) => said.push(fill::of_value(kind, value)),
                },
            }
        }
        if has_children {
            return Ok(());
        }
        let name = match field.name {
            NameSource::Literal(name) => Some(name),
            NameSource::Slot(slot) => match values.get(slot) {
                Some((value_type::STRING, name)) => self.texts.intern(name),
                _ => None,
            },
        };
        let is_there = field
            .depends_on
            .iter()
            .all(|slot| values.get(*slot).is_some_and(|(kind, _)| kind != value_type::NULL));
        let fill = if is_there { binxml::combine(&said) } else { Fill::Empty };
        self.found.push((name.ok_or(Refusal::NotUnderstood)?, fill));
        Ok(())
    }

    fn fragment(&mut self, hole: Hole, values: &Values<'_>, depth: usize) -> Result<(), Refusal> {
        use Refusal::{NotUnderstood, Torn};
        if depth >= MAX_NESTING {
            return Err(NotUnderstood);
        }
        let (_, at) = values.locate(hole.slot).ok_or(Torn)?;
        let mut cursor = Cursor::new(self.chunk, at.start, at.end).ok_or(Torn)?;
        loop {
            self.visit(values)?;
            match cursor.peek() {
                None | Some(0) => return Ok(()),
                Some(FRAGMENT) => cursor.skip(4).ok_or(Torn)?,
                Some(INSTANCE) => {
                    cursor.skip(1).ok_or(Torn)?;
                    let instance = Instance::read(self.chunk, &mut cursor).ok_or(Torn)?;
                    let mut offsets = Vec::new();
                    let nested = Values::read(self.chunk, instance, &mut cursor, &mut offsets).ok_or(Torn)?;
                    self.visit(&nested)?;
                    let layout =
                        self.layouts.of_definition(self.chunk, instance.definition, hole.level, self.texts);
                    self.layout(&*layout.ok_or(NotUnderstood)?, &nested, depth + 1)?;
                }
                Some(_) => {
                    let layout = self.layouts.of_fragment(self.chunk, cursor, hole.level, self.texts);
                    return self.layout(&layout.ok_or(NotUnderstood)?, &Values::NONE, depth + 1);
                }
            }
        }
    }

    /// A fragment costs the more the more values it has.
    fn visit(&mut self, values: &Values<'_>) -> Result<(), Refusal> {
        *self.visits += 1 + values.len() / 16;
        if *self.visits > MAX_VISITS { Err(Refusal::NotUnderstood) } else { Ok(()) }
    }
}
