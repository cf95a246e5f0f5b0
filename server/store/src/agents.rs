//! The agents: who may report, under which name, in which group.

use std::collections::BTreeMap;

use blindspot_telemetry::wire::AgentId;
use jiff::Timestamp;

use crate::{
    Store, StoreError,
    database::{Tx, read, within},
    row::{agent_id, bytes, corrupt, some_time, time},
};

const TABLE: &str = "agents";

/// Whether an agent's reports are taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum AgentState {
    /// They are.
    Active,
    /// Two reported under this identity: an administrator has to decide.
    Quarantined,
    /// They never will be again.
    Revoked,
}

impl AgentState {
    /// The word in the database and in the interface.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Quarantined => "quarantined",
            Self::Revoked => "revoked",
        }
    }

    /// The state that a word means.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        [Self::Active, Self::Quarantined, Self::Revoked].into_iter().find(|state| state.as_str() == word)
    }
}

/// One agent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AgentRow {
    /// Its id.
    pub id: AgentId,
    /// Its Ed25519 public key.
    pub public_key: [u8; 32],
    /// The SHA-256 of the token that it enrolled with.
    pub token: [u8; 32],
    /// SHA-256, in hex, of the installation's machine id, as it claims. Two agents of one machine are worth a look.
    pub machine: String,
    /// The host's name, as it claims.
    pub name: String,
    /// [`blindspot_telemetry::Platform::as_str`], as it claims.
    pub platform: String,
    /// The agent's version.
    pub version: String,
    /// The group that it stands in.
    pub group: String,
    /// What people wrote on it.
    pub labels: BTreeMap<String, String>,
    /// Whether its reports are taken.
    pub state: AgentState,
    /// When it enrolled.
    pub enrolled: Timestamp,
    /// When its newest report was received.
    pub last_report: Option<Timestamp>,
    /// How far its clock is behind the collector's, in milliseconds.
    pub clock_offset_ms: Option<i64>,
    /// Grows with every change of the agent or its record; see [`Store::changed_since`].
    pub revision: i64,
}

#[derive(sqlx::FromRow)]
pub(crate) struct Columns {
    agent: Vec<u8>,
    public_key: Vec<u8>,
    token: Vec<u8>,
    machine: String,
    name: String,
    platform: String,
    version: String,
    grp: String,
    labels: String,
    state: String,
    enrolled_ms: i64,
    last_report_ms: Option<i64>,
    clock_offset_ms: Option<i64>,
    revision: i64,
}

impl TryFrom<Columns> for AgentRow {
    type Error = StoreError;

    fn try_from(row: Columns) -> Result<Self, StoreError> {
        Ok(Self {
            id: agent_id(TABLE, &row.agent)?,
            public_key: bytes(TABLE, &row.public_key)?,
            token: bytes(TABLE, &row.token)?,
            machine: row.machine,
            name: row.name,
            platform: row.platform,
            version: row.version,
            group: row.grp,
            labels: serde_json::from_str(&row.labels).map_err(|_| corrupt(TABLE, "labels"))?,
            state: AgentState::parse(&row.state).ok_or_else(|| corrupt(TABLE, "a state"))?,
            enrolled: time(TABLE, row.enrolled_ms)?,
            last_report: some_time(TABLE, row.last_report_ms)?,
            clock_offset_ms: row.clock_offset_ms,
            revision: row.revision,
        })
    }
}

impl Store {
    /// All agents, in the order of their ids.
    ///
    /// # Errors
    /// Where the database cannot be read.
    pub async fn agents(&self) -> Result<Vec<AgentRow>, StoreError> {
        let sql = "SELECT * FROM agents ORDER BY agent";
        let rows: Vec<Columns> = read!(self, pool => sqlx::query_as(sql).fetch_all(pool).await)?;
        rows.into_iter().map(AgentRow::try_from).collect()
    }

    /// One agent; `None` where there is none of this id.
    ///
    /// # Errors
    /// Where the database cannot be read.
    pub async fn agent(&self, id: AgentId) -> Result<Option<AgentRow>, StoreError> {
        let sql = "SELECT * FROM agents WHERE agent = $1";
        let row: Option<Columns> =
            read!(self, pool => sqlx::query_as(sql).bind(id.0.to_vec()).fetch_optional(pool).await)?;
        row.map(AgentRow::try_from).transpose()
    }

    /// Sets whether an agent's reports are taken. An agent that becomes active begins anew: whichever of its epochs
    /// reports next is its current one. False where there is no such agent.
    ///
    /// # Errors
    /// Where the database cannot be written.
    pub async fn set_agent_state(&self, id: AgentId, state: AgentState) -> Result<bool, StoreError> {
        let sql = "UPDATE agents SET state = $2, revision = $3, \
                   progress = CASE WHEN $2 = 'active' AND state <> 'active' THEN NULL ELSE progress END \
                   WHERE agent = $1";
        self.change(sql, id, state.as_str()).await
    }

    /// Puts an agent into a group. False where there is no such agent.
    ///
    /// # Errors
    /// Where the database cannot be written.
    pub async fn set_agent_group(&self, id: AgentId, group: &str) -> Result<bool, StoreError> {
        self.change("UPDATE agents SET grp = $2, revision = $3 WHERE agent = $1", id, group).await
    }

    /// Replaces what people wrote on an agent. False where there is no such agent.
    ///
    /// # Errors
    /// Where the database cannot be written.
    pub async fn set_agent_labels(
        &self,
        id: AgentId,
        labels: &BTreeMap<String, String>,
    ) -> Result<bool, StoreError> {
        let labels = serde_json::to_string(labels).map_err(|_| corrupt(TABLE, "labels"))?;
        self.change("UPDATE agents SET labels = $2, revision = $3 WHERE agent = $1", id, &labels).await
    }

    /// Deletes an agent with everything that is kept of its host. False where there was no such agent.
    ///
    /// # Errors
    /// Where the database cannot be written.
    pub async fn delete_agent(&self, id: AgentId, now: Timestamp) -> Result<bool, StoreError> {
        let mut tx = self.begin().await?;
        let sql = "DELETE FROM agents WHERE agent = $1";
        let key = || id.0.to_vec();
        let known = within!(tx, db => sqlx::query(sql).bind(key()).execute(db).await?.rows_affected()) > 0;
        for sql in [
            "DELETE FROM hosts WHERE agent = $1",
            "DELETE FROM host_days WHERE agent = $1",
            "DELETE FROM settings_history WHERE agent = $1",
            "DELETE FROM findings WHERE agent = $1",
            "DELETE FROM verdict_history WHERE agent = $1",
            "DELETE FROM exceptions WHERE agent = $1",
        ] {
            within!(tx, db => sqlx::query(sql).bind(key()).execute(db).await.map(drop))?;
        }
        if known {
            let revision = tx.revision().await?;
            let sql = "INSERT INTO agents_deleted (agent, deleted_ms, revision) VALUES ($1, $2, $3)";
            let at = now.as_millisecond();
            within!(tx, db => sqlx::query(sql).bind(key()).bind(at).bind(revision).execute(db).await.map(drop))?;
        }
        tx.commit().await?;
        Ok(known)
    }

    async fn change(&self, sql: &'static str, id: AgentId, value: &str) -> Result<bool, StoreError> {
        let mut tx = self.begin().await?;
        let revision = tx.revision().await?;
        let changed = execute(&mut tx, sql, id, value, revision).await?;
        tx.commit().await?;
        Ok(changed)
    }
}

async fn execute(
    tx: &mut Tx,
    sql: &'static str,
    id: AgentId,
    value: &str,
    revision: i64,
) -> Result<bool, StoreError> {
    let id = id.0.to_vec();
    let done = within!(tx, db => {
        sqlx::query(sql).bind(id).bind(value).bind(revision).execute(db).await?.rows_affected()
    });
    Ok(done > 0)
}
