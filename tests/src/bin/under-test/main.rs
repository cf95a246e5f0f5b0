//! The `blindspot` command, built beside the tests so that they can run it: the same lines as in the command itself.

use std::process::ExitCode;

use clap::Parser as _;

fn main() -> ExitCode {
    blindspot::cli::run(&blindspot::cli::args::Cli::parse())
}
