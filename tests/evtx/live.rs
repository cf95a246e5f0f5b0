//! A Windows event log that is read as it is written: every record once.

use std::{fs, path::PathBuf, sync::Mutex, time::Duration};

use blindspot_sampling::{
    Detail,
    live::{LiveLog, LiveOptions, LogCursor, LogForm, LogPlace, LogTurn, Standing, Turn},
};
use blindspot_telemetry::{Clock, SourceKind};
use blindspot_tests::evtx_builder::{Damage, Event};
use jiff::{Timestamp, tz::TimeZone};
use tempfile::TempDir;

use super::support::{chunked, minute, processes};

struct Standstill(Mutex<Duration>);

impl Clock for Standstill {
    fn wall(&self) -> Timestamp {
        minute(0)
    }

    fn monotonic(&self) -> Duration {
        *self.0.lock().expect("no panic")
    }
}

/// A log in the making, and what was read of it.
struct Log {
    folder: TempDir,
    clock: Standstill,
    live: LiveLog,
    records: u64,
    damaged: u64,
    codes: Vec<&'static str>,
}

impl Log {
    fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let live = open(folder.path().join("System.evtx"), None);
        let clock = Standstill(Mutex::new(Duration::ZERO));
        Self { folder, clock, live, records: 0, damaged: 0, codes: Vec::new() }
    }

    fn poll(&mut self, budget: u64) -> LogTurn {
        let turn = self.live.poll(Turn { clock: &self.clock, budget });
        self.records += turn.records;
        self.damaged += turn.damaged;
        self.codes.extend(turn.findings.iter().map(|finding| finding.code));
        turn
    }

    /// Writes the file anew and reads what is new in it.
    fn write(&mut self, bytes: &[u8]) -> LogTurn {
        fs::write(self.folder.path().join("System.evtx"), bytes).expect("written");
        self.poll(u64::MAX)
    }

    /// All that is left after a restart is the stored cursor.
    fn restart(&mut self) {
        let stored = serde_json::to_string(&self.live.cursor()).expect("stored");
        let path = self.live.place().path.clone();
        self.live = open(path, serde_json::from_str(&stored).expect("read again"));
    }
}

fn open(path: PathBuf, cursor: Option<LogCursor>) -> LiveLog {
    let place = LogPlace {
        path,
        form: LogForm::Evtx,
        kind: SourceKind::Evtx,
        holds: Vec::new(),
        stream: None,
        relay: false,
    };
    let options = LiveOptions { zone: TimeZone::UTC, detail: Detail::Inventory, lookback: None };
    LiveLog::new(place, cursor, options)
}

fn between(first: u64, last: u64) -> Vec<Event> {
    processes(last).split_off(usize::try_from(first - 1).expect("a small id"))
}

#[test]
fn a_growing_log_is_counted_once_across_restarts() {
    let mut log = Log::new();
    for last in [1, 1, 3, 7, 20, 21, 64, 200] {
        log.write(&chunked(&processes(last), 10));
        assert_eq!((log.records, log.damaged), (last, 0));
        assert_eq!(log.poll(u64::MAX).bytes, 0, "nothing changed, nothing is read");
        log.restart();
        assert_eq!(log.poll(u64::MAX).records, 0);
    }
    assert_eq!(log.codes, Vec::<&str>::new());
}

#[test]
fn a_budget_is_kept_and_everything_is_read_in_the_end() {
    let mut log = Log::new();
    fs::write(log.folder.path().join("System.evtx"), chunked(&processes(100), 10)).expect("written");
    let first = log.poll(3 * 65_536);
    assert_eq!((first.records, first.standing), (30, Standing::Behind));
    while log.poll(3 * 65_536).standing == Standing::Behind {
        log.restart();
    }
    assert_eq!(log.records, 100);
}

#[test]
fn a_ring_that_wrapped_is_read_on_and_what_it_lost_is_told_with_its_number() {
    let mut log = Log::new();
    log.write(&chunked(&processes(40), 10));
    // The oldest chunk holds the newest records.
    let ring = |first: u64, newest: u64| {
        let mut events = between(newest - 9, newest);
        events.extend(between(first, newest - 10));
        chunked(&events, 10)
    };
    log.write(&ring(11, 50));
    assert_eq!((log.records, log.codes.as_slice()), (50, &[][..]));
    let turn = log.write(&ring(71, 110));
    assert_eq!(log.codes, ["records_overwritten"]);
    assert!(turn.findings[0].text.starts_with("20 records"), "{}", turn.findings[0].text);
    assert_eq!(log.records, 90);
}

#[test]
fn ids_that_begin_anew_are_told_and_counted_from_the_beginning() {
    let anew = |last: u64| {
        let later = |event: Event| {
            let id = event.record_id;
            event.at(id, minute(100_000 + i64::try_from(id).expect("a small id")))
        };
        processes(last).into_iter().map(later).collect::<Vec<_>>()
    };
    for last in [3, 60] {
        let mut log = Log::new();
        log.write(&chunked(&processes(40), 10));
        log.write(&chunked(&anew(last), 10));
        assert_eq!((log.records, log.codes.as_slice()), (40 + last, &["record_ids_restarted"][..]));
        log.write(&chunked(&anew(last + 1), 10));
        assert_eq!((log.records, log.codes.len()), (41 + last, 1));
    }
}

#[test]
fn a_record_that_is_torn_now_and_whole_later_is_counted_once() {
    for damage in [Damage::TornRecord { chunk: 1, record: 4 }, Damage::WrongSizeCopy { chunk: 1, record: 4 }]
    {
        let mut log = Log::new();
        let whole = chunked(&processes(18), 10);
        let mut torn = whole.clone();
        damage.apply(&mut torn);
        assert_eq!((log.write(&torn).records, log.damaged), (14, 0));
        log.restart();
        assert_eq!(log.poll(u64::MAX).records, 0);
        log.write(&whole);
        assert_eq!((log.records, log.damaged), (18, 0));
    }
}

#[test]
fn a_record_that_stays_torn_is_damage_once_and_holds_nothing_up_for_ever() {
    let torn = |last: u64| {
        let mut file = chunked(&processes(last), 10);
        Damage::TornRecord { chunk: 0, record: 4 }.apply(&mut file);
        file
    };
    // A chunk behind it shows that it is done with.
    let mut log = Log::new();
    log.write(&torn(8));
    log.write(&torn(13));
    assert_eq!((log.records, log.damaged), (12, 1));
    log.write(&torn(14));
    assert_eq!((log.records, log.damaged), (13, 1));
    // So does time.
    let mut log = Log::new();
    log.write(&torn(8));
    *log.clock.0.lock().expect("no panic") += Duration::from_secs(601);
    log.poll(u64::MAX);
    assert_eq!((log.records, log.damaged), (7, 1));
    log.poll(u64::MAX);
    log.write(&torn(9));
    assert_eq!((log.records, log.damaged), (8, 1));
}

#[test]
fn a_destroyed_chunk_is_damage_once() {
    let mut log = Log::new();
    let destroyed = |last: u64| {
        let mut file = chunked(&processes(last), 10);
        Damage::WrongChunkMagic(0).apply(&mut file);
        file
    };
    log.write(&destroyed(20));
    log.write(&destroyed(21));
    log.restart();
    log.write(&destroyed(35));
    assert_eq!((log.records, log.damaged), (25, 1));
}

#[test]
fn a_log_that_is_away_or_none_is_told_once() {
    let mut log = Log::new();
    assert_eq!(log.poll(u64::MAX).standing, Standing::Missing);
    log.poll(u64::MAX);
    assert_eq!(log.codes, ["vanished"]);
    assert_eq!(log.write(b"no event log").standing, Standing::Unreadable);
    assert_eq!(log.write(&chunked(&processes(3), 10)).records, 3);
}
