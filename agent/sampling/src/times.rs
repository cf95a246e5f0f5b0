//! When the events of one type happened: how many, the first, the last, and how many in each hour. Bounded.

use std::collections::hash_map::Entry;

use rustc_hash::FxHashMap;

/// Distinct hours of event types that one scan keeps.
const MAX_HOURS: usize = 1 << 20;

/// Counts of one event type by time, in units that only the caller knows and that keep the order.
#[derive(Debug)]
pub(crate) struct Times {
    /// Events counted.
    pub(crate) count: u64,
    /// The earliest.
    pub(crate) first: u64,
    /// The latest.
    pub(crate) last: u64,
    /// By hour, without the hour that is being counted: events of one hour mostly follow each other.
    hours: FxHashMap<u64, u64>,
    hour: u64,
    hour_count: u64,
}

impl Default for Times {
    fn default() -> Self {
        Self { count: 0, first: u64::MAX, last: 0, hours: FxHashMap::default(), hour: 0, hour_count: 0 }
    }
}

impl Times {
    /// Counts one event. False where the scan, which has kept `hours_kept` so far, keeps no more hours.
    #[inline]
    pub(crate) fn add(&mut self, time: u64, hour: u64, hours_kept: &mut usize) -> bool {
        self.add_many(1, time, hour, hours_kept)
    }

    /// Counts so many events of one time, as [`add`](Self::add) does one.
    #[inline]
    pub(crate) fn add_many(&mut self, events: u64, time: u64, hour: u64, hours_kept: &mut usize) -> bool {
        if hour != self.hour && !self.change_hour(hour, hours_kept) {
            return false;
        }
        self.hour_count += events;
        self.count += events;
        self.first = self.first.min(time);
        self.last = self.last.max(time);
        true
    }

    /// Events by hour.
    pub(crate) fn hours(&mut self) -> impl Iterator<Item = (u64, u64)> {
        self.flush_hour();
        self.hours.iter().map(|(hour, count)| (*hour, *count)).filter(|(_, count)| *count > 0)
    }

    fn change_hour(&mut self, hour: u64, hours_kept: &mut usize) -> bool {
        if let Entry::Vacant(entry) = self.hours.entry(hour) {
            if *hours_kept >= MAX_HOURS {
                return false;
            }
            *hours_kept += 1;
            entry.insert(0);
        }
        self.flush_hour();
        self.hour = hour;
        true
    }

    fn flush_hour(&mut self) {
        if self.hour_count > 0 {
            *self.hours.entry(self.hour).or_default() += self.hour_count;
            self.hour_count = 0;
        }
    }
}
