//! Running one statement on either kind of database.

use sqlx::{PgConnection, Postgres, Sqlite, SqliteConnection, Transaction};

use crate::StoreError;

/// A transaction on either database.
pub(crate) enum Tx {
    Sqlite(Transaction<'static, Sqlite>),
    Postgres(Transaction<'static, Postgres>),
}

/// The connection of a transaction.
pub(crate) enum Connection<'tx> {
    Sqlite(&'tx mut SqliteConnection),
    Postgres(&'tx mut PgConnection),
}

/// Runs one expression on the pool that reads, whichever database it is.
macro_rules! read {
    ($store:expr, $pool:ident => $body:expr) => {
        match &$store.pools {
            $crate::database::Pools::Sqlite { readers: $pool, .. } => $body,
            $crate::database::Pools::Postgres($pool) => $body,
        }
    };
}

/// Runs one expression on the pool that writes, whichever database it is.
macro_rules! change {
    ($store:expr, $pool:ident => $body:expr) => {
        match &$store.pools {
            $crate::database::Pools::Sqlite { writer: $pool, .. } => $body,
            $crate::database::Pools::Postgres($pool) => $body,
        }
    };
}

/// Runs one expression on a transaction's connection, whichever database it is.
macro_rules! within {
    ($tx:expr, $connection:ident => $body:expr) => {
        match $tx.connection() {
            $crate::database::tx::Connection::Sqlite($connection) => $body,
            $crate::database::tx::Connection::Postgres($connection) => $body,
        }
    };
}

pub(crate) use {change, read, within};

impl Tx {
    pub(crate) fn connection(&mut self) -> Connection<'_> {
        match self {
            Self::Sqlite(tx) => Connection::Sqlite(tx),
            Self::Postgres(tx) => Connection::Postgres(tx),
        }
    }

    pub(crate) async fn commit(self) -> Result<(), StoreError> {
        match self {
            Self::Sqlite(tx) => tx.commit().await?,
            Self::Postgres(tx) => tx.commit().await?,
        }
        Ok(())
    }

    /// The number that stands in every row which this transaction changes, for those who follow changes. PostgreSQL: the
    /// transaction's own id. SQLite, which has one writer: a counter.
    pub(crate) async fn revision(&mut self) -> Result<i64, StoreError> {
        Ok(match self {
            Self::Sqlite(tx) => {
                let sql = "UPDATE revisions SET latest = latest + 1 RETURNING latest";
                sqlx::query_scalar(sql).fetch_one(&mut **tx).await?
            }
            Self::Postgres(tx) => {
                let sql = "SELECT pg_current_xact_id()::text::bigint";
                sqlx::query_scalar(sql).fetch_one(&mut **tx).await?
            }
        })
    }
}
