//! A road on which connections break, and requests that come twice or in another order.

use std::fs;

use blindspot_agent::send::Sent;
use blindspot_tests::{
    chaos_proxy::{ChaosProxy, Fault, fault},
    stage::Collector,
};

use crate::{Host, folder};

const SEED: u64 = 20_261_125;
const ROUNDS: u64 = 60;

#[test]
fn a_road_that_breaks_costs_no_event() {
    let folder = folder();
    let collector = Collector::start(&folder.path().join("c"), None);
    let port = collector.url.rsplit(':').next().unwrap().parse().unwrap();
    let proxy = ChaosProxy::start(port, SEED);
    let mut host = Host::new(folder.path(), "web1", &collector);
    let mut puppet = host.start(Some(&proxy.url));
    let (mut stored, mut lost, mut kept) = (0, 0, Vec::new());
    for round in 0..ROUNDS {
        host.write(["sshd", "cron", "sudo"][(round % 3) as usize], 1 + round % 5);
        puppet.read();
        let outgoing = puppet.outgoing();
        let letter = puppet.letter(&outgoing);
        let sent = puppet.send(&letter);
        match &sent {
            Sent::Stored(_) => stored += 1,
            Sent::Lost(_) => lost += 1,
            Sent::Refused(refusal, _) => panic!("{refusal:?}"),
        }
        // The same bytes once more, as the agent does; or everything that was sent lately, backwards.
        let again = if matches!(sent, Sent::Lost(_)) && round % 2 == 0 { puppet.send(&letter) } else { sent };
        puppet.answered(&again);
        kept.push(letter);
        if round % 7 == 0 {
            for letter in kept.drain(..).rev() {
                let again = puppet.send(&letter);
                assert!(!matches!(again, Sent::Refused(..)), "{again:?}");
            }
        }
        // The agent dies, with or without what it holds in memory.
        if round % 5 == 0 {
            host.write("kernel", 2);
            puppet.read();
            drop(puppet);
            puppet = host.start(Some(&proxy.url));
        }
    }
    let tried: Vec<Fault> = (0..proxy.connections()).map(|number| fault(SEED, number)).collect();
    let count = |wanted: fn(&Fault) -> bool| tried.iter().filter(|fault| wanted(fault)).count();
    let (dropped, cut) = (
        count(|fault| *fault == Fault::DropAnswer),
        count(|fault| matches!(fault, Fault::CutRequest(_) | Fault::CutAnswer(_))),
    );
    println!(
        "{stored} stored, {lost} lost; {} connections, {dropped} answers dropped, {cut} cut",
        tried.len()
    );
    assert!(stored > 10 && lost > 10 && dropped > 5 && cut > 10);
    puppet.go_by(&collector.url);
    puppet.report_all();
    host.is_exact(&collector);
    assert_eq!((host.state(&collector).as_str(), host.findings(&collector)), ("active", Vec::new()));
    assert!(fs::exists(puppet.state()).unwrap());
}
