//! What kind of log some bytes are the beginning of.

use jiff::{Timestamp, tz::TimeZone};

use crate::{
    Detail, journal,
    text::{Format, LogScan, Scanner, TextOptions},
};

/// Bytes from the beginning of a log that are enough to know it by.
pub const HEAD_BYTES: usize = 16 << 10;

/// A kind of log that can be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogKind {
    /// A Windows event log file.
    Evtx,
    /// A file of the systemd journal.
    Journal,
    /// A log of lines.
    Text(Format),
}

/// The first bytes of every EVTX file.
const EVTX_MAGIC: &[u8] = b"ElfFile\0";

/// The kind of log that begins so; `None` where it is none that is known. A log of lines is known by its lines: at
/// least one is an event of the format, and those that are not are fewer.
#[must_use]
pub fn kind_of(head: &[u8]) -> Option<LogKind> {
    if head.starts_with(EVTX_MAGIC) {
        return Some(LogKind::Evtx);
    }
    if journal::is_journal(head) {
        return Some(LogKind::Journal);
    }
    [Format::Auditd, Format::JournalJson, Format::JournalExport, Format::Syslog]
        .into_iter()
        .find(|format| is_written_as(head, *format))
        .map(LogKind::Text)
}

fn is_written_as(head: &[u8], format: Format) -> bool {
    // Neither zone nor year matters to whether a line can be read.
    let options = TextOptions { detail: Detail::Counts, zone: TimeZone::UTC, written: Timestamp::UNIX_EPOCH };
    let mut scanner = Scanner::new(format, options);
    scanner.feed(head);
    let LogScan { records, undated, damaged, uncounted, .. } = scanner.finish();
    records + undated > uncounted && records + undated > damaged
}
