//! A machine, a network and a collector, and everything that can happen to them.

use blindspot_agent::core::Occasion;
use blindspot_store::{AgentState, Decision};
use blindspot_telemetry::wire::{Ack, Envelope, Epoch, RefusalCode, ServerEpoch};

use crate::{
    collector::{Collector, Database},
    ledger::{Ledger, PROGRAMS},
    machine::{Event, Machine, Packet, at_ms},
    random::Random,
};

/// Some moment of 2026, in milliseconds.
const START: i64 = 492_322 * 3_600_000 + 1_234_567;
const HOUR_MS: i64 = 3_600_000;
/// How long a request may be on its way: the agent gives up after a minute, the collector sooner, a proxy may be slower.
const ON_ITS_WAY_MS: i64 = 9 * 60_000;

/// What may happen in one history, beside what always may.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Crashes, lost and repeated reports, lost disks.
    Faults,
    /// And clocks that jump.
    Clocks,
    /// And machines and collectors that are set back.
    SetBack,
}

/// How often what happened, to show that it was tested.
#[derive(Debug, Default)]
pub(crate) struct Tried {
    pub(crate) stored: u64,
    pub(crate) duplicates: u64,
    pub(crate) late: u64,
    pub(crate) rolled_back: u64,
    pub(crate) cloned: u64,
    pub(crate) crashes: u64,
    pub(crate) restores: u64,
    pub(crate) clones: u64,
    pub(crate) exact_hours: u64,
}

pub(crate) struct World {
    kind: Kind,
    random: Random,
    pub(crate) machine: Machine,
    pub(crate) collector: Collector,
    pub(crate) ledger: Ledger,
    pub(crate) now_ms: i64,
    /// Reports on their way, and answers.
    requests: Vec<(i64, Packet)>,
    answers: Vec<(Packet, Result<Ack, RefusalCode>)>,
    backups: Vec<Database>,
    images: Vec<Machine>,
    /// True where a state of an epoch that was left came back, or a clock was set back: one that is alone may then be
    /// taken for two.
    may_look_cloned: bool,
}

impl World {
    pub(crate) fn new(seed: u64, kind: Kind) -> Self {
        let mut random = Random::new(seed);
        let server = ServerEpoch(random.bytes());
        Self {
            kind,
            machine: Machine::new(Epoch(random.bytes()), server),
            collector: Collector::new(server),
            random,
            ledger: Ledger::default(),
            now_ms: START,
            requests: Vec::new(),
            answers: Vec::new(),
            backups: Vec::new(),
            images: Vec::new(),
            may_look_cloned: false,
        }
    }

    /// Anything.
    pub(crate) fn step(&mut self, tried: &mut Tried) {
        self.now_ms += 1 + self.random.below(60_000) as i64;
        match self.random.below(100) {
            0..25 => self.write_events(),
            25..45 => self.read(),
            45..50 => self.machine.store(),
            50..52 => self.machine.fail_to_store(),
            52..64 => self.send(),
            64..75 => self.deliver(tried),
            75..87 => self.answer(),
            87..89 => self.drop_one(),
            89 => self.machine.rotate(),
            90..94 => self.crash(tried),
            94 => self.machine.unanswered(),
            95 => self.now_ms += self.random.below(5) as i64 * HOUR_MS,
            96 if self.kind != Kind::Faults => self.jump(),
            97 => self.lose_disk(tried),
            98 | 99 if self.kind == Kind::SetBack => self.set_back(tried),
            _ => {}
        }
        self.ledger.holds(&self.collector.database.known());
    }

    fn write_events(&mut self) {
        let here = self.machine.now(self.now_ms).as_second().div_euclid(3600);
        for _ in 0..=self.random.below(8) {
            let program = self.random.below(PROGRAMS as u64) as usize;
            let away = match self.random.below(40) {
                0 => -(self.random.below(320) as i64),
                1 => -340 - self.random.below(100) as i64,
                // Only the last program's clock is ahead.
                2 if program == PROGRAMS - 1 => 1 + self.random.below(60) as i64,
                _ => -(self.random.below(2) as i64),
            };
            let event = Event { program, hour: here + away };
            self.machine.log.push(event);
            self.ledger.wrote(event);
        }
    }

    fn read(&mut self) {
        let events = 1 + self.random.below(20) as usize;
        self.machine.read(events, self.now_ms, &mut self.ledger);
    }

    fn send(&mut self) {
        let disk_holds = self.random.below(20) > 0;
        let will = if self.random.below(20) == 0 { Occasion::LastWill } else { Occasion::Regular };
        if let Some(packet) = self.machine.send(self.now_ms, disk_holds, will) {
            for _ in 0..=u8::from(self.random.below(10) == 0) {
                self.requests.push((self.now_ms, packet.clone()));
            }
        }
    }

    /// One of the reports on their way arrives, in any order, and may do so again.
    fn deliver(&mut self, tried: &mut Tried) {
        let now = self.now_ms;
        self.requests.retain(|(at, _)| now - at <= ON_ITS_WAY_MS);
        let Some((sent, packet)) = self.random.pick(&self.requests) else { return };
        let again = self.random.below(8) == 0;
        self.requests.retain(|(at, other)| again || (*at, other.hash) != (sent, packet.hash));
        self.arrives(packet, tried);
    }

    fn arrives(&mut self, packet: Packet, tried: &mut Tried) {
        let (database, decision, answer) = self.collector.take(&packet, at_ms(self.now_ms));
        self.trace(&packet, decision);
        match decision {
            Decision::Store => tried.stored += 1,
            Decision::Duplicate => tried.duplicates += 1,
            Decision::LateDuplicate => tried.late += 1,
            Decision::RolledBack => tried.rolled_back += 1,
            Decision::Cloned => {
                tried.cloned += 1;
                assert!(self.may_look_cloned, "one machine was taken for two");
            }
            _ => {}
        }
        match self.random.below(20) {
            // The collector crashes before the commit: nothing happened.
            0 => return,
            // And after it: what is committed stays, nobody hears of it.
            1 => self.collector.database = database,
            _ => {
                self.collector.database = database;
                self.answers.push((packet, answer));
            }
        }
        if self.collector.database.state == AgentState::Quarantined {
            self.collector.release();
        }
    }

    /// With a seed of its own, a history is told.
    fn trace(&self, packet: &Packet, decision: Decision) {
        if std::env::var_os("BLINDSPOT_SEED").is_some() {
            let Envelope { epoch, seq, sent_ms, .. } = packet.envelope;
            let (now, sent) = (self.now_ms - START, sent_ms - START);
            println!("{now} ms: epoch {epoch} number {seq} sent at {sent}: {decision:?}");
        }
    }

    fn answer(&mut self) {
        let Some((packet, answer)) = self.random.pick(&self.answers) else { return };
        self.answers.retain(|(other, _)| other.hash != packet.hash);
        let fresh = Epoch(self.random.bytes());
        self.machine.answered(&packet, &answer, fresh, self.now_ms);
    }

    fn drop_one(&mut self) {
        if let Some((_, packet)) = self.random.pick(&self.requests) {
            self.requests.retain(|(_, other)| other.hash != packet.hash);
        }
        if let Some((packet, _)) = self.random.pick(&self.answers) {
            self.answers.retain(|(other, _)| other.hash != packet.hash);
        }
        self.machine.unanswered();
    }

    /// The agent dies; its machine restarts with it, or not.
    fn crash(&mut self, tried: &mut Tried) {
        tried.crashes += 1;
        match self.random.below(6) {
            // While it stored.
            0 => self.machine.fail_to_store(),
            1 => {
                self.machine.lose_newest_slot();
            }
            _ => {}
        }
        self.start();
    }

    fn start(&mut self) {
        self.machine.boot += self.random.below(2);
        let fresh = Epoch(self.random.bytes());
        self.machine.start(fresh, self.collector.epoch);
        self.ledger.torn |= !self.machine.reads_on();
    }

    fn jump(&mut self) {
        let hours = match self.random.below(20) {
            0 => 400,
            1..5 => 30,
            _ => 3,
        };
        let ahead = self.random.below(2 * hours * 3_600_000) as i64 - hours as i64 * HOUR_MS;
        self.may_look_cloned |= ahead < self.machine.ahead_ms;
        self.machine.ahead_ms = if self.random.below(3) == 0 { 0 } else { ahead };
    }

    fn lose_disk(&mut self, tried: &mut Tried) {
        if self.random.below(4) > 0 {
            return;
        }
        tried.restores += 1;
        self.machine.disk = Default::default();
        self.start();
    }

    fn set_back(&mut self, tried: &mut Tried) {
        match self.random.below(16) {
            0..5 => self.backups.push(self.collector.database.clone()),
            5..9 => self.images.push(self.machine.clone()),
            // A backup of the collector's database is restored.
            9..12 => {
                if let Some(database) = self.random.pick(&self.backups) {
                    tried.restores += 1;
                    self.collector = Collector { database, epoch: ServerEpoch(self.random.bytes()) };
                }
            }
            // The agent's state folder is restored; the log is as it is.
            12..15 => {
                if let Some(image) = self.random.pick(&self.images) {
                    tried.restores += 1;
                    self.may_look_cloned = true;
                    self.machine.disk = image.disk;
                    self.start();
                }
            }
            // The whole machine is set back, its memory with it: what it wrote since then is gone from it.
            _ => {
                if let Some(image) = self.random.pick(&self.images) {
                    tried.restores += 1;
                    self.may_look_cloned = true;
                    self.ledger.torn = true;
                    let boot = self.machine.boot;
                    self.machine = image;
                    if self.random.below(2) == 0 {
                        self.machine.boot = boot;
                        self.start();
                        self.machine.boot += 1;
                    }
                }
            }
        }
    }

    /// All is well again: everything is read, stored, sent and answered.
    pub(crate) fn quiet(&mut self, tried: &mut Tried) {
        self.machine.ahead_ms = 0;
        self.requests.clear();
        self.answers.clear();
        self.machine.waits = None;
        self.machine.core.abandon();
        // A snapshot comes within a day, whatever was restored.
        for _ in 0..60 {
            self.now_ms += 1_200_000;
            self.machine.read(usize::MAX >> 1, self.now_ms, &mut self.ledger);
            let Some(packet) = self.machine.send(self.now_ms, true, Occasion::Regular) else { continue };
            let (database, decision, answer) = self.collector.take(&packet, at_ms(self.now_ms));
            self.collector.database = database;
            if decision == Decision::Cloned {
                tried.cloned += 1;
                assert!(self.may_look_cloned, "one machine was taken for two");
                self.collector.release();
            }
            let fresh = Epoch(self.random.bytes());
            self.machine.answered(&packet, &answer, fresh, self.now_ms);
        }
        assert!(self.machine.has_read_all());
        assert_eq!(self.machine.core.backlog(), 0);
        let known = self.collector.database.known();
        self.ledger.holds(&known);
        tried.exact_hours += self.ledger.equals(&known);
    }

    /// The machine's disk is copied and both run and report in turns, with nothing lost, until the collector sees that
    /// they are two. Returns how many turns that took after the one in which both had reported.
    pub(crate) fn clone_machine(&mut self, tried: &mut Tried) -> u64 {
        tried.clones += 1;
        let mut copy = self.machine.clone();
        copy.boot += 1000;
        copy.start(Epoch(self.random.bytes()), self.collector.epoch);
        self.machine.waits = None;
        self.machine.core.abandon();
        if self.random.below(2) == 0 {
            self.start();
        }
        let mut machines = [self.machine.clone(), copy];
        for turn in 0..10 {
            if self.random.below(2) == 0 {
                machines.swap(0, 1);
            }
            for machine in &mut machines {
                self.now_ms += 1 + self.random.below(300_000) as i64;
                // As the agent does: after a fall-back it stores twice before it reports.
                let sent = machine.send(self.now_ms, true, Occasion::Regular);
                let sent = sent.or_else(|| machine.send(self.now_ms, true, Occasion::Regular));
                let packet = sent.expect("a report");
                let (database, decision, answer) = self.collector.take(&packet, at_ms(self.now_ms));
                self.collector.database = database;
                machine.answered(&packet, &answer, Epoch(self.random.bytes()), self.now_ms);
                self.trace(&packet, decision);
                if decision == Decision::Cloned {
                    assert_eq!(self.collector.database.state, AgentState::Quarantined);
                    let (_, decision, _) = self.collector.take(&packet, at_ms(self.now_ms));
                    assert_eq!(decision, Decision::Quarantined, "neither is believed");
                    return turn;
                }
            }
        }
        panic!("two machines were taken for one")
    }
}
