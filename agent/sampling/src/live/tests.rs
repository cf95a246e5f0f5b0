//! What the tests of live logs share, and those of logs of lines: many polls come to what one scan does.

mod lines;

use std::{collections::BTreeMap, path::Path, sync::Mutex, time::Duration};

use blindspot_telemetry::{Clock, EventType, Observed, SourceKind};
use jiff::{Timestamp, tz::TimeZone};

use super::*;
use crate::text::LogScan;

/// A clock that stands until it is moved.
pub(super) struct Clockwork {
    pub(super) now: Mutex<Duration>,
}

impl Clockwork {
    pub(super) fn new() -> Self {
        Self { now: Mutex::new(Duration::from_secs(1000)) }
    }

    pub(super) fn pass(&self, seconds: u64) {
        *self.now.lock().unwrap() += Duration::from_secs(seconds);
    }
}

impl Clock for Clockwork {
    fn wall(&self) -> Timestamp {
        "2026-03-01T12:00:00Z".parse().unwrap()
    }

    fn monotonic(&self) -> Duration {
        *self.now.lock().unwrap()
    }
}

/// Numbers that look random and are the same every time.
pub(super) struct Dice(pub(super) u64);

impl Dice {
    pub(super) fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % end as u64).unwrap()
    }
}

/// Counts, however many polls or scans they came from.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Sum {
    pub(super) types: BTreeMap<(String, EventType), Observed>,
    pub(super) records: u64,
    pub(super) damaged: u64,
}

impl Sum {
    pub(super) fn add(&mut self, turn: &LogTurn) {
        self.records += turn.records;
        self.damaged += turn.damaged;
        for (name, types) in &turn.computers {
            let name = name.as_ref().map(ToString::to_string).unwrap_or_default();
            types.iter().for_each(|(event_type, seen)| self.see(&name, event_type, seen));
        }
    }

    pub(super) fn scan(&mut self, scan: &LogScan) {
        self.records += scan.records;
        self.damaged += scan.damaged + scan.undated;
        for host in &scan.hosts {
            let name = host.name.as_ref().map(ToString::to_string).unwrap_or_default();
            host.event_types.iter().for_each(|(event_type, seen)| self.see(&name, event_type, seen));
        }
    }

    fn see(&mut self, name: &str, event_type: &EventType, seen: &Observed) {
        self.types
            .entry((name.to_owned(), event_type.clone()))
            .and_modify(|known| known.merge(seen))
            .or_insert_with(|| seen.clone());
    }
}

pub(super) fn options() -> LiveOptions {
    LiveOptions { zone: TimeZone::UTC, detail: Detail::Inventory, lookback: None }
}

pub(super) fn place(path: &Path, form: LogForm) -> LogPlace {
    let (path, kind) = (path.to_owned(), SourceKind::Syslog);
    LogPlace { path, form, kind, holds: Vec::new(), stream: None, relay: false }
}

/// The same log after a restart: all that is left of it is its stored cursor.
pub(super) fn restarted(log: &LiveLog) -> LiveLog {
    let stored = serde_json::to_string(&log.cursor()).unwrap();
    LiveLog::new(log.place().clone(), serde_json::from_str(&stored).unwrap(), options())
}

#[test]
fn a_stored_cursor_of_a_journal_is_read_as_it_was_written() {
    let text = r#"{"journal":{"files":{"f1":{"offset":272,"entries":3}}}}"#;
    let LogCursor::Journal(cursor) = serde_json::from_str(text).unwrap() else { panic!("a journal") };
    let mark = JournalMark { offset: 272, entries: 3, ..JournalMark::default() };
    assert_eq!(cursor.files, BTreeMap::from([("f1".to_owned(), mark)]));
}

#[test]
fn what_reading_came_to_is_said_of_all_that_was_counted() {
    assert_eq!(Standing::CaughtUp.status(0, 0), SourceStatus::Empty);
    assert_eq!(Standing::CaughtUp.status(0, 1), SourceStatus::Unreadable);
    assert_eq!(Standing::Draining.status(1, 1), SourceStatus::Read);
    assert_eq!(Standing::Behind.status(1, 0), SourceStatus::Lagging);
}
