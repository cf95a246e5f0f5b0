//! What may be asked of a fleet.

use blindspot_telemetry::{EventType, EventTypePattern, Hour};
use roaring::RoaringBitmap;

use super::{
    Counted, DetectionSlot, EventTypeUse, FleetIndex, Flow, HostSet, HostSlot,
    evidence::Asked,
    fleet::Host,
    join::{Weights, join},
    plan::Plan,
    profiles::{LANES, ProfileSlot},
};
use crate::{Verdict, VerdictCounts, standing::Standing};

/// Questions.
impl FleetIndex {
    /// The hosts that are stale.
    #[must_use]
    pub fn stale_hosts(&self) -> &RoaringBitmap {
        &self.stale
    }

    /// How many profiles the hosts have between them: what a join costs grows with it.
    #[must_use]
    pub fn profiles(&self) -> usize {
        self.profiles.len()
    }

    /// One detection's verdict on one host; `None` where there is no such host or detection.
    #[must_use]
    pub fn verdict(&self, host: HostSlot, detection: DetectionSlot) -> Option<Verdict> {
        let profile = self.host(host)?.profile;
        let row = self.row(self.plan(detection)?, profile.block);
        row.get(usize::from(profile.lane)).copied()
    }

    /// Every detection's verdict on one host, in the order of the detections; `None` where there is no such host.
    #[must_use]
    pub fn verdicts(&self, host: HostSlot) -> Option<Vec<Verdict>> {
        let profile = self.host(host)?.profile;
        let platform = self.profiles.platform(profile)?;
        let by_plan = self.compiled.plan_verdicts(platform, &self.profiles.codes(profile));
        Some(self.compiled.by_detection(&by_plan))
    }

    /// How many hosts of a set have each verdict of one detection. For all hosts it is kept at hand.
    #[must_use]
    pub fn counts(&self, detection: DetectionSlot, set: &HostSet) -> VerdictCounts {
        if *set == HostSet::All {
            let plan = self.compiled.plan_of.get(detection.0 as usize);
            return plan.and_then(|plan| self.counts.get(*plan as usize)).copied().unwrap_or_default();
        }
        let mut counts = VerdictCounts::default();
        self.each_verdict(detection, set, |_, verdict| counts.add(verdict));
        counts
    }

    /// The same for every detection, in their order, worked out anew whatever the set.
    #[must_use]
    pub fn join(&self, set: &HostSet) -> Vec<VerdictCounts> {
        let weights = self.weights(set);
        let blocks: Vec<_> = self.profiles.blocks.iter().zip(weights).collect();
        self.compiled.by_detection(&join(&self.compiled, &blocks, self.threads))
    }

    /// The same for every detection over all hosts, as it is kept at hand.
    #[must_use]
    pub fn all_counts(&self) -> Vec<VerdictCounts> {
        self.compiled.by_detection(&self.counts)
    }

    /// The hosts of a set on which a detection has a verdict.
    #[must_use]
    pub fn hosts_with(&self, detection: DetectionSlot, verdict: Verdict, set: &HostSet) -> RoaringBitmap {
        let mut hosts = RoaringBitmap::new();
        self.each_verdict(detection, set, |host, has| {
            if has == verdict {
                hosts.insert(host.0);
            }
        });
        hosts
    }

    /// On which hosts of a set an event type flows, as `blindspot check` says it of one host.
    ///
    /// `since` is the first hour that counts, `None` all history held; the last is the end of the window that each
    /// host was put with. Field names are compared without regard to ASCII case.
    #[must_use]
    pub fn flow(
        &self,
        pattern: &EventTypePattern,
        field: Option<&str>,
        since: Option<Hour>,
        set: &HostSet,
    ) -> Flow {
        let hosts = self.hosts(set);
        let asked = Asked { pattern, field, since };
        let evidence = |host| self.host(host).map(|host| &host.evidence);
        let mut flow = self.evidence.flow(asked, &(&hosts - &self.stale), evidence);
        flow.could_not_look |= hosts & &self.stale;
        flow
    }

    /// Every event type that any host of a set ever counted, in their order.
    #[must_use]
    pub fn event_types(&self, set: &HostSet) -> Vec<EventTypeUse> {
        self.evidence.event_types(&self.hosts(set))
    }

    /// What one host counted of an event type, before it went stale where it is; `None` where it counted none.
    #[must_use]
    pub fn counted(&self, host: HostSlot, event_type: &EventType) -> Option<Counted> {
        self.evidence.counted(&self.host(host)?.evidence, event_type)
    }

    /// Hosts whose verdicts may change because the window's start has reached this hour: each is to be put again with
    /// its moved window. Hosts that were put without a window's start are never among them.
    #[must_use]
    pub fn expired(&self, window_start: Hour) -> RoaringBitmap {
        let mut hosts = RoaringBitmap::new();
        for due in self.expiries.range(..=window_start).map(|(_, due)| due) {
            hosts |= due;
        }
        hosts
    }

    fn host(&self, host: HostSlot) -> Option<&Host> {
        self.hosts.get(host.0 as usize)?.as_ref()
    }

    fn plan(&self, detection: DetectionSlot) -> Option<&Plan> {
        let plan = self.compiled.plan_of.get(detection.0 as usize)?;
        self.compiled.plans.get(*plan as usize)
    }

    /// A plan's verdict on every profile of a block.
    fn row(&self, plan: &Plan, block: u32) -> Vec<Verdict> {
        let Some(block) = self.profiles.blocks.get(block as usize) else { return Vec::new() };
        if !plan.reach.includes(block.platform) {
            return vec![Verdict::OutOfScope; LANES];
        }
        plan.parts
            .standing_of(&|branch| self.compiled.standing(branch, &block.codes))
            .map(Standing::verdict)
            .to_vec()
    }

    /// Calls `each` with every host of a set and its verdict of one detection. Profiles are judged once.
    fn each_verdict(&self, detection: DetectionSlot, set: &HostSet, mut each: impl FnMut(HostSlot, Verdict)) {
        let Some(plan) = self.plan(detection) else { return };
        let blocks = 0..self.profiles.blocks.len();
        let rows: Vec<_> =
            blocks.map(|block| self.row(plan, u32::try_from(block).unwrap_or(u32::MAX))).collect();
        let verdict_of =
            |profile: ProfileSlot| rows.get(profile.block as usize)?.get(usize::from(profile.lane)).copied();
        for host in self.hosts(set) {
            let host = HostSlot(host);
            if let Some(verdict) = self.host(host).and_then(|known| verdict_of(known.profile)) {
                each(host, verdict);
            }
        }
    }

    /// How many hosts of a set have each profile.
    fn weights(&self, set: &HostSet) -> Vec<Weights> {
        if *set == HostSet::All {
            return self.profiles.blocks.iter().map(|block| block.weights).collect();
        }
        let mut weights = vec![[0; LANES]; self.profiles.blocks.len()];
        for host in self.hosts(set) {
            let Some(profile) = self.host(HostSlot(host)).map(|host| host.profile) else { continue };
            let block = weights.get_mut(profile.block as usize);
            if let Some(weight) = block.and_then(|lanes| lanes.get_mut(usize::from(profile.lane))) {
                *weight += 1;
            }
        }
        weights
    }
}
