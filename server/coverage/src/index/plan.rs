//! Requirements over shared branches, judged for a row of hosts at a time.

use std::borrow::Borrow;

use blindspot_telemetry::Platform;

use crate::{
    Verdict,
    standing::{LeafCode, Standing},
};

/// One way to fire, by the ids of the leaves that can carry it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct BranchPlan {
    pub(super) leaves: Box<[u32]>,
}

/// Where a requirement is meant to work, of what is sampled.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Reach {
    /// On any host.
    Any,
    /// On hosts of one platform.
    On(Platform),
    /// On none that is sampled.
    Nowhere,
}

impl Reach {
    pub(super) fn includes(self, platform: Platform) -> bool {
        match self {
            Self::Any => true,
            Self::On(only) => only == platform,
            Self::Nowhere => false,
        }
    }
}

/// A requirement and its scope. Detections that need the same things share one.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Plan {
    pub(super) reach: Reach,
    pub(super) parts: Parts,
}

/// Parts side by side: what any of them comes to counts.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub(super) struct Parts {
    /// What holds on any host.
    pub(super) fixed: Standing,
    /// Branches by their ids, in order.
    pub(super) branches: Vec<u32>,
    /// Groups of parts that are needed together.
    pub(super) together: Vec<Vec<Parts>>,
}

/// One value per host of a row.
pub(super) type Row<T, const N: usize> = [T; N];

impl BranchPlan {
    /// How the branch stands on each host of a row.
    pub(super) fn standing<const N: usize>(&self, codes: &[Row<LeafCode, N>]) -> Row<Standing, N> {
        let (mut best, mut worst) = ([u8::MAX; N], [0; N]);
        for row in self.leaves.iter().filter_map(|leaf| codes.get(*leaf as usize)) {
            for ((best, worst), code) in best.iter_mut().zip(&mut worst).zip(row) {
                *best = code.0.min(*best);
                *worst = code.0.max(*worst);
            }
        }
        let mut standing = [Standing::NONE; N];
        for ((standing, best), worst) in standing.iter_mut().zip(best).zip(worst) {
            *standing = LeafCode::branch(LeafCode(best), LeafCode(worst));
        }
        standing
    }
}

impl Parts {
    /// How the parts stand on each host of a row, given how each branch does.
    pub(super) fn standing<const N: usize>(&self, branches: &[Row<Standing, N>]) -> Row<Standing, N> {
        self.standing_of(&|branch| branches.get(branch as usize))
    }

    /// The same, with branches by their ids from wherever they come.
    pub(super) fn standing_of<const N: usize, R: Borrow<Row<Standing, N>>>(
        &self,
        branch: &impl Fn(u32) -> Option<R>,
    ) -> Row<Standing, N> {
        let mut sum = [self.fixed; N];
        for row in self.branches.iter().filter_map(|id| branch(*id)) {
            for (sum, standing) in sum.iter_mut().zip(row.borrow()) {
                *sum |= *standing;
            }
        }
        for group in &self.together {
            let parts: Vec<Row<Standing, N>> = group.iter().map(|part| part.standing_of(branch)).collect();
            for (at, sum) in sum.iter_mut().enumerate() {
                *sum |= Standing::together(parts.iter().filter_map(|row| row.get(at)).copied());
            }
        }
        sum
    }

    /// The verdict on each host of a row, where the requirement is meant to work.
    pub(super) fn verdicts<const N: usize>(&self, branches: &[Row<Standing, N>]) -> Row<Verdict, N> {
        let standing = self.standing(branches);
        let mut verdicts = [Verdict::Unsampled; N];
        for (verdict, standing) in verdicts.iter_mut().zip(standing) {
            *verdict = standing.verdict();
        }
        verdicts
    }
}
