//! What a log's file name says: what it holds, and which log it is a part of.

use std::path::Path;

use crate::{evtx, sniff::LogKind, text::Format};

/// Endings of packed files.
const PACKED: [&str; 6] = ["gz", "xz", "zst", "bz2", "lz4", "zip"];

/// Files that syslog daemons write by default on the common distributions.
pub const SYSLOG_NAMES: [&str; 16] = [
    "syslog",
    "messages",
    "auth.log",
    "secure",
    "authlog",
    "cron",
    "cron.log",
    "kern.log",
    "daemon.log",
    "user.log",
    "mail.log",
    "maillog",
    "mail.err",
    "mail.warn",
    "debug",
    "boot.log",
];

/// The kind of log that a file's name promises, whatever the file holds.
#[must_use]
pub fn promised(path: &Path) -> Option<LogKind> {
    let name = file_name(path);
    let base = without_rotation(name);
    if evtx::channel_of_file_name(name).is_some() {
        Some(LogKind::Evtx)
    } else if is_journal(name) {
        Some(LogKind::Journal)
    } else if base == "audit.log" {
        Some(LogKind::Text(Format::Auditd))
    } else if SYSLOG_NAMES.contains(&base) {
        Some(LogKind::Text(Format::Syslog))
    } else {
        None
    }
}

/// The log that a file is a part of: rotated and packed files are parts of one log, and so are the files of a journal.
#[must_use]
pub fn stream(path: &Path, kind: LogKind) -> Option<String> {
    match kind {
        LogKind::Evtx => None,
        LogKind::Journal => {
            let machine = path.parent().and_then(Path::file_name).unwrap_or_default();
            Some(format!("journal {}", machine.display()))
        }
        LogKind::Text(_) => {
            Some(path.with_file_name(without_rotation(file_name(path))).display().to_string())
        }
    }
}

fn file_name(path: &Path) -> &str {
    path.file_name().and_then(|name| name.to_str()).unwrap_or_default()
}

/// True for the names that journald gives its files; `~` marks one that was not closed.
fn is_journal(name: &str) -> bool {
    name.ends_with(".journal") || name.ends_with(".journal~")
}

/// A file name without what rotation adds: `syslog.2.gz`, `messages-20260301`, `auth.log.1`.
#[must_use]
pub fn without_rotation(name: &str) -> &str {
    let mut base = match name.rsplit_once('.') {
        Some((rest, ending)) if PACKED.contains(&ending) => rest,
        _ => name,
    };
    while let Some((rest, part)) = base.rsplit_once(['.', '-']) {
        if rest.is_empty() || part.is_empty() || !part.bytes().all(|byte| byte.is_ascii_digit()) {
            break;
        }
        base = rest;
    }
    base
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rotated_and_packed_files_are_parts_of_one_log() {
        for name in
            ["auth.log", "auth.log.1", "auth.log.2.gz", "auth.log-20260301", "auth.log-20260301-1772.xz"]
        {
            assert_eq!(without_rotation(name), "auth.log", "{name}");
        }
        assert_eq!(without_rotation("10.log"), "10.log");
        assert_eq!(without_rotation("fw-1.log"), "fw-1.log");
    }

    #[test]
    fn a_name_promises_what_it_is_known_for() {
        let promised = |name: &str| promised(Path::new(name));
        assert_eq!(promised("Security.EVTX"), Some(LogKind::Evtx));
        assert_eq!(promised("a/system@000.journal~"), Some(LogKind::Journal));
        assert_eq!(promised("audit.log.3"), Some(LogKind::Text(Format::Auditd)));
        assert_eq!(promised("messages-20260301.xz"), Some(LogKind::Text(Format::Syslog)));
        assert_eq!(promised("dpkg.log"), None);
    }
}
