//! What the agent holds: counts, where reading stands, and what the collector does not know yet. Pure: no file, no
//! socket, no clock, no dice.
//!
//! The order that makes counts exact: [`count`](Core::count), store a [`checkpoint`](Core::checkpoint), say that it is
//! [`stored`](Core::stored), and only then [`report`](Core::report), which tells nothing that is not stored. Counts are
//! cumulative and the collector merges them by the larger value, so a report may be lost, repeated or late.
//!
//! Every change is numbered. A stored report confirms all changes up to its number, and nothing needs to be put back
//! where its answer is lost.

mod counted;
mod findings;
mod log;
mod outgoing;
mod saved;
#[cfg(test)]
mod tests;
pub mod timing;

use std::collections::{BTreeMap, VecDeque};

use blindspot_sampling::live::{LogCursor, LogPlace, LogTurn, Trouble};
use blindspot_telemetry::{
    Hour, Settings, Source, SourceKind, SourceStatus,
    census::HOURS_KEPT,
    wire::{
        AgentId, Epoch, ServerEpoch,
        report::{Finding, MAX_LOGS, MAX_TEXT_BYTES},
    },
};
use jiff::{SignedDuration, Timestamp};

use self::{
    counted::{Moment, Revision},
    findings::Findings,
    log::{Excess, Log, MAX_COUNTED},
    outgoing::InFlight,
};

pub use self::{
    outgoing::{MAX_RAW_BYTES, Occasion, Outgoing, Sender},
    saved::{ReadStateError, State},
};

/// How far in the future an event may lie before it counts as undated: clocks differ a little.
const TOLERANCE: SignedDuration = SignedDuration::from_mins(5);
/// A pause in reading of this length ends a span of coverage.
const COVERAGE_GAP: SignedDuration = SignedDuration::from_secs(60);
/// The most spans of coverage that wait to be told.
const MAX_SPANS: usize = 64;
/// Numbers of reports are reserved in blocks of this size.
const SEQ_BLOCK: u64 = 1024;
/// How many checkpoints are kept.
const SLOTS: u8 = 2;
/// What is added to the numbers where the older of two checkpoints had to be used: more than was ever reserved since.
const SEQ_LEAP: u64 = 1 << 20;

/// Everything that the agent holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Core {
    agent: AgentId,
    epoch: Epoch,
    server_epoch: ServerEpoch,
    /// The number of the next report.
    next_seq: u64,
    /// Numbers below this are reserved once the next checkpoint is stored.
    seq_limit: u64,
    /// The number of the last change of counts or settings.
    revision: Revision,
    durable: Mark,
    /// Checkpoints to store before another number is used: both slots have to know a new epoch, or a leap of numbers, or
    /// falling back to one of them would use numbers again.
    stores_due: u8,
    unsaved: bool,
    logs: BTreeMap<String, Log>,
    settings: Option<Settings>,
    settings_touched: Option<Revision>,
    findings: Findings,
    /// Spans in which everything was read, that no stored report holds; the oldest first.
    covered: VecDeque<(Timestamp, Timestamp)>,
    off: Vec<SourceKind>,
    /// The latest time that the collector said. A clock that is behind it is wrong: one that begins anew at every start,
    /// say, would put all that was logged before into the future.
    collector_time: Timestamp,
    /// When the next snapshot is due.
    snapshot_due: Timestamp,
    /// True while parts of a snapshot are sent.
    snapshot_runs: bool,
    split_bytes: usize,
    in_flight: Option<InFlight>,
}

/// What a checkpoint holds. Hand it to [`Core::stored`] once the disk has it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Mark {
    revision: Revision,
    seq_limit: u64,
}

/// Which checkpoint a core was restored from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Slot {
    /// The one that was stored last.
    Newest,
    /// The one before it: reports may have been sent after it.
    Older,
}

impl Core {
    /// The beginning of an epoch: nothing was counted, and a snapshot is due.
    #[must_use]
    pub fn new(agent: AgentId, epoch: Epoch, server_epoch: ServerEpoch) -> Self {
        Self {
            agent,
            epoch,
            server_epoch,
            next_seq: 1,
            seq_limit: 1,
            revision: 0,
            durable: Mark { revision: 0, seq_limit: 0 },
            stores_due: 0,
            unsaved: true,
            logs: BTreeMap::new(),
            settings: None,
            settings_touched: None,
            findings: Findings::default(),
            covered: VecDeque::new(),
            off: Vec::new(),
            collector_time: Timestamp::UNIX_EPOCH,
            snapshot_due: Timestamp::UNIX_EPOCH,
            snapshot_runs: false,
            split_bytes: MAX_RAW_BYTES,
            in_flight: None,
        }
    }

    /// Counts what one poll of a log read. `cursor` is where reading stands after it.
    pub fn count(&mut self, place: &LogPlace, cursor: Option<LogCursor>, turn: LogTurn, now: Timestamp) {
        let path = place.path.display().to_string();
        for finding in &turn.findings {
            self.note(finding.code, Some(&path), &finding.text, now);
        }
        let Some(log) = self.log(&path, place.kind, now) else { return };
        let before = (log.source.status, log.cursor.take());
        log.went(place, &turn, now);
        log.cursor = cursor;
        let moved = before.0 != log.source.status || before.1 != log.cursor;
        self.unsaved |= moved;
        if turn.records == 0 && turn.damaged == 0 && turn.computers.is_empty() {
            return;
        }
        self.revision += 1;
        self.unsaved = true;
        let at = self.moment(now);
        let mut room = MAX_COUNTED.saturating_sub(self.logs.values().map(Log::types).sum());
        let excess = self.logs.get_mut(&path).map(|log| log.count(turn, at, &mut room));
        self.note_excess(&path, excess.unwrap_or_default(), now);
    }

    /// Notes logs that are not there, or may not be looked at.
    pub fn trouble(&mut self, trouble: &Trouble, now: Timestamp) {
        let path = trouble.path.display().to_string();
        let Some(log) = self.log(&path, trouble.kind, now) else { return };
        let news = log.source.status != trouble.status || log.source.holds.is_empty();
        log.source.status = trouble.status;
        log.source.holds.clone_from(&trouble.holds);
        if trouble.status != SourceStatus::Missing {
            log.present = now;
        }
        if news {
            self.unsaved = true;
            self.note(&format!("source_{}", trouble.status.as_str()), Some(&path), &trouble.advice, now);
        }
    }

    /// Logs that are known and no longer read: switched off, or gone.
    pub fn not_read(&mut self, path: &str, status: SourceStatus) {
        if let Some(log) = self.logs.get_mut(path) {
            self.unsaved |= log.source.status != status;
            log.source.status = status;
        }
    }

    /// What the host is set to record, as found now.
    pub fn set(&mut self, settings: Settings) {
        if self.settings.as_ref() != Some(&settings) {
            self.revision += 1;
            self.settings = Some(settings);
            self.settings_touched = Some(self.revision);
            self.unsaved = true;
        }
    }

    /// Everything written up to now was read, of every log that can be.
    pub fn covered(&mut self, now: Timestamp) {
        match self.covered.back_mut() {
            Some((_, to)) if *to <= now && now.duration_since(*to) <= COVERAGE_GAP => *to = now,
            // An empty span says nothing that its successor does not.
            Some(last) if last.0 == last.1 => *last = (now, now),
            _ => {
                if self.covered.len() >= MAX_SPANS {
                    self.covered.pop_front();
                }
                self.covered.push_back((now, now));
            }
        }
    }

    /// Notes something that a person should know. What already waits to be told is not noted twice.
    pub fn note(&mut self, code: &str, log: Option<&str>, text: &str, now: Timestamp) {
        self.unsaved |= self.findings.note(code, log, text, now);
    }

    /// Forgets hours that are no longer kept, and logs that are long gone. What the collector never heard of hour by
    /// hour is a finding; its events stay in the totals.
    pub fn forget(&mut self, now: Timestamp) {
        let oldest = self.moment(now).oldest;
        let all = self.logs.values_mut().flat_map(Log::counted_mut);
        let untold: Vec<(Hour, Hour)> = all.filter_map(|counted| counted.forget_before(oldest)).collect();
        let (from, to) = (untold.iter().map(|span| span.0).min(), untold.iter().map(|span| span.1).max());
        if let (Some(from), Some(to)) = (from, to) {
            let (from, to) = (from.start(), Hour(to.0 + 1).start());
            let text = format!(
                "no collector took reports for {} days: counts from {from} to {to} are kept as totals, not by the \
                 hour; see `blindspot-agent status` and `blindspot-agent doctor`",
                HOURS_KEPT / 24
            );
            self.note("hours_coarsened", None, &text, now);
            self.unsaved = true;
        }
        let logs = self.logs.len();
        self.logs.retain(|_, log| !log.is_over(oldest.start()));
        self.unsaved |= logs != self.logs.len();
    }

    /// Where reading of a log stands.
    #[must_use]
    pub fn cursor(&self, path: &str) -> Option<LogCursor> {
        self.logs.get(path)?.cursor.clone()
    }

    /// Kinds of sources that the collector switched off.
    #[must_use]
    pub fn off(&self) -> &[SourceKind] {
        &self.off
    }

    /// The logs, as reports list them.
    pub fn sources(&self) -> impl Iterator<Item = &Source> {
        self.logs.values().map(|log| &log.source)
    }

    /// What was noticed and no stored report holds.
    #[must_use]
    pub fn findings(&self) -> Vec<Finding> {
        self.findings.waiting()
    }

    /// Event types with counts that no stored report holds.
    #[must_use]
    pub fn backlog(&self) -> usize {
        self.logs.values().flat_map(Log::counted).filter(|(_, _, counted)| counted.touched.is_some()).count()
    }

    /// The agent and its epoch.
    #[must_use]
    pub fn identity(&self) -> (AgentId, Epoch) {
        (self.agent, self.epoch)
    }

    /// True where there is something that a checkpoint should keep.
    #[must_use]
    pub fn is_unsaved(&self) -> bool {
        self.unsaved
    }

    fn moment(&self, now: Timestamp) -> Moment {
        let now = now.max(self.collector_time);
        let latest = Hour::of(now.saturating_add(TOLERANCE).unwrap_or(now));
        Moment { oldest: Hour(Hour::of(now).0 - HOURS_KEPT), latest, revision: self.revision }
    }

    /// The log of this path, which is added where a report has room for it.
    fn log(&mut self, path: &str, kind: SourceKind, now: Timestamp) -> Option<&mut Log> {
        if !self.logs.contains_key(path) {
            if self.logs.len() >= MAX_LOGS || path.len() > MAX_TEXT_BYTES {
                let text = format!(
                    "it is not counted: more than {MAX_LOGS} logs, or a path over {MAX_TEXT_BYTES} bytes"
                );
                self.note("log_left_out", Some(path), &text, now);
                return None;
            }
            let source = Source {
                path: path.to_owned(),
                kind,
                status: SourceStatus::Lagging,
                holds: Vec::new(),
                records: 0,
                damaged: 0,
                oldest: None,
                newest: None,
                size_bytes: None,
            };
            self.logs.insert(path.to_owned(), Log::new(source, now));
        }
        self.logs.get_mut(path)
    }

    fn note_excess(&mut self, path: &str, excess: Excess, now: Timestamp) {
        if excess.events > 0 {
            let text = "more event types or computers than are counted apart: further ones are counted without a type";
            self.note("cardinality", Some(path), text, now);
        }
        if excess.types > 0 {
            self.note(
                "cardinality",
                Some(path),
                "more fields than are counted: further ones are left out",
                now,
            );
        }
    }
}
