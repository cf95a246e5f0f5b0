//! Scanning log files, on several threads.

mod evtx;
mod linux;

use std::{
    fs::File,
    io,
    num::NonZeroUsize,
    sync::{
        Mutex,
        atomic::{AtomicUsize, Ordering},
    },
};

use blindspot_catalog::Problem;
use blindspot_sampling::{
    Detail, machine,
    sniff::{self, LogKind},
};
use blindspot_telemetry::{Source, SourceId, SourceKind, SourceStatus};
use jiff::tz::TimeZone;

use super::{hosts::Reading, open};
use crate::{files::FoundFile, output::text::plural, progress::Progress};

/// From this size on, one Windows event log is scanned by all threads instead of one thread per file.
const SPLIT_FROM_BYTES: u64 = 64 << 20;

/// How to read logs.
#[derive(Debug, Clone)]
pub struct ReadOptions {
    /// How much is learned of each event.
    pub detail: Detail,
    /// Threads to read with.
    pub threads: NonZeroUsize,
    /// The zone of times that name none.
    pub zone: TimeZone,
}

impl Default for ReadOptions {
    /// The whole inventory, on one thread, in this machine's zone.
    fn default() -> Self {
        Self { detail: Detail::Inventory, threads: NonZeroUsize::MIN, zone: TimeZone::system() }
    }
}

/// Scans every file. Whatever stands in the way of one file is a problem beside it; the rest is read.
#[must_use]
pub fn read_all(
    files: &[FoundFile],
    options: &ReadOptions,
    progress: &Progress,
) -> (Vec<Reading>, Vec<Problem>) {
    let (large, rest): (Vec<_>, Vec<_>) = files.iter().partition(|file| {
        file.size >= SPLIT_FROM_BYTES && machine::promised(&file.path) == Some(LogKind::Evtx)
    });
    let alone = ReadOptions { threads: NonZeroUsize::MIN, ..options.clone() };
    let mut done: Vec<(Reading, Option<Problem>)> =
        large.into_iter().map(|file| read(file, options, progress)).collect();
    let next = AtomicUsize::new(0);
    let results = Mutex::new(Vec::with_capacity(rest.len()));
    std::thread::scope(|scope| {
        for _ in 0..options.threads.get().min(rest.len()) {
            scope.spawn(|| {
                while let Some(file) = rest.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let result = read(file, &alone, progress);
                    results.lock().unwrap_or_else(std::sync::PoisonError::into_inner).push(result);
                }
            });
        }
    });
    done.extend(results.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner));
    done.sort_by(|a, b| a.0.path.cmp(&b.0.path));
    let (readings, problems): (Vec<_>, Vec<_>) = done.into_iter().unzip();
    (readings, problems.into_iter().flatten().collect())
}

fn read(file: &FoundFile, options: &ReadOptions, progress: &Progress) -> (Reading, Option<Problem>) {
    match kind(file) {
        Ok(Some(LogKind::Evtx)) => evtx::read(file, options, progress),
        Ok(Some(LogKind::Text(format))) => linux::read_text(file, format, options, progress),
        Ok(Some(LogKind::Journal)) => linux::read_journal(file, options, progress),
        Ok(None) => failed(
            file,
            SourceStatus::Unreadable,
            "not a log that Blindspot reads: a Windows event log, an audit log, syslog or a systemd journal; it is not \
             judged, the other logs are",
        ),
        Err(error) => broken(file, &error),
    }
}

/// What the file begins as, or what its name promises.
fn kind(file: &FoundFile) -> io::Result<Option<LogKind>> {
    let head = open::head(File::open(&file.path)?)?;
    Ok(sniff::kind_of(&head).or_else(|| machine::promised(&file.path)))
}

/// A file that could not be read to its end.
fn broken(file: &FoundFile, error: &io::Error) -> (Reading, Option<Problem>) {
    let cause = crate::chain(error);
    if error.kind() == io::ErrorKind::PermissionDenied {
        let (_, kind) = promise(file);
        return failed(file, SourceStatus::Denied, &format!("{cause}; {}", machine::how_to_be_allowed(kind)));
    }
    failed(file, SourceStatus::Unreadable, &format!("{cause}; it is not judged, the other logs are"))
}

/// What a file's name says it holds.
fn promise(file: &FoundFile) -> (Vec<SourceId>, SourceKind) {
    match machine::promised(&file.path) {
        Some(LogKind::Evtx) => {
            (evtx::channel(file).map(SourceId::Channel).into_iter().collect(), SourceKind::Evtx)
        }
        Some(LogKind::Journal) => (vec![SourceId::Syslog], SourceKind::Journal),
        Some(LogKind::Text(format)) => linux::source_of(format),
        None => (Vec::new(), SourceKind::Syslog),
    }
}

fn failed(file: &FoundFile, status: SourceStatus, what: &str) -> (Reading, Option<Problem>) {
    let place = file.path.display().to_string();
    let (holds, kind) = promise(file);
    let source = Source {
        path: place.clone(),
        kind,
        status,
        holds,
        records: 0,
        damaged: 0,
        oldest: None,
        newest: None,
        size_bytes: Some(file.size),
    };
    let stream = machine::promised(&file.path).and_then(|kind| machine::stream(&file.path, kind));
    let reading = Reading { path: file.path.clone(), source, computers: Vec::new(), relay: false, stream };
    (reading, Some(Problem::new(place, what)))
}

/// What was counted and stands under no name, in words.
fn overflow(uncounted: u64, fields_uncounted: u64) -> Option<String> {
    (uncounted > 0 || fields_uncounted > 0).then(|| {
        format!(
            "holds more distinct event types, hours or fields than a scan keeps: {} stand under no event type, the \
             fields of {} are not all known",
            plural(uncounted, "record"),
            plural(fields_uncounted, "record")
        )
    })
}
