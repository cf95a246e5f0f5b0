//! Opening a database, and running one statement on either kind.

pub(crate) mod tx;

use std::{path::Path, time::Duration};

use blindspot_telemetry::wire::ServerEpoch;
use ring::rand::{SecureRandom as _, SystemRandom};
use sqlx::{
    PgPool, SqlitePool,
    migrate::Migrator,
    postgres::{PgConnectOptions, PgPoolOptions},
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous},
};

pub(crate) use self::tx::{Tx, change, read, within};
use crate::{DatabaseUrl, StoreError};

static SQLITE_MIGRATIONS: Migrator = sqlx::migrate!("migrations/sqlite");
static POSTGRES_MIGRATIONS: Migrator = sqlx::migrate!("migrations/postgres");

/// How long a statement waits for a connection, and SQLite for another writer.
const PATIENCE: Duration = Duration::from_secs(10);
/// Connections that read a SQLite file beside the one that writes.
const SQLITE_READERS: u32 = 4;
/// Connections to a PostgreSQL server.
const POSTGRES_CONNECTIONS: u32 = 12;
/// The key of the collector's history in `meta`.
const SERVER_EPOCH: &str = "server_epoch";

/// The collector's database. A clone is the same database.
#[derive(Clone)]
pub struct Store {
    pub(crate) pools: Pools,
    server_epoch: ServerEpoch,
}

#[derive(Clone)]
pub(crate) enum Pools {
    Sqlite { writer: SqlitePool, readers: SqlitePool },
    Postgres(PgPool),
}

impl std::fmt::Debug for Store {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let kind = match self.pools {
            Pools::Sqlite { .. } => "SQLite",
            Pools::Postgres(_) => "PostgreSQL",
        };
        f.debug_struct("Store").field("kind", &kind).finish_non_exhaustive()
    }
}

impl Store {
    /// Opens a database, makes it where there is none, and brings its schema up to date.
    ///
    /// # Errors
    /// Where it cannot be reached or made, or where a newer version has changed its schema.
    pub async fn open(url: &DatabaseUrl) -> Result<Self, StoreError> {
        let pools = match url {
            DatabaseUrl::Sqlite(path) => open_sqlite(path).await?,
            DatabaseUrl::Postgres(url) => open_postgres(url).await?,
        };
        let mut store = Self { pools, server_epoch: ServerEpoch([0; 16]) };
        store.migrate().await?;
        let fresh = ServerEpoch(random()?).to_string();
        let sql = "INSERT INTO meta (name, value) VALUES ($1, $2) ON CONFLICT (name) DO NOTHING";
        change!(store, pool => sqlx::query(sql).bind(SERVER_EPOCH).bind(fresh).execute(pool).await.map(drop))?;
        let corrupt = StoreError::Corrupt { table: "meta", what: "a server epoch" };
        let kept = store.meta(SERVER_EPOCH).await?;
        store.server_epoch = kept.and_then(|text| text.parse().ok()).ok_or(corrupt)?;
        Ok(store)
    }

    /// The history of this database: another one after a backup was restored.
    #[must_use]
    pub fn server_epoch(&self) -> ServerEpoch {
        self.server_epoch
    }

    /// Asks the database whether it answers.
    ///
    /// # Errors
    /// Where it does not.
    pub async fn ping(&self) -> Result<(), StoreError> {
        read!(self, pool => sqlx::query("SELECT 1").execute(pool).await.map(drop))?;
        Ok(())
    }

    /// Ends all connections in order. What was committed is there without it.
    pub async fn close(&self) {
        match &self.pools {
            Pools::Sqlite { writer, readers } => {
                readers.close().await;
                writer.close().await;
            }
            Pools::Postgres(pool) => pool.close().await,
        }
    }

    /// A small setting of the collector that lives in the database, by its name.
    ///
    /// # Errors
    /// Where the database cannot be read.
    pub async fn meta(&self, name: &str) -> Result<Option<String>, StoreError> {
        let sql = "SELECT value FROM meta WHERE name = $1";
        Ok(read!(self, pool => sqlx::query_scalar(sql).bind(name).fetch_optional(pool).await)?)
    }

    /// Sets a small setting. Never a secret.
    ///
    /// # Errors
    /// Where the database cannot be written.
    pub async fn set_meta(&self, name: &str, value: &str) -> Result<(), StoreError> {
        let sql = "INSERT INTO meta (name, value) VALUES ($1, $2) \
                   ON CONFLICT (name) DO UPDATE SET value = excluded.value";
        change!(self, pool => sqlx::query(sql).bind(name).bind(value).execute(pool).await.map(drop))?;
        Ok(())
    }

    /// Begins a transaction that writes.
    pub(crate) async fn begin(&self) -> Result<Tx, StoreError> {
        Ok(match &self.pools {
            Pools::Sqlite { writer, .. } => Tx::Sqlite(writer.begin_with("BEGIN IMMEDIATE").await?),
            Pools::Postgres(pool) => Tx::Postgres(pool.begin().await?),
        })
    }

    /// Begins a transaction that reads one state of the whole database.
    pub(crate) async fn begin_reading(&self) -> Result<Tx, StoreError> {
        let snapshot = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY";
        Ok(match &self.pools {
            Pools::Sqlite { readers, .. } => Tx::Sqlite(readers.begin().await?),
            Pools::Postgres(pool) => Tx::Postgres(pool.begin_with(snapshot).await?),
        })
    }

    async fn migrate(&self) -> Result<(), StoreError> {
        let migrations = match &self.pools {
            Pools::Sqlite { .. } => &SQLITE_MIGRATIONS,
            Pools::Postgres(_) => &POSTGRES_MIGRATIONS,
        };
        let known = migrations.iter().map(|migration| migration.version).max().unwrap_or(0);
        let found = self.schema().await?.unwrap_or(0);
        if found > known {
            return Err(StoreError::Newer { found, known });
        }
        change!(self, pool => migrations.run(pool).await)?;
        Ok(())
    }

    /// The newest schema change that the database has seen; `None` where it is new.
    pub(crate) async fn schema(&self) -> Result<Option<i64>, StoreError> {
        let exists = match &self.pools {
            Pools::Sqlite { writer, .. } => {
                let sql = "SELECT name FROM sqlite_schema WHERE name = '_sqlx_migrations'";
                sqlx::query(sql).fetch_optional(writer).await?.is_some()
            }
            Pools::Postgres(pool) => {
                let sql = "SELECT 1 WHERE to_regclass('_sqlx_migrations') IS NOT NULL";
                sqlx::query(sql).fetch_optional(pool).await?.is_some()
            }
        };
        if !exists {
            return Ok(None);
        }
        let sql = "SELECT max(version) FROM _sqlx_migrations";
        Ok(change!(self, pool => sqlx::query_scalar(sql).fetch_one(pool).await)?)
    }
}

/// Random bytes of the operating system.
pub(crate) fn random() -> Result<[u8; 16], StoreError> {
    let mut bytes = [0; 16];
    let failed = |_| StoreError::Io(std::io::Error::other("the system gives no random bytes"));
    SystemRandom::new().fill(&mut bytes).map_err(failed)?;
    Ok(bytes)
}

async fn open_sqlite(path: &Path) -> Result<Pools, StoreError> {
    make_private(path)?;
    let options = SqliteConnectOptions::new()
        .filename(path)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        .foreign_keys(true)
        .busy_timeout(PATIENCE);
    let pool = || SqlitePoolOptions::new().acquire_timeout(PATIENCE);
    let writer = pool().max_connections(1).connect_with(options.clone()).await?;
    let readers =
        pool().max_connections(SQLITE_READERS).connect_lazy_with(options.pragma("query_only", "ON"));
    Ok(Pools::Sqlite { writer, readers })
}

/// Makes the file before SQLite does, so that nobody else can ever open it. SQLite gives its companions the same mode.
fn make_private(path: &Path) -> Result<(), StoreError> {
    let mut options = std::fs::OpenOptions::new();
    options.create_new(true).write(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    match options.open(path) {
        Err(error) if error.kind() != std::io::ErrorKind::AlreadyExists => Err(error.into()),
        _ => Ok(()),
    }
}

async fn open_postgres(url: &str) -> Result<Pools, StoreError> {
    let options: PgConnectOptions = url.parse()?;
    let options = options.application_name("blindspot").options([
        ("synchronous_commit", "on"),
        ("default_transaction_isolation", "read committed"),
        ("statement_timeout", "60s"),
        ("lock_timeout", "10s"),
        ("idle_in_transaction_session_timeout", "60s"),
    ]);
    let pool = PgPoolOptions::new().max_connections(POSTGRES_CONNECTIONS).acquire_timeout(PATIENCE);
    Ok(Pools::Postgres(pool.connect_with(options).await?))
}
