//! All hosts times all detections: rows of standings, and sums over rows of verdicts.

use std::num::NonZeroUsize;

use super::{
    compiled::Compiled,
    plan::Row,
    profiles::{Block, LANES},
};
use crate::{Verdict, VerdictCounts};

/// How many hosts have each profile of a block, of the hosts asked about.
pub(super) type Weights = Row<u32, LANES>;

/// Counts verdicts for every plan over blocks of profiles, on so many threads.
pub(super) fn join(
    compiled: &Compiled,
    blocks: &[(&Block, Weights)],
    threads: NonZeroUsize,
) -> Vec<VerdictCounts> {
    let share = blocks.len().div_ceil(threads.get()).max(1);
    let mut sums = vec![VerdictCounts::default(); compiled.plans.len()];
    let parts: Vec<Vec<VerdictCounts>> = std::thread::scope(|scope| {
        let workers: Vec<_> =
            blocks.chunks(share).map(|blocks| scope.spawn(move || count_all(compiled, blocks))).collect();
        workers
            .into_iter()
            .map(|worker| worker.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)))
            .collect()
    });
    for part in parts {
        for (sum, counts) in sums.iter_mut().zip(part) {
            sum.add_all(&counts);
        }
    }
    sums
}

fn count_all(compiled: &Compiled, blocks: &[(&Block, Weights)]) -> Vec<VerdictCounts> {
    let mut sums = vec![VerdictCounts::default(); compiled.plans.len()];
    for (block, weights) in blocks {
        let digits = Digits::new(weights);
        if digits.total == 0 {
            continue;
        }
        let branches = compiled.standings(&block.codes);
        for (sum, plan) in sums.iter_mut().zip(&compiled.plans) {
            if plan.reach.includes(block.platform) {
                digits.count(&plan.parts.verdicts(&branches), sum);
            } else {
                sum.add_many(Verdict::OutOfScope, digits.total);
            }
        }
    }
    sums
}

/// Weights by their bytes, so that sums run over rows of bytes.
struct Digits {
    total: usize,
    /// The bytes from the lowest on, as many as the largest weight has.
    rows: Vec<Row<u8, LANES>>,
}

impl Digits {
    fn new(weights: &Weights) -> Self {
        let largest = weights.iter().copied().max().unwrap_or(0);
        let total = weights.iter().map(|weight| *weight as usize).sum();
        let used = (u32::BITS - largest.leading_zeros()).div_ceil(8) as usize;
        let byte = |at: usize| weights.map(|weight| weight.to_le_bytes().get(at).copied().unwrap_or(0));
        Self { total, rows: (0..used).map(byte).collect() }
    }

    /// Adds the weights of each verdict. What is not any of the first verdicts is the last.
    fn count(&self, verdicts: &Row<Verdict, LANES>, into: &mut VerdictCounts) {
        let [counted @ .., rest, _] = Verdict::ALL;
        let mut left = self.total;
        for verdict in counted {
            let weight = self.weight_of(verdict, verdicts);
            into.add_many(verdict, weight);
            left = left.saturating_sub(weight);
            if left == 0 {
                return;
            }
        }
        into.add_many(rest, left);
    }

    fn weight_of(&self, verdict: Verdict, verdicts: &Row<Verdict, LANES>) -> usize {
        let digit = |row: &Row<u8, LANES>| {
            // 256 lanes of at most 255 each stay below 2^16.
            let has = verdicts.iter().zip(row).map(|(each, byte)| if *each == verdict { *byte } else { 0 });
            has.fold(0_u16, |sum, byte| sum.wrapping_add(u16::from(byte)))
        };
        self.rows.iter().enumerate().map(|(at, row)| usize::from(digit(row)) << (8 * at)).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weights_of_any_size_are_summed_by_verdict() {
        let mut weights = [255; LANES];
        let mut verdicts = [Verdict::Blind; LANES];
        for (at, weight) in [(0, 70_000), (1, 1), (2, 16_777_216)] {
            weights[at] = weight;
            verdicts[at] = Verdict::Noisy;
        }
        verdicts[3] = Verdict::Unsampled;
        let mut counts = VerdictCounts::default();
        Digits::new(&weights).count(&verdicts, &mut counts);
        assert_eq!(counts.of(Verdict::Noisy), 70_000 + 1 + 16_777_216);
        assert_eq!(counts.of(Verdict::Blind), 252 * 255);
        assert_eq!(counts.of(Verdict::Unsampled), 255);
        assert_eq!(counts.of(Verdict::OutOfScope), 0);
    }
}
