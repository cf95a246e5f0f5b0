//! The span of event time that a verdict speaks of.

use jiff::Timestamp;

use crate::inventory::Hour;

/// A span of event time. Without a start it is the whole history given.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Window {
    /// First moment that counts; `None` is "as far back as the logs go".
    pub from: Option<Timestamp>,
    /// Last moment that counts; `None` is "up to the newest record".
    pub to: Option<Timestamp>,
}

impl Window {
    /// Everything that was given.
    pub const ALL: Self = Self { from: None, to: None };

    /// True where any part of this hour lies in the window. Counts are kept by the hour, so an hour that the
    /// window's start cuts counts whole: a window is never shorter than asked.
    #[must_use]
    pub fn touches(&self, hour: Hour) -> bool {
        self.from.is_none_or(|from| Hour::of(from) <= hour) && self.to.is_none_or(|to| hour <= Hour::of(to))
    }
}
