//! Backup: one portable file that restores into either database.
//!
//! The file is zstd-compressed lines of JSON: a header with the schema, for every table a line that names its columns,
//! then its rows as lists, and a last line with the number of rows, so that a file that broke off is noticed. Bytes are
//! in base64. What belongs to one database only (numbers of changes, leases) is not in it.

mod restore;
mod tables;

use std::io::Write;

use base64::{Engine as _, prelude::BASE64_STANDARD};
use futures_util::TryStreamExt as _;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sqlx::{QueryBuilder, Row as _};

use self::tables::{Kind, TABLES, Table};
use crate::{
    Store, StoreError,
    database::{Tx, within},
};

/// Name and version of the backup file.
pub const BACKUP_SCHEMA: &str = "blindspot.backup/1";
/// Backups are written seldom and kept long.
const LEVEL: i32 = 6;

/// The first line.
#[derive(Serialize, Deserialize)]
struct Header {
    schema: String,
    /// The schema of the database that it was made of.
    version: i64,
}

/// The line before a table's rows.
#[derive(Serialize, Deserialize)]
struct TableHeader {
    table: String,
    columns: Vec<String>,
}

/// The last line.
#[derive(Serialize, Deserialize)]
struct End {
    end: u64,
}

impl Store {
    /// Writes everything into one file, as it is at one moment: zstd-compressed lines of JSON. It holds hashes of
    /// secrets, and no secret. Returns how many rows were written.
    ///
    /// # Errors
    /// Where the database cannot be read, or the file cannot be written.
    pub async fn export(&self, out: impl Write + Send) -> Result<u64, StoreError> {
        let mut out = zstd::stream::write::Encoder::new(out, LEVEL)?;
        out.include_checksum(true)?;
        let version = self.schema().await?.unwrap_or(0);
        line(&mut out, &Header { schema: BACKUP_SCHEMA.to_owned(), version })?;
        let mut tx = self.begin_reading().await?;
        let mut rows = 0;
        for table in TABLES {
            let columns = table.columns.iter().map(|(name, _)| (*name).to_owned()).collect();
            line(&mut out, &TableHeader { table: table.name.to_owned(), columns })?;
            rows += export_table(&mut tx, table, &mut out).await?;
        }
        line(&mut out, &End { end: rows })?;
        out.finish()?.flush()?;
        Ok(rows)
    }
}

fn line(out: &mut impl Write, value: &impl Serialize) -> Result<(), StoreError> {
    serde_json::to_writer(&mut *out, value).map_err(std::io::Error::from)?;
    Ok(out.write_all(b"\n")?)
}

async fn export_table(tx: &mut Tx, table: &Table, out: &mut (impl Write + Send)) -> Result<u64, StoreError> {
    let mut rows = 0;
    within!(tx, db => {
        let mut query = QueryBuilder::new("SELECT ");
        let mut list = query.separated(", ");
        for (name, _) in table.columns {
            list.push(*name);
        }
        query.push(" FROM ").push(table.name);
        let mut found = query.build().fetch(db);
        while let Some(row) = found.try_next().await? {
            let mut values = Vec::with_capacity(table.columns.len());
            for (place, (_, kind)) in table.columns.iter().enumerate() {
                values.push(match kind {
                    Kind::Number => row.try_get::<Option<i64>, _>(place)?.map(Value::from),
                    Kind::Text => row.try_get::<Option<String>, _>(place)?.map(Value::from),
                    Kind::Bytes => row
                        .try_get::<Option<Vec<u8>>, _>(place)?
                        .map(|bytes| Value::from(BASE64_STANDARD.encode(bytes))),
                });
            }
            line(out, &values)?;
            rows += 1;
        }
    });
    Ok(rows)
}
