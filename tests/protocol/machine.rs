//! One machine: its log, its clock, its disk, and the agent's real core on it.

use std::collections::BTreeMap;

use blindspot_agent::core::{Core, Occasion, Outgoing, Sender, Slot, State};
use blindspot_sampling::{
    live::{EvtxCursor, LogCursor, LogForm, LogPlace, LogTurn, Standing},
    text::Format,
};
use blindspot_telemetry::{
    EventType, FieldFill, Hour, Observed, SourceId, SourceKind,
    wire::{
        Ack, AgentId, Claim, Envelope, Epoch, RefusalCode, ServerEpoch, envelope::body_hash,
        report::Footprint,
    },
};
use jiff::Timestamp;

use crate::ledger::Ledger;

pub(crate) const AGENT: AgentId = AgentId([1; 16]);
pub(crate) const PATH: &str = "/var/log/syslog";
/// What an agent keeps of its log by the hour.
const KEPT: i64 = blindspot_telemetry::census::HOURS_KEPT;

/// One event, as it stands in the log.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Event {
    pub(crate) program: usize,
    pub(crate) hour: i64,
}

/// A report as it is on the wire, so that a copy has the same bytes.
#[derive(Debug, Clone)]
pub(crate) struct Packet {
    pub(crate) envelope: Envelope,
    pub(crate) body: Vec<u8>,
    pub(crate) hash: [u8; 32],
}

/// What a restart finds.
#[derive(Debug, Clone, Default)]
pub(crate) struct Disk {
    pub(crate) newest: Option<State>,
    pub(crate) older: Option<State>,
    /// True where a slot vouches for what is not there.
    pub(crate) torn: bool,
}

/// A machine with an agent.
#[derive(Debug, Clone)]
pub(crate) struct Machine {
    pub(crate) core: Core,
    pub(crate) disk: Disk,
    pub(crate) log: Vec<Event>,
    /// What lies before this was rotated away.
    pub(crate) first: usize,
    pub(crate) boot: u64,
    /// How far the clock is ahead, in milliseconds.
    pub(crate) ahead_ms: i64,
    /// What waits for its answer, and how often it was sent.
    pub(crate) waits: Option<(Packet, u32)>,
}

pub(crate) fn at_ms(ms: i64) -> Timestamp {
    Timestamp::from_millisecond(ms).unwrap()
}

pub(crate) fn program(number: usize) -> EventType {
    EventType::Syslog { program: format!("p{number}").as_str().into() }
}

fn place() -> LogPlace {
    LogPlace {
        path: PATH.into(),
        form: LogForm::Text(Format::Syslog),
        kind: SourceKind::Syslog,
        holds: vec![SourceId::Syslog],
        stream: None,
        relay: false,
    }
}

fn seen(event: Event) -> Observed {
    let time = Hour(event.hour).start();
    // Half of the programs' events have the field in every second hour only.
    let filled = u64::from(event.program.is_multiple_of(2) || event.hour % 2 == 0);
    let fill = FieldFill { filled, placeholder: 0, empty: 1 - filled };
    Observed {
        count: 1,
        first: time,
        last: time,
        hours: BTreeMap::from([(Hour(event.hour), 1)]),
        fields: BTreeMap::from([("pid".into(), fill)]),
    }
}

impl Machine {
    pub(crate) fn new(epoch: Epoch, server_epoch: ServerEpoch) -> Self {
        Self {
            core: Core::new(AGENT, epoch, server_epoch),
            disk: Disk::default(),
            log: Vec::new(),
            first: 0,
            boot: 1,
            ahead_ms: 0,
            waits: None,
        }
    }

    pub(crate) fn now(&self, true_ms: i64) -> Timestamp {
        at_ms(true_ms + self.ahead_ms)
    }

    fn stands(&self) -> usize {
        position(&self.core)
    }

    /// Reads on, and tells the ledger under which clock it did.
    pub(crate) fn read(&mut self, events: usize, true_ms: i64, ledger: &mut Ledger) {
        let now = self.now(true_ms);
        let from = self.stands().max(self.first).min(self.log.len());
        let to = (from + events).min(self.log.len());
        let mut types: BTreeMap<EventType, Observed> = BTreeMap::new();
        for event in self.log.get(from..to).unwrap_or_default() {
            let seen = seen(*event);
            types.entry(program(event.program)).and_modify(|known| known.merge(&seen)).or_insert(seen);
            ledger.was_read(*event, Hour::of(now).0, Hour::of(at_ms(true_ms)).0);
        }
        let standing = if to == self.log.len() { Standing::CaughtUp } else { Standing::Behind };
        let turn = LogTurn {
            computers: vec![(Some("web1".into()), types)],
            records: (to - from) as u64,
            ..LogTurn::new(standing)
        };
        let cursor = LogCursor::Evtx(EvtxCursor { record_id: to as u64, ..EvtxCursor::default() });
        self.core.count(&place(), Some(cursor), turn, now);
        if standing == Standing::CaughtUp {
            self.core.covered(now);
        }
        self.core.forget(now);
        ledger.were_forgotten(Hour::of(now).0 - KEPT);
    }

    /// A checkpoint that the disk has.
    pub(crate) fn store(&mut self) {
        let (mark, state) = self.core.checkpoint().unwrap();
        self.core.stored(mark);
        self.disk =
            Disk { older: self.disk.newest.replace(state), newest: self.disk.newest.take(), torn: false };
    }

    /// A checkpoint that fails half-way: the slot that it went to is not whole.
    pub(crate) fn fail_to_store(&mut self) {
        let _lost = self.core.checkpoint().unwrap();
        self.core.note("state_not_durable", None, "disk full", at_ms(0));
        self.disk.older = None;
        self.disk.torn = true;
    }

    /// What the agent does when a report is due. `disk_holds`: whether the checkpoint before it succeeds.
    pub(crate) fn send(&mut self, true_ms: i64, disk_holds: bool, occasion: Occasion) -> Option<Packet> {
        if let Some((packet, sent)) = &mut self.waits {
            *sent += 1;
            return Some(packet.clone());
        }
        if disk_holds {
            self.store();
        } else {
            self.fail_to_store();
        }
        let outgoing = self.core.report(occasion, self.sender(), self.now(true_ms))?;
        let packet = packet(&outgoing, self.now(true_ms).as_millisecond());
        self.waits = Some((packet.clone(), 1));
        Some(packet)
    }

    fn sender(&self) -> Sender {
        let [name, platform, machine, version] = ["web1", "linux", "00", "1"].map(str::to_owned);
        let claim = Claim { name, platform, machine, boot: self.boot.to_string(), version };
        Sender { claim, interval_s: 300, footprint: Footprint::default() }
    }

    /// Nobody answered: the same bytes once more, then a new report.
    pub(crate) fn unanswered(&mut self) {
        if self.waits.as_ref().is_some_and(|(_, sent)| *sent > 1) {
            self.waits = None;
            self.core.abandon();
        }
    }

    /// The answer to this report, if it is still waited for. True where more is to be told at once.
    pub(crate) fn answered(
        &mut self,
        packet: &Packet,
        answer: &Result<Ack, RefusalCode>,
        fresh: Epoch,
        true_ms: i64,
    ) -> bool {
        if self.waits.as_ref().is_none_or(|(waits, _)| waits.hash != packet.hash) {
            return false;
        }
        self.waits = None;
        match answer {
            Ok(ack) => self.core.acknowledged(ack, self.now(true_ms), 0.0),
            Err(code) => {
                self.core.refused(*code, fresh, self.now(true_ms));
                false
            }
        }
    }

    /// Starts the agent from what the disk has; `fresh` is its epoch where that is nothing.
    pub(crate) fn start(&mut self, fresh: Epoch, server_epoch: ServerEpoch) {
        self.waits = None;
        let slot = if self.disk.torn { Slot::Older } else { Slot::Newest };
        self.core = match self.disk.newest.clone() {
            Some(state) => Core::restore(state, AGENT, slot).unwrap(),
            None => Core::new(AGENT, fresh, server_epoch),
        };
    }

    /// The slot that was written last is found torn.
    pub(crate) fn lose_newest_slot(&mut self) -> bool {
        let Some(older) = self.disk.older.take() else { return false };
        self.disk = Disk { newest: Some(older), older: None, torn: true };
        true
    }

    /// Rotates away what is behind the cursors of both slots.
    pub(crate) fn rotate(&mut self) {
        let slots = [&self.disk.newest, &self.disk.older];
        let stands = |state: &&Option<State>| {
            let state = (*state).clone()?;
            Some(position(&Core::restore(state, AGENT, Slot::Newest).unwrap()))
        };
        let behind: Vec<usize> = slots.iter().filter_map(stands).collect();
        if behind.len() == 2 {
            self.first = self.first.max(behind.into_iter().min().unwrap_or_default());
        }
    }

    /// True where it reads on without a gap.
    pub(crate) fn reads_on(&self) -> bool {
        self.stands() >= self.first
    }

    pub(crate) fn has_read_all(&self) -> bool {
        self.stands() >= self.log.len()
    }
}

fn position(core: &Core) -> usize {
    match core.cursor(PATH) {
        Some(LogCursor::Evtx(cursor)) => usize::try_from(cursor.record_id).unwrap(),
        _ => 0,
    }
}

fn packet(outgoing: &Outgoing, sent_ms: i64) -> Packet {
    let Outgoing { agent, epoch, seq, server_epoch, .. } = *outgoing;
    let body = outgoing.report.to_json().unwrap();
    let envelope = Envelope { agent, epoch, seq, server_epoch, sent_ms };
    Packet { envelope, hash: body_hash(&body), body }
}
