//! What this and other collectors of the same database wrote: read once a second, so that each of them answers alike.
//!
//! Asking is cheaper than it sounds, one indexed look, and works behind any pool or proxy, where notifications do not.

use std::{sync::Arc, time::Duration};

use blindspot_store::{Cursor, StoreError};
use blindspot_telemetry::wire::AgentId;
use tokio::time::{MissedTickBehavior, interval, sleep};

use super::{super::Collector, Why, judging};

/// How often the database is asked.
const EVERY: Duration = Duration::from_secs(1);
/// How long it is left alone when it did not answer.
const PAUSE: Duration = Duration::from_secs(5);
/// Hosts that are read at a time at start.
const PAGE: u32 = 500;

pub(super) async fn run(collector: Arc<Collector>) {
    while let Err(error) = warm_up(&collector).await {
        tracing::error!(error = crate::chain(&error), "the hosts could not be read; trying again");
        sleep(PAUSE).await;
    }
    collector.set_ready();
    let mut cursor = Cursor::default();
    let mut tick = interval(EVERY);
    tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tick.tick().await;
        if let Err(error) = follow(&collector, &mut cursor).await {
            tracing::warn!(error = crate::chain(&error), "the database could not be followed; trying again");
            sleep(PAUSE).await;
        }
    }
}

/// Everything that the database holds.
async fn warm_up(collector: &Arc<Collector>) -> Result<(), StoreError> {
    let mut after: Option<AgentId> = None;
    loop {
        let page = collector.store.hosts_page(after, PAGE).await?;
        let Some((last, _)) = page.last() else { return Ok(()) };
        after = Some(*last);
        let known = page.into_iter().filter_map(|(agent, record)| {
            Some((collector.registry.get(agent)?.row.clone(), Arc::new(record)))
        });
        judging::put(collector, known.collect()).await;
    }
}

async fn follow(collector: &Collector, cursor: &mut Cursor) -> Result<(), StoreError> {
    collector.people.refresh(&collector.store).await?;
    let changes = collector.store.changed_since(*cursor).await?;
    for agent in changes.deleted {
        collector.registry.remove(agent);
        collector.fleet.remove(agent);
    }
    for (agent, revision) in changes.changed {
        let known = collector.registry.get(agent).is_some_and(|known| known.row.revision == revision);
        if !known {
            collector.judging.add(agent, Why::Changed);
        }
    }
    *cursor = changes.next;
    Ok(())
}
