//! An agent as a process of its own: on this machine, or its Windows build under Wine.

use std::{
    fs::{self, File, OpenOptions},
    path::PathBuf,
    process::{Child, Command, Stdio},
};

use blindspot_tests::{program, stage};

use crate::{
    machines::{Machine, Runs},
    wine::Wine,
};

/// An agent. Dropping it ends it.
pub struct Agent {
    runs: Runs,
    config: PathBuf,
    log: PathBuf,
    child: Option<Child>,
}

impl Agent {
    /// Enrols an agent for a machine, and starts it.
    pub fn enrol(machine: &Machine, string: &str) -> Self {
        let config = machine.folder.join("agent.toml");
        fs::write(&config, configuration(machine)).expect("the agent's file");
        let log = machine.folder.join("agent.log");
        let mut agent = Self { runs: machine.runs.clone(), config, log, child: None };
        let status = agent.command().args(["enroll", string]).status().expect("the agent runs");
        assert!(status.success(), "{status}: {}", agent.said());
        agent.run();
        agent
    }

    /// Starts it.
    pub fn run(&mut self) {
        self.child = Some(self.command().arg("run").spawn().expect("the agent runs"));
    }

    /// Ends it in the middle of whatever it does.
    pub fn kill(&mut self) {
        let mut child = self.child.take().expect("the agent was started");
        assert!(matches!(child.try_wait(), Ok(None)), "the agent ended by itself: {}", self.said());
        child.kill().and_then(|()| child.wait()).expect("the agent ends");
    }

    /// Stops it as a service manager would. Wine has no signal that a Windows program would hear.
    pub fn stop(mut self) {
        match self.runs {
            Runs::Here => {
                let mut child = self.child.take().expect("the agent was started");
                stage::stop(&mut child);
            }
            Runs::UnderWine(_) => self.kill(),
        }
    }

    fn command(&self) -> Command {
        let (mut command, config) = match &self.runs {
            Runs::Here => (program::agent(&[]), self.config.display().to_string()),
            Runs::UnderWine(wine) => (wine.agent(), Wine::path(&self.config)),
        };
        let log = || -> File {
            OpenOptions::new().create(true).append(true).open(&self.log).expect("the agent's log")
        };
        command.args(["--config", &config]).stdin(Stdio::null()).stdout(log()).stderr(log());
        command
    }

    fn said(&self) -> String {
        fs::read_to_string(&self.log).unwrap_or_default()
    }
}

impl Drop for Agent {
    fn drop(&mut self) {
        if let Some(mut child) = self.child.take() {
            // It ended, or a test failed.
            let _ended = child.kill().and_then(|()| child.wait());
        }
    }
}

fn configuration(machine: &Machine) -> String {
    let path = |name: &str| {
        let path = machine.folder.join(name);
        match machine.runs {
            Runs::Here => path.display().to_string(),
            Runs::UnderWine(_) => Wine::path(&path),
        }
    };
    let (logs, relays) =
        if machine.is_relay { (path("none"), vec![path("logs")]) } else { (path("logs"), vec![]) };
    fs::create_dir_all(machine.folder.join("none")).expect("a folder");
    format!(
        "state_dir = '{}'\nname = '{}'\nlogs = ['{logs}']\nrelays = {relays:?}\nzone = 'UTC'\ninterval_s = 15\n\
         [limits]\nrss_mb = 512\ncpu_percent = 50\n",
        path("state"),
        machine.name
    )
}
