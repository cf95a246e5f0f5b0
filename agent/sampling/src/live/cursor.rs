//! Where reading stands in a log, in a form that survives a restart.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::follow;

/// Where reading stands in a log. Small, and made to be stored: fields that are added later have a default.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LogCursor {
    /// In a log of lines.
    Text(TextCursor),
    /// In a journal.
    Journal(JournalCursor),
    /// In a Windows event log.
    Evtx(EvtxCursor),
}

/// Where reading stands in a log of lines.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TextCursor {
    /// The place in its files.
    pub at: follow::Cursor,
}

/// Where reading stands in the files of a journal.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct JournalCursor {
    /// By the id of the file (in its header, 32 hexadecimal digits): rotation changes a file's name and keeps its id.
    pub files: BTreeMap<String, JournalMark>,
}

/// Where reading stands in one file of a journal.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct JournalMark {
    /// Bytes from its beginning: behind the last entry that was counted; 0 before the first.
    pub offset: u64,
    /// Entries up to there.
    pub entries: u64,
    /// Stretches up to there that hold no objects and should.
    #[serde(default)]
    pub gaps: u64,
    /// Entries that were told to be damaged.
    #[serde(default)]
    pub damaged: u64,
    /// True where all was read that will ever stand in it.
    #[serde(default)]
    pub finished: bool,
}

/// Where reading stands in a Windows event log.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct EvtxCursor {
    /// The highest record id that is done with; 0 before the first.
    pub record_id: u64,
    /// The lowest record id that the file held then. It only rises, unless ids begin anew.
    #[serde(default)]
    pub lowest: u64,
    /// When that record was written, as its header says.
    #[serde(default)]
    pub lowest_written: Option<Timestamp>,
    /// Chunks that were told to be destroyed.
    #[serde(default)]
    pub damaged_chunks: u64,
}
