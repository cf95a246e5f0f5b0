//! The logs, read as they grow within a budget of processor time.

mod budget;

use std::{
    collections::{BTreeMap, BTreeSet},
    path::PathBuf,
    time::Duration,
};

use blindspot_sampling::{
    Detail,
    live::{Discovery, LiveLog, LiveOptions, Standing, Trouble, Turn},
    machine, settings,
};
use blindspot_telemetry::{Clock, SourceKind, SourceStatus};
use jiff::{SignedDuration, Timestamp};

pub use self::budget::Budget;
use crate::{config::Config, core::Core};

/// Bytes that one log may be read on by before the others have their turn.
const BYTES_A_TURN: u64 = 1 << 20;

/// How far reading has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reached {
    /// Everything that was written was read.
    End,
    /// There is more: once the budget allows, or a rotated file was watched for long enough.
    Behind,
}

/// Whose logs are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Whose {
    /// This machine's own, where they usually lie: what is not there is worth a word, and settings are looked at.
    Own,
    /// Those that are named.
    Named,
}

/// All logs that are read.
pub struct Sources {
    discovery: Discovery,
    options: LiveOptions,
    whose: Whose,
    off: Vec<SourceKind>,
    logs: BTreeMap<PathBuf, LiveLog>,
    /// Places of which the last look said that something is wrong.
    troubled: BTreeSet<PathBuf>,
}

impl Sources {
    /// The logs that a configuration names. None is opened yet.
    #[must_use]
    pub fn new(config: &Config, now: Timestamp) -> Self {
        let back = SignedDuration::from_hours(24 * i64::from(config.lookback_days));
        Self {
            discovery: Discovery::new(config.roots(), config.relays.clone()),
            options: LiveOptions {
                zone: config.time_zone(),
                detail: Detail::Inventory,
                lookback: now.checked_sub(back).ok(),
            },
            whose: if config.logs.is_empty() { Whose::Own } else { Whose::Named },
            off: config.off.iter().map(|kind| SourceKind::from(*kind)).collect(),
            logs: BTreeMap::new(),
            troubled: BTreeSet::new(),
        }
    }

    /// Looks which logs there are. New ones are read from where the core stands in them.
    pub fn discover(&mut self, core: &mut Core, now: Timestamp) {
        let found = self.discovery.look();
        for place in found.places {
            let path = place.path.clone();
            if self.is_off(core, place.kind) {
                core.not_read(&path.display().to_string(), SourceStatus::Disabled);
                self.logs.remove(&path);
            } else if !self.logs.contains_key(&path) {
                let cursor = core.cursor(&path.display().to_string());
                self.logs.insert(path, LiveLog::new(place, cursor, self.options.clone()));
            }
        }
        let mut troubles = found.troubles;
        if self.whose == Whose::Own {
            troubles.extend(absent(core));
        }
        let now_troubled: BTreeSet<PathBuf> = troubles.iter().map(|trouble| trouble.path.clone()).collect();
        for path in self.troubled.difference(&now_troubled).filter(|path| !self.logs.contains_key(*path)) {
            core.not_read(&path.display().to_string(), SourceStatus::Missing);
        }
        for trouble in troubles.iter().filter(|trouble| !self.logs.contains_key(&trouble.path)) {
            core.trouble(trouble, now);
        }
        self.troubled = now_troubled;
    }

    fn is_off(&self, core: &Core, kind: SourceKind) -> bool {
        self.off.contains(&kind) || core.off().contains(&kind)
    }

    /// Reads on in every log, in turns, until all that can be is read or the budget is spent.
    pub fn poll(&mut self, core: &mut Core, clock: &dyn Clock, budget: &mut Budget) -> Reached {
        let mut waiting: Vec<&mut LiveLog> = self.logs.values_mut().collect();
        let mut reached = Reached::End;
        while !waiting.is_empty() {
            let mut behind = Vec::new();
            for log in waiting {
                if budget.is_spent(clock.monotonic()) {
                    return Reached::Behind;
                }
                let began = clock.monotonic();
                let turn = log.poll(Turn { clock, budget: BYTES_A_TURN });
                let (standing, next_waits) = (turn.standing, turn.next_file_waits());
                core.count(log.place(), log.cursor(), turn, clock.wall());
                budget.spend(clock.monotonic().saturating_sub(began));
                if standing == Standing::Behind {
                    behind.push(log);
                } else if next_waits {
                    reached = Reached::Behind;
                }
            }
            waiting = behind;
        }
        if reached == Reached::End {
            core.covered(clock.wall());
        }
        reached
    }

    /// Looks at what the machine is set to record, where its own logs are read.
    pub fn look_at_settings(&self, core: &mut Core, now: Timestamp) {
        if self.whose == Whose::Named || cfg!(windows) {
            return;
        }
        let mut troubles = Vec::new();
        let files = machine::own_settings(&mut troubles);
        for trouble in troubles {
            core.note("settings_denied", Some(&trouble.place), &trouble.what, now);
        }
        core.set(settings::read(&files));
    }

    /// How many logs are read.
    #[must_use]
    pub fn len(&self) -> usize {
        self.logs.len()
    }

    /// True where no log is read.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.logs.is_empty()
    }
}

/// The sources that a machine is expected to have and that are not there.
fn absent(core: &Core) -> Vec<Trouble> {
    // What the last look said of an absent source is no source.
    let there = |status| !matches!(status, SourceStatus::Missing | SourceStatus::Denied);
    let sources: Vec<_> = core.sources().filter(|source| there(source.status)).cloned().collect();
    let troubles = machine::absent(&sources).into_iter().map(|absent| Trouble {
        advice: match absent.status {
            SourceStatus::Denied => machine::how_to_allow_agent(absent.kind).to_owned(),
            _ => absent.advice.unwrap_or("it is not installed here").to_owned(),
        },
        path: absent.path,
        status: absent.status,
        kind: absent.kind,
        holds: vec![absent.holds],
    });
    troubles.collect()
}

/// How often the loop reads.
pub const POLL_EVERY: Duration = Duration::from_secs(2);
