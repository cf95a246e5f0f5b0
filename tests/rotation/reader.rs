//! Runs a follower on a thread, woken by events or by the clock, and keeps what it read.

use std::{
    collections::BTreeMap,
    path::Path,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
        mpsc,
    },
    thread::JoinHandle,
    time::Duration,
};

use blindspot_sampling::follow::{Chunk, Cursor, Ending, Finding, Follower, Standing, Start, Turn};
use blindspot_telemetry::clock::SystemClock;
use notify::{RecursiveMode, Watcher};

use crate::{cases::Wake, ledger};

pub(crate) const GRACE: Duration = Duration::from_millis(40);

/// How long the slowest case may take to read everything.
const PATIENCE: Duration = Duration::from_secs(20);

/// Everything that was read and found, over all restarts.
#[derive(Default)]
pub(crate) struct Read {
    /// Line numbers in the order in which they came.
    pub(crate) lines: Vec<u64>,
    pub(crate) findings: Vec<Finding>,
    pub(crate) standing: Option<Standing>,
    /// The beginnings of lines whose ends have not come, by generation.
    open: BTreeMap<u64, Vec<u8>>,
}

impl Read {
    pub(crate) fn take(&mut self, chunk: Chunk<'_>) {
        let open = self.open.entry(chunk.generation).or_default();
        open.extend_from_slice(chunk.bytes);
        if chunk.ending == Ending::Inside {
            return;
        }
        let text = String::from_utf8(std::mem::take(open)).unwrap();
        assert!(chunk.ending == Ending::File || text.ends_with('\n'), "a line without its end: {text:?}");
        self.lines.extend(text.lines().map(ledger::number));
    }

    pub(crate) fn last(&self) -> Option<u64> {
        self.lines.last().copied()
    }
}

/// A running follower.
pub(crate) struct Reader {
    pub(crate) read: Arc<Mutex<Read>>,
    stop: Arc<AtomicBool>,
    thread: JoinHandle<Option<Cursor>>,
}

impl Reader {
    /// Starts to read, at `cursor` or with the first line.
    pub(crate) fn start(log: &Path, cursor: Option<Cursor>, wake: Wake, read: Arc<Mutex<Read>>) -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let (stopped, kept, path) = (stop.clone(), read.clone(), log.to_owned());
        let thread = std::thread::spawn(move || {
            let mut follower = match cursor {
                Some(cursor) => Follower::resume(path.clone(), cursor, GRACE),
                None => Follower::new(path.clone(), Start::Beginning, GRACE),
            };
            let (waker, woken) = mpsc::channel();
            let _watcher = (wake == Wake::Events).then(|| watch(path.parent().unwrap(), waker.clone()));
            let clock = SystemClock::new();
            while !stopped.load(Ordering::Relaxed) {
                let mut read = kept.lock().unwrap();
                let polled =
                    follower.poll(Turn { clock: &clock, budget: 64 << 10 }, &mut |chunk| read.take(chunk));
                read.findings.extend(polled.findings);
                read.standing = Some(polled.standing);
                drop(read);
                let pause = match (polled.standing, wake) {
                    (Standing::Behind, _) => Duration::ZERO,
                    (Standing::CaughtUp, Wake::Events) => Duration::from_millis(200),
                    _ => Duration::from_millis(5),
                };
                if woken.recv_timeout(pause).is_ok() && polled.standing == Standing::CaughtUp {
                    // One poll for each burst, and at times in the middle of it.
                    while woken.try_recv().is_ok() {}
                }
            }
            follower.cursor()
        });
        Self { read, stop, thread }
    }

    /// Waits until this line was read.
    pub(crate) fn await_line(&self, number: u64) {
        self.wait(&format!("line {number}"), |read| read.last() == Some(number));
    }

    /// Waits until nothing is left to be done.
    pub(crate) fn await_rest(&self) {
        self.wait("rest", |read| read.standing == Some(Standing::CaughtUp));
    }

    fn wait(&self, what: &str, done: impl Fn(&Read) -> bool) {
        let step = Duration::from_millis(2);
        for _ in 0..PATIENCE.as_millis() / step.as_millis() {
            if done(&self.read.lock().unwrap()) {
                return;
            }
            std::thread::sleep(step);
        }
        let read = self.read.lock().unwrap();
        panic!("waited in vain for {what}: at {:?}, {:?}, {:?}", read.last(), read.standing, read.findings);
    }

    /// Ends the follower and says where it stood.
    pub(crate) fn stop(self) -> Option<Cursor> {
        self.stop.store(true, Ordering::Relaxed);
        self.thread.join().unwrap()
    }
}

fn watch(folder: &Path, waker: mpsc::Sender<()>) -> notify::RecommendedWatcher {
    // A reader that has ended needs no waking.
    let wake = move |_: notify::Result<notify::Event>| {
        waker.send(()).ok();
    };
    let mut watcher = notify::recommended_watcher(wake).unwrap();
    watcher.watch(folder, RecursiveMode::NonRecursive).unwrap();
    watcher
}
