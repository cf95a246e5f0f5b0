//! From paths to inventories: find the logs, scan them, tell their hosts apart.
//!
//! - [`find`]: which files under the paths given are logs; [`name`]: what their names say.
//! - [`read`]: scanning them, on several threads; [`open`]: their bytes, unpacked.
//! - [`hosts`]: which records belong to which host.
//! - [`own`]: this machine's own logs, and what is said where they are not.

pub mod find;
pub mod hosts;
pub mod name;
pub mod open;
pub mod own;
pub mod read;

use std::path::PathBuf;

use blindspot_catalog::Problem;
use blindspot_telemetry::Inventory;

use self::{hosts::OwnMachine, read::ReadOptions};
use crate::{files, progress::Progress};

/// What the logs under some paths came to.
#[derive(Debug, Default)]
pub struct Collected {
    /// One inventory per host, by name.
    pub hosts: Vec<Inventory>,
    /// What could not be read, or was not a log.
    pub problems: Vec<Problem>,
    /// Log files found.
    pub files: usize,
    /// Their bytes.
    pub bytes: u64,
}

/// Reads every log under these paths.
#[must_use]
pub fn collect(paths: &[PathBuf], options: &ReadOptions) -> Collected {
    let (found, problems) = files::find(paths, &find::LOGS);
    collect_files(&found, problems, options, None)
}

/// Reads this machine's own logs, and says which are not there.
#[must_use]
pub fn collect_own(options: &ReadOptions) -> Collected {
    let machine = own::machine();
    // What may not be looked into is said once, with what to do about it.
    let (found, _) = files::find(&own::paths(), &find::LOGS);
    let mut collected = collect_files(&found, Vec::new(), options, Some(&machine));
    let host = collected.hosts.iter_mut().find(|host| host.relay.is_none() && host.host == machine.name);
    if let Some(host) = host {
        own::note_absent(host, &mut collected.problems);
    }
    collected
}

fn collect_files(
    found: &[files::FoundFile],
    mut problems: Vec<Problem>,
    options: &ReadOptions,
    own: Option<&OwnMachine>,
) -> Collected {
    let bytes = found.iter().map(|file| file.size).sum();
    let progress = Progress::bytes("reading logs", bytes);
    let (readings, more) = read::read_all(found, options, &progress);
    progress.finish();
    problems.extend(more);
    let hosts = hosts::join(readings, own, &mut problems);
    Collected { hosts, problems, files: found.len(), bytes }
}
