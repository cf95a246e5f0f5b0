//! Follows a log of lines: every line once, across rotation, restarts and accidents.
//!
//! [`Follower::poll`] passes on what is new, and says what happened to the file ([`Finding`]). What was passed on is
//! behind the [`Cursor`]; a follower made from it ([`Follower::resume`]) goes on there. Between polls the file that is
//! read stays open, so a renamed or deleted one is read to its end before the next one is begun. After a restart it is
//! searched among the log's rotated siblings, packed ones too, and all that came between follow, the oldest first.
//!
//! A file is never begun at its end unasked ([`Start::End`]), and read from its beginning only where it is proven to be
//! another one: by device, inode and birth, by the first bytes of what was read, and by the last ones.
//!
//! Wake-ups are the caller's: polling more often, or at the wrong moment, changes nothing.
//!
//! What to do is decided in `decide` from looks at files (`look`), which only `files` takes.

mod cursor;
mod decide;
mod files;
mod finding;
mod look;
mod names;
mod reading;
mod search;
mod source;
mod tail;

use std::{
    path::{Path, PathBuf},
    time::Duration,
};

use blindspot_telemetry::Clock;
use jiff::Timestamp;

pub(crate) use self::names::{Form, logs_of, unpacked};
pub use self::{
    cursor::{ANCHOR_BYTES, Cursor, FileId, HEAD_BYTES, Mark},
    finding::Finding,
    reading::{Chunk, Ending},
};
use self::{
    decide::Progress,
    files::Trouble,
    reading::{Account, Reading},
    search::{Found, Search},
};

/// Files that one poll goes through, at most.
const MAX_FILES: usize = 64;

/// How long a renamed file is usefully watched after it last grew, before the next one is begun. Its writer needs some
/// time to notice.
pub const GRACE: Duration = Duration::from_secs(5);

/// Where to begin a log that was never read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Start {
    /// With the oldest rotated sibling.
    Oldest,
    /// With the oldest rotated sibling that was written to since then.
    Since(Timestamp),
    /// With the first line of the file that has the log's name.
    Beginning,
    /// After its last line. Where there is no such file yet, the one that appears is read from its beginning.
    End,
}

/// What one poll may do.
#[derive(Clone, Copy)]
pub struct Turn<'a> {
    /// Time.
    pub clock: &'a dyn Clock,
    /// Bytes after which to stop. One read more than that is possible.
    pub budget: u64,
}

/// What one poll did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Polled {
    /// Bytes that were passed on.
    pub bytes: u64,
    /// What is to be expected of the next poll.
    pub standing: Standing,
    /// What was noticed.
    pub findings: Vec<Finding>,
}

/// Where a follower stands after a poll.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// Everything was read.
    CaughtUp,
    /// There is more to read now: the budget was spent.
    Behind,
    /// A renamed or deleted file was read to its end. It is watched a while before the next one is begun.
    Draining,
    /// The file that was being read was not found. The next poll looks once more before it is given up.
    Searching,
    /// There is no file.
    Missing,
    /// The file may not be read.
    Denied,
    /// Something else than a file has the name.
    NotAFile,
    /// Reading failed.
    Unreadable,
}

/// Reads one log, wherever its lines go.
pub struct Follower {
    path: PathBuf,
    grace: Duration,
    state: State,
    /// The number of the file that was begun last.
    generation: u64,
    /// What stands in the log's place instead of a file, since when (monotonic), and whether that was told.
    trouble: Option<(Trouble, Duration, Told)>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Told {
    No,
    Yes,
}

enum State {
    /// Nothing was read yet.
    Fresh(Start),
    /// The file to go on with is not open.
    Seeking(Search),
    /// A file is open.
    Reading(Box<Reading>),
}

/// What to do after a step.
enum Step {
    /// Another one.
    Again(State),
    /// Nothing more in this poll.
    Rest(State, Standing),
}

impl Follower {
    /// Follows a log that was never read. `path` may be a link, and need not exist. `grace` is how long a renamed file
    /// is watched ([`GRACE`]).
    #[must_use]
    pub fn new(path: PathBuf, start: Start, grace: Duration) -> Self {
        Self { path, grace, state: State::Fresh(start), generation: 0, trouble: None }
    }

    /// Goes on where a cursor stands.
    #[must_use]
    pub fn resume(path: PathBuf, cursor: Cursor, grace: Duration) -> Self {
        let state = State::Seeking(Search::new(cursor, Progress::Unfinished));
        Self { path, grace, state, generation: 0, trouble: None }
    }

    /// The log's name.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Where reading stands; `None` where nothing was ever opened.
    #[must_use]
    pub fn cursor(&self) -> Option<Cursor> {
        match &self.state {
            State::Fresh(_) => None,
            State::Seeking(search) => Some(search.cursor.clone()),
            State::Reading(reading) => Some(reading.cursor()),
        }
    }

    /// Passes on what is new.
    pub fn poll(&mut self, turn: Turn<'_>, sink: &mut dyn FnMut(Chunk<'_>)) -> Polled {
        let mut account = Account::new(turn);
        let mut standing = Standing::Behind;
        for _ in 0..MAX_FILES {
            let state = std::mem::replace(&mut self.state, State::Fresh(Start::Beginning));
            let step = match state {
                State::Fresh(start) => self.first(start, &mut account),
                State::Seeking(search) => self.seek(search, &mut account),
                State::Reading(reading) => self.read(reading, &mut account, sink),
            };
            match step {
                Step::Again(state) => self.state = state,
                Step::Rest(state, rest) => {
                    self.state = state;
                    standing = rest;
                    break;
                }
            }
        }
        Polled { bytes: account.spent, standing, findings: account.findings }
    }

    fn first(&mut self, start: Start, account: &mut Account) -> Step {
        match search::first(&self.path, start, account) {
            Ok(reading) => self.begin(reading, account),
            // A file that appears later is new as a whole.
            Err(Trouble::Missing) if start == Start::End => {
                let standing = self.tell(Trouble::Missing, account);
                Step::Rest(State::Fresh(Start::Beginning), standing)
            }
            Err(trouble) => Step::Rest(State::Fresh(start), self.tell(trouble, account)),
        }
    }

    fn seek(&mut self, search: Search, account: &mut Account) -> Step {
        match search.go(&self.path, account) {
            Found::Continue(reading) => self.open(reading, account),
            Found::Begin(reading) => self.begin(reading, account),
            Found::Later(search) => Step::Rest(State::Seeking(search), Standing::Searching),
            Found::Trouble(search, trouble) => {
                Step::Rest(State::Seeking(search), self.tell(trouble, account))
            }
        }
    }

    fn begin(&mut self, reading: Reading, account: &Account) -> Step {
        self.generation += 1;
        self.open(reading, account)
    }

    /// A file that was written to lately may be written to again.
    fn open(&mut self, mut reading: Reading, account: &Account) -> Step {
        let age = reading.modified.map(|modified| account.wall.duration_since(modified));
        let age = age.and_then(|age| Duration::try_from(age).ok()).unwrap_or_default();
        reading.grew = account.now.saturating_sub(age);
        reading.generation = self.generation;
        Step::Again(State::Reading(Box::new(reading)))
    }

    /// What stands in the log's place instead of a file. It is told once it has stood there for the grace: a rotation
    /// takes the name away for a moment.
    fn tell(&mut self, trouble: Trouble, account: &mut Account) -> Standing {
        let now = account.now;
        let (since, told) = match self.trouble {
            Some((last, since, told)) if last == trouble => (since, told),
            _ => (now, Told::No),
        };
        let due = told == Told::No && now.saturating_sub(since) >= self.grace;
        self.trouble = Some((trouble, since, if due { Told::Yes } else { told }));
        let path = || self.path.clone();
        let (finding, standing) = match trouble {
            Trouble::Missing => (Finding::Vanished, Standing::Missing),
            Trouble::Denied => (Finding::Denied, Standing::Denied),
            Trouble::NotAFile => (Finding::NotAFile, Standing::NotAFile),
            Trouble::Failed(why) => (Finding::Unreadable { path: path(), why }, Standing::Unreadable),
        };
        account.findings.extend(due.then_some(finding));
        standing
    }
}
