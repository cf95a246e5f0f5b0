//! Hosts whose verdicts are to be worked out: after each report, once however many reports came.

use std::{
    collections::{HashMap, HashSet},
    mem,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use blindspot_store::{AgentRow, HostRecord, Stored, VerdictChange};
use blindspot_telemetry::wire::AgentId;
use tokio::{sync::Notify, time::sleep};

use super::super::Collector;

/// Records that are read from the database at a time.
const AT_A_TIME: usize = 200;
/// How long verdicts that could not be worked out wait.
const TRY_AGAIN: Duration = Duration::from_secs(5);

/// Why an agent's hosts are to be judged.
#[derive(Debug, Clone)]
pub enum Why {
    /// This record was stored.
    Stored(Arc<HostRecord>),
    /// The database holds something new of it, perhaps only what is known already.
    Changed,
    /// What was known does not hold any more: other detections, or time.
    Again,
}

/// Agents whose hosts are to be judged.
#[derive(Default)]
pub struct Judging {
    waiting: Mutex<HashMap<AgentId, Why>>,
    some: Notify,
}

impl Judging {
    /// Adds an agent. What demands more work counts.
    pub fn add(&self, agent: AgentId, why: Why) {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        let known = waiting.remove(&agent);
        let why = match (why, known) {
            (Why::Changed, Some(known)) => known,
            (why, _) => why,
        };
        waiting.insert(agent, why);
        drop(waiting);
        self.some.notify_one();
    }

    /// How many agents wait.
    #[must_use]
    pub fn waiting(&self) -> usize {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner).len()
    }

    fn take(&self) -> HashMap<AgentId, Why> {
        mem::take(&mut *self.waiting.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Collector {
    /// A report was stored, or not: its host is judged, and what it did to the agent is looked up.
    pub fn after_storing(&self, agent: AgentId, stored: &Stored) {
        match (&stored.record, stored.decision.refusal()) {
            (Some(record), None) => self.judging.add(agent, Why::Stored(Arc::clone(record))),
            (_, Some(_)) => self.judging.add(agent, Why::Again),
            (None, None) => {}
        }
    }
}

pub(super) async fn run(collector: Arc<Collector>) {
    loop {
        collector.judging.some.notified().await;
        let (mut known, mut unread, mut again) = (Vec::new(), Vec::new(), HashSet::new());
        for (agent, why) in collector.judging.take() {
            match why {
                Why::Stored(record) => {
                    known.extend(collector.registry.get(agent).map(|it| (it.row.clone(), record)));
                }
                Why::Changed => unread.push(agent),
                Why::Again => {
                    unread.push(agent);
                    again.insert(agent);
                }
            }
        }
        put(&collector, known).await;
        for agents in unread.chunks(AT_A_TIME) {
            match collector.store.hosts_of(agents).await {
                Ok(rows) => {
                    let now = collector.clock.monotonic();
                    rows.iter().for_each(|(row, _)| collector.registry.put(row.clone(), now));
                    let rows = rows.into_iter().filter_map(|(row, record)| Some((row, Arc::new(record?))));
                    let is_news = |(row, record): &(AgentRow, Arc<HostRecord>)| {
                        again.contains(&row.id) || !collector.fleet.has(row, record)
                    };
                    put(&collector, rows.filter(is_news).collect()).await;
                }
                Err(error) => {
                    tracing::error!(
                        error = crate::chain(&error),
                        "hosts could not be read; they are judged later"
                    );
                    agents.iter().for_each(|agent| collector.judging.add(*agent, Why::Again));
                    sleep(TRY_AGAIN).await;
                }
            }
        }
        collector.metrics.evaluated(collector.clock.wall().as_second());
    }
}

/// Judges these hosts, and keeps what changed.
pub(super) async fn put(collector: &Arc<Collector>, hosts: Vec<(AgentRow, Arc<HostRecord>)>) {
    if hosts.is_empty() {
        return;
    }
    let judge = Arc::clone(collector);
    let judged = tokio::task::spawn_blocking(move || {
        let now = judge.clock.wall();
        hosts.iter().flat_map(|(row, record)| judge.fleet.put(row, record, now)).collect::<Vec<_>>()
    });
    match judged.await {
        Ok(changes) => keep(collector, &changes).await,
        Err(error) => tracing::error!(error = error.to_string(), "judging broke off"),
    }
}

/// Keeps verdicts that changed.
pub(super) async fn keep(collector: &Collector, changes: &[VerdictChange]) {
    if changes.is_empty() {
        return;
    }
    if let Err(error) = collector.store.record_verdicts(changes).await {
        tracing::error!(error = crate::chain(&error), "a change of verdicts could not be kept");
    }
}
