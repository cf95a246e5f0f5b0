//! A log and its writer, which remembers every line that it wrote.

use std::{
    fs::{self, File, OpenOptions},
    io::Write,
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    thread::JoinHandle,
    time::Duration,
};

/// A log in a folder, with one writer. Lines are numbered from 0.
pub(crate) struct Log {
    pub(crate) folder: PathBuf,
    writer: Mutex<Writer>,
}

pub(crate) struct Writer {
    pub(crate) file: File,
    /// The number of the next line.
    pub(crate) next: u64,
    /// Bytes in all.
    pub(crate) bytes: u64,
}

impl Writer {
    pub(crate) fn write(&mut self, lines: u64) {
        for _ in 0..lines {
            let line = line(self.next);
            self.file.write_all(line.as_bytes()).unwrap();
            self.next += 1;
            self.bytes += line.len() as u64;
        }
    }
}

impl Log {
    /// A log that is an ordinary file.
    pub(crate) fn plain(folder: &Path) -> Arc<Self> {
        let file = append(&folder.join("log"));
        Arc::new(Self { folder: folder.to_owned(), writer: Mutex::new(Writer { file, next: 0, bytes: 0 }) })
    }

    /// A log that is a link to `log.A`.
    pub(crate) fn linked(folder: &Path) -> Arc<Self> {
        fs::write(folder.join("log.A"), "").unwrap();
        std::os::unix::fs::symlink("log.A", folder.join("log")).unwrap();
        Self::plain(folder)
    }

    pub(crate) fn path(&self) -> PathBuf {
        self.folder.join("log")
    }

    pub(crate) fn sibling(&self, ending: &str) -> PathBuf {
        self.folder.join(format!("log.{ending}"))
    }

    /// Acts while the writer waits.
    pub(crate) fn paused<T>(&self, act: impl FnOnce(&mut Writer) -> T) -> T {
        act(&mut self.writer.lock().unwrap())
    }

    pub(crate) fn write(&self, lines: u64) {
        self.paused(|writer| writer.write(lines));
    }

    /// Lines written so far.
    pub(crate) fn written(&self) -> u64 {
        self.paused(|writer| writer.next)
    }

    /// What a daemon does when it is told to: opens the log by its name, making it if it is not there.
    pub(crate) fn reopen(&self) {
        self.paused(|writer| writer.file = append(&self.path()));
    }

    /// `log.1` becomes `log.2`, and so on.
    pub(crate) fn shift(&self) {
        for number in (1..90).rev() {
            for packed in ["", ".gz"] {
                let from = self.sibling(&format!("{number}{packed}"));
                if from.exists() {
                    fs::rename(from, self.sibling(&format!("{}{packed}", number + 1))).unwrap();
                }
            }
        }
    }
}

/// Writes a few lines every now and then until told to stop.
pub(crate) struct Busy {
    stop: Arc<AtomicBool>,
    thread: JoinHandle<()>,
}

impl Busy {
    pub(crate) fn start(log: &Arc<Log>) -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let (log, stopped) = (log.clone(), stop.clone());
        let thread = std::thread::spawn(move || {
            while !stopped.load(Ordering::Relaxed) {
                log.write(3);
                std::thread::sleep(Duration::from_micros(300));
            }
        });
        Self { stop, thread }
    }

    pub(crate) fn stop(self) {
        self.stop.store(true, Ordering::Relaxed);
        self.thread.join().unwrap();
    }
}

pub(crate) fn append(path: &Path) -> File {
    OpenOptions::new().append(true).create(true).open(path).unwrap()
}

/// A line of its number, of changing length.
pub(crate) fn line(number: u64) -> String {
    let filler = "x".repeat(usize::try_from(number * 7 % 90).unwrap());
    format!("Mar  1 10:00:00 host app[1]: {number:08} {filler}.\n")
}

/// The number of a whole line; anything else is a torn one.
pub(crate) fn number(text: &str) -> u64 {
    let digits = text.get(29..37).unwrap_or_else(|| panic!("torn line {text:?}"));
    let number = digits.parse().unwrap_or_else(|_| panic!("torn line {text:?}"));
    assert_eq!(text, line(number).trim_end(), "torn line");
    number
}
