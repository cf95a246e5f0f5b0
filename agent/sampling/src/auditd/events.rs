//! Records to audit events.

use std::collections::VecDeque;

use rustc_hash::FxHashSet;

use crate::text::names::NameId;

/// What records of one audit event share: host, second, millisecond, serial number.
pub(super) type EventKey = (NameId, u64, u32, u64);

/// Audit events whose records may still come. The kernel writes the records of an event one after another, but those
/// of other processes come in between: 282 other events had begun where two busy processors were recorded.
const RECENT: usize = 4096;

/// The audit events that were met last.
#[derive(Debug, Default)]
pub(super) struct RecentEvents {
    /// At most [`RECENT`].
    keys: FxHashSet<EventKey>,
    /// The same, by their first records.
    order: VecDeque<EventKey>,
    last: Option<EventKey>,
}

impl RecentEvents {
    /// True for the first record of an event. An event that comes back after [`RECENT`] others is a new one.
    #[inline]
    pub(super) fn is_new(&mut self, key: EventKey) -> bool {
        self.last != Some(key) && self.change(key)
    }

    fn change(&mut self, key: EventKey) -> bool {
        self.last = Some(key);
        if !self.keys.insert(key) {
            return false;
        }
        if self.order.len() >= RECENT
            && let Some(oldest) = self.order.pop_front()
        {
            self.keys.remove(&oldest);
        }
        self.order.push_back(key);
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(serial: u64) -> EventKey {
        (NameId::NONE, 1_700_000_000, 5, serial)
    }

    #[test]
    fn an_event_is_new_until_so_many_others_came() {
        let mut recent = RecentEvents::default();
        assert!((0..4096).all(|serial| recent.is_new(key(serial))));
        assert!((0..4096).rev().all(|serial| !recent.is_new(key(serial))));
        assert!(recent.is_new(key(4096)));
        assert!(!recent.is_new(key(1)));
        assert!(recent.is_new(key(0)));
        assert!(recent.is_new(key(1)), "1 made room for 0");
        assert_eq!((recent.keys.len(), recent.order.len()), (4096, 4096));
    }

    #[test]
    fn time_tells_serials_apart_that_began_anew_at_boot() {
        let mut recent = RecentEvents::default();
        let (host, second, _, serial) = key(1);
        assert!(recent.is_new((host, second, 5, serial)));
        assert!(recent.is_new((host, second, 6, serial)));
        assert!(recent.is_new((host, second + 1, 5, serial)));
    }
}
