//! One host's inventory, indexed for the questions that judging asks.

use std::{
    collections::{BTreeSet, HashMap, HashSet},
    sync::Arc,
};

use blindspot_catalog::{EventFacts, Facts, LeafEvent, Role};
use blindspot_telemetry::{
    EventId, EventType, EventTypePattern, Inventory, Observed, SourceId, SourceStatus, Window,
    WindowsChannel,
    settings::{AuditPolicy, AuditSettings, SysmonSettings},
};
use jiff::Timestamp;

/// One event type of one host, with what falls into the window.
#[derive(Debug, Clone, Copy)]
pub struct Seen<'a> {
    /// The event type.
    pub event_type: &'a EventType,
    /// All that is known of it.
    pub observed: &'a Observed,
    /// Events in the window; may be zero where it was seen earlier.
    pub count: u64,
}

/// What reading one source came to, over all files of the host that hold it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SourceState {
    /// The status that weighs most: for a channel read beats empty beats not being able to look beats missing; for a
    /// source that lies in several files, not being able to look at one of them beats all.
    pub status: SourceStatus,
    /// Oldest record held.
    pub oldest: Option<Timestamp>,
    /// Records counted, over the files that hold it.
    pub records: u64,
    /// Records that exist there and could not be counted.
    pub damaged: u64,
    /// True where an event of it falls into the window: something still writes it.
    pub flowing: bool,
}

impl SourceState {
    fn new(status: SourceStatus, oldest: Option<Timestamp>) -> Self {
        Self { status, oldest, records: 0, damaged: 0, flowing: false }
    }
}

/// One host, indexed.
pub struct HostSight<'a> {
    /// The inventory itself.
    pub inventory: &'a Inventory,
    /// The window that verdicts speak of.
    pub window: Window,
    windows: HashMap<WindowsChannel, HashMap<EventId, Vec<Seen<'a>>>>,
    others: Vec<Seen<'a>>,
    sources: HashMap<SourceId, SourceState>,
    roles: HashSet<Role>,
    products: BTreeSet<Arc<str>>,
    /// Of each group of event types that one switch decides, one that was counted in the window.
    siblings: HashMap<Arc<str>, &'a EventType>,
    stale: bool,
}

impl<'a> HostSight<'a> {
    /// Indexes an inventory.
    #[must_use]
    pub fn new(inventory: &'a Inventory, window: Window, facts: &Facts) -> Self {
        let mut sight = Self {
            inventory,
            window,
            windows: HashMap::new(),
            others: Vec::new(),
            sources: HashMap::new(),
            roles: facts.roles_shown(inventory),
            products: facts.products_shown(inventory),
            siblings: HashMap::new(),
            stale: false,
        };
        for (event_type, observed) in &inventory.event_types {
            let seen = Seen { event_type, observed, count: observed.count_in(&window) };
            if let Some(group) = facts.get(&event_type.into()).and_then(|known| known.group.clone())
                && seen.count > 0
            {
                sight.siblings.entry(group).or_insert(event_type);
            }
            match event_type {
                EventType::Windows { channel, event_id, .. } => {
                    let ids = sight.windows.entry(channel.clone()).or_default();
                    ids.entry(*event_id).or_default().push(seen);
                }
                _ => sight.others.push(seen),
            }
            let source =
                sight.note_source(SourceId::of(event_type), SourceStatus::Read, Some(observed.first));
            source.flowing |= seen.count > 0;
        }
        for source in &inventory.sources {
            for id in &source.holds {
                let state = sight.note_source(id.clone(), source.status, source.oldest);
                state.records = state.records.saturating_add(source.records);
                state.damaged = state.damaged.saturating_add(source.damaged);
            }
        }
        sight
    }

    /// A host that has not been heard of: nothing was counted, no log has been read to its end, and what it was set to
    /// record says nothing. Whatever is sampled is `unknown` there, `agent_stale`.
    #[must_use]
    pub fn stale(inventory: &'a Inventory) -> Self {
        Self {
            inventory,
            window: Window::ALL,
            windows: HashMap::new(),
            others: Vec::new(),
            sources: HashMap::new(),
            roles: HashSet::new(),
            products: BTreeSet::new(),
            siblings: HashMap::new(),
            stale: true,
        }
    }

    /// True where nothing may be claimed of the host.
    #[must_use]
    pub fn is_stale(&self) -> bool {
        self.stale
    }

    fn note_source(
        &mut self,
        id: SourceId,
        status: SourceStatus,
        oldest: Option<Timestamp>,
    ) -> &mut SourceState {
        let state = self.sources.entry(id.clone()).or_insert(SourceState::new(status, oldest));
        if weight(&id, status) < weight(&id, state.status) {
            state.status = status;
        }
        state.oldest = match (state.oldest, oldest) {
            (Some(a), Some(b)) => Some(a.min(b)),
            (a, b) => a.or(b),
        };
        state
    }

    /// Every event type of this host that the leaf's event matches.
    pub fn seen<'s>(&'s self, event: &'s LeafEvent) -> impl Iterator<Item = Seen<'a>> + 's {
        type Ids<'i, 'a> = Option<&'i HashMap<EventId, Vec<Seen<'a>>>>;
        let (few, all): (&[Seen<'a>], Ids<'_, 'a>) = match event {
            LeafEvent::Type(EventTypePattern::Windows { channel, event_id, .. }) => {
                let ids = self.windows.get(channel).and_then(|ids| ids.get(event_id));
                (ids.map_or(&[], Vec::as_slice), None)
            }
            LeafEvent::Source(SourceId::Channel(channel)) => (&[], self.windows.get(channel)),
            LeafEvent::Type(_) | LeafEvent::Source(_) => (&self.others, None),
        };
        let listed = few.iter().chain(all.into_iter().flat_map(HashMap::values).flatten());
        listed.copied().filter(move |seen| match event {
            LeafEvent::Type(pattern) => pattern.matches(seen.event_type),
            LeafEvent::Source(SourceId::Channel(_)) => true,
            LeafEvent::Source(id) => SourceId::of(seen.event_type) == *id,
        })
    }

    /// Every source of which something is known, with what reading it came to.
    pub fn sources(&self) -> impl Iterator<Item = (&SourceId, &SourceState)> {
        self.sources.iter()
    }

    /// What reading this source came to. A source of which nothing was said is not among the logs given.
    #[must_use]
    pub fn source(&self, id: &SourceId) -> SourceState {
        let unsaid = if self.stale { SourceStatus::Lagging } else { SourceStatus::NotGiven };
        self.sources.get(id).copied().unwrap_or(SourceState::new(unsaid, None))
    }

    /// What the host's audit rules and daemon are set to, where that is known and holds.
    #[must_use]
    pub fn audit(&self) -> Option<&'a AuditSettings> {
        self.inventory.settings.audit.as_ref().filter(|_| !self.stale)
    }

    /// The configuration of Sysmon, where it is known and holds.
    #[must_use]
    pub fn sysmon(&self) -> Option<&'a SysmonSettings> {
        self.inventory.settings.sysmon.as_ref().filter(|_| !self.stale)
    }

    /// True where a source is a Windows event log that is known to be switched off.
    #[must_use]
    pub fn is_off(&self, id: &SourceId) -> bool {
        let (SourceId::Channel(channel), Some(windows), false) =
            (id, &self.inventory.settings.windows, self.stale)
        else {
            return false;
        };
        windows.channels.get(channel).is_some_and(|settings| !settings.enabled)
    }

    /// The Windows audit policy, where it is known and holds.
    #[must_use]
    pub fn audit_policy(&self) -> Option<&'a AuditPolicy> {
        let windows = self.inventory.settings.windows.as_ref().filter(|_| !self.stale)?;
        windows.audit_policy.as_ref()
    }

    /// True where this host's own logs prove that it has the role, or runs the product, that writes an event type.
    #[must_use]
    pub fn can_write(&self, known: &EventFacts) -> bool {
        match (known.role, &known.product) {
            (Role::Any, _) => true,
            (Role::OptionalProduct, Some(product)) => self.products.contains(product),
            (role, _) => self.roles.contains(&role),
        }
    }

    /// An event type that was counted and that the same switch decides (Logon success auditing: 4624 and 4648).
    #[must_use]
    pub fn sibling(&self, group: &str) -> Option<&'a EventType> {
        self.siblings.get(group).copied()
    }

    /// The first and last event time of this host inside the window.
    #[must_use]
    pub fn span(&self) -> Option<(Timestamp, Timestamp)> {
        let (oldest, newest) = self.inventory.span()?;
        let from = self.window.from.map_or(oldest, |from| from.max(oldest));
        let to = self.window.to.map_or(newest, |to| to.min(newest));
        (from <= to).then_some((from, to))
    }

    /// Hours of event time that the window covers on this host, from its oldest to its newest record.
    #[must_use]
    pub fn covered_hours(&self) -> f64 {
        self.span().map_or(0.0, |(from, to)| to.duration_since(from).as_secs_f64() / 3600.0)
    }
}

/// Orders statuses by how much weight they have. Where two files hold one channel, the fuller answer counts: both hold
/// the same log. Each file of a Linux source holds a part of it: one that could not be looked at leaves absence unproven.
fn weight(id: &SourceId, status: SourceStatus) -> u8 {
    let in_parts = !matches!(id, SourceId::Channel(_));
    match status {
        SourceStatus::Denied | SourceStatus::Unreadable if in_parts => 0,
        SourceStatus::Read => 1,
        SourceStatus::Empty => 2,
        SourceStatus::Lagging => 3,
        SourceStatus::Denied => 4,
        SourceStatus::Unreadable => 5,
        SourceStatus::Disabled => 6,
        SourceStatus::Missing => 7,
        SourceStatus::NotGiven => 8,
    }
}

#[cfg(test)]
mod tests {
    use blindspot_telemetry::{HostName, Platform, Source, SourceKind};

    use super::*;

    fn status(id: &SourceId, statuses: &[SourceStatus]) -> SourceStatus {
        let mut host = Inventory::new(HostName::new("H"), Platform::Linux);
        host.sources.extend(statuses.iter().map(|status| Source {
            path: "log".to_owned(),
            kind: SourceKind::Syslog,
            status: *status,
            holds: vec![id.clone()],
            records: 1,
            damaged: 0,
            oldest: None,
            newest: None,
            size_bytes: None,
        }));
        HostSight::new(&host, Window::ALL, &Facts::embedded()).source(id).status
    }

    #[test]
    fn a_part_that_may_not_be_read_weighs_more_than_those_that_were() {
        use SourceStatus::{Denied, Missing, Read};
        assert_eq!(status(&SourceId::Syslog, &[Read, Denied]), Denied);
        assert_eq!(status(&SourceId::Syslog, &[Missing, Read]), Read);
        let channel = SourceId::Channel("Security".into());
        assert_eq!(status(&channel, &[Denied, Read]), Read);
    }
}
