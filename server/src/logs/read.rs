//! Scanning log files, on several threads.

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
    Detail,
    evtx::{self, EvtxError, Scan, ScanOptions},
};
use blindspot_telemetry::{Source, SourceId, SourceKind, SourceStatus, WindowsChannel};

use super::hosts::{Computer, Reading};
use crate::{files::FoundFile, output::text::plural, progress::Progress};

/// From this size on, one file is scanned by all threads instead of one thread per file.
const SPLIT_FROM_BYTES: u64 = 64 << 20;

/// Scans every file. Whatever stands in the way of one file is a problem beside it; the rest is read.
#[must_use]
pub fn read_all(
    files: &[FoundFile],
    detail: Detail,
    threads: NonZeroUsize,
    progress: &Progress,
) -> (Vec<Reading>, Vec<Problem>) {
    let (large, small): (Vec<_>, Vec<_>) = files.iter().partition(|file| file.size >= SPLIT_FROM_BYTES);
    let one = NonZeroUsize::MIN;
    let mut done: Vec<(Reading, Option<Problem>)> = large
        .into_iter()
        .map(|file| read(file, &ScanOptions { detail, threads, ..options_for(file) }, progress))
        .collect();
    let next = AtomicUsize::new(0);
    let rest = Mutex::new(Vec::with_capacity(small.len()));
    std::thread::scope(|scope| {
        for _ in 0..threads.get().min(small.len()) {
            scope.spawn(|| {
                while let Some(file) = small.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let result =
                        read(file, &ScanOptions { detail, threads: one, ..options_for(file) }, progress);
                    rest.lock().unwrap_or_else(std::sync::PoisonError::into_inner).push(result);
                }
            });
        }
    });
    done.extend(rest.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner));
    done.sort_by(|a, b| a.0.path.cmp(&b.0.path));
    let (readings, problems): (Vec<_>, Vec<_>) = done.into_iter().unzip();
    (readings, problems.into_iter().flatten().collect())
}

fn options_for(file: &FoundFile) -> ScanOptions {
    ScanOptions { fallback_channel: channel_by_name(file), ..ScanOptions::default() }
}

fn channel_by_name(file: &FoundFile) -> Option<WindowsChannel> {
    file.path.file_name().and_then(|name| name.to_str()).and_then(evtx::channel_of_file_name)
}

fn read(file: &FoundFile, options: &ScanOptions, progress: &Progress) -> (Reading, Option<Problem>) {
    let scanned = File::open(&file.path)
        .map_err(|source| EvtxError::Read { offset: 0, source })
        .and_then(|open| evtx::scan(&open, file.size, options, &|bytes| progress.advance(bytes)));
    let place = file.path.display().to_string();
    match scanned {
        Ok(scan) => {
            let problem = damage(&scan).map(|what| Problem::new(place.clone(), what));
            (reading(file, place, scan), problem)
        }
        Err(error) => {
            let problem = Problem::new(place.clone(), explain(&error));
            (failed(file, place, &error), Some(problem))
        }
    }
}

fn damage(scan: &Scan) -> Option<String> {
    let mut lines = Vec::new();
    if scan.damaged > 0 {
        lines.push(format!(
            "{} could not be counted beside {} that were; what was in them is unknown",
            plural(scan.damaged, "damaged record"),
            scan.records
        ));
    }
    if scan.uncounted > 0 || scan.fields_uncounted > 0 {
        lines.push(format!(
            "holds more distinct event types, hours or fields than a scan keeps: {} stand under no event type, the \
             fields of {} are not known",
            plural(scan.uncounted, "record"),
            plural(scan.fields_uncounted, "record")
        ));
    }
    (!lines.is_empty()).then(|| lines.join("; "))
}

fn reading(file: &FoundFile, path: String, scan: Scan) -> Reading {
    let forwarded = file
        .path
        .file_stem()
        .and_then(|stem| stem.to_str())
        .is_some_and(|stem| stem.eq_ignore_ascii_case("ForwardedEvents"));
    let status = match (scan.records, scan.damaged) {
        (0, 0) => SourceStatus::Empty,
        (0, _) => SourceStatus::Unreadable,
        _ => SourceStatus::Read,
    };
    let by_name = || channel_by_name(file).into_iter().collect();
    let channels: Vec<WindowsChannel> = if scan.channels.is_empty() { by_name() } else { scan.channels };
    Reading {
        path: file.path.clone(),
        source: Source {
            path,
            kind: SourceKind::Evtx,
            status,
            holds: channels.into_iter().map(SourceId::Channel).collect(),
            records: scan.records,
            damaged: scan.damaged,
            oldest: scan.oldest,
            newest: scan.newest,
            size_bytes: Some(file.size),
        },
        relay: forwarded || scan.interleaved,
        computers: scan
            .computers
            .into_iter()
            .map(|computer| Computer { name: computer.name, event_types: computer.event_types })
            .collect(),
    }
}

fn failed(file: &FoundFile, path: String, error: &EvtxError) -> Reading {
    let denied =
        matches!(error, EvtxError::Read { source, .. } if source.kind() == io::ErrorKind::PermissionDenied);
    Reading {
        path: file.path.clone(),
        source: Source {
            path,
            kind: SourceKind::Evtx,
            status: if denied { SourceStatus::Denied } else { SourceStatus::Unreadable },
            holds: channel_by_name(file).map(SourceId::Channel).into_iter().collect(),
            records: 0,
            damaged: 0,
            oldest: None,
            newest: None,
            size_bytes: Some(file.size),
        },
        computers: Vec::new(),
        relay: false,
    }
}

fn explain(error: &EvtxError) -> String {
    let cause = crate::chain(error);
    match error {
        EvtxError::Read { source, .. } if source.kind() == io::ErrorKind::PermissionDenied => {
            format!("{cause}; run as a user who may read it (the Security log needs an administrator)")
        }
        _ => format!("{cause}; it is not judged, the other logs are"),
    }
}
