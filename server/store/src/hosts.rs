//! The hosts: their records, hour by hour where asked, and what changed since a moment.

use blindspot_telemetry::{Hour, wire::AgentId};

use sqlx::QueryBuilder;

use crate::{
    AgentRow, HostRecord, Store, StoreError, agents,
    database::{Pools, read},
    days::Day,
    pack,
    row::{ROWS, agent_id},
};

/// How far a follower has seen changes. [`Cursor::default`] is from the beginning.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Cursor(pub(crate) i64);

/// What changed since a cursor.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Changes {
    /// Agents that changed, or whose records did, each with its revision: one that was seen already may be there once
    /// more, with the same revision.
    pub changed: Vec<(AgentId, i64)>,
    /// Agents that were deleted.
    pub deleted: Vec<AgentId>,
    /// To ask with the next time.
    pub next: Cursor,
}

impl Store {
    /// The record of one host, without hours but the newest two of each event type; `None` where it never reported.
    ///
    /// # Errors
    /// Where the database cannot be read.
    pub async fn host(&self, agent: AgentId) -> Result<Option<HostRecord>, StoreError> {
        let sql = "SELECT packed FROM hosts WHERE agent = $1";
        let packed: Option<Vec<u8>> =
            read!(self, pool => sqlx::query_scalar(sql).bind(agent.0.to_vec()).fetch_optional(pool).await)?;
        packed.map(|packed| pack::host::unpack(&packed)).transpose()
    }

    /// The record of one host with its hourly counts from an hour on; `None` where it never reported.
    ///
    /// # Errors
    /// Where the database cannot be read.
    pub async fn host_with_hours(
        &self,
        agent: AgentId,
        since: Hour,
    ) -> Result<Option<HostRecord>, StoreError> {
        let Some(mut record) = self.host(agent).await? else { return Ok(None) };
        let sql = "SELECT day, packed FROM host_days WHERE agent = $1 AND day >= $2 ORDER BY day";
        let (agent, first) = (agent.0.to_vec(), Day::of(since).0);
        let days: Vec<(i64, Vec<u8>)> =
            read!(self, pool => sqlx::query_as(sql).bind(agent).bind(first.0).fetch_all(pool).await)?;
        for tally in record.tallies_mut() {
            tally.forget_before(since);
        }
        for (day, packed) in days {
            pack::day::unpack(&packed)?.fill(Day(day), since, &mut record.logs);
        }
        Ok(Some(record))
    }

    /// The records of hosts that follow this id, in the order of ids, as [`Store::host`] gives them. An empty page is
    /// the end.
    ///
    /// # Errors
    /// Where the database cannot be read.
    pub async fn hosts_page(
        &self,
        after: Option<AgentId>,
        limit: u32,
    ) -> Result<Vec<(AgentId, HostRecord)>, StoreError> {
        let sql = "SELECT agent, packed FROM hosts WHERE agent > $1 ORDER BY agent LIMIT $2";
        // Nothing is smaller than no bytes at all.
        let after = after.map_or_else(Vec::new, |id| id.0.to_vec());
        let rows: Vec<(Vec<u8>, Vec<u8>)> = read!(self, pool => {
            sqlx::query_as(sql).bind(after).bind(i64::from(limit)).fetch_all(pool).await
        })?;
        rows.into_iter()
            .map(|(id, packed)| Ok((agent_id("hosts", &id)?, pack::host::unpack(&packed)?)))
            .collect()
    }

    /// These agents with their records, for those of [`Changes::changed`]. Agents that are no more are left out.
    ///
    /// # Errors
    /// Where the database cannot be read.
    pub async fn hosts_of(
        &self,
        agents: &[AgentId],
    ) -> Result<Vec<(AgentRow, Option<HostRecord>)>, StoreError> {
        let mut hosts = Vec::new();
        for ids in agents.chunks(ROWS) {
            let rows: Vec<agents::Columns> = read!(self, pool => {
                let mut query = QueryBuilder::new("SELECT * FROM agents WHERE agent IN (");
                let mut list = query.separated(", ");
                for id in ids {
                    list.push_bind(id.0.to_vec());
                }
                query.push(") ORDER BY agent").build_query_as().fetch_all(pool).await
            })?;
            for row in rows {
                let row = AgentRow::try_from(row)?;
                let record = self.host(row.id).await?;
                hosts.push((row, record));
            }
        }
        Ok(hosts)
    }

    /// What changed since a cursor, by whichever collector.
    ///
    /// Transactions do not end in the order in which they began, so that neither a time nor a counter would do: a row
    /// with a smaller number can appear after one with a larger. In PostgreSQL every changed row carries the id of its
    /// transaction, and the next cursor is the oldest transaction that was still open: nothing below it can appear any
    /// more, and what is above it is shown again until it is below. SQLite has one writer, whose counter is in order.
    ///
    /// # Errors
    /// Where the database cannot be read.
    pub async fn changed_since(&self, cursor: Cursor) -> Result<Changes, StoreError> {
        // The end is taken before the rows are read: what changes in between is shown now and once more.
        let next: i64 = match &self.pools {
            Pools::Sqlite { readers, .. } => {
                sqlx::query_scalar("SELECT latest + 1 FROM revisions").fetch_one(readers).await?
            }
            Pools::Postgres(pool) => {
                let sql = "SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint";
                sqlx::query_scalar(sql).fetch_one(pool).await?
            }
        };
        let sql = "SELECT agent, revision FROM agents WHERE revision >= $1 ORDER BY revision, agent";
        let changed: Vec<(Vec<u8>, i64)> =
            read!(self, pool => sqlx::query_as(sql).bind(cursor.0).fetch_all(pool).await)?;
        let sql = "SELECT agent FROM agents_deleted WHERE revision >= $1 ORDER BY revision, agent";
        let deleted: Vec<Vec<u8>> =
            read!(self, pool => sqlx::query_scalar(sql).bind(cursor.0).fetch_all(pool).await)?;
        let changed = changed.iter().map(|(id, revision)| Ok((agent_id("agents", id)?, *revision)));
        Ok(Changes {
            changed: changed.collect::<Result<_, StoreError>>()?,
            deleted: deleted.iter().map(|id| agent_id("agents_deleted", id)).collect::<Result<_, _>>()?,
            next: Cursor(next.max(cursor.0)),
        })
    }
}
