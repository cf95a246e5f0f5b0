//! What is kept of one agent's host, and how a report changes it. Pure: no database, no clock.

mod merging;

use std::collections::{HashMap, HashSet};

use blindspot_telemetry::{
    Hour, Settings, SourceStatus,
    census::{LogCensus, Tally},
    wire::{
        Claim, Report, ReportKind,
        report::{Finding, Footprint},
    },
};
use jiff::{SignedDuration, Timestamp};

use self::merging::Merging;
use crate::days::Days;

/// The most event types of one computer in one log that are kept.
pub const MAX_TYPES: usize = 2_000;
/// The most computers of one log that are kept.
pub const MAX_COMPUTERS: usize = 20_000;
/// The most logs of one host that are kept.
pub const MAX_LOGS: usize = 4_096;
/// The most findings that a record carries; all of them are in the database.
pub const MAX_FINDINGS: usize = 32;
/// Hours further ahead of the collector's clock than this are not taken for hours.
pub const MAX_AHEAD: SignedDuration = SignedDuration::from_hours(24);
/// Hours longer ago than this are in totals only.
pub const MAX_AGE: SignedDuration = SignedDuration::from_hours(15 * 24);

/// What is known of one agent's host.
#[derive(Debug, Clone, PartialEq)]
pub struct HostRecord {
    /// The machine, as the newest report names it.
    pub claim: Claim,
    /// The seconds between two reports that the agent works with.
    pub interval_s: u32,
    /// What the newest report was. After a last will silence is expected.
    pub kind: ReportKind,
    /// When the newest report was received, by the collector's clock.
    pub received: Timestamp,
    /// How far the agent's clock is behind the collector's, in milliseconds, the way of the report included.
    pub clock_offset_ms: i64,
    /// The logs: the newest state of each, with all that was ever counted in it.
    pub logs: Vec<LogCensus>,
    /// What the host is set to record; `None` where no report said.
    pub settings: Option<Settings>,
    /// When the settings last changed, by the collector's clock.
    pub settings_at: Option<Timestamp>,
    /// What the agent takes.
    pub footprint: Footprint,
    /// The unbroken span, up to the newest report that gave one, in which the agent was reading and had caught up.
    pub coverage: Option<(Timestamp, Timestamp)>,
    /// The latest findings, [`MAX_FINDINGS`] at most, the newest last.
    pub findings: Vec<Finding>,
}

/// What a report added beside the record itself.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Applied {
    /// What the collector noticed in the report: `clock_skew`, `cardinality`.
    pub noticed: Vec<Finding>,
    /// The hourly counts of the report, by day.
    pub days: Days,
    /// True where the settings differ from those that were known.
    pub settings_changed: bool,
}

impl HostRecord {
    /// A record of a host that has not reported.
    #[must_use]
    pub fn new(claim: Claim, received: Timestamp) -> Self {
        Self {
            claim,
            interval_s: 0,
            kind: ReportKind::Changes,
            received,
            clock_offset_ms: 0,
            logs: Vec::new(),
            settings: None,
            settings_at: None,
            footprint: Footprint::default(),
            coverage: None,
            findings: Vec::new(),
        }
    }

    /// Everything written up to here, in every log that can be read, was read. `None` where reading one of them never
    /// caught up, or none can be read.
    #[must_use]
    pub fn caught_up_until(&self) -> Option<Timestamp> {
        let read = |log: &&LogCensus| {
            matches!(log.source.status, SourceStatus::Read | SourceStatus::Empty | SourceStatus::Lagging)
        };
        self.logs.iter().filter(read).map(|log| log.caught_up_until).min().flatten()
    }

    /// Applies the newest report: its state is the host's, its counts are merged by the larger value.
    pub fn apply(&mut self, report: &Report, received: Timestamp) -> Applied {
        let settings_changed = report.settings.is_some() && report.settings != self.settings;
        if settings_changed {
            self.settings.clone_from(&report.settings);
            self.settings_at = Some(received);
        }
        self.claim.clone_from(&report.claim);
        self.interval_s = report.interval_s;
        self.kind = report.kind;
        self.received = received;
        self.footprint = report.footprint;
        self.coverage = match (self.coverage, report.coverage) {
            (Some(old), Some(new)) if new.0 <= old.1 => Some((old.0.min(new.0), new.1)),
            (old, new) => new.or(old),
        };
        let mut applied = self.merge_counts(report, received, Age::Newest);
        applied.settings_changed = settings_changed;
        self.leave_out_old_logs(report, received);
        self.findings.extend(report.findings.iter().chain(&applied.noticed).cloned());
        let over = self.findings.len().saturating_sub(MAX_FINDINGS);
        self.findings.drain(..over);
        applied
    }

    /// Applies a report that is not the newest one: its counts are merged, its state is not taken.
    pub fn apply_late(&mut self, report: &Report, received: Timestamp) -> Applied {
        self.merge_counts(report, received, Age::Late)
    }

    /// Keeps of each tally's hours the newest two that do not lie ahead of `received` by more than an hour. With their
    /// counts it can be told what was counted within the last 24 hours, or week.
    pub fn keep_newest_hours(&mut self, received: Timestamp) {
        let latest = Hour(Hour::of(received).0.saturating_add(1));
        for tally in self.tallies_mut() {
            if tally.hours.len() > 2 || tally.hours.last_key_value().is_some_and(|(hour, _)| *hour > latest) {
                let newest = tally.hours.range(..=latest).rev().take(2);
                tally.hours = newest.map(|(hour, count)| (*hour, *count)).collect();
            }
        }
    }

    pub(crate) fn tallies_mut(&mut self) -> impl Iterator<Item = &mut Tally> {
        let computers = self.logs.iter_mut().flat_map(|log| &mut log.computers);
        computers.flat_map(|computer| computer.event_types.values_mut())
    }

    fn merge_counts(&mut self, report: &Report, received: Timestamp, age: Age) -> Applied {
        let mut index: HashMap<String, usize> =
            self.logs.iter().enumerate().map(|(place, log)| (log.source.path.clone(), place)).collect();
        let mut merging = Merging::new(received);
        for log in &report.logs {
            let place = match index.get(&log.source.path) {
                Some(place) => *place,
                None if self.logs.len() >= MAX_LOGS => {
                    merging.too_many(None, "logs", MAX_LOGS);
                    continue;
                }
                None => {
                    index.insert(log.source.path.clone(), self.logs.len());
                    self.logs.push(LogCensus { computers: Vec::new(), ..log.clone() });
                    self.logs.len() - 1
                }
            };
            let Some(kept) = self.logs.get_mut(place) else { continue };
            if age == Age::Newest {
                kept.source.clone_from(&log.source);
                kept.stream.clone_from(&log.stream);
                kept.relay = log.relay;
                kept.caught_up_until = log.caught_up_until;
            }
            merging.log(kept, log);
        }
        merging.finish()
    }

    /// A log that the newest report does not name is not among those that are read any more. It is forgotten once its
    /// last event is too old for any hour to be known.
    fn leave_out_old_logs(&mut self, report: &Report, received: Timestamp) {
        let named: HashSet<&str> = report.logs.iter().map(|log| log.source.path.as_str()).collect();
        let oldest = received.saturating_sub(MAX_AGE).unwrap_or(Timestamp::MIN);
        self.logs.retain_mut(|log| {
            if named.contains(log.source.path.as_str()) {
                return true;
            }
            log.source.status = SourceStatus::NotGiven;
            let tallies = log.computers.iter().flat_map(|computer| computer.event_types.values());
            tallies.filter_map(|tally| tally.span).any(|(_, last)| last >= oldest)
        });
    }
}

/// Whether a report is the newest one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Age {
    Newest,
    Late,
}

#[cfg(test)]
mod tests;
