//! Agents' real parts against real collectors: who may report, what a broken road and a restored backup do, and how two
//! collectors share a database. In the end the counts are those that were written.
#![cfg(unix)]

mod identity;
mod offline;
mod restore;
mod road;
mod two_collectors;

use std::{
    collections::BTreeMap,
    fs::{self, File},
    io::Write as _,
    path::{Path, PathBuf},
    time::Duration,
};

use blindspot_telemetry::{Clock as _, Hour, clock::SystemClock};
use blindspot_tests::{
    puppet::{self, Puppet},
    stage::{Collector, within},
};

/// Events by hour and program.
type Counts = BTreeMap<(i64, String), u64>;

/// A host with an agent and a log.
struct Host {
    name: String,
    folder: PathBuf,
    written: Counts,
}

impl Host {
    /// One that enrols with a collector.
    fn new(folder: &Path, name: &str, collector: &Collector) -> Self {
        let folder = folder.join(name);
        fs::create_dir_all(folder.join("logs")).unwrap();
        puppet::enrol(&folder.join("state"), name, &collector.enrolment_string());
        Self { name: name.to_owned(), folder, written: Counts::new() }
    }

    fn start(&self, url: Option<&str>) -> Puppet {
        self.start_from("state", url)
    }

    fn start_from(&self, state: &str, url: Option<&str>) -> Puppet {
        Puppet::start(&self.folder.join(state), &self.folder.join("logs"), &self.name, url)
    }

    /// Copies the state folder.
    fn copy_state(&self, from: &str, to: &str) {
        let to = self.folder.join(to);
        let _none = fs::remove_dir_all(&to);
        fs::create_dir_all(&to).unwrap();
        for file in fs::read_dir(self.folder.join(from)).unwrap().map(Result::unwrap) {
            fs::copy(file.path(), to.join(file.file_name())).unwrap();
        }
    }

    /// Writes some events of a program, now.
    fn write(&mut self, program: &str, events: u64) {
        let now = SystemClock::new().wall();
        let mut log =
            File::options().create(true).append(true).open(self.folder.join("logs/syslog")).unwrap();
        let line = format!("{} {} {program}[1]: words\n", now.strftime("%Y-%m-%dT%H:%M:%SZ"), self.name);
        for _ in 0..events {
            log.write_all(line.as_bytes()).unwrap();
        }
        *self.written.entry((Hour::of(now).0, program.to_owned())).or_default() += events;
    }

    /// What a collector knows of it.
    fn known(&self, collector: &Collector) -> Counts {
        let Ok(detail) = collector.host(&self.name) else { return Counts::new() };
        let types = detail.inventory.event_types.into_iter();
        let hours = types.flat_map(|seen| {
            let program = seen.program.expect("a program");
            seen.hours.into_iter().map(move |(hour, count)| ((Hour::of(hour).0, program.clone()), count))
        });
        hours.collect()
    }

    /// Waits until a collector knows exactly what was written: it judges what it stored a moment later.
    fn is_exact(&self, collector: &Collector) {
        let mut known = Counts::new();
        let exact = (0..100).any(|_| {
            std::thread::sleep(Duration::from_millis(50));
            known = self.known(collector);
            known == self.written
        });
        assert!(exact, "{}: known {known:?}, written {:?}", self.name, self.written);
    }

    /// What its agent may do.
    fn state(&self, collector: &Collector) -> String {
        within(Duration::from_secs(5), "no such host", || collector.host(&self.name).ok()).line.agent_state
    }

    fn findings(&self, collector: &Collector) -> Vec<String> {
        let detail = within(Duration::from_secs(5), "no such host", || collector.host(&self.name).ok());
        detail.findings.into_iter().map(|finding| finding.code).collect()
    }
}

fn folder() -> tempfile::TempDir {
    tempfile::tempdir().unwrap()
}
