//! `blindspot-agent run`: work until stopped.

use std::sync::Arc;

use blindspot_telemetry::clock::SystemClock;
use tokio::sync::watch;
use tracing_subscriber::EnvFilter;

use super::{
    Outcome,
    args::{Cli, RunArgs},
};
use crate::{
    config::LogForm,
    host,
    run::{Agent, Ended},
};

pub(super) fn run(cli: &Cli, args: &RunArgs) -> anyhow::Result<Outcome> {
    let config = super::config(cli)?;
    start_logging(config.log);
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

/// Turns true at SIGTERM, SIGINT or Ctrl-C.
fn until_stopped() -> std::io::Result<watch::Receiver<bool>> {
    let (stop, stopped) = watch::channel(false);
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        let (mut term, mut int) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
        tokio::spawn(async move {
            tokio::select! {
                _ = term.recv() => {}
                _ = int.recv() => {}
            }
            let _all_gone = stop.send(true);
        });
    }
    #[cfg(not(unix))]
    tokio::spawn(async move {
        let _never = tokio::signal::ctrl_c().await;
        let _all_gone = stop.send(true);
    });
    Ok(stopped)
}

/// Logs go to standard error; `RUST_LOG` chooses which.
fn start_logging(form: LogForm) {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info"));
    let logs = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    // A second start, in tests, changes nothing.
    let _already = match form {
        LogForm::Json => logs.json().try_init(),
        LogForm::Text => logs.with_ansi(std::io::IsTerminal::is_terminal(&std::io::stderr())).try_init(),
    };
}
