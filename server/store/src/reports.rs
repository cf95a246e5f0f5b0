//! Storing reports: many in one transaction, acknowledged only after it.

mod load;
mod work;
mod write;

use std::{collections::BTreeMap, sync::Arc};

use blindspot_telemetry::wire::{AgentId, Envelope, Report};
use jiff::Timestamp;

use self::work::Work;
use crate::{Decision, HostRecord, Store, StoreError};

/// A report whose signature was checked.
#[derive(Debug, Clone)]
pub struct Arrival {
    /// Who sent it.
    pub envelope: Envelope,
    /// The SHA-256 of its body, as it was sent.
    pub body_hash: [u8; 32],
    /// When it was received, by the collector's clock.
    pub received: Timestamp,
    /// What it says.
    pub report: Arc<Report>,
}

/// What became of a report.
#[derive(Debug, Clone)]
pub struct Stored {
    /// The decision.
    pub decision: Decision,
    /// The host's record after all reports of the batch, without hours but the newest two of each event type; `None`
    /// where the report changed nothing.
    pub record: Option<Arc<HostRecord>>,
    /// True where a snapshot should be asked for: little or nothing was known of the host before this report, and it
    /// is no snapshot.
    pub want_snapshot: bool,
}

impl Store {
    /// Stores reports, in their order, in one transaction. Once this returns they are durable and may be acknowledged.
    /// The answers stand in the order of the reports. For a group commit, hand in what has come within some
    /// milliseconds, 200 at most.
    ///
    /// # Errors
    /// Where the database cannot be written: then none of them is stored.
    pub async fn store_reports(&self, batch: Vec<Arrival>) -> Result<Vec<Stored>, StoreError> {
        if batch.is_empty() {
            return Ok(Vec::new());
        }
        let mut tx = self.begin().await?;
        let mut work = load::agents(&mut tx, &batch).await?;
        load::records(&mut tx, &mut work).await?;
        // Unpacking, merging and packing are work for a processor, and would keep other tasks waiting.
        let (mut work, verdicts) = apart(move || {
            let verdicts = decide_all(&mut work, &batch);
            (work, verdicts)
        })
        .await?;
        load::days(&mut tx, &mut work).await?;
        let (work, rows) = apart(move || {
            let rows = work.iter_mut().map(|(id, work)| work.pack(*id)).collect::<Result<Vec<_>, _>>();
            (work, rows)
        })
        .await?;
        write::all(&mut tx, &rows?).await?;
        tx.commit().await?;
        Ok(answers(work, verdicts))
    }
}

/// What is said of one report before all of them are merged.
struct Verdict {
    agent: AgentId,
    decision: Decision,
    changed: bool,
    want_snapshot: bool,
}

fn decide_all(work: &mut BTreeMap<AgentId, Work>, batch: &[Arrival]) -> Vec<Verdict> {
    let mut verdict = |arrival: &Arrival| {
        let agent = arrival.envelope.agent;
        let refused = Verdict { agent, decision: Decision::NotAllowed, changed: false, want_snapshot: false };
        work.get_mut(&agent).map_or(refused, |work| work.take(arrival))
    };
    batch.iter().map(&mut verdict).collect()
}

fn answers(work: BTreeMap<AgentId, Work>, verdicts: Vec<Verdict>) -> Vec<Stored> {
    let records: BTreeMap<AgentId, Arc<HostRecord>> =
        work.into_iter().filter_map(|(id, work)| Some((id, Arc::new(work.into_record()?)))).collect();
    verdicts
        .into_iter()
        .map(|verdict| Stored {
            decision: verdict.decision,
            record: records.get(&verdict.agent).filter(|_| verdict.changed).cloned(),
            want_snapshot: verdict.want_snapshot,
        })
        .collect()
}

/// Runs work for a processor on a thread of its own.
async fn apart<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, StoreError> {
    let ended = |_| StoreError::Io(std::io::Error::other("a worker thread ended early"));
    tokio::task::spawn_blocking(work).await.map_err(ended)
}
