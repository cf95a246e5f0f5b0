//! What each host counted, of any event type: not only of those that detections name.

use std::{collections::BTreeMap, sync::Arc};

use blindspot_telemetry::{EventType, EventTypePattern, FieldName, Hour, SourceId, SourceStatus};
use roaring::RoaringBitmap;

use super::{Counted, EventTypeUse, Flow, HostSlot, pool::Pool};

/// Sources with how reading them ended, in their order.
type Sources = Vec<(SourceId, SourceStatus)>;

/// What one host counted, and which sources it has.
#[derive(Debug, Clone, Default)]
pub(super) struct HostEvidence {
    /// In the order of [`Entry::kind`].
    entries: Box<[Entry]>,
    sources: Arc<Sources>,
}

/// One event type of one host. Fleets hold very many of these.
#[derive(Debug, Clone)]
struct Entry {
    kind: u32,
    /// Hours since the epoch; [`Self::NEVER`] where only totals are kept.
    newest: i32,
    count: u64,
    /// Fields that ever held a value.
    filled: Arc<Vec<FieldName>>,
}

impl Entry {
    const NEVER: i32 = i32::MIN;

    fn counted(&self) -> Counted {
        let newest = (self.newest != Self::NEVER).then(|| Hour(i64::from(self.newest)));
        Counted { count: self.count, newest }
    }

    fn flows(&self, since: Option<Hour>) -> bool {
        let counted = self.counted();
        match since {
            None => counted.count > 0,
            Some(since) => counted.newest.is_some_and(|newest| newest >= since),
        }
    }

    fn fills(&self, field: &str) -> bool {
        self.filled.iter().any(|name| name.as_str().eq_ignore_ascii_case(field))
    }
}

/// An event type, and the hosts that ever counted it.
#[derive(Debug)]
struct Kind {
    event_type: EventType,
    hosts: RoaringBitmap,
}

/// What all hosts counted. Who owns the hosts keeps each one's [`HostEvidence`].
#[derive(Debug, Default)]
pub(super) struct Evidence {
    kinds: Vec<Option<Kind>>,
    places: BTreeMap<EventType, u32>,
    free: Vec<u32>,
    fields: Pool<Vec<FieldName>>,
    sources: Pool<Sources>,
}

/// A question for event types that flow.
#[derive(Debug, Clone, Copy)]
pub(super) struct Asked<'q> {
    pub(super) pattern: &'q EventTypePattern,
    pub(super) field: Option<&'q str>,
    pub(super) since: Option<Hour>,
}

impl Evidence {
    /// Notes what a host counted, and returns it in the form to keep.
    pub(super) fn enter(
        &mut self,
        host: HostSlot,
        counted: Vec<(EventType, Counted, Vec<FieldName>)>,
        sources: Sources,
    ) -> HostEvidence {
        let mut entries: Vec<Entry> = Vec::with_capacity(counted.len());
        for (event_type, counted, filled) in counted {
            let kind = self.place(event_type);
            if let Some(Some(known)) = self.kinds.get_mut(kind as usize) {
                known.hosts.insert(host.0);
            }
            let newest = counted.newest.and_then(|hour| i32::try_from(hour.0).ok()).unwrap_or(Entry::NEVER);
            entries.push(Entry { kind, newest, count: counted.count, filled: self.fields.share(filled) });
        }
        entries.sort_unstable_by_key(|entry| entry.kind);
        HostEvidence { entries: entries.into(), sources: self.sources.share(sources) }
    }

    /// Forgets what a host counted, but for what it counts still.
    pub(super) fn leave(&mut self, host: HostSlot, gone: &HostEvidence, now: &HostEvidence) {
        for entry in gone.entries.iter().filter(|entry| now.entry(entry.kind).is_none()) {
            let Some(place) = self.kinds.get_mut(entry.kind as usize) else { continue };
            let Some(kind) = place.as_mut() else { continue };
            kind.hosts.remove(host.0);
            if kind.hosts.is_empty() {
                self.places.remove(&kind.event_type);
                *place = None;
                self.free.push(entry.kind);
            }
        }
    }

    fn place(&mut self, event_type: EventType) -> u32 {
        if let Some(place) = self.places.get(&event_type) {
            return *place;
        }
        let place = self.free.pop().unwrap_or_else(|| {
            self.kinds.push(None);
            u32::try_from(self.kinds.len() - 1).unwrap_or(u32::MAX)
        });
        if let Some(kind) = self.kinds.get_mut(place as usize) {
            *kind = Some(Kind { event_type: event_type.clone(), hosts: RoaringBitmap::new() });
        }
        self.places.insert(event_type, place);
        place
    }

    /// Every event type that any of these hosts counted.
    pub(super) fn event_types(&self, hosts: &RoaringBitmap) -> Vec<EventTypeUse> {
        let known = self.places.values().filter_map(|place| self.kinds.get(*place as usize)?.as_ref());
        known
            .map(|kind| EventTypeUse {
                event_type: kind.event_type.clone(),
                hosts: kind.hosts.intersection_len(hosts),
            })
            .filter(|used| used.hosts > 0)
            .collect()
    }

    /// What a host counted of an event type.
    pub(super) fn counted(&self, of: &HostEvidence, event_type: &EventType) -> Option<Counted> {
        of.entry(*self.places.get(event_type)?).map(Entry::counted)
    }

    /// On which of these hosts an event type flows; none of them is stale.
    pub(super) fn flow<'h>(
        &self,
        asked: Asked<'_>,
        hosts: &RoaringBitmap,
        of: impl Fn(HostSlot) -> Option<&'h HostEvidence>,
    ) -> Flow {
        let (mut flow, mut seen, mut filled) = (Flow::default(), RoaringBitmap::new(), RoaringBitmap::new());
        for (place, kind) in self.kinds.iter().enumerate() {
            let Some(kind) = kind.as_ref().filter(|kind| asked.pattern.matches(&kind.event_type)) else {
                continue;
            };
            for host in &kind.hosts & hosts {
                let place = u32::try_from(place).unwrap_or(u32::MAX);
                let Some(entry) = of(HostSlot(host)).and_then(|it| it.entry(place)) else { continue };
                seen.insert(host);
                if entry.flows(asked.since) {
                    flow.flowing.insert(host);
                }
                if asked.field.is_none_or(|field| entry.fills(field)) {
                    filled.insert(host);
                }
            }
        }
        flow.silent = &seen - &flow.flowing;
        flow.without_field = &flow.flowing - &filled;
        flow.flowing &= filled;
        let source = SourceId::of_pattern(asked.pattern);
        for host in hosts - seen {
            let into = match of(HostSlot(host)).map_or(SourceStatus::Lagging, |it| it.status(&source)) {
                SourceStatus::Read | SourceStatus::Empty => &mut flow.never,
                SourceStatus::NotGiven | SourceStatus::Missing | SourceStatus::Disabled => {
                    &mut flow.source_missing
                }
                SourceStatus::Denied | SourceStatus::Unreadable | SourceStatus::Lagging => {
                    &mut flow.could_not_look
                }
            };
            into.insert(host);
        }
        flow
    }
}

impl HostEvidence {
    fn entry(&self, kind: u32) -> Option<&Entry> {
        let at = self.entries.binary_search_by_key(&kind, |entry| entry.kind).ok()?;
        self.entries.get(at)
    }

    fn status(&self, source: &SourceId) -> SourceStatus {
        let known = self.sources.iter().find(|(id, _)| id == source);
        known.map_or(SourceStatus::NotGiven, |(_, status)| *status)
    }
}
