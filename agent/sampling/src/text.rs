//! What all logs of lines have in common: how lines are cut, whose they are, when they were written, and how they are
//! counted.
//!
//! A format ([`Format`]) says what one line means; [`Scanner`] is fed bytes as they come and counts. Whatever stands in
//! a line, counting goes on: what cannot be counted is itself counted, by the reason ([`LogScan`]).

pub(crate) mod harvest;
pub(crate) mod lines;
pub(crate) mod moment;
pub(crate) mod names;
pub(crate) mod tally;

use std::{
    collections::BTreeMap,
    io::{self, Read},
};

use blindspot_telemetry::{EventType, HostName, Observed, SourceId};
use jiff::{Timestamp, tz::TimeZone};
use memchr::memchr;

use self::{lines::LineSplitter, tally::Tally};
use crate::{
    Detail,
    auditd::AuditLines,
    journal::{ExportFeed, JsonLines},
    syslog::SyslogLines,
};

/// How a text log is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// The Linux audit log (`audit.log`), raw or enriched.
    Auditd,
    /// Syslog lines: RFC 3164 with or without year and zone, RFC 5424, ISO 8601 time. Sysmon for Linux is in them.
    Syslog,
    /// The systemd journal as `journalctl -o json` writes it, one entry a line; `json-seq` and `json-sse` too. With
    /// `--all` values above 4096 bytes are in it, which Sysmon's messages may be.
    JournalJson,
    /// The systemd journal as `journalctl -o export` writes it.
    JournalExport,
}

/// How to scan a text log.
#[derive(Debug, Clone)]
pub struct TextOptions {
    /// How much is learned of each event.
    pub detail: Detail,
    /// The time zone of times that name none: that of the machine that wrote the log.
    pub zone: TimeZone,
    /// When the log was last written. A date without a year is not (a day of clock skew aside) later than that.
    pub written: Timestamp,
}

/// What one log holds.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LogScan {
    /// What each host wrote, in the order of their first events.
    pub hosts: Vec<HostScan>,
    /// True where a host's name comes back after another one took over: they are several machines.
    pub interleaved: bool,
    /// Events counted.
    pub records: u64,
    /// Lines that are no event of this format and belong to none.
    pub damaged: u64,
    /// Events of this format whose time cannot be told. They stand under no event type.
    pub undated: u64,
    /// Lines longer than a scan keeps ([`MAX_LINE_BYTES`]). Their beginning is read as any other line.
    pub oversize: u64,
    /// Lines that continue the event before them.
    pub continued: u64,
    /// Audit events that the records of an audit log belong to: those of one host, time and serial number are one.
    /// Records of up to 4096 events may be mixed; 0 for other formats.
    pub audit_events: u64,
    /// Events among `records` that stand under no event type, because the log holds more distinct types, hours or
    /// names than a scan keeps. Real logs have none.
    pub uncounted: u64,
    /// Events whose fields are not all in `fields`, for the same reason.
    pub fields_uncounted: u64,
    /// Events that the log itself says were not written: journald's notices of messages that it suppressed or
    /// missed. 0 in other logs.
    pub suppressed: u64,
    /// Event time of the oldest event.
    pub oldest: Option<Timestamp>,
    /// Event time of the newest event.
    pub newest: Option<Timestamp>,
    /// The sources whose events it holds.
    pub holds: Vec<SourceId>,
}

/// What one host wrote.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HostScan {
    /// Its name as its first line writes it; `None` where lines name no host (audit logs mostly do not).
    pub name: Option<HostName>,
    /// What it recorded.
    pub event_types: BTreeMap<EventType, Observed>,
}

pub use lines::MAX_LINE_BYTES;

/// What one line means, for one format.
pub(crate) trait Lines {
    /// Reads one line, without its end. The line may be the beginning of a longer one.
    fn line(&mut self, line: &[u8], tally: &mut Tally);

    /// All lines were read.
    fn finish(&mut self, _tally: &mut Tally) {}
}

/// Counts a text log that is fed piece by piece.
pub struct Scanner {
    kind: Format,
    lines: LineSplitter,
    format: FormatLines,
    tally: Tally,
    options: TextOptions,
}

enum FormatLines {
    Auditd(AuditLines),
    Syslog(SyslogLines),
    JournalJson(Box<JsonLines>),
    /// Not made of lines: values may hold any byte.
    JournalExport(Box<ExportFeed>),
}

impl Scanner {
    /// Nothing is counted yet.
    #[must_use]
    pub fn new(kind: Format, options: TextOptions) -> Self {
        let mut tally = Tally::new(options.detail);
        let format = match kind {
            Format::Auditd => FormatLines::Auditd(AuditLines::new()),
            Format::Syslog => FormatLines::Syslog(SyslogLines::new(&options)),
            Format::JournalJson => FormatLines::JournalJson(Box::new(JsonLines::new(&mut tally.names))),
            Format::JournalExport => FormatLines::JournalExport(Box::new(ExportFeed::new(&mut tally.names))),
        };
        Self { kind, lines: LineSplitter::default(), format, tally, options }
    }

    /// Counts the lines that these bytes complete.
    pub fn feed(&mut self, bytes: &[u8]) {
        let Self { lines, format, tally, .. } = self;
        match format {
            FormatLines::Auditd(format) => feed(lines, format, bytes, tally),
            FormatLines::Syslog(format) => feed(lines, format, bytes, tally),
            FormatLines::JournalJson(format) => feed(lines, &mut **format, bytes, tally),
            FormatLines::JournalExport(export) => export.feed(bytes, tally),
        }
    }

    /// When the log was last written, as known by now: what is fed next is not (a day of clock skew aside) later.
    pub fn set_written(&mut self, written: Timestamp) {
        if written != self.options.written {
            self.options.written = written;
            if let FormatLines::Syslog(format) = &mut self.format {
                format.set_written(&self.options);
            }
        }
    }

    /// What was counted since the last time, of whole lines. What lines to come refer to is kept: the beginning of a
    /// line, the message that may be repeated, the year of the last date.
    ///
    /// Many drains come to what one scan would have, but for dates without a year: before the first drain they can be
    /// of an earlier year than that of the log's last line ([`awaits_years`](Self::awaits_years)). And hosts are in the
    /// order of this drain alone.
    pub fn drain(&mut self) -> LogScan {
        match &mut self.format {
            FormatLines::Auditd(format) => format.finish(&mut self.tally),
            FormatLines::Syslog(format) => format.finish(&mut self.tally),
            FormatLines::JournalJson(format) => format.finish(&mut self.tally),
            FormatLines::JournalExport(_) => (),
        }
        self.tally.oversize += std::mem::take(&mut self.lines.oversize);
        let scan = harvest::drain(&mut self.tally, &self.options);
        if self.tally.names.is_crowded() && self.lines.is_between() {
            *self = Self::new(self.kind, self.options.clone());
        }
        scan
    }

    /// True where lines were met whose year only the lines after them tell: once the log was read to its end, and
    /// drained, it is known.
    #[must_use]
    pub fn awaits_years(&self) -> bool {
        match &self.format {
            FormatLines::Syslog(format) => format.awaits_years(),
            _ => false,
        }
    }

    /// Learns what lines to come refer to from the bytes before them, whose first line may be cut, and counts nothing.
    pub fn prime(&mut self, before: &[u8]) {
        let begin = memchr(b'\n', before).map_or(before.len(), |end| end + 1);
        self.feed(before.get(begin..).unwrap_or_default());
        self.drain();
        if let FormatLines::Syslog(format) = &mut self.format {
            format.reopen_years();
        }
    }

    /// What was counted. A last line without its end is read as a line.
    #[must_use]
    pub fn finish(mut self) -> LogScan {
        let last = self.lines.take_rest();
        match &mut self.format {
            FormatLines::Auditd(format) => finish(format, last, &mut self.tally),
            FormatLines::Syslog(format) => finish(format, last, &mut self.tally),
            FormatLines::JournalJson(format) => finish(&mut **format, last, &mut self.tally),
            FormatLines::JournalExport(export) => export.finish(&mut self.tally),
        }
        self.tally.oversize += self.lines.oversize;
        harvest::finish(self.tally, &self.options)
    }
}

/// One loop per format, so that the compiler sees through the call.
fn feed(splitter: &mut LineSplitter, format: &mut impl Lines, bytes: &[u8], tally: &mut Tally) {
    splitter.feed(bytes, &mut |line| format.line(line, tally));
}

fn finish(format: &mut impl Lines, last: Option<Vec<u8>>, tally: &mut Tally) {
    if let Some(last) = last {
        format.line(&last, tally);
    }
    format.finish(tally);
}

/// Bytes that are read at a time.
const READ_BYTES: usize = 256 << 10;

/// Scans a whole text log. `progress` is told how many bytes were read since it was last told.
///
/// # Errors
/// Where reading breaks off; what was counted until then is lost. [`scan_to_break`] keeps it.
pub fn scan(
    log: &mut dyn Read,
    format: Format,
    options: &TextOptions,
    progress: &dyn Fn(u64),
) -> io::Result<LogScan> {
    match scan_to_break(log, format, options, progress) {
        (scan, None) => Ok(scan),
        (_, Some(error)) => Err(error),
    }
}

/// The same where reading may break off: what was counted until then, and why it broke off.
pub fn scan_to_break(
    log: &mut dyn Read,
    format: Format,
    options: &TextOptions,
    progress: &dyn Fn(u64),
) -> (LogScan, Option<io::Error>) {
    let mut scanner = Scanner::new(format, options.clone());
    let mut buffer = vec![0; READ_BYTES];
    loop {
        match log.read(&mut buffer) {
            Ok(0) => return (scanner.finish(), None),
            Ok(read) => {
                scanner.feed(buffer.get(..read).unwrap_or_default());
                progress(read as u64);
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => (),
            Err(error) => return (scanner.finish(), Some(error)),
        }
    }
}
