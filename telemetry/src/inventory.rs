//! What one host records: its sources and its event types, hour by hour.

use std::collections::BTreeMap;

use jiff::Timestamp;

use crate::{EventType, FieldFill, FieldName, HostName, Settings, Source, Window};

/// An hour of event time, counted from the Unix epoch in UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Hour(pub i64);

impl Hour {
    /// The hour that holds this moment.
    #[must_use]
    pub fn of(time: Timestamp) -> Self {
        Self(time.as_second().div_euclid(3600))
    }

    /// Its first moment. Hours outside the range of [`Timestamp`] are held at its ends.
    #[must_use]
    pub fn start(self) -> Timestamp {
        let end = if self.0 < 0 { Timestamp::MIN } else { Timestamp::MAX };
        Timestamp::from_second(self.0.saturating_mul(3600)).unwrap_or(end)
    }
}

/// The family of operating system that a host runs, as its logs show it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Platform {
    /// Microsoft Windows.
    Windows,
    /// Linux.
    Linux,
    /// A firewall, switch or other device of which only its syslog is known. No detection for Windows or Linux is
    /// meant for it.
    Device,
}

impl Platform {
    /// All.
    pub const ALL: [Self; 3] = [Self::Windows, Self::Linux, Self::Device];

    /// The word in reports.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Windows => "windows",
            Self::Linux => "linux",
            Self::Device => "device",
        }
    }

    /// The platform that a report's word means.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|platform| platform.as_str() == word)
    }
}

/// What was learned about one event type on one host.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Observed {
    /// Events counted over all history held.
    pub count: u64,
    /// Event time of the first.
    pub first: Timestamp,
    /// Event time of the last.
    pub last: Timestamp,
    /// Events by hour of event time. They sum to `count`, unless old hours were forgotten (a live agent keeps 14 days).
    pub hours: BTreeMap<Hour, u64>,
    /// Fill of every field that the type's events declare.
    pub fields: BTreeMap<FieldName, FieldFill>,
}

impl Observed {
    /// Events in the hours that the window touches.
    #[must_use]
    pub fn count_in(&self, window: &Window) -> u64 {
        if *window == Window::ALL {
            return self.count;
        }
        self.hours.iter().filter(|(hour, _)| window.touches(**hour)).map(|(_, count)| count).sum()
    }

    /// Joins what another log of the same host held of this type, where both may hold the same events (a journal and
    /// the files that a syslog daemon writes from it): in each hour the larger count is the number that happened at
    /// least, and the fill is that of the log that held more.
    pub fn merge_copy(&mut self, other: &Self) {
        if other.count > self.count {
            self.fields.clone_from(&other.fields);
        }
        for (hour, count) in &other.hours {
            let most = self.hours.entry(*hour).or_default();
            *most = (*most).max(*count);
        }
        self.count = self.hours.values().fold(0, |sum, count| sum.saturating_add(*count));
        self.first = self.first.min(other.first);
        self.last = self.last.max(other.last);
    }

    /// Adds what another source of the same host held of this type.
    pub fn merge(&mut self, other: &Self) {
        self.count = self.count.saturating_add(other.count);
        self.first = self.first.min(other.first);
        self.last = self.last.max(other.last);
        for (hour, count) in &other.hours {
            let sum = self.hours.entry(*hour).or_default();
            *sum = sum.saturating_add(*count);
        }
        for (name, fill) in &other.fields {
            self.fields.entry(name.clone()).or_default().add(*fill);
        }
    }
}

/// What one host records.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Inventory {
    /// Its latest name.
    pub host: HostName,
    /// Names it had before.
    pub aliases: Vec<HostName>,
    /// The relay through which it was seen (a collector's log), if it was not read on the host itself.
    pub relay: Option<String>,
    /// What it runs.
    pub platform: Platform,
    /// The logs that were read, or could not be.
    pub sources: Vec<Source>,
    /// What they held.
    pub event_types: BTreeMap<EventType, Observed>,
    /// What the host is set to record, as far as it is known.
    pub settings: Settings,
}

impl Inventory {
    /// An inventory of which nothing is known yet.
    #[must_use]
    pub fn new(host: HostName, platform: Platform) -> Self {
        Self {
            host,
            aliases: Vec::new(),
            relay: None,
            platform,
            sources: Vec::new(),
            event_types: BTreeMap::new(),
            settings: Settings::default(),
        }
    }

    /// Counts what a source held of one event type.
    pub fn observe(&mut self, event_type: EventType, observed: Observed) {
        match self.event_types.entry(event_type) {
            std::collections::btree_map::Entry::Vacant(entry) => {
                entry.insert(observed);
            }
            std::collections::btree_map::Entry::Occupied(mut entry) => entry.get_mut().merge(&observed),
        }
    }

    /// Event time of the oldest and newest event.
    #[must_use]
    pub fn span(&self) -> Option<(Timestamp, Timestamp)> {
        let oldest = self.event_types.values().map(|seen| seen.first).min()?;
        let newest = self.event_types.values().map(|seen| seen.last).max()?;
        Some((oldest, newest))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(hours: &[(i64, u64)]) -> Observed {
        Observed {
            count: hours.iter().map(|(_, count)| count).sum(),
            first: Timestamp::UNIX_EPOCH,
            last: Timestamp::UNIX_EPOCH,
            hours: hours.iter().map(|(hour, count)| (Hour(*hour), *count)).collect(),
            fields: BTreeMap::new(),
        }
    }

    #[test]
    fn copies_of_the_same_events_are_counted_once_and_other_events_are_added() {
        let (journal, file) = (seen(&[(1, 5), (2, 7)]), seen(&[(2, 6), (3, 1)]));
        let mut copied = journal.clone();
        copied.merge_copy(&file);
        assert_eq!((copied.count, copied.hours), (13, seen(&[(1, 5), (2, 7), (3, 1)]).hours));
        let mut added = journal;
        added.merge(&file);
        assert_eq!(added.count, 19);
    }
}
