//! What could not be understood, where, and what to do about it.

use std::fmt;

/// One thing that was not understood. It stands beside the result; it never stops an import.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Problem {
    /// The file, and the place in it where that is known.
    pub place: String,
    /// What is wrong and, where there is one, the next step.
    pub what: String,
}

impl Problem {
    /// A problem at a place.
    #[must_use]
    pub fn new(place: impl Into<String>, what: impl Into<String>) -> Self {
        Self { place: place.into(), what: what.into() }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.place, self.what)
    }
}
