//! One file: objects in, counts out.

use super::{
    ReadFailure,
    data::DataObjects,
    entry::{Entries, Entry, Meaning, Plain},
    header::Layout,
    numbers::{u32_at, u64_at},
    objects::{DATA, ENTRY, ENTRY_HEAD, MAX_ITEMS, Object, Objects},
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
    let mut worker = Worker::new(bytes, layout, length, length, tally);
    let mut met = 0;
    while let Some(object) = objects.next()? {
        met += u64::from(object.kind == ENTRY);
        worker.object(&object, &mut objects.windows, tally)?;
    }
    objects.windows.pass(length);
    tally.damaged += missing(&layout, length, met).max(objects.gaps);
    Ok(())
}

/// Entries that are not among those met. A gap may have held no entry, or many; the header knows how many there were,
/// unless it is damaged itself.
pub(super) fn missing(layout: &Layout, length: u64, met: u64) -> u64 {
    let believed = layout.entries <= layout.end.max(length) / MIN_ENTRY_BYTES;
    if believed { layout.entries.saturating_sub(met) } else { 0 }
}

/// Takes the objects of one file.
pub(super) struct Worker<'b> {
    layout: Layout,
    data: DataObjects<'b>,
    entries: Entries,
}

impl<'b> Worker<'b> {
    /// For a file of `length` bytes, of which the last `span` are read.
    pub(super) fn new(
        bytes: &'b dyn ReadAt,
        layout: Layout,
        length: u64,
        span: u64,
        tally: &mut Tally,
    ) -> Self {
        let data = DataObjects::new(bytes, layout, length, span);
        Self { layout, data, entries: Entries::new(&mut tally.names) }
    }

    /// Learns what a data object says, counts an entry.
    #[inline]
    pub(super) fn object(
        &mut self,
        object: &Object,
        windows: &mut Windows<'_>,
        tally: &mut Tally,
    ) -> Result<(), ReadFailure> {
        match object.kind {
            DATA => {
                let raw = windows.get(object.offset, DataObjects::wanted(object))?;
                self.data.learn(object, raw, &mut tally.names);
            }
            ENTRY => {
                let most = ENTRY_HEAD + MAX_ITEMS * self.layout.item;
                let size = usize::try_from(object.size).unwrap_or(usize::MAX).min(most);
                self.entry(windows.get(object.offset, size)?, tally)?;
            }
            _ => (),
        }
        Ok(())
    }

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
