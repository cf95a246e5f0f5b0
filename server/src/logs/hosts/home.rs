//! To which host a log belongs whose records name none: by what lies near it.

use std::path::Path;

use blindspot_catalog::Problem;
use blindspot_telemetry::{HostName, SourceStatus};

use super::{Host, Hosts, Key, OwnMachine, Reading};

/// Folders that say what lies in them, not whose it is.
const PLACES: [&str; 8] = ["audit", "log", "logs", "var", "journal", "run", "winevt", "."];

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
        let home = if reading.computers.is_empty() {
            self.home_of_empty(&reading)
        } else {
            self.home(&reading.path)
        };
        match home {
            Some(name) => self.add_as(&name, reading),
            None => problems.push(Problem::new(
                reading.source.path,
                format!(
                    "{}: no record in it names its host, and nothing else does: it is not judged; give it in a folder \
                     with its host's other logs",
                    reading.source.status.as_str()
                ),
            )),
        }
    }

    fn home(&self, path: &Path) -> Option<HostName> {
        let path = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
        let place = path.ancestors().skip(1).find(|folder| name_of(folder).is_some());
        let Some(place) = place else { return Some(HostName::new(UNKNOWN)) };
        match self.direct(|host| host.has_under(place)).as_slice() {
            [only] => Some(only.0.clone()),
            [] => name_of(place).map(HostName::new),
            _ => None,
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

/// The name of a host that nothing names.
const UNKNOWN: &str = "unknown-host";

/// The name that a folder gives a host: `web1` in `web1/var/log/audit`.
fn name_of(folder: &Path) -> Option<&str> {
    folder.file_name()?.to_str().filter(|name| !PLACES.contains(&name.to_ascii_lowercase().as_str()))
}
