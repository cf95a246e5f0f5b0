//! What agents, and the collector about them, have noticed; and how their hosts' settings changed.

use blindspot_telemetry::{
    Settings,
    wire::{AgentId, report::Finding},
};
use jiff::Timestamp;

use crate::{
    Store, StoreError,
    database::{Tx, read, within},
    pack,
    row::{ROWS, agent_id, text, time},
};

/// Findings that are kept of one agent; the oldest are forgotten first.
pub(crate) const MAX_KEPT: i64 = 200;

/// A finding, and about whose host.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HostFinding {
    /// The agent.
    pub agent: AgentId,
    /// What was noticed.
    pub finding: Finding,
}

#[derive(sqlx::FromRow)]
struct Columns {
    agent: Vec<u8>,
    at_ms: i64,
    code: String,
    log: Option<String>,
    text: String,
}

impl TryFrom<Columns> for HostFinding {
    type Error = StoreError;

    fn try_from(row: Columns) -> Result<Self, StoreError> {
        let finding =
            Finding { code: row.code, log: row.log, text: row.text, at: time("findings", row.at_ms)? };
        Ok(Self { agent: agent_id("findings", &row.agent)?, finding })
    }
}

impl Store {
    /// Adds findings that the collector has made. The order among those of one agent is kept.
    ///
    /// # Errors
    /// Where the database cannot be written.
    pub async fn add_findings(&self, findings: &[HostFinding]) -> Result<(), StoreError> {
        let mut tx = self.begin().await?;
        insert(&mut tx, findings).await?;
        tx.commit().await
    }

    /// The latest findings about one host, the newest first.
    ///
    /// # Errors
    /// Where the database cannot be read.
    pub async fn findings(&self, agent: AgentId, limit: u32) -> Result<Vec<Finding>, StoreError> {
        let sql =
            "SELECT agent, at_ms, code, log, text FROM findings WHERE agent = $1 ORDER BY n DESC LIMIT $2";
        let (agent, limit) = (agent.0.to_vec(), i64::from(limit));
        let rows: Vec<Columns> =
            read!(self, pool => sqlx::query_as(sql).bind(agent).bind(limit).fetch_all(pool).await)?;
        rows.into_iter().map(|row| HostFinding::try_from(row).map(|row| row.finding)).collect()
    }

    /// The latest findings about all hosts since a moment, the newest first.
    ///
    /// # Errors
    /// Where the database cannot be read.
    pub async fn recent_findings(
        &self,
        since: Timestamp,
        limit: u32,
    ) -> Result<Vec<HostFinding>, StoreError> {
        let sql = "SELECT agent, at_ms, code, log, text FROM findings WHERE at_ms >= $1 \
                   ORDER BY at_ms DESC, agent, n DESC LIMIT $2";
        let (since, limit) = (since.as_millisecond(), i64::from(limit));
        let rows: Vec<Columns> =
            read!(self, pool => sqlx::query_as(sql).bind(since).bind(limit).fetch_all(pool).await)?;
        rows.into_iter().map(HostFinding::try_from).collect()
    }

    /// What a host was set to record, each time from when on, the newest first.
    ///
    /// # Errors
    /// Where the database cannot be read.
    pub async fn settings_history(
        &self,
        agent: AgentId,
        limit: u32,
    ) -> Result<Vec<(Timestamp, Settings)>, StoreError> {
        let sql = "SELECT at_ms, packed FROM settings_history WHERE agent = $1 ORDER BY at_ms DESC LIMIT $2";
        let (agent, limit) = (agent.0.to_vec(), i64::from(limit));
        let rows: Vec<(i64, Vec<u8>)> =
            read!(self, pool => sqlx::query_as(sql).bind(agent).bind(limit).fetch_all(pool).await)?;
        rows.into_iter()
            .map(|(at, packed)| Ok((time("settings_history", at)?, pack::settings::unpack(&packed)?)))
            .collect()
    }
}

/// Adds findings, and forgets those that are too many of their agents.
pub(crate) async fn insert(tx: &mut Tx, findings: &[HostFinding]) -> Result<(), StoreError> {
    for chunk in findings.chunks(ROWS) {
        let rows: Vec<_> = (0_i64..).zip(chunk).collect();
        // Within an agent the numbers grow; gaps between them mean nothing.
        within!(tx, db => {
            let mut query = sqlx::QueryBuilder::new("WITH fresh (agent, place, at_ms, code, log, text) AS (");
            query.push_values(&rows, |mut row, (place, HostFinding { agent, finding })| {
                row.push_bind(agent.0.to_vec());
                row.push_bind(*place);
                row.push_bind(finding.at.as_millisecond());
                row.push_bind(text(&finding.code));
                row.push_bind(finding.log.as_deref().map(text));
                row.push_bind(text(&finding.text));
            });
            query.push(
                ") INSERT INTO findings (agent, n, at_ms, code, log, text) \
                 SELECT agent, place + 1 + coalesce((SELECT max(n) FROM findings AS kept \
                 WHERE kept.agent = fresh.agent), 0), at_ms, code, log, text FROM fresh",
            );
            query.build().execute(db).await.map(drop)
        })?;
        let mut agents: Vec<AgentId> = chunk.iter().map(|row| row.agent).collect();
        agents.sort_unstable();
        agents.dedup();
        forget(tx, &agents).await?;
    }
    Ok(())
}

async fn forget(tx: &mut Tx, agents: &[AgentId]) -> Result<(), StoreError> {
    let sql = "DELETE FROM findings WHERE agent = $1 AND n <= coalesce((SELECT n FROM findings AS kept \
               WHERE kept.agent = $1 ORDER BY n DESC LIMIT 1 OFFSET $2), -1)";
    for agent in agents {
        let agent = agent.0.to_vec();
        within!(tx, db => sqlx::query(sql).bind(agent).bind(MAX_KEPT).execute(db).await.map(drop))?;
    }
    Ok(())
}
