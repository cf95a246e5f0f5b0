//! A collector as a process of its own, in a folder of its own.

use std::{
    fs,
    io::{self, BufRead as _, BufReader, Read},
    net::{Ipv4Addr, SocketAddr},
    path::Path,
    process::{Child, Stdio},
    sync::{Arc, Mutex},
    time::Duration,
};

use blindspot_telemetry::{Clock as _, clock::SystemClock};
use blindspot_tests::program::blindspot;
use rustls::{
    ClientConfig, RootCertStore,
    pki_types::{CertificateDer, pem::PemObject as _},
};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::client::{Answer, Connection, request, tcp};

/// A running collector; it ends with this value.
pub(crate) struct Collector {
    process: Child,
    folder: TempDir,
    said: Arc<Mutex<String>>,
    tls: Arc<ClientConfig>,
    pub(crate) address: SocketAddr,
    /// The first administrator's password.
    pub(crate) password: String,
    /// A token of theirs.
    pub(crate) admin: String,
}

/// Room for tests: many agents and reports from one address.
pub(crate) const WIDE: &str =
    "connections = 4096\nper_address = 512\nenrolments_per_minute = 1000000\nreport_every_s = 0";

impl Collector {
    /// Starts one with these lines in the part `[limits]` of its file, and waits until it is ready.
    pub(crate) fn start(limits: &str) -> Self {
        Self::logging(limits, "info")
    }

    /// The same, logging what a filter lets through.
    pub(crate) fn logging(limits: &str, filter: &str) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let rules = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/sigma");
        let data = folder.path().join("data");
        let file = folder.path().join("server.toml");
        let text = format!(
            "listen = '127.0.0.1:0'\ndata = '{}'\ninterval_s = 15\n[detections]\nrules = ['{}']\n[limits]\n{limits}\n",
            data.display(),
            rules.display()
        );
        fs::write(&file, text).expect("a server file");
        let mut process = blindspot(&["serve", "--config"])
            .arg(&file)
            .env("RUST_LOG", filter)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the collector starts");
        let said = Arc::new(Mutex::new(String::new()));
        let mut lines = BufReader::new(process.stdout.take().expect("a pipe")).lines().map_while(Result::ok);
        let password = lines.find_map(|line| {
            let words = line.split_once("with the password ")?.1;
            Some(words.split(' ').next()?.to_owned())
        });
        listen(process.stderr.take().expect("a pipe"), Arc::clone(&said));
        let address = wait_for("its address", || {
            let said = said.lock().expect("what it said").clone();
            let line = said.lines().find(|line| line.contains("the collector listens"))?.to_owned();
            line.split("address=\"").nth(1)?.split('"').next()?.parse().ok()
        });
        let tls = trusting(&data.join("ca.pem"));
        let password = password.expect("a first password");
        let mut collector = Self { process, folder, said, tls, address, password, admin: String::new() };
        wait_for("readiness", || (collector.ask("GET", "/readyz", None, None).status == 200).then_some(()));
        collector.admin = collector.log_in("admin", &collector.password);
        collector
    }

    /// A connection from 127.0.0.1.
    pub(crate) fn connect(&self) -> Connection {
        self.connect_from(Ipv4Addr::LOCALHOST).expect("a connection")
    }

    pub(crate) fn connect_from(&self, from: Ipv4Addr) -> io::Result<Connection> {
        Connection::new(tcp(from, self.address)?, &self.tls)
    }

    /// One request on a connection of its own.
    pub(crate) fn ask(&self, method: &str, path: &str, token: Option<&str>, body: Option<&Value>) -> Answer {
        let authorization = token.map(|token| format!("Authorization: Bearer {token}"));
        let mut headers: Vec<&str> = authorization.iter().map(String::as_str).collect();
        let body = body.map(|body| serde_json::to_vec(body).expect("JSON"));
        if body.is_some() {
            headers.push("Content-Type: application/json");
        }
        self.exchange(&request(method, path, &headers, &body.unwrap_or_default()))
    }

    /// The answer to these bytes, on a connection of its own.
    pub(crate) fn exchange(&self, bytes: &[u8]) -> Answer {
        let mut connection = self.connect();
        // A refusal may come before everything was sent.
        let sent = connection.send(bytes);
        connection
            .answer()
            .unwrap_or_else(|error| panic!("no answer: {error}; sending: {sent:?}; {}", self.output()))
    }

    /// A request as the administrator, which has to succeed.
    pub(crate) fn order(&self, method: &str, path: &str, body: Option<&Value>) -> Value {
        let answer = self.ask(method, path, Some(&self.admin), body);
        assert_eq!(answer.status, 200, "{method} {path}: {}", answer.text());
        answer.json()
    }

    /// A token for a name and a password.
    pub(crate) fn log_in(&self, name: &str, password: &str) -> String {
        let answer = self.try_log_in(name, password);
        assert_eq!(answer.status, 200, "{}", answer.text());
        answer.json()["token"].as_str().expect("a token").to_owned()
    }

    pub(crate) fn try_log_in(&self, name: &str, password: &str) -> Answer {
        self.ask("POST", "/api/v1/login", None, Some(&json!({"name": name, "password": password})))
    }

    /// Adds a user, and logs them in.
    pub(crate) fn user(&self, name: &str, role: &str) -> String {
        let password = format!("the password of {name}");
        self.order("POST", "/api/v1/users", Some(&json!({"name": name, "password": password, "role": role})));
        self.log_in(name, &password)
    }

    /// All that it wrote to its log.
    pub(crate) fn output(&self) -> String {
        self.said.lock().expect("what it said").clone()
    }

    /// Its own folder.
    pub(crate) fn data(&self) -> std::path::PathBuf {
        self.folder.path().join("data")
    }

    /// Resident memory, in KiB.
    pub(crate) fn rss_kib(&self) -> u64 {
        let status = fs::read_to_string(format!("/proc/{}/status", self.process.id())).expect("it lives");
        let line = status.lines().find(|line| line.starts_with("VmRSS:")).expect("a size");
        line.split_whitespace().nth(1).and_then(|word| word.parse().ok()).expect("a number")
    }

    /// It lives, and nothing in it panicked.
    pub(crate) fn assert_sound(&mut self) {
        assert!(self.process.try_wait().expect("its state").is_none(), "it ended: {}", self.output());
        assert!(!self.output().contains("panicked"), "{}", self.output());
    }
}

impl Drop for Collector {
    fn drop(&mut self) {
        // Ended already, or ending now: both are fine.
        let _ended = self.process.kill();
        let _ended = self.process.wait();
    }
}

fn listen(mut pipe: impl Read + Send + 'static, said: Arc<Mutex<String>>) {
    std::thread::spawn(move || {
        let mut buffer = [0; 64 << 10];
        while let Ok(count @ 1..) = pipe.read(&mut buffer) {
            said.lock().expect("what it said").push_str(&String::from_utf8_lossy(&buffer[..count]));
        }
    });
}

fn trusting(ca: &Path) -> Arc<ClientConfig> {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_file(ca).expect("its authority")).expect("a certificate");
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
    Arc::new(config.expect("TLS").with_root_certificates(roots).with_no_client_auth())
}

/// Tries for a minute.
pub(crate) fn wait_for<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    for _ in 0..600 {
        if let Some(found) = look() {
            return found;
        }
        std::thread::sleep(Duration::from_millis(100));
    }
    panic!("{what} did not come");
}

/// How long something took.
pub(crate) fn timed<T>(work: impl FnOnce() -> T) -> (T, Duration) {
    let clock = SystemClock::new();
    let began = clock.monotonic();
    let done = work();
    (done, clock.monotonic() - began)
}
