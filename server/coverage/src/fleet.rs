//! One detection over all hosts given.

use std::{num::NonZeroUsize, sync::Arc};

use blindspot_catalog::{Detection, Facts};

use crate::{HostSight, Judgement, Verdict, VerdictCounts, judge};

/// A detection with its judgement on every host, in the hosts' order.
#[derive(Debug)]
pub struct Judged<'a> {
    /// The detection.
    pub detection: &'a Detection,
    /// One judgement per host. Hosts that are judged alike share one: most hosts of a fleet lack the same things.
    pub by_host: Vec<Arc<Judgement<'a>>>,
}

impl Judged<'_> {
    /// How many hosts have each verdict.
    #[must_use]
    pub fn counts(&self) -> VerdictCounts {
        let mut counts = VerdictCounts::default();
        for judgement in &self.by_host {
            counts.add(judgement.verdict);
        }
        counts
    }

    /// The best verdict of any host that it is meant for.
    #[must_use]
    pub fn best(&self) -> Verdict {
        self.counts().best()
    }

    /// The worst verdict of any host that it is meant for.
    #[must_use]
    pub fn worst(&self) -> Verdict {
        self.counts().worst()
    }
}

/// Judges every detection on every host, on several threads.
#[must_use]
pub fn judge_all<'a>(
    detections: &'a [Detection],
    hosts: &[HostSight<'a>],
    facts: &Facts,
    threads: NonZeroUsize,
) -> Vec<Judged<'a>> {
    let judge_one = |detection: &'a Detection| {
        let mut distinct: Vec<Arc<Judgement<'a>>> = Vec::new();
        let share = |judgement: Judgement<'a>| {
            if let Some(same) = distinct.iter().find(|known| ***known == judgement) {
                return Arc::clone(same);
            }
            let new = Arc::new(judgement);
            distinct.push(Arc::clone(&new));
            new
        };
        Judged {
            detection,
            by_host: hosts.iter().map(|host| judge(detection, host, facts)).map(share).collect(),
        }
    };
    let share = detections.len().div_ceil(threads.get()).max(1);
    std::thread::scope(|scope| {
        let workers: Vec<_> = detections
            .chunks(share)
            .map(|chunk| scope.spawn(move || chunk.iter().map(judge_one).collect::<Vec<_>>()))
            .collect();
        workers
            .into_iter()
            .flat_map(|worker| worker.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)))
            .collect()
    })
}
