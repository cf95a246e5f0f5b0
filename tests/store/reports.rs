//! Reports: each once, in any order, by any collector.

use blindspot_store::{AgentState, Decision, HostRecord, RollupEventType, Store, VerdictChange};
use blindspot_telemetry::{
    Hour, Settings, SourceStatus,
    wire::{AgentId, Claim, ReportKind, report::Finding},
};
use jiff::civil::date;

use crate::{
    database::Database,
    sample::{NOW_HOUR, agent, arrival, at, claim, event_type, report},
};

fn count(record: &HostRecord) -> u64 {
    record.logs[0].computers[0].event_types[&event_type(4624)].count
}

fn hours(record: &HostRecord) -> Vec<(i64, u64)> {
    let tally = &record.logs[0].computers[0].event_types[&event_type(4624)];
    tally.hours.iter().map(|(hour, count)| (hour.0, *count)).collect()
}

async fn decide(store: &Store, agent: AgentId, at: (u8, u64, i64), hours: &[(i64, u64)]) -> Decision {
    store.store_reports(vec![arrival(agent, at, report(hours))]).await.unwrap()[0].decision
}

async fn reports_count_once_in_any_order(database: &Database) {
    let store = database.store().await;
    let id = agent(&store, 1).await;
    let yesterday = NOW_HOUR - 24;
    assert_eq!(decide(&store, id, (1, 1, 1), &[(yesterday, 5)]).await, Decision::Store);
    assert_eq!(decide(&store, id, (1, 2, 2), &[(yesterday, 6), (NOW_HOUR, 3)]).await, Decision::Store);
    let kept = store.host(id).await.unwrap().unwrap();
    assert_eq!(decide(&store, id, (1, 2, 2), &[(yesterday, 6), (NOW_HOUR, 3)]).await, Decision::Duplicate);
    assert_eq!(decide(&store, id, (1, 1, 1), &[(yesterday, 5)]).await, Decision::LateDuplicate);
    let again = store.host_with_hours(id, Hour(0)).await.unwrap().unwrap();
    assert_eq!(count(&again), 9);
    assert_eq!(hours(&again), [(yesterday, 6), (NOW_HOUR, 3)]);
    assert_eq!(again.logs[0].source, kept.logs[0].source, "an older state is not put back");
    assert_eq!(again.clock_offset_ms, 250);
    let since = store.host_with_hours(id, Hour(NOW_HOUR)).await.unwrap().unwrap();
    assert_eq!(hours(&since), [(NOW_HOUR, 3)]);
    let row = store.agent(id).await.unwrap().unwrap();
    assert_eq!((row.last_report, row.clock_offset_ms), (Some(at(2)), Some(250)));
}

async fn a_record_alone_tells_the_newest_hours(database: &Database) {
    let store = database.store().await;
    let id = agent(&store, 1).await;
    let all: Vec<(i64, u64)> = (NOW_HOUR - 400..NOW_HOUR + 50).map(|hour| (hour, 2)).collect();
    let stored = store.store_reports(vec![arrival(id, (1, 1, 1), report(&all))]).await.unwrap();
    let record = stored[0].record.as_ref().unwrap();
    assert_eq!(hours(record), [(NOW_HOUR, 2), (NOW_HOUR + 1, 2)]);
    assert_eq!(**record, store.host(id).await.unwrap().unwrap());
    let whole = store.host_with_hours(id, Hour(0)).await.unwrap().unwrap();
    assert_eq!(hours(&whole).first(), Some(&(NOW_HOUR - 360, 2)), "older hours are in the total only");
    assert_eq!(hours(&whole).last(), Some(&(NOW_HOUR + 24, 2)), "later hours are none");
    let tally = &whole.logs[0].computers[0].event_types[&event_type(4624)];
    assert_eq!((tally.count, tally.undated), (850, 50));
    assert!(store.findings(id, 10).await.unwrap().iter().any(|finding| finding.code == "clock_skew"));
}

async fn one_batch_holds_many_agents_and_several_reports_of_one(database: &Database) {
    let store = database.store().await;
    let (one, two) = (agent(&store, 1).await, agent(&store, 2).await);
    let nobody = AgentId([9; 16]);
    let mut last_will = report(&[(NOW_HOUR, 3)]);
    last_will.kind = ReportKind::LastWill;
    last_will.logs[0].source.status = SourceStatus::Denied;
    let batch = vec![
        arrival(one, (1, 1, 1), report(&[(NOW_HOUR, 1)])),
        arrival(two, (1, 1, 1), report(&[(NOW_HOUR, 7)])),
        arrival(nobody, (1, 1, 1), report(&[(NOW_HOUR, 7)])),
        arrival(one, (1, 2, 2), report(&[(NOW_HOUR, 2)])),
        arrival(one, (1, 1, 1), report(&[(NOW_HOUR, 1)])),
        arrival(one, (1, 3, 3), last_will),
    ];
    let stored = store.store_reports(batch).await.unwrap();
    let decisions: Vec<Decision> = stored.iter().map(|stored| stored.decision).collect();
    use Decision::{LateDuplicate, NotAllowed, Store as Stored};
    assert_eq!(decisions, [Stored, Stored, NotAllowed, Stored, LateDuplicate, Stored]);
    assert!(stored[0].want_snapshot && !stored[3].want_snapshot);
    let record = store.host(one).await.unwrap().unwrap();
    assert_eq!((count(&record), record.kind), (3, ReportKind::LastWill));
    assert_eq!(record.logs[0].source.status, SourceStatus::Denied);
    assert!(stored[2].record.is_none() && store.host(nobody).await.unwrap().is_none());
    assert!(store.store_reports(Vec::new()).await.unwrap().is_empty());
}

async fn a_clone_is_quarantined_until_it_is_released(database: &Database) {
    let store = database.store().await;
    let id = agent(&store, 1).await;
    decide(&store, id, (1, 1, 1), &[(NOW_HOUR, 1)]).await;
    assert_eq!(decide(&store, id, (2, 1, 2), &[(NOW_HOUR, 2)]).await, Decision::Store);
    assert_eq!(decide(&store, id, (1, 2, 3), &[(NOW_HOUR, 9)]).await, Decision::Cloned);
    assert_eq!(decide(&store, id, (2, 2, 4), &[(NOW_HOUR, 9)]).await, Decision::Quarantined);
    assert_eq!(store.agent(id).await.unwrap().unwrap().state, AgentState::Quarantined);
    assert_eq!(count(&store.host(id).await.unwrap().unwrap()), 2, "neither is believed");
    assert_eq!(store.findings(id, 10).await.unwrap()[0].code, "cloned");
    assert!(store.set_agent_state(id, AgentState::Active).await.unwrap());
    assert_eq!(decide(&store, id, (1, 3, 5), &[(NOW_HOUR, 9)]).await, Decision::Store);
    assert!(store.set_agent_state(id, AgentState::Revoked).await.unwrap());
    assert_eq!(decide(&store, id, (1, 4, 6), &[(NOW_HOUR, 9)]).await, Decision::NotAllowed);
    assert!(!store.set_agent_state(AgentId([9; 16]), AgentState::Active).await.unwrap());
}

async fn a_machine_that_was_set_back_is_told_once_and_begins_anew(database: &Database) {
    let store = database.store().await;
    let id = agent(&store, 1).await;
    decide(&store, id, (1, 9, 1), &[(NOW_HOUR, 4)]).await;
    for second in 2..5 {
        assert_eq!(decide(&store, id, (1, 5, second), &[(NOW_HOUR, 3)]).await, Decision::RolledBack);
    }
    let told = store.findings(id, 10).await.unwrap();
    assert_eq!(told.iter().filter(|finding| finding.code == "rolled_back").count(), 1);
    assert_eq!(decide(&store, id, (2, 1, 6), &[(NOW_HOUR, 3), (NOW_HOUR + 1, 2)]).await, Decision::Store);
    let record = store.host_with_hours(id, Hour(0)).await.unwrap().unwrap();
    assert_eq!(hours(&record), [(NOW_HOUR, 4), (NOW_HOUR + 1, 2)], "nothing is lost");
}

async fn settings_are_remembered_where_they_change(database: &Database) {
    let store = database.store().await;
    let id = agent(&store, 1).await;
    let one = Settings { journald: Some(Default::default()), ..Settings::default() };
    let settings = [Some(Settings::default()), None, Some(Settings::default()), Some(one.clone())];
    for (seq, settings) in (1..).zip(settings) {
        let mut report = report(&[(NOW_HOUR, seq)]);
        report.settings = settings;
        report.claim = claim("b1");
        let second = i64::try_from(seq).unwrap();
        store.store_reports(vec![arrival(id, (1, seq, second), report)]).await.unwrap();
    }
    let history = store.settings_history(id, 10).await.unwrap();
    assert_eq!(history, [(at(4), one.clone()), (at(1), Settings::default())]);
    let record = store.host(id).await.unwrap().unwrap();
    assert_eq!((record.settings, record.settings_at), (Some(one), Some(at(4))));
}

async fn what_cannot_be_read_is_begun_anew_and_does_not_hold_up_others(database: &Database) {
    let store = database.store().await;
    let (one, two) = (agent(&store, 1).await, agent(&store, 2).await);
    for id in [one, two] {
        decide(&store, id, (1, 1, 1), &[(NOW_HOUR, 1)]).await;
    }
    database.tamper("UPDATE hosts SET packed = agent").await;
    database.tamper("UPDATE host_days SET packed = agent").await;
    assert!(store.host(one).await.is_err());
    let batch = vec![
        arrival(one, (1, 2, 2), report(&[(NOW_HOUR, 2)])),
        arrival(two, (1, 2, 2), report(&[(NOW_HOUR, 2)])),
    ];
    let stored = store.store_reports(batch).await.unwrap();
    assert!(stored.iter().all(|stored| stored.decision == Decision::Store && stored.want_snapshot));
    assert_eq!(hours(&store.host_with_hours(one, Hour(0)).await.unwrap().unwrap()), [(NOW_HOUR, 2)]);
    assert_eq!(store.findings(one, 1).await.unwrap()[0].code, "record_unreadable");
}

async fn one_strange_text_does_not_hold_up_others(database: &Database) {
    let store = database.store().await;
    let (one, two) = (agent(&store, 1).await, agent(&store, 2).await);
    let mut strange = report(&[(NOW_HOUR, 2)]);
    let text = "a\0\u{202e}\u{1b}b".to_owned();
    strange.claim = Claim { name: text.clone(), machine: text.clone(), version: text.clone(), ..claim("b1") };
    let log = Some(text.clone());
    strange.findings.push(Finding { code: text.clone(), log, text: text.clone(), at: at(0) });
    let batch = vec![arrival(one, (1, 1, 1), strange), arrival(two, (1, 1, 1), report(&[(NOW_HOUR, 2)]))];
    let stored = store.store_reports(batch).await.unwrap();
    assert!(stored.iter().all(|stored| stored.decision == Decision::Store));
    assert_eq!(store.agent(one).await.unwrap().unwrap().name, "a\u{fffd}\u{202e}\u{1b}b");
    assert_eq!(store.findings(one, 1).await.unwrap()[0].text, "a\u{fffd}\u{202e}\u{1b}b");
    let (ids, verdicts) = (["a".to_owned()].into(), [0].into());
    let change = VerdictChange { agent: one, subject: text.clone(), at: at(1), ids, verdicts };
    store.record_verdicts(&[change]).await.unwrap();
    assert!(store.verdicts_at(one, &text, at(2)).await.unwrap().is_some());
    // Names that read alike are no two rows.
    let row = |event_type: &str| RollupEventType { event_type: event_type.to_owned(), ..Default::default() };
    store
        .put_rollup_event_types(date(2026, 1, 1), &[row(&text), row("a\u{fffd}\u{202e}\u{1b}b")])
        .await
        .unwrap();
}

async fn two_collectors_lose_no_report_of_one_agent(database: &Database) {
    let (left, right) = (database.store().await, database.store().await);
    let ids = [agent(&left, 1).await, agent(&left, 2).await, agent(&left, 3).await];
    let send = |store: Store, odd: u64| async move {
        for round in 0..25_u64 {
            let seq = round * 2 + odd;
            let hour = NOW_HOUR - 100 + i64::try_from(seq).unwrap();
            // One has its agents in another order: their rows are locked in one order all the same.
            let mut agents = ids;
            if odd == 1 {
                agents.reverse();
            }
            let batch = agents.iter().map(|id| arrival(*id, (1, seq, 1), report(&[(hour, seq)])));
            let stored = store.store_reports(batch.collect()).await.unwrap();
            assert!(stored.iter().all(|stored| stored.decision.refusal().is_none()), "{stored:?}");
        }
    };
    let (one, two) = (tokio::spawn(send(left.clone(), 1)), tokio::spawn(send(right, 2)));
    one.await.unwrap();
    two.await.unwrap();
    let all: Vec<(i64, u64)> = (1..=50).map(|seq| (NOW_HOUR - 100 + seq, seq.unsigned_abs())).collect();
    for id in ids {
        let record = left.host_with_hours(id, Hour(0)).await.unwrap().unwrap();
        assert_eq!(hours(&record), all);
    }
}

crate::on_both!(
    reports_count_once_in_any_order,
    a_record_alone_tells_the_newest_hours,
    one_batch_holds_many_agents_and_several_reports_of_one,
    a_clone_is_quarantined_until_it_is_released,
    a_machine_that_was_set_back_is_told_once_and_begins_anew,
    settings_are_remembered_where_they_change,
    what_cannot_be_read_is_begun_anew_and_does_not_hold_up_others,
    one_strange_text_does_not_hold_up_others,
    two_collectors_lose_no_report_of_one_agent,
);
