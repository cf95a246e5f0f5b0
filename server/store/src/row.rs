//! Values of columns as types of this program, and back.

use blindspot_telemetry::wire::AgentId;
use jiff::Timestamp;
use sha2::{Digest as _, Sha256};

use crate::StoreError;

/// Most rows of one statement: PostgreSQL takes 65,535 parameters, SQLite 32,766.
pub(crate) const ROWS: usize = 1_000;

pub(crate) fn corrupt(table: &'static str, what: &'static str) -> StoreError {
    StoreError::Corrupt { table, what }
}

pub(crate) fn time(table: &'static str, ms: i64) -> Result<Timestamp, StoreError> {
    Timestamp::from_millisecond(ms).map_err(|_| corrupt(table, "a time"))
}

pub(crate) fn some_time(table: &'static str, ms: Option<i64>) -> Result<Option<Timestamp>, StoreError> {
    ms.map(|ms| time(table, ms)).transpose()
}

pub(crate) fn bytes<const N: usize>(table: &'static str, bytes: &[u8]) -> Result<[u8; N], StoreError> {
    bytes.try_into().map_err(|_| corrupt(table, "a key or hash of another length"))
}

pub(crate) fn agent_id(table: &'static str, id: &[u8]) -> Result<AgentId, StoreError> {
    Ok(AgentId(bytes(table, id)?))
}

/// Text as both databases keep it: PostgreSQL has no NUL in texts, and one report with it would fail the transaction of
/// many. U+FFFD stands for it.
pub(crate) fn text(text: &str) -> String {
    text.replace('\0', "\u{fffd}")
}

/// A count as the databases keep it: none of ours comes near 2^63.
pub(crate) fn count(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// SHA-256 over parts, each with its length before it, so that no two lists of parts have one text.
pub(crate) fn hash(parts: &[&[u8]]) -> [u8; 32] {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part);
    }
    hash.finalize().into()
}
