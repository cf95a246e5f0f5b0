//! A log of lines, read as it grows.

use jiff::Timestamp;

use super::{
    LiveOptions, LogPlace, LogTurn, TextCursor,
    counted::{Counted, Turns},
    findings,
};
use crate::{
    follow::{Chunk, Cursor, Ending, Follower, GRACE, Polled, Standing, Start, Turn},
    text::{Format, Scanner, TextOptions},
};

/// Bytes that are read before years are taken as they seem. Until then nothing of them is told.
const MAX_HELD_BYTES: u64 = 1 << 30;

/// Before this, in seconds since 1970, no file was written: such a time came of unpacking (1990-01-01).
const FIRST_WRITING: i64 = 631_152_000;

/// Reads one log of lines.
pub(super) struct TextLog {
    follower: Follower,
    cursor: Option<Cursor>,
    counter: Counter,
}

/// Counts what a follower passes on.
struct Counter {
    format: Format,
    options: LiveOptions,
    /// The file that is being read, by its generation.
    scanner: Option<(u64, Scanner)>,
    /// What earlier files held, and is not told yet.
    counted: Counted,
    /// Bytes of what is not told yet.
    held: u64,
    names: Turns,
}

impl TextLog {
    pub(super) fn new(
        place: &LogPlace,
        format: Format,
        cursor: Option<TextCursor>,
        options: LiveOptions,
    ) -> Self {
        let path = place.path.clone();
        let start = options.lookback.map_or(Start::Oldest, Start::Since);
        let cursor = cursor.map(|cursor| cursor.at);
        let follower = match &cursor {
            Some(cursor) => Follower::resume(path, cursor.clone(), GRACE),
            None => Follower::new(path, start, GRACE),
        };
        let counted = Counted::default();
        let counter = Counter { format, options, scanner: None, counted, held: 0, names: Turns::default() };
        Self { follower, cursor, counter }
    }

    pub(super) fn cursor(&self) -> Option<TextCursor> {
        self.cursor.clone().map(|at| TextCursor { at })
    }

    pub(super) fn poll(&mut self, turn: Turn<'_>) -> LogTurn {
        let Self { follower, cursor, counter } = self;
        let now = turn.clock.wall();
        let Polled { bytes, standing, findings } = follower.poll(turn, &mut |chunk| counter.take(chunk, now));
        // What is told is behind the cursor, and nothing else: both wait for the years.
        let counted = if standing == Standing::Behind && counter.waits_for_years() {
            Counted::default()
        } else {
            cursor.clone_from(&follower.cursor());
            counter.tell()
        };
        let mut told = counted.into_turn(standing);
        told.interleaved = counter.names.are_several();
        told.bytes = bytes;
        told.size_bytes = std::fs::metadata(follower.path()).ok().map(|file| file.len());
        told.findings.extend(findings.iter().filter_map(|finding| findings::of(follower.path(), finding)));
        told
    }
}

impl Counter {
    fn take(&mut self, chunk: Chunk<'_>, now: Timestamp) {
        let written = chunk.modified.filter(|time| time.as_second() >= FIRST_WRITING).unwrap_or(now);
        let mut scanner = match self.scanner.take() {
            Some((generation, mut scanner)) if generation == chunk.generation => {
                scanner.set_written(written);
                scanner
            }
            other => {
                self.finish(other);
                self.begin(&chunk, written)
            }
        };
        self.held += chunk.bytes.len() as u64;
        scanner.feed(chunk.bytes);
        self.scanner = Some((chunk.generation, scanner));
        if chunk.ending == Ending::File {
            let finished = self.scanner.take();
            self.finish(finished);
        }
    }

    fn begin(&self, chunk: &Chunk<'_>, written: Timestamp) -> Scanner {
        let LiveOptions { zone, detail, .. } = &self.options;
        let options = TextOptions { detail: *detail, zone: zone.clone(), written };
        let mut scanner = Scanner::new(self.format, options);
        scanner.prime(chunk.before);
        scanner
    }

    /// A file was read to its end.
    fn finish(&mut self, file: Option<(u64, Scanner)>) {
        if let Some((_, scanner)) = file {
            let scan = scanner.finish();
            self.names.see(&scan);
            self.counted.add(scan);
        }
    }

    fn waits_for_years(&self) -> bool {
        let open = self.scanner.as_ref().is_some_and(|(_, scanner)| scanner.awaits_years());
        open && self.held < MAX_HELD_BYTES
    }

    /// All that was counted.
    fn tell(&mut self) -> Counted {
        if let Some((_, scanner)) = &mut self.scanner {
            let scan = scanner.drain();
            self.names.see(&scan);
            self.counted.add(scan);
        }
        self.held = 0;
        std::mem::take(&mut self.counted)
    }
}
