//! `blindspot-agent doctor`: all that the agent needs, checked, each with the next step.

use std::io::Write as _;

use blindspot_telemetry::{
    Clock as _, SourceStatus,
    clock::SystemClock,
    wire::{AgentId, Epoch, ServerEpoch},
};

use super::{Outcome, args::Cli};
use crate::{
    config::Config,
    core::Core,
    host,
    identity::{Identity, Key},
    send::{Collector, Reachable},
    sources::{Budget, Sources},
};

/// Free space that the state folder should have, in bytes: twice what slots can grow to.
const ROOM: u64 = 64 << 20;

/// One line of the answer.
enum Line {
    Fine(String),
    Note(String),
    Wrong { what: String, step: String },
}

fn wrong(what: impl Into<String>, step: impl Into<String>) -> Line {
    Line::Wrong { what: what.into(), step: step.into() }
}

pub(super) fn run(cli: &Cli) -> anyhow::Result<Outcome> {
    let config = super::config(cli)?;
    let mut lines = vec![state(&config)];
    lines.extend(collector(&config)?);
    lines.extend(logs(&config));
    let mut out = anstream::stdout();
    let mut outcome = Outcome::Done;
    for line in lines {
        match line {
            Line::Fine(what) => writeln!(out, "ok       {what}")?,
            Line::Note(what) => writeln!(out, "note     {what}")?,
            Line::Wrong { what, step } => {
                writeln!(out, "problem  {what}\n         {step}")?;
                outcome = Outcome::Wrong;
            }
        }
    }
    Ok(outcome)
}

fn state(config: &Config) -> Line {
    let folder = &config.state_dir;
    let place = folder.display();
    if let Err(error) = host::private_folder(folder) {
        return wrong(
            format!("{place} cannot be made: {error}"),
            "run as root, or name another folder: --state DIR",
        );
    }
    let probe = folder.join("doctor.probe");
    if let Err(error) = host::replace_file(&probe, b"probe") {
        return wrong(
            format!("{place} cannot be written: {error}"),
            "run as the user that the agent runs as",
        );
    }
    // A probe that stays behind does no harm.
    let _left = std::fs::remove_file(&probe);
    match host::free_bytes(folder) {
        Some(free) if free < ROOM => wrong(
            format!("{place} has {} MiB left", free >> 20),
            "make room: the agent keeps up to 64 MiB there",
        ),
        _ => Line::Fine(format!("{place} can be written")),
    }
}

fn collector(config: &Config) -> anyhow::Result<Vec<Line>> {
    let identity = match Identity::read(&config.state_dir) {
        Ok(identity) => identity,
        Err(error) => {
            let step = "make a string with `blindspot token create` and run: blindspot-agent enroll STRING";
            return Ok(vec![wrong(crate::chain(&error), step)]);
        }
    };
    let mut lines = vec![Line::Fine(format!("agent {} of {}", identity.agent, identity.url))];
    if let Err(error) = Key::open(&config.state_dir) {
        lines.push(wrong(crate::chain(&error), "enrol again: blindspot-agent enroll --force STRING"));
    }
    let authority = identity.authority_der();
    let way = Collector::new(&identity.url, authority.as_deref(), config.proxy.as_deref())?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    lines.push(match runtime.block_on(way.reach()) {
        Reachable::Yes { behind_s } if behind_s.abs() <= 300 => Line::Fine(format!("{} answers", identity.url)),
        Reachable::Yes { behind_s } => wrong(
            format!("this clock and the collector's are {} s apart", behind_s.abs()),
            "set one of them right: chronyc tracking, or w32tm /query /status",
        ),
        Reachable::No(why) => wrong(
            why,
            "check name, port, firewall and proxy (HTTPS_PROXY, or proxy in agent.toml); a certificate error means that the \
             collector was set up anew: enrol again",
        ),
    });
    Ok(lines)
}

fn logs(config: &Config) -> Vec<Line> {
    let clock = SystemClock::new();
    let mut core = Core::new(AgentId([0; 16]), Epoch([0; 16]), ServerEpoch([0; 16]));
    let mut sources = Sources::new(config, clock.wall());
    sources.discover(&mut core, clock.wall());
    // One turn each is enough to know whether it can be read.
    sources.poll(&mut core, &clock, &mut Budget::percent(100));
    let findings = core.findings();
    let mut lines: Vec<Line> = core
        .sources()
        .map(|source| {
            let step = findings.iter().find(|finding| finding.log.as_ref() == Some(&source.path));
            let step = step.map_or_else(|| "see docs/deploy.md".to_owned(), |finding| finding.text.clone());
            match source.status {
                SourceStatus::Read | SourceStatus::Empty | SourceStatus::Lagging => {
                    Line::Fine(format!("{} can be read", source.path))
                }
                SourceStatus::Missing | SourceStatus::Disabled | SourceStatus::NotGiven => {
                    Line::Note(format!("{} is {}: {step}", source.path, source.status.as_str()))
                }
                SourceStatus::Denied | SourceStatus::Unreadable => {
                    wrong(format!("{} is {}", source.path, source.status.as_str()), step)
                }
            }
        })
        .collect();
    if sources.is_empty() {
        lines.push(wrong(
            "there is no log to read",
            "start a log daemon, or name folders: logs in agent.toml",
        ));
    }
    lines
}
