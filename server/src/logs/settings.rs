//! What hosts are set to record: configuration files of this machine, or copies of them beside the logs given.

use std::{
    fs, io,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use blindspot_catalog::Problem;
use blindspot_sampling::settings::{SettingsFile, SettingsFiles, SettingsKind};

use crate::files::{self, Wanted};

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

const CONFIGURATION: Wanted = Wanted { is: is_settings, none: "" };

/// True for a file that says what a host is set to record.
#[must_use]
pub fn is_settings(path: &Path) -> bool {
    kind(path).is_some()
}

fn kind(path: &Path) -> Option<SettingsKind> {
    SettingsKind::of_path(path.to_str()?)
}

/// The configuration files under the paths given.
#[must_use]
pub fn beside_logs(paths: &[PathBuf], problems: &mut Vec<Problem>) -> Vec<(PathBuf, SettingsFile)> {
    let existing: Vec<PathBuf> = paths.iter().filter(|path| path.exists()).cloned().collect();
    let (found, _) = files::find(&existing, &CONFIGURATION);
    let found = found.into_iter().map(|file| file.path).filter(|path| is_settings(path));
    found.filter_map(|path| read(&path, problems).map(|file| (path, file))).collect()
}

/// What this machine's configuration says, and the kernel, where it may be asked.
#[must_use]
pub fn own(problems: &mut Vec<Problem>) -> SettingsFiles {
    let places: Vec<PathBuf> = OWN_PLACES.iter().map(PathBuf::from).filter(|place| place.exists()).collect();
    if let Err(error) = fs::read_dir(AUDIT_FOLDER)
        && error.kind() == io::ErrorKind::PermissionDenied
    {
        problems
            .push(Problem::new(AUDIT_FOLDER, "may not be read: run as root to have the audit rules judged"));
    }
    let files = beside_logs(&places, problems).into_iter().map(|(_, file)| file);
    SettingsFiles {
        files: files.chain(QUESTIONS.into_iter().filter_map(|(kind, flag)| ask(kind, flag))).collect(),
        journal_folder: Some(Path::new("/var/log/journal").is_dir()),
        looked_for_syslog: true,
    }
}

fn read(path: &Path, problems: &mut Vec<Problem>) -> Option<SettingsFile> {
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
            problems.push(Problem::new(name, what));
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
