//! Random schedules of writing, rotating, restarting and polling, one after the other: every line comes once, in order.

use std::{fs, io::Write as _, path::PathBuf, sync::Mutex, time::Duration};

use blindspot_sampling::follow::{Follower, Start, Turn};
use blindspot_telemetry::{Clock, clock::SystemClock};
use jiff::Timestamp;

use crate::{
    ledger::{append, line},
    reader::{GRACE, Read},
};

const SCHEDULES: u64 = 200;
const STEPS: usize = 60;

/// Schedules mostly wait for the clock of the file system.
const THREADS: u64 = 8;

/// File systems tell times apart by the kernel's tick. Rotations in one tick are no rotations of this world.
const TICK: Duration = Duration::from_millis(11);

#[test]
fn every_line_comes_once_under_random_schedules() {
    let failed: Vec<u64> = std::thread::scope(|scope| {
        let share =
            |thread: u64| move || (thread..SCHEDULES).step_by(THREADS as usize).filter(|seed| !holds(*seed));
        let threads: Vec<_> =
            (0..THREADS).map(|thread| scope.spawn(move || share(thread)().collect::<Vec<u64>>())).collect();
        threads.into_iter().flat_map(|thread| thread.join().unwrap()).collect()
    });
    assert!(failed.is_empty(), "seeds {failed:?}");
}

fn holds(seed: u64) -> bool {
    let mut schedule = Schedule::new(seed);
    let outcome = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| schedule.run()));
    if outcome.is_err() {
        crate::cases::say(&format!("seed {seed}: {:?}", schedule.done));
    }
    outcome.is_ok()
}

#[derive(Debug, Clone, Copy)]
enum Step {
    Append(u64),
    /// The first half of a line. The writer ends it before anything else.
    Half,
    Poll,
    /// As a small budget leaves it.
    ShortPoll,
    /// The log is renamed and made anew; the writer does not know yet.
    Rename,
    /// The writer is told.
    Reopen,
    CopyTruncate,
    Restart,
}

struct Schedule {
    random: u64,
    folder: tempfile::TempDir,
    file: fs::File,
    next: u64,
    half: Option<String>,
    renamed: bool,
    clock: Watch,
    follower: Option<Follower>,
    read: Read,
    done: Vec<Step>,
}

/// A clock that only the schedule moves on.
struct Watch(Mutex<Duration>);

impl Clock for Watch {
    fn wall(&self) -> Timestamp {
        SystemClock::new().wall()
    }

    fn monotonic(&self) -> Duration {
        *self.0.lock().unwrap()
    }
}

impl Schedule {
    fn new(seed: u64) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let file = append(&folder.path().join("log"));
        let follower = Some(Follower::new(folder.path().join("log"), Start::Oldest, GRACE));
        let clock = Watch(Mutex::new(Duration::ZERO));
        Self {
            random: seed,
            folder,
            file,
            next: 0,
            half: None,
            renamed: false,
            clock,
            follower,
            read: Read::default(),
            done: Vec::new(),
        }
    }

    fn run(&mut self) {
        for _ in 0..STEPS {
            let step = match self.below(14) {
                0..4 => Step::Append(self.below(8)),
                4 => Step::Half,
                5..8 => Step::Poll,
                8 => Step::ShortPoll,
                9 => Step::Rename,
                10 => Step::Reopen,
                11 => Step::CopyTruncate,
                _ => Step::Restart,
            };
            self.done.push(step);
            self.take(step);
        }
        self.take(Step::Reopen);
        self.take(Step::Append(1));
        for _ in 0..400 {
            self.take(Step::Poll);
        }
        let all: Vec<u64> = (0..self.next).collect();
        assert_eq!(self.read.lines, all, "{:?}", self.read.findings);
    }

    fn take(&mut self, step: Step) {
        match step {
            Step::Append(lines) => {
                self.whole();
                for _ in 0..lines {
                    self.file.write_all(line(self.next).as_bytes()).unwrap();
                    self.next += 1;
                }
            }
            Step::Half => {
                self.whole();
                let mut line = line(self.next);
                self.next += 1;
                let rest = line.split_off(line.len() / 2);
                self.file.write_all(line.as_bytes()).unwrap();
                self.half = Some(rest);
            }
            Step::Poll => self.poll(1 << 20),
            Step::ShortPoll => self.poll(1),
            Step::Rename => {
                self.take(Step::Reopen);
                self.shift();
                fs::rename(self.path("log"), self.path("log.1")).unwrap();
                std::thread::sleep(TICK);
                fs::write(self.path("log"), "").unwrap();
                self.renamed = true;
            }
            Step::Reopen => {
                self.whole();
                if std::mem::take(&mut self.renamed) {
                    self.file = append(&self.path("log"));
                }
            }
            Step::CopyTruncate => {
                self.take(Step::Reopen);
                self.shift();
                std::thread::sleep(TICK);
                fs::copy(self.path("log"), self.path("log.1")).unwrap();
                std::thread::sleep(TICK);
                self.file.set_len(0).unwrap();
            }
            Step::Restart => {
                let cursor = self.follower.take().unwrap().cursor();
                let path = self.path("log");
                self.follower = Some(match cursor {
                    Some(cursor) => Follower::resume(path, cursor, GRACE),
                    None => Follower::new(path, Start::Oldest, GRACE),
                });
            }
        }
    }

    fn poll(&mut self, budget: u64) {
        let step = Duration::from_millis(self.below(30));
        *self.clock.0.lock().unwrap() += step;
        let turn = Turn { clock: &self.clock, budget };
        let read = &mut self.read;
        let polled = self.follower.as_mut().unwrap().poll(turn, &mut |chunk| read.take(chunk));
        self.read.findings.extend(polled.findings);
    }

    /// Ends a half line, in the file that it was begun in.
    fn whole(&mut self) {
        if let Some(rest) = self.half.take() {
            self.file.write_all(rest.as_bytes()).unwrap();
        }
    }

    fn shift(&self) {
        for number in (1..STEPS).rev() {
            let from = self.path(&format!("log.{number}"));
            if from.exists() {
                fs::rename(from, self.path(&format!("log.{}", number + 1))).unwrap();
            }
        }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// A random number (splitmix64).
    fn below(&mut self, limit: u64) -> u64 {
        self.random = self.random.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.random;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % limit
    }
}
