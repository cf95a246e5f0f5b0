//! The substitution values of one template instance, found by their descriptors and read only when asked for.

use std::ops::Range;

use super::bytes::{Cursor, offset_at};

/// Bytes before a template definition's tokens: a link, a GUID, a size.
pub(super) const DEFINITION_HEAD: usize = 24;
/// A template instance's token.
pub(super) const INSTANCE: u8 = 0x0c;
/// A fragment header's token; three bytes of version and flags follow.
pub(super) const FRAGMENT: u8 = 0x0f;

/// Where a template instance's parts are, in bytes from the start of the chunk.
#[derive(Debug, Clone, Copy)]
pub(super) struct Instance {
    /// The template's definition.
    pub(super) definition: usize,
    /// The descriptors: size, type, zero; 4 bytes each.
    table: usize,
    /// How many values there are.
    count: usize,
}

impl Instance {
    /// Reads what follows the instance token. `None` where it does not fit before the cursor's end.
    #[inline]
    pub(super) fn read(chunk: &[u8], cursor: &mut Cursor<'_>) -> Option<Self> {
        let &[_, _, _, _, _, a, b, c, d] = cursor.array()?;
        let definition = usize::try_from(u32::from_le_bytes([a, b, c, d])).ok()?;
        if definition == cursor.at() {
            let size = offset_at(chunk, definition.checked_add(DEFINITION_HEAD - 4)?)?;
            cursor.skip(DEFINITION_HEAD.checked_add(size)?)?;
        }
        let count = usize::try_from(cursor.u32()?).ok()?;
        let table = cursor.at();
        cursor.skip(count.checked_mul(4)?)?;
        Some(Self { definition, table, count })
    }
}

/// Values of one instance.
#[derive(Debug, Clone, Copy)]
pub(super) struct Values<'c> {
    chunk: &'c [u8],
    table: &'c [[u8; 4]],
    /// Where each value begins; there may be more, left from an instance with more values.
    offsets: &'c [u32],
}

impl<'c> Values<'c> {
    /// No values, for a fragment without a template.
    pub(super) const NONE: Self = Self { chunk: &[], table: &[], offsets: &[] };

    /// Lays out the values that follow the descriptors, and moves the cursor behind them. `None` where they end
    /// behind the cursor's end: such an instance is torn.
    #[inline]
    pub(super) fn read(
        chunk: &'c [u8],
        instance: Instance,
        cursor: &mut Cursor<'_>,
        offsets: &'c mut Vec<u32>,
    ) -> Option<Self> {
        let table = chunk.get(instance.table..)?.as_chunks().0.get(..instance.count)?;
        let start = u32::try_from(cursor.at()).ok()?;
        let mut at = start;
        if offsets.len() < table.len() {
            offsets.resize(table.len(), 0);
        }
        for (offset, &[low, high, _, _]) in offsets.iter_mut().zip(table) {
            *offset = at;
            // A chunk has room for 2^14 descriptors of values below 2^16 bytes: the sum cannot wrap.
            at = at.wrapping_add(u32::from(u16::from_le_bytes([low, high])));
        }
        cursor.skip(usize::try_from(at.wrapping_sub(start)).ok()?)?;
        Some(Self { chunk, table, offsets })
    }

    /// How many there are.
    pub(super) fn len(&self) -> usize {
        self.table.len()
    }

    /// Type and bytes of the value in a slot; `None` where there is no such slot.
    #[inline]
    pub(super) fn get(&self, slot: u16) -> Option<(u8, &'c [u8])> {
        let slot = usize::from(slot);
        let &[low, high, kind, _] = self.table.get(slot)?;
        let start = usize::try_from(*self.offsets.get(slot)?).ok()?;
        let value = self.chunk.get(start..start + usize::from(u16::from_le_bytes([low, high])))?;
        Some((kind, value))
    }

    /// Type of the value in a slot, and where it is in the chunk.
    pub(super) fn locate(&self, slot: u16) -> Option<(u8, Range<usize>)> {
        let (kind, value) = self.get(slot)?;
        let start = usize::try_from(*self.offsets.get(usize::from(slot))?).ok()?;
        Some((kind, start..start + value.len()))
    }
}
