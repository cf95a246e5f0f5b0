//! A machine's logs as they grow: where they are now ([`Discovery`]), and each read on from where it stood ([`LiveLog`]).
//!
//! What one poll counted is a [`LogTurn`]; where it ended is a [`LogCursor`]. Whoever stores both together counts each
//! event once, whatever happens between two stores. A log that was never read begins with the oldest that is left of it.
//!
//! Nothing here waits, and nothing is read that did not change: polling more often costs a few looks at files.

mod counted;
mod cursor;
mod discover;
mod evtx;
mod findings;
mod journal;
mod text;

use std::{collections::BTreeMap, path::PathBuf};

use blindspot_telemetry::{EventType, HostName, Observed, SourceId, SourceKind, SourceStatus};
use jiff::{Timestamp, tz::TimeZone};

pub use self::{
    cursor::{EvtxCursor, JournalCursor, JournalMark, LogCursor, TextCursor},
    discover::{Discovered, Discovery, Trouble, discover},
};
use self::{evtx::EvtxLog, journal::JournalLog, text::TextLog};
pub use crate::follow::{Standing, Turn};
use crate::{Detail, text::Format};

/// Where a log lies and how it is written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogPlace {
    /// Its file. Rotated files beside it are parts of it. Of a journal: the folder that holds its files.
    pub path: PathBuf,
    /// How it is written.
    pub form: LogForm,
    /// How its bytes are kept.
    pub kind: SourceKind,
    /// What it is known to hold, by its name or form, even where it has no records.
    pub holds: Vec<SourceId>,
    /// The log that it is a part, or a copy, of: different streams of one host may hold the same events.
    pub stream: Option<String>,
    /// True where it lies among other machines' logs.
    pub relay: bool,
}

/// How a live log is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogForm {
    /// Lines: [`Format::Auditd`] or [`Format::Syslog`].
    Text(Format),
    /// The files of a systemd journal.
    Journal,
    /// A Windows event log file.
    Evtx,
}

/// How to read a log.
#[derive(Debug, Clone)]
pub struct LiveOptions {
    /// The zone of times that name none.
    pub zone: TimeZone,
    /// How much is learned of each event.
    pub detail: Detail,
    /// Of a log that was never read, files last written before this are left out.
    pub lookback: Option<Timestamp>,
}

/// What one poll counted. All of it is behind the cursor afterwards, and nothing else is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogTurn {
    /// What each computer wrote, in order of their first records in this turn; `None` is the name of records without.
    pub computers: Vec<(Option<HostName>, BTreeMap<EventType, Observed>)>,
    /// True once a computer's name came back after another one took over: the log holds several machines' records.
    pub interleaved: bool,
    /// Events counted.
    pub records: u64,
    /// Records that exist and could not be counted, those without a time among them.
    pub damaged: u64,
    /// Event time of the oldest event counted.
    pub oldest: Option<Timestamp>,
    /// Event time of the newest event counted.
    pub newest: Option<Timestamp>,
    /// Bytes that were read.
    pub bytes: u64,
    /// Bytes of the log as it stands, where known: of rotated files only those that are to be read yet.
    pub size_bytes: Option<u64>,
    /// What is to be expected of the next poll.
    pub standing: Standing,
    /// The sources whose events were counted.
    pub holds: Vec<SourceId>,
    /// What was noticed, each once.
    pub findings: Vec<LogFinding>,
}

/// Something about a log that a person should know.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogFinding {
    /// What it is: a word that stays the same.
    pub code: &'static str,
    /// What happened, and the next step. No content of the log.
    pub text: String,
}

impl LogTurn {
    /// True where a renamed file was read to its end and is watched a while, although the next one holds something.
    #[must_use]
    pub fn next_file_waits(&self) -> bool {
        self.standing == Standing::Draining && self.size_bytes.is_some_and(|bytes| bytes > 0)
    }

    /// Nothing was counted.
    #[must_use]
    pub fn new(standing: Standing) -> Self {
        Self {
            computers: Vec::new(),
            interleaved: false,
            records: 0,
            damaged: 0,
            oldest: None,
            newest: None,
            bytes: 0,
            size_bytes: None,
            standing,
            holds: Vec::new(),
            findings: Vec::new(),
        }
    }
}

impl Standing {
    /// What reading a log came to so far, given all that was counted of it: records, and those that could not be.
    #[must_use]
    pub fn status(self, records: u64, damaged: u64) -> SourceStatus {
        match (self, records, damaged) {
            (Self::CaughtUp | Self::Draining, 0, 0) => SourceStatus::Empty,
            (Self::CaughtUp | Self::Draining, 0, _) | (Self::NotAFile | Self::Unreadable, ..) => {
                SourceStatus::Unreadable
            }
            (Self::CaughtUp | Self::Draining, ..) => SourceStatus::Read,
            (Self::Behind | Self::Searching, ..) => SourceStatus::Lagging,
            (Self::Missing, ..) => SourceStatus::Missing,
            (Self::Denied, ..) => SourceStatus::Denied,
        }
    }
}

/// Reads one log, poll by poll.
pub struct LiveLog {
    place: LogPlace,
    log: Log,
}

enum Log {
    Text(Box<TextLog>),
    Journal(Box<JournalLog>),
    Evtx(Box<EvtxLog>),
}

impl LiveLog {
    /// Goes on where a cursor stands; without one, or with one of another form, with the oldest that is left of the
    /// log. Nothing is opened yet.
    #[must_use]
    pub fn new(place: LogPlace, cursor: Option<LogCursor>, options: LiveOptions) -> Self {
        let log = match (place.form, cursor) {
            (LogForm::Text(format), Some(LogCursor::Text(cursor))) => {
                Log::Text(Box::new(TextLog::new(&place, format, Some(cursor), options)))
            }
            (LogForm::Text(format), _) => Log::Text(Box::new(TextLog::new(&place, format, None, options))),
            (LogForm::Journal, Some(LogCursor::Journal(cursor))) => {
                Log::Journal(Box::new(JournalLog::new(&place, Some(cursor), options)))
            }
            (LogForm::Journal, _) => Log::Journal(Box::new(JournalLog::new(&place, None, options))),
            (LogForm::Evtx, Some(LogCursor::Evtx(cursor))) => {
                Log::Evtx(Box::new(EvtxLog::new(&place, Some(cursor), &options)))
            }
            (LogForm::Evtx, _) => Log::Evtx(Box::new(EvtxLog::new(&place, None, &options))),
        };
        Self { place, log }
    }

    /// The log.
    #[must_use]
    pub fn place(&self) -> &LogPlace {
        &self.place
    }

    /// Where reading stands: behind all that was told. `None` where nothing was ever read.
    #[must_use]
    pub fn cursor(&self) -> Option<LogCursor> {
        match &self.log {
            Log::Text(log) => log.cursor().map(LogCursor::Text),
            Log::Journal(log) => log.cursor().map(LogCursor::Journal),
            Log::Evtx(log) => log.cursor().map(LogCursor::Evtx),
        }
    }

    /// Counts what is new, as far as the budget goes.
    pub fn poll(&mut self, turn: Turn<'_>) -> LogTurn {
        match &mut self.log {
            Log::Text(log) => log.poll(turn),
            Log::Journal(log) => log.poll(turn),
            Log::Evtx(log) => log.poll(turn),
        }
    }
}

#[cfg(test)]
mod tests;
