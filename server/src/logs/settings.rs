//! What hosts are set to record: configuration files of this machine, or copies of them beside the logs given.

use std::path::PathBuf;

use blindspot_catalog::Problem;
use blindspot_sampling::{
    machine::{self, Trouble},
    settings::{SettingsFile, SettingsFiles},
};
use blindspot_telemetry::Inventory;

use crate::files::{self, Wanted};

const CONFIGURATION: Wanted = Wanted { is: machine::is_settings, none: "" };

/// The configuration files under the paths given.
#[must_use]
pub fn beside_logs(paths: &[PathBuf], problems: &mut Vec<Problem>) -> Vec<(PathBuf, SettingsFile)> {
    let existing: Vec<PathBuf> = paths.iter().filter(|path| path.exists()).cloned().collect();
    let (found, _) = files::find(&existing, &CONFIGURATION);
    let found = found.into_iter().map(|file| file.path).filter(|path| machine::is_settings(path));
    let mut troubles = Vec::new();
    let read = |path: PathBuf| machine::read_settings(&path, &mut troubles).map(|file| (path, file));
    let files = found.filter_map(read).collect();
    problems.extend(troubles.into_iter().map(problem));
    files
}

/// What this machine's configuration says, and the kernel, where it may be asked.
#[must_use]
pub fn own(problems: &mut Vec<Problem>) -> SettingsFiles {
    let mut troubles = Vec::new();
    let files = machine::own_settings(&mut troubles);
    problems.extend(troubles.into_iter().map(problem));
    files
}

fn problem(Trouble { place, what }: Trouble) -> Problem {
    Problem::new(place, what)
}

/// Says what of a host's settings was not understood; `None` where all was.
pub(super) fn doubts(host: &Inventory) -> Option<Problem> {
    let mut lines = host.settings.not_understood();
    let first = lines.next()?;
    let more = match lines.count() {
        0 => String::new(),
        more => format!(", and {more} more"),
    };
    Some(Problem::new(
        host.host.to_string(),
        format!("of its settings `{first}`{more} was not understood; what that sets is not known"),
    ))
}
