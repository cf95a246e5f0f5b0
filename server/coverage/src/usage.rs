//! Which event types are needed by what, and which are collected and needed by nothing.

use std::collections::{BTreeMap, HashMap};

use blindspot_catalog::{Detection, LeafEvent, Requirement};
use blindspot_telemetry::{EventId, EventType, EventTypePattern, Inventory, SourceId, WindowsChannel};

/// What every detection together asks for.
#[derive(Debug, Default)]
pub struct Demand<'a> {
    windows: HashMap<&'a WindowsChannel, HashMap<EventId, Vec<Want<'a>>>>,
    others: Vec<Want<'a>>,
    sources: HashMap<&'a SourceId, Vec<usize>>,
}

/// One pattern and the detections (by place) that name it.
#[derive(Debug)]
struct Want<'a> {
    pattern: &'a EventTypePattern,
    detections: Vec<usize>,
}

impl<'a> Demand<'a> {
    /// Collects what these detections ask for.
    #[must_use]
    pub fn of(detections: &'a [Detection]) -> Self {
        let mut demand = Self::default();
        for (place, detection) in detections.iter().enumerate() {
            demand.walk(place, &detection.requirement);
        }
        demand
    }

    fn walk(&mut self, place: usize, requirement: &'a Requirement) {
        match requirement {
            Requirement::Parts(parts) | Requirement::Together(parts) => {
                for part in parts {
                    self.walk(place, part);
                }
            }
            Requirement::Branch(branch) => {
                for leaf in &branch.alternatives {
                    self.want(place, &leaf.event);
                }
            }
            Requirement::Outside { .. } | Requirement::NotUnderstood { .. } => (),
        }
    }

    fn want(&mut self, place: usize, event: &'a LeafEvent) {
        let list = match event {
            LeafEvent::Type(pattern @ EventTypePattern::Windows { channel, event_id, .. }) => {
                let wants = self.windows.entry(channel).or_default().entry(*event_id).or_default();
                find_or_add(wants, pattern)
            }
            LeafEvent::Type(pattern) => find_or_add(&mut self.others, pattern),
            LeafEvent::Source(source) => self.sources.entry(source).or_default(),
        };
        if list.last() != Some(&place) {
            list.push(place);
        }
    }

    /// Places of the detections that name this event type.
    #[must_use]
    pub fn for_type(&self, event_type: &EventType) -> Vec<usize> {
        self.places(&event_type.into(), |wanted| wanted.matches(event_type))
    }

    /// Places of the detections that name this pattern's event types, whatever provider or call they add to it.
    #[must_use]
    pub fn naming(&self, pattern: &EventTypePattern) -> Vec<usize> {
        self.places(pattern, |wanted| wanted.overlaps(pattern))
    }

    /// Detections with a pattern, of the same channel and id where there are such, that passes the test.
    fn places(&self, near: &EventTypePattern, passes: impl Fn(&EventTypePattern) -> bool) -> Vec<usize> {
        let wants = match near {
            EventTypePattern::Windows { channel, event_id, .. } => self
                .windows
                .get(channel)
                .and_then(|ids| ids.get(event_id))
                .map(Vec::as_slice)
                .unwrap_or_default(),
            _ => self.others.as_slice(),
        };
        let passing = wants.iter().filter(|want| passes(want.pattern));
        let mut places: Vec<usize> = passing.flat_map(|want| want.detections.iter().copied()).collect();
        places.sort_unstable();
        places.dedup();
        places
    }

    /// True where some detection needs the source as a whole (keyword rules).
    #[must_use]
    pub fn wants_source(&self, source: &SourceId) -> bool {
        self.sources.contains_key(source)
    }
}

fn find_or_add<'w, 'a>(wants: &'w mut Vec<Want<'a>>, pattern: &'a EventTypePattern) -> &'w mut Vec<usize> {
    let place = wants.iter().position(|want| want.pattern == pattern).unwrap_or_else(|| {
        wants.push(Want { pattern, detections: Vec::new() });
        wants.len() - 1
    });
    #[expect(clippy::indexing_slicing, reason = "the place was just found or pushed")]
    &mut wants[place].detections
}

/// Event types that are collected and that no detection names, with their event counts, most first.
#[must_use]
pub fn unused<'h>(hosts: &'h [Inventory], demand: &Demand<'_>) -> Vec<(&'h EventType, u64)> {
    let mut counts: BTreeMap<&EventType, u64> = BTreeMap::new();
    for (event_type, seen) in hosts.iter().flat_map(|host| &host.event_types) {
        let sum = counts.entry(event_type).or_default();
        *sum = sum.saturating_add(seen.count);
    }
    let needless = |event_type: &EventType| {
        demand.for_type(event_type).is_empty() && !demand.wants_source(&SourceId::of(event_type))
    };
    let mut unused: Vec<_> = counts.into_iter().filter(|(event_type, _)| needless(event_type)).collect();
    unused.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(b.0)));
    unused
}
