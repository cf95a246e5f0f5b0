//! What can go wrong with the database, and whether it is worth trying again.

/// Why something was not stored or not read.
///
/// No variant holds a secret, and the text never holds the driver's: whoever prints walks the chain.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The database cannot be reached, is overloaded, or its disk is full: try again later.
    #[error("the database is not available")]
    Unavailable(#[source] sqlx::Error),
    /// A statement failed for a reason that lies in this program.
    #[error("the database refused a statement")]
    Bug(#[source] sqlx::Error),
    /// Something stored cannot be interpreted by this version.
    #[error("`{table}` holds {what} that this version cannot read")]
    Corrupt {
        /// The table it is in.
        table: &'static str,
        /// What it should be.
        what: &'static str,
    },
    /// A newer version of this program has changed the database.
    #[error("the database has schema {found}, and this version knows {known} at most: use a newer version")]
    Newer {
        /// The schema of the database.
        found: i64,
        /// The newest schema that is known.
        known: i64,
    },
    /// The schema could not be brought up to date.
    #[error("the database's schema could not be brought up to date")]
    Migrate(#[source] Box<sqlx::migrate::MigrateError>),
    /// A backup is restored into an empty database only.
    #[error("the database is not empty: restore into a new one")]
    NotEmpty,
    /// The file is no backup, or one that is broken off or damaged.
    #[error("not a whole backup: {0}")]
    Backup(&'static str),
    /// A file could not be read or written.
    #[error("could not read or write")]
    Io(#[from] std::io::Error),
    /// What is to be created exists already.
    #[error("a {0} of this name exists already")]
    Exists(&'static str),
}

impl StoreError {
    /// True where trying again later may help: a caller answers 503.
    #[must_use]
    pub fn is_unavailable(&self) -> bool {
        matches!(self, Self::Unavailable(_) | Self::Io(_))
    }
}

impl From<sqlx::Error> for StoreError {
    fn from(error: sqlx::Error) -> Self {
        if is_passing(&error) { Self::Unavailable(error) } else { Self::Bug(error) }
    }
}

impl From<sqlx::migrate::MigrateError> for StoreError {
    fn from(error: sqlx::migrate::MigrateError) -> Self {
        match error {
            sqlx::migrate::MigrateError::Execute(error) if is_passing(&error) => Self::Unavailable(error),
            other => Self::Migrate(Box::new(other)),
        }
    }
}

fn is_passing(error: &sqlx::Error) -> bool {
    match error {
        sqlx::Error::Io(_)
        | sqlx::Error::Tls(_)
        | sqlx::Error::Protocol(_)
        | sqlx::Error::PoolTimedOut
        | sqlx::Error::PoolClosed
        | sqlx::Error::WorkerCrashed => true,
        sqlx::Error::Database(error) => error.code().is_some_and(|code| is_passing_code(&code)),
        _ => false,
    }
}

/// PostgreSQL: classes of SQLSTATE (documentation, appendix A). SQLite: primary result codes
/// (`sqlite.org/rescode.html`), which are the low byte of the extended ones.
fn is_passing_code(code: &str) -> bool {
    if code.len() == 5 {
        // Connection, resources, operator's intervention, system error, serialization and deadlock, read-only.
        return ["08", "53", "57", "58", "40"].iter().any(|class| code.starts_with(class)) || code == "25006";
    }
    let primary = code.parse::<u32>().map_or(0, |code| code & 0xff);
    // BUSY, LOCKED, NOMEM, READONLY, INTERRUPT, IOERR, FULL, CANTOPEN.
    matches!(primary, 5 | 6 | 7 | 8 | 9 | 10 | 13 | 14)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_disk_passes_and_a_wrong_statement_does_not() {
        assert!(is_passing_code("13"), "SQLITE_FULL");
        assert!(is_passing_code("778"), "SQLITE_IOERR_WRITE");
        assert!(is_passing_code("53100"), "disk_full");
        assert!(!is_passing_code("1"), "SQLITE_ERROR");
        assert!(!is_passing_code("42601"), "syntax_error");
        assert!(StoreError::from(sqlx::Error::PoolTimedOut).is_unavailable());
        assert!(!StoreError::from(sqlx::Error::RowNotFound).is_unavailable());
    }
}
