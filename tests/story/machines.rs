//! Machines whose logs are followed, and audited beside.

use std::{
    fs::{self, File},
    io::Write as _,
    path::{Path, PathBuf},
    sync::Arc,
};

use blindspot_telemetry::{Clock as _, clock::SystemClock};
use blindspot_tests::corpus::say_skipped_because;
use jiff::Timestamp;

use crate::{
    audited::Audited,
    compare::Offline,
    relay,
    wine::{self, Wine},
    workstation,
};

/// A machine.
pub struct Machine {
    /// Its agent's files.
    pub folder: PathBuf,
    /// Its logs, in a folder of their own.
    pub logs: PathBuf,
    /// Its name.
    pub name: &'static str,
    /// What its agent runs on.
    pub runs: Runs,
    /// True where its logs hold other machines' records.
    pub is_relay: bool,
    /// What is known of it whatever program looks.
    pub expect: fn(&Offline),
    began: Timestamp,
    writer: Writer,
}

/// What an agent runs on.
#[derive(Clone)]
pub enum Runs {
    /// This machine.
    Here,
    /// A Windows of the tests' own.
    UnderWine(Arc<Wine>),
}

/// Logs are written in three parts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Part {
    /// What is there when the agent comes.
    First,
    /// What comes while the agent is away.
    Second,
    /// What comes while it reads.
    Third,
}

impl Part {
    /// Every part, in their order.
    pub const ALL: [Self; 3] = [Self::First, Self::Second, Self::Third];

    /// How many minutes before the story its events end.
    pub fn end_minute(self) -> i64 {
        match self {
            Self::First => 180,
            Self::Second => 60,
            Self::Third => 1,
        }
    }
}

/// Writes a part of the logs. The story begins at this time.
type Writer = Box<dyn Fn(&Path, Part, Timestamp)>;

impl Machine {
    /// A machine whose logs these are.
    pub fn new(folder: &Path, name: &'static str, runs: Runs, writer: Writer) -> Self {
        let folder = folder.join(format!("{name}-agent"));
        let logs = folder.join("logs").join(name);
        fs::create_dir_all(&logs).expect("a folder");
        Self {
            folder,
            logs,
            name,
            runs,
            is_relay: false,
            expect: |_| (),
            began: SystemClock::new().wall(),
            writer,
        }
    }

    /// The same, with other machines' records in its logs.
    pub fn relaying(self) -> Self {
        Self { is_relay: true, ..self }
    }

    /// Writes a part of its logs.
    pub fn write(&self, part: Part) {
        (self.writer)(&self.logs, part, self.began);
    }
}

/// Writes a file over from its beginning: what stands there stays at every moment, as where a log grows.
pub fn overwrite(path: &Path, bytes: &[u8]) {
    let file = File::options().create(true).truncate(false).write(true).open(path);
    file.and_then(|mut file| file.write_all(bytes)).expect("a log is written");
}

/// Every machine that can be had here; what cannot is said.
pub fn all(folder: &Path) -> Vec<Machine> {
    let relay = Machine::new(folder, "relay-story", Runs::Here, Box::new(relay::write));
    let mut machines = vec![Machine { expect: relay::expect, ..relay.relaying() }];
    match wine::shared() {
        Some(wine) => {
            let writer = Box::new(workstation::write);
            let machine = Machine::new(folder, workstation::NAME, Runs::UnderWine(wine), writer);
            machines.push(Machine { expect: workstation::expect, ..machine });
        }
        None => say_skipped_because(&format!("{} is not set, no agent under Wine", wine::VARIABLE)),
    }
    // What was recorded says itself why it could not be.
    if let Some(audited) = Audited::record() {
        let writer = move |logs: &Path, part, _| audited.write(logs, part);
        let machine = Machine::new(folder, "lin-story", Runs::Here, Box::new(writer));
        machines.push(Machine { expect: Audited::expect, ..machine });
    }
    machines
}
