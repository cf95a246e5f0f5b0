//! Loading what the reports of a batch change.

use std::collections::{BTreeMap, BTreeSet};

use blindspot_telemetry::wire::AgentId;
use sqlx::QueryBuilder;

use super::{Arrival, work::Work};
use crate::{
    AgentState, StoreError,
    database::{Tx, within},
    days::Day,
    row::{ROWS, agent_id, corrupt},
};

/// Loads the agents of a batch, those that are known. PostgreSQL: their rows are locked, in the order of ids, until the
/// transaction ends, so that of two collectors one goes after the other. All else is read after that, and in statements
/// of its own: each sees what was committed while it waited.
pub(super) async fn agents(tx: &mut Tx, batch: &[Arrival]) -> Result<BTreeMap<AgentId, Work>, StoreError> {
    let ids: BTreeSet<AgentId> = batch.iter().map(|arrival| arrival.envelope.agent).collect();
    let ids: Vec<AgentId> = ids.into_iter().collect();
    let lock = if matches!(tx, Tx::Postgres(_)) { " FOR UPDATE" } else { "" };
    let mut work = BTreeMap::new();
    for ids in ids.chunks(ROWS) {
        let rows: Vec<(Vec<u8>, String, Option<Vec<u8>>)> = within!(tx, db => {
            let mut query = QueryBuilder::new("SELECT agent, state, progress FROM agents WHERE agent IN (");
            let mut list = query.separated(", ");
            for id in ids {
                list.push_bind(id.0.to_vec());
            }
            query.push(") ORDER BY agent").push(lock).build_query_as().fetch_all(db).await
        })?;
        for (id, state, progress) in rows {
            let state = AgentState::parse(&state).ok_or_else(|| corrupt("agents", "a state"))?;
            work.insert(agent_id("agents", &id)?, Work::new(state, progress.as_deref()));
        }
    }
    Ok(work)
}

/// Loads the records of these agents, packed.
pub(super) async fn records(tx: &mut Tx, work: &mut BTreeMap<AgentId, Work>) -> Result<(), StoreError> {
    let ids: Vec<AgentId> = work.keys().copied().collect();
    for ids in ids.chunks(ROWS) {
        let rows: Vec<(Vec<u8>, Vec<u8>)> = within!(tx, db => {
            let mut query = QueryBuilder::new("SELECT agent, packed FROM hosts WHERE agent IN (");
            let mut list = query.separated(", ");
            for id in ids {
                list.push_bind(id.0.to_vec());
            }
            query.push(")").build_query_as().fetch_all(db).await
        })?;
        for (id, packed) in rows {
            if let Some(work) = work.get_mut(&agent_id("hosts", &id)?) {
                work.packed = Some(packed);
            }
        }
    }
    Ok(())
}

/// Loads the days that the reports count in, packed.
pub(super) async fn days(tx: &mut Tx, work: &mut BTreeMap<AgentId, Work>) -> Result<(), StoreError> {
    let wanted: Vec<(AgentId, Day)> =
        work.iter().flat_map(|(id, work)| work.days.keys().map(|day| (*id, *day))).collect();
    for wanted in wanted.chunks(ROWS) {
        let rows: Vec<(Vec<u8>, i64, Vec<u8>)> = within!(tx, db => {
            let mut query = QueryBuilder::new("WITH wanted (agent, day) AS (");
            query.push_values(wanted, |mut row, (id, day)| {
                row.push_bind(id.0.to_vec());
                row.push_bind(day.0);
            });
            query.push(
                ") SELECT kept.agent, kept.day, kept.packed FROM wanted \
                 JOIN host_days AS kept ON kept.agent = wanted.agent AND kept.day = wanted.day",
            );
            query.build_query_as().fetch_all(db).await
        })?;
        for (id, day, packed) in rows {
            if let Some(work) = work.get_mut(&agent_id("host_days", &id)?) {
                work.stored_days.insert(Day(day), packed);
            }
        }
    }
    Ok(())
}
