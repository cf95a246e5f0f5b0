//! Real parts together: a collector and agents as processes of their own, logs that grow while they are read, agents
//! that are killed and started again. For every host the collector comes to the counts and verdicts of an offline audit
//! of the same logs. Logs of years ago are history, and no sight.
//!
//! - [`agent`]: its processes; [`wine`]: what the agent's Windows build runs on.
//! - [`machines`]: whose logs these are; [`workstation`], [`audited`], [`relay`]: the logs;
//!   [`archive`]: logs of years ago.
//! - [`compare`]: the offline audit, and its comparison with the collector.

mod agent;
mod archive;
mod audited;
mod compare;
mod machines;
mod relay;
mod wine;
mod workstation;

use std::path::{Path, PathBuf};

use blindspot_tests::{corpus::corpus, postgres, stage::Collector};
use tempfile::TempDir;

use crate::{
    agent::Agent,
    compare::{Offline, wait_until_equal},
    machines::{Machine, Part},
};

#[test]
fn sqlite() {
    story(None);
}

#[test]
fn postgresql() {
    let server = postgres::shared();
    story(Some(&server.database()));
}

#[test]
fn logs_of_years_ago_make_nothing_live() {
    let folder = TempDir::new().expect("a folder");
    let Some(machine) = archive::machine(folder.path()) else { return };
    let collector = judging(&rules(), folder.path(), None);
    Part::ALL.into_iter().for_each(|part| machine.write(part));
    let agent = Agent::enrol(&machine, &collector.enrolment_string());
    let offline = Offline::audit(&machine.logs, &[]);
    archive::expect(&collector, &offline);
    agent.stop();
    collector.stop();
}

fn story(database: Option<&str>) {
    let folder = TempDir::new().expect("a folder");
    let rules = rules();
    let collector = judging(&rules, folder.path(), database);
    let compare = |machines: &[Machine]| -> Vec<Offline> {
        machines.iter().map(|machine| compare(&collector, machine, &rules)).collect()
    };
    let machines = machines::all(folder.path());
    let mut agents: Vec<Agent> = Vec::new();
    for machine in &machines {
        machine.write(Part::First);
        agents.push(Agent::enrol(machine, &collector.enrolment_string()));
    }
    compare(&machines);
    // Killed, not stopped: what they did not store they count again, and what they stored they do not.
    for (machine, agent) in machines.iter().zip(&mut agents) {
        agent.kill();
        machine.write(Part::Second);
        agent.run();
    }
    compare(&machines);
    machines.iter().for_each(|machine| machine.write(Part::Third));
    let offline = compare(&machines);
    for (machine, offline) in machines.iter().zip(&offline) {
        (machine.expect)(offline);
    }
    agents.into_iter().for_each(Agent::stop);
    collector.stop();
}

/// A collector that judges by rules and analytics.
fn judging(rules: &[PathBuf], folder: &Path, database: Option<&str>) -> Collector {
    let detections = format!("analytics = true\nrules = {rules:?}");
    Collector::judging_by(&detections, &folder.join("collector"), database)
}

/// The tests' own rules, and those of the corpus where there is one.
fn rules() -> Vec<PathBuf> {
    let own = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/sigma");
    std::iter::once(own).chain(corpus().map(|corpus| corpus.join("sigma-rules-2026-08"))).collect()
}

/// Waits until the collector knows of a machine what an audit finds now.
fn compare(collector: &Collector, machine: &Machine, rules: &[PathBuf]) -> Offline {
    let offline = Offline::audit(&machine.logs, rules);
    wait_until_equal(collector, machine, &offline);
    offline
}
