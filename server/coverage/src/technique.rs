//! Detections rolled up to ATT&CK techniques. No percentage: depth, and beside it sole source and noise.

use std::collections::{BTreeMap, BTreeSet};

use blindspot_catalog::TechniqueId;
use blindspot_telemetry::{EventType, SourceId};

use crate::{Judged, Verdict, VerdictCounts};

/// How well one technique is seen.
#[derive(Debug, Clone, Default)]
pub struct TechniqueSight<'a> {
    /// Detections of it, each by the best verdict that any host has.
    pub detections: VerdictCounts,
    /// Places in the judged list, of the detections tagged with it (by any of its aliases).
    pub members: Vec<usize>,
    /// Different producers with a live leaf in a detection that sees, on the host where they are most. `None` where
    /// no detection of it was judged: unscored is not zero.
    pub depth: Option<usize>,
    /// The same on the host where they are fewest.
    pub depth_worst: Option<usize>,
    /// The one event type that all sight of it rests on, if there is one only.
    pub sole_source: Option<&'a EventType>,
}

/// Rolls detections up. `home` gives the ids that a tag means in the ATT&CK version at hand.
#[must_use]
pub fn techniques<'a>(
    judged: &[Judged<'a>],
    hosts: usize,
    home: impl Fn(&TechniqueId) -> Vec<TechniqueId>,
) -> BTreeMap<TechniqueId, TechniqueSight<'a>> {
    let mut members: BTreeMap<TechniqueId, Vec<usize>> = BTreeMap::new();
    for (place, each) in judged.iter().enumerate() {
        let ids: BTreeSet<TechniqueId> = each.detection.techniques.iter().flat_map(&home).collect();
        for id in ids {
            members.entry(id).or_default().push(place);
        }
    }
    let mut sights: BTreeMap<TechniqueId, TechniqueSight<'a>> = members
        .into_iter()
        .map(|(id, places)| {
            let own: Vec<&Judged<'a>> = places.iter().filter_map(|place| judged.get(*place)).collect();
            let mut sight = sight_of(&own, hosts);
            sight.members = places;
            (id, sight)
        })
        .collect();
    lower_parents(&mut sights);
    sights
}

fn sight_of<'a>(own: &[&Judged<'a>], hosts: usize) -> TechniqueSight<'a> {
    let mut sight = TechniqueSight::default();
    let mut scored = false;
    for each in own {
        let best = each.best();
        sight.detections.add(best);
        scored |= !matches!(best, Verdict::Unsampled | Verdict::OutOfScope);
    }
    if !scored {
        return sight;
    }
    let mut everywhere: BTreeSet<&EventType> = BTreeSet::new();
    for host in 0..hosts {
        let here = || own.iter().filter_map(move |each| each.by_host.get(host));
        if !here().any(|judgement| !matches!(judgement.verdict, Verdict::Unsampled | Verdict::OutOfScope)) {
            continue;
        }
        let live: BTreeSet<&EventType> = here()
            .filter(|judgement| judgement.verdict.sees())
            .flat_map(|judgement| judgement.live.iter().copied())
            .collect();
        let depth = live.iter().map(|event_type| producer(event_type)).collect::<BTreeSet<_>>().len();
        sight.depth = Some(sight.depth.map_or(depth, |best| best.max(depth)));
        sight.depth_worst = Some(sight.depth_worst.map_or(depth, |worst| worst.min(depth)));
        everywhere.extend(live);
    }
    if everywhere.len() == 1 {
        sight.sole_source = everywhere.into_iter().next();
    }
    sight
}

/// Who writes an event type, for the count of independent producers: Sysmon 12 and 13 are one.
fn producer(event_type: &EventType) -> String {
    match SourceId::of(event_type) {
        SourceId::Channel(channel) => {
            let name = channel.as_str().to_ascii_lowercase();
            if name.contains("powershell") { "powershell".to_owned() } else { name }
        }
        other => other.to_string(),
    }
}

/// A parent shows the minimum of its sub-techniques that were scored.
fn lower_parents(sights: &mut BTreeMap<TechniqueId, TechniqueSight<'_>>) {
    let mut lowest: BTreeMap<TechniqueId, (usize, usize)> = BTreeMap::new();
    for (id, sight) in sights.iter() {
        let (Some(parent), Some(depth), Some(worst)) = (id.parent(), sight.depth, sight.depth_worst) else {
            continue;
        };
        let low = lowest.entry(parent).or_insert((depth, worst));
        *low = (low.0.min(depth), low.1.min(worst));
    }
    for (id, (depth, worst)) in lowest {
        let sight = sights.entry(id).or_default();
        sight.depth = Some(depth);
        sight.depth_worst = Some(worst);
    }
}
