//! Which files are logs: by what they begin with, or by a name that promises it.

use std::{fs::File, io, path::Path};

use blindspot_sampling::{
    machine,
    sniff::{self, LogKind},
};

use super::open;
use crate::files::Wanted;

/// Logs that Blindspot reads.
pub const LOGS: Wanted = Wanted {
    is: is_log,
    none: "no log in this folder; Blindspot reads .evtx files, audit.log, syslog files and the systemd journal",
};

/// Windows event logs, which a second parser can verify.
pub const EVTX: Wanted = Wanted {
    is: |path| matches!(kind(path), Some(LogKind::Evtx)),
    none: "no .evtx file in this folder; other logs are read by one parser only",
};

fn is_log(path: &Path) -> bool {
    kind(path).is_some()
}

/// The kind of a file. One that cannot be opened is not known to be a log; only its name could have said so.
fn kind(path: &Path) -> Option<LogKind> {
    let begins = || -> io::Result<Option<LogKind>> {
        let head = open::head(File::open(path)?)?;
        Ok(sniff::kind_of(&head))
    };
    machine::promised(path).or_else(|| begins().ok().flatten())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_log_is_known_by_its_name_or_its_first_bytes() {
        let root = tempfile::tempdir().unwrap();
        let write = |name: &str, bytes: &[u8]| {
            let path = root.path().join(name);
            std::fs::write(&path, bytes).unwrap();
            path
        };
        assert!(is_log(&write("Security.EVTX", b"")));
        assert!(is_log(&write("renamed.bin", b"ElfFile\0and more")));
        assert!(is_log(&write(
            "case.txt",
            b"type=USER_CMD msg=audit(1700000000.123:45): pid=1 res=success\n"
        )));
        assert!(!is_log(&write("notes.txt", b"ElfFil")));
        assert!(!is_log(&write(
            "dpkg.log",
            b"2026-03-01 10:15:00 status installed rsyslog:amd64 8.2302.0\n"
        )));
    }
}
