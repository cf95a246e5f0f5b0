//! How many reports are stored in a second. Run it in a release build:
//! `cargo test --release -p blindspot-tests --test store speed -- --ignored --nocapture`.

use std::time::Duration;

use blindspot_store::Arrival;
use blindspot_telemetry::{
    Clock as _, EventType, FieldFill,
    census::Tally,
    clock::SystemClock,
    wire::{AgentId, Report},
};

use crate::{
    database::{Database, run},
    sample::{NOW_HOUR, arrival, claim, event_type, log, report, tally, token},
};

const AGENTS: u16 = 1_000;
const ROUNDS: u64 = 6;
const BATCH: usize = 100;

/// A report of 60 event types with 10 fields each.
fn large(round: u64) -> Report {
    let types = (0..60_u16).map(|number| -> (EventType, Tally) {
        let mut tally = tally(&[(NOW_HOUR - 1, 100), (NOW_HOUR, round)]);
        let fill = FieldFill { filled: tally.count - 7, placeholder: 5, empty: 2 };
        tally.fields = (0..10).map(|field| (format!("Field{field}").as_str().into(), fill)).collect();
        (event_type(4600 + number), tally)
    });
    let log = log(crate::sample::LOG, types.collect());
    Report { logs: vec![log], ..report(&[]) }
}

async fn reports_in_a_second(database: &Database) {
    let store = database.store().await;
    store.create_token(&token(1, None), crate::sample::at(0)).await.unwrap();
    let mut agents: Vec<AgentId> = Vec::new();
    for number in 0..AGENTS {
        let mut key = [0; 32];
        key[..2].copy_from_slice(&number.to_be_bytes());
        agents.push(store.enrol([1; 32], key, &claim("b1"), crate::sample::at(0)).await.unwrap().agent);
    }
    let clock = SystemClock::new();
    for round in 1..=ROUNDS {
        let second = i64::try_from(round).unwrap();
        let arrivals: Vec<Arrival> =
            agents.iter().map(|id| arrival(*id, (1, round, second), large(round))).collect();
        let (started, busy) = (clock.monotonic(), processor_time());
        for batch in arrivals.chunks(BATCH) {
            let stored = store.store_reports(batch.to_vec()).await.unwrap();
            assert!(stored.iter().all(|stored| stored.decision.refusal().is_none()));
        }
        let took = clock.monotonic() - started;
        let busy = (processor_time() - busy).as_secs_f64() * 1e6 / f64::from(AGENTS);
        let rate = f64::from(AGENTS) / took.as_secs_f64();
        println!("round {round}: {rate:.0} reports/s, {busy:.0} us of processor time each");
    }
}

/// Of this process, all threads, to a hundredth of a second (proc(5)). The server's is not part of it.
fn processor_time() -> Duration {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap();
    let (_, behind_name) = stat.rsplit_once(") ").unwrap();
    let ticks: u64 = behind_name.split(' ').skip(11).take(2).map(|ticks| ticks.parse::<u64>().unwrap()).sum();
    Duration::from_millis(ticks * 10)
}

#[test]
#[ignore = "a measurement"]
fn on_sqlite() {
    run(reports_in_a_second(&Database::sqlite()));
}

#[test]
#[ignore = "a measurement"]
fn on_postgres() {
    run(reports_in_a_second(&Database::postgres()));
}
