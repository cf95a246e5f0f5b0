//! Reports: what goes into one, and what its answer means for what is held.

use blindspot_telemetry::{
    EventType,
    census::LogCensus,
    wire::{
        Ack, AgentId, Claim, Epoch, RefusalCode, Report, ReportKind, Seq, ServerEpoch,
        report::{Finding, Footprint},
    },
};
use jiff::{SignedDuration, Timestamp};

use super::{Core, SLOTS, counted::Revision, log::Log, timing};

/// The most bytes of one report before it is packed. More than that is split.
pub const MAX_RAW_BYTES: usize = 1 << 20;
/// Reports are split no smaller than this, where the collector finds them too large.
const MIN_RAW_BYTES: usize = 32 << 10;
/// A new history of a collector is answered by a snapshot within this time: not all agents at once.
const SNAPSHOT_SPREAD: SignedDuration = SignedDuration::from_hours(1);

/// Why a report is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Occasion {
    /// It is time for one.
    Regular,
    /// The agent is being stopped in order.
    LastWill,
}

/// What a report says of its sender, besides what was counted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sender {
    /// The machine.
    pub claim: Claim,
    /// Seconds between two reports.
    pub interval_s: u32,
    /// What the agent takes of its host.
    pub footprint: Footprint,
}

/// A report to send, and the numbers that go into its envelope.
#[derive(Debug, Clone, PartialEq)]
pub struct Outgoing {
    /// The sender.
    pub agent: AgentId,
    /// Its history.
    pub epoch: Epoch,
    /// The report's number.
    pub seq: Seq,
    /// The collector's history that the agent saw last.
    pub server_epoch: ServerEpoch,
    /// The body.
    pub report: Report,
}

/// What waits for its answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct InFlight {
    seq: Seq,
    /// Changes up to this one are in it, of the event types listed.
    revision: Revision,
    told: Vec<(String, usize, EventType)>,
    settings: bool,
    findings: usize,
    covered: Option<(Timestamp, Timestamp)>,
    /// True for a part of a snapshot.
    snapshot: bool,
    /// True where something did not fit.
    more: bool,
}

/// The changes that fit into one report.
#[derive(Default)]
struct Part {
    logs: Vec<LogCensus>,
    told: Vec<(String, usize, EventType)>,
    more: bool,
}

impl Core {
    /// The next report; it is in flight from now on, until its answer. It tells only what is stored: where counts are
    /// not, it says that the agent lives. `None` where a report is in flight already, no reserved number is left, or the
    /// disk does not know enough.
    pub fn report(&mut self, occasion: Occasion, sender: Sender, now: Timestamp) -> Option<Outgoing> {
        if self.in_flight.is_some() || self.stores_due > 0 || self.next_seq >= self.durable.seq_limit {
            return None;
        }
        let durable = self.revision <= self.durable.revision;
        if durable && self.snapshot_is_due(now) && !self.snapshot_runs {
            self.touch_all();
            self.snapshot_runs = true;
        }
        let kind = match occasion {
            Occasion::LastWill => ReportKind::LastWill,
            Occasion::Regular if durable && self.snapshot_runs => ReportKind::Snapshot,
            Occasion::Regular => ReportKind::Changes,
        };
        let findings = self.findings.waiting();
        let part = if durable { self.part(&findings) } else { self.outlines() };
        let settings = self.settings.clone().filter(|_| durable && self.settings_touched.is_some());
        let covered = self.covered.front().copied().filter(|_| durable);
        let seq = Seq(self.next_seq);
        self.next_seq += 1;
        self.in_flight = Some(InFlight {
            seq,
            revision: self.revision,
            told: part.told,
            settings: settings.is_some(),
            findings: findings.len(),
            covered,
            snapshot: kind == ReportKind::Snapshot,
            more: part.more,
        });
        let report = Report {
            kind,
            claim: sender.claim,
            interval_s: sender.interval_s,
            coverage: covered,
            logs: part.logs,
            settings,
            findings,
            footprint: sender.footprint,
        };
        let (agent, epoch, server_epoch) = (self.agent, self.epoch, self.server_epoch);
        Some(Outgoing { agent, epoch, seq, server_epoch, report })
    }

    /// The report in flight is stored. True where there is more to tell at once. `spread`, from 0 to 1, says where in
    /// the time for snapshots this agent's falls.
    pub fn acknowledged(&mut self, ack: &Ack, now: Timestamp, spread: f64) -> bool {
        let answers = |flight: &mut InFlight| flight.seq == ack.seq && self.epoch == ack.epoch;
        let Some(flight) = self.in_flight.take_if(answers) else { return false };
        for (path, computer, name) in &flight.told {
            let log = self.logs.get_mut(path);
            let computer = log.and_then(|log| log.computers.get_mut(*computer));
            if let Some(counted) = computer.and_then(|computer| computer.types.get_mut(name)) {
                counted.confirm(flight.revision);
            }
        }
        if flight.settings {
            self.settings_touched = self.settings_touched.filter(|changed| *changed > flight.revision);
        }
        self.findings.told(flight.findings);
        self.told_coverage(flight.covered);
        if flight.snapshot && !flight.more {
            self.snapshot_runs = false;
            self.snapshot_due = timing::next_daily(self.agent, now);
        }
        self.off = ack.switched_off().collect();
        let said = Timestamp::from_millisecond(ack.now_ms).unwrap_or_default();
        self.collector_time = self.collector_time.max(said);
        if ack.server_epoch != self.server_epoch {
            self.server_epoch = ack.server_epoch;
            let within = SNAPSHOT_SPREAD.mul_f64(spread.clamp(0.0, 1.0));
            self.snapshot_due = self.snapshot_due.min(now.saturating_add(within).unwrap_or(now));
        }
        if ack.want_snapshot {
            self.snapshot_due = now;
            self.snapshot_runs = false;
        }
        self.unsaved = true;
        flight.more || self.covered.len() > 1 || ack.want_snapshot
    }

    /// The report in flight was refused. Where the collector only lacks time, the same one is sent again; otherwise
    /// the next one tells what it told.
    pub fn refused(&mut self, code: RefusalCode, fresh: Epoch, now: Timestamp) {
        match code {
            RefusalCode::TooOften | RefusalCode::Unavailable => return,
            RefusalCode::TooLarge | RefusalCode::TooMany => {
                self.split_bytes = (self.split_bytes / 2).max(MIN_RAW_BYTES);
            }
            RefusalCode::RolledBack => self.begin_epoch(fresh, now),
            _ => (),
        }
        self.in_flight = None;
    }

    /// Gives the report in flight up: the next one tells what it told.
    pub fn abandon(&mut self) {
        self.in_flight = None;
    }

    /// True while the report of this number waits for its answer.
    #[must_use]
    pub fn is_in_flight(&self, seq: Seq) -> bool {
        self.in_flight.as_ref().is_some_and(|flight| flight.seq == seq)
    }

    /// Makes the next report a snapshot.
    pub fn want_snapshot(&mut self, now: Timestamp) {
        self.snapshot_due = now;
    }

    fn begin_epoch(&mut self, fresh: Epoch, now: Timestamp) {
        self.epoch = fresh;
        self.stores_due = SLOTS;
        self.snapshot_due = now;
        self.snapshot_runs = false;
        self.unsaved = true;
        let text = "this machine's state is older than what the collector heard from it (restored from a snapshot or \
                    backup): counting goes on in a new epoch; nothing needs to be done if that is known";
        self.note("rolled_back", None, text, now);
    }

    fn snapshot_is_due(&mut self, now: Timestamp) -> bool {
        // A clock that was far ahead must not put the next one off.
        self.snapshot_due = self.snapshot_due.min(timing::next_daily(self.agent, now));
        self.snapshot_due <= now
    }

    fn touch_all(&mut self) {
        let revision = self.revision;
        self.logs.values_mut().flat_map(Log::counted_mut).for_each(|counted| counted.touch_all(revision));
        self.settings_touched = self.settings.as_ref().map(|_| revision);
    }

    /// As many changes as fit, at least one.
    fn part(&self, findings: &[Finding]) -> Part {
        let mut part = self.outlines();
        let texts: usize = findings.iter().map(|finding| finding.text.len() + 120).sum();
        let mut used: usize = self.logs.values().map(Log::weight).sum::<usize>() + texts;
        for (log, outline) in self.logs.values().zip(&mut part.logs) {
            for (index, name, counted) in log.counted().filter(|(_, _, counted)| counted.touched.is_some()) {
                let weight = counted.weight(name);
                if used + weight > self.split_bytes && !part.told.is_empty() {
                    part.more = true;
                    return part;
                }
                used += weight;
                if let Some(computer) = outline.computers.get_mut(index) {
                    computer.event_types.insert(name.clone(), counted.change());
                }
                part.told.push((log.source.path.clone(), index, name.clone()));
            }
        }
        part
    }

    fn outlines(&self) -> Part {
        Part { logs: self.logs.values().map(Log::outline).collect(), ..Part::default() }
    }

    fn told_coverage(&mut self, told: Option<(Timestamp, Timestamp)>) {
        let Some((from, to)) = told else { return };
        let running = self.covered.len() == 1;
        let Some(front) = self.covered.front_mut().filter(|front| front.0 == from) else { return };
        if running || front.1 > to {
            // It goes on from where it was told.
            front.0 = to;
        } else {
            self.covered.pop_front();
        }
    }
}
