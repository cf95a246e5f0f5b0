//! The audit log: who did what. Append-only, and chained by hashes, so that a change or a gap shows.

use jiff::Timestamp;

use crate::{
    Store, StoreError,
    database::{Tx, read, within},
    row::{bytes, hash, time},
};

const TABLE: &str = "audit_log";

/// What somebody did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditEntry {
    /// When.
    pub at: Timestamp,
    /// Who: a user, a token's label, an agent, or the collector itself.
    pub who: String,
    /// What was done, one word: `token.create`, `agent.revoke`, `enrol.refused`, ...
    pub action: String,
    /// To what.
    pub subject: String,
    /// More, in words. Never a secret.
    pub detail: String,
}

/// An entry in its place in the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditRow {
    /// Its number. The first is 1.
    pub n: i64,
    /// What was done.
    pub entry: AuditEntry,
    /// SHA-256 over the hash of the entry before it, its number and its content.
    pub hash: [u8; 32],
}

/// What checking the log came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AuditCheck {
    /// Entries that follow from each other, from the first on.
    pub intact: i64,
    /// The first entry that does not follow from the one before it: it, or what was before it, was changed.
    pub broken_at: Option<i64>,
}

#[derive(sqlx::FromRow)]
struct Columns {
    n: i64,
    at_ms: i64,
    who: String,
    action: String,
    subject: String,
    detail: String,
    hash: Vec<u8>,
}

impl Columns {
    /// The hash that it should have after the entry before it.
    fn chained(&self, before: &[u8]) -> [u8; 32] {
        hash(&[
            before,
            &self.n.to_be_bytes(),
            &self.at_ms.to_be_bytes(),
            self.who.as_bytes(),
            self.action.as_bytes(),
            self.subject.as_bytes(),
            self.detail.as_bytes(),
        ])
    }
}

impl TryFrom<Columns> for AuditRow {
    type Error = StoreError;

    fn try_from(row: Columns) -> Result<Self, StoreError> {
        let (at, hash) = (time(TABLE, row.at_ms)?, bytes(TABLE, &row.hash)?);
        let Columns { who, action, subject, detail, .. } = row;
        Ok(Self { n: row.n, entry: AuditEntry { at, who, action, subject, detail }, hash })
    }
}

impl Store {
    /// Appends an entry.
    ///
    /// # Errors
    /// Where the database cannot be written.
    pub async fn append_audit(&self, entry: &AuditEntry) -> Result<AuditRow, StoreError> {
        let mut tx = self.begin().await?;
        if let Tx::Postgres(db) = &mut tx {
            // One after another: each entry holds the hash of the one before it. Readers are not kept waiting.
            sqlx::query("LOCK TABLE audit_log IN EXCLUSIVE MODE").execute(&mut **db).await?;
        }
        let sql = "SELECT n, hash FROM audit_log ORDER BY n DESC LIMIT 1";
        let last: Option<(i64, Vec<u8>)> = within!(tx, db => sqlx::query_as(sql).fetch_optional(db).await)?;
        let (n, before) = last.unwrap_or_default();
        let mut row = Columns {
            n: n.saturating_add(1),
            at_ms: entry.at.as_millisecond(),
            who: entry.who.clone(),
            action: entry.action.clone(),
            subject: entry.subject.clone(),
            detail: entry.detail.clone(),
            hash: Vec::new(),
        };
        row.hash = row.chained(&before).to_vec();
        insert(&mut tx, &row).await?;
        tx.commit().await?;
        row.try_into()
    }

    /// The latest entries, the newest first.
    ///
    /// # Errors
    /// Where the database cannot be read.
    pub async fn audit_log(&self, limit: u32) -> Result<Vec<AuditRow>, StoreError> {
        let sql = "SELECT * FROM audit_log ORDER BY n DESC LIMIT $1";
        let rows: Vec<Columns> =
            read!(self, pool => sqlx::query_as(sql).bind(i64::from(limit)).fetch_all(pool).await)?;
        rows.into_iter().map(AuditRow::try_from).collect()
    }

    /// Checks that every entry follows from the one before it. Entries cut off at the end cannot be noticed so: keep the
    /// last hash elsewhere if that matters.
    ///
    /// # Errors
    /// Where the database cannot be read.
    pub async fn verify_audit_log(&self) -> Result<AuditCheck, StoreError> {
        let sql = "SELECT * FROM audit_log WHERE n > $1 ORDER BY n LIMIT 1000";
        let (mut intact, mut before) = (0, Vec::new());
        loop {
            let rows: Vec<Columns> =
                read!(self, pool => sqlx::query_as(sql).bind(intact).fetch_all(pool).await)?;
            if rows.is_empty() {
                return Ok(AuditCheck { intact, broken_at: None });
            }
            for row in rows {
                if row.n != intact + 1 || row.hash != row.chained(&before) {
                    return Ok(AuditCheck { intact, broken_at: Some(row.n) });
                }
                (intact, before) = (row.n, row.hash);
            }
        }
    }
}

async fn insert(tx: &mut Tx, row: &Columns) -> Result<(), StoreError> {
    let sql = "INSERT INTO audit_log (n, at_ms, who, action, subject, detail, hash) \
               VALUES ($1, $2, $3, $4, $5, $6, $7)";
    within!(tx, db => sqlx::query(sql)
        .bind(row.n)
        .bind(row.at_ms)
        .bind(&row.who)
        .bind(&row.action)
        .bind(&row.subject)
        .bind(&row.detail)
        .bind(&row.hash)
        .execute(db)
        .await
        .map(drop))?;
    Ok(())
}
