//! The `blindspot` command.

use std::process::ExitCode;

use clap::Parser as _;

fn main() -> ExitCode {
    blindspot::cli::run(&blindspot::cli::args::Cli::parse())
}
