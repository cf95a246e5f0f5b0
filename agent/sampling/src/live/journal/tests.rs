//! Journals that grow, are rotated and vacuumed.

use std::fs;

use tempfile::TempDir;

use super::{
    super::tests::{Clockwork, Dice, Sum, options, place, restarted},
    *,
};
use crate::{
    journal::builder::{Compression, JournalBuilder, Width},
    live::{LiveLog, LogForm},
};

const ONLINE: u8 = 1;
const ARCHIVED: u8 = 2;
/// Where the header says how many entries there are.
const ENTRIES: usize = 152;

struct Machine {
    folder: TempDir,
    clock: Clockwork,
    live: LiveLog,
    sum: Sum,
    codes: Vec<&'static str>,
}

impl Machine {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let live = LiveLog::new(place(folder.path(), LogForm::Journal), None, options());
        Self { folder, clock: Clockwork::new(), live, sum: Sum::default(), codes: Vec::new() }
    }

    fn write(&self, name: &str, bytes: &[u8]) {
        fs::write(self.folder.path().join(name), bytes).unwrap();
    }

    fn poll(&mut self, budget: u64) -> LogTurn {
        let turn = self.live.poll(Turn { clock: &self.clock, budget });
        self.sum.add(&turn);
        self.codes.extend(turn.findings.iter().map(|finding| finding.code));
        turn
    }
}

fn entry(builder: &mut JournalBuilder, number: u64) {
    let program = format!("SYSLOG_IDENTIFIER=program{}", number % 7);
    let message = format!("MESSAGE=text {number}");
    builder.entry(1_700_000_000_000_000 + number * 1_000_000_000, &[&program, &message, "_HOSTNAME=one"]);
}

/// A file with an id of its own.
fn file(builder: &JournalBuilder, state: u8, id: u8) -> Vec<u8> {
    let mut bytes = builder.build(state, 4096);
    bytes[24..40].fill(id);
    bytes
}

fn whole(files: &[Vec<u8>]) -> Sum {
    let LiveOptions { detail, zone, .. } = options();
    let options = TextOptions { detail, zone, written: Timestamp::UNIX_EPOCH };
    let mut sum = Sum::default();
    for bytes in files {
        sum.scan(&journal::scan(bytes, bytes.len() as u64, &options, &|_| ()).unwrap());
    }
    sum
}

#[test]
fn a_growing_journal_that_is_rotated_comes_to_what_scans_of_its_files_count() {
    for (seed, width) in [(1, Width::Compact), (2, Width::Regular), (3, Width::Compact)] {
        let (mut dice, mut machine, mut files) = (Dice(seed * 7919), Machine::new(), Vec::new());
        let mut number = 0;
        for id in 1..4 {
            let mut builder = JournalBuilder::new(width, Compression::None);
            for _ in 0..10 {
                for _ in 0..dice.below(9) {
                    entry(&mut builder, number);
                    number += 1;
                }
                machine.write("system.journal", &file(&builder, ONLINE, id));
                machine.poll(if dice.below(2) == 0 { 300 } else { u64::MAX });
                if dice.below(5) == 0 {
                    machine.live = restarted(&machine.live);
                }
            }
            let archived = file(&builder, ARCHIVED, id);
            fs::remove_file(machine.folder.path().join("system.journal")).unwrap();
            machine.write(&format!("system@{id}.journal"), &archived);
            files.push(archived);
        }
        while machine.poll(u64::MAX).standing != Standing::CaughtUp {}
        assert_eq!(machine.sum, whole(&files));
        assert_eq!(machine.codes, Vec::<&str>::new());
        assert_eq!(machine.sum.records, number);
    }
}

#[test]
fn an_entry_is_counted_once_its_header_announces_it() {
    let (mut machine, mut builder) = (Machine::new(), JournalBuilder::new(Width::Compact, Compression::None));
    entry(&mut builder, 1);
    entry(&mut builder, 2);
    let mut bytes = file(&builder, ONLINE, 1);
    bytes[ENTRIES] = 1;
    machine.write("system.journal", &bytes);
    assert_eq!(machine.poll(u64::MAX).records, 1);
    bytes[ENTRIES] = 2;
    bytes.extend([0; 8]);
    machine.write("system.journal", &bytes);
    assert_eq!(machine.poll(u64::MAX).records, 1);
    assert_eq!(machine.sum.damaged, 0);
}

#[test]
fn entries_that_are_missing_are_damage_once() {
    let (mut machine, mut builder) = (Machine::new(), JournalBuilder::new(Width::Compact, Compression::None));
    entry(&mut builder, 1);
    let torn = builder.object(3, 0, &[0xff; 48]);
    entry(&mut builder, 2);
    entry(&mut builder, 3);
    let mut bytes = file(&builder, ARCHIVED, 1);
    let torn = usize::try_from(torn).unwrap();
    bytes[torn..torn + 16].fill(0xee);
    bytes[ENTRIES] = 4;
    machine.write("system@1.journal", &bytes);
    while machine.poll(100).standing != Standing::CaughtUp {
        machine.live = restarted(&machine.live);
    }
    machine.live = restarted(&machine.live);
    machine.poll(u64::MAX);
    assert_eq!(machine.sum, whole(&[bytes]));
    assert_eq!((machine.sum.records, machine.sum.damaged), (3, 1));
}

#[test]
fn a_file_that_was_read_may_go_and_another_is_missed() {
    let mut machine = Machine::new();
    let mut builder = JournalBuilder::new(Width::Compact, Compression::None);
    entry(&mut builder, 1);
    machine.write("system@1.journal", &file(&builder, ARCHIVED, 1));
    machine.write("system.journal", &file(&builder, ONLINE, 2));
    machine.poll(u64::MAX);
    fs::remove_file(machine.folder.path().join("system@1.journal")).unwrap();
    (0..3).for_each(|_| assert_eq!(machine.poll(u64::MAX).records, 0));
    assert_eq!(machine.codes, Vec::<&str>::new());
    fs::remove_file(machine.folder.path().join("system.journal")).unwrap();
    (0..3).for_each(|_| assert_eq!(machine.poll(u64::MAX).records, 0));
    assert_eq!(machine.codes, ["journal_vacuumed"]);
    let cursor = machine.live.cursor().unwrap();
    assert_eq!(cursor, super::super::LogCursor::Journal(JournalCursor::default()));
}

#[test]
fn files_from_before_the_lookback_are_never_read() {
    let mut machine = Machine::new();
    let mut builder = JournalBuilder::new(Width::Compact, Compression::None);
    entry(&mut builder, 1);
    machine.write("system@1.journal", &file(&builder, ARCHIVED, 1));
    let lookback = Some("2999-01-01T00:00:00Z".parse().unwrap());
    let place = machine.live.place().clone();
    machine.live = LiveLog::new(place, None, LiveOptions { lookback, ..options() });
    assert_eq!(machine.poll(u64::MAX).records, 0);
    machine.write("system.journal", &file(&builder, ONLINE, 2));
    machine.live = restarted(&machine.live);
    assert_eq!(machine.poll(u64::MAX).records, 1);
}
