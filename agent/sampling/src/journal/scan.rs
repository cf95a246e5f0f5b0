//! One file: objects in, counts out.

use super::{
    ReadFailure,
    data::DataObjects,
    entry::{Entries, Entry, Meaning, Plain},
    header::Layout,
    numbers::{u32_at, u64_at},
    objects::{DATA, ENTRY, ENTRY_HEAD, MAX_ITEMS, Objects},
    windows::Windows,
};
use crate::{read_at::ReadAt, text::tally::Tally};

/// The smallest entry.
const MIN_ENTRY_BYTES: u64 = ENTRY_HEAD as u64 + 4;

/// Counts every entry of a file.
pub(super) fn count(
    bytes: &dyn ReadAt,
    length: u64,
    layout: Layout,
    progress: &dyn Fn(u64),
    tally: &mut Tally,
) -> Result<(), ReadFailure> {
    let mut objects = Objects::new(Windows::new(bytes, progress), layout, length);
    let mut worker = Worker {
        layout,
        data: DataObjects::new(bytes, layout, length),
        entries: Entries::new(&mut tally.names),
    };
    let mut met = 0;
    while let Some(object) = objects.next()? {
        match object.kind {
            DATA => {
                let raw = objects.windows.get(object.offset, DataObjects::wanted(&object))?;
                worker.data.learn(&object, raw, &mut tally.names);
            }
            ENTRY => {
                met += 1;
                let most = ENTRY_HEAD + MAX_ITEMS * layout.item;
                let size = usize::try_from(object.size).unwrap_or(usize::MAX).min(most);
                worker.entry(objects.windows.get(object.offset, size)?, tally)?;
            }
            _ => (),
        }
    }
    objects.windows.pass(length);
    // A gap may have held no entry, or many; the header knows how many there were, unless it is damaged itself.
    let believed = layout.entries <= layout.end.max(length) / MIN_ENTRY_BYTES;
    let missing = if believed { layout.entries.saturating_sub(met) } else { 0 };
    tally.damaged += missing.max(objects.gaps);
    Ok(())
}

struct Worker<'b> {
    layout: Layout,
    data: DataObjects<'b>,
    entries: Entries,
}

impl Worker<'_> {
    /// Counts one entry. Of items beyond the most that one has, nothing is learned.
    #[inline]
    fn entry(&mut self, raw: &[u8], tally: &mut Tally) -> Result<(), ReadFailure> {
        let mut entry = Entry::default();
        let mut message = None;
        let items = raw.get(ENTRY_HEAD..).unwrap_or_default();
        for item in items.chunks_exact(self.layout.item) {
            let offset = if self.layout.item == 4 { u32_at(item, 0).map(u64::from) } else { u64_at(item, 0) };
            let Some(offset) = offset else { continue };
            let meaning = self.data.meaning(offset, &mut tally.names)?;
            if let Meaning::Plain(Plain::Message, _) = meaning {
                message.get_or_insert(offset);
            }
            entry.see(meaning);
        }
        let needed = message.filter(|_| self.entries.needs_message(&entry));
        let message = match needed {
            Some(offset) => self.data.value(offset)?,
            None => None,
        };
        self.entries.count(&entry, u64_at(raw, 24), message, tally);
        Ok(())
    }
}
