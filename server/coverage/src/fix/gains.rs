//! What every step would do for all detections on all hosts, the most useful first.

use std::{
    cmp::Reverse,
    collections::{BTreeMap, BTreeSet},
};

use blindspot_catalog::{Facts, Level};

use super::{Need, Step, about};
use crate::{HostSight, Judged, Verdict};

/// A step and what it would do for all detections on all hosts.
#[derive(Debug)]
pub struct Gain {
    /// The step.
    pub step: Step,
    /// What it is about, in the text form of event types.
    pub about: String,
    /// Detections that are blind, unknown or partial and name this step, by place in the judged list.
    pub detections: BTreeSet<usize>,
    /// Those of them that are blind on a host where the step applies.
    pub blind: BTreeSet<usize>,
    /// Hosts (by place) where it applies.
    pub hosts: BTreeSet<usize>,
    /// How much it counts, by detection and host.
    weights: BTreeMap<(usize, usize), u64>,
}

/// All steps, the one that opens most blind detections (weighed by level) first. Needs that the same commands meet are
/// one step.
#[must_use]
pub fn what_to_do(judged: &[Judged<'_>], hosts: &[HostSight<'_>], facts: &Facts) -> Vec<Gain> {
    let mut gains: BTreeMap<Need<'_>, Gain> = BTreeMap::new();
    for (place, each) in judged.iter().enumerate() {
        for (host_place, (judgement, host)) in each.by_host.iter().zip(hosts).enumerate() {
            if !matches!(judgement.verdict, Verdict::Blind | Verdict::Unknown | Verdict::Partial) {
                continue;
            }
            for need in judgement.reasons.iter().filter_map(|reason| Need::of(reason, host)) {
                let gain = gains.entry(need).or_insert_with_key(|need| Gain {
                    step: need.step(facts, None),
                    about: about(need),
                    detections: BTreeSet::new(),
                    blind: BTreeSet::new(),
                    hosts: BTreeSet::new(),
                    weights: BTreeMap::new(),
                });
                gain.hosts.insert(host_place);
                gain.detections.insert(place);
                if judgement.verdict == Verdict::Blind {
                    gain.blind.insert(place);
                }
                gain.weights.insert((place, host_place), weight(each.detection.level, judgement.verdict));
            }
        }
    }
    let mut gains = one_per_commands(gains.into_values());
    gains.sort_by_cached_key(|gain| (Reverse(gain.weights.values().sum::<u64>()), gain.about.clone()));
    gains
}

/// Joins gains whose steps are the same commands: one audit rule gives several record types.
fn one_per_commands(gains: impl Iterator<Item = Gain>) -> Vec<Gain> {
    let mut by_commands: BTreeMap<Vec<String>, Vec<Gain>> = BTreeMap::new();
    let mut joined = Vec::new();
    for gain in gains {
        match gain.step.commands.as_slice() {
            [] => joined.push(gain),
            commands => by_commands.entry(commands.to_vec()).or_default().push(gain),
        }
    }
    joined.extend(by_commands.into_values().filter_map(join));
    joined
}

fn join(mut gains: Vec<Gain>) -> Option<Gain> {
    gains.sort_by_cached_key(|gain| (Reverse(gain.detections.len()), gain.about.clone()));
    let others: Vec<String> = gains.iter().skip(1).map(|gain| gain.about.clone()).collect();
    let mut gains = gains.into_iter();
    let mut first = gains.next()?;
    for other in gains {
        first.detections.extend(other.detections);
        first.blind.extend(other.blind);
        first.hosts.extend(other.hosts);
        first.weights.extend(other.weights);
    }
    if !others.is_empty() {
        first.step.what.push_str(&format!("; the same gives {}", listed(&others)));
        first.about = format!("{}, {}", first.about, others.join(", "));
    }
    Some(first)
}

/// The first few names, and how many more.
fn listed(names: &[String]) -> String {
    const SHOWN: usize = 4;
    let shown = names.iter().take(SHOWN).cloned().collect::<Vec<_>>().join(", ");
    match names.len().saturating_sub(SHOWN) {
        0 => shown,
        more => format!("{shown} and {more} more"),
    }
}

/// How much one detection on one host counts: a blind one ten times a partly blind one, and more by level.
fn weight(level: Option<Level>, verdict: Verdict) -> u64 {
    let by_level = match level {
        Some(Level::Critical) => 8,
        Some(Level::High) => 4,
        Some(Level::Medium) | None => 2,
        Some(Level::Low | Level::Informational) => 1,
    };
    if verdict == Verdict::Blind { by_level * 10 } else { by_level }
}
