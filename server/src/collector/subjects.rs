//! Which hosts an agent's censuses are of: its own, and those whose records it relays. By the same rules as an audit.

use std::path::PathBuf;

use blindspot_sampling::machine;
use blindspot_store::HostRecord;
use blindspot_telemetry::{HostName, Hour, Inventory, Platform, SourceStatus, Window, census::LogCensus};
use jiff::{SignedDuration, Timestamp};

use crate::logs::hosts::{self, Computer, OwnMachine, Reading};

/// The inventories that a record comes to: the agent's own host first, the relayed ones by name.
#[must_use]
pub fn inventories(record: &HostRecord) -> Vec<Inventory> {
    let own = OwnMachine {
        name: HostName::new(record.claim.name.as_str()),
        platform: Platform::parse(&record.claim.platform).unwrap_or(Platform::Linux),
        own_streams: machine::own_streams(),
    };
    let readings = record.logs.iter().map(reading).collect();
    // A log that names no host is the agent's own; nothing else can be a problem here.
    let mut hosts = hosts::join(readings, Vec::new(), Some(&own), &mut Vec::new());
    hosts.sort_by_key(|host| host.relay.is_some());
    if let Some(first) = hosts.first_mut().filter(|host| host.relay.is_none()) {
        first.settings = record.settings.clone().unwrap_or_default();
    }
    hosts
}

fn reading(log: &LogCensus) -> Reading {
    let computers = log.computers.iter().map(|computer| Computer {
        name: computer.name.clone(),
        event_types: computer
            .event_types
            .iter()
            .filter_map(|(event_type, tally)| Some((event_type.clone(), tally.observed()?)))
            .collect(),
    });
    Reading {
        path: PathBuf::from(&log.source.path),
        source: log.source.clone(),
        computers: computers.filter(|computer| !computer.event_types.is_empty()).collect(),
        relay: log.relay,
        stream: log.stream.clone(),
    }
}

/// The span that live verdicts speak of: so many days back from now. An hour ahead is let pass for skewed clocks.
#[must_use]
pub fn window(now: Timestamp, days: u32) -> Window {
    let back = SignedDuration::from_hours(24 * i64::from(days));
    Window { from: now.checked_sub(back).ok(), to: now.checked_add(SignedDuration::from_hours(1)).ok() }
}

/// The first hour of that span.
#[must_use]
pub fn first_hour(window: &Window) -> Hour {
    window.from.map_or(Hour(i64::MIN), Hour::of)
}

/// True where any of the host's sources may not be read.
#[must_use]
pub fn is_denied(host: &Inventory) -> bool {
    host.sources.iter().any(|source| source.status == SourceStatus::Denied)
}
