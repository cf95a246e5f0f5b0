//! What a core holds, in the form in which it is stored.
//!
//! The counts are written as the snapshot that a report would hold, so that there is one written form of counts. Beside
//! it stands what no report says: where reading stands, and what the collector does not know yet.

use std::collections::BTreeMap;

use blindspot_sampling::live::LogCursor;
use blindspot_telemetry::{
    HostName, Hour, SourceKind,
    census::{ComputerCensus, LogCensus},
    wire::{
        AgentId, Claim, Epoch, Report, ReportKind, ServerEpoch,
        report::{Footprint, ReadError},
    },
};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{
    Core, Mark, SEQ_BLOCK, SEQ_LEAP, SLOTS, Slot,
    counted::{Counted, Revision},
    findings::Findings,
    log::{Computer, Log},
};

/// What is restored was changed before anything that is counted from now on.
const RESTORED: Revision = 1;

/// A core as it is stored. Fields that are added later have a default.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct State {
    agent: AgentId,
    epoch: Epoch,
    server_epoch: ServerEpoch,
    /// No report has a number from here on.
    seq_limit: u64,
    snapshot_due: Timestamp,
    #[serde(default)]
    collector_time: Timestamp,
    #[serde(default)]
    off: Vec<String>,
    #[serde(default)]
    covered: Vec<(Timestamp, Timestamp)>,
    #[serde(default)]
    settings_untold: bool,
    /// One entry for each log of `census`, in its order.
    logs: Vec<SavedLog>,
    /// Counts, settings and findings: a report's JSON.
    census: String,
}

/// What a report does not say of a log.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct SavedLog {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    cursor: Option<LogCursor>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    last_name: Option<String>,
    #[serde(default)]
    uncounted: u64,
    present: Timestamp,
    /// Changes that no stored report holds: the computer's place, the event type's place, the hours.
    #[serde(default)]
    untold: Vec<(usize, usize, Vec<i64>)>,
}

/// Why a state cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum ReadStateError {
    /// The counts are not of a form that this version reads.
    #[error("the counts of the stored state cannot be read")]
    Census(#[from] ReadError),
    /// Two parts of it contradict each other.
    #[error("the stored state is not whole: it lists {logs} logs and the counts of {counted}")]
    NotWhole {
        /// Logs listed.
        logs: usize,
        /// Logs with counts.
        counted: usize,
    },
    /// It belongs to another agent.
    #[error("the stored state is that of agent {0}")]
    OtherAgent(AgentId),
}

impl Core {
    /// What is to be stored now, with the mark to hand to [`Core::stored`] once it is.
    ///
    /// # Errors
    /// Where the counts cannot be written as JSON, which no value that can be counted causes.
    pub fn checkpoint(&mut self) -> serde_json::Result<(Mark, State)> {
        if self.next_seq.saturating_add(SEQ_BLOCK / 2) >= self.seq_limit {
            self.seq_limit = self.next_seq.saturating_add(SEQ_BLOCK);
        }
        let words = || String::new();
        let census = Report {
            kind: ReportKind::Snapshot,
            claim: Claim {
                name: words(),
                platform: words(),
                machine: words(),
                boot: words(),
                version: words(),
            },
            interval_s: 0,
            coverage: None,
            logs: self.logs.values().map(whole).collect(),
            settings: self.settings.clone(),
            findings: self.findings.waiting(),
            footprint: Footprint::default(),
        };
        let state = State {
            agent: self.agent,
            epoch: self.epoch,
            server_epoch: self.server_epoch,
            seq_limit: self.seq_limit,
            snapshot_due: self.snapshot_due,
            collector_time: self.collector_time,
            off: self.off.iter().map(|kind| kind.as_str().to_owned()).collect(),
            covered: self.covered.iter().copied().collect(),
            settings_untold: self.settings_touched.is_some(),
            logs: self.logs.values().map(SavedLog::new).collect(),
            census: String::from_utf8_lossy(&census.to_json()?).into_owned(),
        };
        Ok((Mark { revision: self.revision, seq_limit: self.seq_limit }, state))
    }

    /// The disk has what this mark came with: it may be told from now on.
    pub fn stored(&mut self, mark: Mark) {
        self.durable = mark;
        self.stores_due = self.stores_due.saturating_sub(1);
        self.unsaved = self.revision != mark.revision || self.stores_due > 0;
    }

    /// The core that was stored.
    ///
    /// # Errors
    /// Where the state is another agent's, not whole, or of a form that this version does not read.
    pub fn restore(state: State, agent: AgentId, slot: Slot) -> Result<Self, ReadStateError> {
        if state.agent != agent {
            return Err(ReadStateError::OtherAgent(state.agent));
        }
        let census = Report::from_json(state.census.as_bytes())?;
        if census.logs.len() != state.logs.len() {
            return Err(ReadStateError::NotWhole { logs: state.logs.len(), counted: census.logs.len() });
        }
        let logs = census.logs.into_iter().zip(state.logs).map(|(census, saved)| saved.restore(census));
        let (leap, stores_due) = if slot == Slot::Older { (SEQ_LEAP, SLOTS) } else { (0, 0) };
        let mut core = Self::new(agent, state.epoch, state.server_epoch);
        core.next_seq = state.seq_limit.saturating_add(leap);
        core.seq_limit = core.next_seq;
        core.stores_due = stores_due;
        core.revision = RESTORED;
        core.durable = Mark { revision: RESTORED, seq_limit: 0 };
        core.logs = logs.map(|log| (log.source.path.clone(), log)).collect();
        core.settings_touched = census.settings.as_ref().filter(|_| state.settings_untold).map(|_| RESTORED);
        core.settings = census.settings;
        core.findings = Findings::from(census.findings);
        core.covered = state.covered.into();
        core.off = state.off.iter().filter_map(|word| SourceKind::parse(word)).collect();
        core.snapshot_due = state.snapshot_due;
        core.collector_time = state.collector_time;
        Ok(core)
    }
}

/// A log with all that it held.
fn whole(log: &Log) -> LogCensus {
    let computers = log.computers.iter().map(|computer| {
        let tallies = computer.types.iter().map(|(name, counted)| (name.clone(), counted.tally.clone()));
        ComputerCensus { name: computer.name.clone(), event_types: tallies.collect() }
    });
    LogCensus { source: log.source.clone(), computers: computers.collect(), ..log.outline() }
}

impl SavedLog {
    fn new(log: &Log) -> Self {
        let untold = log.computers.iter().enumerate().flat_map(|(index, computer)| {
            let places = computer.types.values().enumerate();
            places.filter(|(_, counted)| counted.touched.is_some()).map(move |(place, counted)| {
                (index, place, counted.hours.keys().map(|hour| hour.0).collect())
            })
        });
        Self {
            cursor: log.cursor.clone(),
            last_name: log.last_name.as_ref().map(ToString::to_string),
            uncounted: log.uncounted,
            present: log.present,
            untold: untold.collect(),
        }
    }

    fn restore(self, census: LogCensus) -> Log {
        let mut untold: BTreeMap<(usize, usize), Vec<i64>> =
            self.untold.into_iter().map(|(computer, place, hours)| ((computer, place), hours)).collect();
        let computers = census.computers.into_iter().enumerate().map(|(index, computer)| {
            let types = computer.event_types.into_iter().enumerate().map(|(place, (name, tally))| {
                let hours = untold.remove(&(index, place));
                let touched = hours.as_ref().map(|_| RESTORED);
                let hours = hours.into_iter().flatten().map(|hour| (Hour(hour), RESTORED)).collect();
                (name, Counted { tally, touched, hours })
            });
            Computer { name: computer.name, types: types.collect() }
        });
        Log {
            computers: computers.collect(),
            source: census.source,
            stream: census.stream,
            relay: census.relay,
            caught_up_until: census.caught_up_until,
            cursor: self.cursor,
            last_name: self.last_name.map(HostName::new),
            uncounted: self.uncounted,
            present: self.present,
        }
    }
}
