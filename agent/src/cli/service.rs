//! `blindspot-agent run`: work until stopped.

use std::sync::Arc;

use blindspot_telemetry::clock::SystemClock;

use super::{
    Outcome,
    args::{Cli, RunArgs},
};
use crate::{
    host,
    process::{start_logging, until_stopped},
    run::{Agent, Ended},
};

pub(super) fn run(cli: &Cli, args: &RunArgs) -> anyhow::Result<Outcome> {
    let config = super::config(cli)?;
    start_logging(config.log, "info");
    host::be_modest();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let stopped = until_stopped()?;
        let agent = Agent::open(config, Arc::new(SystemClock::new()))?;
        if let Some(socket) = &args.notify_socket {
            host::tell_ready(socket);
        }
        tracing::info!("the agent works");
        Ok(match agent.run(stopped).await {
            Ended::Stopped => Outcome::Done,
            Ended::TooLarge => Outcome::Again,
        })
    })
}
