//! Reports of agents that lie or break: each is refused with its word, nothing breaks, and others are served.

use std::{
    collections::BTreeMap,
    sync::atomic::{AtomicBool, AtomicUsize, Ordering},
    thread,
    time::Duration,
};

use blindspot_telemetry::wire::{REPORT_PATH, envelope::HEADER};
use blindspot_tests::random_fleet::Random;

use crate::{
    agent::{Agent, pack_json, report, token},
    client::{Answer, Connection},
    collector::{Collector, WIDE, timed, wait_for},
    kinds::{self, Kind},
};

/// Reports of each kind.
const OF_EACH: usize = 1000;
/// Agents that lie at the same time.
const LIARS: usize = 8;
/// What the collector may grow by, in KiB.
const GROWTH_KIB: u64 = 50 << 10;

/// Sends on a connection that is kept while the collector keeps it.
/// A status of 0 is an end without an answer.
fn exchange(collector: &Collector, kept: &mut Option<Connection>, bytes: &[u8]) -> Answer {
    let mut connection = kept.take().unwrap_or_else(|| collector.connect());
    // A refusal may come before everything was sent.
    let sent = connection.send(bytes);
    let answer = connection.answer().unwrap_or_else(|error| Answer {
        status: 0,
        head: String::new(),
        body: format!("{error}, sending: {sent:?}").into_bytes(),
    });
    let stays = sent.is_ok() && answer.header("connection") != Some("close") && answer.status == 200;
    *kept = Some(connection).filter(|_| stays);
    answer
}

/// One agent sends some of every kind. Returns what was answered otherwise than expected.
fn lie(
    collector: &Collector,
    kinds: &[Kind],
    agent: &mut Agent,
    (seed, of_each): (u64, usize),
) -> BTreeMap<String, usize> {
    let (mut random, mut wrong, mut kept) = (Random::new(seed), BTreeMap::new(), None);
    for kind in kinds {
        for _ in 0..of_each {
            let answer = exchange(collector, &mut kept, &(kind.make)(&mut random, agent));
            let got = (answer.status, answer.code());
            // The end of a connection may overtake the answer where much was not read.
            if got == (0, None) && kind.expected == kinds::LONG_HEAD {
                continue;
            }
            if got != (kind.expected.0, kind.expected.1.map(str::to_owned)) {
                *wrong.entry(format!("{}: {got:?}: {}", kind.name, answer.text())).or_default() += 1;
            }
            assert!(answer.status < 500, "{}: {}", kind.name, answer.text());
        }
    }
    wrong
}

#[test]
fn every_kind_of_wrong_report_has_its_answer_and_costs_little() {
    let mut collector = Collector::start(WIDE);
    let kinds = kinds::all();
    let token = token(&collector, 100);
    let mut liars: Vec<Agent> = (0..LIARS).map(|_| Agent::enrol(&collector, &token)).collect();
    let mut honest = Agent::enrol(&collector, &token);
    // What is needed once is no growth.
    for (seed, liar) in (0..).zip(&mut liars) {
        lie(&collector, &kinds, liar, (seed, 3));
    }
    let before = collector.rss_kib();
    let (ended, served) = (AtomicBool::new(false), AtomicUsize::new(0));
    let wrong: BTreeMap<String, usize> = thread::scope(|scope| {
        let shared = &collector;
        scope.spawn(|| {
            let body = pack_json(&report());
            while !ended.load(Ordering::Relaxed) {
                let answer = shared.exchange(&honest.report(&body));
                assert_eq!(answer.status, 200, "{}", answer.text());
                served.fetch_add(1, Ordering::Relaxed);
                thread::sleep(Duration::from_millis(20));
            }
        });
        let kinds = &kinds;
        let lying: Vec<_> = (100..)
            .zip(&mut liars)
            .map(|(seed, liar)| scope.spawn(move || lie(shared, kinds, liar, (seed, OF_EACH / LIARS))))
            .collect();
        let found: Vec<_> = lying.into_iter().map(thread::ScopedJoinHandle::join).collect();
        ended.store(true, Ordering::Relaxed);
        found.into_iter().flat_map(|found| found.expect("a liar")).collect()
    });
    let growth = collector.rss_kib().saturating_sub(before);
    println!(
        "{} kinds, {OF_EACH} of each; {} reports served meanwhile; {growth} KiB of growth",
        kinds.len(),
        served.load(Ordering::Relaxed)
    );
    assert!(wrong.is_empty(), "{wrong:#?}");
    assert!(served.load(Ordering::Relaxed) > 10);
    assert!(growth < GROWTH_KIB, "{growth} KiB");
    collector.assert_sound();
    // Names of strangers are shown as they are in JSON only, which has no raw control characters.
    let hosts = collector.ask("GET", "/api/v1/hosts?limit=1000", Some(&collector.admin), None);
    assert_eq!(hosts.status, 200, "{}", hosts.text());
    assert!(!hosts.body.iter().any(u8::is_ascii_control), "{}", hosts.text());
}

#[test]
fn a_stranger_is_refused_before_a_body_is_read() {
    let collector = Collector::start(WIDE);
    let mut agent = Agent::enrol(&collector, &token(&collector, 1));
    let mut signed = agent.sign(b"");
    signed.envelope.agent.0 = [9; 16];
    for envelope in [signed.to_string(), "nonsense".to_owned()] {
        let head = format!(
            "POST {REPORT_PATH} HTTP/1.1\r\nHost: a\r\n{HEADER}: {envelope}\r\nContent-Length: 200000\r\n\r\n"
        );
        let mut connection = collector.connect();
        connection.send(head.as_bytes()).unwrap();
        let (answer, took) = timed(|| connection.answer().unwrap());
        assert!([400, 401].contains(&answer.status), "{}", answer.text());
        assert!(took < Duration::from_secs(4), "{took:?}: it waited for the body");
    }
}

#[test]
fn slow_bodies_are_dropped() {
    let mut collector = Collector::start(WIDE);
    let token = token(&collector, 10);
    let collected = &collector;
    thread::scope(|scope| {
        for agent in [Some(()), None] {
            let token = &token;
            scope.spawn(move || {
                // A report of a known agent; a login of anybody.
                let head = match agent {
                    Some(()) => {
                        let signed = Agent::enrol(collected, token).sign(b"");
                        format!("POST {REPORT_PATH} HTTP/1.1\r\nHost: a\r\n{HEADER}: {signed}\r\nContent-Length: 60000\r\n\r\n")
                    }
                    None => "POST /api/v1/login HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: 60000\r\n\r\n".to_owned(),
                };
                let mut connection = collected.connect();
                connection.send(head.as_bytes()).unwrap();
                let (sent, took) = timed(|| (0..400).take_while(|_| {
                    thread::sleep(Duration::from_millis(100));
                    connection.send(b"x").is_ok()
                }).count());
                assert!(took < Duration::from_secs(35), "{sent} bytes in {took:?}");
                assert_eq!(connection.answer().map_or(400, |answer| answer.status), 400);
            });
        }
    });
    wait_for("an end of connections", || {
        let metrics = collector.ask("GET", "/metrics", Some(&collector.admin), None);
        (metrics.status == 200).then_some(())
    });
    collector.assert_sound();
}
