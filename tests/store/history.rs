//! Verdicts over time, findings, roll-ups, and what is deleted when.

use std::sync::Arc;

use blindspot_store::{
    Expired, HostFinding, Retention, RollupDetection, RollupEventType, RollupHosts, Store, VerdictChange,
};
use blindspot_telemetry::{
    Hour,
    wire::{AgentId, report::Finding},
};
use jiff::civil::date;

use crate::{
    database::Database,
    sample::{NOW_HOUR, agent, arrival, at, report},
};

const AGENT: AgentId = AgentId([7; 16]);

fn change(second: i64, ids: &Arc<[String]>, verdicts: &[u8]) -> VerdictChange {
    let (ids, verdicts) = (Arc::clone(ids), verdicts.to_vec());
    VerdictChange { agent: AGENT, subject: "host-1".to_owned(), at: at(second), ids, verdicts }
}

async fn verdicts(store: &Store, second: i64) -> Option<(Vec<u8>, i64)> {
    let held = store.verdicts_at(AGENT, "host-1", at(second)).await.unwrap()?;
    assert_eq!(held.verdicts.len(), held.ids.len());
    Some((held.verdicts, held.from.duration_since(at(0)).as_secs()))
}

async fn a_moment_in_the_past_has_its_verdicts(database: &Database) {
    let store = database.store().await;
    let ids: Arc<[String]> = Arc::from(["a".to_owned(), "b".to_owned()]);
    let more: Arc<[String]> = Arc::from(["a".to_owned(), "b".to_owned(), "c".to_owned()]);
    let changes = [
        change(10, &ids, &[1, 2]),
        change(20, &ids, &[1, 2]),
        change(30, &ids, &[1, 3]),
        change(40, &more, &[1, 3, 0]),
        change(50, &ids, &[1, 2]),
    ];
    assert_eq!(store.record_verdicts(&changes).await.unwrap(), 4, "the same is not a change");
    assert_eq!(verdicts(&store, 9).await, None);
    assert_eq!(verdicts(&store, 29).await, Some((vec![1, 2], 10)));
    assert_eq!(verdicts(&store, 30).await, Some((vec![1, 3], 30)));
    assert_eq!(verdicts(&store, 45).await, Some((vec![1, 3, 0], 40)));
    assert_eq!(verdicts(&store, 999).await, Some((vec![1, 2], 50)));
    let later = store.verdict_changes(AGENT, "host-1", at(30)).await.unwrap();
    assert_eq!(later.iter().map(|held| held.from).collect::<Vec<_>>(), [at(40), at(50)]);
    assert_eq!(&*later[0].ids, &*more);
    assert_ne!(later[0].detection_set, later[1].detection_set);
    assert!(store.verdict_changes(AGENT, "host-2", at(0)).await.unwrap().is_empty());
}

async fn the_latest_findings_are_kept(database: &Database) {
    let store = database.store().await;
    let finding = |agent, number: i64| HostFinding {
        agent,
        finding: Finding {
            code: "truncated".to_owned(),
            log: None,
            text: number.to_string(),
            at: at(number),
        },
    };
    let all: Vec<HostFinding> =
        (0..150).flat_map(|n| [finding(AGENT, n), finding(AgentId([8; 16]), n)]).collect();
    store.add_findings(&all).await.unwrap();
    store.add_findings(&(150..250).map(|n| finding(AGENT, n)).collect::<Vec<_>>()).await.unwrap();
    let kept = store.findings(AGENT, 1000).await.unwrap();
    assert_eq!((kept.len(), kept[0].text.as_str(), kept[199].text.as_str()), (200, "249", "50"));
    assert_eq!(store.findings(AgentId([8; 16]), 1000).await.unwrap().len(), 150);
    let recent = store.recent_findings(at(149), 1000).await.unwrap();
    assert_eq!(recent.len(), 102);
    assert_eq!(recent[0], finding(AGENT, 249));
}

async fn what_is_too_old_goes_and_what_holds_stays(database: &Database) {
    let store = database.store().await;
    let id = agent(&store, 1).await;
    let (old, new) = (NOW_HOUR - 14 * 24, NOW_HOUR);
    let hours = report(&[(old, 1), (new - 1, 3), (new, 2)]);
    store.store_reports(vec![arrival(id, (1, 1, 1), hours)]).await.unwrap();
    let ids: Arc<[String]> = Arc::from(["a".to_owned()]);
    let changes = [change(10, &ids, &[1]), change(20, &ids, &[2]), change(30, &ids, &[3])];
    store.record_verdicts(&changes).await.unwrap();
    let hosts = [RollupHosts { group: "g".to_owned(), hosts: 3, reporting: 2, stale: 1 }];
    for day in [date(2024, 1, 1), date(2025, 12, 31)] {
        store.put_rollup_hosts(day, &hosts).await.unwrap();
    }
    let days = |days: i64| at(days * 86_400);
    let retention = Retention::default();
    let first = store.expire(days(0), &retention).await.unwrap();
    assert_eq!(first, Expired { rollups: 1, ..Expired::default() });
    let later = store.expire(days(2), &retention).await.unwrap();
    assert_eq!(later, Expired { host_days: 1, ..Expired::default() });
    let record = store.host_with_hours(id, Hour(0)).await.unwrap().unwrap();
    let tally = record.logs[0].computers[0].event_types.values().next().unwrap();
    assert_eq!((tally.count, tally.hours.clone()), (6, [(Hour(new - 1), 3), (Hour(new), 2)].into()));
    let last = store.expire(days(91), &retention).await.unwrap();
    assert_eq!((last.verdicts, last.verdict_sets), (2, 2));
    assert_eq!(verdicts(&store, 999).await, Some((vec![3], 30)), "what still holds is never too old");
    assert_eq!(store.expire(days(91), &retention).await.unwrap(), Expired::default());
}

async fn a_day_is_rolled_up_again(database: &Database) {
    let store = database.store().await;
    let day = date(2026, 1, 1);
    let row = |detection: &str| RollupDetection {
        group: "g".to_owned(),
        detection: detection.to_owned(),
        sighted: 5,
        out_of_scope: 8,
        ..RollupDetection::default()
    };
    store.put_rollup_detections(day, &[row("a"), row("b")]).await.unwrap();
    store.put_rollup_detections(day, &[row("b")]).await.unwrap();
    let types =
        RollupEventType { group: "g".to_owned(), event_type: "syslog:sshd".to_owned(), ..Default::default() };
    store.put_rollup_event_types(day, &[types]).await.unwrap();
    let mut out = Vec::new();
    store.export(&mut out).await.unwrap();
    let lines = crate::backup::lines(&out);
    let number = |line: &str| lines.iter().filter(|known| known.as_str() == line).count();
    assert_eq!(number(r#"[1767225600,"g","b","","",5,0,0,0,0,0,0,8]"#), 1);
    assert_eq!(number(r#"[1767225600,"g","a","","",5,0,0,0,0,0,0,8]"#), 0);
    assert_eq!(number(r#"[1767225600,"g","syslog:sshd",0,0]"#), 1);
}

crate::on_both!(
    a_moment_in_the_past_has_its_verdicts,
    the_latest_findings_are_kept,
    what_is_too_old_goes_and_what_holds_stays,
    a_day_is_rolled_up_again,
);
