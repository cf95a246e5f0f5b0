//! What is packed comes back, and nothing else does.

use std::{collections::BTreeMap, fmt::Write as _};

use blindspot_telemetry::{
    EventId, EventType, FieldFill, HostName, Hour, Source, SourceId, SourceKind, SourceStatus,
    census::{ComputerCensus, LogCensus, Tally},
    wire::{
        Claim, Epoch, ReportKind, Seq,
        report::{Finding, Footprint},
    },
};
use jiff::Timestamp;

use super::*;
use crate::{
    HostRecord,
    days::{Day, Days},
    merge::{Line, Progress},
};

fn at(second: i64) -> Timestamp {
    Timestamp::new(1_767_225_600 + second, 123_456_789).unwrap()
}

fn types() -> BTreeMap<EventType, Tally> {
    let fill = |filled, placeholder, empty| FieldFill { filled, placeholder, empty };
    let tally = Tally {
        count: 300,
        span: Some((at(0), at(7200))),
        hours: BTreeMap::from([(Hour(490_896), 299), (Hour(490_897), 1)]),
        fields: BTreeMap::from([
            ("all".into(), fill(300, 0, 0)),
            ("all and more".into(), fill(300, 7, 0)),
            ("some".into(), fill(200, 0, 0)),
            ("none".into(), fill(0, 100, 200)),
        ]),
        undated: 4,
    };
    let windows = EventType::Windows {
        channel: "Security".into(),
        provider: "Microsoft-Windows-Security-Auditing".into(),
        event_id: EventId(4624),
    };
    let call = EventType::Auditd { record_type: "SYSCALL".into(), syscall: Some("execve".into()) };
    let no_call = EventType::Auditd { record_type: "EXECVE".into(), syscall: None };
    let program = EventType::Syslog { program: "sshd".into() };
    let sysmon = EventType::SysmonLinux { event_id: EventId(1) };
    [windows, call, no_call, program]
        .into_iter()
        .map(|name| (name, tally.clone()))
        .chain([(sysmon, Tally::default())])
        .collect()
}

fn record() -> HostRecord {
    let text = |text: &str| text.to_owned();
    let source = Source {
        path: text("/var/log/é"),
        kind: SourceKind::Journal,
        status: SourceStatus::Lagging,
        holds: vec![
            SourceId::Syslog,
            SourceId::Auditd,
            SourceId::SysmonLinux,
            SourceId::Channel("System".into()),
        ],
        records: u64::MAX,
        damaged: 1,
        oldest: Some(at(-5)),
        newest: None,
        size_bytes: Some(0),
    };
    let computer = |name| ComputerCensus { name, event_types: types() };
    let computers = vec![computer(Some(HostName::new("Host"))), computer(None)];
    let log =
        LogCensus { source, stream: Some(text("s")), relay: true, caught_up_until: Some(at(1)), computers };
    HostRecord {
        claim: Claim {
            name: text("host"),
            platform: text("linux"),
            machine: text("m"),
            boot: text("b"),
            version: text("1"),
        },
        interval_s: 300,
        kind: ReportKind::LastWill,
        received: at(2),
        clock_offset_ms: -250,
        logs: vec![log],
        settings: Some(blindspot_telemetry::Settings::default()),
        settings_at: Some(at(3)),
        footprint: Footprint { rss_bytes: 1, cpu_ms: 2, state_bytes: 3 },
        coverage: Some((at(0), at(1))),
        findings: vec![Finding { code: text("c"), log: None, text: text("t"), at: at(4) }],
    }
}

fn progress() -> Progress {
    let line = |byte| Line {
        epoch: Epoch([byte; 16]),
        seq: Seq(300),
        body_hash: [byte; 32],
        sent_ms: -5,
        began_ms: i64::MAX,
    };
    Progress { current: line(1), boots: vec!["b1".to_owned(), "b2".to_owned()], past: vec![line(2)] }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        write!(text, "{byte:02x}").unwrap();
        text
    })
}

#[test]
fn a_record_comes_back_whole() {
    assert_eq!(host::unpack(&host::pack(&record()).unwrap()).unwrap(), record());
}

#[test]
fn a_day_comes_back_whole() {
    let mut days = Days::new();
    for event_type in types().into_keys() {
        let (day, within) = Day::of(Hour(490_896 + 23));
        for computer in [None, Some(HostName::new("h"))] {
            let mut hours = [0; 24];
            hours[within] = 1 << 40;
            let types = BTreeMap::from([(event_type.clone(), hours)]);
            assert!(days.entry(day).or_default().add("/l", computer.as_ref(), types));
        }
    }
    let day = days.values().next().unwrap();
    assert_eq!(&day::unpack(&day::pack(day).unwrap()).unwrap(), day);
}

#[test]
fn progress_is_written_as_it_always_was() {
    let packed = progress::pack(&progress());
    assert_eq!(progress::unpack(&packed).unwrap(), progress());
    let line = |byte: &str| format!("{}ac02{}09feffffffffffffffff01", byte.repeat(16), byte.repeat(32));
    let pinned = format!("0102026231026232{}02000101{}", line("01"), line("02"));
    assert_eq!(hex(&packed), pinned);
}

#[test]
fn a_record_is_written_as_it_always_was() {
    let plain = unpack("hosts", &host::pack(&record()).unwrap()).unwrap();
    assert_eq!(
        hex(&crate::row::hash(&[&plain])),
        "3fc2e626d7abd448587d0d6315e3f327dd92f47bb77a51e9ead1b235488f0876"
    );
}

#[test]
fn nothing_that_was_cut_or_changed_is_read_as_something_else_or_ends_the_program() {
    let packed = host::pack(&record()).unwrap();
    for end in 0..packed.len() {
        assert!(host::unpack(&packed[..end]).is_err(), "cut at {end}");
    }
    let plain = unpack("hosts", &packed).unwrap();
    for end in 0..plain.len() {
        assert!(host::unpack(&pack(&plain[..end]).unwrap()).is_err(), "plain, cut at {end}");
    }
    let mut other_format = packed.clone();
    other_format[0] = FORMAT + 1;
    assert!(host::unpack(&other_format).is_err());
    for place in 0..plain.len() {
        let mut changed = plain.clone();
        changed[place] ^= 0xff;
        // It may be another record, or none: it must only end in good order.
        drop(host::unpack(&pack(&changed).unwrap()));
    }
}

#[test]
fn a_small_value_cannot_unpack_to_a_large_one() {
    let mut bomb = vec![FORMAT];
    bomb.extend(zstd::bulk::compress(&vec![0; MAX_UNPACKED + 1], 1).unwrap());
    assert!(bomb.len() < 100_000);
    assert!(unpack("hosts", &bomb).is_err());
}
