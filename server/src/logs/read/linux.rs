//! One audit log, syslog file or journal as a source.

use std::{fs::File, io};

use blindspot_catalog::Problem;
use blindspot_sampling::{
    sniff::LogKind,
    text::{self, Format, LogScan, TextOptions},
};
use blindspot_telemetry::{Source, SourceId, SourceKind, SourceStatus};
use jiff::Timestamp;

use super::{ReadOptions, broken, overflow};
use crate::{
    files::FoundFile,
    logs::{
        hosts::{Computer, Reading},
        name, open,
    },
    output::text::plural,
    progress::Progress,
};

/// What a text log of this format holds, even where it has no lines.
pub(super) fn source_of(format: Format) -> (Vec<SourceId>, SourceKind) {
    match format {
        Format::Auditd => (vec![SourceId::Auditd], SourceKind::Auditd),
        Format::Syslog => (vec![SourceId::Syslog], SourceKind::Syslog),
    }
}

pub(super) fn read_text(
    file: &FoundFile,
    format: Format,
    options: &ReadOptions,
    progress: &Progress,
) -> (Reading, Option<Problem>) {
    let scan = || -> io::Result<LogScan> {
        let open = File::open(&file.path)?;
        let options = text_options(&open, options)?;
        let mut log = open::unpacked(open)?;
        text::scan(&mut log, format, &options, &|bytes| progress.advance(bytes))
    };
    finish(file, LogKind::Text(format), source_of(format), scan())
}

pub(super) fn read_journal(
    file: &FoundFile,
    _options: &ReadOptions,
    _progress: &Progress,
) -> (Reading, Option<Problem>) {
    broken(file, &io::Error::other("later"))
}

/// A date without a year is not later than the last writing of its log.
fn text_options(file: &File, options: &ReadOptions) -> io::Result<TextOptions> {
    let modified = file.metadata()?.modified()?;
    let written = Timestamp::try_from(modified).unwrap_or(Timestamp::MAX);
    Ok(TextOptions { detail: options.detail, zone: options.zone.clone(), written })
}

fn finish(
    file: &FoundFile,
    log: LogKind,
    (promised, kind): (Vec<SourceId>, SourceKind),
    scan: io::Result<LogScan>,
) -> (Reading, Option<Problem>) {
    let scan = match scan {
        Ok(scan) => scan,
        Err(error) => return broken(file, &error),
    };
    let place = file.path.display().to_string();
    let problem = losses(&scan).map(|what| Problem::new(place.clone(), what));
    let lost = scan.damaged + scan.undated;
    let mut holds = scan.holds;
    if holds.is_empty() {
        holds = promised;
    }
    let source = Source {
        path: place,
        kind,
        status: match (scan.records, lost) {
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
    let stream = name::stream(&file.path, log);
    (Reading { path: file.path.clone(), source, computers, relay: scan.interleaved, stream }, problem)
}

/// What of a log could not be counted, in words.
fn losses(scan: &LogScan) -> Option<String> {
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
    lines.extend(overflow(scan.uncounted, scan.fields_uncounted));
    (!lines.is_empty()).then(|| lines.join("; "))
}
