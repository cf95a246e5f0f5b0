//! What one host's inventory comes to, for the index.

use blindspot_telemetry::{EventType, FieldName, Hour, Observed, Platform, SourceId, SourceStatus};

use super::Counted;
use crate::{HostSight, standing::LeafCode};

/// What one host's inventory comes to: how every leaf stands, and what was counted. Made by [`super::Compiled::read`].
#[derive(Debug, Clone)]
pub struct Reading {
    pub(super) platform: Platform,
    pub(super) stale: bool,
    pub(super) codes: Vec<LeafCode>,
    /// What was counted, in the order of event types.
    pub(super) counted: Vec<(EventType, Counted, Vec<FieldName>)>,
    /// Sources of which something is known, in their order.
    pub(super) sources: Vec<(SourceId, SourceStatus)>,
    /// The hour at which a window's start changes any of it.
    pub(super) expiry: Option<Hour>,
}

impl Reading {
    pub(super) fn new(host: &HostSight<'_>, codes: Vec<LeafCode>) -> Self {
        let last_hour = host.window.to.map(Hour::of);
        let of_type = |(event_type, observed): (&EventType, &Observed)| {
            let filled = observed.fields.iter().filter(|(_, fill)| fill.filled > 0);
            let fields = filled.map(|(name, _)| name.clone()).collect();
            let counted = Counted { count: observed.count, newest: newest(observed, last_hour) };
            (event_type.clone(), counted, fields)
        };
        let counted: Vec<_> = host.inventory.event_types.iter().map(of_type).collect();
        let mut sources: Vec<_> = host.sources().map(|(id, state)| (id.clone(), state.status)).collect();
        sources.sort_unstable();
        let expiry = expiry(host, &counted);
        Self { platform: host.inventory.platform, stale: host.is_stale(), codes, counted, sources, expiry }
    }
}

/// The newest hour that holds an event, no later than the window's last.
fn newest(observed: &Observed, last_hour: Option<Hour>) -> Option<Hour> {
    let hours = observed.hours.range(..=last_hour.unwrap_or(Hour(i64::MAX)));
    hours.rev().find(|(_, count)| **count > 0).map(|(hour, _)| *hour)
}

/// The first hour at which a window that begins there has lost an event type, or may begin after the oldest record
/// of a source, so that its absences prove more.
fn expiry(host: &HostSight<'_>, counted: &[(EventType, Counted, Vec<FieldName>)]) -> Option<Hour> {
    let from = Hour::of(host.window.from?);
    let newest = counted.iter().filter_map(|(_, counted, _)| counted.newest).filter(|newest| *newest >= from);
    let leaves = newest.map(|newest| Hour(newest.0.saturating_add(1)));
    let oldest = host.sources().filter_map(|(_, state)| state.oldest);
    let proves = oldest.filter(|oldest| Some(*oldest) > host.window.from).map(Hour::of);
    leaves.chain(proves).min().filter(|_| !host.is_stale())
}
