//! This machine's own logs: where they are, and what is said where they are not.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use blindspot_catalog::Problem;
use blindspot_telemetry::{HostName, Inventory, Platform, Source, SourceId, SourceKind, SourceStatus};

use super::{hosts::OwnMachine, name::SYSLOG_NAMES, read::how_to_be_allowed};

/// Where Windows keeps its event logs.
const WINDOWS_LOGS: &str = r"C:\Windows\System32\winevt\Logs";
/// Where Linux keeps its logs.
const LINUX_LOGS: &str = "/var/log";
/// Where journald keeps a journal that does not outlive a restart.
const VOLATILE_JOURNAL: &str = "/run/log/journal";
/// Where Sysmon for Linux is installed.
const SYSMON_LINUX: &str = "/opt/sysmon";

/// The folders that hold this machine's logs.
#[must_use]
pub fn paths() -> Vec<PathBuf> {
    if cfg!(windows) {
        return vec![WINDOWS_LOGS.into()];
    }
    [LINUX_LOGS, VOLATILE_JOURNAL].into_iter().map(PathBuf::from).filter(|path| path.is_dir()).collect()
}

/// This machine.
#[must_use]
pub fn machine() -> OwnMachine {
    let in_logs = |name: &&str| Path::new(LINUX_LOGS).join(name).display().to_string();
    OwnMachine {
        name: HostName::new(gethostname::gethostname().to_string_lossy().as_ref()),
        platform: if cfg!(windows) { Platform::Windows } else { Platform::Linux },
        own_streams: SYSLOG_NAMES.iter().map(in_logs).collect(),
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

/// Adds to this machine's inventory the sources that are not there or may not be read, and says what to do.
pub fn note_absent(host: &mut Inventory, problems: &mut Vec<Problem>) {
    if host.platform != Platform::Linux {
        return;
    }
    for expected in expected() {
        let denied = expected.places.iter().find(|place| is_denied(place));
        if let Some(place) = denied {
            host.sources.push(source(place.display().to_string(), &expected, SourceStatus::Denied));
            problems.push(Problem::new(place.display().to_string(), how_to_be_allowed(expected.kind)));
        } else if !host.sources.iter().any(|source| source.kind == expected.kind) {
            let place = expected
                .places
                .first()
                .map_or_else(|| LINUX_LOGS.to_owned(), |place| place.display().to_string());
            problems.push(Problem::new(place.clone(), expected.absent));
            host.sources.push(source(place, &expected, SourceStatus::Missing));
        }
    }
    note_sysmon(host);
}

/// Sysmon for Linux has no log of its own: it is missing where it is not installed, whatever was read.
fn note_sysmon(host: &mut Inventory) {
    let seen = host.sources.iter().any(|source| source.holds.contains(&SourceId::SysmonLinux));
    if seen {
        return;
    }
    let expected =
        Expected { kind: SourceKind::Syslog, holds: SourceId::SysmonLinux, places: Vec::new(), absent: "" };
    let installed = Path::new(SYSMON_LINUX).is_dir();
    let status = if installed { SourceStatus::Empty } else { SourceStatus::Missing };
    host.sources.push(source(SYSMON_LINUX.to_owned(), &expected, status));
}

fn source(path: String, expected: &Expected, status: SourceStatus) -> Source {
    Source {
        path,
        kind: expected.kind,
        status,
        holds: vec![expected.holds.clone()],
        records: 0,
        damaged: 0,
        oldest: None,
        newest: None,
        size_bytes: None,
    }
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
