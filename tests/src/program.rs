//! The programs themselves, for the tests that run them as a user would, and others that tests run.

use std::{
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
    time::Duration,
};

/// A run of `blindspot` with these arguments, free of the caller's own settings.
///
/// # Panics
/// Where cargo did not build it: it does for every integration test of this package.
#[must_use]
pub fn blindspot(arguments: &[&str]) -> Command {
    let mut command = Command::new(beside("under-test"));
    command.args(arguments).env_remove("BLINDSPOT_CATALOG").env_remove("BLINDSPOT_REDACT_KEY");
    command.env_remove("BLINDSPOT_URL").env_remove("BLINDSPOT_TOKEN").env_remove("BLINDSPOT_CA");
    command
}

/// The `blindspot-agent` program, as [`blindspot()`] is.
///
/// # Panics
/// Where cargo did not build it.
#[must_use]
pub fn agent(arguments: &[&str]) -> Command {
    let mut command = Command::new(beside("agent-under-test"));
    command.args(arguments).env_remove("BLINDSPOT_AGENT_CONFIG").env_remove("BLINDSPOT_AGENT_STATE");
    command
}

/// A program that cargo built beside the test that runs.
fn beside(name: &str) -> PathBuf {
    let test = std::env::current_exe().expect("the path of this test");
    let beside = test.parent().and_then(Path::parent).expect("a test in a target folder");
    let program = beside.join(format!("{name}{}", std::env::consts::EXE_SUFFIX));
    assert!(program.is_file(), "{} is not there", program.display());
    program
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

/// Standard output of another program; `None` where there is no such program.
#[must_use]
pub fn output(program: &str, arguments: &[&str]) -> Option<String> {
    let run = Command::new(program).args(arguments).stdin(Stdio::null()).output().ok()?;
    Some(String::from_utf8_lossy(&run.stdout).into_owned())
}

/// Waits for something that other programs do. A minute is long enough for all of it.
///
/// # Panics
/// Where it is not.
pub fn wait_until(what: &str, is_so: impl Fn() -> bool) {
    for _ in 0..3000 {
        if is_so() {
            return;
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    panic!("waited a minute: {what}");
}
