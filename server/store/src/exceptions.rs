//! Exceptions: a blind detection that somebody has accepted, where, why and until when.

use blindspot_telemetry::wire::AgentId;
use jiff::Timestamp;

use crate::{
    Store, StoreError,
    database::{change, random, read},
    row::{agent_id, bytes, some_time, time},
};

const TABLE: &str = "exceptions";

/// Where an exception holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Scope {
    /// On every host.
    Everything,
    /// On the hosts of a group.
    Group(String),
    /// On one host.
    Agent(AgentId),
}

/// An exception to be made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewException {
    /// The detection's id.
    pub detection: String,
    /// Where it holds.
    pub scope: Scope,
    /// Why the risk is accepted.
    pub reason: String,
    /// Who accepted it.
    pub who: String,
    /// When.
    pub created: Timestamp,
    /// It holds until then; `None` is for good.
    pub expires: Option<Timestamp>,
}

/// An exception that was made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExceptionRow {
    /// Its id.
    pub id: [u8; 16],
    /// What was accepted.
    pub exception: NewException,
}

#[derive(sqlx::FromRow)]
struct Columns {
    id: Vec<u8>,
    detection: String,
    grp: Option<String>,
    agent: Option<Vec<u8>>,
    reason: String,
    who: String,
    created_ms: i64,
    expires_ms: Option<i64>,
}

impl TryFrom<Columns> for ExceptionRow {
    type Error = StoreError;

    fn try_from(row: Columns) -> Result<Self, StoreError> {
        let scope = match (row.agent, row.grp) {
            (Some(agent), _) => Scope::Agent(agent_id(TABLE, &agent)?),
            (None, Some(group)) => Scope::Group(group),
            (None, None) => Scope::Everything,
        };
        let exception = NewException {
            detection: row.detection,
            scope,
            reason: row.reason,
            who: row.who,
            created: time(TABLE, row.created_ms)?,
            expires: some_time(TABLE, row.expires_ms)?,
        };
        Ok(Self { id: bytes(TABLE, &row.id)?, exception })
    }
}

impl Store {
    /// Makes an exception. Returns its id.
    ///
    /// # Errors
    /// Where the database cannot be written.
    pub async fn add_exception(&self, exception: &NewException) -> Result<[u8; 16], StoreError> {
        let id = random()?;
        let (group, agent) = match &exception.scope {
            Scope::Everything => (None, None),
            Scope::Group(group) => (Some(group), None),
            Scope::Agent(agent) => (None, Some(agent.0.to_vec())),
        };
        let sql = "INSERT INTO exceptions (id, detection, grp, agent, reason, who, created_ms, expires_ms) \
                   VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";
        change!(self, pool => sqlx::query(sql)
            .bind(id.to_vec())
            .bind(&exception.detection)
            .bind(group)
            .bind(agent)
            .bind(&exception.reason)
            .bind(&exception.who)
            .bind(exception.created.as_millisecond())
            .bind(exception.expires.map(Timestamp::as_millisecond))
            .execute(pool)
            .await
            .map(drop))?;
        Ok(id)
    }

    /// All exceptions, those that have expired among them, the oldest first.
    ///
    /// # Errors
    /// Where the database cannot be read.
    pub async fn exceptions(&self) -> Result<Vec<ExceptionRow>, StoreError> {
        let sql = "SELECT * FROM exceptions ORDER BY created_ms, id";
        let rows: Vec<Columns> = read!(self, pool => sqlx::query_as(sql).fetch_all(pool).await)?;
        rows.into_iter().map(ExceptionRow::try_from).collect()
    }

    /// Deletes an exception. False where there was none of this id.
    ///
    /// # Errors
    /// Where the database cannot be written.
    pub async fn remove_exception(&self, id: &[u8; 16]) -> Result<bool, StoreError> {
        let sql = "DELETE FROM exceptions WHERE id = $1";
        Ok(change!(self, pool => sqlx::query(sql).bind(id.to_vec()).execute(pool).await?.rows_affected()) > 0)
    }
}
