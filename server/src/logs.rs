//! From paths to inventories: find the logs, scan them, tell their hosts apart.
//!
//! - [`find`]: which files under the paths given are logs.
//! - [`read`]: scanning them, on several threads; [`open`]: their bytes, unpacked.
//! - [`hosts`]: which records belong to which host.
//! - [`mod@settings`]: what hosts are set to record.
//! - [`own`]: this machine, and what is said where its logs are not there.

pub mod find;
pub mod hosts;
pub mod open;
pub mod own;
pub mod read;
pub mod settings;

use std::path::PathBuf;

use blindspot_catalog::Problem;
use blindspot_sampling::{machine, settings::SettingsFile};
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
    let (mut logs, mut problems) = files::find(paths, &find::LOGS);
    logs.retain(|file| !machine::is_settings(&file.path));
    let settings = settings::beside_logs(paths, &mut problems);
    collect_files(Found { logs, settings }, problems, options, None)
}

/// Reads this machine's own logs, and says which are not there.
#[must_use]
pub fn collect_own(options: &ReadOptions) -> Collected {
    let own = own::machine();
    // What may not be looked into is said once, with what to do about it.
    let (logs, _) = files::find(&machine::log_folders(), &find::LOGS);
    let mut problems = Vec::new();
    let own_settings = settings::own(&mut problems);
    let found = Found { logs, settings: Vec::new() };
    let mut collected = collect_files(found, problems, options, Some(&own));
    let host = collected.hosts.iter_mut().find(|host| host.relay.is_none() && host.host == own.name);
    if let Some(host) = host {
        host.settings = blindspot_sampling::settings::read(&own_settings);
        collected.problems.extend(settings::doubts(host));
        own::note_absent(host, &mut collected.problems);
    }
    collected
}

/// What lies under some paths.
struct Found {
    logs: Vec<files::FoundFile>,
    settings: Vec<(PathBuf, SettingsFile)>,
}

fn collect_files(
    found: Found,
    mut problems: Vec<Problem>,
    options: &ReadOptions,
    own: Option<&OwnMachine>,
) -> Collected {
    let bytes = found.logs.iter().map(|file| file.size).sum();
    let progress = Progress::bytes("reading logs", bytes);
    let (readings, more) = read::read_all(&found.logs, options, &progress);
    progress.finish();
    problems.extend(more);
    let hosts = hosts::join(readings, found.settings, own, &mut problems);
    problems.extend(hosts.iter().filter_map(settings::doubts));
    Collected { hosts, problems, files: found.logs.len(), bytes }
}
