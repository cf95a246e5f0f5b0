//! Which computer wrote which stretch of a log: names that follow each other are one renamed machine, names that
//! come back are several machines.

use rustc_hash::{FxHashMap, FxHashSet};

use super::texts::{TextId, Texts};

/// Stretches kept; a log with more of them is that of several machines.
const MAX_RUNS: usize = 4096;

/// A stretch of records of one computer inside one chunk, or several that follow each other.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Run {
    /// The id in the header of its first record.
    place: u64,
    /// Lower case, because Windows compares names without case.
    computer: String,
}

/// The stretches met by one worker. A ring that wrapped holds its oldest chunk behind its newest, so that the order
/// is that of record ids and not that of the file.
#[derive(Debug, Default)]
pub(super) struct ComputerRuns {
    current: Option<(TextId, u64)>,
    runs: Vec<Run>,
    dropped: bool,
    names: FxHashMap<TextId, String>,
}

impl ComputerRuns {
    /// Notes who wrote the record whose header holds the id `place`.
    #[inline]
    pub(super) fn see(&mut self, computer: TextId, place: u64, texts: &Texts) {
        match &mut self.current {
            // Ids that rise without a change of name are the same stretch, across chunks too.
            Some((current, last)) if *current == computer && *last <= place => *last = place,
            _ => self.begin(computer, place, texts),
        }
    }

    /// What follows is not the continuation of what was seen: another worker may have seen what is between.
    pub(super) fn pause(&mut self) {
        self.current = None;
    }

    fn begin(&mut self, computer: TextId, place: u64, texts: &Texts) {
        self.current = Some((computer, place));
        if self.runs.len() >= MAX_RUNS {
            self.dropped = true;
            return;
        }
        let name = self.names.entry(computer).or_insert_with(|| texts.text(computer).to_lowercase());
        self.runs.push(Run { place, computer: name.clone() });
    }
}

/// The order of computers in a log, by their first record.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct ComputerOrder {
    /// Lower-case names.
    pub(super) names: Vec<String>,
    /// True where a name came back after another one took over.
    pub(super) interleaved: bool,
}

impl ComputerOrder {
    /// Joins what several workers saw.
    pub(super) fn of(workers: Vec<ComputerRuns>) -> Self {
        let dropped = workers.iter().any(|worker| worker.dropped);
        let mut runs: Vec<Run> = workers.into_iter().flat_map(|worker| worker.runs).collect();
        runs.sort_by_key(|run| run.place);
        let mut order = Self { names: Vec::new(), interleaved: dropped };
        let mut seen = FxHashSet::default();
        let mut current = None;
        for run in runs {
            if current.as_ref() == Some(&run.computer) {
                continue;
            }
            if seen.insert(run.computer.clone()) {
                order.names.push(run.computer.clone());
            } else {
                order.interleaved = true;
            }
            current = Some(run.computer);
        }
        order
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn order_of(records: &[(&str, u64)]) -> ComputerOrder {
        let mut texts = Texts::new();
        let mut runs = ComputerRuns::default();
        for (name, place) in records {
            let id = texts.intern_str(name).unwrap();
            runs.see(id, *place, &texts);
        }
        ComputerOrder::of(vec![runs])
    }

    #[test]
    fn a_renamed_machine_is_not_interleaved() {
        let order = order_of(&[("OLD", 1), ("OLD", 2), ("new", 3), ("NEW", 4)]);
        assert_eq!(order, ComputerOrder { names: vec!["old".into(), "new".into()], interleaved: false });
    }

    #[test]
    fn a_name_that_comes_back_is_another_machine() {
        assert!(order_of(&[("a", 1), ("b", 2), ("a", 3)]).interleaved);
    }

    #[test]
    fn a_name_that_another_worker_saw_in_between_came_back() {
        let mut texts = Texts::new();
        let (a, b) = (texts.intern_str("a").unwrap(), texts.intern_str("b").unwrap());
        let (mut first, mut second) = (ComputerRuns::default(), ComputerRuns::default());
        first.see(a, 1, &texts);
        second.see(b, 11, &texts);
        first.pause();
        first.see(a, 21, &texts);
        assert!(ComputerOrder::of(vec![first, second]).interleaved);
    }

    #[test]
    fn a_ring_that_wrapped_is_read_in_the_order_of_its_ids() {
        let order = order_of(&[("b", 11), ("b", 12), ("a", 1), ("a", 2), ("b", 10)]);
        assert_eq!(order, ComputerOrder { names: vec!["a".into(), "b".into()], interleaved: false });
    }
}
