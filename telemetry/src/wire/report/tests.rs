//! The body of a report as first written, and what is refused.

use std::collections::BTreeMap;

use super::*;
use crate::{FieldFill, Hour, Source, SourceId, SourceKind, SourceStatus};

/// Version 1 as first written. Never edit it: what agents in the field send must stay readable.
const PINNED: &str = r#"{"schema":"blindspot.report/1","kind":"changes","host":{"name":"web1","platform":"linux","machine":"00ff","boot":"b1","version":"0.1.0"},"interval_s":300,"logs":[{"path":"/var/log/auth.log","kind":"syslog","status":"read","holds":["syslog"],"records":3,"damaged":0,"oldest":"2026-03-01T10:15:00Z","newest":"2026-03-01T11:00:00Z","stream":"/var/log/auth.log","caught_up_until":"2026-03-01T11:00:05Z","computers":[{"name":"web1","types":[{"type":{"syslog":"a:b"},"count":3,"span":[1772360100000,1772362800000],"hours":{"492322":2,"492323":1},"full":["pid"],"fields":{"msgid":[1,2,0]},"undated":4}]}]}],"findings":[{"code":"truncated","log":"/var/log/auth.log","text":"lost","at":"2026-03-01T11:00:05Z"}],"footprint":{"rss_bytes":1,"cpu_ms":2,"state_bytes":3}}"#;

fn time(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn report() -> Report {
    let (oldest, newest) = (time("2026-03-01T10:15:00Z"), time("2026-03-01T11:00:00Z"));
    let tally = Tally {
        count: 3,
        span: Some((oldest, newest)),
        hours: BTreeMap::from([(Hour::of(oldest), 2), (Hour::of(newest), 1)]),
        fields: BTreeMap::from([
            ("pid".into(), FieldFill { filled: 3, placeholder: 0, empty: 0 }),
            ("msgid".into(), FieldFill { filled: 1, placeholder: 2, empty: 0 }),
        ]),
        undated: 4,
    };
    let event_type = EventType::Syslog { program: "a:b".into() };
    let source = Source {
        path: "/var/log/auth.log".to_owned(),
        kind: SourceKind::Syslog,
        status: SourceStatus::Read,
        holds: vec![SourceId::Syslog],
        records: 3,
        damaged: 0,
        oldest: Some(oldest),
        newest: Some(newest),
        size_bytes: None,
    };
    let log = LogCensus {
        source,
        stream: Some("/var/log/auth.log".to_owned()),
        relay: false,
        caught_up_until: Some(time("2026-03-01T11:00:05Z")),
        computers: vec![ComputerCensus {
            name: Some("web1".into()),
            event_types: BTreeMap::from([(event_type, tally)]),
        }],
    };
    let words = |words: [&str; 5]| words.map(str::to_owned);
    let [name, platform, machine, boot, version] = words(["web1", "linux", "00ff", "b1", "0.1.0"]);
    Report {
        kind: ReportKind::Changes,
        claim: Claim { name, platform, machine, boot, version },
        interval_s: 300,
        coverage: None,
        logs: vec![log],
        settings: None,
        findings: vec![Finding {
            code: "truncated".to_owned(),
            log: Some("/var/log/auth.log".to_owned()),
            text: "lost".to_owned(),
            at: time("2026-03-01T11:00:05Z"),
        }],
        footprint: Footprint { rss_bytes: 1, cpu_ms: 2, state_bytes: 3 },
    }
}

#[test]
fn version_1_is_written_and_read_as_pinned() {
    assert_eq!(String::from_utf8(report().to_json().unwrap()).unwrap(), PINNED);
    assert_eq!(Report::from_json(PINNED.as_bytes()).unwrap(), report());
    let newer = PINNED.replace(r#""interval_s":300"#, r#""interval_s":300,"added_later":{"a":1}"#);
    assert_eq!(Report::from_json(newer.as_bytes()).unwrap(), report());
}

#[test]
fn what_cannot_be_is_refused_with_its_reason() {
    let refused = |from: &str, to: &str| {
        assert!(PINNED.contains(from), "{from}");
        Report::from_json(PINNED.replacen(from, to, 1).as_bytes()).unwrap_err().to_string()
    };
    assert!(refused("report/1", "report/2").contains("report/2"));
    assert!(refused("[1772360100000,", "[1772362800001,").contains("ends before it begins"));
    assert!(refused("1772362800000]", "9999999999999999]").contains("a count or time that cannot be"));
    assert!(refused(r#""a:b""#, &format!("{:?}", "x".repeat(257))).contains("257, and 256"));
    assert_eq!(refused(r#""count":3"#, r#""count":-3"#), "not a report");
    assert_eq!(refused(r#""count":3"#, r#""count":18446744073709551616"#), "not a report");
    assert!(refused(r#""status":"read""#, r#""status":"fine""#).contains("fine"));
}

#[test]
fn counts_at_their_end_survive_and_larger_ones_are_refused() {
    let with = |count: u64| PINNED.replace(r#""count":3"#, &format!(r#""count":{count}"#));
    let read = Report::from_json(with(MAX_COUNT).as_bytes()).unwrap();
    let tally = read.logs[0].computers[0].event_types.values().next().unwrap();
    assert_eq!(tally.count, MAX_COUNT);
    let full = &tally.fields["pid"];
    assert_eq!((full.filled, full.declared()), (MAX_COUNT, MAX_COUNT));
    for larger in [MAX_COUNT + 1, u64::MAX] {
        assert!(matches!(Report::from_json(with(larger).as_bytes()), Err(ReadError::Value(_))));
    }
}
