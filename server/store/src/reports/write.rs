//! Writing what the reports of a batch changed.

use sqlx::QueryBuilder;

use super::work::Rows;
use crate::{
    HostFinding, StoreError,
    database::{Tx, within},
    findings,
    row::{ROWS, text},
};

/// Writes everything. `None` is an agent of which nothing changed.
pub(super) async fn all(tx: &mut Tx, rows: &[Option<Rows>]) -> Result<(), StoreError> {
    let rows: Vec<&Rows> = rows.iter().flatten().collect();
    if rows.is_empty() {
        return Ok(());
    }
    let revision = tx.revision().await?;
    agents(tx, &rows, revision).await?;
    records(tx, &rows).await?;
    days(tx, &rows).await?;
    settings(tx, &rows).await?;
    let noticed: Vec<HostFinding> = rows.iter().flat_map(|row| row.findings.iter().cloned()).collect();
    findings::insert(tx, &noticed).await
}

async fn agents(tx: &mut Tx, rows: &[&Rows], revision: i64) -> Result<(), StoreError> {
    for rows in rows.chunks(ROWS) {
        within!(tx, db => {
            let mut query = QueryBuilder::new(
                "WITH fresh (id, state, progress, at_ms, offset_ms, machine, name, platform, version) AS (",
            );
            query.push_values(rows, |mut line, row| {
                line.push_bind(row.id.0.to_vec());
                line.push_bind(row.state.as_str());
                line.push_bind(row.progress.as_deref());
                line.push_bind(row.reported.map(|(at, _)| at));
                line.push_bind(row.reported.map(|(_, offset)| offset));
                for place in 0..4 {
                    line.push_bind(row.claim.as_ref().and_then(|claim| claim.get(place)).map(|claimed| text(claimed)));
                }
            });
            query.push(
                ") UPDATE agents SET state = fresh.state, progress = fresh.progress, \
                 last_report_ms = coalesce(fresh.at_ms, agents.last_report_ms), \
                 clock_offset_ms = coalesce(fresh.offset_ms, agents.clock_offset_ms), \
                 machine = coalesce(fresh.machine, agents.machine), \
                 name = coalesce(fresh.name, agents.name), \
                 platform = coalesce(fresh.platform, agents.platform), \
                 version = coalesce(fresh.version, agents.version), revision = ",
            );
            query.push_bind(revision).push(" FROM fresh WHERE agents.agent = fresh.id");
            query.build().execute(db).await.map(drop)
        })?;
    }
    Ok(())
}

async fn records(tx: &mut Tx, rows: &[&Rows]) -> Result<(), StoreError> {
    let records: Vec<_> = rows.iter().filter_map(|row| Some((row.id, row.record.as_deref()?))).collect();
    for records in records.chunks(ROWS) {
        within!(tx, db => {
            let mut query = QueryBuilder::new("INSERT INTO hosts (agent, packed) ");
            query.push_values(records, |mut line, (id, packed)| {
                line.push_bind(id.0.to_vec());
                line.push_bind(*packed);
            });
            query.push(" ON CONFLICT (agent) DO UPDATE SET packed = excluded.packed");
            query.build().execute(db).await.map(drop)
        })?;
    }
    Ok(())
}

async fn days(tx: &mut Tx, rows: &[&Rows]) -> Result<(), StoreError> {
    let days: Vec<_> =
        rows.iter().flat_map(|row| row.days.iter().map(|(day, packed)| (row.id, day.0, packed))).collect();
    for days in days.chunks(ROWS) {
        within!(tx, db => {
            let mut query = QueryBuilder::new("INSERT INTO host_days (agent, day, packed) ");
            query.push_values(days, |mut line, (id, day, packed)| {
                line.push_bind(id.0.to_vec());
                line.push_bind(*day);
                line.push_bind(packed.as_slice());
            });
            query.push(" ON CONFLICT (agent, day) DO UPDATE SET packed = excluded.packed");
            query.build().execute(db).await.map(drop)
        })?;
    }
    Ok(())
}

/// What hosts are set to record, where it changed. Of several changes in one millisecond the last one holds.
async fn settings(tx: &mut Tx, rows: &[&Rows]) -> Result<(), StoreError> {
    let sql = "INSERT INTO settings_history (agent, at_ms, packed) VALUES ($1, $2, $3) \
               ON CONFLICT (agent, at_ms) DO UPDATE SET packed = excluded.packed";
    for row in rows {
        for (at, packed) in &row.settings {
            let id = row.id.0.to_vec();
            within!(tx, db => sqlx::query(sql).bind(id).bind(at).bind(packed).execute(db).await.map(drop))?;
        }
    }
    Ok(())
}
