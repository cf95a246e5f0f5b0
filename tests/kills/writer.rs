//! A log that grows and is rotated, and the ledger of what was written to it.

use std::{
    collections::BTreeMap,
    fs::{self, File},
    io::Write as _,
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    thread::{self, JoinHandle},
    time::Duration,
};

use blindspot_telemetry::{Clock as _, Hour, clock::SystemClock};

/// Events by hour and program.
pub(crate) type Counts = BTreeMap<(i64, String), u64>;

const PROGRAMS: [&str; 5] = ["sshd", "sudo", "cron", "kernel", "dhclient"];
const ROTATE_EVERY: Duration = Duration::from_secs(3);
/// Two thousand lines a second.
const LINES: usize = 40;
const PAUSE: Duration = Duration::from_millis(20);

pub(crate) struct Writer {
    stop: Arc<AtomicBool>,
    written: Arc<Mutex<Counts>>,
    thread: JoinHandle<()>,
}

impl Writer {
    pub(crate) fn start(folder: &Path) -> Self {
        let (logs, ledger) = (folder.join("logs"), folder.join("ledger"));
        fs::create_dir(&logs).expect("a folder");
        let (stop, written) = (Arc::new(AtomicBool::new(false)), Arc::new(Mutex::new(Counts::new())));
        let (stopped, counts) = (Arc::clone(&stop), Arc::clone(&written));
        let mut ledger = File::create(ledger).expect("a ledger");
        let mut log = File::create(logs.join("syslog")).expect("a log");
        let thread = thread::spawn(move || {
            let (mut since, mut number) = (SystemClock::new(), 0_usize);
            while !stopped.load(Ordering::Relaxed) {
                if since.monotonic() >= ROTATE_EVERY {
                    since = SystemClock::new();
                    rotate(&logs);
                    log = File::create(logs.join("syslog")).expect("a log");
                }
                let (mut lines, mut entries) = (String::new(), String::new());
                for _ in 0..LINES {
                    number += 1;
                    let program = PROGRAMS[number * number % 11 % PROGRAMS.len()];
                    let now = SystemClock::new().wall();
                    let time = now.strftime("%Y-%m-%dT%H:%M:%S%.6f+00:00");
                    lines += &format!("{time} web1 {program}[{number}]: message {number} of this program\n");
                    entries += &format!("{} {program} {number}\n", Hour::of(now).0);
                    *counts.lock().unwrap().entry((Hour::of(now).0, program.to_owned())).or_default() += 1;
                }
                ledger.write_all(entries.as_bytes()).and_then(|()| ledger.sync_data()).expect("a ledger");
                // In two pieces, so that a reader meets half a line.
                let (first, second) = lines.split_at(lines.len() / 2 + 7);
                log.write_all(first.as_bytes())
                    .and_then(|()| log.write_all(second.as_bytes()))
                    .expect("a log");
                thread::sleep(PAUSE);
            }
        });
        Self { stop, written, thread }
    }

    /// What was written so far, or is about to be.
    pub(crate) fn written(&self) -> Counts {
        self.written.lock().unwrap().clone()
    }

    /// Ends, and says what was written.
    pub(crate) fn stop(self) -> Counts {
        self.stop.store(true, Ordering::Relaxed);
        self.thread.join().expect("it ends");
        self.written.lock().unwrap().clone()
    }
}

/// Renames the log, and every older one before it, as logrotate(8) does.
fn rotate(logs: &Path) {
    let name = |number: usize| -> PathBuf {
        if number == 0 { logs.join("syslog") } else { logs.join(format!("syslog.{number}")) }
    };
    let last = (0..).find(|number| !name(*number).exists()).unwrap_or_default();
    for number in (0..last).rev() {
        fs::rename(name(number), name(number + 1)).expect("a rotation");
    }
}
