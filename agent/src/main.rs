//! The `blindspot-agent` command.

use std::process::ExitCode;

use clap::Parser as _;

fn main() -> ExitCode {
    blindspot_agent::cli::run(&blindspot_agent::cli::args::Cli::parse())
}
