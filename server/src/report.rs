//! What an audit came to: everything that any form of the report shows.

use std::collections::BTreeMap;

use blindspot_catalog::TechniqueId;
use blindspot_coverage::{
    HostSight, Judged, Verdict, VerdictCounts, fix, judge_all,
    technique::{self, TechniqueSight},
    usage,
};
use blindspot_telemetry::EventType;
use jiff::Timestamp;

use crate::{baseline::Change, input::Input, overlay::Overlay, verify::Verified};

/// An audit's result, in terms of what went in.
pub struct Report<'a> {
    /// When it was made.
    pub generated_at: Timestamp,
    /// What went in.
    pub input: &'a Input,
    /// The hosts, indexed.
    pub sights: &'a [HostSight<'a>],
    /// Every detection on every host.
    pub judged: Vec<Judged<'a>>,
    /// The same by technique, in the ids of the ATT&CK version at hand; ids unknown to it stand under themselves.
    pub techniques: BTreeMap<TechniqueId, TechniqueSight<'a>>,
    /// What is worth doing, most useful first.
    pub gains: Vec<fix::Gain>,
    /// What the detections ask for.
    pub demand: usage::Demand<'a>,
    /// Collected, and needed by no detection.
    pub unused: Vec<(&'a EventType, u64)>,
    /// Threat groups and mitigations that were asked for.
    pub overlays: Vec<Overlay>,
    /// What changed since the baseline.
    pub change: Option<Change>,
    /// What a second reading with a full parser showed.
    pub verified: Option<Verified>,
}

impl<'a> Report<'a> {
    /// Judges.
    #[must_use]
    pub fn new(input: &'a Input, sights: &'a [HostSight<'a>], generated_at: Timestamp) -> Self {
        let judged = judge_all(&input.detections, sights, &input.facts, input.threads);
        let techniques = technique::techniques(&judged, sights.len(), |id| input.homes(id));
        let demand = usage::Demand::of(&input.detections);
        Self {
            generated_at,
            input,
            sights,
            gains: fix::what_to_do(&judged, sights, &input.facts),
            unused: usage::unused(&input.hosts, &demand),
            demand,
            judged,
            techniques,
            overlays: Vec::new(),
            change: None,
            verified: None,
        }
    }

    /// How many detections have each verdict at best.
    #[must_use]
    pub fn best_counts(&self) -> VerdictCounts {
        let mut counts = VerdictCounts::default();
        for each in &self.judged {
            counts.add(each.best());
        }
        counts
    }

    /// Detections that are blind on some host.
    pub fn blind(&self) -> impl Iterator<Item = &Judged<'a>> {
        self.judged
            .iter()
            .filter(|each| each.worst() == Verdict::Blind || each.counts().of(Verdict::Blind) > 0)
    }

    /// The span of event time that was judged, over all hosts.
    #[must_use]
    pub fn span(&self) -> Option<(Timestamp, Timestamp)> {
        let spans = || self.sights.iter().filter_map(HostSight::span);
        Some((spans().map(|span| span.0).min()?, spans().map(|span| span.1).max()?))
    }
}
