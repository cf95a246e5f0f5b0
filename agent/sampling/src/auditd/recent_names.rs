//! Names that were asked for lately, so that the few that a log repeats are found without hashing them.

use crate::text::{
    names::{NameId, Names},
    tally::is_same,
};

/// A power of two, several times the record types of a usual log.
const SLOTS: usize = 64;

/// One name for each slot.
#[derive(Debug, Default)]
pub(super) struct RecentNames {
    slots: Vec<(Box<[u8]>, NameId)>,
}

impl RecentNames {
    /// As [`Names::id`].
    #[inline]
    pub(super) fn id(&mut self, name: &[u8], names: &mut Names) -> Option<NameId> {
        let slot = slot_of(name);
        match self.slots.get(slot) {
            Some((recent, id)) if is_same(recent, name) => Some(*id),
            _ => self.ask(slot, name, names),
        }
    }

    #[cold]
    fn ask(&mut self, slot: usize, name: &[u8], names: &mut Names) -> Option<NameId> {
        let id = names.id(name)?;
        self.slots.resize(SLOTS, (Box::default(), NameId::NONE));
        if let Some(recent) = self.slots.get_mut(slot) {
            *recent = (name.into(), id);
        }
        Some(id)
    }
}

/// Record types differ in these three.
fn slot_of(name: &[u8]) -> usize {
    let byte = |byte: Option<&u8>| byte.copied().map_or(0, usize::from);
    (name.len() * 5 + byte(name.first()) * 3 + byte(name.last())) % SLOTS
}
