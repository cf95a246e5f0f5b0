//! This machine's own logs: where they are, and what is said where they are not.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use blindspot_telemetry::{Source, SourceId, SourceKind, SourceStatus};

use super::name::SYSLOG_NAMES;

/// Where Windows keeps its event logs.
const WINDOWS_LOGS: &str = r"C:\Windows\System32\winevt\Logs";
/// Where Linux keeps its logs.
const LINUX_LOGS: &str = "/var/log";
/// Where journald keeps a journal that does not outlive a restart.
const VOLATILE_JOURNAL: &str = "/run/log/journal";
/// Where Sysmon for Linux is installed.
const SYSMON_LINUX: &str = "/opt/sysmon";

/// The folders that hold this machine's logs, of which those of Linux are only named where they exist.
#[must_use]
pub fn log_folders() -> Vec<PathBuf> {
    if cfg!(windows) {
        return vec![WINDOWS_LOGS.into()];
    }
    [LINUX_LOGS, VOLATILE_JOURNAL].into_iter().map(PathBuf::from).filter(|path| path.is_dir()).collect()
}

/// The streams ([`stream`](super::stream)) of logs that only this machine itself writes.
#[must_use]
pub fn own_streams() -> Vec<String> {
    let in_logs = |name: &&str| Path::new(LINUX_LOGS).join(name).display().to_string();
    SYSLOG_NAMES.iter().map(in_logs).collect()
}

/// A source that a machine is expected to have, and that was not read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Absent {
    /// Where it would lie.
    pub path: PathBuf,
    /// What kind of log it would be.
    pub kind: SourceKind,
    /// What it would hold.
    pub holds: SourceId,
    /// [`Missing`](SourceStatus::Missing), [`Denied`](SourceStatus::Denied) or, where what writes it is there and has
    /// written nothing, [`Empty`](SourceStatus::Empty).
    pub status: SourceStatus,
    /// What its absence means, and what to do. `None` for one that is denied ([`how_to_be_allowed`]), and where there
    /// is nothing to say.
    pub advice: Option<&'static str>,
}

impl Absent {
    /// It as a source.
    #[must_use]
    pub fn source(&self) -> Source {
        Source {
            path: self.path.display().to_string(),
            kind: self.kind,
            status: self.status,
            holds: vec![self.holds.clone()],
            records: 0,
            damaged: 0,
            oldest: None,
            newest: None,
            size_bytes: None,
        }
    }
}

/// The sources that this machine is expected to have, and that are not among these sources of it, which were read or
/// could not be: Linux has an audit log, a journal, syslog files and perhaps Sysmon. Of Windows nothing is expected yet.
#[must_use]
pub fn absent(sources: &[Source]) -> Vec<Absent> {
    if cfg!(windows) {
        return Vec::new();
    }
    expected().into_iter().filter_map(|expected| expected.absence(sources)).chain(sysmon(sources)).collect()
}

/// What to do to be allowed to read a log of this kind.
#[must_use]
pub fn how_to_be_allowed(kind: SourceKind) -> &'static str {
    match kind {
        SourceKind::Evtx => "run as a user who may read it (the Security log needs an administrator)",
        SourceKind::Auditd => "run as root: sudo blindspot audit",
        SourceKind::Syslog => {
            "run as root, or be a member of the group adm: sudo usermod -aG adm $USER, and log in again"
        }
        SourceKind::Journal => {
            "run as root, or be a member of the group systemd-journal: sudo usermod -aG systemd-journal $USER, and log in \
             again"
        }
    }
}

/// What to do so that an agent may read a log of this kind.
#[must_use]
pub fn how_to_allow_agent(kind: SourceKind) -> &'static str {
    match kind {
        SourceKind::Evtx => "run the agent as LocalSystem, or add its account to the group Event Log Readers",
        SourceKind::Auditd => "run the agent as root, or give its group the log: log_group= in auditd.conf",
        SourceKind::Syslog => "run the agent as root, or add its user to the group adm",
        SourceKind::Journal => "run the agent as root, or add its user to the group systemd-journal",
    }
}

/// A source that a Linux machine is expected to have.
struct Expected {
    kind: SourceKind,
    holds: SourceId,
    /// Where it lies.
    places: Vec<PathBuf>,
    /// What its absence means, and what to do.
    absent: &'static str,
}

fn expected() -> Vec<Expected> {
    let installed = |program: &str| {
        ["/usr/sbin", "/sbin", "/usr/bin"].iter().any(|bin| Path::new(bin).join(program).exists())
    };
    vec![
        Expected {
            kind: SourceKind::Auditd,
            holds: SourceId::Auditd,
            places: vec![Path::new(LINUX_LOGS).join("audit")],
            absent: if installed("auditd") {
                "auditd is installed and has written no log; start it with: systemctl enable --now auditd"
            } else {
                "there is no audit log: auditd is not installed; install it with: apt install auditd, or dnf install audit"
            },
        },
        Expected {
            kind: SourceKind::Journal,
            holds: SourceId::Syslog,
            places: vec![Path::new(LINUX_LOGS).join("journal"), VOLATILE_JOURNAL.into()],
            absent: "there is no journal: systemd-journald does not run here, or keeps none (Storage=none in \
                     journald.conf)",
        },
        Expected {
            kind: SourceKind::Syslog,
            holds: SourceId::Syslog,
            places: Vec::new(),
            absent: "no syslog file: no syslog daemon writes one here (where a journal is read, that is enough; \
                     otherwise install one with: apt install rsyslog)",
        },
    ]
}

impl Expected {
    fn absence(self, sources: &[Source]) -> Option<Absent> {
        let denied = self.places.iter().find(|place| is_denied(place)).cloned();
        let missing = || !sources.iter().any(|source| source.kind == self.kind);
        let is_known = |place: &Path| sources.iter().any(|source| Path::new(&source.path) == place);
        let (path, status, advice) = match denied {
            Some(place) if is_known(&place) => return None,
            Some(place) => (place, SourceStatus::Denied, None),
            None if missing() => {
                let place = self.places.first().cloned().unwrap_or_else(|| LINUX_LOGS.into());
                (place, SourceStatus::Missing, Some(self.absent))
            }
            None => return None,
        };
        Some(Absent { path, kind: self.kind, holds: self.holds, status, advice })
    }
}

/// Sysmon for Linux has no log of its own: it is missing where it is not installed, whatever was read.
fn sysmon(sources: &[Source]) -> Option<Absent> {
    let seen = sources.iter().any(|source| source.holds.contains(&SourceId::SysmonLinux));
    let installed = Path::new(SYSMON_LINUX).is_dir();
    (!seen).then(|| Absent {
        path: SYSMON_LINUX.into(),
        kind: SourceKind::Syslog,
        holds: SourceId::SysmonLinux,
        status: if installed { SourceStatus::Empty } else { SourceStatus::Missing },
        advice: None,
    })
}

/// True for a folder that is there, or one in it, and may not be looked into.
fn is_denied(folder: &Path) -> bool {
    let denied = |error: &io::Error| error.kind() == io::ErrorKind::PermissionDenied;
    match fs::read_dir(folder) {
        Err(error) => denied(&error),
        Ok(entries) => entries
            .flatten()
            .filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_dir()))
            .any(|entry| fs::read_dir(entry.path()).is_err_and(|error| denied(&error))),
    }
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn what_was_read_is_not_absent_and_the_rest_is() {
        let read = Absent {
            path: "/x/audit.log".into(),
            kind: SourceKind::Auditd,
            holds: SourceId::Auditd,
            status: SourceStatus::Read,
            advice: None,
        };
        let absent = absent(&[read.source()]);
        assert!(
            absent.iter().all(|each| each.kind != SourceKind::Auditd || each.status == SourceStatus::Denied)
        );
        let syslog =
            absent.iter().find(|each| each.holds == SourceId::Syslog && each.kind == SourceKind::Syslog);
        let syslog = syslog.expect("no syslog file was read");
        assert_eq!((syslog.status, syslog.path.as_path()), (SourceStatus::Missing, Path::new(LINUX_LOGS)));
        assert!(absent.iter().any(|each| each.holds == SourceId::SysmonLinux));
    }
}
