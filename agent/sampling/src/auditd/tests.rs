//! Whole lines to counts.

use std::collections::BTreeMap;

use blindspot_telemetry::{EventType, FieldFill};
use jiff::{Timestamp, tz::TimeZone};

use crate::{
    Detail,
    text::{Format, LogScan, Scanner, TextOptions},
};

fn scan(log: &str) -> LogScan {
    let zone = TimeZone::get("Europe/Berlin").unwrap();
    let options = TextOptions { detail: Detail::Inventory, zone, written: Timestamp::UNIX_EPOCH };
    let mut scanner = Scanner::new(Format::Auditd, options);
    scanner.feed(log.as_bytes());
    scanner.finish()
}

/// Event types of all hosts as texts, with their counts.
fn counts(scan: &LogScan) -> BTreeMap<String, u64> {
    let all = scan.hosts.iter().flat_map(|host| &host.event_types);
    all.map(|(event_type, observed)| (event_type.to_string(), observed.count)).collect()
}

#[track_caller]
fn assert_counts(scan: &LogScan, expected: &[(&str, u64)]) {
    assert_eq!(counts(scan), expected.iter().map(|(name, count)| ((*name).to_owned(), *count)).collect());
}

/// Empty, placeholder and filled counts of a field.
fn fill(scan: &LogScan, event_type: &str, field: &str) -> Option<(u64, u64, u64)> {
    let event_type: EventType = event_type.parse().unwrap();
    let observed = scan.hosts.iter().find_map(|host| host.event_types.get(&event_type)).unwrap();
    let found = observed.fields.iter().find(|(name, _)| name.as_str() == field);
    found.map(|(_, FieldFill { empty, placeholder, filled })| (*empty, *placeholder, *filled))
}

const EVENT: &str = concat!(
    "type=SYSCALL msg=audit(1700000000.500:7): arch=c000003e syscall=59 success=yes exit=0 a0=0 ppid=1 ",
    "auid=4294967295 tty=(none) ses=4294967295 comm=\"id\" exe=\"/usr/bin/id\" key=(null)",
    "\u{1d}ARCH=x86_64 SYSCALL=execve AUID=\"unset\" UID=\"root\"\n",
    "type=EXECVE msg=audit(1700000000.500:7): argc=2 a0=\"id\" a1=2D2D\n",
    "type=CWD msg=audit(1700000000.500:7): cwd=\"/\"\n",
    "type=PROCTITLE msg=audit(1700000000.500:7): proctitle=6964002D2D\n",
);

#[test]
fn records_of_one_event_are_counted_by_type_and_the_event_once() {
    let scan = scan(EVENT);
    assert_counts(
        &scan,
        &[("auditd:SYSCALL/execve", 1), ("auditd:EXECVE", 1), ("auditd:CWD", 1), ("auditd:PROCTITLE", 1)],
    );
    assert_eq!((scan.records, scan.audit_events, scan.damaged, scan.undated), (4, 1, 0, 0));
    assert_eq!(scan.oldest, Some("2023-11-14T22:13:20Z".parse().unwrap()));
    assert_eq!(scan.hosts.iter().map(|host| &host.name).collect::<Vec<_>>(), [&None]);
}

#[test]
fn fields_are_counted_by_what_they_say() {
    let scan = scan(EVENT);
    let call = "auditd:SYSCALL/execve";
    for name in ["a0", "exit", "comm", "exe", "ARCH", "SYSCALL", "UID", "syscall"] {
        assert_eq!(fill(&scan, call, name), Some((0, 0, 1)), "{name}");
    }
    for name in ["auid", "ses", "tty", "key", "AUID"] {
        assert_eq!(fill(&scan, call, name), Some((0, 1, 0)), "{name}");
    }
    assert_eq!(fill(&scan, call, "argc"), None, "it is EXECVE's");
    assert_eq!(fill(&scan, "auditd:EXECVE", "a1"), Some((0, 0, 1)));
}

#[test]
fn pieces_of_an_argument_are_one_field_of_one_record() {
    let scan = scan("type=EXECVE msg=audit(1.1:1): argc=1 a0_len=9 a0[0]=41 a0[1]=42\n");
    assert_eq!(fill(&scan, "auditd:EXECVE", "a0"), Some((0, 0, 1)));
    assert_eq!((scan.fields_uncounted, scan.uncounted), (0, 0));
}

#[test]
fn a_command_with_many_arguments_spends_no_caps() {
    let arguments: String = (0..5000).map(|index| format!(" a{index}=\"x\"")).collect();
    let scan = scan(&format!("type=EXECVE msg=audit(1.1:1): argc=5000{arguments}\n"));
    assert_eq!(fill(&scan, "auditd:EXECVE", "a31"), Some((0, 0, 1)));
    assert_eq!(fill(&scan, "auditd:EXECVE", "a32"), None);
    assert_eq!(scan.fields_uncounted, 0);
}

#[test]
fn events_that_interleave_are_counted_once_each() {
    let lines: String = [7, 8, 7, 9, 8, 9, 7]
        .iter()
        .map(|serial| format!("type=PATH msg=audit(1700000000.500:{serial}): item=0\n"))
        .collect();
    assert_eq!(scan(&lines).audit_events, 3);
    let hosts: String = ["a", "b", "a"]
        .iter()
        .map(|node| format!("node={node} type=PATH msg=audit(1700000000.500:7): item=0\n"))
        .collect();
    let scan = scan(&hosts);
    assert_eq!((scan.audit_events, scan.hosts.len(), scan.interleaved), (2, 2, true));
}

#[test]
fn lines_that_are_no_records_or_have_no_time_are_counted_apart() {
    let scan = scan(concat!(
        "----\n",
        "time->Sat Mar 18 10:11:12 2023\n",
        "nonsense\n",
        "type=EMPTYDATE msg=audit(): a=b\n",
        "type=SYSCALL msg=audit(03/18/2026 10:11:12.123:45) : arch=x86_64 syscall=execve\n",
        "type=SYSCALL msg=audit(2026-03-18 10:11:12.123:45) : arch=x86_64 syscall=execve auid=unset\n",
        "type=UNKNOWN[1334] msg=audit(1700000000.500:7): prog-id=12 op=LOAD\n",
        "type=SYSCALL msg=audit(1700000000.500:8): cut\n",
    ));
    assert_eq!((scan.damaged, scan.undated, scan.records, scan.audit_events), (1, 2, 3, 3));
    assert_counts(&scan, &[("auditd:SYSCALL/execve", 1), ("auditd:BPF", 1), ("auditd:SYSCALL", 1)]);
    assert_eq!(scan.newest, Some("2026-03-18T09:11:12Z".parse().unwrap()));
    assert_eq!(fill(&scan, "auditd:SYSCALL/execve", "auid"), Some((0, 1, 0)));
}

#[test]
fn a_call_of_io_uring_is_no_system_call() {
    let scan = scan("type=URINGOP msg=audit(1.1:1): uring_op=18 success=yes\u{1d}URING_OP=openat\n");
    assert_counts(&scan, &[("auditd:URINGOP", 1)]);
    assert_eq!(fill(&scan, "auditd:URINGOP", "URING_OP"), Some((0, 0, 1)));
}
