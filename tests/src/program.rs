//! The `blindspot` program itself, for the tests that run it as a user would.

use std::process::{Command, Output};

/// A run of the program with these arguments, free of the caller's own settings.
///
/// # Panics
/// Where cargo did not build it: it does for every integration test of this package.
#[must_use]
pub fn blindspot(arguments: &[&str]) -> Command {
    let test = std::env::current_exe().expect("the path of this test");
    let beside = test.parent().and_then(std::path::Path::parent).expect("a test in a target folder");
    let program = beside.join(format!("under-test{}", std::env::consts::EXE_SUFFIX));
    assert!(program.is_file(), "{} is not there", program.display());
    let mut command = Command::new(program);
    command.args(arguments).env_remove("BLINDSPOT_CATALOG").env_remove("BLINDSPOT_REDACT_KEY");
    command
}

/// What a run came to.
#[derive(Debug)]
pub struct Ran {
    /// Its exit code.
    pub code: i32,
    /// What it said on standard output.
    pub out: String,
    /// What it said on standard error.
    pub err: String,
}

impl From<Output> for Ran {
    fn from(output: Output) -> Self {
        Self {
            code: output.status.code().unwrap_or(-1),
            out: String::from_utf8_lossy(&output.stdout).into_owned(),
            err: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }
}

/// Runs the program to its end.
///
/// # Panics
/// Where it cannot be started.
#[must_use]
pub fn run(arguments: &[&str]) -> Ran {
    blindspot(arguments).output().expect("the program runs").into()
}
