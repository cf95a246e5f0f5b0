//! The command line as typed.

use std::path::PathBuf;

use blindspot_telemetry::wire::EnrolmentString;
use clap::{Args, Parser, Subcommand};

/// Samples this machine's logs and reports which event types are recorded, never the events.
#[derive(Debug, Parser)]
#[command(name = "blindspot-agent", version, about, max_term_width = 110, arg_required_else_help = true)]
#[command(after_help = "Examples:
  get an identity, with a string that `blindspot token create` printed
      blindspot-agent enroll bs1.SECRET.PIN.https://collector.example:8443
  work until stopped
      blindspot-agent run
  what would leave this machine?
      blindspot-agent report --print
  why does it not report?
      blindspot-agent doctor")]
pub struct Cli {
    /// The agent's file; config/agent.toml shows every key
    #[arg(long, global = true, value_name = "FILE", env = "BLINDSPOT_AGENT_CONFIG")]
    pub config: Option<PathBuf>,
    /// The state folder, instead of the one in the agent's file
    #[arg(long, global = true, value_name = "DIR", env = "BLINDSPOT_AGENT_STATE")]
    pub state: Option<PathBuf>,
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Get an identity from a collector
    Enroll(EnrollArgs),
    /// Work until stopped: read, count, report
    Run(RunArgs),
    /// Say how the agent on this machine is: exit code 0 where its reports are stored, 1 where not
    Status,
    /// Show what a report holds
    Report(ReportArgs),
    /// Check all that the agent needs, and say what to do: exit code 1 where something is wrong
    Doctor,
    /// Say whether the agent's file can be used, and what would be read
    CheckConfig,
}

/// `blindspot-agent enroll`.
#[derive(Debug, Args)]
pub struct EnrollArgs {
    /// The string that `blindspot token create` printed
    #[arg(value_name = "STRING", env = "BLINDSPOT_ENROLL", hide_env_values = true)]
    pub string: EnrolmentString,
    /// Give up an identity with another collector
    #[arg(long)]
    pub force: bool,
}

/// `blindspot-agent run`.
#[derive(Debug, Args)]
pub struct RunArgs {
    /// Where systemd wants to hear that the agent is ready
    #[arg(long, hide = true, value_name = "SOCKET", env = "NOTIFY_SOCKET")]
    pub notify_socket: Option<PathBuf>,
}

/// `blindspot-agent report`.
#[derive(Debug, Args)]
pub struct ReportArgs {
    /// Read the logs now and print the report that a new agent would send
    #[arg(long, required = true)]
    pub print: bool,
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    #[test]
    fn the_definition_is_sound() {
        Cli::command().debug_assert();
    }
}
