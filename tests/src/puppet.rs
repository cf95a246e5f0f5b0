//! An agent whose every move a test decides: its parts are the real ones, only the loop around them is not.

use std::{
    path::{Path, PathBuf},
    str::FromStr as _,
    sync::Arc,
    time::Duration,
};

use blindspot_agent::{
    cli::enroll::enroll,
    config::Config,
    core::{Core, Occasion, Outgoing, Sender},
    host,
    identity::{Identity, Key, random16},
    send::{Collector, Letter, Sent},
    sources::{Budget, Reached, Sources},
    state::{Found, StateError, StateFolder},
};
use blindspot_telemetry::{
    Clock,
    clock::SystemClock,
    wire::{EnrolmentString, Epoch, RefusalCode},
};
use tokio::runtime::{Builder, Runtime};

/// An agent.
pub struct Puppet {
    /// What it holds.
    pub core: Core,
    /// Its key.
    pub key: Key,
    identity: Identity,
    config: Config,
    folder: StateFolder,
    sources: Sources,
    road: Collector,
    clock: Arc<dyn Clock>,
    boot: String,
    runtime: Runtime,
}

fn runtime() -> Runtime {
    Builder::new_current_thread().enable_all().build().expect("a runtime")
}

/// Gets an identity for an agent whose state is in this folder.
///
/// # Panics
/// Where the collector gives none.
pub fn enrol(state: &Path, name: &str, string: &str) {
    let string = EnrolmentString::from_str(string).expect("an enrolment string");
    let config = Config { state_dir: state.to_owned(), name: Some(name.to_owned()), ..Config::default() };
    runtime().block_on(enroll(&config, &string)).expect("an identity");
}

/// Opens a state folder. A process that another test is starting holds a lock of the puppet before, between fork and
/// exec, for a moment.
fn opened(state: &Path) -> (StateFolder, Found) {
    for _ in 0..100 {
        match StateFolder::open(state) {
            Err(StateError::InUse(_)) => std::thread::sleep(Duration::from_millis(10)),
            other => return other.expect("a state folder"),
        }
    }
    panic!("a second long another agent works in {}", state.display());
}

impl Puppet {
    /// Starts the agent of a state folder, which reads the logs in another one. `url` replaces its collector's address.
    ///
    /// # Panics
    /// Where it cannot.
    #[must_use]
    pub fn start(state: &Path, logs: &Path, name: &str, url: Option<&str>) -> Self {
        let config = Config {
            state_dir: state.to_owned(),
            logs: vec![logs.to_owned()],
            name: Some(name.to_owned()),
            ..Config::default()
        };
        let clock: Arc<dyn Clock> = Arc::new(SystemClock::new());
        let identity = Identity::read(state).expect("an identity");
        let (folder, found) = opened(state);
        let core = match found {
            Found::State(state, slot) => Core::restore(*state, identity.agent, slot).expect("a state"),
            Found::Nothing | Found::Lost => Core::new(identity.agent, fresh(), identity.server_epoch),
        };
        let road = Collector::new(url.unwrap_or(&identity.url), identity.authority_der().as_deref(), None);
        Self {
            core,
            key: Key::open(state).expect("a key"),
            sources: Sources::new(&config, clock.wall()),
            road: road.expect("a way"),
            boot: host::claim(None).boot,
            runtime: runtime(),
            identity,
            config,
            folder,
            clock,
        }
    }

    /// Goes another way to its collector, or to another one of the same authority.
    ///
    /// # Panics
    /// Where that is none.
    pub fn go_by(&mut self, url: &str) {
        self.road = Collector::new(url, self.identity.authority_der().as_deref(), None).expect("a way");
    }

    /// Its operating system was started anew, as far as it says.
    pub fn reboot(&mut self, boot: &str) {
        boot.clone_into(&mut self.boot);
    }

    /// The folder of its state.
    #[must_use]
    pub fn state(&self) -> PathBuf {
        self.config.state_dir.clone()
    }

    /// Reads all that was written.
    pub fn read(&mut self) {
        self.sources.discover(&mut self.core, self.clock.wall());
        while self.sources.poll(&mut self.core, &*self.clock, &mut Budget::percent(100)) == Reached::Behind {
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// Puts on disk what it holds.
    ///
    /// # Panics
    /// Where the disk does not take it.
    pub fn store(&mut self) {
        let (mark, state) = self.core.checkpoint().expect("a state");
        self.folder.store(&state).expect("a disk");
        self.core.stored(mark);
    }

    /// The next report, which waits for its answer from now on.
    ///
    /// # Panics
    /// Where none can be made.
    #[must_use]
    pub fn outgoing(&mut self) -> Outgoing {
        // After a fall-back, both slots have to know.
        self.store();
        self.store();
        let mut claim = host::claim(self.config.name.as_deref());
        claim.boot.clone_from(&self.boot);
        let sender = Sender { claim, interval_s: 15, footprint: host::footprint(&self.config.state_dir) };
        self.core.report(Occasion::Regular, sender, self.clock.wall()).expect("a report")
    }

    /// It, written and signed now.
    ///
    /// # Panics
    /// Where it cannot be written.
    #[must_use]
    pub fn letter(&self, outgoing: &Outgoing) -> Letter {
        Letter::new(outgoing, &self.key, self.clock.wall().as_millisecond()).expect("a letter")
    }

    /// Sends a report as it was signed.
    #[must_use]
    pub fn send(&self, letter: &Letter) -> Sent {
        self.runtime.block_on(self.road.send(letter))
    }

    /// Takes an answer in. True where there is more to tell at once.
    pub fn answered(&mut self, sent: &Sent) -> bool {
        match sent {
            Sent::Stored(ack) => self.core.acknowledged(ack, self.clock.wall(), 0.0),
            Sent::Refused(refusal, _) => {
                self.core.refused(refusal.code, fresh(), self.clock.wall());
                if matches!(refusal.code, RefusalCode::TooOften | RefusalCode::Unavailable) {
                    self.core.abandon();
                }
                false
            }
            Sent::Lost(_) => {
                self.core.abandon();
                false
            }
        }
    }

    /// Reads, stores and reports once.
    pub fn report(&mut self) -> Sent {
        self.read();
        let outgoing = self.outgoing();
        let sent = self.send(&self.letter(&outgoing));
        self.answered(&sent);
        sent
    }

    /// Reports until the collector knows all that it holds.
    ///
    /// # Panics
    /// Where it never does.
    pub fn report_all(&mut self) {
        for _ in 0..40 {
            let sent = self.report();
            if matches!(&sent, Sent::Stored(ack) if !ack.want_snapshot) && self.core.backlog() == 0 {
                return;
            }
        }
        panic!("the collector does not take the reports");
    }
}

fn fresh() -> Epoch {
    Epoch(random16().expect("random numbers"))
}

/// The code of a refusal; `None` where it was none.
#[must_use]
pub fn refusal(sent: &Sent) -> Option<RefusalCode> {
    match sent {
        Sent::Refused(refusal, _) => Some(refusal.code),
        Sent::Stored(_) | Sent::Lost(_) => None,
    }
}
