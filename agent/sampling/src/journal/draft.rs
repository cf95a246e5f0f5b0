//! An entry that is being read from text.

use super::entry::{Entries, Entry, Field, Meaning, Plain};
use crate::text::{names::Names, tally::Tally};

/// A field that is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Wanted {
    /// When journald received the entry.
    Realtime,
    Field(Field),
}

impl Wanted {
    pub(super) fn of(name: &[u8]) -> Option<Self> {
        match name {
            b"__REALTIME_TIMESTAMP" => Some(Self::Realtime),
            _ => Field::of(name).map(Self::Field),
        }
    }
}

/// What was read of an entry so far.
#[derive(Debug, Default)]
pub(super) struct Draft {
    entry: Entry,
    realtime: Option<u64>,
    message: Option<Vec<u8>>,
}

impl Draft {
    /// Takes a field with its value, or the beginning of a longer one.
    pub(super) fn see(&mut self, wanted: Wanted, value: &[u8], names: &mut Names) {
        match wanted {
            Wanted::Realtime => self.realtime = std::str::from_utf8(value).ok().and_then(|v| v.parse().ok()),
            Wanted::Field(field) => {
                self.entry.see(field.meaning(value, names));
                if field == Field::Plain(Plain::Message) {
                    self.message.get_or_insert_with(|| value.to_vec());
                }
            }
        }
    }

    /// Takes a field whose value was left out because it is large.
    pub(super) fn see_large(&mut self, wanted: Wanted) {
        if let Wanted::Field(field) = wanted {
            self.entry.see(field.meaning_of_large());
        }
    }

    /// Counts the entry.
    pub(super) fn count(self, entries: &Entries, tally: &mut Tally) {
        entries.count(&self.entry, self.realtime, self.message.as_deref(), tally);
    }

    /// Counts an entry whose rest is missing, if what is there says whose and when.
    pub(super) fn count_cut(mut self, entries: &Entries, tally: &mut Tally) {
        if self.realtime.is_some() {
            self.entry.see(Meaning::Unreadable);
            self.count(entries, tally);
        } else {
            tally.damaged += 1;
        }
    }
}
