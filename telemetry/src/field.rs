//! Field names of event types, and how often each was filled.

crate::exact_name! {
    /// The name of one field of an event type, as its writer spells it. `Data` is the name of unnamed `<Data>` elements.
    FieldName
}

/// How often one field of one event type held what. Events whose template lacks the name count in none of the three.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct FieldFill {
    /// Events in which it held a value. A number 0 is a value.
    pub filled: u64,
    /// Events in which it held a stand-in that says nothing: `-`, an all-zero GUID.
    pub placeholder: u64,
    /// Events in which it was declared and empty.
    pub empty: u64,
}

impl FieldFill {
    /// Events whose template declares the field.
    #[must_use]
    pub fn declared(&self) -> u64 {
        self.filled.saturating_add(self.placeholder).saturating_add(self.empty)
    }

    /// Adds what was counted elsewhere.
    pub fn add(&mut self, other: Self) {
        self.filled = self.filled.saturating_add(other.filled);
        self.placeholder = self.placeholder.saturating_add(other.placeholder);
        self.empty = self.empty.saturating_add(other.empty);
    }
}
