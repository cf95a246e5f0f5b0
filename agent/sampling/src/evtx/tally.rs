//! Counting: records to event types, per computer and hour, with the fill of their fields. Bounded.

use rustc_hash::FxHashMap;

use super::{
    decode::SystemValues,
    filetime,
    layout::ShapeId,
    runs::ComputerRuns,
    texts::{TextId, Texts},
};
use crate::{fill::Fill, times::Times};

/// Distinct event types of distinct computers that one scan keeps.
const MAX_TYPES: usize = 65_536;
/// Event types that are found again without a look-up.
const RECENT_TYPES: usize = 32;
/// Field counters that one scan keeps.
const MAX_FIELDS: usize = 1 << 20;

/// An event type of one computer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct TypeKey {
    pub(super) provider: TextId,
    pub(super) channel: TextId,
    pub(super) computer: TextId,
    pub(super) event_id: u16,
}

/// How often a field was empty, a placeholder, filled: in the order of [`Fill`].
pub(super) type FillCounts = [u64; 3];

/// What was counted of one event type.
#[derive(Debug)]
pub(super) struct TypeTally {
    pub(super) key: TypeKey,
    /// In FILETIMEs and hours since 1601.
    pub(super) times: Times,
    /// By list of field names: nearly always one, two where a provider's template changed.
    pub(super) fields: Vec<(ShapeId, Box<[FillCounts]>)>,
}

/// What was counted by one worker.
#[derive(Debug, Default)]
pub(super) struct Tally {
    types: Vec<TypeTally>,
    index: FxHashMap<TypeKey, usize>,
    /// Indices of types counted lately, by event id: a log is mostly a few types in turn.
    recent: [usize; RECENT_TYPES],
    /// The type that was counted last.
    last: Option<usize>,
    hours: usize,
    fields: usize,
    pub(super) runs: ComputerRuns,
    /// Records counted, whether or not their type was kept.
    pub(super) records: u64,
    /// Records whose event type or hour was not kept.
    pub(super) uncounted: u64,
    /// Records whose fields were not kept.
    pub(super) fields_uncounted: u64,
    pub(super) damaged: u64,
    pub(super) lowest_record_id: Option<u64>,
}

impl Tally {
    /// Counts one record; `place` is the id in its header.
    #[inline]
    pub(super) fn add(&mut self, system: &SystemValues, place: u64, texts: &Texts) {
        self.records += 1;
        self.lowest_record_id =
            Some(self.lowest_record_id.map_or(system.record_id, |lowest| lowest.min(system.record_id)));
        self.runs.see(system.computer, place, texts);
        let &SystemValues { provider, channel, computer, event_id, .. } = system;
        let index = self.type_index(TypeKey { provider, channel, computer, event_id });
        let counted = index.and_then(|index| self.types.get_mut(index));
        if counted.is_some_and(|counted| counted.add(system.time, &mut self.hours)) {
            self.last = index;
        } else {
            self.uncounted += 1;
            self.last = None;
        }
    }

    /// Counts the fields of the record that was counted last.
    #[inline]
    pub(super) fn add_fields(&mut self, (shape, fills): (Option<ShapeId>, &[Fill])) {
        let (Some(index), Some(shape)) = (self.last, shape) else {
            self.fields_uncounted += 1;
            return;
        };
        if fills.is_empty() {
            return;
        }
        let Some(counted) = self.types.get_mut(index) else { return };
        let known = counted.fields.iter().position(|(known, _)| *known == shape);
        let at = known.unwrap_or_else(|| {
            if self.fields + fills.len() <= MAX_FIELDS {
                self.fields += fills.len();
                counted.fields.push((shape, vec![[0; 3]; fills.len()].into()));
            }
            counted.fields.len().wrapping_sub(1)
        });
        match counted.fields.get_mut(at) {
            Some((known, counters)) if *known == shape => {
                for (counter, fill) in counters.iter_mut().zip(fills) {
                    let [empty, placeholder, filled] = counter;
                    match fill {
                        Fill::Empty => *empty += 1,
                        Fill::Placeholder => *placeholder += 1,
                        Fill::Filled => *filled += 1,
                    }
                }
            }
            _ => self.fields_uncounted += 1,
        }
    }

    /// Everything counted, type by type.
    pub(super) fn into_types(self) -> Vec<TypeTally> {
        self.types
    }

    #[inline]
    fn type_index(&mut self, key: TypeKey) -> Option<usize> {
        let bucket = usize::from(key.event_id) % RECENT_TYPES;
        let recent = *self.recent.get(bucket)?;
        if self.types.get(recent).is_some_and(|recent| recent.key == key) {
            return Some(recent);
        }
        let index = self.known_or_new(key)?;
        *self.recent.get_mut(bucket)? = index;
        Some(index)
    }

    fn known_or_new(&mut self, key: TypeKey) -> Option<usize> {
        if let Some(index) = self.index.get(&key) {
            return Some(*index);
        }
        if self.types.len() >= MAX_TYPES {
            return None;
        }
        self.index.insert(key, self.types.len());
        self.types.push(TypeTally::new(key));
        Some(self.types.len() - 1)
    }
}

impl TypeTally {
    fn new(key: TypeKey) -> Self {
        Self { key, times: Times::default(), fields: Vec::new() }
    }

    /// False where the scan keeps no more hours.
    #[inline]
    fn add(&mut self, time: u64, hours_kept: &mut usize) -> bool {
        self.times.add(time, filetime::hours(time), hours_kept)
    }
}
