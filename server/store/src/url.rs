//! Where the database is.

use std::{fmt, path::PathBuf, str::FromStr};

/// Where the database is: a file, or a PostgreSQL server. Neither `Debug` nor `Display` shows a password.
#[derive(Clone, PartialEq, Eq)]
pub enum DatabaseUrl {
    /// A SQLite file.
    Sqlite(PathBuf),
    /// A PostgreSQL database, as `postgres://...`.
    Postgres(String),
}

/// The text names no database.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a database: give a file, `sqlite:FILE` or `postgres://USER@HOST/DATABASE`")]
pub struct ParseDatabaseUrlError;

impl FromStr for DatabaseUrl {
    type Err = ParseDatabaseUrlError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text.starts_with("postgres://") || text.starts_with("postgresql://") {
            return Ok(Self::Postgres(text.to_owned()));
        }
        let path = match text.strip_prefix("sqlite:") {
            Some(path) => path.strip_prefix("//").unwrap_or(path),
            None if text.contains("://") => return Err(ParseDatabaseUrlError),
            None => text,
        };
        if path.is_empty() { Err(ParseDatabaseUrlError) } else { Ok(Self::Sqlite(PathBuf::from(path))) }
    }
}

impl fmt::Display for DatabaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sqlite(path) => write!(f, "sqlite:{}", path.display()),
            Self::Postgres(url) => {
                // What stands before the last `@` of the authority, and what follows `?`, may be secret.
                let rest = url.split_once("://").map_or("", |(_, rest)| rest);
                let rest = rest.split_once('?').map_or(rest, |(rest, _)| rest);
                let rest = rest.rsplit_once('@').map_or(rest, |(_, rest)| rest);
                write!(f, "postgres://{rest}")
            }
        }
    }
}

impl fmt::Debug for DatabaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_with_or_without_its_scheme_is_a_file() {
        for text in ["/var/lib/b.db", "sqlite:/var/lib/b.db", "sqlite:///var/lib/b.db"] {
            assert_eq!(text.parse(), Ok(DatabaseUrl::Sqlite("/var/lib/b.db".into())), "{text}");
        }
        assert_eq!("mysql://x".parse::<DatabaseUrl>(), Err(ParseDatabaseUrlError));
        assert_eq!("sqlite:".parse::<DatabaseUrl>(), Err(ParseDatabaseUrlError));
    }

    #[test]
    fn a_password_is_never_shown() {
        for text in ["postgres://u:pa@ss@h:5/d", "postgresql://u@h:5/d?password=pass"] {
            let url: DatabaseUrl = text.parse().unwrap();
            assert_eq!(format!("{url} {url:?}"), "postgres://h:5/d postgres://h:5/d");
        }
    }
}
