//! The data objects of a file: what each says, learned once, and read again where it was forgotten.
//!
//! A file holds more data objects than fit into a bounded memory, and most are named by the next entry and never
//! again. So what they say is kept in a table of fixed size, in which a later object takes the place of an earlier
//! one; where an entry names one that lost its place, the object is read again. Counts do not depend on the table.

use super::{
    ReadFailure,
    entry::{Field, Meaning},
    header::Layout,
    objects::{DATA, OBJECT_HEAD, Object},
    payload::{COMPRESSED, MAX_PAYLOAD_BYTES, MAX_STORED_BYTES, Payload},
};
use crate::{
    read_at::{ReadAt, read_full},
    text::names::Names,
};

/// Places of the table at most: 3 MiB.
const MAX_PLACES: u64 = 1 << 18;
const MIN_PLACES: u64 = 1 << 10;
/// No two data objects begin in one stretch of this many bytes.
const STRIDE: u64 = 64;
/// Bytes of a data object that tell what it says: its head, the longest name of a field, and the longest value that
/// is a name, and more.
pub(super) const LEARNED_BYTES: usize = 512;
/// The longest name of a field that is one, as journald has it.
const MAX_FIELD_BYTES: usize = 64;

#[derive(Debug, Clone, Copy)]
struct Place {
    /// An object's offset in units of eight bytes; 0 in an empty place.
    object: u32,
    meaning: Meaning,
}

/// The data objects of one file.
pub(super) struct DataObjects<'b> {
    bytes: &'b dyn ReadAt,
    layout: Layout,
    length: u64,
    places: Vec<Place>,
    payload: Payload,
    /// Room for an object that is read again.
    raw: Vec<u8>,
}

impl<'b> DataObjects<'b> {
    /// The data objects of a file of `length` bytes, of which the last `span` are read.
    pub(super) fn new(bytes: &'b dyn ReadAt, layout: Layout, length: u64, span: u64) -> Self {
        let places = (span / STRIDE).next_power_of_two().clamp(MIN_PLACES, MAX_PLACES);
        let empty = Place { object: 0, meaning: Meaning::Ignored };
        Self {
            bytes,
            layout,
            length,
            places: vec![empty; usize::try_from(places).unwrap_or_default()],
            payload: Payload::new(),
            raw: Vec::new(),
        }
    }

    /// How many bytes of an object [`learn`](Self::learn) wants to see.
    pub(super) fn wanted(object: &Object) -> usize {
        let most = if object.flags & COMPRESSED == 0 { LEARNED_BYTES } else { MAX_STORED_BYTES };
        usize::try_from(object.size).unwrap_or(usize::MAX).min(most)
    }

    /// Learns what an object says, of which `raw` is the beginning.
    #[inline]
    pub(super) fn learn(&mut self, object: &Object, raw: &[u8], names: &mut Names) -> Meaning {
        let stored = raw.get(self.layout.data_head..).unwrap_or_default();
        let meaning = if object.flags & COMPRESSED == 0 {
            meaning(stored, names)
        } else {
            self.payload.take(object, stored).map_or(Meaning::Unreadable, |payload| meaning(payload, names))
        };
        self.keep(object.offset, meaning);
        meaning
    }

    /// What the object at `offset` says.
    #[inline]
    pub(super) fn meaning(&mut self, offset: u64, names: &mut Names) -> Result<Meaning, ReadFailure> {
        let Ok(object) = u32::try_from(offset / 8) else { return self.read(offset, names) };
        match self.places.get(self.place(offset)) {
            Some(place) if place.object == object && object > 0 && offset.is_multiple_of(8) => {
                Ok(place.meaning)
            }
            _ => self.read(offset, names),
        }
    }

    /// The value of the object at `offset`, or the beginning of a longer one; `None` where it cannot be read.
    pub(super) fn value(&mut self, offset: u64) -> Result<Option<&[u8]>, ReadFailure> {
        if self.payload.of(offset).is_none()
            && let Some(object) = self.object(offset)?
        {
            let compressed = object.flags & COMPRESSED != 0;
            let raw =
                self.read_object(&object, if compressed { MAX_STORED_BYTES } else { MAX_PAYLOAD_BYTES })?;
            self.payload.take(&object, raw.get(self.layout.data_head..).unwrap_or_default());
            self.raw = raw;
        }
        Ok(self.payload.of(offset).and_then(split).map(|(_, value)| value))
    }

    fn place(&self, offset: u64) -> usize {
        let place = (offset / STRIDE) & (self.places.len() as u64 - 1);
        usize::try_from(place).unwrap_or_default()
    }

    fn keep(&mut self, offset: u64, meaning: Meaning) {
        let place = self.place(offset);
        if let (Some(place), Ok(object)) = (self.places.get_mut(place), u32::try_from(offset / 8)) {
            *place = Place { object, meaning };
        }
    }

    /// Reads an object that is not known, or not any more.
    #[cold]
    fn read(&mut self, offset: u64, names: &mut Names) -> Result<Meaning, ReadFailure> {
        let Some(object) = self.object(offset)? else { return Ok(Meaning::Unreadable) };
        let raw = self.read_object(&object, Self::wanted(&object))?;
        let meaning = self.learn(&object, &raw, names);
        self.raw = raw;
        Ok(meaning)
    }

    /// The data object at `offset`; `None` where there is none.
    fn object(&self, offset: u64) -> Result<Option<Object>, ReadFailure> {
        if !offset.is_multiple_of(8) || offset < self.layout.first_object {
            return Ok(None);
        }
        let mut head = [0; OBJECT_HEAD];
        read_full(self.bytes, &mut head, offset).map_err(|source| ReadFailure { offset, source })?;
        let object = Object::at(offset, &head, &self.layout, self.length);
        Ok(object.filter(|object| object.kind == DATA))
    }

    /// The first bytes of an object, in the buffer that is to be given back.
    fn read_object(&mut self, object: &Object, most: usize) -> Result<Vec<u8>, ReadFailure> {
        let mut raw = std::mem::take(&mut self.raw);
        raw.resize(usize::try_from(object.size).unwrap_or(usize::MAX).min(most), 0);
        let failure = |source| ReadFailure { offset: object.offset, source };
        let read = read_full(self.bytes, &mut raw, object.offset).map_err(failure)?;
        raw.truncate(read);
        Ok(raw)
    }
}

/// What a payload `NAME=value` says.
fn meaning(payload: &[u8], names: &mut Names) -> Meaning {
    match split(payload) {
        Some((name, value)) => Field::of(name).map_or(Meaning::Ignored, |field| field.meaning(value, names)),
        None => Meaning::Unreadable,
    }
}

fn split(payload: &[u8]) -> Option<(&[u8], &[u8])> {
    let head = payload.get(..=MAX_FIELD_BYTES).unwrap_or(payload);
    let end = head.iter().position(|byte| *byte == b'=')?;
    Some((payload.get(..end)?, payload.get(end + 1..)?))
}
