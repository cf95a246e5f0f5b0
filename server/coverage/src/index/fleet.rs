//! All hosts of a fleet, kept judged.

use std::{
    collections::{BTreeMap, HashMap},
    num::NonZeroUsize,
    sync::Arc,
};

use blindspot_telemetry::{Hour, Platform};
use roaring::RoaringBitmap;

use super::{
    Compiled, GroupId, HostMeta, HostSet, HostSlot, Reading,
    evidence::{Evidence, HostEvidence},
    profiles::{ProfileSlot, Profiles},
};
use crate::{HostSight, Verdict, VerdictCounts, standing::LeafCode};

/// All hosts, kept judged. What may be asked of it is in the other `impl` block of this type (`ask`).
#[derive(Debug)]
pub struct FleetIndex {
    pub(super) compiled: Arc<Compiled>,
    pub(super) threads: NonZeroUsize,
    pub(super) hosts: Vec<Option<Host>>,
    free: Vec<HostSlot>,
    pub(super) present: RoaringBitmap,
    pub(super) stale: RoaringBitmap,
    pub(super) groups: HashMap<GroupId, RoaringBitmap>,
    pub(super) profiles: Profiles,
    /// Per plan, how many hosts have each verdict.
    pub(super) counts: Vec<VerdictCounts>,
    pub(super) evidence: Evidence,
    pub(super) expiries: BTreeMap<Hour, RoaringBitmap>,
}

/// One host.
#[derive(Debug)]
pub(super) struct Host {
    group: GroupId,
    pub(super) profile: ProfileSlot,
    pub(super) evidence: HostEvidence,
    expiry: Option<Hour>,
}

impl FleetIndex {
    /// An index without hosts. Questions about very many hosts are answered on so many threads.
    #[must_use]
    pub fn new(compiled: Arc<Compiled>, threads: NonZeroUsize) -> Self {
        let counts = vec![VerdictCounts::default(); compiled.plans.len()];
        Self {
            compiled,
            threads,
            hosts: Vec::new(),
            free: Vec::new(),
            present: RoaringBitmap::new(),
            stale: RoaringBitmap::new(),
            groups: HashMap::new(),
            profiles: Profiles::default(),
            counts,
            evidence: Evidence::default(),
            expiries: BTreeMap::new(),
        }
    }

    /// The detections that hosts are judged by.
    #[must_use]
    pub fn compiled(&self) -> &Arc<Compiled> {
        &self.compiled
    }

    /// Makes a place for a host. It is stale until its first [`Self::put`].
    pub fn new_host(&mut self, meta: HostMeta) -> HostSlot {
        let slot = self.free.pop().unwrap_or_else(|| {
            self.hosts.push(None);
            HostSlot(u32::try_from(self.hosts.len() - 1).unwrap_or(u32::MAX))
        });
        let profile = self.profiles.enter(meta.platform, &self.compiled.stale_codes());
        self.count(profile, VerdictCounts::add);
        let new = Host { group: meta.group, profile, evidence: HostEvidence::default(), expiry: None };
        if let Some(place) = self.hosts.get_mut(slot.0 as usize) {
            *place = Some(new);
        }
        self.present.insert(slot.0);
        self.stale.insert(slot.0);
        self.groups.entry(meta.group).or_default().insert(slot.0);
        slot
    }

    /// Moves a host to another group. A place that holds no host is left alone, here and below.
    pub fn set_group(&mut self, host: HostSlot, group: GroupId) {
        let Some(known) = host_mut(&mut self.hosts, host) else { return };
        let old = std::mem::replace(&mut known.group, group);
        take_from(&mut self.groups, &old, host);
        self.groups.entry(group).or_default().insert(host.0);
    }

    /// Replaces all that is known of a host, and ends its staleness (unless the sight is itself
    /// [stale](HostSight::stale)).
    pub fn put(&mut self, host: HostSlot, sight: &HostSight<'_>) {
        let reading = self.compiled.read(sight);
        self.put_reading(host, reading);
    }

    /// The same, with a reading by [`Compiled::read`] of this index's own [`Compiled`].
    pub fn put_reading(&mut self, host: HostSlot, reading: Reading) {
        if host_mut(&mut self.hosts, host).is_none() {
            return;
        }
        self.change_profile(host, reading.platform, &reading.codes);
        self.schedule(host, reading.expiry);
        if reading.stale {
            self.stale.insert(host.0);
            return;
        }
        self.stale.remove(host.0);
        let now = self.evidence.enter(host, reading.counted, reading.sources);
        let Some(known) = host_mut(&mut self.hosts, host) else { return };
        let gone = std::mem::replace(&mut known.evidence, now);
        self.evidence.leave(host, &gone, &known.evidence);
    }

    /// Marks that a host has not been heard of: nothing may be claimed of it until the next [`Self::put`].
    pub fn set_stale(&mut self, host: HostSlot) {
        let Some(known) = host_mut(&mut self.hosts, host) else { return };
        let Some(platform) = self.profiles.platform(known.profile) else { return };
        self.change_profile(host, platform, &self.compiled.stale_codes());
        self.schedule(host, None);
        self.stale.insert(host.0);
    }

    /// Forgets a host and frees its place.
    pub fn remove(&mut self, host: HostSlot) {
        self.schedule(host, None);
        let Some(gone) = self.hosts.get_mut(host.0 as usize).and_then(Option::take) else { return };
        self.count(gone.profile, VerdictCounts::take);
        self.profiles.leave(gone.profile);
        self.evidence.leave(host, &gone.evidence, &HostEvidence::default());
        take_from(&mut self.groups, &gone.group, host);
        self.present.remove(host.0);
        self.stale.remove(host.0);
        self.free.push(host);
    }

    /// The hosts of a set that the index holds.
    #[must_use]
    pub fn hosts(&self, set: &HostSet) -> RoaringBitmap {
        match set {
            HostSet::All => self.present.clone(),
            HostSet::Group(group) => self.groups.get(group).cloned().unwrap_or_default(),
            HostSet::Hosts(hosts) => &self.present & hosts,
        }
    }

    fn change_profile(&mut self, host: HostSlot, platform: Platform, codes: &[LeafCode]) {
        let Some(known) = host_mut(&mut self.hosts, host) else { return };
        let new = self.profiles.enter(platform, codes);
        let old = std::mem::replace(&mut known.profile, new);
        if old != new {
            self.count(old, VerdictCounts::take);
            self.count(new, VerdictCounts::add);
        }
        self.profiles.leave(old);
    }

    /// Counts every plan's verdict on the hosts of a profile once more or once less.
    fn count(&mut self, profile: ProfileSlot, change: fn(&mut VerdictCounts, Verdict)) {
        let Some(platform) = self.profiles.platform(profile) else { return };
        let verdicts = self.compiled.plan_verdicts(platform, &self.profiles.codes(profile));
        for (counts, verdict) in self.counts.iter_mut().zip(verdicts) {
            change(counts, verdict);
        }
    }

    fn schedule(&mut self, host: HostSlot, expiry: Option<Hour>) {
        let Some(known) = host_mut(&mut self.hosts, host) else { return };
        if let Some(old) = std::mem::replace(&mut known.expiry, expiry)
            && let Some(hosts) = self.expiries.get_mut(&old)
        {
            hosts.remove(host.0);
            if hosts.is_empty() {
                self.expiries.remove(&old);
            }
        }
        if let Some(hour) = expiry {
            self.expiries.entry(hour).or_default().insert(host.0);
        }
    }
}

fn host_mut(hosts: &mut [Option<Host>], host: HostSlot) -> Option<&mut Host> {
    hosts.get_mut(host.0 as usize)?.as_mut()
}

fn take_from(groups: &mut HashMap<GroupId, RoaringBitmap>, group: &GroupId, host: HostSlot) {
    let Some(hosts) = groups.get_mut(group) else { return };
    hosts.remove(host.0);
    if hosts.is_empty() {
        groups.remove(group);
    }
}
