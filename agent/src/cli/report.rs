//! `blindspot-agent report --print`: what would leave this machine.

use std::{io::Write as _, time::Duration};

use blindspot_telemetry::{
    Clock as _,
    clock::SystemClock,
    wire::{AgentId, Epoch, ServerEpoch},
};

use super::{
    Outcome,
    args::{Cli, ReportArgs},
};
use crate::{
    core::{Core, Occasion, Sender},
    host,
    sources::{Budget, Reached, Sources},
};

/// Logs that are not read to their end by then are told as far as they were.
const PATIENCE: Duration = Duration::from_secs(60);

pub(super) fn run(cli: &Cli, _args: &ReportArgs) -> anyhow::Result<Outcome> {
    let config = super::config(cli)?;
    let clock = SystemClock::new();
    // Nothing of the running agent is touched: this one has no name, and forgets what it read.
    let mut core = Core::new(AgentId([0; 16]), Epoch([0; 16]), ServerEpoch([0; 16]));
    let mut sources = Sources::new(&config, clock.wall());
    let mut budget = Budget::percent(100);
    sources.discover(&mut core, clock.wall());
    sources.look_at_settings(&mut core, clock.wall());
    while sources.poll(&mut core, &clock, &mut budget) == Reached::Behind && clock.monotonic() < PATIENCE {
        std::thread::sleep(Duration::from_millis(20));
    }
    let (mark, _) = core.checkpoint()?;
    core.stored(mark);
    let sender = Sender {
        claim: host::claim(config.name.as_deref()),
        interval_s: config.interval_s,
        footprint: host::footprint(&config.state_dir),
    };
    let mut out = anstream::stdout();
    match core.report(Occasion::Regular, sender, clock.wall()) {
        Some(outgoing) => {
            let json: serde_json::Value = serde_json::from_slice(&outgoing.report.to_json()?)?;
            writeln!(out, "{}", serde_json::to_string_pretty(&json)?)?;
            Ok(Outcome::Done)
        }
        None => anyhow::bail!("no report could be made"),
    }
}
