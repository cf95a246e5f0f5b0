//! What a field of one event held.

/// What a field held in one event. The order is from least to most.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Fill {
    /// Declared and empty.
    Empty,
    /// A stand-in that says nothing.
    Placeholder,
    /// A value.
    Filled,
}
