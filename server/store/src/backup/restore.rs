//! Restoring a backup.

use std::io::{BufRead, BufReader, Read};

use base64::{Engine as _, prelude::BASE64_STANDARD};
use serde_json::Value;
use sqlx::QueryBuilder;

use super::{
    BACKUP_SCHEMA, End, Header, TableHeader,
    tables::{Kind, TABLES, Table},
};
use crate::{
    DatabaseUrl, Store, StoreError,
    database::{Tx, within},
};

/// The longest line that is read, in bytes.
const MAX_LINE: u64 = 1 << 30;
/// Rows of one statement.
const ROWS: usize = 500;

impl Store {
    /// Restores a backup into an empty database, and begins a new server epoch: agents send snapshots, so that what they
    /// reported after the backup is there again. Where it fails the database stays empty.
    ///
    /// # Errors
    /// [`StoreError::NotEmpty`], [`StoreError::Backup`], [`StoreError::Newer`]; where the database cannot be written.
    pub async fn restore(url: &DatabaseUrl, input: impl Read + Send) -> Result<Self, StoreError> {
        let store = Self::open(url).await?;
        let decoder = zstd::stream::read::Decoder::with_buffer(BufReader::new(input))?;
        let mut lines = Lines { input: BufReader::new(decoder), line: Vec::new() };
        let header: Header = lines.next()?.read("it has no header")?;
        if header.schema != BACKUP_SCHEMA {
            return Err(StoreError::Backup("it is of another kind or version"));
        }
        let known = store.schema().await?.unwrap_or(0);
        if header.version > known {
            return Err(StoreError::Newer { found: header.version, known });
        }
        let mut tx = store.begin().await?;
        check_empty(&mut tx).await?;
        let revision = tx.revision().await?;
        let mut restoring = Restoring { table: None, rows: Vec::new(), done: 0, revision };
        while !restoring.line(&mut tx, lines.next()?).await? {}
        tx.commit().await?;
        store.close().await;
        // The epoch that the new database began with is new already: that of the backup was left out.
        Self::open(url).await
    }
}

/// A line of the file.
struct Line<'a>(&'a [u8]);

impl Line<'_> {
    fn read<T: serde::de::DeserializeOwned>(&self, otherwise: &'static str) -> Result<T, StoreError> {
        serde_json::from_slice(self.0).map_err(|_| StoreError::Backup(otherwise))
    }
}

struct Lines<R> {
    input: R,
    line: Vec<u8>,
}

impl<R: BufRead> Lines<R> {
    fn next(&mut self) -> Result<Line<'_>, StoreError> {
        self.line.clear();
        let broken = |_| StoreError::Backup("it is damaged");
        self.input.by_ref().take(MAX_LINE).read_until(b'\n', &mut self.line).map_err(broken)?;
        if self.line.pop() == Some(b'\n') {
            Ok(Line(&self.line))
        } else {
            Err(StoreError::Backup("it breaks off"))
        }
    }
}

/// A value on its way into a column.
enum Cell {
    Number(Option<i64>),
    Text(Option<String>),
    Bytes(Option<Vec<u8>>),
}

impl Cell {
    fn read(kind: Kind, value: Value) -> Option<Self> {
        let text = |value: Value| match value {
            Value::Null => Some(None),
            Value::String(text) => Some(Some(text)),
            _ => None,
        };
        Some(match kind {
            Kind::Number if value.is_null() => Self::Number(None),
            Kind::Number => Self::Number(Some(value.as_i64()?)),
            Kind::Text => Self::Text(text(value)?),
            Kind::Bytes => {
                let bytes = text(value)?.map(|text| BASE64_STANDARD.decode(text)).transpose();
                Self::Bytes(bytes.ok()?)
            }
        })
    }
}

/// The table that is being restored, with the columns that the file names.
struct Target {
    table: &'static Table,
    columns: Vec<(&'static str, Kind)>,
}

struct Restoring {
    table: Option<Target>,
    rows: Vec<Vec<Cell>>,
    done: u64,
    revision: i64,
}

impl Restoring {
    /// Takes one line. True where it was the last one.
    async fn line(&mut self, tx: &mut Tx, line: Line<'_>) -> Result<bool, StoreError> {
        if line.0.starts_with(b"[") {
            let values: Vec<Value> = line.read("a row cannot be read")?;
            self.row(values)?;
            if self.rows.len() >= ROWS {
                self.flush(tx).await?;
            }
            return Ok(false);
        }
        self.flush(tx).await?;
        if let Ok(end) = line.read::<End>("") {
            let whole = end.end == self.done;
            return if whole { Ok(true) } else { Err(StoreError::Backup("rows are missing")) };
        }
        self.table = Some(Target::read(&line.read("a line cannot be read")?)?);
        Ok(false)
    }

    fn row(&mut self, values: Vec<Value>) -> Result<(), StoreError> {
        let target = self.table.as_ref().ok_or(StoreError::Backup("a row belongs to no table"))?;
        let broken = || StoreError::Backup("a row does not fit its table");
        if values.len() != target.columns.len() {
            return Err(broken());
        }
        self.done += 1;
        let is_epoch = values.first().is_some_and(|name| name == "server_epoch");
        if target.table.name == "meta" && is_epoch {
            return Ok(());
        }
        let cells = target.columns.iter().zip(values).map(|((_, kind), value)| Cell::read(*kind, value));
        self.rows.push(cells.collect::<Option<_>>().ok_or_else(broken)?);
        Ok(())
    }

    async fn flush(&mut self, tx: &mut Tx) -> Result<(), StoreError> {
        let rows = std::mem::take(&mut self.rows);
        let Some(target) = self.table.as_ref().filter(|_| !rows.is_empty()) else { return Ok(()) };
        // Numbers of changes are the database's own.
        let revision = (target.table.name == "agents").then_some(self.revision);
        within!(tx, db => {
            let mut query = QueryBuilder::new("INSERT INTO ");
            query.push(target.table.name).push(" (");
            let mut list = query.separated(", ");
            for (name, _) in &target.columns {
                list.push(*name);
            }
            if revision.is_some() {
                list.push("revision");
            }
            query.push(") ");
            query.push_values(rows, |mut line, row| {
                for cell in row {
                    match cell {
                        Cell::Number(number) => line.push_bind(number),
                        Cell::Text(text) => line.push_bind(text),
                        Cell::Bytes(bytes) => line.push_bind(bytes),
                    };
                }
                if let Some(revision) = revision {
                    line.push_bind(revision);
                }
            });
            query.build().execute(db).await.map(drop)
        })?;
        Ok(())
    }
}

impl Target {
    fn read(header: &TableHeader) -> Result<Self, StoreError> {
        let unknown = || StoreError::Backup("it holds a table or column that this version does not know");
        let table = TABLES.iter().find(|table| table.name == header.table).ok_or_else(unknown)?;
        let find = |name: &String| table.columns.iter().find(|(known, _)| known == name).copied();
        let columns = header.columns.iter().map(find).collect::<Option<_>>().ok_or_else(unknown)?;
        Ok(Self { table, columns })
    }
}

async fn check_empty(tx: &mut Tx) -> Result<(), StoreError> {
    for table in TABLES {
        let found = within!(tx, db => {
            let mut query = QueryBuilder::new("SELECT 1 FROM ");
            query.push(table.name);
            if table.name == "meta" {
                query.push(" WHERE name <> 'server_epoch'");
            }
            query.push(" LIMIT 1").build().fetch_optional(db).await?.is_some()
        });
        if found {
            return Err(StoreError::NotEmpty);
        }
    }
    Ok(())
}
