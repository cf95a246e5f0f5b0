//! A real collector on a free port, and real agents that report to it: the programs themselves, in folders of their own.

use std::{
    fs,
    io::{BufRead as _, BufReader},
    net::TcpListener,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    thread,
    time::Duration,
};

use blindspot_telemetry::{Clock as _, clock::SystemClock};

use blindspot::{
    api::hosts::{HostDetail, HostPage},
    client::{Client, ClientFile},
};
use serde_json::json;

use crate::program;

/// How long a collector may take to answer.
const PATIENCE: Duration = Duration::from_secs(60);

/// A collector under test.
#[derive(Debug)]
pub struct Collector {
    /// Its address.
    pub url: String,
    folder: PathBuf,
    config: PathBuf,
    child: Child,
    token: String,
}

/// A port that is free now.
///
/// # Panics
/// Where there is none.
#[must_use]
pub fn free_port() -> u16 {
    let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a free port");
    listener.local_addr().expect("its address").port()
}

impl Collector {
    /// Starts one. `folder` takes its files; without a database address, its database too.
    ///
    /// # Panics
    /// Where it does not start.
    #[must_use]
    pub fn start(folder: &Path, database: Option<&str>) -> Self {
        let rules = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/sigma");
        Self::judging_by(&format!("rules = [{rules:?}]"), folder, database)
    }

    /// The same, judging by what these lines of the server file name.
    ///
    /// # Panics
    /// Where it does not start.
    #[must_use]
    pub fn judging_by(detections: &str, folder: &Path, database: Option<&str>) -> Self {
        let port = free_port();
        let url = format!("https://127.0.0.1:{port}");
        fs::create_dir_all(folder).expect("a folder");
        let config = folder.join(format!("server-{port}.toml"));
        let database = database.map(|url| format!("database = {url:?}\n")).unwrap_or_default();
        let text = format!(
            "listen = \"127.0.0.1:{port}\"\nurl = {url:?}\ndata = {:?}\n{database}interval_s = 15\n\
             [detections]\n{detections}\n[limits]\nreport_every_s = 0\nenrolments_per_minute = 1000\n",
            folder.join("data")
        );
        fs::write(&config, text).expect("a server file");
        let (child, password) = serve(&config);
        let mut collector = Self { url, folder: folder.to_owned(), config, child, token: String::new() };
        collector.until_it_answers();
        if let Some(password) = password {
            let body = json!({ "name": "admin", "password": password });
            let made: serde_json::Value = collector
                .client()
                .ask("POST".parse().expect("a method"), "/api/v1/login", &[], Some(&body))
                .expect("a login");
            made["token"].as_str().expect("a token").clone_into(&mut collector.token);
        }
        collector
    }

    /// Another collector of the same database, with the same authority.
    ///
    /// # Panics
    /// Where it does not start.
    #[must_use]
    pub fn second(&self, database: &str) -> Self {
        let mut second = Self::start(&self.folder, Some(database));
        second.token.clone_from(&self.token);
        second
    }

    /// Ends it as a power cut would.
    ///
    /// # Panics
    /// Where it cannot be ended.
    pub fn kill(&mut self) {
        self.child.kill().expect("it is ours");
        self.child.wait().expect("it ends");
    }

    /// Ends it as a service manager would.
    ///
    /// # Panics
    /// Where it does not end as it should.
    pub fn stop(mut self) {
        stop(&mut self.child);
    }

    /// Starts it again.
    ///
    /// # Panics
    /// Where it does not start.
    pub fn restart(&mut self) {
        self.child = serve(&self.config).0;
    }

    /// Waits until it answers, and knows all that its database holds.
    ///
    /// # Panics
    /// Where it does not.
    pub fn until_it_answers(&self) {
        let client = self.client();
        within(PATIENCE, "the collector does not answer", || {
            client.bytes("GET".parse().expect("a method"), "/readyz", &[], None).ok()
        });
    }

    /// The certificate of its authority, in PEM.
    fn ca(&self) -> PathBuf {
        self.folder.join("data/ca.pem")
    }

    /// Who asks it, as its administrator.
    ///
    /// # Panics
    /// Where it made no authority.
    #[must_use]
    pub fn client(&self) -> Client {
        let ca = within(PATIENCE, "there is no authority", || {
            fs::read_to_string(self.ca()).ok().filter(|pem| pem.contains("END"))
        });
        let file = ClientFile { url: self.url.clone(), token: self.token.clone(), ca: Some(ca) };
        Client::new(file).expect("a client")
    }

    /// A command of `blindspot` that asks this collector.
    #[must_use]
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = program::blindspot(arguments);
        command
            .env("BLINDSPOT_URL", &self.url)
            .env("BLINDSPOT_TOKEN", &self.token)
            .env("BLINDSPOT_CA", self.ca());
        command
    }

    /// The server file.
    #[must_use]
    pub fn config(&self) -> &Path {
        &self.config
    }

    /// A string with which agents enrol.
    ///
    /// # Panics
    /// Where it gives none.
    #[must_use]
    pub fn enrolment_string(&self) -> String {
        let output = self.command(&["token", "create"]).output().expect("the program runs");
        let text = String::from_utf8(output.stdout).expect("text");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        text.trim().to_owned()
    }

    /// The hosts it knows.
    ///
    /// # Errors
    /// Where it does not answer.
    pub fn hosts(&self) -> anyhow::Result<HostPage> {
        self.client().get("/api/v1/hosts", &[])
    }

    /// One host, by name or id.
    ///
    /// # Errors
    /// Where it does not answer, or knows no such host.
    pub fn host(&self, name: &str) -> anyhow::Result<HostDetail> {
        self.client().get(&format!("/api/v1/hosts/{name}"), &[])
    }
}

impl Drop for Collector {
    fn drop(&mut self) {
        // It may have ended already.
        let _ended = self.child.kill();
        let _ended = self.child.wait();
    }
}

/// Asks a process to end, and waits until it did.
///
/// # Panics
/// Where it does not end as it should.
pub fn stop(child: &mut Child) {
    let pid = child.id().to_string();
    assert!(Command::new("kill").args(["-s", "TERM", &pid]).status().is_ok_and(|status| status.success()));
    let status = child.wait().expect("it ends");
    assert!(status.success(), "{status}");
}

/// Starts the program; at the first start of a database, with the administrator's password.
fn serve(config: &Path) -> (Child, Option<String>) {
    let log =
        fs::File::options().create(true).append(true).open(config.with_extension("log")).expect("a log file");
    let mut child = program::blindspot(&["serve", "--config", config.to_str().expect("a path in UTF-8")])
        .stdout(Stdio::piped())
        .stderr(log)
        .stdin(Stdio::null())
        .spawn()
        .expect("the program runs");
    let out = child.stdout.take().expect("its output");
    let (tell, told) = std::sync::mpsc::channel();
    // Its output is read to the end, or it would have to wait.
    thread::spawn(move || {
        for line in BufReader::new(out).lines().map_while(Result::ok) {
            if let Some((_, rest)) = line.split_once("with the password ") {
                // Nobody waits for it at a later start.
                let _told = tell.send(rest.split(' ').next().unwrap_or_default().to_owned());
            }
        }
    });
    let first = !config.with_extension("started").exists();
    fs::write(config.with_extension("started"), "").expect("a file");
    let wait = if first { Duration::from_secs(20) } else { Duration::ZERO };
    let password = (0..wait.as_millis() / 50).find_map(|_| {
        let answers = || {
            fs::read_to_string(config.with_extension("log"))
                .is_ok_and(|log| log.contains("the collector listens"))
        };
        match told.recv_timeout(Duration::from_millis(50)) {
            Ok(password) => Some(Some(password)),
            // The password was printed before it listened.
            Err(_) => answers().then(|| told.recv_timeout(Duration::from_millis(500)).ok()),
        }
    });
    (child, password.flatten())
}

/// Waits until there is something.
///
/// # Panics
/// Where there is nothing in time.
pub fn within<T>(time: Duration, what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let clock = SystemClock::new();
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(clock.monotonic() < time, "{what}");
        thread::sleep(Duration::from_millis(50));
    }
}
