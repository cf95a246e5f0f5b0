//! What is found in a folder like that of a machine.

use super::*;

const AUDIT: &[u8] = b"type=USER_CMD msg=audit(1700000000.123:45): pid=1 res=success\n";
const SYSLOG: &[u8] = b"Mar  1 10:15:00 host sshd[812]: text\n";

fn write(root: &Path, name: &str, bytes: &[u8]) {
    let path = root.join(name);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, bytes).unwrap();
}

fn names(root: &Path, found: &Discovered) -> Vec<String> {
    let name = |place: &LogPlace| {
        let path = place.path.strip_prefix(root).unwrap().display().to_string().replace('\\', "/");
        format!("{path} {}{}", place.kind.as_str(), if place.relay { " relay" } else { "" })
    };
    found.places.iter().map(name).collect()
}

#[test]
fn a_log_is_one_place_whatever_was_rotated_from_it() {
    let root = tempfile::tempdir().unwrap();
    let root = root.path();
    for name in ["audit/audit.log", "audit/audit.log.1", "audit/audit.log.2.gz"] {
        write(root, name, AUDIT);
    }
    for name in ["app.log", "app.log.1", "app-20260301.log", "syslog", "auth.log.1", "remote/10.0.0.1"] {
        write(root, name, SYSLOG);
    }
    for name in
        ["journal/f00d/system.journal", "journal/f00d/system@1-2.journal", "journal/f00d/user-1000.journal"]
    {
        write(root, name, b"LPKSHHRH");
    }
    write(root, "dpkg.log", b"2026-03-01 10:15:00 status installed rsyslog:amd64 8.2302.0\n");
    for name in ["Security.evtx", "Archive-Security-2026-01-01-00-00-00-000.evtx", "ForwardedEvents.evtx"] {
        write(root, name, b"");
    }
    let found = discover(&[root.to_owned()], &[root.join("remote")]);
    assert_eq!(
        names(root, &found),
        [
            "ForwardedEvents.evtx evtx relay",
            "Security.evtx evtx",
            "app.log syslog",
            "audit/audit.log auditd",
            "auth.log syslog",
            "journal/f00d journal",
            "remote/10.0.0.1 syslog relay",
            "syslog syslog",
        ]
    );
    assert_eq!(found.troubles, []);
    let journal = found.places.iter().find(|place| place.form == LogForm::Journal).unwrap();
    assert_eq!((journal.stream.as_deref(), &*journal.holds), (Some("journal f00d"), &[SourceId::Syslog][..]));
}

#[test]
fn a_file_becomes_a_log_once_it_is_written_like_one() {
    let root = tempfile::tempdir().unwrap();
    write(root.path(), "case", b"");
    let mut discovery = Discovery::new(vec![root.path().to_owned()], Vec::new());
    assert_eq!(discovery.look().places, []);
    write(root.path(), "case", SYSLOG);
    assert_eq!(names(root.path(), &discovery.look()), ["case syslog"]);
}

#[test]
fn what_is_not_there_is_told_with_what_would_be_in_it() {
    let found = discover(&["/nowhere/audit/audit.log".into()], &[]);
    let [trouble] = &*found.troubles else { panic!("{found:?}") };
    assert_eq!((trouble.status, trouble.kind), (SourceStatus::Missing, SourceKind::Auditd));
    assert_eq!(trouble.holds, [SourceId::Auditd]);
}
