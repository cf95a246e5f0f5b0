//! What is no rotation: first starts, overlong lines, names that lead to no file, files that may not be read.

use std::{fs, io::Write as _, path::Path, process::Command, time::Duration};

use blindspot_sampling::{
    follow::{Ending, Finding, Follower, Polled, Standing, Start, Turn},
    text::MAX_LINE_BYTES,
};
use blindspot_telemetry::clock::SystemClock;

use crate::{
    cases::say,
    ledger::{append, line},
    reader::{GRACE, Read},
};

/// A follower, and everything that it read.
struct Followed {
    follower: Follower,
    clock: SystemClock,
    read: Read,
}

impl Followed {
    fn start(log: &Path, start: Start) -> Self {
        let follower = Follower::new(log.to_owned(), start, GRACE);
        Self { follower, clock: SystemClock::new(), read: Read::default() }
    }

    fn poll(&mut self) -> Polled {
        let read = &mut self.read;
        self.follower.poll(Turn { clock: &self.clock, budget: 1 << 20 }, &mut |chunk| read.take(chunk))
    }

    /// Polls until the grace is over.
    fn poll_on(&mut self) -> Vec<Finding> {
        let mut findings = Vec::new();
        for _ in 0..30 {
            findings.extend(self.poll().findings);
            std::thread::sleep(Duration::from_millis(5));
        }
        findings
    }
}

fn lines(numbers: std::ops::Range<u64>) -> String {
    numbers.map(line).collect()
}

#[test]
fn a_first_start_reads_what_was_asked_for() {
    let folder = tempfile::tempdir().unwrap();
    let log = folder.path().join("log");
    fs::write(folder.path().join("log.2"), lines(0..3)).unwrap();
    fs::write(folder.path().join("log.1"), lines(3..6)).unwrap();
    fs::write(&log, lines(6..9)).unwrap();
    fs::write(folder.path().join("log.pos"), "no log\n").unwrap();
    for (start, expected) in [(Start::Oldest, 0..10), (Start::Beginning, 6..10), (Start::End, 9..10)] {
        fs::write(&log, lines(6..9)).unwrap();
        let mut followed = Followed::start(&log, start);
        assert_eq!(followed.poll_on(), []);
        append(&log).write_all(line(9).as_bytes()).unwrap();
        assert_eq!(followed.poll_on(), []);
        assert_eq!(followed.read.lines, expected.collect::<Vec<_>>(), "{start:?}");
    }
}

#[test]
fn a_start_at_the_end_waits_for_the_line_that_is_being_written() {
    let folder = tempfile::tempdir().unwrap();
    let log = folder.path().join("log");
    let (begin, end) = (line(1), "x.\n");
    let begin = begin.strip_suffix(end).unwrap();
    fs::write(&log, line(0) + begin).unwrap();
    let mut followed = Followed::start(&log, Start::End);
    followed.poll();
    append(&log).write_all(end.as_bytes()).unwrap();
    followed.poll();
    assert_eq!(followed.read.lines, [1]);
}

#[test]
fn a_file_that_appears_after_a_start_at_the_end_is_read_from_its_beginning() {
    let folder = tempfile::tempdir().unwrap();
    let log = folder.path().join("log");
    let mut followed = Followed::start(&log, Start::End);
    assert_eq!(followed.poll().standing, Standing::Missing);
    fs::write(&log, lines(0..3)).unwrap();
    assert_eq!(followed.poll().standing, Standing::CaughtUp);
    assert_eq!(followed.read.lines, [0, 1, 2]);
}

#[test]
fn a_line_without_end_never_stalls_and_comes_again_after_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let log = folder.path().join("log");
    let mut file = append(&log);
    let clock = SystemClock::new();
    file.write_all(b"first\n").unwrap();
    let mut follower = Follower::new(log.clone(), Start::Beginning, GRACE);
    let mut oversize = 0;
    for _ in 0..40 {
        file.write_all(&vec![b'x'; MAX_LINE_BYTES / 2]).unwrap();
        let polled = follower.poll(Turn { clock: &clock, budget: u64::MAX }, &mut |_| ());
        oversize +=
            polled.findings.iter().filter(|finding| **finding == Finding::Oversize { offset: 6 }).count();
    }
    assert_eq!(oversize, 1);
    let cursor = follower.cursor().unwrap();
    assert_eq!(cursor.offset, 6, "the cursor stays before the line until it ends");
    file.write_all(b"\nlast\n").unwrap();
    let mut rest = Vec::new();
    let mut endings = Vec::new();
    let mut keep = |chunk: blindspot_sampling::follow::Chunk<'_>| {
        rest.extend_from_slice(chunk.bytes);
        endings.push(chunk.ending);
    };
    Follower::resume(log, cursor, GRACE).poll(Turn { clock: &clock, budget: u64::MAX }, &mut keep);
    assert_eq!(rest.len(), 40 * (MAX_LINE_BYTES / 2) + b"\nlast\n".len());
    assert_eq!(endings.last(), Some(&Ending::Line));
    assert!(endings.contains(&Ending::Inside));
}

#[test]
fn the_last_line_of_a_rotated_file_needs_no_end() {
    let folder = tempfile::tempdir().unwrap();
    let log = folder.path().join("log");
    fs::write(&log, lines(0..3).trim_end()).unwrap();
    let mut followed = Followed::start(&log, Start::Beginning);
    followed.poll();
    assert_eq!(followed.read.lines, [0, 1]);
    fs::rename(&log, folder.path().join("log.1")).unwrap();
    fs::write(&log, line(3)).unwrap();
    followed.poll_on();
    assert_eq!(followed.read.lines, [0, 1, 2, 3]);
}

#[test]
fn a_cursor_of_nonsense_ends_in_a_fresh_read_that_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let log = folder.path().join("log");
    fs::write(&log, lines(0..9)).unwrap();
    let mut first = Followed::start(&log, Start::Beginning);
    first.poll();
    let good = first.follower.cursor().unwrap();
    let marks = [0, 1, 64, 256, 300, u16::MAX];
    let offsets = [1, 30, good.offset + 1, u64::MAX];
    let all = marks.iter().flat_map(|head| marks.iter().map(move |anchor| (*head, *anchor)));
    for ((head, anchor), offset) in all.flat_map(|marks| offsets.map(|offset| (marks, offset))) {
        let mut cursor = good.clone();
        (cursor.head.bytes, cursor.anchor.bytes, cursor.offset) = (head, anchor, offset);
        let follower = Follower::resume(log.clone(), cursor, GRACE);
        let mut followed = Followed { follower, clock: SystemClock::new(), read: Read::default() };
        let findings: Vec<Finding> = (0..3).flat_map(|_| followed.poll().findings).collect();
        assert_eq!(findings, [Finding::Truncated { read: offset, unread: 0 }]);
        assert_eq!(followed.read.lines, (0..9).collect::<Vec<_>>());
    }
}

#[test]
fn a_name_that_leads_to_no_file_is_told_once_and_waited_out() {
    let folder = tempfile::tempdir().unwrap();
    let log = folder.path().join("log");
    fs::create_dir(&log).unwrap();
    let mut followed = Followed::start(&log, Start::Beginning);
    assert_eq!(followed.poll_on(), [Finding::NotAFile]);
    fs::remove_dir(&log).unwrap();
    assert_eq!(followed.poll_on(), [Finding::Vanished]);
    assert_eq!(followed.poll().standing, Standing::Missing);
    fs::write(&log, lines(0..2)).unwrap();
    assert_eq!(followed.poll_on(), []);
    assert_eq!(followed.read.lines, [0, 1]);
}

#[test]
fn a_pipe_is_not_opened() {
    let folder = tempfile::tempdir().unwrap();
    let log = folder.path().join("log");
    assert!(Command::new("mkfifo").arg(&log).status().unwrap().success());
    let mut followed = Followed::start(&log, Start::Beginning);
    assert_eq!(followed.poll().standing, Standing::NotAFile);
}

/// The name of the test below that another user runs.
const DENIED: &str = "edges::as_nobody";

#[test]
fn a_file_that_may_not_be_read_is_told_and_read_once_it_may() {
    use std::os::unix::{fs::PermissionsExt as _, process::CommandExt as _};
    let folder = tempfile::tempdir().unwrap();
    fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o777)).unwrap();
    let program = folder.path().join("program");
    fs::copy(std::env::current_exe().unwrap(), &program).unwrap();
    let mut nobody = Command::new(program);
    nobody.args([DENIED, "--exact", "--ignored", "--nocapture"]).env("TMPDIR", folder.path());
    let is_root = fs::read_to_string("/proc/self/status").unwrap().contains("\nUid:\t0\t");
    if is_root {
        nobody.uid(65_534).gid(65_534);
    }
    let output = nobody.current_dir("/").output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert!(String::from_utf8_lossy(&output.stdout).contains("1 passed"));
}

#[test]
#[ignore = "run by the test above, as a user who is not root"]
fn as_nobody() {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = tempfile::tempdir().unwrap();
    let log = folder.path().join("log");
    let mode = |path: &Path, mode| fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    fs::write(&log, lines(0..2)).unwrap();
    mode(&log, 0o000);
    let mut followed = Followed::start(&log, Start::Beginning);
    assert_eq!(followed.poll_on(), [Finding::Denied]);
    assert_eq!(followed.poll().standing, Standing::Denied);
    mode(&log, 0o600);
    assert_eq!(followed.poll_on(), []);
    assert_eq!(followed.read.lines, [0, 1]);
    // The next file is denied for a while: the old one is not given up, the new one not skipped.
    fs::rename(&log, folder.path().join("log.1")).unwrap();
    fs::write(&log, lines(2..4)).unwrap();
    mode(&log, 0o000);
    let findings = followed.poll_on();
    assert_eq!(findings, [Finding::Rotated, Finding::Denied]);
    // And so is a follower that starts meanwhile.
    let cursor = followed.follower.cursor().unwrap();
    let mut again = Follower::resume(log.clone(), cursor, GRACE);
    let turn = Turn { clock: &followed.clock, budget: 1 << 20 };
    let mut read = Read::default();
    again.poll(turn, &mut |chunk| read.take(chunk));
    mode(&log, 0o600);
    for _ in 0..30 {
        again.poll(turn, &mut |chunk| read.take(chunk));
        std::thread::sleep(Duration::from_millis(5));
    }
    assert_eq!(read.lines, [2, 3]);
    assert_eq!(followed.poll_on(), []);
    assert_eq!(followed.read.lines, [0, 1, 2, 3]);
    say("read as another user");
}
