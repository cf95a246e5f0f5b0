//! What the collector's storage promises, held against both databases.

mod backup;
mod database;
mod enrol;
mod history;
mod hosts;
mod people;
mod reports;
mod sample;
mod speed;

/// Runs each story on SQLite and on PostgreSQL.
macro_rules! on_both {
    ($($name:ident),* $(,)?) => {
        mod on_sqlite {
            $(#[test]
            fn $name() {
                let database = $crate::database::Database::sqlite();
                $crate::database::run(super::$name(&database));
            })*
        }
        mod on_postgres {
            $(#[test]
            fn $name() {
                let database = $crate::database::Database::postgres();
                $crate::database::run(super::$name(&database));
            })*
        }
    };
}
pub(crate) use on_both;
