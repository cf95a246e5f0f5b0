//! One report at a time on its way, and when the next one goes.

use std::time::Duration;

use tokio::task::JoinHandle;

use crate::send::{Collector, Letter, Sent};

/// What is on its way.
pub(super) struct Post {
    /// Monotonic time of the next attempt.
    due: Duration,
    sending: Option<JoinHandle<(Letter, Sent)>>,
    /// A report that is to be sent again as it is.
    again: Option<Letter>,
    first: First,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum First {
    /// Waits until everything was read.
    Waits,
    Done,
}

impl Post {
    /// Nothing was sent yet. The first report goes when everything was read, or after `most`.
    pub(super) fn first(now: Duration, most: Duration) -> Self {
        Self { due: now + most, sending: None, again: None, first: First::Waits }
    }

    pub(super) fn everything_was_read(&mut self, now: Duration, wait: Duration) {
        if self.first == First::Waits {
            self.first = First::Done;
            self.due = self.due.min(now + wait);
        }
    }

    pub(super) fn is_due(&self, now: Duration) -> bool {
        self.sending.is_none() && now >= self.due
    }

    /// How long until the next attempt; long where one runs.
    pub(super) fn wait(&self, now: Duration) -> Duration {
        if self.sending.is_some() { Duration::MAX } else { self.due.saturating_sub(now) }
    }

    pub(super) fn try_after(&mut self, now: Duration, wait: Duration) {
        self.due = now + wait;
        self.first = First::Done;
    }

    pub(super) fn unanswered(&mut self) -> Option<Letter> {
        self.again.take()
    }

    pub(super) fn keep(&mut self, letter: Letter) {
        self.again = Some(letter);
    }

    pub(super) fn send(&mut self, collector: &Collector, letter: Letter) {
        let collector = collector.clone();
        self.sending = Some(tokio::spawn(async move {
            let sent = collector.send(&letter).await;
            (letter, sent)
        }));
    }

    /// The answer, once there is one.
    pub(super) async fn answer(&mut self) -> (Letter, Sent) {
        let Some(sending) = &mut self.sending else { return std::future::pending().await };
        let answer = sending.await;
        self.sending = None;
        match answer {
            Ok(answer) => answer,
            // Only where the runtime ends.
            Err(_) => std::future::pending().await,
        }
    }
}
