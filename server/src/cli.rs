//! The commands, each in its own file, and how they end.

pub mod args;
mod audit;
mod catalog;
pub mod check;
pub mod explain;
mod export;
mod hosts;
mod rules;
pub mod serve;
mod shell;
mod token;
mod up;
mod user;

use std::{io::Write as _, process::ExitCode};

use args::{Cli, Command};

/// How a command ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// Done; for `check`, flowing.
    Done,
    /// A gate tripped; for `check`, not flowing.
    No,
    /// Nothing could be judged, or the command was used wrongly.
    Failed,
    /// `check` could not look.
    CouldNotLook,
}

impl From<Outcome> for ExitCode {
    fn from(outcome: Outcome) -> Self {
        Self::from(match outcome {
            Outcome::Done => 0,
            Outcome::No => 1,
            Outcome::Failed => 2,
            Outcome::CouldNotLook => 3,
        })
    }
}

/// Runs one command. An error is printed once, here, with all its causes.
#[must_use]
pub fn run(cli: &Cli) -> ExitCode {
    let outcome = match &cli.command {
        Command::Audit(args) => audit::run(args),
        Command::Check(args) => check::run(args),
        Command::Explain(args) => explain::run(args),
        Command::Rules(command) => rules::run(command),
        Command::Catalog(command) => catalog::run(command),
        Command::Up(args) => up::run(args),
        Command::Serve(args) => serve::run(args),
        Command::Hosts(command) => hosts::run(command),
        Command::Token(command) => token::run(command),
        Command::User(command) => user::run(command),
        Command::Export(command) => export::run(command),
        Command::CheckConfig { file } => serve::check_config(file),
        Command::Completions { shell } => shell::completions(*shell),
        Command::Man { folder } => shell::man(folder),
    };
    match outcome {
        Ok(outcome) => outcome.into(),
        Err(error) if closed_pipe(&error) => Outcome::Done.into(),
        Err(error) => {
            let text = crate::output::clean::clean(&format!("{error:#}")).into_owned();
            // Nothing is left to tell where standard error itself is gone.
            let _ignored = writeln!(anstream::stderr(), "blindspot: {text}");
            Outcome::Failed.into()
        }
    }
}

/// A reader such as `head` that has had enough is no failure.
fn closed_pipe(error: &anyhow::Error) -> bool {
    error.chain().any(|cause| {
        cause.downcast_ref::<std::io::Error>().is_some_and(|io| io.kind() == std::io::ErrorKind::BrokenPipe)
    })
}
