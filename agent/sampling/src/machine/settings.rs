//! What this machine is set to record: its configuration files, and what the kernel answers.

use std::{
    fs, io,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use super::Trouble;
use crate::settings::{SettingsFile, SettingsFiles, SettingsKind};

/// Configuration files are small; more of one than this is not read.
const MAX_BYTES: u64 = 4 << 20;

/// Files and folders of this machine that say what it records.
const OWN_PLACES: [&str; 12] = [
    "/etc/audit/audit.rules",
    "/etc/audit/rules.d",
    "/etc/audit/auditd.conf",
    "/etc/systemd/journald.conf",
    "/usr/lib/systemd/journald.conf.d",
    "/run/systemd/journald.conf.d",
    "/etc/systemd/journald.conf.d",
    "/etc/rsyslog.conf",
    "/etc/rsyslog.d",
    "/etc/syslog-ng/syslog-ng.conf",
    "/etc/syslog-ng/conf.d",
    "/opt/sysmon/config.xml",
];

const AUDIT_FOLDER: &str = "/etc/audit";

/// What the kernel is asked, on this machine only.
const QUESTIONS: [(SettingsKind, &str); 2] =
    [(SettingsKind::LoadedAuditRules, "-l"), (SettingsKind::AuditStatus, "-s")];

/// True for a file that says what a host is set to record.
#[must_use]
pub fn is_settings(path: &Path) -> bool {
    kind(path).is_some()
}

fn kind(path: &Path) -> Option<SettingsKind> {
    SettingsKind::of_path(path.to_str()?)
}

/// What this machine's configuration says, and the kernel, where it may be asked.
#[must_use]
pub fn own_settings(troubles: &mut Vec<Trouble>) -> SettingsFiles {
    if let Err(error) = fs::read_dir(AUDIT_FOLDER)
        && error.kind() == io::ErrorKind::PermissionDenied
    {
        let what = "may not be read: run as root to have the audit rules judged".to_owned();
        troubles.push(Trouble { place: AUDIT_FOLDER.to_owned(), what });
    }
    let mut paths: Vec<PathBuf> = OWN_PLACES.iter().flat_map(|place| files_of(Path::new(place))).collect();
    paths.sort();
    let files: Vec<SettingsFile> = paths.iter().filter_map(|path| read_settings(path, troubles)).collect();
    SettingsFiles {
        files: files
            .into_iter()
            .chain(QUESTIONS.into_iter().filter_map(|(kind, flag)| ask(kind, flag)))
            .collect(),
        journal_folder: Some(Path::new("/var/log/journal").is_dir()),
        looked_for_syslog: true,
    }
}

/// The configuration files in a folder, or the one that this is.
fn files_of(place: &Path) -> Vec<PathBuf> {
    match fs::read_dir(place) {
        Ok(entries) => {
            let paths = entries.flatten().map(|entry| entry.path());
            paths.filter(|path| path.is_file() && is_settings(path)).collect()
        }
        Err(_) if place.is_file() => vec![place.to_owned()],
        Err(_) => Vec::new(),
    }
}

/// A configuration file; `None` where it is none, or cannot be read.
pub fn read_settings(path: &Path, troubles: &mut Vec<Trouble>) -> Option<SettingsFile> {
    let name = path.display().to_string();
    let bytes = || -> io::Result<Vec<u8>> {
        let size = fs::metadata(path)?.len();
        if size > MAX_BYTES {
            return Err(io::Error::other(format!("{size} bytes, more than a configuration file has")));
        }
        fs::read(path)
    };
    match bytes() {
        Ok(bytes) => Some(SettingsFile { kind: kind(path)?, name, bytes }),
        Err(error) => {
            let advice = match error.kind() {
                io::ErrorKind::PermissionDenied => "; run as root to have it judged",
                _ => "",
            };
            let what = format!("could not be read: {error}{advice}; what it sets is not known");
            troubles.push(Trouble { place: name, what });
            None
        }
    }
}

/// What `auditctl` answers. It needs root: without an answer the rules are not known, and their files count.
fn ask(kind: SettingsKind, flag: &str) -> Option<SettingsFile> {
    let program =
        ["/usr/sbin/auditctl", "/sbin/auditctl"].into_iter().find(|path| Path::new(path).exists())?;
    let answer = Command::new(program).arg(flag).stdin(Stdio::null()).output().ok()?;
    answer.status.success().then(|| SettingsFile {
        kind,
        name: format!("auditctl {flag}"),
        bytes: answer.stdout,
    })
}
