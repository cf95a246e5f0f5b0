//! An empty database of either kind.

use std::sync::Arc;

use blindspot_store::{DatabaseUrl, Store, StoreError};
use blindspot_tests::postgres::{self, Postgres};
use sqlx::Connection as _;

/// An empty database that ends with the test.
pub(crate) struct Database {
    pub(crate) url: DatabaseUrl,
    _folder: Option<tempfile::TempDir>,
    _server: Option<Arc<Postgres>>,
}

impl Database {
    pub(crate) fn sqlite() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let url = DatabaseUrl::Sqlite(folder.path().join("blindspot.db"));
        Self { url, _folder: Some(folder), _server: None }
    }

    pub(crate) fn postgres() -> Self {
        let server = postgres::shared();
        let url = server.database().parse().unwrap();
        Self { url, _folder: None, _server: Some(server) }
    }

    /// Another empty database of the same kind.
    pub(crate) fn another(&self) -> Self {
        if matches!(self.url, DatabaseUrl::Sqlite(_)) { Self::sqlite() } else { Self::postgres() }
    }

    /// An empty database of the other kind.
    pub(crate) fn of_the_other_kind(&self) -> Self {
        if matches!(self.url, DatabaseUrl::Sqlite(_)) { Self::postgres() } else { Self::sqlite() }
    }

    pub(crate) async fn store(&self) -> Store {
        Store::open(&self.url).await.unwrap()
    }

    /// Changes the database behind the program's back.
    pub(crate) async fn tamper(&self, sql: &'static str) {
        match &self.url {
            DatabaseUrl::Sqlite(path) => {
                let options = sqlx::sqlite::SqliteConnectOptions::new().filename(path);
                let mut db = sqlx::SqliteConnection::connect_with(&options).await.unwrap();
                sqlx::query(sql).execute(&mut db).await.unwrap();
            }
            DatabaseUrl::Postgres(url) => {
                let mut db = sqlx::PgConnection::connect(url).await.unwrap();
                sqlx::query(sql).execute(&mut db).await.unwrap();
            }
        }
    }
}

pub(crate) fn run(story: impl Future<Output = ()>) {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    runtime.unwrap().block_on(story);
}

async fn what_is_kept_is_there_after_opening_again(database: &Database) {
    let store = database.store().await;
    let epoch = store.server_epoch();
    store.set_meta("name", "it's; -- a \"name\"").await.unwrap();
    store.close().await;
    let store = database.store().await;
    assert_eq!(store.server_epoch(), epoch);
    assert_eq!(store.meta("name").await.unwrap().as_deref(), Some("it's; -- a \"name\""));
    assert_eq!(store.meta("other").await.unwrap(), None);
    store.ping().await.unwrap();
    assert_ne!(database.another().store().await.server_epoch(), epoch);
}

async fn a_newer_schema_is_refused_and_not_touched(database: &Database) {
    database.store().await.close().await;
    let sql = "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time) \
               SELECT 9000, 'of the future', success, checksum, 0 FROM _sqlx_migrations";
    database.tamper(sql).await;
    for _ in 0..2 {
        let refused = Store::open(&database.url).await.unwrap_err();
        assert!(matches!(refused, StoreError::Newer { found: 9000, .. }), "{refused:?}");
        assert!(refused.to_string().contains("use a newer version"), "{refused}");
    }
}

crate::on_both!(what_is_kept_is_there_after_opening_again, a_newer_schema_is_refused_and_not_touched);

#[test]
fn a_sqlite_file_is_its_owners_only() {
    use std::os::unix::fs::PermissionsExt as _;
    let database = Database::sqlite();
    run(async {
        let store = database.store().await;
        let DatabaseUrl::Sqlite(path) = &database.url else { unreachable!() };
        for file in std::fs::read_dir(path.parent().unwrap()).unwrap().flatten() {
            let mode = file.metadata().unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o600, "{file:?}");
        }
        store.close().await;
    });
}

#[test]
fn a_database_that_is_not_there_is_unavailable() {
    run(async {
        let url = "postgres://nobody@localhost/none?host=/nowhere".parse().unwrap();
        assert!(Store::open(&url).await.unwrap_err().is_unavailable());
        let url = "/nowhere/at/all.db".parse().unwrap();
        assert!(Store::open(&url).await.unwrap_err().is_unavailable());
    });
}
