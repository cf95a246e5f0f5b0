//! The commands, and how they end.

pub mod args;
mod doctor;
pub mod enroll;
mod report;
mod service;
mod status;

use std::{io::Write as _, path::Path, process::ExitCode};

use args::{Cli, Command};

use crate::config::{Config, file::ConfigError};

/// How a command ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// Done.
    Done,
    /// `doctor` found something wrong, or the agent has not reported.
    Wrong,
    /// It could not be done, or was used wrongly.
    Failed,
    /// The agent wants to be started again (EX_TEMPFAIL of sysexits).
    Again,
}

impl From<Outcome> for ExitCode {
    fn from(outcome: Outcome) -> Self {
        Self::from(match outcome {
            Outcome::Done => 0,
            Outcome::Wrong => 1,
            Outcome::Failed => 2,
            Outcome::Again => 75,
        })
    }
}

/// Runs one command. An error is printed once, here, with all its causes.
#[must_use]
pub fn run(cli: &Cli) -> ExitCode {
    let outcome = match &cli.command {
        Command::Enroll(args) => enroll::run(cli, args),
        Command::Run(args) => service::run(cli, args),
        Command::Status => status::run(cli),
        Command::Report(args) => report::run(cli, args),
        Command::Doctor => doctor::run(cli),
        Command::CheckConfig => check_config(cli),
    };
    outcome.map_or_else(
        |error| {
            // Nothing is left to tell where standard error itself is gone.
            let _ignored = writeln!(anstream::stderr(), "blindspot-agent: {error:#}");
            Outcome::Failed.into()
        },
        ExitCode::from,
    )
}

/// The agent's file that is named, or the one in its usual place, or every default. A state folder that is named beside
/// it counts more.
fn config(cli: &Cli) -> Result<Config, ConfigError> {
    let usual = Path::new(if cfg!(windows) {
        r"C:\ProgramData\Blindspot\agent.toml"
    } else {
        "/etc/blindspot/agent.toml"
    });
    let mut config = match &cli.config {
        Some(path) => Config::read(path)?,
        None if usual.exists() => Config::read(usual)?,
        None => Config::default(),
    };
    if let Some(state) = &cli.state {
        config.state_dir.clone_from(state);
    }
    Ok(config)
}

fn check_config(cli: &Cli) -> anyhow::Result<Outcome> {
    let config = config(cli)?;
    let mut out = anstream::stdout();
    writeln!(out, "the settings can be used; state in {}", config.state_dir.display())?;
    for root in config.roots() {
        let there = if root.exists() { "" } else { "  (does not exist)" };
        writeln!(out, "logs in {}{there}", root.display())?;
    }
    for relay in &config.relays {
        writeln!(out, "other machines' logs in {}", relay.display())?;
    }
    Ok(Outcome::Done)
}
