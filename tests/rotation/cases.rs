//! Runs one case of the matrix.

use std::{
    fs,
    os::unix::fs::MetadataExt as _,
    sync::{Arc, Mutex},
    time::Duration,
};

use blindspot_sampling::follow::Finding;

use crate::{
    kinds::Kind,
    ledger::{Busy, Log},
    mounts::{self, Mount},
    reader::{Read, Reader},
};

/// What makes the follower look.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Wake {
    /// Events of the folder.
    Events,
    /// The clock.
    Polling,
}

/// What goes on meanwhile.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mode {
    /// The follower runs, and has read everything when it happens.
    Up,
    /// The follower was dropped with lines unread, and is made again from its cursor afterwards.
    Down,
    /// The follower runs, and a writer writes all the while.
    Busy,
}

/// Lines that may be missing: after the first number, before the second.
type Gap = (u64, u64);

/// Lines left unread when the follower goes down.
const UNREAD: u64 = 5;

pub(crate) fn run(kind: Kind, wake: Wake, mode: Mode) {
    let needs_mount = matches!(kind, Kind::InodeReuse | Kind::Remount);
    let place = needs_mount.then(mounts::place);
    if place == Some(mounts::Place::Elsewhere) {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let may_mount = place == Some(mounts::Place::Here);
    let mount = may_mount.then(|| Mount::make(folder.path())).flatten();
    if needs_mount && mount.is_none() {
        say(&format!("{kind:?}: no file system can be mounted here (that needs root and mkfs.ext4)"));
        if kind == Kind::Remount {
            return;
        }
    }
    let place = mount.as_ref().map_or(folder.path(), |mount| &mount.folder);
    let log = if kind == Kind::SymlinkSwap { Log::linked(place) } else { Log::plain(place) };
    let read = Arc::new(Mutex::new(Read::default()));
    let case = Case { kind, wake, log, read, mount: mount.as_ref() };
    let gaps = match mode {
        Mode::Up => case.up(),
        Mode::Down => case.down(),
        Mode::Busy => case.busy(),
    };
    case.check(mode, &gaps);
}

struct Case<'a> {
    kind: Kind,
    wake: Wake,
    log: Arc<Log>,
    read: Arc<Mutex<Read>>,
    mount: Option<&'a Mount>,
}

impl Case<'_> {
    fn start(&self, cursor: Option<blindspot_sampling::follow::Cursor>) -> Reader {
        Reader::start(&self.log.path(), cursor, self.wake, self.read.clone())
    }

    /// Two times, so that the second finds the traces of the first.
    fn up(&self) -> Vec<Gap> {
        self.log.write(20);
        let mut reader = self.start(None);
        for _ in 0..2 {
            reader.await_line(self.log.written() - 1);
            reader = self.happen(reader).0;
            self.log.write(10);
        }
        self.end(reader);
        Vec::new()
    }

    fn down(&self) -> Vec<Gap> {
        self.log.write(20);
        let reader = self.start(None);
        reader.await_line(self.log.written() - 1);
        let cursor = reader.stop();
        let read = self.log.written();
        self.log.write(UNREAD);
        let before = fs::metadata(self.log.path()).unwrap();
        self.kind.happen(&self.log, self.mount);
        if self.kind == Kind::InodeReuse {
            let after = fs::metadata(self.log.path()).unwrap();
            let same = (before.dev(), before.ino()) == (after.dev(), after.ino());
            assert!(same || self.mount.is_none(), "the inode was not used again");
            say(&format!(
                "inode reuse: the inode was {}",
                if same { "used again" } else { "not used again" }
            ));
        }
        self.log.write(10);
        let reader = self.start(cursor);
        if self.kind == Kind::RenameWhileStopped {
            reader.await_line(self.log.written() - 1);
            self.log.reopen();
            self.log.write(3);
        }
        self.end(reader);
        if self.kind.loses_the_closed() { vec![(read - 1, read + UNREAD)] } else { Vec::new() }
    }

    fn busy(&self) -> Vec<Gap> {
        let busy = Busy::start(&self.log);
        let mut reader = self.start(None);
        let mut gaps = Vec::new();
        for _ in 0..3 {
            std::thread::sleep(Duration::from_millis(60));
            let begun = self.read.lock().unwrap().last().unwrap_or(0);
            let (next, gap) = self.happen(reader);
            reader = next;
            if self.kind.loses_the_unread() {
                gaps.push((begun, self.log.written()));
            } else {
                gaps.push(gap);
            }
        }
        std::thread::sleep(Duration::from_millis(60));
        busy.stop();
        // What the stop left as the last line of a file is followed by one more.
        self.log.write(1);
        self.end(reader);
        gaps
    }

    /// Makes it happen to a running follower, which is stopped and started around it where the kind says so.
    fn happen(&self, reader: Reader) -> (Reader, Gap) {
        if !self.kind.stops_the_follower() {
            let gap = self.kind.happen(&self.log, self.mount);
            return (reader, gap);
        }
        let cursor = reader.stop();
        let gap = self.kind.happen(&self.log, self.mount);
        let reader = self.start(cursor);
        if self.kind == Kind::RenameWhileStopped {
            std::thread::sleep(Duration::from_millis(10));
            self.log.reopen();
        }
        (reader, gap)
    }

    /// Waits for the last line, then long enough for a line to come twice.
    fn end(&self, reader: Reader) {
        reader.await_line(self.log.written() - 1);
        reader.await_rest();
        std::thread::sleep(Duration::from_millis(100));
        reader.stop();
    }

    fn check(&self, mode: Mode, gaps: &[Gap]) {
        let read = self.read.lock().unwrap();
        let what = format!("{:?} {:?} {mode:?}: {:?}", self.kind, self.wake, read.findings);
        assert!(read.lines.windows(2).all(|pair| pair[0] < pair[1]), "twice or out of order, {what}");
        let lost: Vec<u64> =
            (0..self.log.written()).filter(|number| read.lines.binary_search(number).is_err()).collect();
        let in_gap = |number: &u64| gaps.iter().any(|(after, before)| after < number && number < before);
        assert!(lost.iter().all(in_gap), "lost {lost:?} beyond {gaps:?}, {what}");
        if mode == Mode::Down && self.kind.loses_the_closed() {
            assert_eq!(lost.len() as u64, UNREAD, "exactly the unread is lost, {what}");
        }
        let found = |kinds: fn(&Finding) -> bool| read.findings.iter().any(kinds);
        let told = match (self.kind, mode) {
            (Kind::CopyTruncate, _) => found(|finding| matches!(finding, Finding::TruncateGap { .. })),
            (Kind::Truncate | Kind::TruncateRegrow, _) => {
                found(|finding| matches!(finding, Finding::Truncated { .. }))
            }
            (Kind::InodeReuse, Mode::Down) => {
                found(|finding| matches!(finding, Finding::InodeReused { .. } | Finding::SiblingLost { .. }))
            }
            (Kind::DeleteCreate, Mode::Down) => {
                found(|finding| matches!(finding, Finding::InodeReused { .. } | Finding::SiblingLost { .. }))
            }
            (Kind::DeleteCreate | Kind::InodeReuse, _) => found(|finding| *finding == Finding::Replaced),
            (Kind::RenameCreate | Kind::SymlinkSwap | Kind::HardLink | Kind::GzOfOld, _)
            | (Kind::RenameWhileStopped | Kind::TwoRotationsWhileStopped, Mode::Down) => {
                found(|finding| matches!(finding, Finding::Rotated | Finding::Replaced))
            }
            _ => true,
        };
        assert!(told, "not told, {what}");
    }
}

/// Says something past the test harness, which shows nothing that a passing test prints.
pub(crate) fn say(what: &str) {
    use std::io::Write as _;
    writeln!(std::io::stderr(), "{what}").expect("standard error");
}
