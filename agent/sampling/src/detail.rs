//! How much a scan learns of each event.

/// How much is learned of each event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Detail {
    /// Counts per event type, hour and host; `fields` stay empty.
    Counts,
    /// The same, and the fill of every field.
    Inventory,
}
