//! A Windows event log file, read as it grows.
//!
//! The file is a ring of chunks whose records have rising ids; the cursor is an id. Headers of chunks say which are to
//! be read. The chunk that is being written may lag behind, or hold a record that is half written: such a record is waited
//! for, and everything behind it, so that each is counted once. Windows updates the time of the file late; so the headers
//! of the newest chunk and of the one behind it are looked at, too, before a file is taken to be unchanged.

use std::{fs::File, io, num::NonZeroUsize, path::PathBuf, time::Duration};

use jiff::Timestamp;

use super::{
    EvtxCursor, LiveOptions, LogFinding, LogPlace, LogTurn,
    counted::{Counted, Turns},
};
use crate::{
    evtx::{self, ChunkHead, EvtxError, ScanOptions},
    follow::{Standing, Turn},
};

/// Bytes of a chunk.
const CHUNK_BYTES: u64 = 65_536;
/// How long a record that is not whole is waited for, where nothing was written behind its chunk.
const TORN_WAIT: Duration = Duration::from_secs(600);

/// Reads one Windows event log.
pub(super) struct EvtxLog {
    path: PathBuf,
    scan: ScanOptions,
    cursor: Option<EvtxCursor>,
    /// What the file was like when all of it was read.
    seen: Option<Seen>,
    /// The record that is waited for, and since when (monotonic).
    torn: Option<(u64, Duration)>,
    names: Turns,
    told: Option<&'static str>,
}

/// What tells that a file did not change.
#[derive(Debug, PartialEq, Eq)]
struct Seen {
    bytes: u64,
    modified: Option<Timestamp>,
    /// The newest chunk, and the one behind it.
    heads: Vec<ChunkHead>,
}

/// What is to be read.
struct Plan {
    chunks: Vec<u64>,
    /// The first id that is not read yet.
    before: u64,
    /// True where the budget leaves something.
    is_cut: bool,
}

impl EvtxLog {
    pub(super) fn new(place: &LogPlace, cursor: Option<EvtxCursor>, options: &LiveOptions) -> Self {
        let name = place.path.file_name().and_then(|name| name.to_str());
        let scan = ScanOptions {
            detail: options.detail,
            threads: NonZeroUsize::MIN,
            fallback_channel: name.and_then(evtx::channel_of_file_name),
            ..ScanOptions::default()
        };
        Self {
            path: place.path.clone(),
            scan,
            cursor,
            seen: None,
            torn: None,
            names: Turns::default(),
            told: None,
        }
    }

    pub(super) fn cursor(&self) -> Option<EvtxCursor> {
        self.cursor
    }

    pub(super) fn poll(&mut self, turn: Turn<'_>) -> LogTurn {
        match self.read(turn) {
            Ok(read) => {
                self.told = None;
                read
            }
            Err(error) => self.refused(&error),
        }
    }

    fn read(&mut self, turn: Turn<'_>) -> Result<LogTurn, EvtxError> {
        let reading = |source| EvtxError::Read { offset: 0, source };
        let file = File::open(&self.path).map_err(reading)?;
        let data = file.metadata().map_err(reading)?;
        let modified = data.modified().ok().and_then(|time| Timestamp::try_from(time).ok());
        let (bytes, mut findings) = (data.len(), Vec::new());
        if self.is_unchanged(&file, bytes, modified)? {
            return Ok(self.turn(Counted::default(), Standing::CaughtUp, bytes));
        }
        let heads = evtx::survey(&file, bytes)?;
        let mut cursor = self.cursor.unwrap_or_default();
        self.judge_ids(&file, &heads, &mut cursor, &mut findings);
        let mut plan = plan(&heads, cursor.record_id, turn.budget);
        let newest = newest(&heads);
        if let Some(head) = newest.filter(|head| plan.chunks.contains(&head.number)) {
            self.wait_for_torn(evtx::first_torn(&file, head.number, cursor.record_id)?, &mut plan, turn);
        } else {
            self.torn = None;
        }
        let mut counted = Counted::default();
        let read = plan.chunks.len() as u64 * CHUNK_BYTES;
        plan.chunks.extend(heads.iter().filter(|head| head.is_destroyed()).map(|head| head.number));
        if !plan.chunks.is_empty() {
            let options = ScanOptions {
                after_record_id: Some(cursor.record_id),
                before_record_id: Some(plan.before),
                ..self.scan.clone()
            };
            let mut scan = evtx::scan_chunks(&file, &plan.chunks, &options)?;
            let destroyed = std::mem::replace(&mut cursor.damaged_chunks, scan.chunks.damaged);
            scan.damaged -= scan.chunks.damaged.min(destroyed).min(scan.damaged);
            self.names.see_evtx(&scan);
            counted.add_evtx(scan);
        }
        cursor.record_id = cursor.record_id.max(plan.before.saturating_sub(1));
        remember_lowest(&file, &heads, &mut cursor);
        self.cursor = Some(cursor);
        self.seen =
            (!plan.is_cut && self.torn.is_none()).then(|| Seen { bytes, modified, heads: watched(&heads) });
        let standing = if plan.is_cut { Standing::Behind } else { Standing::CaughtUp };
        let mut turn = self.turn(counted, standing, bytes);
        turn.bytes = read;
        turn.findings.append(&mut findings);
        Ok(turn)
    }

    fn is_unchanged(&self, file: &File, bytes: u64, modified: Option<Timestamp>) -> Result<bool, EvtxError> {
        let Some(seen) = self.seen.as_ref().filter(|seen| seen.bytes == bytes && seen.modified == modified)
        else {
            return Ok(false);
        };
        for head in &seen.heads {
            if evtx::head_of(file, head.number)? != *head {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Notices that ids began anew, or that records were overwritten before they were read.
    fn judge_ids(
        &self,
        file: &File,
        heads: &[ChunkHead],
        cursor: &mut EvtxCursor,
        findings: &mut Vec<LogFinding>,
    ) {
        let Some((lowest, head)) = lowest(heads) else { return };
        let path = self.path.display();
        let other = cursor.lowest_written.is_some() && head.first_written(file) != cursor.lowest_written;
        if lowest < cursor.lowest || (lowest == cursor.lowest && other) {
            let text = format!(
                "{path} was cleared or replaced, and its record ids began anew: what was not read before is lost. Find out \
                 who did it (events 1102 and 104)"
            );
            findings.push(LogFinding { code: "record_ids_restarted", text });
            *cursor = EvtxCursor::default();
        }
        let lost = lowest.saturating_sub(cursor.record_id.saturating_add(1));
        if cursor.record_id > 0 && lost > 0 {
            let text = format!(
                "{lost} records of {path} were overwritten or cleared before they were read. Make the log larger \
                 (wevtutil sl LOG /ms:BYTES)"
            );
            findings.push(LogFinding { code: "records_overwritten", text });
        }
    }

    /// Nothing behind a record that is half written is read until it is whole, or was waited for long enough.
    fn wait_for_torn(&mut self, torn: Option<u64>, plan: &mut Plan, turn: Turn<'_>) {
        let now = turn.clock.monotonic();
        let since = |id| self.torn.filter(|(known, _)| *known == id).map_or(now, |(_, since)| since);
        self.torn = torn.filter(|id| *id < plan.before).map(|id| (id, since(id)));
        match self.torn {
            Some((id, since)) if now.saturating_sub(since) < TORN_WAIT => plan.before = id,
            _ => self.torn = None,
        }
    }

    fn turn(&self, counted: Counted, standing: Standing, bytes: u64) -> LogTurn {
        let mut turn = counted.into_turn(standing);
        turn.interleaved = self.names.are_several();
        turn.size_bytes = Some(bytes);
        turn
    }

    fn refused(&mut self, error: &EvtxError) -> LogTurn {
        let path = self.path.display();
        let (standing, code, text) = match error {
            EvtxError::NoBytes => return LogTurn::new(Standing::CaughtUp),
            EvtxError::Read { source, .. } => match source.kind() {
                io::ErrorKind::NotFound | io::ErrorKind::NotADirectory => (
                    Standing::Missing,
                    "vanished",
                    format!("{path} is gone: check that the log is not removed"),
                ),
                io::ErrorKind::PermissionDenied => (
                    Standing::Denied,
                    "denied",
                    format!(
                        "{path} may not be read: run the agent as LocalSystem, or as an Event Log Reader"
                    ),
                ),
                _ => (Standing::Unreadable, "unreadable", format!("{path} could not be read: {source}")),
            },
            other => (Standing::Unreadable, "unreadable", format!("{path} could not be read: {other}")),
        };
        let mut turn = LogTurn::new(standing);
        if self.told.replace(code) != Some(code) {
            turn.findings.push(LogFinding { code, text });
        }
        turn
    }
}

/// The chunks with records behind the cursor, the oldest first, as far as the budget goes.
fn plan(heads: &[ChunkHead], after: u64, budget: u64) -> Plan {
    let mut wanted: Vec<(u64, u64, u64)> = heads
        .iter()
        .filter_map(|head| head.ids.map(|(first, last)| (first, last, head.number)))
        .filter(|(_, last, _)| *last > after)
        .collect();
    wanted.sort_unstable();
    let most = usize::try_from((budget / CHUNK_BYTES).max(1)).unwrap_or(usize::MAX);
    let end = wanted.iter().map(|(_, last, _)| last.saturating_add(1)).max();
    let cut = wanted.get(most).map(|(first, _, _)| *first);
    wanted.truncate(most);
    Plan {
        chunks: wanted.into_iter().map(|(_, _, number)| number).collect(),
        before: cut.or(end).unwrap_or_else(|| after.saturating_add(1)),
        is_cut: cut.is_some(),
    }
}

fn newest(heads: &[ChunkHead]) -> Option<&ChunkHead> {
    heads.iter().filter(|head| head.ids.is_some()).max_by_key(|head| head.ids.map(|(_, last)| last))
}

fn lowest(heads: &[ChunkHead]) -> Option<(u64, &ChunkHead)> {
    heads.iter().filter_map(|head| head.ids.map(|(first, _)| (first, head))).min_by_key(|(first, _)| *first)
}

/// Only what was counted is whole, and known not to change.
fn remember_lowest(file: &File, heads: &[ChunkHead], cursor: &mut EvtxCursor) {
    if let Some((lowest, head)) = lowest(heads).filter(|(lowest, _)| *lowest <= cursor.record_id) {
        cursor.lowest = lowest;
        cursor.lowest_written = head.first_written(file);
    }
}

/// The chunk that is written to, and the one that will be.
fn watched(heads: &[ChunkHead]) -> Vec<ChunkHead> {
    let newest = newest(heads).map_or(0, |head| head.number);
    let next = heads.iter().find(|head| head.number > newest).or(heads.first());
    heads.iter().find(|head| head.number == newest).into_iter().chain(next).cloned().collect()
}
