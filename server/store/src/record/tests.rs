//! Reports on their way into a record.

use std::collections::BTreeMap;

use blindspot_telemetry::{
    EventId, EventType, FieldFill, HostName, Source, SourceKind, census::ComputerCensus,
    wire::report::MAX_LOGS as LOGS_OF_A_REPORT,
};

use super::*;

const NOW: i64 = 490_896;

fn now() -> Timestamp {
    Timestamp::from_second(NOW * 3600 + 1800).unwrap()
}

fn sysmon(id: u16) -> EventType {
    EventType::SysmonLinux { event_id: EventId(id) }
}

fn tally(hours: &[(i64, u64)]) -> Tally {
    let count = hours.iter().map(|(_, count)| count).sum();
    let time = |hour: i64| Hour(hour).start();
    Tally {
        count,
        span: hours.first().zip(hours.last()).map(|(first, last)| (time(first.0), time(last.0))),
        hours: hours.iter().map(|(hour, count)| (Hour(*hour), *count)).collect(),
        fields: BTreeMap::from([("Image".into(), FieldFill { filled: count, placeholder: 0, empty: 0 })]),
        undated: 0,
    }
}

fn log(path: &str, status: SourceStatus, types: Vec<(EventType, Tally)>) -> LogCensus {
    let source = Source {
        path: path.to_owned(),
        kind: SourceKind::Syslog,
        status,
        holds: Vec::new(),
        records: 1,
        damaged: 0,
        oldest: None,
        newest: None,
        size_bytes: None,
    };
    let name = Some(HostName::new("h"));
    let computers = vec![ComputerCensus { name, event_types: types.into_iter().collect() }];
    LogCensus { source, stream: None, relay: false, caught_up_until: Some(now()), computers }
}

fn claim() -> Claim {
    let text = || "x".to_owned();
    Claim { name: text(), platform: text(), machine: text(), boot: text(), version: text() }
}

fn report(logs: Vec<LogCensus>) -> Report {
    Report {
        kind: ReportKind::Snapshot,
        claim: claim(),
        interval_s: 300,
        coverage: None,
        logs,
        settings: None,
        findings: Vec::new(),
        footprint: Footprint::default(),
    }
}

fn record() -> HostRecord {
    HostRecord::new(claim(), now())
}

fn of(record: &HostRecord, id: u16) -> &Tally {
    &record.logs[0].computers[0].event_types[&sysmon(id)]
}

#[test]
fn a_late_report_adds_counts_and_no_state() {
    let mut record = record();
    record
        .apply(&report(vec![log("/l", SourceStatus::Denied, vec![(sysmon(1), tally(&[(NOW, 3)]))])]), now());
    let before = record.clone();
    let late =
        report(vec![log("/l", SourceStatus::Read, vec![(sysmon(1), tally(&[(NOW - 1, 2), (NOW, 1)]))])]);
    let applied = record.apply_late(&late, now());
    assert_eq!(record.logs[0].source, before.logs[0].source);
    assert_eq!((record.kind, &record.claim), (before.kind, &before.claim));
    assert_eq!(of(&record, 1).hours, BTreeMap::from([(Hour(NOW - 1), 2), (Hour(NOW), 3)]));
    assert_eq!(applied.days.len(), 2, "it is just after midnight");
    let mut again = record.clone();
    again.apply_late(&late, now());
    assert_eq!(again, record);
}

#[test]
fn hours_far_ahead_are_undated_and_told() {
    let mut record = record();
    let skewed = tally(&[(NOW, 3), (NOW + 24, 2), (NOW + 25, 7)]);
    let applied =
        record.apply(&report(vec![log("/l", SourceStatus::Read, vec![(sysmon(1), skewed)])]), now());
    let kept = of(&record, 1);
    assert_eq!((kept.count, kept.undated), (5, 7));
    assert_eq!(kept.span, Some((Hour(NOW).start(), Hour(NOW + 24).start())));
    assert_eq!(kept.hours.len(), 2);
    assert_eq!(
        applied.noticed.iter().map(|finding| finding.code.as_str()).collect::<Vec<_>>(),
        ["clock_skew"]
    );
    let only = report(vec![log("/m", SourceStatus::Read, vec![(sysmon(1), tally(&[(NOW + 99, 7)]))])]);
    let mut record = self::record();
    assert!(record.apply(&only, now()).days.is_empty());
    assert_eq!((of(&record, 1).span, of(&record, 1).count, of(&record, 1).undated), (None, 0, 7));
}

#[test]
fn old_hours_are_in_the_total_only() {
    let mut record = record();
    let old = tally(&[(NOW - 361, 4), (NOW - 360, 5)]);
    let applied = record.apply(&report(vec![log("/l", SourceStatus::Read, vec![(sysmon(1), old)])]), now());
    assert_eq!(of(&record, 1).count, 9);
    assert_eq!(of(&record, 1).hours, BTreeMap::from([(Hour(NOW - 360), 5)]));
    assert!(applied.noticed.is_empty());
}

#[test]
fn the_newest_two_hours_are_kept_and_none_ahead() {
    let mut record = record();
    let hours = tally(&[(NOW - 3, 1), (NOW - 1, 2), (NOW + 1, 3), (NOW + 2, 4)]);
    record.apply(&report(vec![log("/l", SourceStatus::Read, vec![(sysmon(1), hours)])]), now());
    record.keep_newest_hours(now());
    assert_eq!(of(&record, 1).hours, BTreeMap::from([(Hour(NOW - 1), 2), (Hour(NOW + 1), 3)]));
    assert_eq!(of(&record, 1).count, 10);
}

#[test]
fn what_is_too_many_is_left_out_and_told_once() {
    let mut record = record();
    let types = |from: u16| (from..from + 1500).map(|id| (sysmon(id), tally(&[(NOW, 1)]))).collect();
    record.apply(&report(vec![log("/l", SourceStatus::Read, types(0))]), now());
    let applied = record.apply(&report(vec![log("/l", SourceStatus::Read, types(1000))]), now());
    assert_eq!(record.logs[0].computers[0].event_types.len(), MAX_TYPES);
    assert_eq!(applied.noticed.iter().filter(|finding| finding.code == "cardinality").count(), 1);
    let day = applied.days.values().next().unwrap();
    let counted: usize = day.logs["/l"].values().map(BTreeMap::len).sum();
    assert_eq!(counted, 1000, "what is left out has no hours either");
    assert_eq!(MAX_LOGS, LOGS_OF_A_REPORT);
}

#[test]
fn a_log_that_is_not_named_any_more_is_not_read() {
    let mut record = record();
    let logs = |path: &str| log(path, SourceStatus::Read, vec![(sysmon(1), tally(&[(NOW, 1)]))]);
    record.apply(&report(vec![logs("/a"), logs("/b")]), now());
    record.apply(&report(vec![logs("/b")]), now());
    let states: Vec<_> =
        record.logs.iter().map(|log| (log.source.path.as_str(), log.source.status)).collect();
    assert_eq!(states, [("/a", SourceStatus::NotGiven), ("/b", SourceStatus::Read)]);
    let later = now() + SignedDuration::from_hours(16 * 24);
    record.apply(&report(vec![logs("/b")]), later);
    assert_eq!(record.logs.len(), 1);
}

#[test]
fn a_host_has_caught_up_where_its_slowest_log_has() {
    let mut record = record();
    assert_eq!(record.caught_up_until(), None);
    let mut slow = log("/a", SourceStatus::Lagging, Vec::new());
    slow.caught_up_until = Some(now() - SignedDuration::from_hours(1));
    let mut denied = log("/b", SourceStatus::Denied, Vec::new());
    denied.caught_up_until = None;
    let quick = log("/c", SourceStatus::Read, Vec::new());
    record.apply(&report(vec![slow.clone(), denied, quick]), now());
    assert_eq!(record.caught_up_until(), slow.caught_up_until);
    slow.caught_up_until = None;
    record.apply(&report(vec![slow]), now());
    assert_eq!(record.caught_up_until(), None);
}
