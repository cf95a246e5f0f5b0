//! A Linux machine with the log of a real audit daemon, recorded before the story, and rotated in it.

use std::{fs, path::Path};

use blindspot_tests::audit_daemon::{Daemon, Style, work};

use crate::{
    compare::Offline,
    machines::{Part, overwrite},
};

/// What a daemon wrote.
pub struct Audited {
    rotated: Vec<u8>,
    newest: Vec<u8>,
}

impl Audited {
    /// Has a daemon record some work; `None` where this machine does not allow it.
    pub fn record() -> Option<Self> {
        let style = Style { log_format: "ENRICHED", name_format: "NONE", max_log_file_megabytes: 8 };
        let mut daemon = Daemon::start(style)?;
        daemon.watch_work();
        work(&daemon, 5);
        daemon.flush("before-the-rotation");
        daemon.rotate();
        work(&daemon, 5);
        daemon.flush("all-is-done");
        let mut files = daemon.finish().into_iter();
        let mut next =
            |name: &str| files.next().filter(|file| file.0 == name).expect("auditd rotates once").1;
        Some(Self { newest: next("audit.log"), rotated: next("audit.log.1") })
    }

    /// Writes a part of the log.
    pub fn write(&self, logs: &Path, part: Part) {
        let folder = logs.join("var/log/audit");
        fs::create_dir_all(&folder).expect("a folder");
        let (log, rotated) = (folder.join("audit.log"), folder.join("audit.log.1"));
        match part {
            Part::First => overwrite(&log, half(&self.rotated)),
            Part::Second => {
                overwrite(&log, &self.rotated);
                fs::rename(&log, rotated).expect("the log is rotated");
                overwrite(&log, half(&self.newest));
            }
            Part::Third => overwrite(&log, &self.newest),
        }
    }

    /// What is known of it: programs that start are recorded.
    pub fn expect(offline: &Offline) {
        let host = offline.host("lin-story");
        let started = host.count("auditd:SYSCALL/execve");
        assert!((10..1000).contains(&started), "{started} programs were started");
    }
}

/// About half of a log, in whole lines: an audit counts a line that is half written, and an agent waits for its rest.
fn half(log: &[u8]) -> &[u8] {
    let end = log.iter().skip(log.len() / 2).position(|byte| *byte == b'\n').expect("a log of many lines");
    log.split_at(log.len() / 2 + end + 1).0
}
