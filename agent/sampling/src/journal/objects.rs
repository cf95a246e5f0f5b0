//! The objects of a file, one after another, whatever lies between them.

use super::{
    ReadFailure,
    header::Layout,
    numbers::u64_at,
    windows::{WINDOW_BYTES, Windows},
};

/// Bytes that every object begins with: type, flags, six reserved, size.
pub(super) const OBJECT_HEAD: usize = 16;
/// Bytes of an entry before its items.
pub(super) const ENTRY_HEAD: usize = 64;
/// Items that an entry can have. systemd takes 1024 fields from a client and adds some of its own.
pub(super) const MAX_ITEMS: usize = 2048;
/// The largest object at which reading is taken up again.
const MAX_ANCHOR_BYTES: usize = WINDOW_BYTES / 4;

pub(super) const DATA: u8 = 1;
const FIELD: u8 = 2;
pub(super) const ENTRY: u8 = 3;
const DATA_HASH_TABLE: u8 = 4;
const FIELD_HASH_TABLE: u8 = 5;
const ENTRY_ARRAY: u8 = 6;
const TAG: u8 = 7;

/// An object, by its head.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Object {
    pub(super) kind: u8,
    /// For data: how it is compressed.
    pub(super) flags: u8,
    /// Bytes from the start of the file.
    pub(super) offset: u64,
    /// Bytes, head included.
    pub(super) size: u64,
}

impl Object {
    /// The object that these bytes begin; `None` where they begin none. It lies wholly before `end`.
    #[inline]
    pub(super) fn at(offset: u64, head: &[u8], layout: &Layout, end: u64) -> Option<Self> {
        let [kind, flags] = *head.first_chunk()?;
        let size = u64_at(head, 8)?;
        let data_head = layout.data_head as u64;
        let items = |head: usize, item: usize| {
            let items = size.saturating_sub(head as u64);
            items > 0 && items.is_multiple_of(item as u64)
        };
        let holds = match kind {
            DATA => size > data_head,
            FIELD => size > 40,
            ENTRY => items(ENTRY_HEAD, layout.item),
            DATA_HASH_TABLE | FIELD_HASH_TABLE => items(OBJECT_HEAD, 16),
            ENTRY_ARRAY => items(24, layout.item.min(8)),
            TAG => size == 64,
            // Readers are to skip what later versions add.
            0 => false,
            _ => size >= OBJECT_HEAD as u64,
        };
        (holds && size <= end.saturating_sub(offset)).then_some(Self { kind, flags, offset, size })
    }

    /// Where the object behind it begins.
    pub(super) fn next_offset(&self) -> u64 {
        (self.offset + self.size).next_multiple_of(8)
    }

    /// True for an object at which reading can be taken up again behind damage.
    fn is_anchor(&self, head: &[u8]) -> bool {
        let reserved = head.get(2..8).is_some_and(|reserved| reserved.iter().all(|byte| *byte == 0));
        let compressed = self.flags.count_ones() <= u32::from(self.kind == DATA) && self.flags < 8;
        matches!(self.kind, DATA | FIELD | ENTRY | ENTRY_ARRAY | TAG)
            && reserved
            && compressed
            && self.size <= MAX_ANCHOR_BYTES as u64
    }
}

/// Goes from object to object. Offsets only rise.
pub(super) struct Objects<'b> {
    pub(super) windows: Windows<'b>,
    layout: Layout,
    /// The end of the file.
    length: u64,
    next: u64,
    /// Stretches that hold no objects and should.
    pub(super) gaps: u64,
}

impl<'b> Objects<'b> {
    pub(super) fn new(windows: Windows<'b>, layout: Layout, length: u64) -> Self {
        Self::behind(0, windows, layout, length)
    }

    /// Begins with the object at `offset`, or the first one.
    pub(super) fn behind(offset: u64, windows: Windows<'b>, layout: Layout, length: u64) -> Self {
        Self { windows, layout, length, next: offset.max(layout.first_object), gaps: 0 }
    }

    /// The next object; `None` where there are no more.
    #[inline]
    pub(super) fn next(&mut self) -> Result<Option<Object>, ReadFailure> {
        let offset = self.next;
        let head = self.windows.get(offset, OBJECT_HEAD)?;
        let object = match Object::at(offset, head, &self.layout, self.length) {
            Some(object) => Some(object),
            None => self.behind_gap(offset)?,
        };
        if let Some(object) = &object {
            self.next = object.next_offset();
        }
        Ok(object)
    }

    /// The first object behind something that is none.
    #[cold]
    fn behind_gap(&mut self, gap: u64) -> Result<Option<Object>, ReadFailure> {
        let head = self.windows.get(gap, OBJECT_HEAD)?;
        let unused = head.iter().all(|byte| *byte == 0);
        // Behind the last object is space that is not used yet, or an object that is just being written.
        if gap > self.layout.last_object && (unused || self.layout.online) {
            return Ok(None);
        }
        self.gaps += 1;
        self.anchor_behind(gap)
    }

    /// The next object that another one, or unused space, follows.
    fn anchor_behind(&mut self, gap: u64) -> Result<Option<Object>, ReadFailure> {
        let mut begin = gap.next_multiple_of(8);
        while begin < self.length {
            begin = match self.candidate(begin)? {
                Candidate::None(end) => end,
                Candidate::At(object) if self.is_followed(&object)? => return Ok(Some(object)),
                Candidate::At(object) => object.offset + 8,
            };
        }
        Ok(None)
    }

    fn candidate(&mut self, begin: u64) -> Result<Candidate, ReadFailure> {
        let (layout, length) = (self.layout, self.length);
        // What follows a candidate is in the window too, so that a file of false ones is not read again and again.
        let mut rest = self.windows.get(begin, 2 * MAX_ANCHOR_BYTES + OBJECT_HEAD)?;
        let mut offset = begin;
        while let Some(head) = rest.get(..OBJECT_HEAD).filter(|_| offset - begin < MAX_ANCHOR_BYTES as u64) {
            // Most words are no beginning of an object.
            if head.first().is_some_and(|kind| (DATA..=TAG).contains(kind))
                && let Some(object) = Object::at(offset, head, &layout, length)
                && object.is_anchor(head)
            {
                return Ok(Candidate::At(object));
            }
            rest = rest.get(8..).unwrap_or_default();
            offset += 8;
        }
        Ok(Candidate::None(offset.max(begin + 8)))
    }

    fn is_followed(&mut self, object: &Object) -> Result<bool, ReadFailure> {
        let offset = object.next_offset();
        let (layout, length) = (self.layout, self.length);
        let head = self.windows.get(offset, OBJECT_HEAD)?;
        let unused = head.iter().all(|byte| *byte == 0);
        Ok(unused || Object::at(offset, head, &layout, length).is_some())
    }
}

enum Candidate {
    At(Object),
    /// None up to here.
    None(u64),
}
