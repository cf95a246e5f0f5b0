//! Leases: of several collectors on one database, one at a time does a job.

use jiff::{SignedDuration, Timestamp};

use crate::{Store, StoreError, database::change};

impl Store {
    /// Takes a lease, or prolongs the one that this holder has. False where another holder has it. A lease that has run
    /// out is anybody's: hold jobs shorter than `ttl`, or prolong in between.
    ///
    /// # Errors
    /// Where the database cannot be written.
    pub async fn take_lease(
        &self,
        name: &str,
        holder: &str,
        ttl: SignedDuration,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let sql = "INSERT INTO leases (name, holder, until_ms) VALUES ($1, $2, $3) \
                   ON CONFLICT (name) DO UPDATE SET holder = excluded.holder, until_ms = excluded.until_ms \
                   WHERE leases.holder = excluded.holder OR leases.until_ms <= $4";
        let now_ms = now.as_millisecond();
        let until = now_ms.saturating_add(i64::try_from(ttl.as_millis()).unwrap_or(i64::MAX));
        let done = change!(self, pool => {
            sqlx::query(sql).bind(name).bind(holder).bind(until).bind(now_ms).execute(pool).await?.rows_affected()
        });
        Ok(done > 0)
    }

    /// Gives a lease back. Nothing happens where another holder has it.
    ///
    /// # Errors
    /// Where the database cannot be written.
    pub async fn release_lease(&self, name: &str, holder: &str) -> Result<(), StoreError> {
        let sql = "DELETE FROM leases WHERE name = $1 AND holder = $2";
        change!(self, pool => sqlx::query(sql).bind(name).bind(holder).execute(pool).await.map(drop))?;
        Ok(())
    }
}
