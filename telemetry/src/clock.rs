//! Time as a parameter: everything that asks "when" takes a [`Clock`].

use std::time::Duration;

use jiff::Timestamp;

/// Wall and monotonic time.
pub trait Clock: Send + Sync {
    /// The current wall-clock time.
    fn wall(&self) -> Timestamp;
    /// Time since an arbitrary fixed point; never runs backwards.
    fn monotonic(&self) -> Duration;
}

/// The operating system's clock.
#[derive(Debug, Clone, Copy)]
pub struct SystemClock {
    started: std::time::Instant,
}

impl SystemClock {
    /// A clock whose monotonic time counts from now.
    #[must_use]
    #[expect(clippy::disallowed_methods, reason = "the one marked spot that reads real time")]
    pub fn new() -> Self {
        Self { started: std::time::Instant::now() }
    }
}

impl Default for SystemClock {
    fn default() -> Self {
        Self::new()
    }
}

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "the one marked spot that reads real time")]
    fn wall(&self) -> Timestamp {
        Timestamp::now()
    }

    fn monotonic(&self) -> Duration {
        self.started.elapsed()
    }
}
