//! Two weeks without a collector: every hour is known once it answers again.

use std::collections::BTreeMap;

use blindspot_agent::{
    core::{Core, Occasion, Sender},
    host,
    identity::{Identity, Key},
    send::{Collector as Road, Letter, Sent},
    state::{Found, StateFolder, look_at},
};
use blindspot_sampling::{
    live::{EvtxCursor, LogCursor, LogForm, LogPlace, LogTurn, Standing},
    text::Format,
};
use blindspot_store::{DatabaseUrl, Store};
use blindspot_telemetry::{
    Clock as _, EventType, FieldFill, Hour, Observed, SourceId, SourceKind, census::HOURS_KEPT,
    clock::SystemClock, wire::Epoch,
};
use blindspot_tests::stage::Collector;
use jiff::Timestamp;

use crate::{Host, folder};

/// Event types that every hour holds events of.
const TYPES: i64 = 150;
/// Reports that may be needed.
const REPORTS: usize = 10;

fn events_of(hour: i64, number: i64) -> u64 {
    u64::try_from((hour * 31 + number * 17) % 1000 + 1).unwrap()
}

fn program(number: i64) -> EventType {
    EventType::Syslog { program: format!("program-{number}").as_str().into() }
}

fn turn(hour: i64) -> LogTurn {
    let time = Hour(hour).start();
    let types: BTreeMap<EventType, Observed> = (0..TYPES)
        .map(|number| {
            let count = events_of(hour, number);
            let fill = FieldFill { filled: count, placeholder: 0, empty: 0 };
            let fields = BTreeMap::from([("message".into(), fill), ("pid".into(), fill)]);
            let hours = BTreeMap::from([(Hour(hour), count)]);
            (program(number), Observed { count, first: time, last: time, hours, fields })
        })
        .collect();
    let records = types.values().map(|seen| seen.count).sum();
    LogTurn { computers: vec![(Some("web1".into()), types)], records, ..LogTurn::new(Standing::CaughtUp) }
}

fn place() -> LogPlace {
    LogPlace {
        path: "/var/log/syslog".into(),
        form: LogForm::Text(Format::Syslog),
        kind: SourceKind::Syslog,
        holds: vec![SourceId::Syslog],
        stream: None,
        relay: false,
    }
}

fn sender() -> Sender {
    Sender { claim: host::claim(Some("web1")), interval_s: 300, footprint: host::footprint("".as_ref()) }
}

fn store(core: &mut Core, folder: &mut StateFolder) {
    let (mark, state) = core.checkpoint().unwrap();
    folder.store(&state).unwrap();
    core.stored(mark);
}

/// Counts two weeks that nobody hears of, hour by hour; every attempt to report fails.
fn two_weeks(core: &mut Core, folder: &mut StateFolder, last: i64) {
    for hour in last - HOURS_KEPT + 1..=last {
        let now = Hour(hour).start();
        let cursor = LogCursor::Evtx(EvtxCursor { record_id: hour.unsigned_abs(), ..EvtxCursor::default() });
        core.count(&place(), Some(cursor), turn(hour), now);
        core.covered(now);
        core.forget(now);
        if hour % 6 == 0 || hour == last {
            store(core, folder);
            core.report(Occasion::Regular, sender(), now).expect("a report");
            core.abandon();
        }
    }
}

#[test]
fn two_weeks_without_a_collector_are_told_hour_by_hour_within_ten_reports() {
    let temporary = folder();
    let collector = Collector::start(&temporary.path().join("c"), None);
    let host = Host::new(temporary.path(), "web1", &collector);
    let state = host.folder.join("state");
    let (identity, key) = (Identity::read(&state).unwrap(), Key::open(&state).unwrap());
    let (mut disk, found) = StateFolder::open(&state).unwrap();
    assert_eq!(found, Found::Nothing);
    let now = SystemClock::new().wall();
    let last = Hour::of(now).0;
    let mut core = Core::new(identity.agent, Epoch([4; 16]), identity.server_epoch);
    two_weeks(&mut core, &mut disk, last);
    drop(disk);
    for slot in ["state.0", "state.1"] {
        let bytes = state.join(slot).metadata().unwrap().len();
        assert!(bytes <= 4 << 20, "{slot}: {bytes}");
    }
    // The agent starts anew, and the collector answers.
    let Found::State(kept, slot) = look_at(&state).unwrap() else { panic!("no state") };
    let mut core = Core::restore(*kept, identity.agent, slot).unwrap();
    let (mut disk, _) = StateFolder::open(&state).unwrap();
    let road = Road::new(&identity.url, identity.authority_der().as_deref(), None).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let mut reports = 0;
    while core.backlog() > 0 {
        store(&mut core, &mut disk);
        let outgoing = core.report(Occasion::Regular, sender(), now).expect("a report");
        let letter = Letter::new(&outgoing, &key, now.as_millisecond()).unwrap();
        match runtime.block_on(road.send(&letter)) {
            Sent::Stored(ack) => core.acknowledged(&ack, now, 0.0),
            other => panic!("{other:?}"),
        };
        reports += 1;
        assert!(reports <= REPORTS);
    }
    println!("{HOURS_KEPT} hours of {TYPES} event types in {reports} reports");
    assert!(core.findings().is_empty(), "{:?}", core.findings());
    let url: DatabaseUrl =
        format!("sqlite:{}", temporary.path().join("c/data/blindspot.db").display()).parse().unwrap();
    let record = runtime.block_on(async {
        let store = Store::open(&url).await.unwrap();
        store.host_with_hours(identity.agent, Hour(last - HOURS_KEPT)).await.unwrap().expect("a record")
    });
    let types = &record.logs[0].computers[0].event_types;
    assert_eq!(types.len() as i64, TYPES);
    for number in 0..TYPES {
        let tally = &types[&program(number)];
        let expected: BTreeMap<Hour, u64> =
            (last - HOURS_KEPT + 1..=last).map(|hour| (Hour(hour), events_of(hour, number))).collect();
        assert_eq!(tally.hours, expected, "{number}");
        assert_eq!((tally.count, tally.undated), (expected.values().sum(), 0));
        let span: Option<(Timestamp, Timestamp)> =
            Some((Hour(last - HOURS_KEPT + 1).start(), Hour(last).start()));
        assert_eq!(tally.span, span);
    }
}
