//! Logs of a real audit daemon, counted as the audit project's own programs count them.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
    process::Command,
};

use blindspot_sampling::text::{Format, LogScan};
use blindspot_telemetry::EventType;
use blindspot_tests::audit_daemon::{Daemon, Style, work};
use tempfile::TempDir;

use crate::support::{count, counts_by, output};

const RAW: Style = Style { log_format: "RAW", name_format: "NONE", max_log_file_megabytes: 64 };
const ENRICHED: Style = Style { log_format: "ENRICHED", ..RAW };

/// Starts a daemon, gives it something to record, and compares each file that it wrote. Gives what was counted.
#[track_caller]
fn recorded(style: Style, activity: impl Fn(&mut Daemon)) -> Option<Vec<LogScan>> {
    let mut daemon = Daemon::start(style)?;
    activity(&mut daemon);
    daemon.flush("all-is-done");
    let logs = daemon.finish();
    Some(logs.iter().map(|(name, log)| agreed(name, log)).collect())
}

/// A record's line, as far as it tells which event it belongs to: the host, the type, the time with the serial number.
pub fn naive(line: &str) -> Option<(&str, &str, &str)> {
    let (node, line) = match line.strip_prefix("node=") {
        Some(line) => line.split_once(' ')?,
        None => ("", line),
    };
    let (record_type, rest) = line.strip_prefix("type=")?.split_once(' ')?;
    Some((node, record_type, rest.strip_prefix("msg=audit(")?.split(')').next()?))
}

/// Lines by record type, told without any of our code.
pub fn naive_counts(text: &str) -> BTreeMap<String, u64> {
    let mut counts = BTreeMap::new();
    for (_, record_type, _) in text.lines().filter_map(naive) {
        *counts.entry(record_type.to_owned()).or_default() += 1;
    }
    counts
}

/// Records by type, as we count them.
pub fn our_counts(scan: &LogScan) -> BTreeMap<String, u64> {
    counts_by(scan, |event_type| match event_type {
        EventType::Auditd { record_type, .. } => Some(record_type.to_string()),
        _ => None,
    })
}

/// `SYSCALL` records by call, as we count them.
fn our_calls(scan: &LogScan) -> BTreeMap<String, u64> {
    counts_by(scan, |event_type| match event_type {
        EventType::Auditd { syscall, .. } => syscall.as_ref().map(ToString::to_string),
        _ => None,
    })
}

/// Counts a log, and compares the counts with those of `ausearch` and `aureport`.
#[track_caller]
fn agreed(name: &str, log: &[u8]) -> LogScan {
    let folder = TempDir::new().expect("a folder");
    let path = folder.path().join(name);
    fs::write(&path, log).expect("a copy of the log");
    let scan = count(log, Format::Auditd);
    assert_eq!((scan.damaged, scan.undated, scan.oversize, scan.continued), (0, 0, 0, 0), "{name}");
    assert_eq!((scan.uncounted, scan.fields_uncounted), (0, 0), "{name}");

    let text = String::from_utf8_lossy(log);
    assert_eq!(our_counts(&scan), naive_counts(&text), "{name}: lines by type");
    let searched = ausearch(&path, &[]);
    assert_eq!(our_counts(&scan), naive_counts(&searched), "{name}: `ausearch` by type");
    let events: BTreeSet<_> =
        searched.lines().filter_map(naive).map(|(node, _, stamp)| (node, stamp)).collect();
    assert_eq!(scan.audit_events, events.len() as u64, "{name}: events of `ausearch`");

    for (call, ours) in our_calls(&scan) {
        let found = naive_counts(&ausearch(&path, &["-sc", &call]));
        assert_eq!(found.get("SYSCALL"), Some(&ours), "{name}: `ausearch -sc {call}`");
    }
    let calls: u64 = our_calls(&scan).values().sum();
    assert_eq!(
        calls,
        our_counts(&scan).get("SYSCALL").copied().unwrap_or_default(),
        "{name}: every call is named"
    );
    assert_eq!(summary(&path), scan.audit_events, "{name}: events of `aureport`");
    eprintln!("{name}: {} records, {} audit events, {calls} calls: agreed", scan.records, scan.audit_events);
    scan
}

fn ausearch(path: &Path, arguments: &[&str]) -> String {
    let path = path.to_str().expect("a path in UTF-8");
    output("ausearch", &[&["-if", path, "--raw"], arguments].concat())
        .expect("ausearch is there where auditd is")
}

/// The sum of `aureport --event --summary`, which counts every event under its main type.
fn summary(path: &Path) -> u64 {
    let path = path.to_str().expect("a path in UTF-8");
    let report = output("aureport", &["-if", path, "--event", "--summary"]).expect("aureport");
    report.lines().filter_map(|line| line.split_once(' ')?.0.parse::<u64>().ok()).sum()
}

#[test]
fn a_busy_log_is_counted_as_ausearch_counts_it() {
    for style in [RAW, ENRICHED] {
        let Some(scans) = recorded(style, |daemon| {
            daemon.watch_work();
            work(daemon, 100);
        }) else {
            return;
        };
        let [scan] = scans.as_slice() else { panic!("one file, not {}", scans.len()) };
        let calls = our_calls(scan);
        for call in ["execve", "connect", "mkdir", "rmdir"] {
            assert!(calls.get(call).is_some_and(|count| *count >= 100), "{call}: {calls:?}");
        }
        let types = our_counts(scan);
        for record_type in ["EXECVE", "CWD", "PATH", "PROCTITLE", "SOCKADDR"] {
            assert!(types.get(record_type).is_some_and(|count| *count >= 100), "{record_type}: {types:?}");
        }
        assert!(scan.audit_events >= 500 && scan.audit_events < scan.records, "{scan:?}");
    }
}

#[test]
fn an_idle_log_holds_the_daemon_alone() {
    for style in [RAW, ENRICHED] {
        let Some(scans) = recorded(style, |_| ()) else { return };
        let types = our_counts(&scans[0]);
        for record_type in ["DAEMON_START", "DAEMON_END", "USER"] {
            assert_eq!(types.get(record_type), Some(&1), "{record_type}: {types:?}");
        }
        assert_eq!(our_calls(&scans[0]).len(), usize::from(types.contains_key("SYSCALL")));
    }
}

#[test]
fn a_named_log_tells_its_host() {
    for (name_format, expected) in [("USER", Some("named-by-its-owner")), ("HOSTNAME", None)] {
        for style in [RAW, ENRICHED] {
            let Some(scans) = recorded(Style { name_format, ..style }, |daemon| {
                daemon.watch_work();
                work(daemon, 5);
            }) else {
                return;
            };
            let [host] = scans[0].hosts.as_slice() else { panic!("one host: {:?}", scans[0].hosts) };
            let name = host.name.as_ref().expect("the host is named").to_string();
            assert!(expected.is_none_or(|expected| expected == name), "{name}");
        }
    }
}

#[test]
fn a_log_that_is_rotated_is_counted_file_by_file() {
    for style in [RAW, ENRICHED] {
        let Some(scans) = recorded(style, |daemon| {
            daemon.watch_work();
            for round in 0..3 {
                work(daemon, 10);
                daemon.flush(&format!("round-{round}-is-done"));
                daemon.rotate();
            }
        }) else {
            return;
        };
        assert_eq!(scans.len(), 4);
        let executed = |scan: &LogScan| our_calls(scan).get("execve").copied().unwrap_or_default();
        assert!(scans[1..].iter().all(|scan| executed(scan) >= 10));
    }
}

#[test]
fn a_log_that_rotates_at_its_size_is_counted_file_by_file() {
    let style = Style { max_log_file_megabytes: 1, ..ENRICHED };
    let Some(scans) = recorded(style, |daemon| {
        daemon.watch_work();
        work(daemon, 400);
    }) else {
        return;
    };
    assert!(scans.len() >= 2, "{} files", scans.len());
}

#[test]
fn a_log_of_several_processors_is_counted_whole() {
    let Some(scans) = recorded(RAW, |daemon| {
        daemon.watch_work();
        let daemon = &*daemon;
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| work(daemon, 40));
            }
        });
    }) else {
        return;
    };
    assert!(our_calls(&scans[0]).get("execve").is_some_and(|count| *count >= 160));
}

#[test]
fn a_command_of_many_and_long_arguments_is_one_event() {
    for style in [RAW, ENRICHED] {
        let Some(scans) = recorded(style, |daemon| {
            daemon.watch_work();
            let long = "a long argument ".repeat(4000);
            let many = (0..300).map(|number| number.to_string());
            let status = Command::new("true").arg(&long).args(many).status();
            assert!(status.expect("`true` runs").success());
        }) else {
            return;
        };
        let execve: EventType = "auditd:EXECVE".parse().expect("an event type");
        let observed = &scans[0].hosts[0].event_types[&execve];
        let fields: BTreeSet<&str> = observed.fields.keys().map(|name| name.as_str()).collect();
        let arguments: Vec<String> = (0..32).map(|number| format!("a{number}")).collect();
        // The kernel gives the length of an argument that it must cut into pieces.
        let expected: BTreeSet<&str> =
            arguments.iter().map(String::as_str).chain(["argc", "a1_len"]).collect();
        assert_eq!(fields, expected);
    }
}
