//! A journal read while a real journald writes and rotates it.

use std::{collections::BTreeMap, fs, path::Path};

use blindspot_sampling::{
    Detail, journal,
    live::{LiveLog, LiveOptions, LogForm, LogPlace, LogTurn, Standing, Turn},
    text::TextOptions,
};
use blindspot_telemetry::{EventType, SourceKind, clock::SystemClock};
use blindspot_tests::corpus::say_skipped_because;
use jiff::{Timestamp, tz::TimeZone};

use crate::journald::{Journald, missing, wait_for};

type Counts = BTreeMap<EventType, u64>;

fn place(folder: &Path) -> LogPlace {
    LogPlace {
        path: folder.to_owned(),
        form: LogForm::Journal,
        kind: SourceKind::Journal,
        holds: Vec::new(),
        stream: None,
        relay: false,
    }
}

fn options() -> LiveOptions {
    LiveOptions { zone: TimeZone::UTC, detail: Detail::Inventory, lookback: None }
}

fn add(counts: &mut Counts, turn: &LogTurn) {
    for (event_type, seen) in turn.computers.iter().flat_map(|(_, types)| types) {
        *counts.entry(event_type.clone()).or_default() += seen.count;
    }
    assert_eq!(turn.damaged, 0);
    assert!(turn.findings.iter().all(|finding| finding.code == "messages_suppressed"), "{:?}", turn.findings);
}

/// What scans of all files count.
fn scanned(folder: &Path) -> Counts {
    let mut counts = Counts::new();
    for file in fs::read_dir(folder).expect("the journal").flatten() {
        let file = fs::File::open(file.path()).expect("a file");
        let length = file.metadata().expect("its length").len();
        let options =
            TextOptions { detail: Detail::Counts, zone: TimeZone::UTC, written: Timestamp::UNIX_EPOCH };
        let scan = journal::scan(&file, length, &options, &|_| ()).expect("a journal");
        for (event_type, seen) in scan.hosts.iter().flat_map(|host| &host.event_types) {
            *counts.entry(event_type.clone()).or_default() += seen.count;
        }
    }
    counts
}

#[test]
fn a_journal_that_journald_writes_and_rotates_is_counted_once() {
    if let Some(why) = missing() {
        return say_skipped_because(why);
    }
    let daemon = Journald::start("ReadKMsg=no\\nRateLimitBurst=0\\n");
    let folder = daemon.file().expect("a file").parent().expect("its folder").to_owned();
    let clock = SystemClock::new();
    let mut live = LiveLog::new(place(&folder), None, options());
    let mut counts = Counts::new();
    for round in 0..30_u32 {
        for number in 0..50 {
            daemon.syslog(&format!("<13>program{}: round {round} number {number}", number % 5));
            if number % 7 == 0 {
                add(&mut counts, &live.poll(Turn { clock: &clock, budget: 20_000 }));
            }
        }
        if round % 10 == 9 {
            let files = fs::read_dir(&folder).expect("the journal").count();
            daemon.rotate();
            wait_for("a rotated file", || {
                add(&mut counts, &live.poll(Turn { clock: &clock, budget: 20_000 }));
                fs::read_dir(&folder).expect("the journal").count() > files
            });
        }
        if round % 8 == 7 {
            live = LiveLog::new(place(&folder), live.cursor(), options());
        }
    }
    daemon.rest(|| scanned(&folder).values().sum());
    loop {
        let turn = live.poll(Turn { clock: &clock, budget: u64::MAX });
        add(&mut counts, &turn);
        if turn.standing == Standing::CaughtUp {
            break;
        }
    }
    assert_eq!(counts, scanned(&folder));
    let programs = (0..5).map(|number| format!("syslog:program{number}"));
    let sent: Vec<u64> = programs
        .map(|name| {
            counts.iter().filter(|(event_type, _)| event_type.to_string() == name).map(|(_, n)| n).sum()
        })
        .collect();
    assert_eq!(sent, [300; 5], "all that was sent");
}
