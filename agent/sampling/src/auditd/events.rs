//! Records to audit events.

use crate::text::{moment::Moment, names::NameId};

/// What records of one audit event share: host, time to the millisecond, serial number.
pub(super) type EventKey = (NameId, Moment, u32, u64);

/// Audit events whose records may still come. The kernel writes the records of an event one after another, but those
/// of other processors come in between; auditd itself waits two seconds for the rest of an event
/// (`end_of_event_timeout`).
const RECENT: usize = 64;

/// The audit events that were met last.
#[derive(Debug, Default)]
pub(super) struct RecentEvents {
    /// At most [`RECENT`].
    keys: Vec<EventKey>,
    /// The place of the one that was met first, where there are that many.
    oldest: usize,
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
        if self.keys.contains(&key) {
            return false;
        }
        if self.keys.len() < RECENT {
            self.keys.push(key);
        } else if let Some(oldest) = self.keys.get_mut(self.oldest) {
            *oldest = key;
            self.oldest = (self.oldest + 1) % RECENT;
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(serial: u64) -> EventKey {
        (NameId::NONE, Moment::utc(1_700_000_000).unwrap(), 5, serial)
    }

    #[test]
    fn an_event_is_new_until_64_others_came() {
        let mut recent = RecentEvents::default();
        assert!((0..64).all(|serial| recent.is_new(key(serial))));
        assert!((0..64).rev().all(|serial| !recent.is_new(key(serial))));
        assert!(recent.is_new(key(64)));
        assert!(!recent.is_new(key(1)));
        assert!(recent.is_new(key(0)));
        assert!(recent.is_new(key(1)), "1 made room for 0");
    }

    #[test]
    fn time_tells_serials_apart_that_began_anew_at_boot() {
        let mut recent = RecentEvents::default();
        let (host, moment, _, serial) = key(1);
        assert!(recent.is_new((host, moment, 5, serial)));
        assert!(recent.is_new((host, moment, 6, serial)));
        assert!(recent.is_new((host, Moment::utc(1_700_000_001).unwrap(), 5, serial)));
    }
}
