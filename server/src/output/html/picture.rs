//! Bars and strips as numbers for SVG: the templates draw them.

use std::{collections::BTreeMap, fmt::Write as _};

use blindspot_coverage::{Verdict, VerdictCounts};
use blindspot_telemetry::Hour;

use super::words;

/// The width of a whole bar in its own units.
const BAR: usize = 1000;
/// Bars of one strip.
const BUCKETS: i64 = 48;
/// The height of a strip.
const HEIGHT: f64 = 16.0;

/// One coloured length of a bar.
pub(super) struct Slice {
    /// Where it begins.
    pub(super) x: usize,
    /// How long it is.
    pub(super) width: usize,
    /// The verdict's class.
    pub(super) class: &'static str,
    /// What it says when pointed at.
    pub(super) title: String,
}

/// Verdicts as lengths side by side.
pub(super) struct Bar {
    /// Best sight first.
    pub(super) slices: Vec<Slice>,
    /// The same in words.
    pub(super) label: String,
}

/// A bar of these counts. What is there at all is wide enough to be seen.
#[must_use]
pub(super) fn bar(counts: &VerdictCounts) -> Bar {
    let there: Vec<(Verdict, usize)> = counts.iter().filter(|(_, count)| *count > 0).collect();
    let total: usize = there.iter().map(|(_, count)| count).sum();
    let weight = |count: usize| count.max(total / 150 + usize::from(total > 0));
    let sum: usize = there.iter().map(|(_, count)| weight(*count)).sum::<usize>().max(1);
    let mut before = 0;
    let mut slices = Vec::with_capacity(there.len());
    for (verdict, count) in &there {
        let x = before * BAR / sum;
        before += weight(*count);
        let title = format!("{} {}", words::many(*count), words::word(*verdict));
        slices.push(Slice {
            x,
            width: (before * BAR / sum).saturating_sub(x),
            class: verdict.as_str(),
            title,
        });
    }
    let label = slices.iter().map(|slice| slice.title.as_str()).collect::<Vec<_>>().join(", ");
    Bar { slices, label }
}

/// The span that all strips of a page share, so that they can be compared.
#[derive(Clone, Copy)]
pub(super) struct Axis {
    from: i64,
    hours: i64,
}

/// Events over time.
pub(super) struct Strip {
    /// The path of its bars.
    pub(super) path: String,
    /// What it shows, in words.
    pub(super) label: String,
}

impl Axis {
    /// From this hour to that one.
    #[must_use]
    pub(super) fn new(from: Hour, to: Hour) -> Self {
        Self { from: from.0, hours: to.0.saturating_sub(from.0).saturating_add(1).max(1) }
    }

    /// Hours that one bar of a strip stands for.
    #[must_use]
    pub(super) fn hours_per_bar(self) -> String {
        if self.hours <= BUCKETS {
            return "1 h".to_owned();
        }
        let hours = self.hours / BUCKETS;
        if hours < 72 { format!("{hours} h") } else { format!("{} days", hours / 24) }
    }

    /// Bars whose height is the logarithm of the events in their hours.
    #[must_use]
    pub(super) fn strip(self, hours: &BTreeMap<Hour, u64>) -> Strip {
        let mut buckets: BTreeMap<i64, u64> = BTreeMap::new();
        for (hour, count) in hours {
            let place = hour.0.saturating_sub(self.from).clamp(0, self.hours - 1);
            let place =
                if self.hours <= BUCKETS { place } else { place.saturating_mul(BUCKETS) / self.hours };
            let sum = buckets.entry(place).or_default();
            *sum = sum.saturating_add(*count);
        }
        let most = buckets.values().copied().max().unwrap_or(0);
        let scale = (most as f64).ln_1p().max(f64::EPSILON);
        let mut path = String::new();
        for (place, count) in buckets.iter().filter(|(_, count)| **count > 0) {
            let height = 2.0 + (HEIGHT - 2.0) * (*count as f64).ln_1p() / scale;
            // Writing to a string cannot fail.
            let _ignored = write!(path, "M{} 16V{:.0}", place * 3 + 1, HEIGHT - height);
        }
        let live = hours.values().filter(|count| **count > 0).count();
        Strip { path, label: format!("in {live} of {} h", self.hours) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bar_is_whole_and_shows_the_smallest_share() {
        let mut counts = VerdictCounts::default();
        for _ in 0..5_000 {
            counts.add(Verdict::Sighted);
        }
        counts.add(Verdict::Blind);
        let bar = bar(&counts);
        assert_eq!(bar.slices.iter().map(|slice| slice.width).sum::<usize>(), BAR);
        assert!(bar.slices.iter().all(|slice| slice.width >= 5));
        assert_eq!(bar.label, "5,000 sighted, 1 blind");
    }

    #[test]
    fn no_verdict_at_all_is_an_empty_bar() {
        assert!(bar(&VerdictCounts::default()).slices.is_empty());
    }

    #[test]
    fn a_strip_spans_its_axis() {
        let axis = Axis::new(Hour(1_000), Hour(1_047));
        let strip = axis.strip(&BTreeMap::from([(Hour(1_000), 1), (Hour(1_047), 100)]));
        assert_eq!(strip.path, "M1 16V12M142 16V0");
        assert_eq!(strip.label, "in 2 of 48 h");
        let long = Axis::new(Hour(0), Hour(4_799));
        assert_eq!(long.hours_per_bar(), "4 days");
        assert_eq!(long.strip(&BTreeMap::from([(Hour(4_799), 1)])).path, "M142 16V0");
    }
}
