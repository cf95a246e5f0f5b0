//! What an agent has counted, log by log: cumulative, and merged by the larger value, so that loss, repetition,
//! reordering and reading a log again all end in the same counts.

use std::collections::BTreeMap;

use jiff::Timestamp;

use crate::{EventType, FieldFill, FieldName, HostName, Hour, Observed, Source};

/// How many hours back counts are kept by the hour (14 days). Older events are in totals only.
pub const HOURS_KEPT: i64 = 14 * 24;

/// Everything that one log held, as far as it was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogCensus {
    /// The log, and what reading it came to. Its path is its name within the host.
    pub source: Source,
    /// The log that this one is a part, or a copy, of: different streams of one host may hold the same events.
    pub stream: Option<String>,
    /// True where the log holds other machines' records.
    pub relay: bool,
    /// Everything written up to here was read; `None` where reading never caught up.
    pub caught_up_until: Option<Timestamp>,
    /// Its records by computer, in order of their first record.
    pub computers: Vec<ComputerCensus>,
}

/// The records of one computer in one log.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ComputerCensus {
    /// Its name as the records give it; `None` where they give none.
    pub name: Option<HostName>,
    /// What it wrote.
    pub event_types: BTreeMap<EventType, Tally>,
}

/// Cumulative counts of one event type: whatever is sent twice, or late, is merged by the larger value.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Tally {
    /// Events counted since counting began, those of no kept hour among them.
    pub count: u64,
    /// Event time of the first and last; `None` where nothing was counted.
    pub span: Option<(Timestamp, Timestamp)>,
    /// Events by hour of event time, over the last [`HOURS_KEPT`] hours.
    pub hours: BTreeMap<Hour, u64>,
    /// Fill of every field that the type's events declare.
    pub fields: BTreeMap<FieldName, FieldFill>,
    /// Events whose time lies in the future. They are in no other number, and never make a detection see.
    pub undated: u64,
}

impl Tally {
    /// Adds what was read from a log and is not counted yet. Events of hours after `latest` are undated.
    pub fn add(&mut self, seen: &Observed, latest: Hour) {
        let future: u64 = seen.hours.range(Hour(latest.0 + 1)..).map(|(_, count)| count).sum();
        self.undated = self.undated.saturating_add(future);
        self.count = self.count.saturating_add(seen.count.saturating_sub(future));
        for (hour, count) in seen.hours.range(..=latest) {
            let sum = self.hours.entry(*hour).or_default();
            *sum = sum.saturating_add(*count);
        }
        if seen.count > future {
            // The exact last time is not known where later events are left out: their hour's beginning is.
            let end = if future == 0 { Some(seen.last) } else { None };
            let last = end.or_else(|| seen.hours.range(..=latest).next_back().map(|(hour, _)| hour.start()));
            let (first, last) = (seen.first, last.unwrap_or(seen.first).max(seen.first));
            self.span = Some(self.span.map_or((first, last), |span| (span.0.min(first), span.1.max(last))));
        }
        for (name, fill) in &seen.fields {
            self.fields.entry(name.clone()).or_default().add(*fill);
        }
    }

    /// Merges what another report says of the same events: in every number the larger one holds.
    pub fn merge(&mut self, other: &Self) {
        self.count = self.count.max(other.count);
        self.undated = self.undated.max(other.undated);
        self.span = match (self.span, other.span) {
            (Some(a), Some(b)) => Some((a.0.min(b.0), a.1.max(b.1))),
            (a, b) => a.or(b),
        };
        for (hour, count) in &other.hours {
            let most = self.hours.entry(*hour).or_default();
            *most = (*most).max(*count);
        }
        for (name, fill) in &other.fields {
            let most = self.fields.entry(name.clone()).or_default();
            most.filled = most.filled.max(fill.filled);
            most.placeholder = most.placeholder.max(fill.placeholder);
            most.empty = most.empty.max(fill.empty);
        }
    }

    /// Forgets hours before this one. Their events stay in the totals.
    pub fn forget_before(&mut self, hour: Hour) {
        self.hours = self.hours.split_off(&hour);
    }

    /// It as part of an inventory; `None` where nothing with a time was counted.
    #[must_use]
    pub fn observed(&self) -> Option<Observed> {
        let (first, last) = self.span?;
        Some(Observed {
            count: self.count,
            first,
            last,
            hours: self.hours.clone(),
            fields: self.fields.clone(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(hour: i64, second: i64) -> Timestamp {
        Timestamp::from_second(hour * 3600 + second).unwrap()
    }

    fn seen(hours: &[(i64, u64)]) -> Observed {
        let count = hours.iter().map(|(_, count)| count).sum();
        Observed {
            count,
            first: at(hours[0].0, 1),
            last: at(hours[hours.len() - 1].0, 59),
            hours: hours.iter().map(|(hour, count)| (Hour(*hour), *count)).collect(),
            fields: BTreeMap::from([("a".into(), FieldFill { filled: count, placeholder: 0, empty: 0 })]),
        }
    }

    #[test]
    fn events_of_the_future_are_counted_apart() {
        let mut tally = Tally::default();
        tally.add(&seen(&[(100, 3), (110, 4)]), Hour(101));
        assert_eq!((tally.count, tally.undated), (3, 4));
        assert_eq!(tally.span, Some((at(100, 1), at(100, 1))));
        assert_eq!(tally.hours, BTreeMap::from([(Hour(100), 3)]));
        let mut only = Tally::default();
        only.add(&seen(&[(110, 4)]), Hour(101));
        assert_eq!((only.observed(), only.undated), (None, 4));
    }

    #[test]
    fn merging_is_by_the_larger_and_in_any_order_and_number() {
        let (mut early, mut late) = (Tally::default(), Tally::default());
        early.add(&seen(&[(100, 3)]), Hour(200));
        late.add(&seen(&[(100, 3)]), Hour(200));
        late.add(&seen(&[(101, 5)]), Hour(200));
        let mut merged = late.clone();
        merged.merge(&early);
        merged.merge(&late);
        assert_eq!(merged, late);
        let mut other = early;
        other.merge(&late);
        assert_eq!(other, late);
        assert_eq!((late.count, late.fields[&FieldName::new("a")].filled), (8, 8));
    }

    #[test]
    fn what_is_forgotten_by_the_hour_stays_in_the_total() {
        let mut tally = Tally::default();
        tally.add(&seen(&[(100, 3), (101, 5)]), Hour(200));
        tally.forget_before(Hour(101));
        assert_eq!((tally.hours, tally.count), (BTreeMap::from([(Hour(101), 5)]), 8));
    }
}
