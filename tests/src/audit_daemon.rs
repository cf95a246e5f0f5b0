//! An audit daemon of the tests' own, on the kernel's audit: started, given rules and work, and put away again.

use std::{
    fs::{self, File},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
};

use tempfile::TempDir;

use crate::{
    corpus::say_skipped_because,
    machine,
    program::{output, wait_until},
};

/// Marks the rules of these tests.
const KEY: &str = "blindspot-tests";

/// How the daemon writes its log: lines of auditd.conf(5) that differ between tests.
#[derive(Debug, Clone, Copy)]
pub struct Style {
    /// `RAW` or `ENRICHED`.
    pub log_format: &'static str,
    /// Where a record's `node=` comes from.
    pub name_format: &'static str,
    /// Size at which the daemon begins a new file.
    pub max_log_file_megabytes: u32,
}

/// A running daemon and the kernel's audit, which it has to itself. Dropping it stops it, and leaves the kernel as it
/// was found.
#[derive(Debug)]
pub struct Daemon {
    folder: TempDir,
    child: Child,
    rules: Vec<Vec<String>>,
    enabled: String,
    backlog_limit: String,
    _lock: File,
}

impl Daemon {
    /// Starts a daemon that logs into a folder of its own; `None` where this machine does not allow it.
    pub fn start(style: Style) -> Option<Self> {
        let lock = machine::kernel_audit();
        let Some(enabled) = free_kernel_audit() else {
            say_skipped_because("no root, no auditd, or its kernel audit is in use");
            return None;
        };
        // The kernel drops what finds no room, and the default of 64 records is soon full on a busy machine.
        let backlog_limit = status("backlog_limit").unwrap_or_default();
        assert!(auditctl("-b", &["8192".to_owned()]), "auditctl sets the backlog");
        let folder = TempDir::new().expect("a folder");
        fs::create_dir(folder.path().join("plugins.d")).expect("a folder");
        fs::write(folder.path().join("auditd.conf"), configuration(folder.path(), style)).expect("a file");
        let child = Command::new("auditd")
            .args(["-n", "-c"])
            .arg(folder.path())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("auditd starts");
        let daemon = Self { folder, child, rules: Vec::new(), enabled, backlog_limit, _lock: lock };
        let pid = daemon.child.id().to_string();
        wait_until("auditd is the kernel's", || status("pid").is_some_and(|of_kernel| of_kernel == pid));
        wait_until("auditd logs", || daemon.log_holds("type=DAEMON_START"));
        Some(daemon)
    }

    /// Loads rules for what [`work`] does: programs that start, connections, folders, a watched file.
    pub fn watch_work(&mut self) {
        let watched = self.watched().display().to_string();
        fs::write(&watched, "nothing").expect("a file");
        let by_call = |calls: &str| {
            ["always,exit", "-F", "arch=b64", "-S", calls, "-k", KEY].map(str::to_owned).to_vec()
        };
        let watch = vec![watched, "-p".to_owned(), "wa".to_owned(), "-k".to_owned(), KEY.to_owned()];
        for (add, remove, rule) in [
            ("-a", "-d", by_call("execve")),
            ("-a", "-d", by_call("connect")),
            ("-a", "-d", by_call("mkdir,mkdirat,rmdir,unlinkat")),
            ("-w", "-W", watch),
        ] {
            assert!(auditctl(add, &rule), "auditctl takes {rule:?}");
            self.rules.push([vec![remove.to_owned()], rule].concat());
        }
    }

    /// The file that is watched.
    pub fn watched(&self) -> PathBuf {
        self.folder.path().join("watched")
    }

    /// Makes the daemon begin a new file, as logrotate would.
    pub fn rotate(&self) {
        let files = self.logs().len();
        self.signal("USR1");
        wait_until("auditd rotates", || self.logs().len() > files);
    }

    /// What was done so far is in the log: the kernel hands its records over in their order.
    pub fn flush(&self, mark: &str) {
        assert!(auditctl("-m", &[mark.to_owned()]), "auditctl sends a message");
        wait_until("the last record is logged", || self.log_holds(mark));
    }

    /// Stops the daemon, and gives the files that it wrote, the newest first.
    pub fn finish(mut self) -> Vec<(String, Vec<u8>)> {
        self.stop();
        let read = |path: PathBuf| {
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            (name, fs::read(path).expect("a log"))
        };
        self.logs().into_iter().map(read).collect()
    }

    fn logs(&self) -> Vec<PathBuf> {
        let entries = fs::read_dir(self.folder.path()).expect("the folder");
        let mut paths: Vec<PathBuf> = entries.map(|entry| entry.expect("an entry").path()).collect();
        paths.retain(|path| {
            path.file_name().is_some_and(|name| name.to_string_lossy().starts_with("audit.log"))
        });
        paths.sort();
        paths
    }

    fn log_holds(&self, text: &str) -> bool {
        let holds = |path: &PathBuf| {
            fs::read(path).is_ok_and(|log| log.windows(text.len()).any(|part| part == text.as_bytes()))
        };
        self.logs().iter().any(holds)
    }

    fn signal(&self, name: &str) {
        let pid = self.child.id().to_string();
        assert!(Command::new("kill").args(["-s", name, &pid]).status().is_ok_and(|status| status.success()));
    }

    fn stop(&mut self) {
        for mut rule in std::mem::take(&mut self.rules) {
            let remove = rule.remove(0);
            if !auditctl(&remove, &rule) {
                eprintln!("auditctl does not remove {rule:?}");
            }
        }
        // Before the daemon ends: the kernel would print to its own log what no one takes.
        auditctl("-e", &[std::mem::take(&mut self.enabled)]);
        if matches!(self.child.try_wait(), Ok(None)) {
            self.signal("TERM");
            self.child.wait().expect("auditd ends");
        }
        auditctl("-b", &[std::mem::take(&mut self.backlog_limit)]);
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        if !self.enabled.is_empty() {
            self.stop();
        }
    }
}

/// What the rules of [`Daemon::watch_work`] record, `times` over.
pub fn work(daemon: &Daemon, times: usize) {
    let folder = TempDir::new().expect("a folder");
    for round in 0..times {
        let made = folder.path().join(format!("made {round}"));
        fs::create_dir(&made).expect("a folder");
        fs::remove_dir(&made).expect("a folder");
        fs::write(daemon.watched(), "something").expect("the watched file");
        let closed = std::net::TcpStream::connect(("127.0.0.1", 1));
        assert!(closed.is_err(), "nothing listens on port 1");
        let status = Command::new("true").arg(format!("argument {round}")).arg("--plain").status();
        assert!(status.expect("`true` runs").success());
    }
}

/// Whether the kernel's audit is on, where it can be had: with root, without another daemon and without rules.
fn free_kernel_audit() -> Option<String> {
    output("auditd", &["--help"])?;
    let free = status("pid")? == "0" && output("auditctl", &["-l"])?.trim() == "No rules";
    status("enabled").filter(|enabled| free && enabled != "2")
}

/// A line of `auditctl -s`.
fn status(name: &str) -> Option<String> {
    let status = output("auditctl", &["-s"])?;
    let value = status.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '))?;
    Some(value.to_owned())
}

fn auditctl(what: &str, arguments: &[String]) -> bool {
    let mut command = Command::new("auditctl");
    command.arg(what).args(arguments).stdout(Stdio::null());
    command.status().is_ok_and(|status| status.success())
}

fn configuration(folder: &Path, style: Style) -> String {
    let folder = folder.display();
    let Style { log_format, name_format, max_log_file_megabytes } = style;
    format!(
        "local_events = yes\nwrite_logs = yes\nlog_file = {folder}/audit.log\nlog_group = root\n\
         log_format = {log_format}\nname_format = {name_format}\nname = named-by-its-owner\n\
         flush = INCREMENTAL_ASYNC\nfreq = 50\npriority_boost = 0\n\
         max_log_file = {max_log_file_megabytes}\nnum_logs = 9\nmax_log_file_action = ROTATE\n\
         space_left = 75\nspace_left_action = IGNORE\nadmin_space_left = 50\nadmin_space_left_action = IGNORE\n\
         disk_full_action = IGNORE\ndisk_error_action = IGNORE\nuse_libwrap = no\nq_depth = 2000\n\
         overflow_action = IGNORE\nmax_restarts = 0\nplugin_dir = {folder}/plugins.d\nend_of_event_timeout = 2\n"
    )
}
