//! A systemd-journald of our own: in a mount namespace where `/run` and `/var/log` are empty, so that it cannot touch
//! the journal of this machine. It reads this machine's kernel log, and nothing else of it.

use std::{
    fs,
    io::Write as _,
    os::unix::net::{UnixDatagram, UnixStream},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::Duration,
};

const DAEMON: &str = "/lib/systemd/systemd-journald";
const REMOTE: &str = "/lib/systemd/systemd-journal-remote";
const WAIT: Duration = Duration::from_millis(20);
const WAITS: usize = 1500;

/// Why the daemon cannot be run here, if it cannot.
pub fn missing() -> Option<&'static str> {
    let root = fs::metadata("/proc/self").is_ok_and(|own| std::os::unix::fs::MetadataExt::uid(&own) == 0);
    let programs = ["journalctl", "unshare", "logger"];
    match () {
        () if !root => Some("not root"),
        () if !Path::new(DAEMON).exists() => Some("no systemd-journald (package systemd)"),
        () if !Path::new(REMOTE).exists() => Some("no systemd-journal-remote (package of that name)"),
        () if !programs.iter().all(|name| runs(name)) => Some("no journalctl, unshare or logger"),
        () => None,
    }
}

fn runs(program: &str) -> bool {
    Command::new(program).arg("--version").stdout(Stdio::null()).status().is_ok_and(|status| status.success())
}

/// A running daemon; ends with the value.
pub struct Journald {
    child: Child,
}

impl Journald {
    /// Starts one with these lines in its configuration, and waits until it listens.
    pub fn start(configuration: &str) -> Self {
        let script = format!(
            "set -e\nmount -t tmpfs none /run\nmount -t tmpfs none /var/log\nmkdir -p /run/systemd/journald.conf.d\n\
             printf '[Journal]\\nStorage=volatile\\nAudit=\\nForwardToWall=no\\nForwardToSyslog=no\\n{configuration}' \
             > /run/systemd/journald.conf.d/test.conf\nexec {DAEMON}\n"
        );
        let mut command = Command::new("unshare");
        command.args(["--mount", "--propagation", "private", "sh", "-c", &script]);
        let child = command.stdin(Stdio::null()).stderr(Stdio::null()).spawn().expect("unshare runs");
        let daemon = Self { child };
        wait_for("journald listens", || {
            daemon.path("run/systemd/journal/stdout").exists() && daemon.file().is_some()
        });
        daemon
    }

    /// A path as the daemon sees it.
    fn path(&self, path: &str) -> PathBuf {
        Path::new("/proc").join(self.child.id().to_string()).join("root").join(path)
    }

    /// The file that it writes.
    pub fn file(&self) -> Option<PathBuf> {
        let machines = fs::read_dir(self.path("run/log/journal")).ok()?;
        let mut files = machines.filter_map(|machine| Some(machine.ok()?.path().join("system.journal")));
        files.find(|file| file.exists())
    }

    /// Waits until it has written what it was sent, and stops it where it is: two readers see the same file.
    pub fn rest(&self, mut written: impl FnMut() -> u64) {
        let mut before = written();
        wait_for("journald rests", || {
            std::thread::sleep(10 * WAIT);
            std::mem::replace(&mut before, written()) == before
        });
        let stopped = Command::new("kill").args(["-STOP", &self.child.id().to_string()]).status();
        assert!(stopped.expect("kill runs").success(), "journald could not be stopped");
    }

    /// Asks it to begin another file.
    pub fn rotate(&self) {
        let asked = Command::new("kill").args(["-USR2", &self.child.id().to_string()]).status();
        assert!(asked.expect("kill runs").success(), "journald could not be asked");
    }

    /// Sends an entry by its native protocol: lines `FIELD=value`, or `FIELD`, a length and bytes.
    pub fn send(&self, entry: &[u8]) {
        let socket = UnixDatagram::unbound().expect("a socket");
        socket.send_to(entry, self.path("run/systemd/journal/socket")).expect("journald takes it");
    }

    /// Sends a line as `syslog(3)` does.
    pub fn syslog(&self, line: &str) {
        let socket = UnixDatagram::unbound().expect("a socket");
        socket.send_to(line.as_bytes(), self.path("run/systemd/journal/dev-log")).expect("journald takes it");
    }

    /// Writes lines as `systemd-cat` does.
    pub fn cat(&self, identifier: &str, lines: &str) {
        let mut stream = UnixStream::connect(self.path("run/systemd/journal/stdout")).expect("a stream");
        let head = format!("{identifier}\n\n6\n1\n0\n0\n0\n");
        stream.write_all(format!("{head}{lines}").as_bytes()).expect("journald takes it");
    }
}

/// A control group that looks like a service's: journald limits the rate of services alone.
pub struct Service {
    folder: PathBuf,
}

impl Service {
    /// Makes one; `None` where control groups cannot be made.
    pub fn new() -> Option<Self> {
        let roots = ["/sys/fs/cgroup/unified", "/sys/fs/cgroup"].map(Path::new);
        let root = roots.into_iter().find(|root| root.join("cgroup.procs").exists())?;
        let folder = root.join(format!("blindspot-test-{}.service", std::process::id()));
        fs::create_dir(&folder).ok().map(|()| Self { folder })
    }

    /// Sends lines to a daemon as a program of the service, and waits until the program has ended.
    pub fn log(&self, daemon: &Journald, lines: &str) {
        let script = "echo $$ > \"$1/cgroup.procs\" && exec logger --tag flood --socket \"$2\"";
        let socket = daemon.path("run/systemd/journal/dev-log");
        let mut command = Command::new("sh");
        command.args(["-c", script, "sh"]).arg(&self.folder).arg(socket).stdin(Stdio::piped());
        let mut logger = command.spawn().expect("a shell");
        logger.stdin.take().expect("a pipe").write_all(lines.as_bytes()).expect("logger reads");
        assert!(logger.wait().expect("it ends").success(), "logger failed");
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        fs::remove_dir(&self.folder).expect("its programs have ended");
    }
}

impl Drop for Journald {
    fn drop(&mut self) {
        self.child.kill().expect("the daemon is ours");
        self.child.wait().expect("it ends");
    }
}

/// Waits until something is so, for thirty seconds.
pub fn wait_for(what: &str, mut holds: impl FnMut() -> bool) {
    for _ in 0..WAITS {
        if holds() {
            return;
        }
        std::thread::sleep(WAIT);
    }
    panic!("waited in vain: {what}");
}

/// What `journalctl` writes of a file in one of its forms, whole values included.
pub fn journalctl(file: &Path, form: &str) -> Vec<u8> {
    let mut command = Command::new("journalctl");
    command.args(["--quiet", "--all", "--no-pager", "--output", form, "--file"]).arg(file);
    let output = command.output().expect("journalctl runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    output.stdout
}

/// Writes a file of an export with `systemd-journal-remote`.
pub fn write_journal(export: &Path, to: &Path, options: &[&str], environment: &[(&str, &str)]) {
    let mut command = Command::new(REMOTE);
    command.args(options).arg("--output").arg(to).arg("-").envs(environment.iter().copied());
    let input = fs::File::open(export).expect("the export");
    let output = command.stdin(input).output().expect("systemd-journal-remote runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}
