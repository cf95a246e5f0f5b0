//! Names met in one text log, each kept once. Bounded.

use std::sync::Arc;

use rustc_hash::FxHashMap;

/// Distinct names that one scan keeps: hosts, programs, record types, system calls.
const MAX_NAMES: usize = 65_536;
/// The longest name that is one; a longer one is no program's.
const MAX_NAME_BYTES: usize = 256;

/// One of the names of a [`Names`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct NameId(u32);

impl NameId {
    /// No name.
    pub(crate) const NONE: Self = Self(0);
}

/// Names by their bytes.
#[derive(Debug)]
pub(crate) struct Names {
    ids: FxHashMap<Box<[u8]>, NameId>,
    names: Vec<Arc<str>>,
}

impl Names {
    pub(crate) fn new() -> Self {
        let none = FxHashMap::from_iter([(Box::default(), NameId::NONE)]);
        Self { ids: none, names: vec![Arc::from("")] }
    }

    /// The id of a name; `None` where it is too long to be one, or the scan keeps no more.
    #[inline]
    pub(crate) fn id(&mut self, name: &[u8]) -> Option<NameId> {
        match self.ids.get(name) {
            Some(id) => Some(*id),
            None => self.add(name),
        }
    }

    /// The name itself; what is not UTF-8 is replaced.
    pub(crate) fn text(&self, id: NameId) -> Arc<str> {
        usize::try_from(id.0).ok().and_then(|index| self.names.get(index)).cloned().unwrap_or_default()
    }

    /// True where so many are kept that few more will be.
    pub(crate) fn is_crowded(&self) -> bool {
        self.names.len() >= MAX_NAMES / 2
    }

    #[cold]
    fn add(&mut self, name: &[u8]) -> Option<NameId> {
        if name.len() > MAX_NAME_BYTES || self.names.len() >= MAX_NAMES {
            return None;
        }
        let id = NameId(u32::try_from(self.names.len()).ok()?);
        self.names.push(String::from_utf8_lossy(name).into());
        self.ids.insert(name.into(), id);
        Some(id)
    }
}
