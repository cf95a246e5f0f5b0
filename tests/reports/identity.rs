//! Who may report: only the holder of the key, only for itself, and only one of it.

use blindspot_agent::{
    core::Outgoing,
    identity::Key,
    send::{Letter, Sent},
};
use blindspot_telemetry::{
    Clock as _,
    clock::SystemClock,
    wire::{AgentId, RefusalCode, ServerEpoch},
};
use blindspot_tests::{
    puppet::{Puppet, refusal},
    stage::Collector,
};

use crate::{Host, folder};

fn now_ms() -> i64 {
    SystemClock::new().wall().as_millisecond()
}

fn release(collector: &Collector, agent: AgentId) {
    let output = collector.command(&["hosts", "release", &agent.to_string()]).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

/// Another body of the same number, as a copy of the agent would have sent it.
fn other_body(outgoing: &Outgoing) -> Outgoing {
    let mut other = outgoing.clone();
    other.report.footprint.cpu_ms += 1;
    other
}

#[test]
fn only_the_holder_of_the_key_reports_and_only_for_itself() {
    let folder = folder();
    let collector = Collector::start(&folder.path().join("c"), None);
    let [mut host, mut other] = ["web1", "web2"].map(|name| Host::new(folder.path(), name, &collector));
    host.write("sshd", 3);
    other.write("cron", 4);
    let (mut puppet, mut stranger) = (host.start(None), other.start(None));
    puppet.report_all();
    stranger.report_all();
    puppet.read();
    let outgoing = puppet.outgoing();
    // By another key, for another agent, for an agent that is none.
    let forged = Letter::new(&outgoing, &stranger.key, now_ms()).unwrap();
    assert_eq!(refusal(&puppet.send(&forged)), Some(RefusalCode::NotAllowed));
    let made = Key::open(&folder.path().join("made")).unwrap();
    let forged = Letter::new(&outgoing, &made, now_ms()).unwrap();
    assert_eq!(refusal(&puppet.send(&forged)), Some(RefusalCode::NotAllowed));
    let foreign = Outgoing { agent: stranger.core.identity().0, ..outgoing.clone() };
    assert_eq!(refusal(&puppet.send(&puppet.letter(&foreign))), Some(RefusalCode::NotAllowed));
    let nobody = Outgoing { agent: AgentId([9; 16]), ..outgoing.clone() };
    assert_eq!(refusal(&puppet.send(&puppet.letter(&nobody))), Some(RefusalCode::NotAllowed));
    // A collector's history that is not this one: stored, and everything is asked for.
    let astray = Outgoing { server_epoch: ServerEpoch([9; 16]), ..outgoing };
    let sent = puppet.send(&puppet.letter(&astray));
    assert!(matches!(&sent, Sent::Stored(ack) if ack.want_snapshot), "{sent:?}");
    puppet.answered(&sent);
    puppet.report_all();
    for host in [&host, &other] {
        host.is_exact(&collector);
        assert_eq!(host.state(&collector), "active");
    }
}

#[test]
fn what_is_sent_twice_counts_once() {
    let folder = folder();
    let collector = Collector::start(&folder.path().join("c"), None);
    let mut host = Host::new(folder.path(), "web1", &collector);
    let mut puppet = host.start(None);
    let mut letters = Vec::new();
    for round in 1..=4 {
        host.write("sshd", round);
        puppet.read();
        let outgoing = puppet.outgoing();
        letters.push(puppet.letter(&outgoing));
        let sent = puppet.send(&letters[letters.len() - 1]);
        puppet.answered(&sent);
    }
    // The newest again, older ones, in any order.
    for letter in letters.iter().rev().chain(&letters).chain([&letters[1]]) {
        let sent = puppet.send(letter);
        assert!(matches!(sent, Sent::Stored(_)), "{sent:?}");
    }
    host.is_exact(&collector);
    puppet.report_all();
    host.is_exact(&collector);
    assert_eq!((host.state(&collector).as_str(), host.findings(&collector)), ("active", Vec::new()));
}

#[test]
fn two_bodies_of_one_number_are_a_clone_until_an_administrator_decides() {
    let folder = folder();
    let collector = Collector::start(&folder.path().join("c"), None);
    let [mut host, mut other] = ["web1", "web2"].map(|name| Host::new(folder.path(), name, &collector));
    host.write("sshd", 3);
    other.write("cron", 4);
    let (mut puppet, mut bystander) = (host.start(None), other.start(None));
    puppet.report_all();
    puppet.read();
    let outgoing = puppet.outgoing();
    let sent_ms = now_ms();
    let letter = Letter::new(&outgoing, &puppet.key, sent_ms).unwrap();
    let copied = Letter::new(&other_body(&outgoing), &puppet.key, sent_ms).unwrap();
    assert!(matches!(puppet.send(&letter), Sent::Stored(_)));
    assert_eq!(refusal(&puppet.send(&copied)), Some(RefusalCode::Cloned));
    // From now on neither is believed, not even the one that was.
    puppet.core.abandon();
    host.write("sshd", 2);
    assert_eq!(refusal(&puppet.report()), Some(RefusalCode::Quarantined));
    assert_eq!(host.state(&collector), "quarantined");
    assert!(host.findings(&collector).contains(&"cloned".to_owned()));
    bystander.report_all();
    other.is_exact(&collector);
    release(&collector, puppet.core.identity().0);
    puppet.report_all();
    host.is_exact(&collector);
    assert_eq!(host.state(&collector), "active");
}

#[test]
fn a_copied_state_folder_that_runs_twice_is_noticed_within_two_reports() {
    let folder = folder();
    let collector = Collector::start(&folder.path().join("c"), None);
    let mut host = Host::new(folder.path(), "web1", &collector);
    host.write("sshd", 3);
    let mut puppet = host.start(None);
    puppet.report_all();
    host.copy_state("state", "copy");
    let mut copy = host.start_from("copy", None);
    copy.reboot("another");
    let mut reports = 0;
    let codes = loop {
        reports += 1;
        let codes = [refusal(&puppet.report()), refusal(&copy.report())];
        let is_over =
            |code: &Option<RefusalCode>| matches!(code, Some(RefusalCode::Cloned | RefusalCode::Quarantined));
        if codes.iter().any(is_over) {
            break codes;
        }
        assert!(reports < 4, "{reports} reports of each were taken: {codes:?}");
    };
    println!("noticed in report {reports} of each: {codes:?}");
    // The first report of each is the conflict; within two more it is known.
    assert!(reports <= 3);
    for agent in [&mut puppet, &mut copy] {
        assert_eq!(refusal(&agent.report()), Some(RefusalCode::Quarantined));
    }
    drop(copy);
    release(&collector, puppet.core.identity().0);
    host.write("sshd", 5);
    puppet.report_all();
    host.is_exact(&collector);
}

#[test]
fn an_agent_whose_state_folder_was_restored_begins_a_new_epoch_by_itself() {
    let folder = folder();
    let collector = Collector::start(&folder.path().join("c"), None);
    let mut host = Host::new(folder.path(), "web1", &collector);
    host.write("sshd", 3);
    let mut puppet = host.start(None);
    puppet.report_all();
    host.copy_state("state", "old");
    drop(puppet);
    // A restart, so that numbers beyond the old ones are used.
    let mut puppet = host.start(None);
    host.write("sshd", 4);
    host.write("cron", 2);
    puppet.report_all();
    let before = puppet.core.identity().1;
    drop(puppet);
    host.copy_state("old", "state");
    let mut puppet = host.start(None);
    host.write("sshd", 5);
    let first = puppet.report();
    println!("{first:?}");
    let went_on = match refusal(&first) {
        Some(RefusalCode::RolledBack) => false,
        None => true,
        other => panic!("{other:?}"),
    };
    puppet.report_all();
    host.is_exact(&collector);
    assert_eq!(puppet.core.identity().1 == before, went_on);
    assert_eq!(host.state(&collector), "active");
    check_rolled_back(&host, &collector, &mut puppet, went_on);
}

fn check_rolled_back(host: &Host, collector: &Collector, puppet: &mut Puppet, went_on: bool) {
    assert!(!went_on, "the old state's numbers were used already");
    assert!(host.findings(collector).contains(&"rolled_back".to_owned()));
    let sent = puppet.report();
    assert!(matches!(sent, Sent::Stored(_)), "{sent:?}");
}
