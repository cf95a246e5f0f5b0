//! Elements, templates and values as BinXML tokens ([MS-EVEN6] 2.2.12).

use std::hash::{DefaultHasher, Hash, Hasher};

use super::chunk::ChunkWriter;

/// Nothing depends on another value.
const NO_DEPENDENCY: u16 = 0xffff;
/// A nested fragment.
const BINXML: u8 = 0x21;

/// An element of a template, or of an event without one.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Element {
    pub(super) name: String,
    pub(super) attributes: Vec<(String, Content)>,
    pub(super) children: Vec<Child>,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) enum Child {
    Element(Element),
    Content(Content),
}

/// Text, the value in a slot, or a number in place.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) enum Content {
    Text(String),
    Slot(u16),
    Number(u32),
}

/// A template and its values.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Instance {
    pub(super) template: Element,
    pub(super) values: Vec<SlotValue>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum SlotValue {
    /// A value type and its bytes.
    Bytes(u8, Vec<u8>),
    Nested(Box<Instance>),
}

/// Whether element starts carry a dependency identifier.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Writing {
    Definition,
    Direct,
}

impl Element {
    pub(super) fn new(name: &str) -> Self {
        Self { name: name.to_owned(), attributes: Vec::new(), children: Vec::new() }
    }

    pub(super) fn with(mut self, name: &str, value: Content) -> Self {
        self.attributes.push((name.to_owned(), value));
        self
    }

    pub(super) fn holding(self, content: Content) -> Self {
        self.with_child(Child::Content(content))
    }

    pub(super) fn with_child(mut self, child: Child) -> Self {
        self.children.push(child);
        self
    }

    /// Writes the element with everything in it.
    pub(super) fn write(&self, out: &mut ChunkWriter, writing: Writing, values: &[SlotValue]) {
        out.u8(if self.attributes.is_empty() { 0x01 } else { 0x41 });
        if writing == Writing::Definition {
            out.u16(NO_DEPENDENCY);
        }
        let size = out.reserve_u32();
        out.name(&self.name);
        if !self.attributes.is_empty() {
            let list = out.reserve_u32();
            for (index, (name, value)) in self.attributes.iter().enumerate() {
                out.u8(if index + 1 < self.attributes.len() { 0x46 } else { 0x06 });
                out.name(name);
                value.write(out, values);
            }
            out.fill_size(list);
        }
        if self.children.is_empty() {
            out.u8(0x03);
        } else {
            out.u8(0x02);
            for child in &self.children {
                match child {
                    Child::Element(element) => element.write(out, writing, values),
                    Child::Content(content) => content.write(out, values),
                }
            }
            out.u8(0x04);
        }
        out.fill_size(size);
    }
}

impl Content {
    fn write(&self, out: &mut ChunkWriter, values: &[SlotValue]) {
        match self {
            Self::Text(text) if text.is_empty() => (),
            Self::Text(text) => {
                out.u8(0x05);
                out.u8(0x01);
                let units: Vec<u16> = text.encode_utf16().collect();
                out.u16(u16::try_from(units.len()).expect("a text of fewer than 65,536 units"));
                for unit in units {
                    out.u16(unit);
                }
            }
            Self::Number(number) => {
                out.u8(0x05);
                out.u8(0x08);
                out.u32(*number);
            }
            Self::Slot(slot) => {
                out.u8(0x0e);
                out.u16(*slot);
                out.u8(values[usize::from(*slot)].kind());
            }
        }
    }
}

impl SlotValue {
    /// The declared type; a value that is not there was a string.
    fn kind(&self) -> u8 {
        match self {
            Self::Bytes(0, _) => 0x01,
            Self::Bytes(kind, _) => *kind,
            Self::Nested(_) => BINXML,
        }
    }
}

impl Instance {
    /// Writes a fragment that holds this instance; the definition too, where the chunk does not have it yet.
    pub(super) fn write(&self, out: &mut ChunkWriter) {
        write_fragment_header(out);
        out.u8(0x0c);
        out.u8(0x01);
        let guid = self.template.guid();
        out.bytes(&guid[..4]);
        if let Some(offset) = out.definition(&self.template) {
            out.u32(offset);
        } else {
            out.begin_definition(&self.template, &guid);
            let size = out.reserve_u32();
            write_fragment_header(out);
            self.template.write(out, Writing::Definition, &self.values);
            out.u8(0x00);
            out.fill_size(size);
        }
        out.u32(u32::try_from(self.values.len()).expect("few values"));
        let sizes: Vec<usize> = self.values.iter().map(|value| out.reserve_descriptor(value)).collect();
        for (value, size) in self.values.iter().zip(sizes) {
            let start = out.len();
            match value {
                SlotValue::Bytes(_, bytes) => out.bytes(bytes),
                SlotValue::Nested(instance) => instance.write(out),
            }
            out.fill_descriptor(size, start);
        }
    }
}

pub(super) fn write_fragment_header(out: &mut ChunkWriter) {
    out.bytes(&[0x0f, 1, 1, 0]);
}

impl Element {
    /// A GUID of its own for each template, the same in every run.
    fn guid(&self) -> [u8; 16] {
        let mut hasher = DefaultHasher::new();
        self.hash(&mut hasher);
        let first = hasher.finish();
        first.hash(&mut hasher);
        let mut guid = [0; 16];
        guid[..8].copy_from_slice(&first.to_le_bytes());
        guid[8..].copy_from_slice(&hasher.finish().to_le_bytes());
        guid
    }
}

impl ChunkWriter {
    fn reserve_descriptor(&mut self, value: &SlotValue) -> usize {
        let at = self.len();
        let kind = match value {
            SlotValue::Bytes(kind, _) => *kind,
            SlotValue::Nested(_) => BINXML,
        };
        self.bytes(&[0, 0, kind, 0]);
        at
    }
}
