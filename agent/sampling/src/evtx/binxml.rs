//! BinXML tokens to a [`Layout`]: which slot or literal holds each System value and each field ([MS-EVEN6] 2.2.12).

use super::{
    bytes::{Cursor, u16_at},
    filetime, fill,
    fill::value_type,
    layout::{FieldLayout, Hole, Layout, Level, NameSource, Part, SystemSource},
    texts::{Texts, spells, until_nul},
};
use crate::fill::Fill;

/// Elements inside each other; real events stay below 10.
const MAX_DEPTH: usize = 64;
/// Bytes between the name and the attributes of an element that has some.
const ATTRIBUTE_LIST_SIZE: usize = 4;
/// Bytes before a name's text.
pub(super) const NAME_HEAD: usize = 8;

/// How element starts are written: template definitions carry a dependency identifier, direct fragments do not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Writing {
    Definition,
    Direct,
}

/// A System element or attribute that is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum SystemName {
    Provider,
    EventId,
    Channel,
    Time,
    RecordId,
    Computer,
    Other,
}

/// What an open element is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    /// Children are at this level.
    Section(Level),
    System,
    SystemElement(SystemName),
    /// A field, by its index, as long as it has no child element.
    Field(usize),
    Ignored,
}

/// An attribute whose value is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Attribute {
    System(SystemName),
    FieldName(usize),
    /// The name of a field, which is known already: a second piece of it is not understood.
    Named,
    Ignored,
}

/// Text, or a slot, as it comes out of the token stream.
#[derive(Debug, Clone, Copy)]
enum Content<'c> {
    Text(&'c [u8]),
    Slot(u16),
}

/// A place in a fragment that refers to a name, and that name.
#[derive(Debug, Clone, Copy)]
pub(super) struct NameRef<'c> {
    /// Where the reference is, from the start of the chunk.
    pub(super) at: usize,
    /// Where the name is.
    pub(super) offset: usize,
    /// Its UTF-16 text.
    pub(super) name: &'c [u8],
}

/// Learns the layout of the fragment between the cursor and its end, and the names that it refers to. `None` where
/// it is not understood.
pub(super) fn learn<'c>(
    chunk: &'c [u8],
    cursor: Cursor<'c>,
    (level, writing): (Level, Writing),
    texts: &mut Texts,
) -> Option<(Layout, Vec<NameRef<'c>>)> {
    let mut learner = Learner {
        chunk,
        texts,
        writing,
        root: Place::Section(level),
        open: Vec::new(),
        attribute: None,
        is_leaf: Vec::new(),
        names: Vec::new(),
        layout: Layout::EMPTY,
    };
    learner.run(cursor)?;
    let leaves = learner.is_leaf;
    let mut layout = learner.layout;
    for (field, _) in layout.fields.iter().zip(&leaves).filter(|(_, is_leaf)| !**is_leaf) {
        // Text around child elements is no field, but a nested fragment among it has some.
        let slots = field.parts.iter().filter_map(|part| match part {
            Part::Slot(slot) => Some(*slot),
            Part::Literal(_) => None,
        });
        layout.holes.extend(slots.map(|slot| Hole { slot, level: Level::Fields }));
    }
    let mut keep = leaves.into_iter();
    layout.fields.retain(|_| keep.next().unwrap_or(false));
    Some((layout, learner.names))
}

struct Learner<'c, 't> {
    chunk: &'c [u8],
    texts: &'t mut Texts,
    writing: Writing,
    root: Place,
    open: Vec<(Place, Option<u16>)>,
    attribute: Option<Attribute>,
    is_leaf: Vec<bool>,
    names: Vec<NameRef<'c>>,
    layout: Layout,
}

impl<'c> Learner<'c, '_> {
    fn run(&mut self, mut cursor: Cursor<'c>) -> Option<()> {
        while !cursor.is_at_end() {
            match cursor.u8()? {
                0x00 => break,
                0x01 => self.open_element(&mut cursor, 0)?,
                0x41 => self.open_element(&mut cursor, ATTRIBUTE_LIST_SIZE)?,
                // The attributes of an element end where its content begins.
                0x02 => self.attribute = None,
                0x03 | 0x04 => {
                    self.attribute = None;
                    self.open.pop()?;
                }
                0x05 | 0x45 => {
                    let text = value_text(&mut cursor)?;
                    self.content(Content::Text(text))?;
                }
                0x06 | 0x46 => {
                    let name = self.name(&mut cursor)?;
                    self.attribute = Some(self.attribute_named(name));
                }
                0x07 | 0x47 => {
                    let text = counted_text(&mut cursor)?;
                    self.content(Content::Text(text))?;
                }
                0x08 | 0x48 => {
                    let unit = cursor.take(2)?;
                    self.content(Content::Text(unit))?;
                }
                0x09 | 0x49 => {
                    let name = self.name(&mut cursor)?;
                    self.content(Content::Text(name))?;
                }
                0x0a => {
                    self.name(&mut cursor)?;
                }
                0x0b => {
                    counted_text(&mut cursor)?;
                }
                0x0d | 0x0e => {
                    let slot = cursor.u16()?;
                    cursor.u8()?;
                    self.content(Content::Slot(slot))?;
                }
                0x0f => cursor.skip(3)?,
                _ => return None,
            }
        }
        Some(())
    }

    /// A name is kept where it is first used, right behind the reference; later ones point back to it.
    fn name(&mut self, cursor: &mut Cursor<'c>) -> Option<&'c [u8]> {
        let at = cursor.at();
        let offset = usize::try_from(cursor.u32()?).ok()?;
        let name = name_at(self.chunk, offset)?;
        if offset == cursor.at() {
            cursor.skip(NAME_HEAD + name.len() + 2)?;
        }
        self.names.push(NameRef { at, offset, name });
        Some(name)
    }

    fn open_element(&mut self, cursor: &mut Cursor<'c>, after_name: usize) -> Option<()> {
        let dependency = match self.writing {
            Writing::Definition => cursor.u16().map(|id| (id != u16::MAX).then_some(id))?,
            Writing::Direct => None,
        };
        cursor.skip(4)?;
        let name = self.name(cursor)?;
        cursor.skip(after_name)?;
        if self.open.len() >= MAX_DEPTH {
            return None;
        }
        self.attribute = None;
        let parent = self.open.last().map_or(self.root, |(place, _)| *place);
        let place = match parent {
            Place::Section(Level::Record) if spells(name, "Event") => Place::Section(Level::Event),
            Place::Section(Level::Event) if spells(name, "System") => Place::System,
            Place::Section(Level::Event) if spells(name, "UserData") => Place::Section(Level::UserData),
            // Rendered text that a collector adds; it repeats System values in words.
            Place::Section(Level::Event) if spells(name, "RenderingInfo") => Place::Ignored,
            Place::Section(Level::Event | Level::UserData) => Place::Section(Level::Fields),
            Place::System => Place::SystemElement(system_name(name)),
            Place::Section(Level::Fields) => self.open_field(name, dependency)?,
            Place::Field(parent) => {
                *self.is_leaf.get_mut(parent)? = false;
                self.open_field(name, dependency)?
            }
            Place::Section(Level::Record) | Place::SystemElement(_) | Place::Ignored => Place::Ignored,
        };
        self.open.push((place, dependency));
        Some(())
    }

    fn open_field(&mut self, name: &[u8], dependency: Option<u16>) -> Option<Place> {
        let around = self.open.iter().filter_map(|(_, dependency)| *dependency);
        let depends_on = around.chain(dependency).collect();
        let name = NameSource::Literal(self.texts.intern(name)?);
        self.layout.fields.push(FieldLayout { name, parts: Vec::new(), depends_on });
        self.is_leaf.push(true);
        Some(Place::Field(self.layout.fields.len() - 1))
    }

    fn attribute_named(&self, name: &[u8]) -> Attribute {
        match self.open.last().map(|(place, _)| *place) {
            Some(Place::SystemElement(SystemName::Provider)) if spells(name, "Name") => {
                Attribute::System(SystemName::Provider)
            }
            Some(Place::SystemElement(SystemName::Time)) if spells(name, "SystemTime") => {
                Attribute::System(SystemName::Time)
            }
            Some(Place::Field(index)) if spells(name, "Name") => Attribute::FieldName(index),
            _ => Attribute::Ignored,
        }
    }

    fn content(&mut self, content: Content<'c>) -> Option<()> {
        if let Some(attribute) = self.attribute {
            return match attribute {
                Attribute::System(name) => self.system_content(name, content),
                Attribute::FieldName(index) => {
                    let name = match content {
                        Content::Text(text) => NameSource::Literal(self.texts.intern(text)?),
                        Content::Slot(slot) => NameSource::Slot(slot),
                    };
                    self.layout.fields.get_mut(index)?.name = name;
                    self.attribute = Some(Attribute::Named);
                    Some(())
                }
                Attribute::Named => None,
                Attribute::Ignored => Some(()),
            };
        }
        match self.open.last().map_or(self.root, |(place, _)| *place) {
            // The value of these two is an attribute.
            Place::SystemElement(SystemName::Provider | SystemName::Time) => (),
            Place::SystemElement(name) => self.system_content(name, content)?,
            Place::Field(index) => {
                let part = match content {
                    Content::Text(text) => Part::Literal(fill::of_utf16(text)),
                    Content::Slot(slot) => Part::Slot(slot),
                };
                self.layout.fields.get_mut(index)?.parts.push(part);
            }
            Place::Section(level) => {
                if let Content::Slot(slot) = content {
                    self.layout.holes.push(Hole { slot, level });
                }
            }
            Place::System | Place::Ignored => (),
        }
        Some(())
    }

    fn system_content(&mut self, name: SystemName, content: Content<'c>) -> Option<()> {
        let system = &mut self.layout.system;
        let texts = &mut *self.texts;
        match name {
            SystemName::Provider => set(&mut system.provider, content, |text| texts.intern(text)),
            SystemName::Channel => set(&mut system.channel, content, |text| texts.intern(text)),
            SystemName::Computer => set(&mut system.computer, content, |text| texts.intern(text)),
            SystemName::EventId => set(&mut system.event_id, content, |text| ascii(text)?.parse().ok()),
            SystemName::RecordId => set(&mut system.record_id, content, |text| ascii(text)?.parse().ok()),
            SystemName::Time => {
                set(&mut system.time, content, |text| filetime::of_timestamp(ascii(text)?.parse().ok()?))
            }
            SystemName::Other => Some(()),
        }
    }
}

/// Keeps a value's source. A second piece of one value is not understood.
fn set<T>(
    source: &mut SystemSource<T>,
    content: Content<'_>,
    read: impl FnOnce(&[u8]) -> Option<T>,
) -> Option<()> {
    if !matches!(source, SystemSource::Absent) {
        return None;
    }
    *source = match content {
        Content::Text(text) => SystemSource::Literal(read(text)?),
        Content::Slot(slot) => SystemSource::Slot(slot),
    };
    Some(())
}

/// The UTF-16 name at `offset` of a chunk: a link to the next name, a hash, a length in units, and the text.
pub(super) fn name_at(chunk: &[u8], offset: usize) -> Option<&[u8]> {
    let units = usize::from(u16_at(chunk, offset.checked_add(6)?)?);
    let start = offset.checked_add(NAME_HEAD)?;
    chunk.get(start..start.checked_add(units * 2)?)
}

fn system_name(name: &[u8]) -> SystemName {
    const NAMES: [(&str, SystemName); 6] = [
        ("Provider", SystemName::Provider),
        ("EventID", SystemName::EventId),
        ("Channel", SystemName::Channel),
        ("TimeCreated", SystemName::Time),
        ("EventRecordID", SystemName::RecordId),
        ("Computer", SystemName::Computer),
    ];
    NAMES.iter().find(|(known, _)| spells(name, known)).map_or(SystemName::Other, |(_, name)| *name)
}

/// A literal value; only strings occur as such.
fn value_text<'c>(cursor: &mut Cursor<'c>) -> Option<&'c [u8]> {
    (cursor.u8()? == value_type::STRING).then_some(())?;
    counted_text(cursor)
}

fn counted_text<'c>(cursor: &mut Cursor<'c>) -> Option<&'c [u8]> {
    let units = usize::from(cursor.u16()?);
    cursor.take(units * 2)
}

fn ascii(utf16: &[u8]) -> Option<String> {
    let units = until_nul(utf16).as_chunks::<2>().0.iter();
    units.map(|[low, high]| (*high == 0 && low.is_ascii()).then_some(char::from(*low))).collect()
}

/// What a literal piece adds to an element's content.
pub(super) fn combine(parts: &[Fill]) -> Fill {
    let mut said = parts.iter().filter(|part| **part != Fill::Empty);
    match (said.next(), said.next()) {
        (None, _) => Fill::Empty,
        (Some(only), None) => *only,
        _ => Fill::Filled,
    }
}
