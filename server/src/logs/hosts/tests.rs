//! Joining logs to hosts, on readings made for it.

use blindspot_telemetry::{Hour, SourceId, SourceKind, SourceStatus};
use jiff::Timestamp;

use super::*;

/// A file whose records are of these computers, one event each.
fn file(path: &str, computers: &[&str]) -> Reading {
    let seen = Observed {
        count: 1,
        first: Timestamp::UNIX_EPOCH,
        last: Timestamp::UNIX_EPOCH,
        hours: BTreeMap::from([(Hour(0), 1)]),
        fields: BTreeMap::new(),
    };
    let computer = |name: &&str| Computer {
        name: (!name.is_empty()).then(|| HostName::new(*name)),
        event_types: BTreeMap::from([("security:4624".parse().unwrap(), seen.clone())]),
    };
    Reading {
        path: path.into(),
        source: Source {
            path: path.to_owned(),
            kind: SourceKind::Evtx,
            status: if computers.is_empty() { SourceStatus::Empty } else { SourceStatus::Read },
            holds: vec![SourceId::Channel("Security".into())],
            records: computers.len() as u64,
            damaged: 0,
            oldest: None,
            newest: None,
            size_bytes: None,
        },
        computers: computers.iter().map(computer).collect(),
        relay: false,
        stream: None,
    }
}

/// Each host as `name(aliases) events files`, with its relay before it.
fn joined(readings: Vec<Reading>) -> (Vec<String>, Vec<Problem>) {
    let mut problems = Vec::new();
    let shown = join(readings, Vec::new(), None, &mut problems).into_iter().map(|host| {
        let aliases: Vec<&str> = host.aliases.iter().map(HostName::as_str).collect();
        let events: u64 = host.event_types.values().map(|seen| seen.count).sum();
        let relay = host.relay.map(|relay| format!("{relay}>")).unwrap_or_default();
        format!("{relay}{}({}) {events} {}", host.host, aliases.join(","), host.sources.len())
    });
    (shown.collect(), problems)
}

#[test]
fn names_that_follow_each_other_are_one_renamed_host() {
    let (hosts, _) =
        joined(vec![file("a/Security.evtx", &["WIN-1", "DC01"]), file("a/System.evtx", &["dc01"])]);
    assert_eq!(hosts, ["DC01(WIN-1) 3 2"]);
}

#[test]
fn an_old_name_joins_its_host_only_where_one_host_claims_it() {
    let (hosts, _) = joined(vec![file("a/1.evtx", &["BASE", "A"]), file("a/2.evtx", &["BASE"])]);
    assert_eq!(hosts, ["A(BASE) 3 2"]);
    let clones =
        vec![file("a/1.evtx", &["BASE", "A"]), file("b/1.evtx", &["BASE", "B"]), file("c/2.evtx", &["BASE"])];
    assert_eq!(joined(clones).0, ["A(BASE) 2 1", "B(BASE) 2 1", "BASE() 1 1"]);
}

#[test]
fn a_relayed_host_is_never_merged_with_one_of_its_name() {
    let relayed = Reading { relay: true, ..file("c/ForwardedEvents.evtx", &["DC01", "WS01"]) };
    let (hosts, _) = joined(vec![file("a/Security.evtx", &["DC01"]), relayed]);
    assert_eq!(
        hosts,
        ["DC01() 1 1", "c/ForwardedEvents.evtx>DC01() 1 1", "c/ForwardedEvents.evtx>WS01() 1 1"]
    );
}

#[test]
fn a_file_without_records_belongs_to_the_only_host_of_its_folder_or_is_named() {
    let empty = || file("a/Sysmon.evtx", &[]);
    let (hosts, problems) = joined(vec![file("a/1.evtx", &["A"]), file("b/1.evtx", &["B"]), empty()]);
    assert_eq!((hosts, problems.len()), (vec!["A() 1 2".to_owned(), "B() 1 1".to_owned()], 0));
    let (hosts, problems) = joined(vec![file("a/1.evtx", &["A"]), file("a/2.evtx", &["B"]), empty()]);
    assert_eq!(hosts, ["A() 1 1", "B() 1 1"]);
    assert!(problems[0].what.contains("not judged"), "{problems:?}");
    assert_eq!(joined(vec![empty()]).0, ["unknown-host() 0 1"]);
}

/// A syslog of these hosts.
fn syslog(path: &str, stream: &str, computers: &[&str]) -> Reading {
    let mut reading = file(path, computers);
    for computer in &mut reading.computers {
        let seen = computer.event_types.pop_first().unwrap().1;
        computer.event_types.insert("syslog:sshd".parse().unwrap(), seen);
    }
    reading.source.kind = SourceKind::Syslog;
    reading.source.holds = vec![SourceId::Syslog];
    reading.stream = Some(stream.to_owned());
    reading.relay = computers.len() > 1;
    reading
}

#[test]
fn the_same_lines_in_two_logs_are_counted_once_and_rotated_parts_of_one_are_added() {
    let logs = vec![
        syslog("log/auth.log", "log/auth.log", &["web1"]),
        syslog("log/auth.log.1", "log/auth.log", &["web1"]),
        syslog("log/system.journal", "journal", &["web1"]),
    ];
    assert_eq!(joined(logs).0, ["web1() 2 3"]);
}

#[test]
fn a_log_that_names_no_host_is_that_of_the_host_in_the_same_place_or_is_named_by_it() {
    let audit = |path: &str| Reading { stream: Some(path.to_owned()), ..file(path, &[""]) };
    let logs = vec![
        syslog("web1/var/log/auth.log", "a", &["web-one"]),
        audit("web1/var/log/audit/audit.log"),
        audit("web2/var/log/audit/audit.log"),
    ];
    assert_eq!(joined(logs).0, ["web-one() 2 2", "web2() 1 1"]);
    let several = vec![syslog("x/1.log", "a", &["a"]), syslog("x/2.log", "b", &["b"]), audit("x/audit.log")];
    let (hosts, problems) = joined(several);
    let expected = ["a() 1 1", "b() 1 1", "x() 1 1"].map(str::to_owned).to_vec();
    assert_eq!((hosts, problems.len()), (expected, 1));
}

#[test]
fn on_this_machine_a_relay_keeps_its_own_lines_and_names_the_others() {
    let own = OwnMachine {
        name: HostName::new("relay1"),
        platform: Platform::Linux,
        own_streams: vec!["/var/log/auth.log".to_owned()],
    };
    let logs = vec![
        syslog("/var/log/auth.log", "/var/log/auth.log", &["built-as"]),
        syslog("/var/log/remote.log", "/var/log/remote.log", &["fw1", "relay1.example.org"]),
        syslog("/var/log/hosts/sw1.log", "/var/log/hosts/sw1.log", &["sw1"]),
    ];
    let hosts = join(logs, Vec::new(), Some(&own), &mut Vec::new());
    let shown: Vec<_> =
        hosts.iter().map(|host| (host.host.as_str(), host.relay.as_deref(), host.aliases.len())).collect();
    assert_eq!(shown, [("fw1", Some("relay1"), 0), ("relay1", None, 1), ("sw1", Some("relay1"), 0)]);
}
