//! Verdicts over time: which detections a host could carry at a moment in the past.
//!
//! Kept by content: hosts that are alike share their set of verdicts, and a row is added only where the set of a subject
//! changed.

use std::sync::Arc;

use blindspot_telemetry::wire::AgentId;
use jiff::Timestamp;

use crate::{
    Store, StoreError,
    database::{Tx, read, within},
    pack,
    row::{bytes, hash, text, time},
};

/// The verdicts of one subject that hold from a moment on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VerdictChange {
    /// The agent through which the subject is seen.
    pub agent: AgentId,
    /// The subject: the host itself, or one whose records it relays.
    pub subject: String,
    /// From then on.
    pub at: Timestamp,
    /// The detections that were judged, by id, in the order of `verdicts`.
    pub ids: Arc<[String]>,
    /// One byte per detection; what it means is the caller's.
    pub verdicts: Vec<u8>,
}

/// The verdicts of one subject over a span.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VerdictsAt {
    /// They hold from then on, until the next ones.
    pub from: Timestamp,
    /// Names the list of detections: where it is the same, `ids` are.
    pub detection_set: [u8; 32],
    /// The detections that were judged, by id.
    pub ids: Arc<[String]>,
    /// One byte per detection.
    pub verdicts: Vec<u8>,
}

#[derive(sqlx::FromRow)]
struct Columns {
    from_ms: i64,
    detection_set: Vec<u8>,
    verdicts: Vec<u8>,
    ids: Vec<u8>,
}

impl TryFrom<Columns> for VerdictsAt {
    type Error = StoreError;

    fn try_from(row: Columns) -> Result<Self, StoreError> {
        Ok(Self {
            from: time("verdict_history", row.from_ms)?,
            detection_set: bytes("verdict_sets", &row.detection_set)?,
            ids: pack::ids::unpack(&row.ids)?,
            verdicts: pack::unpack("verdict_sets", &row.verdicts)?,
        })
    }
}

/// Selects what a subject ($2) of an agent ($1) could see.
macro_rules! history {
    () => {
        "SELECT h.from_ms, v.detection_set, v.packed AS verdicts, d.packed AS ids \
         FROM verdict_history AS h JOIN verdict_sets AS v ON v.hash = h.verdict_set \
         JOIN detection_sets AS d ON d.hash = v.detection_set \
         WHERE h.agent = $1 AND h.subject = $2"
    };
}

impl Store {
    /// Adds verdicts to the history, each only where it differs from the one before it. Changes of one subject come in
    /// the order of time. Returns how many were added.
    ///
    /// # Errors
    /// Where the database cannot be written.
    pub async fn record_verdicts(&self, changes: &[VerdictChange]) -> Result<u64, StoreError> {
        let mut tx = self.begin().await?;
        let mut added = 0;
        let mut known: Option<(Arc<[String]>, [u8; 32])> = None;
        for change in changes {
            let detections = match &known {
                Some((ids, hash)) if Arc::ptr_eq(ids, &change.ids) => *hash,
                _ => put_detections(&mut tx, &change.ids).await?,
            };
            known = Some((Arc::clone(&change.ids), detections));
            added += append(&mut tx, change, detections).await?;
        }
        tx.commit().await?;
        Ok(added)
    }

    /// The verdicts of a subject that held at a moment; `None` where none is known from before it.
    ///
    /// # Errors
    /// Where the database cannot be read.
    pub async fn verdicts_at(
        &self,
        agent: AgentId,
        subject: &str,
        at: Timestamp,
    ) -> Result<Option<VerdictsAt>, StoreError> {
        let sql = concat!(history!(), " AND h.from_ms <= $3 ORDER BY h.from_ms DESC LIMIT 1");
        let (agent, at) = (agent.0.to_vec(), at.as_millisecond());
        let row: Option<Columns> = read!(self, pool => {
            sqlx::query_as(sql).bind(agent).bind(text(subject)).bind(at).fetch_optional(pool).await
        })?;
        row.map(VerdictsAt::try_from).transpose()
    }

    /// The changes of a subject's verdicts after a moment, the oldest first.
    ///
    /// # Errors
    /// Where the database cannot be read.
    pub async fn verdict_changes(
        &self,
        agent: AgentId,
        subject: &str,
        since: Timestamp,
    ) -> Result<Vec<VerdictsAt>, StoreError> {
        let sql = concat!(history!(), " AND h.from_ms > $3 ORDER BY h.from_ms");
        let (agent, since) = (agent.0.to_vec(), since.as_millisecond());
        let rows: Vec<Columns> = read!(self, pool => {
            sqlx::query_as(sql).bind(agent).bind(text(subject)).bind(since).fetch_all(pool).await
        })?;
        rows.into_iter().map(VerdictsAt::try_from).collect()
    }
}

async fn put_detections(tx: &mut Tx, ids: &[String]) -> Result<[u8; 32], StoreError> {
    let parts: Vec<&[u8]> = ids.iter().map(String::as_bytes).collect();
    let hash = hash(&parts);
    let packed = pack::ids::pack(ids)?;
    let sql = "INSERT INTO detection_sets (hash, packed) VALUES ($1, $2) ON CONFLICT (hash) DO NOTHING";
    within!(tx, db => sqlx::query(sql).bind(hash.to_vec()).bind(packed).execute(db).await.map(drop))?;
    Ok(hash)
}

/// Appends one change; 1 where it is one.
async fn append(tx: &mut Tx, change: &VerdictChange, detections: [u8; 32]) -> Result<u64, StoreError> {
    let set = hash(&[&detections, &change.verdicts]).to_vec();
    let (agent, from) = (change.agent.0.to_vec(), change.at.as_millisecond());
    let sql = "SELECT verdict_set FROM verdict_history WHERE agent = $1 AND subject = $2 \
               ORDER BY from_ms DESC LIMIT 1";
    let last: Option<Vec<u8>> = within!(tx, db => {
        sqlx::query_scalar(sql).bind(&agent).bind(text(&change.subject)).fetch_optional(db).await
    })?;
    if last.as_ref() == Some(&set) {
        return Ok(0);
    }
    let packed = pack::pack(&change.verdicts)?;
    let sql = "INSERT INTO verdict_sets (hash, detection_set, packed) VALUES ($1, $2, $3) \
               ON CONFLICT (hash) DO NOTHING";
    let of = detections.to_vec();
    within!(tx, db => sqlx::query(sql).bind(&set).bind(of).bind(packed).execute(db).await.map(drop))?;
    let sql = "INSERT INTO verdict_history (agent, subject, from_ms, verdict_set) VALUES ($1, $2, $3, $4) \
               ON CONFLICT (agent, subject, from_ms) DO UPDATE SET verdict_set = excluded.verdict_set";
    let done = within!(tx, db => {
        sqlx::query(sql).bind(agent).bind(text(&change.subject)).bind(from).bind(set).execute(db).await
            .map(|done| done.rows_affected())
    })?;
    Ok(done)
}
