//! One Windows event log file as a source.

use std::{fs::File, io};

use blindspot_catalog::Problem;
use blindspot_sampling::{
    evtx::{self, EvtxError, Scan, ScanOptions},
    machine,
};
use blindspot_telemetry::{Source, SourceId, SourceKind, SourceStatus, WindowsChannel};

use super::{ReadOptions, failed};
use crate::{
    files::FoundFile,
    logs::hosts::{Computer, Reading},
    output::text::plural,
    progress::Progress,
};

pub(super) fn read(
    file: &FoundFile,
    options: &ReadOptions,
    progress: &Progress,
) -> (Reading, Option<Problem>) {
    let scan_options = ScanOptions {
        detail: options.detail,
        threads: options.threads,
        fallback_channel: channel(file),
        ..ScanOptions::default()
    };
    let scanned = File::open(&file.path)
        .map_err(|source| EvtxError::Read { offset: 0, source })
        .and_then(|open| evtx::scan(&open, file.size, &scan_options, &|bytes| progress.advance(bytes)));
    match scanned {
        Ok(scan) => {
            let problem = damage(&scan).map(|what| Problem::new(file.path.display().to_string(), what));
            (reading(file, scan), problem)
        }
        Err(error) => {
            let cause = crate::chain(&error);
            match error {
                EvtxError::Read { source, .. } if source.kind() == io::ErrorKind::PermissionDenied => {
                    let advice = machine::how_to_be_allowed(SourceKind::Evtx);
                    failed(file, SourceStatus::Denied, &format!("{cause}; {advice}"))
                }
                _ => failed(
                    file,
                    SourceStatus::Unreadable,
                    &format!("{cause}; it is not judged, the other logs are"),
                ),
            }
        }
    }
}

/// The channel that the file's name stands for.
pub(super) fn channel(file: &FoundFile) -> Option<WindowsChannel> {
    file.path.file_name().and_then(|name| name.to_str()).and_then(evtx::channel_of_file_name)
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
    lines.extend(super::overflow(scan.uncounted, scan.fields_uncounted));
    (!lines.is_empty()).then(|| lines.join("; "))
}

fn reading(file: &FoundFile, scan: Scan) -> Reading {
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
    let by_name = || channel(file).into_iter().collect();
    let channels: Vec<WindowsChannel> = if scan.channels.is_empty() { by_name() } else { scan.channels };
    Reading {
        path: file.path.clone(),
        source: Source {
            path: file.path.display().to_string(),
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
        stream: None,
        computers: scan
            .computers
            .into_iter()
            .map(|computer| Computer { name: Some(computer.name), event_types: computer.event_types })
            .collect(),
    }
}
