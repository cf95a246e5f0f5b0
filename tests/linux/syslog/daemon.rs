//! A real `rsyslogd` of one's own: private sockets, private files, stopped by its process.

use std::{
    fs,
    io::Write as _,
    net::{TcpListener, TcpStream, UdpSocket},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    thread::sleep,
    time::Duration,
};

use tempfile::TempDir;

/// The templates that each message is written in, by file. All but one are rsyslog's own; that of forwarding ends no
/// line, so it is repeated here with an end.
pub const TEMPLATES: [(&str, &str); 5] = [
    ("traditional.log", "RSYSLOG_TraditionalFileFormat"),
    ("file.log", "RSYSLOG_FileFormat"),
    ("protocol23.log", "RSYSLOG_SyslogProtocol23Format"),
    ("forward.log", "ForwardLines"),
    ("sysklogd.log", "RSYSLOG_SysklogdFileFormat"),
];

/// The name that the daemon gives this machine.
pub const LOCAL_HOST: &str = "web1";

/// A running daemon.
pub struct Daemon {
    child: Child,
    /// Taken by who reads the files.
    folder: Option<TempDir>,
    udp: u16,
    tcp: u16,
}

impl Daemon {
    /// Starts one, with more lines of configuration. `None`, and a line that says so, where it or `logger` is missing.
    pub fn start(globals: &str) -> Option<Self> {
        let program = ["rsyslogd", "/usr/sbin/rsyslogd"].into_iter().find(|program| runs(program, "-v"));
        let Some(program) = program.filter(|_| runs("logger", "--version")) else {
            say_skipped();
            return None;
        };
        let folder = tempfile::tempdir().expect("a folder");
        let (udp, tcp) = (free_udp_port(), free_tcp_port());
        let configuration = configuration(folder.path(), udp, tcp, globals);
        fs::write(folder.path().join("rsyslog.conf"), configuration).expect("the configuration");
        let child = Command::new(program)
            .arg("-n")
            .arg("-f")
            .arg(folder.path().join("rsyslog.conf"))
            .arg("-i")
            .arg(folder.path().join("rsyslogd.pid"))
            .env("TZ", "UTC")
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("rsyslogd runs");
        let daemon = Self { child, folder: Some(folder), udp, tcp };
        wait_for("rsyslogd listens", || {
            daemon.path("local").exists()
                && daemon.path("standard").exists()
                && TcpStream::connect(("127.0.0.1", tcp)).is_ok()
        });
        Some(daemon)
    }

    /// Logs with `logger` through the socket of this machine.
    pub fn log(&self, arguments: &[&str]) {
        self.logger("local", arguments);
    }

    /// The same, as RFC 5424.
    pub fn log_rfc5424(&self, arguments: &[&str]) {
        self.logger("standard", &[&["--rfc5424"], arguments].concat());
    }

    /// A message of another machine, by UDP.
    pub fn send_udp(&self, message: &str) {
        let socket = UdpSocket::bind("127.0.0.1:0").expect("a socket");
        socket.send_to(message.as_bytes(), ("127.0.0.1", self.udp)).expect("a datagram");
    }

    /// Messages of other machines, by TCP, each a line.
    pub fn send_tcp(&self, messages: &[String]) {
        let mut stream = TcpStream::connect(("127.0.0.1", self.tcp)).expect("a connection");
        for message in messages {
            stream.write_all(format!("{message}\n").as_bytes()).expect("a message");
        }
    }

    /// Waits until every file has so many lines, and stops the daemon. What comes back holds the files.
    pub fn stop(mut self, lines: usize) -> TempDir {
        wait_for("the messages are written", || {
            TEMPLATES.iter().all(|(file, _)| {
                fs::read(self.path(file))
                    .is_ok_and(|log| log.iter().filter(|byte| **byte == b'\n').count() >= lines)
            })
        });
        let stopped = Command::new("kill").arg(self.child.id().to_string()).status().expect("kill runs");
        assert!(stopped.success());
        self.child.wait().expect("rsyslogd ends");
        self.folder.take().expect("the folder is still here")
    }

    fn logger(&self, socket: &str, arguments: &[&str]) {
        let mut command = Command::new("logger");
        command.arg("-u").arg(self.path(socket)).args(["--size", "16384"]).args(arguments).env("TZ", "UTC");
        assert!(command.status().expect("logger runs").success());
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.as_ref().expect("a running daemon has a folder").path().join(name)
    }
}

/// A test that fails leaves no daemon behind.
impl Drop for Daemon {
    fn drop(&mut self) {
        if self.folder.is_some() {
            self.child.kill().expect("a process of ours");
            self.child.wait().expect("rsyslogd ends");
        }
    }
}

/// Messages of the daemon itself are not written. A rule set of one's own would be simpler, but what the daemon says of
/// repeats goes through the default one.
fn configuration(folder: &Path, udp: u16, tcp: u16, globals: &str) -> String {
    let folder = folder.display();
    let actions: String = TEMPLATES
        .iter()
        .map(|(file, template)| {
            format!("action(type=\"omfile\" file=\"{folder}/{file}\" template=\"{template}\")\n")
        })
        .collect();
    format!(
        r#"global(workDirectory="{folder}" localHostname="{LOCAL_HOST}" net.enableDNS="off" maxMessageSize="64k"
    parser.permitSlashInProgramName="on")
{globals}
module(load="imuxsock" SysSock.Use="off")
module(load="imudp")
module(load="imtcp")
template(name="ForwardLines" type="string"
    string="<%PRI%>%TIMESTAMP:::date-rfc3339% %HOSTNAME% %syslogtag:1:32%%msg:::sp-if-no-1st-sp%%msg%\n")
if $programname == "rsyslogd" then stop
{actions}input(type="imuxsock" Socket="{folder}/local")
input(type="imuxsock" Socket="{folder}/standard" UseSpecialParser="off")
input(type="imudp" address="127.0.0.1" port="{udp}")
input(type="imtcp" address="127.0.0.1" port="{tcp}")
"#
    )
}

fn runs(program: &str, argument: &str) -> bool {
    let mut command = Command::new(program);
    command.arg(argument).stdout(Stdio::null()).stderr(Stdio::null());
    command.status().is_ok_and(|status| status.success())
}

fn free_udp_port() -> u16 {
    UdpSocket::bind("127.0.0.1:0").and_then(|socket| socket.local_addr()).expect("a port").port()
}

fn free_tcp_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr()).expect("a port").port()
}

fn wait_for(what: &str, holds: impl Fn() -> bool) {
    for _ in 0..600 {
        if holds() {
            return;
        }
        sleep(Duration::from_millis(50));
    }
    panic!("not within half a minute: {what}");
}

/// Past the test harness, which shows nothing that a passing test prints.
fn say_skipped() {
    let test = std::thread::current();
    let name = test.name().unwrap_or("a check");
    writeln!(std::io::stderr(), "rsyslogd or logger is not installed: skipped {name}")
        .expect("standard error");
}
