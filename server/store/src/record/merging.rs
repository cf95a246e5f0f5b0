//! The counts of one report on their way into a record: within its limits, and by day.

use std::collections::{BTreeMap, HashMap};

use blindspot_telemetry::{
    HostName, Hour,
    census::{ComputerCensus, LogCensus, Tally},
    wire::report::Finding,
};
use jiff::Timestamp;

use super::{Applied, MAX_AGE, MAX_AHEAD, MAX_COMPUTERS, MAX_TYPES};
use crate::days::{Day, HOURS, TypeHours};

/// One report on its way into a record.
pub(super) struct Merging {
    received: Timestamp,
    /// No hour before this one is kept.
    oldest: Hour,
    /// No hour after this one is one.
    latest: Hour,
    applied: Applied,
}

impl Merging {
    pub(super) fn new(received: Timestamp) -> Self {
        let hour = |time: Result<Timestamp, jiff::Error>| Hour::of(time.unwrap_or(received));
        Self {
            received,
            oldest: hour(received.checked_sub(MAX_AGE)),
            latest: hour(received.checked_add(MAX_AHEAD)),
            applied: Applied::default(),
        }
    }

    pub(super) fn log(&mut self, kept: &mut LogCensus, log: &LogCensus) {
        let mut index: HashMap<Option<HostName>, usize> =
            kept.computers.iter().enumerate().map(|(place, one)| (one.name.clone(), place)).collect();
        for computer in &log.computers {
            let place = match index.get(&computer.name) {
                Some(place) => *place,
                None if kept.computers.len() >= MAX_COMPUTERS => {
                    self.too_many(Some(&log.source.path), "computers", MAX_COMPUTERS);
                    continue;
                }
                None => {
                    index.insert(computer.name.clone(), kept.computers.len());
                    kept.computers
                        .push(ComputerCensus { name: computer.name.clone(), ..ComputerCensus::default() });
                    kept.computers.len() - 1
                }
            };
            if let Some(kept) = kept.computers.get_mut(place) {
                self.computer(&log.source.path, kept, computer);
            }
        }
    }

    fn computer(&mut self, path: &str, kept: &mut ComputerCensus, computer: &ComputerCensus) {
        let mut counted: BTreeMap<Day, TypeHours> = BTreeMap::new();
        for (event_type, tally) in &computer.event_types {
            if kept.event_types.len() >= MAX_TYPES && !kept.event_types.contains_key(event_type) {
                self.too_many(Some(path), "event types of one computer", MAX_TYPES);
                continue;
            }
            let clipped;
            let tally = if self.is_ahead(tally) {
                clipped = self.clip(tally);
                self.skewed(path);
                &clipped
            } else {
                tally
            };
            let merged = kept.event_types.entry(event_type.clone()).or_default();
            merged.merge(tally);
            if merged.hours.first_key_value().is_some_and(|(hour, _)| *hour < self.oldest) {
                merged.forget_before(self.oldest);
            }
            for (day, hours) in by_day(tally.hours.range(self.oldest..=self.latest)) {
                counted.entry(day).or_default().insert(event_type.clone(), hours);
            }
        }
        for (day, types) in counted {
            self.applied.days.entry(day).or_default().add(path, computer.name.as_ref(), types);
        }
    }

    fn is_ahead(&self, tally: &Tally) -> bool {
        tally.hours.last_key_value().is_some_and(|(hour, _)| *hour > self.latest)
            || tally.span.is_some_and(|(_, last)| Hour::of(last) > self.latest)
    }

    /// The tally without what lies too far ahead: that is undated, and in no other number.
    fn clip(&self, tally: &Tally) -> Tally {
        let mut clipped = tally.clone();
        let ahead = clipped.hours.split_off(&Hour(self.latest.0.saturating_add(1)));
        let events = ahead.values().fold(0, |sum: u64, count| sum.saturating_add(*count));
        clipped.undated = clipped.undated.saturating_add(events);
        clipped.count = clipped.count.saturating_sub(events);
        let end = clipped.hours.last_key_value().map_or(self.received, |(hour, _)| hour.start());
        let dated = tally.span.filter(|(first, _)| clipped.count > 0 && Hour::of(*first) <= self.latest);
        clipped.span = dated.map(|(first, last)| (first, last.min(end).max(first)));
        clipped
    }

    fn skewed(&mut self, path: &str) {
        let text = "events lie more than a day ahead of the collector's clock and are counted as undated: check the \
                    clocks of the host and of the collector";
        self.notice("clock_skew", Some(path), text.to_owned());
    }

    pub(super) fn too_many(&mut self, path: Option<&str>, what: &str, most: usize) {
        let text = format!("there are more than {most} {what}: those over are not kept");
        self.notice("cardinality", path, text);
    }

    /// Notes a finding, once per report, kind and log.
    fn notice(&mut self, code: &str, log: Option<&str>, text: String) {
        if !self.applied.noticed.iter().any(|known| known.code == code && known.log.as_deref() == log) {
            let log = log.map(str::to_owned);
            self.applied.noticed.push(Finding { code: code.to_owned(), log, text, at: self.received });
        }
    }

    /// What the report added.
    pub(super) fn finish(self) -> Applied {
        self.applied
    }
}

/// Hours, which come in order, as days.
fn by_day<'a>(hours: impl Iterator<Item = (&'a Hour, &'a u64)>) -> Vec<(Day, [u64; HOURS])> {
    let mut days: Vec<(Day, [u64; HOURS])> = Vec::new();
    for (hour, count) in hours {
        let (day, within) = Day::of(*hour);
        if days.last().is_none_or(|(last, _)| *last != day) {
            days.push((day, [0; HOURS]));
        }
        if let Some(slot) = days.last_mut().and_then(|(_, hours)| hours.get_mut(within)) {
            *slot = *count;
        }
    }
    days
}
