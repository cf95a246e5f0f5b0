//! An agent that runs until it is killed.

use std::{
    fs,
    path::Path,
    process::{Child, Command, Stdio},
    thread,
    time::Duration,
};

use blindspot_telemetry::{Clock as _, clock::SystemClock};

use blindspot_tests::program;

/// System calls that an agent dies at, and about how many of each it makes in its first seconds.
const CALLS: [(&str, u64); 8] = [
    ("openat", 60),
    ("read", 80),
    ("write", 9),
    ("writev", 4),
    ("pwrite64", 6),
    ("fdatasync", 6),
    ("fsync", 1),
    ("rename,renameat,renameat2", 1),
];
/// Whoever did not come to its system call by then dies all the same.
const LONGEST: Duration = Duration::from_secs(5);

/// How an agent dies.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Death {
    /// So long after it began.
    After(Duration),
    /// At a system call, after so many of it.
    At(&'static str, u64),
    Never,
}

impl Death {
    pub(crate) fn of(seed: u64, kill: u64) -> Self {
        let mut state = (seed << 32 | (kill + 1)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        let mut below = |limit: u64| {
            state ^= state >> 29;
            state = state.wrapping_mul(0xbf58_476d_1ce4_e5b9);
            state ^= state >> 32;
            state % limit
        };
        if kill % 4 < 2 {
            // Early, while it starts, or once it has begun to store and to report.
            let phase = [0, 400, 1500, 2500][below(4) as usize];
            return Self::After(Duration::from_millis(phase + below(400)));
        }
        let (call, most) = CALLS[below(CALLS.len() as u64) as usize];
        Self::At(call, 1 + below(most))
    }
}

pub(crate) struct Victim {
    child: Child,
    death: Death,
}

impl Victim {
    pub(crate) fn start(folder: &Path, death: Death) -> Self {
        let config = folder.join("agent.toml");
        let agent = program::agent(&["--config", config.to_str().expect("a path in UTF-8"), "run"]);
        let mut command = match death {
            Death::At(call, number) => {
                let mut strace = Command::new("strace");
                strace.args(["-f", "-qq", "-o", "/dev/null", "-e"]).arg(format!("trace={call}"));
                strace.arg("-e").arg(format!("inject={call}:signal=KILL:when={number}"));
                strace.arg(agent.get_program()).args(agent.get_args());
                strace
            }
            Death::After(_) | Death::Never => agent,
        };
        let log =
            fs::File::options().create(true).append(true).open(folder.join("agent.log")).expect("a log");
        let child = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(log).spawn();
        Self { child: child.expect("the agent and strace are installed"), death }
    }

    /// Waits for its death, or brings it about. True where it died at a system call.
    pub(crate) fn dies(mut self) -> bool {
        match self.death {
            Death::After(time) => thread::sleep(time),
            Death::At(..) => {
                let clock = SystemClock::new();
                while clock.monotonic() < LONGEST {
                    if self.child.try_wait().expect("it is ours").is_some() {
                        return true;
                    }
                    thread::sleep(Duration::from_millis(10));
                }
            }
            Death::Never => {}
        }
        self.kill();
        false
    }

    /// Ends it in order.
    pub(crate) fn end(mut self) {
        let _status = Command::new("kill").arg(self.child.id().to_string()).status().expect("kill runs");
        self.child.wait().expect("it ends");
    }

    /// Kills it, and the agent that it traces.
    fn kill(&mut self) {
        let id = self.child.id();
        let traced = fs::read_to_string(format!("/proc/{id}/task/{id}/children")).unwrap_or_default();
        for id in traced.split_whitespace() {
            let _status = Command::new("kill").args(["-9", id]).status().expect("kill runs");
        }
        self.child.kill().expect("it is ours");
        self.child.wait().expect("it ends");
    }
}

/// The end of what the agents said.
pub(crate) fn log(folder: &Path) -> String {
    let log = fs::read_to_string(folder.join("agent.log")).unwrap_or_default();
    let lines: Vec<&str> = log.lines().collect();
    lines[lines.len().saturating_sub(40)..].join("\n")
}
