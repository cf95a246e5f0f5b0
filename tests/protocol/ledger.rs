//! What was written, and what of it a collector must know exactly in the end.

use std::collections::{BTreeMap, BTreeSet};

use blindspot_telemetry::{EventType, FieldName, Hour, census::Tally};

use crate::machine::{Event, program};

/// Hours that agent and collector both know to be past, whatever minute it is.
const NOT_AHEAD: i64 = 0;
/// The collector takes no hour further ahead of its own clock for one.
const COLLECTOR_AHEAD: i64 = 23;

/// Every event that was written, by program and hour.
#[derive(Debug, Default)]
pub(crate) struct Ledger {
    counts: BTreeMap<(usize, i64), u64>,
    /// Hours that were read while they lay ahead of a clock: their events are undated, or dated, or both.
    ahead: BTreeSet<(usize, i64)>,
    /// Hours that were too old by the agent's clock at some moment: their events are in the totals.
    too_old: BTreeSet<(usize, i64)>,
    /// True where events were rotated away unread, or two histories of one machine share an hour.
    pub(crate) torn: bool,
}

impl Ledger {
    pub(crate) fn wrote(&mut self, event: Event) {
        *self.counts.entry((event.program, event.hour)).or_default() += 1;
    }

    pub(crate) fn was_read(&mut self, event: Event, agent_hour: i64, true_hour: i64) {
        if event.hour > agent_hour + NOT_AHEAD || event.hour > true_hour + COLLECTOR_AHEAD {
            self.ahead.insert((event.program, event.hour));
        }
    }

    pub(crate) fn were_forgotten(&mut self, before: i64) {
        self.too_old.extend(self.counts.keys().filter(|(_, hour)| *hour <= before));
    }

    fn total(&self, wanted: usize) -> u64 {
        self.counts.iter().filter(|((number, _), _)| *number == wanted).map(|(_, count)| count).sum()
    }

    /// At any moment: nothing is known that was not written.
    pub(crate) fn holds(&self, known: &BTreeMap<EventType, Tally>) {
        for number in 0..PROGRAMS {
            let Some(tally) = known.get(&program(number)) else { continue };
            for (hour, count) in &tally.hours {
                let written = self.counts.get(&(number, hour.0)).copied().unwrap_or_default();
                assert!(*count <= written, "p{number} hour {}: {count} known, {written} written", hour.0);
            }
            let written = self.total(number);
            assert!(tally.count <= written, "p{number}: {} known, {written} written", tally.count);
            assert!(tally.undated <= written, "p{number}: {} undated, {written} written", tally.undated);
            let fill = tally.fields.get(&FieldName::new("pid")).copied().unwrap_or_default();
            assert!(fill.filled <= written && fill.empty <= written, "p{number}: {fill:?} of {written}");
        }
    }

    /// In the end, when everything was read and told: all that was written is known, to the event.
    pub(crate) fn equals(&self, known: &BTreeMap<EventType, Tally>) -> u64 {
        if self.torn {
            return 0;
        }
        let mut exact = 0;
        for (&(number, hour), &written) in &self.counts {
            let tally = known.get(&program(number)).cloned().unwrap_or_default();
            if !self.ahead.contains(&(number, hour)) && !self.too_old.contains(&(number, hour)) {
                let count = tally.hours.get(&Hour(hour)).copied().unwrap_or_default();
                assert_eq!(count, written, "p{number} hour {hour}");
                exact += 1;
            }
        }
        for number in 0..PROGRAMS {
            if self.ahead.iter().any(|(ahead, _)| *ahead == number) {
                continue;
            }
            let written = self.total(number);
            let tally = known.get(&program(number)).cloned().unwrap_or_default();
            assert_eq!((tally.count, tally.undated), (written, 0), "p{number}");
            let filled = self
                .counts
                .iter()
                .filter(|((wanted, hour), _)| *wanted == number && (number % 2 == 0 || hour % 2 == 0));
            let filled: u64 = filled.map(|(_, count)| count).sum();
            let fill = tally.fields.get(&FieldName::new("pid")).copied().unwrap_or_default();
            assert_eq!(
                (fill.filled, fill.placeholder, fill.empty),
                (filled, 0, written - filled),
                "p{number}"
            );
            let hours = || self.counts.keys().filter(|(wanted, _)| *wanted == number).map(|(_, hour)| *hour);
            let span = hours()
                .min()
                .zip(hours().max())
                .map(|(first, last)| (Hour(first).start(), Hour(last).start()));
            assert_eq!(tally.span, span, "p{number}");
        }
        exact
    }
}

/// Programs that write.
pub(crate) const PROGRAMS: usize = 6;
