//! What the core must keep, whatever happens to reports.

use std::{collections::BTreeMap, path::PathBuf};

use blindspot_sampling::{
    live::{EvtxCursor, LogCursor, LogForm, LogPlace, LogTurn, Standing},
    text::Format,
};
use blindspot_telemetry::{
    EventType, FieldFill, Hour, Observed, SourceId, SourceKind,
    census::Tally,
    wire::{Ack, Claim, RefusalCode, Report, ReportKind, report::Footprint},
};

use super::*;

const AGENT: AgentId = AgentId([1; 16]);
/// Some hour of 2026.
const HOUR: i64 = 492_322;

fn at(hour: i64) -> Timestamp {
    Timestamp::from_second(hour * 3600).unwrap()
}

fn place(path: &str) -> LogPlace {
    LogPlace {
        path: PathBuf::from(path),
        form: LogForm::Text(Format::Syslog),
        kind: SourceKind::Syslog,
        holds: vec![SourceId::Syslog],
        stream: Some(path.to_owned()),
        relay: false,
    }
}

fn cursor(position: u64) -> Option<LogCursor> {
    Some(LogCursor::Evtx(EvtxCursor { record_id: position, ..EvtxCursor::default() }))
}

fn program(name: &str) -> EventType {
    EventType::Syslog { program: name.into() }
}

fn seen(hour: i64, count: u64) -> Observed {
    Observed {
        count,
        first: at(hour),
        last: at(hour),
        hours: BTreeMap::from([(Hour(hour), count)]),
        fields: BTreeMap::from([("pid".into(), FieldFill { filled: count, placeholder: 0, empty: 0 })]),
    }
}

fn turn(host: &str, types: &[(&str, i64, u64)]) -> LogTurn {
    let mut counted: BTreeMap<EventType, Observed> = BTreeMap::new();
    for (name, hour, count) in types {
        counted
            .entry(program(name))
            .and_modify(|known| known.merge(&seen(*hour, *count)))
            .or_insert_with(|| seen(*hour, *count));
    }
    let records = types.iter().map(|(_, _, count)| count).sum();
    LogTurn { computers: vec![(Some(host.into()), counted)], records, ..LogTurn::new(Standing::CaughtUp) }
}

fn sender() -> Sender {
    let [name, platform, machine, boot, version] = ["web1", "linux", "00", "b", "1"].map(str::to_owned);
    Sender {
        claim: Claim { name, platform, machine, boot, version },
        interval_s: 300,
        footprint: Footprint::default(),
    }
}

fn core() -> Core {
    Core::new(AGENT, Epoch([2; 16]), ServerEpoch([3; 16]))
}

fn ack(outgoing: &Outgoing) -> Ack {
    Ack {
        epoch: outgoing.epoch,
        seq: outgoing.seq,
        server_epoch: ServerEpoch([3; 16]),
        now_ms: 0,
        next_in_s: 300,
        want_snapshot: false,
        off: Vec::new(),
    }
}

/// A disk and a collector, as far as the core sees them.
#[derive(Default)]
struct World {
    disk: Option<State>,
    older: Option<State>,
    merged: BTreeMap<(String, String, EventType), Tally>,
    seqs: BTreeMap<(Epoch, u64), Report>,
}

impl World {
    fn store(&mut self, core: &mut Core) {
        let (mark, state) = core.checkpoint().unwrap();
        self.older = self.disk.replace(state);
        core.stored(mark);
    }

    fn receive(&mut self, outgoing: &Outgoing) {
        let report = Report::from_json(&outgoing.report.to_json().unwrap()).unwrap();
        let known = self.seqs.insert((outgoing.epoch, outgoing.seq.0), report.clone());
        assert!(known.is_none_or(|known| known == report), "two bodies of number {}", outgoing.seq);
        for log in &report.logs {
            for computer in &log.computers {
                let name = computer.name.as_ref().map_or(String::new(), ToString::to_string);
                for (event_type, tally) in &computer.event_types {
                    let key = (log.source.path.clone(), name.clone(), event_type.clone());
                    self.merged.entry(key).or_default().merge(tally);
                }
            }
        }
    }
}

fn counts(core: &Core) -> BTreeMap<(String, String, EventType), Tally> {
    let logs = core.logs.iter().flat_map(|(path, log)| {
        log.computers.iter().flat_map(move |computer| {
            let name = computer.name.as_ref().map_or(String::new(), ToString::to_string);
            computer.types.iter().map(move |(event_type, counted)| {
                ((path.clone(), name.clone(), event_type.clone()), counted.tally.clone())
            })
        })
    });
    logs.collect()
}

#[test]
fn nothing_is_told_before_it_is_stored() {
    let (mut core, mut world) = (core(), World::default());
    assert_eq!(core.report(Occasion::Regular, sender(), at(HOUR)), None, "no number is reserved");
    world.store(&mut core);
    core.count(&place("/a"), cursor(1), turn("web1", &[("sshd", HOUR, 3)]), at(HOUR));
    core.covered(at(HOUR));
    core.note("state_not_durable", None, "disk full", at(HOUR));
    let sign_of_life = core.report(Occasion::Regular, sender(), at(HOUR)).unwrap();
    assert_eq!(sign_of_life.report.kind, ReportKind::Changes);
    assert!(sign_of_life.report.logs[0].computers.iter().all(|computer| computer.event_types.is_empty()));
    assert_eq!((sign_of_life.report.coverage, sign_of_life.report.findings.len()), (None, 1));
    assert_eq!(core.report(Occasion::Regular, sender(), at(HOUR)), None, "one is in flight");
    core.acknowledged(&ack(&sign_of_life), at(HOUR), 0.0);
    world.store(&mut core);
    let told = core.report(Occasion::Regular, sender(), at(HOUR)).unwrap();
    assert_eq!(told.report.kind, ReportKind::Snapshot);
    world.receive(&told);
    assert_eq!(world.merged, counts(&core));
    assert!(told.seq > sign_of_life.seq && told.report.findings.is_empty() && told.report.coverage.is_some());
}

#[test]
fn only_what_changed_is_told_and_a_lost_answer_tells_it_again() {
    let (mut core, mut world) = (core(), World::default());
    core.count(&place("/a"), cursor(1), turn("web1", &[("sshd", HOUR, 3), ("cron", HOUR, 1)]), at(HOUR));
    world.store(&mut core);
    let first = core.report(Occasion::Regular, sender(), at(HOUR)).unwrap();
    assert!(!core.acknowledged(&ack(&first), at(HOUR), 0.0));
    assert_eq!(core.backlog(), 0);
    core.count(&place("/a"), cursor(2), turn("web1", &[("sshd", HOUR + 1, 2)]), at(HOUR + 1));
    world.store(&mut core);
    let lost = core.report(Occasion::Regular, sender(), at(HOUR + 1)).unwrap();
    let types = &lost.report.logs[0].computers[0].event_types;
    assert_eq!(types.keys().collect::<Vec<_>>(), [&program("sshd")]);
    let tally = &types[&program("sshd")];
    assert_eq!((tally.count, &tally.hours), (5, &BTreeMap::from([(Hour(HOUR + 1), 2)])));
    // A change while the report is in flight is not confirmed by its answer.
    core.count(&place("/a"), cursor(3), turn("web1", &[("sshd", HOUR + 1, 4)]), at(HOUR + 1));
    core.abandon();
    world.store(&mut core);
    let again = core.report(Occasion::Regular, sender(), at(HOUR + 1)).unwrap();
    assert_eq!(again.report.logs[0].computers[0].event_types[&program("sshd")].count, 9);
    core.count(&place("/a"), cursor(4), turn("web1", &[("sshd", HOUR + 1, 1)]), at(HOUR + 1));
    core.acknowledged(&ack(&again), at(HOUR + 1), 0.0);
    assert_eq!(core.backlog(), 1);
    let late = Ack { seq: lost.seq, ..ack(&lost) };
    assert!(!core.acknowledged(&late, at(HOUR + 1), 0.0), "a late answer changes nothing");
    assert_eq!(core.backlog(), 1);
}

#[test]
fn a_restart_goes_on_with_counts_cursors_and_higher_numbers() {
    let (mut core, mut world) = (core(), World::default());
    core.count(&place("/a"), cursor(1), turn("web1", &[("sshd", HOUR, 3)]), at(HOUR));
    core.set(Settings::default());
    core.covered(at(HOUR));
    core.note("x", Some("/a"), "y", at(HOUR));
    world.store(&mut core);
    let first = core.report(Occasion::Regular, sender(), at(HOUR)).unwrap();
    core.acknowledged(&ack(&first), at(HOUR), 0.0);
    core.count(&place("/a"), cursor(2), turn("web1", &[("sshd", HOUR, 4), ("cron", HOUR, 1)]), at(HOUR));
    world.store(&mut core);
    let restored = Core::restore(world.disk.clone().unwrap(), AGENT, Slot::Newest).unwrap();
    assert_eq!((counts(&restored), restored.cursor("/a")), (counts(&core), cursor(2)));
    assert_eq!((restored.backlog(), restored.next_seq), (2, core.seq_limit));
    assert_eq!(restored.settings, Some(Settings::default()));
    let older = Core::restore(world.older.clone().unwrap(), AGENT, Slot::Older).unwrap();
    assert!(older.next_seq > core.seq_limit + 1_000_000);
    assert_eq!(older.cursor("/a"), cursor(1));
    let other = Core::restore(world.disk.clone().unwrap(), AgentId([9; 16]), Slot::Newest).unwrap_err();
    assert!(other.to_string().contains("0101"), "{other}");
    let mut torn = world.disk.unwrap();
    torn = serde_json::from_value(
        serde_json::to_value(&torn)
            .map(|mut value| {
                value["logs"] = serde_json::json!([]);
                value
            })
            .unwrap(),
    )
    .unwrap();
    assert!(matches!(
        Core::restore(torn, AGENT, Slot::Newest),
        Err(ReadStateError::NotWhole { logs: 0, counted: 1 })
    ));
}

#[test]
fn whatever_happens_to_reports_the_collector_ends_with_what_was_counted() {
    for seed in 1..=60_u64 {
        life(seed);
    }
}

/// Numbers that look random; the same seed gives the same ones.
fn numbers(seed: u64) -> impl FnMut(u64) -> u64 {
    let mut state = seed;
    move |below| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) % below
    }
}

/// What is read: how many of which program in which hour.
type Read = (u64, &'static str, i64);

/// Reads, stores and sends in any order, with losses, delays and restarts.
fn life(seed: u64) {
    let mut random = numbers(seed);
    let (mut core, mut world) = (core(), World::default());
    core.split_bytes = 600;
    let mut ledger: Vec<Read> = Vec::new();
    let (mut position, mut delayed) = (0_u64, Vec::new());
    for step in 0..400 {
        let now = at(HOUR + step / 40);
        match random(10) {
            0..4 => {
                // Reading goes on where the cursor stands: what was read and not stored is read again.
                while usize::try_from(position).unwrap() >= ledger.len() || random(3) == 0 {
                    ledger.push((
                        1 + random(5),
                        ["a", "b", "c"][usize::try_from(random(3)).unwrap()],
                        HOUR + step / 40,
                    ));
                }
                let (count, name, hour) = ledger[usize::try_from(position).unwrap()];
                position += 1;
                core.count(&place("/a"), cursor(position), turn("web1", &[(name, hour, count)]), now);
            }
            4 => world.store(&mut core),
            5 | 6 => {
                world.store(&mut core);
                if let Some(outgoing) = core.report(Occasion::Regular, sender(), now) {
                    match random(4) {
                        0 => core.abandon(),
                        1 => {
                            world.receive(&outgoing);
                            core.abandon();
                        }
                        2 => delayed.push(outgoing),
                        _ => {
                            world.receive(&outgoing);
                            core.acknowledged(&ack(&outgoing), now, 0.0);
                        }
                    }
                }
            }
            7 => {
                if let Some(outgoing) = delayed.pop() {
                    world.receive(&outgoing);
                    world.receive(&outgoing);
                    core.acknowledged(&ack(&outgoing), now, 0.0);
                }
            }
            8 if random(4) == 0 => {
                if let Some(state) = world.disk.clone() {
                    core = Core::restore(state, AGENT, Slot::Newest).unwrap();
                    core.split_bytes = 600;
                    position = match core.cursor("/a") {
                        Some(LogCursor::Evtx(cursor)) => cursor.record_id,
                        _ => 0,
                    };
                }
            }
            _ => core.refused(RefusalCode::Cloned, Epoch([4; 16]), now),
        }
    }
    quiet(seed, (core, world), &ledger, position);
}

/// Everything is read, stored and told: then the collector has what was counted.
fn quiet(seed: u64, (mut core, mut world): (Core, World), ledger: &[Read], mut position: u64) {
    let end = at(HOUR + 11);
    for (count, name, hour) in ledger.iter().skip(usize::try_from(position).unwrap()) {
        position += 1;
        core.count(&place("/a"), cursor(position), turn("web1", &[(name, *hour, *count)]), end);
    }
    core.abandon();
    for _ in 0..20 {
        world.store(&mut core);
        let outgoing = core.report(Occasion::Regular, sender(), end).unwrap();
        world.receive(&outgoing);
        core.acknowledged(&ack(&outgoing), end, 0.0);
    }
    assert_eq!(world.merged, counts(&core), "seed {seed}");
    let total: u64 = world.merged.values().map(|tally| tally.count).sum();
    assert_eq!(total, ledger.iter().map(|(count, _, _)| count).sum::<u64>(), "seed {seed}");
}

#[test]
fn a_report_is_split_where_it_is_too_large_and_a_snapshot_ends_with_its_last_part() {
    let (mut core, mut world) = (core(), World::default());
    core.split_bytes = 2000;
    let names: Vec<String> = (0..40).map(|number| format!("program-{number}")).collect();
    let types: Vec<(&str, i64, u64)> = names.iter().map(|name| (name.as_str(), HOUR, 1)).collect();
    core.count(&place("/a"), cursor(1), turn("web1", &types), at(HOUR));
    world.store(&mut core);
    let mut parts = 0;
    loop {
        let outgoing = core.report(Occasion::Regular, sender(), at(HOUR)).unwrap();
        assert_eq!(outgoing.report.kind, ReportKind::Snapshot);
        assert!(outgoing.report.to_json().unwrap().len() < 2600);
        world.receive(&outgoing);
        parts += 1;
        if !core.acknowledged(&ack(&outgoing), at(HOUR), 0.0) {
            break;
        }
    }
    assert!(parts > 2, "{parts}");
    assert_eq!(world.merged, counts(&core));
    let next = core.report(Occasion::Regular, sender(), at(HOUR)).unwrap();
    assert_eq!(next.report.kind, ReportKind::Changes);
}

#[test]
fn refusals_split_or_begin_an_epoch_or_keep_the_report() {
    let (mut core, mut world) = (core(), World::default());
    core.count(&place("/a"), cursor(1), turn("web1", &[("sshd", HOUR, 3)]), at(HOUR));
    world.store(&mut core);
    let fresh = Epoch([5; 16]);
    let first = core.report(Occasion::Regular, sender(), at(HOUR)).unwrap();
    core.refused(RefusalCode::Unavailable, fresh, at(HOUR));
    assert!(core.is_in_flight(first.seq));
    core.refused(RefusalCode::TooLarge, fresh, at(HOUR));
    assert_eq!((core.is_in_flight(first.seq), core.split_bytes), (false, MAX_RAW_BYTES / 2));
    core.report(Occasion::Regular, sender(), at(HOUR)).unwrap();
    core.refused(RefusalCode::RolledBack, fresh, at(HOUR));
    world.store(&mut core);
    assert_eq!(core.report(Occasion::Regular, sender(), at(HOUR)), None, "the other slot has the old epoch");
    assert!(core.is_unsaved());
    world.store(&mut core);
    let after = core.report(Occasion::Regular, sender(), at(HOUR)).unwrap();
    assert_eq!((after.epoch, after.report.kind), (fresh, ReportKind::Snapshot));
    assert_eq!(after.report.findings[0].code, "rolled_back");
}

#[test]
fn a_snapshot_comes_when_asked_when_the_collector_lost_its_history_and_daily() {
    let (mut core, mut world) = (core(), World::default());
    let mut kind = |core: &mut Core, now: Timestamp, change: &dyn Fn(&mut Ack)| {
        world.store(core);
        let outgoing = core.report(Occasion::Regular, sender(), now).unwrap();
        let mut answer = ack(&outgoing);
        change(&mut answer);
        core.acknowledged(&answer, now, 0.5);
        outgoing.report.kind
    };
    let quiet: &dyn Fn(&mut Ack) = &|_| ();
    let start = at(HOUR);
    assert_eq!(kind(&mut core, start, quiet), ReportKind::Snapshot);
    let daily = timing::next_daily(AGENT, start);
    assert_eq!(kind(&mut core, start, &|ack| ack.want_snapshot = true), ReportKind::Changes);
    assert_eq!(kind(&mut core, start, quiet), ReportKind::Snapshot);
    assert_eq!(kind(&mut core, daily, quiet), ReportKind::Snapshot);
    let later = timing::next_daily(AGENT, daily);
    let new = ServerEpoch([8; 16]);
    let restored = later.saturating_sub(SignedDuration::from_hours(5)).unwrap();
    assert_eq!(kind(&mut core, restored, &|ack| ack.server_epoch = new), ReportKind::Changes);
    let soon = restored.saturating_add(SignedDuration::from_mins(29)).unwrap();
    assert_eq!(kind(&mut core, soon, &|ack| ack.server_epoch = new), ReportKind::Changes);
    let due = restored.saturating_add(SignedDuration::from_mins(30)).unwrap();
    assert_eq!(kind(&mut core, due, &|ack| ack.server_epoch = new), ReportKind::Snapshot);
}

#[test]
fn hours_leave_after_fourteen_days_and_a_finding_says_which_were_never_told() {
    let (mut core, mut world) = (core(), World::default());
    core.count(&place("/a"), cursor(1), turn("web1", &[("sshd", HOUR, 3)]), at(HOUR));
    world.store(&mut core);
    let told = core.report(Occasion::Regular, sender(), at(HOUR)).unwrap();
    core.acknowledged(&ack(&told), at(HOUR), 0.0);
    core.count(&place("/a"), cursor(2), turn("web1", &[("sshd", HOUR + 2, 4)]), at(HOUR + 2));
    core.forget(at(HOUR + HOURS_KEPT + 1));
    assert!(core.findings.waiting().is_empty(), "what was told is dropped in silence");
    core.forget(at(HOUR + HOURS_KEPT + 3));
    let findings = core.findings.waiting();
    assert_eq!(findings[0].code, "hours_coarsened");
    assert!(
        findings[0].text.contains(&at(HOUR + 2).to_string())
            && findings[0].text.contains(&at(HOUR + 3).to_string())
    );
    let tally = counts(&core).into_values().next().unwrap();
    assert_eq!((tally.count, tally.hours.len()), (7, 0));
    core.count(&place("/a"), cursor(3), turn("web1", &[("sshd", HOUR - 9000, 2)]), at(HOUR));
    let tally = counts(&core).into_values().next().unwrap();
    assert_eq!((tally.count, tally.hours.len()), (9, 0), "an old event is in the total");
}

#[test]
fn what_exceeds_the_limits_is_counted_without_a_type_and_told_once() {
    let mut core = core();
    let names: Vec<String> = (0..2003).map(|number| format!("p{number}")).collect();
    let types: Vec<(&str, i64, u64)> = names.iter().map(|name| (name.as_str(), HOUR, 2)).collect();
    core.count(&place("/a"), cursor(1), turn("web1", &types), at(HOUR));
    let long = "x".repeat(257);
    core.count(&place("/a"), cursor(2), turn("web1", &[(&long, HOUR, 5)]), at(HOUR));
    let mut wide = turn("web1", &[("p0", HOUR, 1)]);
    for number in 0..600 {
        let fill = FieldFill { filled: 1, placeholder: 0, empty: 0 };
        wide.computers[0]
            .1
            .get_mut(&program("p0"))
            .unwrap()
            .fields
            .insert(format!("f{number}").as_str().into(), fill);
    }
    core.count(&place("/a"), cursor(3), wide, at(HOUR));
    let log = &core.logs["/a"];
    assert_eq!((log.types(), log.uncounted, log.outline().source.damaged), (2000, 11, 11));
    assert_eq!(log.computers[0].types[&program("p0")].tally.fields.len(), 512);
    assert_eq!(core.findings.waiting().len(), 2);
    let (_, state) = core.checkpoint().unwrap();
    assert_eq!(
        counts(&Core::restore(state, AGENT, Slot::Newest).unwrap()),
        counts(&core),
        "it can be read again"
    );
}

#[test]
fn a_name_that_comes_back_makes_a_relay_also_across_turns() {
    let mut core = core();
    for (name, relay) in [("a", false), ("b", false), ("b", false), ("a", true)] {
        core.count(&place("/a"), cursor(1), turn(name, &[("sshd", HOUR, 1)]), at(HOUR));
        assert_eq!(core.logs["/a"].relay, relay, "{name}");
    }
    let names: Vec<_> =
        core.logs["/a"].computers.iter().filter_map(|computer| computer.name.clone()).collect();
    assert_eq!(names, ["a".into(), "b".into()]);
}

#[test]
fn coverage_is_told_span_by_span_until_it_is_stored() {
    let (mut core, mut world) = (core(), World::default());
    let second = |second: i64| Timestamp::from_second(HOUR * 3600 + second).unwrap();
    core.covered(second(0));
    core.covered(second(60));
    core.covered(second(200));
    core.covered(second(210));
    world.store(&mut core);
    let told = |core: &mut Core| {
        let outgoing = core.report(Occasion::Regular, sender(), second(210)).unwrap();
        let more = core.acknowledged(&ack(&outgoing), second(210), 0.0);
        (outgoing.report.coverage.unwrap(), more)
    };
    assert_eq!(told(&mut core), ((second(0), second(60)), false));
    assert_eq!(told(&mut core), ((second(200), second(210)), false));
    core.covered(second(240));
    assert_eq!(told(&mut core), ((second(210), second(240)), false));
}

/// Version 1 as first written. Never edit it: what agents in the field have stored must stay readable.
const PINNED: &str = r#"{"agent":"01010101010101010101010101010101","epoch":"02020202020202020202020202020202","server_epoch":"03030303030303030303030303030303","seq_limit":1025,"snapshot_due":"1970-01-01T00:00:00Z","collector_time":"1970-01-01T00:00:00Z","off":[],"covered":[],"settings_untold":false,"logs":[{"cursor":{"evtx":{"record_id":1,"lowest":0,"lowest_written":null,"damaged_chunks":0}},"last_name":"web1","uncounted":0,"present":"2026-03-01T10:00:00Z","untold":[[0,0,[492322]]]}],"census":"{\"schema\":\"blindspot.report/1\",\"kind\":\"snapshot\",\"host\":{\"name\":\"\",\"platform\":\"\",\"machine\":\"\",\"boot\":\"\",\"version\":\"\"},\"interval_s\":0,\"logs\":[{\"path\":\"/a\",\"kind\":\"syslog\",\"status\":\"read\",\"holds\":[\"syslog\"],\"records\":3,\"damaged\":0,\"oldest\":null,\"newest\":null,\"stream\":\"/a\",\"caught_up_until\":\"2026-03-01T10:00:00Z\",\"computers\":[{\"name\":\"web1\",\"types\":[{\"type\":{\"syslog\":\"sshd\"},\"count\":3,\"span\":[1772359200000,1772359200000],\"hours\":{\"492322\":3},\"full\":[\"pid\"]}]}]}],\"footprint\":{\"rss_bytes\":0,\"cpu_ms\":0,\"state_bytes\":0}}"}"#;

#[test]
fn version_1_of_the_state_is_written_and_read_as_pinned() {
    let mut core = core();
    core.count(&place("/a"), cursor(1), turn("web1", &[("sshd", HOUR, 3)]), at(HOUR));
    let (_, state) = core.checkpoint().unwrap();
    assert_eq!(serde_json::to_string(&state).unwrap(), PINNED);
    let read: State = serde_json::from_str(PINNED).unwrap();
    assert_eq!(counts(&Core::restore(read, AGENT, Slot::Newest).unwrap()), counts(&core));
}

#[test]
fn a_clock_that_begins_anew_does_not_put_what_was_logged_into_the_future() {
    let (mut core, mut world) = (core(), World::default());
    world.store(&mut core);
    let first = core.report(Occasion::Regular, sender(), at(HOUR)).unwrap();
    core.acknowledged(&Ack { now_ms: at(HOUR).as_millisecond(), ..ack(&first) }, at(HOUR), 0.0);
    world.store(&mut core);
    let mut core = Core::restore(world.disk.unwrap(), AGENT, Slot::Newest).unwrap();
    core.count(
        &place("/a"),
        cursor(1),
        turn("web1", &[("sshd", HOUR, 3), ("cron", HOUR + 2, 1)]),
        Timestamp::UNIX_EPOCH,
    );
    let counted: Vec<(u64, u64)> = counts(&core).values().map(|tally| (tally.count, tally.undated)).collect();
    assert_eq!(counted, [(0, 1), (3, 0)], "only what is ahead of the collector too is undated");
}

#[test]
fn a_log_whose_next_file_waits_is_not_caught_up() {
    let mut core = core();
    for (standing, size, caught_up) in [
        (Standing::Draining, Some(5), false),
        (Standing::Behind, Some(5), false),
        (Standing::Draining, Some(0), true),
    ] {
        let turn = LogTurn { size_bytes: size, ..LogTurn::new(standing) };
        core.count(&place("/a"), cursor(1), turn, at(HOUR));
        assert_eq!(core.logs["/a"].caught_up_until.is_some(), caught_up, "{standing:?} {size:?}");
    }
}
