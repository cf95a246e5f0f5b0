//! To which host a log belongs whose records name none: by what lies near it.

use std::path::{Path, PathBuf};

use blindspot_catalog::Problem;
use blindspot_sampling::settings::SettingsFile;
use blindspot_telemetry::{HostName, SourceStatus};

use super::{Host, Hosts, Key, OwnMachine, Reading};

/// Folders that say what lies in them, not whose it is.
const PLACES: [&str; 17] = [
    "audit",
    "log",
    "logs",
    "var",
    "journal",
    "run",
    "winevt",
    "etc",
    "rules.d",
    "rsyslog.d",
    "systemd",
    "journald.conf.d",
    "syslog-ng",
    "conf.d",
    "opt",
    "sysmon",
    ".",
];

impl Host {
    /// True where one of its logs lies in this folder.
    pub(super) fn has(&self, folder: Option<&Path>) -> bool {
        folder.is_some_and(|folder| self.folders.iter().any(|known| known == folder))
    }

    fn has_under(&self, folder: &Path) -> bool {
        let absolute = |known: &Path| std::path::absolute(known).unwrap_or_else(|_| known.to_owned());
        self.folders.iter().any(|known| absolute(known).starts_with(folder))
    }
}

impl Hosts {
    /// A log whose records name no host belongs to the host whose other logs lie in the same place, and where there is
    /// none the place names it. A log without records belongs to the nearest host, or to the only one.
    pub(super) fn house(&mut self, reading: Reading, own: Option<&OwnMachine>, problems: &mut Vec<Problem>) {
        if let Some(own) = own {
            return self.add_as(&own.name, reading);
        }
        let path = reading.source.path.clone();
        if !reading.computers.is_empty() {
            let home = self.home(&reading.path);
            if home.shared_with > 0 {
                problems.push(Problem::new(
                    path,
                    format!(
                        "names no host, and {} hosts have logs beside it: it stands under `{}`; give each host's logs in \
                         a folder of their own",
                        home.shared_with, home.name
                    ),
                ));
            }
            return self.add_as(&home.name, reading);
        }
        match self.home_of_empty(&reading) {
            Some(name) => self.add_as(&name, reading),
            None => problems.push(Problem::new(
                path,
                format!(
                    "{}: no record in it names its host, and nothing else does: it is not judged; give it in a folder \
                     with its host's other logs",
                    reading.source.status.as_str()
                ),
            )),
        }
    }

    /// Configuration belongs to the host whose logs lie in the same place; where several do, or none, to nobody.
    pub(super) fn set(&mut self, (path, file): (PathBuf, SettingsFile), problems: &mut Vec<Problem>) {
        let Home { name, shared_with } = self.home(&path);
        match self.by_key.get_mut(&(name, None)).filter(|_| shared_with == 0) {
            Some(host) => host.settings.files.push(file),
            None => problems.push(Problem::new(
                path.display().to_string(),
                "whose settings these are is not known, so nothing is made of them: give them in a folder with their \
                 host's logs, and no other host's",
            )),
        }
    }

    /// The host in whose place a file lies; where several share it, the place itself stands for one more.
    fn home(&self, path: &Path) -> Home {
        let whole = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
        let place = whole.ancestors().skip(1).find(|folder| name_of(folder).is_some());
        let name = HostName::new(place.and_then(name_of).unwrap_or(UNKNOWN));
        let hosts = place.map(|place| self.direct(|host| host.has_under(place))).unwrap_or_default();
        match hosts.as_slice() {
            [only] => Home { name: only.0.clone(), shared_with: 0 },
            several => Home { name, shared_with: several.len() },
        }
    }

    fn home_of_empty(&self, reading: &Reading) -> Option<HostName> {
        let neighbours = self.direct(|host| host.has(reading.path.parent()));
        match (neighbours.as_slice(), self.direct(|_| true).as_slice()) {
            ([only], _) | ([], [only]) => Some(only.0.clone()),
            ([], []) if reading.source.status == SourceStatus::Empty => Some(HostName::new(UNKNOWN)),
            _ => None,
        }
    }

    /// The hosts that were read directly and of which this is true.
    fn direct(&self, is: impl Fn(&Host) -> bool) -> Vec<Key> {
        self.by_key
            .iter()
            .filter(|(key, host)| key.1.is_none() && is(host))
            .map(|(key, _)| key.clone())
            .collect()
    }
}

/// Whose a file is, by where it lies.
struct Home {
    name: HostName,
    /// How many hosts have logs in that place, where they are several.
    shared_with: usize,
}

/// The name of a host that nothing names.
const UNKNOWN: &str = "unknown-host";

/// The name that a folder gives a host: `web1` in `web1/var/log/audit`.
fn name_of(folder: &Path) -> Option<&str> {
    folder.file_name()?.to_str().filter(|name| !PLACES.contains(&name.to_ascii_lowercase().as_str()))
}
