//! The `blindspot-agent` command, built beside the tests so that they can run it: the same lines as in the command itself.

use std::process::ExitCode;

use clap::Parser as _;

fn main() -> ExitCode {
    blindspot_agent::cli::run(&blindspot_agent::cli::args::Cli::parse())
}
