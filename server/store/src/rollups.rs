//! Roll-ups: plain numbers by day and group, for dashboards. Their tables are part of what users may rely on.
//!
//! A day is the Unix second in which it begins, in UTC. Writing a day again replaces what it held.

use jiff::{civil::Date, tz::TimeZone};

use crate::{
    Store, StoreError,
    database::{Tx, within},
    row::{ROWS, count, text},
};

/// How many hosts of a group a detection stands how on, on one day.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RollupDetection {
    /// The group of hosts.
    pub group: String,
    /// The detection's id.
    pub detection: String,
    /// Its title.
    pub title: String,
    /// Its level.
    pub level: String,
    /// Hosts on which it is sighted.
    pub sighted: u64,
    /// Hosts on which it is noisy.
    pub noisy: u64,
    /// Hosts on which it is partial.
    pub partial: u64,
    /// Hosts on which it is armed.
    pub armed: u64,
    /// Hosts on which it is unknown.
    pub unknown: u64,
    /// Hosts on which it is blind.
    pub blind: u64,
    /// Hosts on which it is unsampled.
    pub unsampled: u64,
    /// Hosts on which it is out of scope.
    pub out_of_scope: u64,
}

/// On how many hosts of a group an event type flows, on one day.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RollupEventType {
    /// The group of hosts.
    pub group: String,
    /// The event type, in its text form.
    pub event_type: String,
    /// Hosts on which it was counted lately.
    pub hosts_flowing: u64,
    /// Hosts on which it was counted before, and not lately.
    pub hosts_silent: u64,
}

/// How many hosts a group has, on one day.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RollupHosts {
    /// The group of hosts.
    pub group: String,
    /// All.
    pub hosts: u64,
    /// Those that report.
    pub reporting: u64,
    /// Those that do not any more.
    pub stale: u64,
}

/// The Unix second in which a day begins, in UTC.
fn second(day: Date) -> i64 {
    TimeZone::UTC.to_timestamp(day.at(0, 0, 0, 0)).map_or(0, |start| start.as_second())
}

impl Store {
    /// Replaces what a day holds of detections.
    ///
    /// # Errors
    /// Where the database cannot be written.
    pub async fn put_rollup_detections(&self, day: Date, rows: &[RollupDetection]) -> Result<(), StoreError> {
        let day = second(day);
        let mut tx = self.begin().await?;
        clear(&mut tx, "DELETE FROM rollup_detections WHERE day_s = $1", day).await?;
        for rows in rows.chunks(ROWS) {
            within!(tx, db => {
                let mut query = sqlx::QueryBuilder::new(
                    "INSERT INTO rollup_detections (day_s, grp, detection, title, level, sighted, noisy, \
                     partial, armed, unknown, blind, unsampled, out_of_scope) ",
                );
                query.push_values(rows, |mut line, row| {
                    line.push_bind(day);
                    for text in [&row.group, &row.detection, &row.title, &row.level] {
                        line.push_bind(text);
                    }
                    for hosts in row.numbers() {
                        line.push_bind(count(hosts));
                    }
                });
                query.build().execute(db).await.map(drop)
            })?;
        }
        tx.commit().await
    }

    /// Replaces what a day holds of event types.
    ///
    /// # Errors
    /// Where the database cannot be written.
    pub async fn put_rollup_event_types(
        &self,
        day: Date,
        rows: &[RollupEventType],
    ) -> Result<(), StoreError> {
        let day = second(day);
        let mut tx = self.begin().await?;
        clear(&mut tx, "DELETE FROM rollup_event_types WHERE day_s = $1", day).await?;
        for rows in rows.chunks(ROWS) {
            within!(tx, db => {
                let mut query = sqlx::QueryBuilder::new(
                    "INSERT INTO rollup_event_types (day_s, grp, event_type, hosts_flowing, hosts_silent) ",
                );
                query.push_values(rows, |mut line, row| {
                    line.push_bind(day);
                    line.push_bind(&row.group);
                    line.push_bind(text(&row.event_type));
                    line.push_bind(count(row.hosts_flowing));
                    line.push_bind(count(row.hosts_silent));
                });
                // Names are any text, and so two event types may read alike.
                query.push(" ON CONFLICT (grp, day_s, event_type) DO NOTHING");
                query.build().execute(db).await.map(drop)
            })?;
        }
        tx.commit().await
    }

    /// Replaces what a day holds of hosts.
    ///
    /// # Errors
    /// Where the database cannot be written.
    pub async fn put_rollup_hosts(&self, day: Date, rows: &[RollupHosts]) -> Result<(), StoreError> {
        let day = second(day);
        let mut tx = self.begin().await?;
        clear(&mut tx, "DELETE FROM rollup_hosts WHERE day_s = $1", day).await?;
        for rows in rows.chunks(ROWS) {
            within!(tx, db => {
                let mut query =
                    sqlx::QueryBuilder::new("INSERT INTO rollup_hosts (day_s, grp, hosts, reporting, stale) ");
                query.push_values(rows, |mut line, row| {
                    line.push_bind(day);
                    line.push_bind(&row.group);
                    for hosts in [row.hosts, row.reporting, row.stale] {
                        line.push_bind(count(hosts));
                    }
                });
                query.build().execute(db).await.map(drop)
            })?;
        }
        tx.commit().await
    }
}

impl RollupDetection {
    fn numbers(&self) -> [u64; 8] {
        [
            self.sighted,
            self.noisy,
            self.partial,
            self.armed,
            self.unknown,
            self.blind,
            self.unsampled,
            self.out_of_scope,
        ]
    }
}

async fn clear(tx: &mut Tx, sql: &'static str, day: i64) -> Result<(), StoreError> {
    within!(tx, db => sqlx::query(sql).bind(day).execute(db).await.map(drop))?;
    Ok(())
}
