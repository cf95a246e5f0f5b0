//! One audit log, syslog file or journal as a source.

use std::{fs::File, io};

use blindspot_catalog::Problem;
use blindspot_sampling::{
    journal::{self, JournalError},
    machine,
    sniff::LogKind,
    text::{self, Format, LogScan, TextOptions},
    unpack::{Packing, Unpacked},
};
use blindspot_telemetry::{Clock as _, Source, SourceId, SourceKind, SourceStatus, clock::SystemClock};
use jiff::Timestamp;

use super::{ReadOptions, broken, overflow};
use crate::{
    files::FoundFile,
    logs::{
        hosts::{Computer, Reading},
        open,
    },
    output::text::plural,
    progress::Progress,
};

/// What a text log of this format holds, even where it has no lines.
pub(super) fn source_of(format: Format) -> (Vec<SourceId>, SourceKind) {
    match format {
        Format::Auditd => (vec![SourceId::Auditd], SourceKind::Auditd),
        Format::Syslog => (vec![SourceId::Syslog], SourceKind::Syslog),
        Format::JournalJson | Format::JournalExport => (vec![SourceId::Syslog], SourceKind::Journal),
    }
}

pub(super) fn read_text(
    file: &FoundFile,
    format: Format,
    options: &ReadOptions,
    progress: &Progress,
) -> (Reading, Option<Problem>) {
    let open = || -> io::Result<(Unpacked, TextOptions)> {
        let open = File::open(&file.path)?;
        let options = text_options(&open, options)?;
        Ok((open::unpacked(open)?, options))
    };
    let (mut log, text_options) = match open() {
        Ok(open) => open,
        Err(error) => return broken(file, &error),
    };
    let plain = log.packing == Packing::Plain;
    let advance = |bytes| {
        if plain {
            progress.advance(bytes);
        }
    };
    let (scan, broke_off) = text::scan_to_break(&mut log.bytes, format, &text_options, &advance);
    if !plain {
        progress.advance(file.size);
    }
    finish(file, LogKind::Text(format), source_of(format), (scan, broke_off))
}

pub(super) fn read_journal(
    file: &FoundFile,
    options: &ReadOptions,
    progress: &Progress,
) -> (Reading, Option<Problem>) {
    let scan = || -> Result<LogScan, JournalError> {
        let read = |source| JournalError::Read { offset: 0, source };
        let open = File::open(&file.path).map_err(read)?;
        let options = text_options(&open, options).map_err(read)?;
        journal::scan(&open, file.size, &options, &|bytes| progress.advance(bytes))
    };
    match scan() {
        Ok(scan) => {
            finish(file, LogKind::Journal, (vec![SourceId::Syslog], SourceKind::Journal), (scan, None))
        }
        Err(JournalError::Read { source, .. }) => broken(file, &source),
        Err(error) => broken(file, &io::Error::other(error)),
    }
}

/// Before this, in seconds since 1970, no file was written: such a time came of unpacking (1990-01-01).
const FIRST_WRITING: i64 = 631_152_000;

/// A date without a year is not later than the last writing of its log, or, where that is not known, than now.
fn text_options(file: &File, options: &ReadOptions) -> io::Result<TextOptions> {
    let modified = file.metadata()?.modified()?;
    let written = Timestamp::try_from(modified).ok().filter(|time| time.as_second() >= FIRST_WRITING);
    let written = written.unwrap_or_else(|| SystemClock::new().wall());
    Ok(TextOptions { detail: options.detail, zone: options.zone.clone(), written })
}

fn finish(
    file: &FoundFile,
    log: LogKind,
    (promised, kind): (Vec<SourceId>, SourceKind),
    (scan, broke_off): (LogScan, Option<io::Error>),
) -> (Reading, Option<Problem>) {
    if let Some(error) = broke_off.as_ref().filter(|_| scan.records == 0) {
        return broken(file, error);
    }
    let place = file.path.display().to_string();
    let mut lost_words = losses(&scan);
    lost_words.extend(broke_off.as_ref().map(|error| format!("reading broke off: {}", crate::chain(error))));
    let problem = (!lost_words.is_empty()).then(|| Problem::new(place.clone(), lost_words.join("; ")));
    let lost = scan.damaged + scan.undated;
    let mut holds = scan.holds;
    if holds.is_empty() {
        holds = promised;
    }
    let source = Source {
        path: place,
        kind,
        status: match (scan.records, lost) {
            // What came behind the break is not known.
            _ if broke_off.is_some() => SourceStatus::Lagging,
            (0, 0) => SourceStatus::Empty,
            (0, _) => SourceStatus::Unreadable,
            _ => SourceStatus::Read,
        },
        holds,
        records: scan.records,
        damaged: lost,
        oldest: scan.oldest,
        newest: scan.newest,
        size_bytes: Some(file.size),
    };
    let computers = scan
        .hosts
        .into_iter()
        .map(|host| Computer { name: host.name, event_types: host.event_types })
        .collect();
    let stream = machine::stream(&file.path, log);
    (Reading { path: file.path.clone(), source, computers, relay: scan.interleaved, stream }, problem)
}

/// What of a log could not be counted, in words.
fn losses(scan: &LogScan) -> Vec<String> {
    let mut lines = Vec::new();
    if scan.damaged > 0 {
        lines.push(format!(
            "{} could not be read as records of this log, beside {} that were",
            plural(scan.damaged, "line"),
            plural(scan.records, "record")
        ));
    }
    if scan.undated > 0 {
        lines.push(format!("{} without a date that can be: not counted", plural(scan.undated, "record")));
    }
    if scan.oversize > 0 {
        lines.push(format!(
            "{} longer than {} bytes: read up to there",
            plural(scan.oversize, "line"),
            text::MAX_LINE_BYTES
        ));
    }
    if scan.suppressed > 0 {
        lines.push(format!(
            "says itself that {} not written: a service wrote more than its rate limit allows (RateLimitBurst= in \
             journald.conf)",
            if scan.suppressed == 1 { "1 message was".to_owned() } else { format!("{} messages were", scan.suppressed) }
        ));
    }
    lines.extend(overflow(scan.uncounted, scan.fields_uncounted));
    lines
}
