//! The hourly counts of one agent and day, by log, computer and event type.

use std::collections::BTreeMap;

use blindspot_telemetry::{EventType, HostName, Hour, census::LogCensus};

/// Hours of a day.
pub(crate) const HOURS: usize = 24;

/// What one computer's records in one log come to, hour by hour.
pub(crate) type TypeHours = BTreeMap<EventType, [u64; HOURS]>;

/// A day since 1970, in UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Day(pub i64);

impl Day {
    /// The day that holds this hour, and which hour of it that is.
    #[must_use]
    pub fn of(hour: Hour) -> (Self, usize) {
        let within = usize::try_from(hour.0.rem_euclid(24)).unwrap_or(0);
        (Self(hour.0.div_euclid(24)), within)
    }

    /// Its first hour.
    #[must_use]
    pub fn first_hour(self) -> Hour {
        Hour(self.0.saturating_mul(24))
    }
}

/// The hourly counts of one agent and day.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DayHours {
    pub(crate) logs: BTreeMap<String, BTreeMap<Option<HostName>, TypeHours>>,
}

/// Hourly counts of several days.
pub type Days = BTreeMap<Day, DayHours>;

impl DayHours {
    /// Adds what one computer's records in one log come to: in every hour the larger count holds. True where anything
    /// changed.
    pub(crate) fn add(&mut self, log: &str, computer: Option<&HostName>, types: TypeHours) -> bool {
        if !self.logs.contains_key(log) {
            self.logs.insert(log.to_owned(), BTreeMap::new());
        }
        let Some(computers) = self.logs.get_mut(log) else { return false };
        let mine = computers.entry(computer.cloned()).or_default();
        if mine.is_empty() {
            *mine = types;
            return !mine.is_empty();
        }
        let mut changed = false;
        for (event_type, hours) in types {
            let kept = mine.entry(event_type).or_default();
            for (kept, count) in kept.iter_mut().zip(hours) {
                changed |= count > *kept;
                *kept = (*kept).max(count);
            }
        }
        changed
    }

    /// Merges what another report says of the same day: in every hour the larger count holds. True where anything
    /// changed.
    pub fn merge(&mut self, other: Self) -> bool {
        let mut changed = false;
        for (log, computers) in other.logs {
            for (computer, types) in computers {
                changed |= self.add(&log, computer.as_ref(), types);
            }
        }
        changed
    }

    /// Puts the counts of this day, from this hour on, into the tallies that they belong to.
    pub fn fill(&self, day: Day, since: Hour, logs: &mut [LogCensus]) {
        for log in logs {
            let Some(computers) = self.logs.get(&log.source.path) else { continue };
            for computer in &mut log.computers {
                let Some(types) = computers.get(&computer.name) else { continue };
                for (event_type, tally) in &mut computer.event_types {
                    let Some(hours) = types.get(event_type) else { continue };
                    for (hour, count) in (day.first_hour().0..).map(Hour).zip(hours) {
                        if *count > 0 && hour >= since {
                            let most = tally.hours.entry(hour).or_default();
                            *most = (*most).max(*count);
                        }
                    }
                }
            }
        }
    }
}
