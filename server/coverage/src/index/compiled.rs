//! All detections, with what they share held once.

use std::hash::Hash;

use blindspot_catalog::{Detection, Facts, Leaf, LeafEvent, Requirement, Scope};
use blindspot_telemetry::{EventTypePattern, Platform, SourceId};
use rustc_hash::FxHashMap;

use super::{
    Reading,
    plan::{BranchPlan, Parts, Plan, Reach, Row},
    site::Site,
};
use crate::{
    HostSight, Verdict,
    standing::{LeafCode, Standing},
};

/// Detections and facts, ready to judge hosts. Immutable: new rules are a new one, and a new index.
#[derive(Debug)]
pub struct Compiled {
    sites: Vec<Site>,
    /// How many distinct leaves there are.
    leaves: u32,
    branches: Vec<BranchPlan>,
    pub(super) plans: Vec<Plan>,
    /// The plan of each detection.
    pub(super) plan_of: Vec<u32>,
}

/// How much the detections share.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sizes {
    /// All detections.
    pub detections: usize,
    /// Distinct requirements.
    pub requirements: usize,
    /// Distinct branches.
    pub branches: usize,
    /// Distinct leaves.
    pub leaves: usize,
    /// Distinct event types, each with the paths that are asked for.
    pub events: usize,
}

impl Compiled {
    /// Compiles detections; a [`super::DetectionSlot`] is a place in this list. The facts are those that hosts are
    /// indexed with ([`HostSight::new`]).
    #[must_use]
    pub fn new(detections: &[Detection], facts: &Facts) -> Self {
        let mut compiler = Compiler::new(facts);
        let plan_of = detections.iter().map(|detection| compiler.detection(detection)).collect();
        Self {
            sites: compiler.sites,
            leaves: compiler.leaves,
            branches: compiler.branches.list,
            plans: compiler.plans.list,
            plan_of,
        }
    }

    /// How many detections there are.
    #[must_use]
    pub fn detections(&self) -> usize {
        self.plan_of.len()
    }

    /// How much they share.
    #[must_use]
    pub fn sizes(&self) -> Sizes {
        Sizes {
            detections: self.plan_of.len(),
            requirements: self.plans.len(),
            branches: self.branches.len(),
            leaves: self.leaves as usize,
            events: self.sites.len(),
        }
    }

    /// Works out what a host's inventory comes to. Needs no index, so that many hosts can be read side by side.
    #[must_use]
    pub fn read(&self, host: &HostSight<'_>) -> Reading {
        Reading::new(host, self.codes(host))
    }

    /// How every leaf stands on a host.
    fn codes(&self, host: &HostSight<'_>) -> Vec<LeafCode> {
        let mut codes = self.stale_codes();
        if host.is_stale() {
            return codes;
        }
        let mut fills = Vec::new();
        for site in &self.sites {
            site.read(host, &mut fills, &mut codes);
        }
        codes
    }

    /// How every leaf stands where nothing may be claimed.
    pub(super) fn stale_codes(&self) -> Vec<LeafCode> {
        vec![LeafCode::UNREAD; self.leaves as usize]
    }

    /// The verdict of every detection, for a reading that is in no index (a what-if).
    #[must_use]
    pub fn verdicts(&self, reading: &Reading) -> Vec<Verdict> {
        self.by_detection(&self.plan_verdicts(reading.platform, &reading.codes))
    }

    /// One value per plan to one per detection.
    pub(super) fn by_detection<T: Copy>(&self, by_plan: &[T]) -> Vec<T> {
        self.plan_of.iter().filter_map(|plan| by_plan.get(*plan as usize)).copied().collect()
    }

    /// The verdict of every plan on one host.
    pub(super) fn plan_verdicts(&self, platform: Platform, codes: &[LeafCode]) -> Vec<Verdict> {
        let codes: Vec<Row<LeafCode, 1>> = codes.iter().map(|code| [*code]).collect();
        let branches = self.standings(&codes);
        let of = |plan: &Plan| match plan.reach.includes(platform) {
            true => plan.parts.standing(&branches).map(Standing::verdict),
            false => [Verdict::OutOfScope],
        };
        self.plans.iter().flat_map(of).collect()
    }

    /// How one branch stands on each host of a row.
    pub(super) fn standing<const N: usize>(
        &self,
        branch: u32,
        codes: &[Row<LeafCode, N>],
    ) -> Option<Row<Standing, N>> {
        Some(self.branches.get(branch as usize)?.standing(codes))
    }

    /// How every branch stands on each host of a row.
    pub(super) fn standings<const N: usize>(&self, codes: &[Row<LeafCode, N>]) -> Vec<Row<Standing, N>> {
        self.branches.iter().map(|branch| branch.standing(codes)).collect()
    }
}

/// Values held once each, by their place.
#[derive(Debug)]
struct Interned<T> {
    list: Vec<T>,
    places: FxHashMap<T, u32>,
}

impl<T: Clone + Eq + Hash> Interned<T> {
    fn new() -> Self {
        Self { list: Vec::new(), places: FxHashMap::default() }
    }

    fn place(&mut self, value: T) -> u32 {
        let next = u32::try_from(self.list.len()).unwrap_or(u32::MAX);
        *self.places.entry(value).or_insert_with_key(|value| {
            self.list.push(value.clone());
            next
        })
    }
}

struct Compiler<'f> {
    facts: &'f Facts,
    sites: Vec<Site>,
    /// The sites of each event: one for each set of paths.
    sites_of: FxHashMap<(Option<EventTypePattern>, Option<SourceId>), Vec<usize>>,
    leaves: u32,
    branches: Interned<BranchPlan>,
    plans: Interned<Plan>,
}

impl<'f> Compiler<'f> {
    fn new(facts: &'f Facts) -> Self {
        Self {
            facts,
            sites: Vec::new(),
            sites_of: FxHashMap::default(),
            leaves: 0,
            branches: Interned::new(),
            plans: Interned::new(),
        }
    }

    fn detection(&mut self, detection: &Detection) -> u32 {
        let reach = match detection.scope {
            Scope::Any => Reach::Any,
            Scope::Hosts(platform) => Reach::On(platform),
            Scope::OtherPlatform(_) => Reach::Nowhere,
        };
        let parts = self.parts(&detection.requirement);
        self.plans.place(Plan { reach, parts })
    }

    fn parts(&mut self, requirement: &Requirement) -> Parts {
        let mut parts = Parts::default();
        self.collect(requirement, &mut parts);
        parts.branches.sort_unstable();
        parts.branches.dedup();
        parts
    }

    fn collect(&mut self, requirement: &Requirement, into: &mut Parts) {
        match requirement {
            Requirement::Parts(parts) => parts.iter().for_each(|part| self.collect(part, into)),
            Requirement::Together(parts) => {
                let group = parts.iter().map(|part| self.parts(part)).collect();
                into.together.push(group);
            }
            Requirement::Branch(branch) if branch.alternatives.is_empty() => {}
            Requirement::Branch(branch) => {
                let mut leaves: Vec<u32> = branch.alternatives.iter().map(|leaf| self.leaf(leaf)).collect();
                leaves.sort_unstable();
                leaves.dedup();
                into.branches.push(self.branches.place(BranchPlan { leaves: leaves.into() }));
            }
            Requirement::Outside { .. } => {}
            Requirement::NotUnderstood { .. } => into.fixed |= Standing::NOT_UNDERSTOOD,
        }
    }

    fn leaf(&mut self, leaf: &Leaf) -> u32 {
        let key = match &leaf.event {
            LeafEvent::Type(pattern) => (Some(pattern.clone()), None),
            LeafEvent::Source(id) => (None, Some(id.clone())),
        };
        let known = self.sites_of.entry(key).or_default();
        let holds = |at: &&usize| self.sites.get(**at).is_some_and(|site| site.holds(leaf));
        let at = known.iter().find(holds).copied().unwrap_or_else(|| {
            known.push(self.sites.len());
            self.sites.push(Site::new(leaf, self.facts));
            self.sites.len() - 1
        });
        let Some(site) = self.sites.get_mut(at) else { return u32::MAX };
        let id = site.intern(leaf, self.leaves);
        self.leaves = self.leaves.max(id.saturating_add(1));
        id
    }
}
