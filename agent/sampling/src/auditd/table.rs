//! Names of numbers, one `number,name` a line.

use std::sync::OnceLock;

use super::head::number;

/// A table that is read when it is first asked.
#[derive(Debug)]
pub(super) struct Table {
    csv: &'static str,
    names: OnceLock<Vec<&'static str>>,
}

impl Table {
    pub(super) const fn new(csv: &'static str) -> Self {
        Self { csv, names: OnceLock::new() }
    }

    /// The name of a number.
    pub(super) fn name(&self, number: u64) -> Option<&'static str> {
        let names = self.names.get_or_init(|| by_number(self.csv));
        names.get(usize::try_from(number).ok()?).copied().filter(|name| !name.is_empty())
    }
}

/// The names, each at the place of its number.
fn by_number(csv: &'static str) -> Vec<&'static str> {
    let mut names = Vec::new();
    let lines = csv.lines().filter_map(|line| line.split_once(','));
    for (digits, name) in lines {
        let place = number(digits.as_bytes()).and_then(|number| u16::try_from(number).ok()).map(usize::from);
        if let Some(place) = place {
            names.resize(names.len().max(place + 1), "");
            names.splice(place..=place, [name]);
        }
    }
    names
}
