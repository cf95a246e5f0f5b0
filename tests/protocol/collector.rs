//! A collector: the real decision and the real merge over a database that is a value.

use std::collections::BTreeMap;

use blindspot_store::{AgentState, Decision, HostRecord, Progress, days::Days, decide};
use blindspot_telemetry::{
    EventType, Hour,
    census::Tally,
    wire::{Ack, RefusalCode, Report, ReportKind, ServerEpoch},
};
use jiff::Timestamp;

use crate::machine::Packet;

/// What a database holds.
#[derive(Debug, Clone)]
pub(crate) struct Database {
    pub(crate) state: AgentState,
    progress: Option<Progress>,
    record: Option<HostRecord>,
    days: Days,
}

#[derive(Debug, Clone)]
pub(crate) struct Collector {
    pub(crate) database: Database,
    pub(crate) epoch: ServerEpoch,
}

impl Collector {
    pub(crate) fn new(epoch: ServerEpoch) -> Self {
        let database =
            Database { state: AgentState::Active, progress: None, record: None, days: Days::new() };
        Self { database, epoch }
    }

    /// One report in one transaction: what the database holds once it is committed, and the answer.
    pub(crate) fn take(
        &self,
        packet: &Packet,
        received: Timestamp,
    ) -> (Database, Decision, Result<Ack, RefusalCode>) {
        let report = Report::from_json(&packet.body).unwrap();
        let mut database = self.database.clone();
        let (boot, envelope) = (&report.claim.boot, &packet.envelope);
        let decision = match database.state {
            AgentState::Active => decide(database.progress.as_ref(), envelope, &packet.hash, boot),
            AgentState::Quarantined => Decision::Quarantined,
            AgentState::Revoked => Decision::NotAllowed,
        };
        let is_new = database.record.is_none();
        match decision {
            Decision::Store => {
                database.merge(&report, received, HostRecord::apply);
                let after = Progress::after(database.progress.take(), envelope, packet.hash, boot);
                database.progress = Some(after);
            }
            Decision::LateDuplicate => database.merge(&report, received, HostRecord::apply_late),
            Decision::Cloned => database.state = AgentState::Quarantined,
            _ => {}
        }
        let ack = Ack {
            epoch: envelope.epoch,
            seq: envelope.seq,
            server_epoch: self.epoch,
            now_ms: received.as_millisecond(),
            next_in_s: 300,
            want_snapshot: (is_new && decision == Decision::Store && report.kind == ReportKind::Changes)
                || envelope.server_epoch != self.epoch,
            off: Vec::new(),
        };
        (database, decision, decision.refusal().map_or(Ok(ack), Err))
    }

    /// An administrator lets the agent report again, as `Store::set_agent_state` does.
    pub(crate) fn release(&mut self) {
        self.database.state = AgentState::Active;
        self.database.progress = None;
    }
}

type Apply = fn(&mut HostRecord, &Report, Timestamp) -> blindspot_store::record::Applied;

impl Database {
    fn merge(&mut self, report: &Report, received: Timestamp, apply: Apply) {
        let record = self.record.get_or_insert_with(|| HostRecord::new(report.claim.clone(), received));
        let applied = apply(record, report, received);
        record.keep_newest_hours(received);
        for (day, hours) in applied.days {
            self.days.entry(day).or_default().merge(hours);
        }
    }

    /// What is known of the host, by event type.
    pub(crate) fn known(&self) -> BTreeMap<EventType, Tally> {
        let mut logs = self.record.as_ref().map(|record| record.logs.clone()).unwrap_or_default();
        for (day, hours) in &self.days {
            hours.fill(*day, Hour(i64::MIN), &mut logs);
        }
        assert!(logs.len() <= 1 && logs.iter().all(|log| log.computers.len() <= 1));
        logs.into_iter().flat_map(|log| log.computers).flat_map(|computer| computer.event_types).collect()
    }
}
