//! Once an hour, by one collector of a database: roll-ups for dashboards, and the end of what is too old.

use std::{sync::Arc, time::Duration};

use blindspot_coverage::{
    Verdict, VerdictCounts,
    index::{DetectionSlot, HostSet},
};
use blindspot_store::{Retention, RollupDetection, RollupEventType, RollupHosts, StoreError};
use blindspot_telemetry::EventTypePattern;
use jiff::{SignedDuration, tz::TimeZone};
use tokio::time::interval;

use super::super::{Collector, fleet::State, subjects};

const EVERY: Duration = Duration::from_secs(3600);
/// Whoever holds the lease is the one; it ends before the next hour.
const LEASE: SignedDuration = SignedDuration::from_mins(50);

pub(super) async fn run(collector: Arc<Collector>) {
    let mut tick = interval(EVERY);
    let holder = format!("{} {}", collector.own_name, std::process::id());
    // The first is at once: at start nothing is judged yet.
    tick.tick().await;
    loop {
        tick.tick().await;
        let now = collector.clock.wall();
        let mine = collector.store.take_lease("daily", &holder, LEASE, now).await;
        let done = match mine {
            Ok(true) => work(&collector).await,
            Ok(false) => Ok(()),
            Err(error) => Err(error),
        };
        if let Err(error) = done {
            tracing::error!(
                error = crate::chain(&error),
                "roll-ups or retention failed; trying again in an hour"
            );
        }
    }
}

async fn work(collector: &Collector) -> Result<(), StoreError> {
    let now = collector.clock.wall();
    let day = TimeZone::UTC.to_datetime(now).date();
    let groups: Vec<String> = collector.fleet.read().groups().map(str::to_owned).collect();
    let (mut detections, mut event_types, mut hosts) = RolledUp::default();
    // The empty name is the fleet.
    for group in std::iter::once(String::new()).chain(groups) {
        let Some(rolled) = roll_up(collector, &group) else { continue };
        detections.extend(rolled.0);
        event_types.extend(rolled.1);
        hosts.extend(rolled.2);
    }
    // All groups at once: each of these replaces the whole day.
    collector.store.put_rollup_detections(day, &detections).await?;
    collector.store.put_rollup_event_types(day, &event_types).await?;
    collector.store.put_rollup_hosts(day, &hosts).await?;
    let expired = collector.store.expire(now, &Retention::default()).await?;
    tracing::info!(?expired, "what is too old was dropped");
    Ok(())
}

type RolledUp = (Vec<RollupDetection>, Vec<RollupEventType>, Vec<RollupHosts>);

fn roll_up(collector: &Collector, group: &str) -> Option<RolledUp> {
    let state = collector.fleet.read();
    let set = if group.is_empty() { HostSet::All } else { state.group(group)? };
    let hosts = state.index.hosts(&set);
    let stale = (state.index.stale_hosts() & &hosts).len();
    let rolled =
        RollupHosts { group: group.to_owned(), hosts: hosts.len(), reporting: hosts.len() - stale, stale };
    let detections = (0_u32..).zip(state.set.detections.iter()).map(|(slot, detection)| {
        let counts = state.index.counts(DetectionSlot(slot), &set);
        detection_row(group, detection, &counts)
    });
    let detections = detections.collect();
    Some((detections, event_type_rows(collector, &state, group, &set), vec![rolled]))
}

fn detection_row(
    group: &str,
    detection: &blindspot_catalog::Detection,
    counts: &VerdictCounts,
) -> RollupDetection {
    let of = |verdict| counts.of(verdict) as u64;
    RollupDetection {
        group: group.to_owned(),
        detection: detection.id.to_string(),
        title: detection.title.to_string(),
        level: detection.level.map(|level| level.as_str().to_owned()).unwrap_or_default(),
        sighted: of(Verdict::Sighted),
        noisy: of(Verdict::Noisy),
        partial: of(Verdict::Partial),
        armed: of(Verdict::Armed),
        unknown: of(Verdict::Unknown),
        blind: of(Verdict::Blind),
        unsampled: of(Verdict::Unsampled),
        out_of_scope: of(Verdict::OutOfScope),
    }
}

fn event_type_rows(collector: &Collector, state: &State, group: &str, set: &HostSet) -> Vec<RollupEventType> {
    let window = subjects::window(collector.clock.wall(), collector.fleet.window_days());
    let since = Some(subjects::first_hour(&window));
    let rows = state.index.event_types(set).into_iter().map(|used| {
        let flow = state.index.flow(&EventTypePattern::from(&used.event_type), None, since, set);
        RollupEventType {
            group: group.to_owned(),
            event_type: used.event_type.to_string(),
            hosts_flowing: flow.flowing.len(),
            hosts_silent: flow.silent.len(),
        }
    });
    rows.collect()
}
