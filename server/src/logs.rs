//! From paths to inventories: find the logs, scan them, tell their hosts apart.
//!
//! - [`find`]: which files under the paths given are logs.
//! - [`read`]: scanning them, on several threads.
//! - [`hosts`]: which records belong to which host.

pub mod find;
pub mod hosts;
pub mod read;

use std::{num::NonZeroUsize, path::PathBuf};

use blindspot_catalog::Problem;
use blindspot_telemetry::Inventory;

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
pub fn collect(paths: &[PathBuf], detail: blindspot_sampling::Detail, threads: NonZeroUsize) -> Collected {
    let (files, mut problems) = files::find(paths, &find::LOGS);
    let bytes = files.iter().map(|file| file.size).sum();
    let progress = Progress::bytes("reading logs", bytes);
    let (readings, more) = read::read_all(&files, detail, threads, &progress);
    progress.finish();
    problems.extend(more);
    let hosts = hosts::join(readings, &mut problems);
    Collected { hosts, problems, files: files.len(), bytes }
}
