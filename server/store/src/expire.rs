//! Retention: what is too old is deleted, a little at a time.

use jiff::Timestamp;

use crate::{
    Store, StoreError,
    database::{Pools, change},
    days::Day,
};

/// Rows of one statement: no writer has to wait long.
const BATCH: i64 = 2_000;
const DAY_MS: i64 = 86_400_000;

/// How long things are kept, in days. The audit log is kept for good.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Retention {
    /// Hourly counts.
    pub host_days: u32,
    /// Verdicts, except the ones that still hold.
    pub verdicts: u32,
    /// Roll-ups.
    pub rollups: u32,
    /// Findings.
    pub findings: u32,
    /// What hosts were set to record, except what they are set to now.
    pub settings: u32,
}

impl Default for Retention {
    fn default() -> Self {
        Self { host_days: 15, verdicts: 90, rollups: 400, findings: 90, settings: 400 }
    }
}

/// How many rows were deleted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Expired {
    /// Of hourly counts.
    pub host_days: u64,
    /// Of the verdict history.
    pub verdicts: u64,
    /// Sets of verdicts or detections that nothing refers to any more.
    pub verdict_sets: u64,
    /// Of roll-ups.
    pub rollups: u64,
    /// Findings.
    pub findings: u64,
    /// Former settings.
    pub settings: u64,
    /// Notes of deleted agents, and leases that ran out.
    pub other: u64,
}

impl Store {
    /// Deletes what is too old.
    ///
    /// # Errors
    /// Where the database cannot be written. What was deleted until then stays so.
    pub async fn expire(&self, now: Timestamp, retention: &Retention) -> Result<Expired, StoreError> {
        let ms = |days: u32| now.as_millisecond().saturating_sub(i64::from(days).saturating_mul(DAY_MS));
        let second = ms(retention.rollups).div_euclid(1000);
        let today = now.as_second().div_euclid(86_400);
        let first_day = Day(today.saturating_sub(i64::from(retention.host_days)));
        let rollups = self.delete(ROLLUP_DETECTIONS, second).await?
            + self.delete(ROLLUP_EVENT_TYPES, second).await?
            + self.delete(ROLLUP_HOSTS, second).await?;
        let verdicts = self.delete(VERDICTS, ms(retention.verdicts)).await?;
        // What is not referred to now may be referred to in the next moment by a transaction that found it there: a
        // short lock keeps such transactions out.
        let verdict_sets = self.delete_sets().await?;
        Ok(Expired {
            host_days: self.delete(HOST_DAYS, first_day.0).await?,
            verdicts,
            verdict_sets,
            rollups,
            findings: self.delete(FINDINGS, ms(retention.findings)).await?,
            settings: self.delete(SETTINGS, ms(retention.settings)).await?,
            other: self.delete(AGENTS_DELETED, ms(1)).await? + self.delete(LEASES, ms(1)).await?,
        })
    }

    /// Deletes in small batches, each its own transaction.
    async fn delete(&self, sql: &'static str, before: i64) -> Result<u64, StoreError> {
        let mut sum = 0;
        loop {
            let done = change!(self, pool => {
                sqlx::query(sql).bind(before).bind(BATCH).execute(pool).await?.rows_affected()
            });
            sum += done;
            if done == 0 {
                return Ok(sum);
            }
        }
    }

    async fn delete_sets(&self) -> Result<u64, StoreError> {
        let mut tx = self.begin().await?;
        if let (Pools::Postgres(_), crate::database::Tx::Postgres(db)) = (&self.pools, &mut tx) {
            let sql = "LOCK TABLE detection_sets, verdict_sets, verdict_history IN EXCLUSIVE MODE";
            sqlx::query(sql).execute(&mut **db).await?;
        }
        let mut sum = 0;
        for sql in [VERDICT_SETS, DETECTION_SETS] {
            sum += crate::database::within!(tx, db => sqlx::query(sql).execute(db).await?.rows_affected());
        }
        tx.commit().await?;
        Ok(sum)
    }
}

const HOST_DAYS: &str = "DELETE FROM host_days WHERE (agent, day) IN \
    (SELECT agent, day FROM host_days WHERE day < $1 LIMIT $2)";
const VERDICTS: &str = "DELETE FROM verdict_history WHERE (agent, subject, from_ms) IN \
    (SELECT agent, subject, from_ms FROM verdict_history AS old WHERE from_ms < $1 AND EXISTS \
    (SELECT 1 FROM verdict_history AS newer WHERE newer.agent = old.agent AND newer.subject = old.subject \
    AND newer.from_ms > old.from_ms AND newer.from_ms <= $1) LIMIT $2)";
const FINDINGS: &str = "DELETE FROM findings WHERE (agent, n) IN \
    (SELECT agent, n FROM findings WHERE at_ms < $1 LIMIT $2)";
const SETTINGS: &str = "DELETE FROM settings_history WHERE (agent, at_ms) IN \
    (SELECT agent, at_ms FROM settings_history AS old WHERE at_ms < $1 AND EXISTS \
    (SELECT 1 FROM settings_history AS newer WHERE newer.agent = old.agent AND newer.at_ms > old.at_ms \
    AND newer.at_ms <= $1) LIMIT $2)";
const ROLLUP_DETECTIONS: &str = "DELETE FROM rollup_detections WHERE (grp, day_s, detection) IN \
    (SELECT grp, day_s, detection FROM rollup_detections WHERE day_s < $1 LIMIT $2)";
const ROLLUP_EVENT_TYPES: &str = "DELETE FROM rollup_event_types WHERE (grp, day_s, event_type) IN \
    (SELECT grp, day_s, event_type FROM rollup_event_types WHERE day_s < $1 LIMIT $2)";
const ROLLUP_HOSTS: &str = "DELETE FROM rollup_hosts WHERE (grp, day_s) IN \
    (SELECT grp, day_s FROM rollup_hosts WHERE day_s < $1 LIMIT $2)";
const AGENTS_DELETED: &str = "DELETE FROM agents_deleted WHERE agent IN \
    (SELECT agent FROM agents_deleted WHERE deleted_ms < $1 LIMIT $2)";
const LEASES: &str =
    "DELETE FROM leases WHERE name IN (SELECT name FROM leases WHERE until_ms < $1 LIMIT $2)";
const VERDICT_SETS: &str = "DELETE FROM verdict_sets WHERE NOT EXISTS \
    (SELECT 1 FROM verdict_history WHERE verdict_history.verdict_set = verdict_sets.hash)";
const DETECTION_SETS: &str = "DELETE FROM detection_sets WHERE NOT EXISTS \
    (SELECT 1 FROM verdict_sets WHERE verdict_sets.detection_set = detection_sets.hash)";
