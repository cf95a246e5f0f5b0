//! Layouts by template definition: learned once, recognised again in later chunks, bounded.

use std::rc::Rc;

use rustc_hash::FxHashMap;

use super::{
    binxml::{self, NameRef, Writing},
    bytes::{Cursor, offset_at, u32_at},
    layout::{Layout, Level, PlainFields, ShapeId},
    texts::{TextId, Texts},
    values::DEFINITION_HEAD,
};

/// Bytes of definitions kept from chunk to chunk.
const MAX_KNOWN_BYTES: usize = 1 << 20;
/// Definitions kept that share GUID and size, as they do where a name is spelled out in one chunk and not in another.
const MAX_TWINS: usize = 8;
/// Bytes of definitions that one chunk may make us learn: 16 times what it can hold without overlap.
const MAX_LEARNED_BYTES: usize = 1 << 20;
/// Slots of the chunk's table; a power of two.
const TABLE_SLOTS: usize = 512;

/// The layouts met so far.
#[derive(Debug)]
pub(super) struct Layouts {
    known: FxHashMap<DefinitionKey, Vec<Known>>,
    known_bytes: usize,
    shapes: Shapes,
    /// This chunk's layouts by place, in a table that is emptied by moving on to the next generation.
    table: Box<[TableSlot]>,
    crowded: FxHashMap<u32, Option<Rc<Layout>>>,
    generation: u32,
    learned_bytes: usize,
}

#[derive(Debug, Clone, Default)]
struct TableSlot {
    generation: u32,
    key: u32,
    layout: Option<Rc<Layout>>,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct DefinitionKey {
    guid: [u8; 16],
    size: usize,
    level: Level,
}

/// A definition learned in some chunk. Its GUID alone does not identify it (a damaged or crafted file may reuse
/// one), so that its bytes are compared, without the name references that differ from chunk to chunk, and then the
/// names.
#[derive(Debug)]
struct Known {
    bytes: Box<[u8]>,
    /// 0xff where the byte counts.
    mask: Box<[u8]>,
    refs: Vec<KnownRef>,
    names: Vec<Box<[u8]>>,
    layout: Rc<Layout>,
}

#[derive(Debug, Clone, Copy)]
struct KnownRef {
    /// From the start of the definition's tokens.
    at: usize,
    /// True where the name is spelled out right behind the reference.
    inline: bool,
    /// Index of the name.
    name: usize,
}

impl Layouts {
    pub(super) fn new() -> Self {
        Self {
            known: FxHashMap::default(),
            known_bytes: 0,
            shapes: Shapes::new(),
            table: vec![TableSlot::default(); TABLE_SLOTS].into(),
            crowded: FxHashMap::default(),
            generation: 0,
            learned_bytes: 0,
        }
    }

    /// Forgets the places of the last chunk.
    pub(super) fn start_chunk(&mut self) {
        self.generation = self.generation.wrapping_add(1);
        self.learned_bytes = 0;
        self.crowded.clear();
        if self.known_bytes > MAX_KNOWN_BYTES {
            self.known.clear();
            self.known_bytes = 0;
        }
    }

    /// The lists of field names met so far.
    pub(super) fn shapes(&mut self) -> &mut Shapes {
        &mut self.shapes
    }

    /// The layout of the definition at `offset`. `None` where it is not understood.
    #[inline]
    pub(super) fn of_definition(
        &mut self,
        chunk: &[u8],
        offset: usize,
        level: Level,
        texts: &mut Texts,
    ) -> Option<Rc<Layout>> {
        let key = u32::try_from(offset).ok()?.checked_mul(4)? | level as u32;
        let index = (key.wrapping_mul(0x9e37_79b1) >> 20) as usize % TABLE_SLOTS;
        match self.table.get(index) {
            Some(slot) if slot.key == key && slot.generation == self.generation => slot.layout.clone(),
            _ => self.of_new_definition((chunk, offset, level), (key, index), texts),
        }
    }

    /// The same where the table's first choice of slot does not hold it.
    fn of_new_definition(
        &mut self,
        (chunk, offset, level): (&[u8], usize, Level),
        (key, index): (u32, usize),
        texts: &mut Texts,
    ) -> Option<Rc<Layout>> {
        if let Some(layout) = self.crowded.get(&key) {
            return layout.clone();
        }
        let layout = self.recognise(chunk, offset, level, texts);
        let generation = self.generation;
        match self.table.get_mut(index) {
            Some(slot) if slot.generation != generation => {
                *slot = TableSlot { generation, key, layout: layout.clone() };
            }
            _ => {
                self.crowded.insert(key, layout.clone());
            }
        }
        layout
    }

    /// The layout of a fragment that stands in the record without a template.
    pub(super) fn of_fragment(
        &mut self,
        chunk: &[u8],
        cursor: Cursor<'_>,
        level: Level,
        texts: &mut Texts,
    ) -> Option<Layout> {
        let cursor = Cursor::new(chunk, cursor.at(), cursor.end())?;
        binxml::learn(chunk, cursor, (level, Writing::Direct), texts).map(|(layout, _)| layout)
    }

    fn recognise(
        &mut self,
        chunk: &[u8],
        offset: usize,
        level: Level,
        texts: &mut Texts,
    ) -> Option<Rc<Layout>> {
        let guid = *chunk.get(offset.checked_add(4)?..)?.first_chunk::<16>()?;
        let size = offset_at(chunk, offset + DEFINITION_HEAD - 4)?;
        let start = offset + DEFINITION_HEAD;
        let end = start.checked_add(size)?;
        let bytes = chunk.get(start..end)?;
        self.learned_bytes += size;
        if self.learned_bytes > MAX_LEARNED_BYTES {
            return None;
        }
        let key = DefinitionKey { guid, size, level };
        let twins = self.known.entry(key).or_default();
        if let Some(known) = twins.iter().find(|known| known.is_at(chunk, start, bytes)) {
            return Some(Rc::clone(&known.layout));
        }
        let cursor = Cursor::new(chunk, start, end)?;
        let (mut layout, refs) = binxml::learn(chunk, cursor, (level, Writing::Definition), texts)?;
        if let Some((names, slots)) = layout.plain_fields() {
            layout.plain = self.shapes.intern(&names).map(|shape| PlainFields { shape, slots });
        }
        let layout = Rc::new(layout);
        if twins.len() >= MAX_TWINS {
            twins.remove(0);
        }
        twins.push(Known::new(bytes, start, &refs, Rc::clone(&layout)));
        self.known_bytes += 2 * size + refs.len() * size_of::<KnownRef>();
        Some(layout)
    }
}

impl Known {
    fn new(bytes: &[u8], start: usize, refs: &[NameRef<'_>], layout: Rc<Layout>) -> Self {
        let mut mask: Box<[u8]> = vec![0xff; bytes.len()].into();
        let mut names: Vec<Box<[u8]>> = Vec::new();
        let mut known_refs = Vec::with_capacity(refs.len());
        for reference in refs {
            let at = reference.at - start;
            let inline = reference.offset == reference.at + 4;
            // The reference, and in a spelled-out name the link to the next one.
            let masked = if inline { 8 } else { 4 };
            mask.iter_mut().skip(at).take(masked).for_each(|byte| *byte = 0);
            let name = names.iter().position(|name| **name == *reference.name).unwrap_or_else(|| {
                names.push(reference.name.into());
                names.len() - 1
            });
            known_refs.push(KnownRef { at, inline, name });
        }
        Self { bytes: bytes.into(), mask, refs: known_refs, names, layout }
    }

    /// True where the definition whose tokens start at `start` is this one.
    fn is_at(&self, chunk: &[u8], start: usize, bytes: &[u8]) -> bool {
        let theirs = bytes.iter().zip(&self.bytes);
        let difference = theirs.zip(&self.mask).fold(0, |sum, ((a, b), mask)| sum | ((a ^ b) & mask));
        if difference != 0 {
            return false;
        }
        let mut last = (usize::MAX, 0);
        self.refs.iter().all(|reference| {
            let Some(offset) = u32_at(bytes, reference.at) else { return false };
            if reference.inline {
                // Its text is part of the bytes compared above.
                return usize::try_from(offset).is_ok_and(|offset| offset == start + reference.at + 4);
            }
            if last == (reference.name, offset) {
                return true;
            }
            last = (reference.name, offset);
            let found = usize::try_from(offset).ok().and_then(|offset| binxml::name_at(chunk, offset));
            found.is_some() && found == self.names.get(reference.name).map(|name| &**name)
        })
    }
}

/// Lists of field names, each kept once.
#[derive(Debug)]
pub(super) struct Shapes {
    ids: FxHashMap<Box<[TextId]>, ShapeId>,
    lists: Vec<Box<[TextId]>>,
    names: usize,
}

impl Shapes {
    /// The list without names.
    pub(super) const NO_FIELDS: ShapeId = ShapeId(0);
    /// Names in all lists together; bounds what a crafted file can cost.
    const MAX_NAMES: usize = 1 << 18;

    fn new() -> Self {
        let empty = FxHashMap::from_iter([(Box::default(), Self::NO_FIELDS)]);
        Self { ids: empty, lists: vec![Box::default()], names: 0 }
    }

    /// The id of a list of names; `None` where no more are kept.
    pub(super) fn intern(&mut self, names: &[TextId]) -> Option<ShapeId> {
        if let Some(id) = self.ids.get(names) {
            return Some(*id);
        }
        if self.names + names.len() > Self::MAX_NAMES {
            return None;
        }
        let id = ShapeId(u32::try_from(self.lists.len()).ok()?);
        self.names += names.len() + 1;
        self.lists.push(names.into());
        self.ids.insert(names.into(), id);
        Some(id)
    }

    /// How many lists there are; their ids are the numbers below.
    pub(super) fn len(&self) -> usize {
        self.lists.len()
    }

    /// The names of a list.
    pub(super) fn names(&self, shape: ShapeId) -> &[TextId] {
        usize::try_from(shape.0).ok().and_then(|index| self.lists.get(index)).map_or(&[], |list| list)
    }
}
