//! Logs of lines, in pieces.

use std::{
    fs::{self, OpenOptions},
    io::Write as _,
};

use super::*;
use crate::text::{TextOptions, scan};

const EVERYTHING: u64 = u64::MAX;

fn append(path: &Path, bytes: &[u8]) {
    let mut file = OpenOptions::new().create(true).append(true).open(path).unwrap();
    file.write_all(bytes).unwrap();
    // 2026-02-01, as if it had been written then.
    file.set_modified(std::time::UNIX_EPOCH + Duration::from_secs(1_769_904_000)).unwrap();
}

fn whole(path: &Path, bytes: &[u8], format: Format) -> Sum {
    let written = Timestamp::try_from(fs::metadata(path).unwrap().modified().unwrap()).unwrap();
    let options = TextOptions { detail: Detail::Inventory, zone: TimeZone::UTC, written };
    let mut sum = Sum::default();
    sum.scan(&scan(&mut &*bytes, format, &options, &|_| ()).unwrap());
    sum
}

fn syslog(dice: &mut Dice) -> Vec<u8> {
    let mut log = Vec::new();
    for line in 0..60 {
        let date = format!("{} {:2} 10:{line:02}:00", ["Nov", "Dec", "Jan"][line / 20], 1 + line % 20);
        let host = ["one", "two"][dice.below(2)];
        let program = ["sshd[81]", "sudo", "kernel"][dice.below(3)];
        let text = match dice.below(9) {
            0 => format!("{date} {host} last message repeated 3 times\n"),
            1 => "\tcontinued in this line\n".to_owned(),
            2 => format!("{date} {host} {program}: ended as on Windows\r\n"),
            3 => format!("\0\0\0{date} {host} {program}: after a crash\n"),
            4 => "Feb 31 10:00:00 one sshd: no such day\n".to_owned(),
            5 => format!("2026-01-02T03:{line:02}:00+01:00 {host} {program}: with a year\n"),
            _ => format!("{date} {host} {program}: text\n"),
        };
        log.extend(text.bytes());
    }
    log.extend(b"Jan 20 11:00:00 one sshd: without an end");
    log
}

fn audit(dice: &mut Dice) -> Vec<u8> {
    let mut log = Vec::new();
    for serial in 0..60 {
        let id = format!("msg=audit(17000{serial:05}.{:03}:{serial})", dice.below(1000));
        let text = match dice.below(5) {
            0 => format!("type=EXECVE {id}: argc=1 a0=\"id\"\n"),
            1 => "no record\n".to_owned(),
            2 => format!("node=two type=USER_CMD {id}: pid=1 res=success\x1dUID=\"root\"\n"),
            _ => format!("type=SYSCALL {id}: arch=c000003e syscall={} exe=\"/bin/id\"\n", dice.below(60)),
        };
        log.extend(text.bytes());
    }
    log.extend(b"type=CWD msg=audit(1700009999.000:99): cwd=\"/\"");
    log
}

/// Polls after each piece of a log, restarts now and then, and rotates at the end: then its last line is counted, too.
fn in_pieces(log: &[u8], format: Format, dice: &mut Dice) {
    let restarts = dice.below(2) == 0;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("log");
    let clock = Clockwork::new();
    let mut live = LiveLog::new(place(&path, LogForm::Text(format)), None, options());
    let (mut sum, mut rest) = (Sum::default(), log);
    while !rest.is_empty() {
        let (piece, more) = rest.split_at(1 + dice.below(rest.len().min(300)));
        rest = more;
        append(&path, piece);
        let turn = live.poll(Turn { clock: &clock, budget: EVERYTHING });
        assert_eq!((turn.standing, turn.findings.len()), (Standing::CaughtUp, 0));
        sum.add(&turn);
        if restarts && dice.below(4) == 0 {
            live = restarted(&live);
        }
    }
    let lines = 1 + log.iter().rposition(|byte| *byte == b'\n').unwrap();
    assert_eq!(sum, whole(&path, &log[..lines], format));
    fs::rename(&path, folder.path().join("log.1")).unwrap();
    append(&path, b"");
    for _ in 0..4 {
        clock.pass(60);
        append(&path, b"\n");
        sum.add(&live.poll(Turn { clock: &clock, budget: EVERYTHING }));
    }
    assert_eq!(sum, whole(&folder.path().join("log.1"), log, format));
}

#[test]
fn syslog_in_any_pieces_comes_to_what_one_scan_counts() {
    for seed in 1..40 {
        let mut dice = Dice(seed * 7919);
        let log = syslog(&mut dice);
        in_pieces(&log, Format::Syslog, &mut dice);
    }
}

#[test]
fn an_audit_log_in_any_pieces_comes_to_what_one_scan_counts() {
    for seed in 1..40 {
        let mut dice = Dice(seed * 104_729);
        let log = audit(&mut dice);
        in_pieces(&log, Format::Auditd, &mut dice);
    }
}

#[test]
fn an_overlong_line_is_counted_once_it_ends_and_told() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("log");
    let clock = Clockwork::new();
    let mut live = LiveLog::new(place(&path, LogForm::Text(Format::Syslog)), None, options());
    let mut turn = |bytes: &[u8]| {
        append(&path, bytes);
        live.poll(Turn { clock: &clock, budget: EVERYTHING })
    };
    let begin = [b"Jan  1 10:00:00 one sshd: ".as_slice(), &vec![b'x'; 100_000]].concat();
    let (first, second) = (turn(&begin), turn(b"x\n"));
    assert_eq!((first.records, first.findings[0].code), (0, "oversize"));
    assert_eq!((second.records, second.damaged, second.findings.len()), (1, 0, 0));
}

/// More than a year of dates without years, and more than one read.
fn long_syslog() -> Vec<u8> {
    let months =
        ["Dec", "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec", "Jan"];
    let day = |month: &str| -> String {
        let line = |n: usize| format!("{month} {:2} 10:00:00 one sshd: {}\n", 1 + n / 20, "x".repeat(100));
        (0..500).map(line).collect()
    };
    months.iter().map(|month| day(month)).collect::<String>().into_bytes()
}

#[test]
fn nothing_is_told_of_dates_whose_year_only_later_lines_tell() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("log");
    let log = long_syslog();
    append(&path, &log);
    let clock = Clockwork::new();
    let mut live = LiveLog::new(place(&path, LogForm::Text(Format::Syslog)), None, options());
    let (mut sum, mut polls) = (Sum::default(), 0);
    loop {
        let turn = live.poll(Turn { clock: &clock, budget: 1 });
        sum.add(&turn);
        polls += 1;
        if turn.standing == Standing::CaughtUp {
            break;
        }
        assert_eq!((turn.standing, turn.records, live.cursor()), (Standing::Behind, 0, None));
    }
    assert!(polls > 3, "{polls}");
    assert_eq!(sum, whole(&path, &log, Format::Syslog));
    // From here on years are known, and what is read is told.
    append(&path, &log[log.len() - 40_000..]);
    assert!(live.poll(Turn { clock: &clock, budget: 1 }).records > 0);
}

#[test]
fn rotated_files_come_first_but_for_those_that_are_too_old() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("log");
    let line = |program: &str| format!("Jan  1 10:00:00 one {program}: text\n");
    let write = |name: &str, days: u64| {
        let path = folder.path().join(name);
        append(&path, line(&name.replace('.', "-")).as_bytes());
        let then = std::time::UNIX_EPOCH + Duration::from_secs((20_000 - days) * 86_400);
        OpenOptions::new().append(true).open(path).unwrap().set_modified(then).unwrap();
    };
    for (name, days) in [("log.2", 60), ("log.1", 20), ("log", 0)] {
        write(name, days);
    }
    let clock = Clockwork::new();
    let read = |lookback| {
        let options = LiveOptions { lookback, ..options() };
        let mut live = LiveLog::new(place(&path, LogForm::Text(Format::Syslog)), None, options);
        (0..3).map(|_| live.poll(Turn { clock: &clock, budget: EVERYTHING }).records).sum::<u64>()
    };
    assert_eq!(read(None), 3);
    assert_eq!(read(Timestamp::from_second((20_000 - 30) * 86_400).ok()), 2);
}

#[test]
fn a_log_that_is_emptied_is_told_with_the_next_step() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("log");
    append(&path, b"Jan  1 10:00:00 one sshd: text\n");
    let clock = Clockwork::new();
    let mut live = LiveLog::new(place(&path, LogForm::Text(Format::Syslog)), None, options());
    live.poll(Turn { clock: &clock, budget: EVERYTHING });
    fs::write(&path, b"Jan  2 10:00:00 one su: x\n").unwrap();
    let turns: Vec<LogTurn> = (0..3).map(|_| live.poll(Turn { clock: &clock, budget: EVERYTHING })).collect();
    let findings: Vec<&LogFinding> = turns.iter().flat_map(|turn| &turn.findings).collect();
    assert_eq!(findings.iter().map(|finding| finding.code).collect::<Vec<_>>(), ["truncated"]);
    assert!(findings[0].text.contains("Rotate it by renaming"), "{}", findings[0].text);
    assert_eq!(turns.iter().map(|turn| turn.records).sum::<u64>(), 1);
}
