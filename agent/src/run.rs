//! The agent at work: read, store, report, until told to stop.

mod post;
pub mod status;

use std::{sync::Arc, time::Duration};

use blindspot_telemetry::{
    Clock,
    wire::{Claim, Epoch, RefusalCode},
};
use tokio::{sync::watch, time::timeout};

use self::{post::Post, status::Status};
use crate::{
    config::Config,
    core::{
        Core, Occasion, Sender,
        timing::{self, Dice, Failures},
    },
    host,
    identity::{Identity, IdentityError, Key, random16},
    send::{Collector, Letter, LetterError, Sent, SetUpError},
    sources::{Budget, POLL_EVERY, Reached, Sources},
    state::{Found, StateError, StateFolder},
};

/// How often logs are looked for.
const DISCOVER_EVERY: Duration = Duration::from_secs(5);
/// How often settings are looked at.
const SETTINGS_EVERY: Duration = Duration::from_secs(600);
/// How long counts may be in memory only.
const STORE_EVERY: Duration = Duration::from_secs(10);
/// How long the last report may take.
const LAST_WORDS: Duration = Duration::from_secs(5);
/// The first report waits until everything was read, but not longer than this.
const FIRST_REPORT: Duration = Duration::from_secs(30);
/// A clock further away from the collector's than this is worth a word.
const SKEW_MS: i64 = 5 * 60 * 1000;

/// How the agent ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ended {
    /// It was told to.
    Stopped,
    /// It takes more memory than it may, and is to be started again.
    TooLarge,
}

/// Why an agent does not run.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// Who it is.
    #[error(transparent)]
    Identity(#[from] IdentityError),
    /// Its state.
    #[error(transparent)]
    State(#[from] StateError),
    /// The way to the collector.
    #[error("the way to the collector cannot be set up")]
    SetUp(#[from] SetUpError),
}

/// An agent.
pub struct Agent {
    config: Config,
    clock: Arc<dyn Clock>,
    core: Core,
    folder: StateFolder,
    sources: Sources,
    budget: Budget,
    key: Key,
    claim: Claim,
    collector: Collector,
    status: Status,
    interval_s: u32,
    failures: Failures,
    due: Due,
}

/// When things are done next, in monotonic time.
#[derive(Debug, Clone, Copy, Default)]
struct Due {
    discover: Duration,
    settings: Duration,
    store: Duration,
}

impl Agent {
    /// Opens what a configuration names: identity, state, the way to the collector. Nothing is read or sent yet.
    ///
    /// # Errors
    /// Why it cannot run.
    pub fn open(config: Config, clock: Arc<dyn Clock>) -> Result<Self, RunError> {
        let identity = Identity::read(&config.state_dir)?;
        let key = Key::open(&config.state_dir)?;
        let (folder, found) = StateFolder::open(&config.state_dir)?;
        let core = core_of(&identity, found, &*clock)?;
        let authority = identity.authority_der();
        let collector = Collector::new(&identity.url, authority.as_deref(), config.proxy.as_deref())?;
        Ok(Self {
            sources: Sources::new(&config, clock.wall()),
            budget: Budget::percent(config.limits.cpu_percent),
            claim: host::claim(config.name.as_deref()),
            status: Status::new(&identity, clock.wall()),
            interval_s: config.interval_s,
            failures: Failures::default(),
            due: Due::default(),
            config,
            clock,
            core,
            folder,
            key,
            collector,
        })
    }

    /// Works until `stop` turns true.
    pub async fn run(mut self, mut stop: watch::Receiver<bool>) -> Ended {
        let mut post = Post::first(self.clock.monotonic(), FIRST_REPORT);
        loop {
            let reached = self.work();
            if reached == Reached::End {
                post.everything_was_read(self.clock.monotonic(), self.first_wait());
            }
            if self.is_too_large() {
                self.core.note(
                    "too_large",
                    None,
                    "the agent took more memory than it may and starts again",
                    self.clock.wall(),
                );
                self.store();
                return Ended::TooLarge;
            }
            self.mail(&mut post);
            // Reading waits no longer than the next thing that is due.
            let until = post.wait(self.clock.monotonic()).min(POLL_EVERY);
            let pause = async {
                tokio::select! {
                    sent = post.answer() => Some(sent),
                    () = tokio::time::sleep(until) => None,
                }
            };
            tokio::select! {
                sent = pause => if let Some(sent) = sent { self.answered(&mut post, sent) },
                _ = stop.changed() => {}
            }
            if *stop.borrow() {
                self.last_words().await;
                return Ended::Stopped;
            }
        }
    }

    /// Everything that needs no network.
    fn work(&mut self) -> Reached {
        let now = self.clock.monotonic();
        if now >= self.due.discover {
            self.due.discover = now + DISCOVER_EVERY;
            self.sources.discover(&mut self.core, self.clock.wall());
            self.core.forget(self.clock.wall());
        }
        if now >= self.due.settings {
            self.due.settings = now + SETTINGS_EVERY;
            self.sources.look_at_settings(&mut self.core, self.clock.wall());
        }
        let reached = self.sources.poll(&mut self.core, &*self.clock, &mut self.budget);
        if self.core.is_unsaved() && now >= self.due.store {
            self.due.store = now + STORE_EVERY;
            self.store();
        }
        reached
    }

    /// Puts on disk what is counted. Where that fails, counting goes on, and reports say so.
    fn store(&mut self) {
        let stored = self.core.checkpoint().map_err(|error| StateError::Write(error.into())).and_then(
            |(mark, state)| {
                self.folder.store(&state)?;
                Ok(mark)
            },
        );
        match stored {
            Ok(mark) => self.core.stored(mark),
            Err(error) => {
                let why = crate::chain(&error);
                tracing::error!(error = why, "counts are in memory only");
                let text = format!(
                    "counts are in memory only: {why}; make room in the state folder, or let the agent write there"
                );
                self.core.note("state_not_durable", None, &text, self.clock.wall());
            }
        }
    }

    /// Sends a report where one is due.
    fn mail(&mut self, post: &mut Post) {
        let now = self.clock.monotonic();
        if !post.is_due(now) {
            return;
        }
        if let Some(letter) = post.unanswered() {
            return post.send(&self.collector, letter);
        }
        match self.letter(Occasion::Regular) {
            Ok(Some(letter)) => post.send(&self.collector, letter),
            Ok(None) => post.try_after(now, STORE_EVERY),
            Err(error) => {
                tracing::error!(error = crate::chain(&error), "a report could not be made");
                self.core.refused(RefusalCode::TooLarge, self.fresh_epoch(), self.clock.wall());
                post.try_after(now, timing::until_rest());
            }
        }
    }

    /// The next report, of what is on disk.
    fn letter(&mut self, occasion: Occasion) -> Result<Option<Letter>, LetterError> {
        self.store();
        let sender = Sender {
            claim: self.claim.clone(),
            interval_s: self.interval_s,
            footprint: host::footprint(&self.config.state_dir),
        };
        let Some(outgoing) = self.core.report(occasion, sender, self.clock.wall()) else { return Ok(None) };
        let letter = Letter::new(&outgoing, &self.key, self.clock.wall().as_millisecond())?;
        self.status.sent(letter.size());
        Ok(Some(letter))
    }

    /// What the collector answered, and what follows.
    fn answered(&mut self, post: &mut Post, (letter, sent): (Letter, Sent)) {
        let (now, wall) = (self.clock.monotonic(), self.clock.wall());
        let wait = match sent {
            Sent::Stored(ack) => {
                self.failures = Failures::default();
                self.skew(ack.now_ms);
                self.interval_s = ack.next_in_s.clamp(timing::MIN_INTERVAL_S, timing::MAX_INTERVAL_S);
                let more = self.core.acknowledged(&ack, wall, dice().0);
                self.status.stored(wall, self.core.backlog());
                if more {
                    timing::until_rest()
                } else {
                    timing::until_next(self.core.identity().0, self.interval_s, wall, dice())
                }
            }
            Sent::Refused(refusal, retry_after) => {
                tracing::warn!(code = ?refusal.code, message = refusal.message, "a report was refused");
                self.failures.not_allowed += u32::from(refusal.code == RefusalCode::NotAllowed);
                self.status.failed(wall, &refusal.message);
                self.core.refused(refusal.code, self.fresh_epoch(), wall);
                if matches!(refusal.code, RefusalCode::TooOften | RefusalCode::Unavailable) {
                    post.keep(letter);
                }
                timing::until_after(refusal.code, self.failures, retry_after, dice())
            }
            Sent::Lost(why) => {
                tracing::warn!(why, "a report was not answered");
                self.failures.lost += 1;
                self.status.failed(wall, &why);
                // The same bytes once more; after that a new report, whose time is true.
                if self.failures.lost == 1 {
                    post.keep(letter);
                } else {
                    self.core.abandon();
                }
                timing::until_retry(self.failures.lost, dice())
            }
        };
        self.write_status();
        post.try_after(now, wait);
    }

    fn skew(&mut self, collector_ms: i64) {
        let ahead = self.clock.wall().as_millisecond().saturating_sub(collector_ms);
        if ahead.abs() > SKEW_MS {
            let text = format!(
                "this machine's clock is {} s {} the collector's: set one of them right (chronyc tracking, w32tm /query /status)",
                ahead.abs() / 1000,
                if ahead > 0 { "ahead of" } else { "behind" }
            );
            self.core.note("clock_skew", None, &text, self.clock.wall());
        }
    }

    fn first_wait(&self) -> Duration {
        let most = Duration::from_secs(u64::from(self.interval_s) / 10).min(FIRST_REPORT);
        most.mul_f64(dice().0)
    }

    fn is_too_large(&self) -> bool {
        let most = self.config.limits.rss_mb.saturating_mul(1 << 20);
        host::rss_bytes().is_some_and(|taken| taken > most)
    }

    fn fresh_epoch(&self) -> Epoch {
        random16().map_or(self.core.identity().1, Epoch)
    }

    fn write_status(&mut self) {
        let sources: Vec<_> = self.core.sources().cloned().collect();
        if let Err(error) =
            self.status.write(&self.config.state_dir, &sources, host::footprint(&self.config.state_dir))
        {
            tracing::warn!(error = error.to_string(), "the status file could not be written");
        }
    }

    /// What was read last is stored and told, and that silence after it is expected.
    async fn last_words(mut self) {
        self.budget = Budget::percent(100);
        self.sources.poll(&mut self.core, &*self.clock, &mut self.budget);
        self.core.abandon();
        match self.letter(Occasion::LastWill) {
            Ok(Some(letter)) => match timeout(LAST_WORDS, self.collector.send(&letter)).await {
                Ok(Sent::Stored(ack)) => {
                    self.core.acknowledged(&ack, self.clock.wall(), 0.5);
                    self.store();
                }
                Ok(Sent::Refused(refusal, _)) => {
                    tracing::warn!(message = refusal.message, "the last report was refused")
                }
                Ok(Sent::Lost(why)) => tracing::warn!(why, "the last report was not answered"),
                Err(_) => tracing::warn!("the last report was not answered in time"),
            },
            Ok(None) => {}
            Err(error) => tracing::warn!(error = crate::chain(&error), "the last report could not be made"),
        }
    }
}

fn core_of(identity: &Identity, found: Found, clock: &dyn Clock) -> Result<Core, IdentityError> {
    let begin =
        || Ok::<_, IdentityError>(Core::new(identity.agent, Epoch(random16()?), identity.server_epoch));
    let lost = |why: &str| -> Result<Core, IdentityError> {
        let mut core = begin()?;
        let text = format!("{why}: counting begins anew with the oldest that is left of each log");
        tracing::warn!(text);
        core.note("state_lost", None, &text, clock.wall());
        Ok(core)
    };
    match found {
        Found::Nothing => begin(),
        Found::Lost => lost("both copies of the stored state are damaged"),
        Found::State(state, slot) => match Core::restore(*state, identity.agent, slot) {
            Ok(core) => Ok(core),
            Err(error) => lost(&crate::chain(&error)),
        },
    }
}

/// A number for one decision; half where the operating system gives none.
fn dice() -> Dice {
    let number = random16()
        .map_or(u64::MAX / 2, |bytes| u64::from_le_bytes(bytes.first_chunk().copied().unwrap_or_default()));
    #[expect(clippy::cast_precision_loss, reason = "a die needs no more than 53 bits")]
    Dice(number as f64 / u64::MAX as f64)
}
