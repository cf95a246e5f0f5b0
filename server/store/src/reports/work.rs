//! One agent on its way through a batch: what was loaded, what its reports change, what is to be written.

use std::collections::BTreeMap;

use blindspot_telemetry::{
    Settings,
    wire::{AgentId, ReportKind, report::Finding},
};
use jiff::Timestamp;

use super::{Arrival, Verdict};
use crate::{
    AgentState, Decision, HostFinding, HostRecord, Progress, StoreError,
    days::{Day, DayHours, Days},
    decide, pack,
    record::MAX_FINDINGS,
};

/// One agent within a batch.
pub(super) struct Work {
    state: AgentState,
    progress: Option<Progress>,
    record: Option<HostRecord>,
    /// What the reports of this batch count, by day.
    pub(super) days: Days,
    /// What is stored of these days.
    pub(super) stored_days: BTreeMap<Day, Vec<u8>>,
    /// Its record as it is stored.
    pub(super) packed: Option<Vec<u8>>,
    findings: Vec<Finding>,
    settings: Vec<(Timestamp, Settings)>,
    /// When the newest report was received, and how far the agent's clock is behind, where one was stored.
    reported: Option<(i64, i64)>,
    changed: bool,
}

/// All that is to be written of one agent.
pub(super) struct Rows {
    pub(super) id: AgentId,
    pub(super) state: AgentState,
    pub(super) progress: Option<Vec<u8>>,
    pub(super) reported: Option<(i64, i64)>,
    /// Machine, name, platform, version: as claimed; `None` where no record is known.
    pub(super) claim: Option<[String; 4]>,
    pub(super) record: Option<Vec<u8>>,
    pub(super) days: Vec<(Day, Vec<u8>)>,
    pub(super) settings: Vec<(i64, Vec<u8>)>,
    pub(super) findings: Vec<HostFinding>,
}

impl Work {
    pub(super) fn new(state: AgentState, progress: Option<&[u8]>) -> Self {
        Self {
            state,
            // One that cannot be read is one that is not known: the next report is taken, whatever its number.
            progress: progress.and_then(|packed| pack::progress::unpack(packed).ok()),
            record: None,
            days: Days::new(),
            stored_days: BTreeMap::new(),
            packed: None,
            findings: Vec::new(),
            settings: Vec::new(),
            reported: None,
            changed: false,
        }
    }

    /// Decides what becomes of a report, and merges it.
    pub(super) fn take(&mut self, arrival: &Arrival) -> Verdict {
        let Arrival { envelope, body_hash, received, report } = arrival;
        let boot = &report.claim.boot;
        let decision = match self.state {
            AgentState::Revoked => Decision::NotAllowed,
            AgentState::Quarantined => Decision::Quarantined,
            AgentState::Active => decide(self.progress.as_ref(), envelope, body_hash, boot),
        };
        let mut want_snapshot = false;
        match decision {
            Decision::Store => {
                want_snapshot = self.unpack(arrival) && report.kind == ReportKind::Changes;
                self.progress = Some(Progress::after(self.progress.take(), envelope, *body_hash, boot));
                self.merge(arrival, HostRecord::apply);
                let offset = received.as_millisecond().saturating_sub(envelope.sent_ms);
                self.reported = Some((received.as_millisecond(), offset));
                if let Some(record) = &mut self.record {
                    record.clock_offset_ms = offset;
                }
            }
            Decision::LateDuplicate => {
                self.unpack(arrival);
                self.merge(arrival, HostRecord::apply_late);
            }
            Decision::Cloned => {
                self.unpack(arrival);
                self.state = AgentState::Quarantined;
                self.notice("cloned", CLONED, *received);
            }
            Decision::RolledBack => {
                self.unpack(arrival);
                self.notice("rolled_back", ROLLED_BACK, *received);
            }
            Decision::Duplicate | Decision::Quarantined | Decision::NotAllowed => {}
        }
        let changed = !matches!(decision, Decision::Duplicate | Decision::Quarantined | Decision::NotAllowed);
        Verdict { agent: envelope.agent, decision, changed, want_snapshot }
    }

    /// Reads the record that is stored, when it is needed first. True where none is known.
    fn unpack(&mut self, arrival: &Arrival) -> bool {
        if self.record.is_some() {
            return false;
        }
        let stored = self.packed.take().map(|packed| pack::host::unpack(&packed));
        let was_broken = matches!(stored, Some(Err(_)));
        let known = stored.and_then(Result::ok);
        let is_new = known.is_none();
        let fresh = || HostRecord::new(arrival.report.claim.clone(), arrival.received);
        self.record = Some(known.unwrap_or_else(fresh));
        if was_broken {
            self.notice("record_unreadable", UNREADABLE, arrival.received);
        }
        is_new
    }

    fn merge(&mut self, arrival: &Arrival, apply: Apply) {
        let Some(record) = &mut self.record else { return };
        let applied = apply(record, &arrival.report, arrival.received);
        record.keep_newest_hours(arrival.received);
        for (day, hours) in applied.days {
            self.days.entry(day).or_default().merge(hours);
        }
        if applied.settings_changed {
            let settings = arrival.report.settings.clone().unwrap_or_default();
            self.settings.push((arrival.received, settings));
        }
        self.findings.extend(arrival.report.findings.iter().cloned().chain(applied.noticed));
        self.changed = true;
    }

    /// Notes a finding of the collector, unless it is the latest one already: who is refused tries again.
    fn notice(&mut self, code: &str, text: &str, at: Timestamp) {
        self.changed = true;
        let Some(record) = &mut self.record else { return };
        if record.findings.last().is_none_or(|last| last.code != code) {
            let finding = Finding { code: code.to_owned(), log: None, text: text.to_owned(), at };
            let over = (record.findings.len() + 1).saturating_sub(MAX_FINDINGS);
            record.findings.drain(..over);
            record.findings.push(finding.clone());
            self.findings.push(finding);
        }
    }

    /// What is to be written; nothing where nothing changed.
    pub(super) fn pack(&mut self, id: AgentId) -> Result<Option<Rows>, StoreError> {
        if !self.changed {
            return Ok(None);
        }
        let mut days = Vec::new();
        for (day, hours) in std::mem::take(&mut self.days) {
            // A day that cannot be read is begun anew: the agent's next snapshot holds it.
            let stored = self.stored_days.get(&day).and_then(|packed| pack::day::unpack(packed).ok());
            let mut merged: DayHours = stored.unwrap_or_default();
            if merged.merge(hours) {
                days.push((day, pack::day::pack(&merged)?));
            }
        }
        let settings = self
            .settings
            .iter()
            .map(|(at, settings)| Ok((at.as_millisecond(), pack::settings::pack(settings)?)));
        let claim =
            self.record.as_ref().map(|record| &record.claim).map(|claim| {
                [&claim.machine, &claim.name, &claim.platform, &claim.version].map(Clone::clone)
            });
        Ok(Some(Rows {
            id,
            state: self.state,
            progress: self.progress.as_ref().map(pack::progress::pack),
            reported: self.reported,
            claim,
            record: self.record.as_ref().map(pack::host::pack).transpose()?,
            days,
            settings: settings.collect::<Result<_, StoreError>>()?,
            findings: self.findings.drain(..).map(|finding| HostFinding { agent: id, finding }).collect(),
        }))
    }

    pub(super) fn into_record(self) -> Option<HostRecord> {
        self.record
    }
}

/// [`HostRecord::apply`] or [`HostRecord::apply_late`].
type Apply = fn(&mut HostRecord, &super::Report, Timestamp) -> crate::record::Applied;

const CLONED: &str = "two machines report under this identity, so that neither is believed: find the copy, enrol it \
                      with a token of its own, then release the agent";
const ROLLED_BACK: &str = "an older state of this machine reports again, as after a return to a snapshot: the agent \
                           begins anew, and nothing needs to be done";
const UNREADABLE: &str =
    "the stored record could not be read and was begun anew: the agent sends all that it holds";
