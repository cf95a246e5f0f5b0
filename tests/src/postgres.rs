//! A throw-away PostgreSQL server for tests.

use std::{
    path::{Path, PathBuf},
    process::Command,
    sync::{
        Arc, Mutex, PoisonError, Weak,
        atomic::{AtomicU32, Ordering},
    },
};

/// Names a running server whose databases tests may create and drop, as `postgres://USER:PASSWORD@HOST/postgres`.
/// Without it a server is started from the programs that are installed.
pub const VARIABLE: &str = "BLINDSPOT_TEST_POSTGRES";

/// A server that ends with the last test that uses it.
#[derive(Debug)]
pub struct Postgres {
    programs: PathBuf,
    /// `None` where the server is not ours.
    folder: Option<PathBuf>,
    given: Option<String>,
    databases: AtomicU32,
}

/// The server that the tests of this process share.
///
/// # Panics
/// Where no PostgreSQL is installed, or it cannot be started.
#[must_use]
pub fn shared() -> Arc<Postgres> {
    static SHARED: Mutex<Weak<Postgres>> = Mutex::new(Weak::new());
    let mut shared = SHARED.lock().unwrap_or_else(PoisonError::into_inner);
    shared.upgrade().unwrap_or_else(|| {
        let server = Arc::new(Postgres::start());
        *shared = Arc::downgrade(&server);
        server
    })
}

impl Postgres {
    /// Starts a server that listens on a socket in a temporary folder only.
    ///
    /// # Panics
    /// Where no PostgreSQL is installed, or it cannot be started.
    #[must_use]
    pub fn start() -> Self {
        static STARTED: AtomicU32 = AtomicU32::new(0);
        let programs = programs();
        let databases = AtomicU32::new(0);
        let given = std::env::var_os(VARIABLE).map(|url| url.into_string().expect("a URL"));
        if given.is_some() {
            return Self { programs, folder: None, given, databases };
        }
        let number = STARTED.fetch_add(1, Ordering::Relaxed);
        let folder = std::env::temp_dir().join(format!("blindspot-postgres-{}-{number}", std::process::id()));
        std::fs::create_dir(&folder).expect("a folder");
        if is_root() {
            run(Command::new("chown").arg("postgres").arg(&folder));
        }
        let server = Self { programs, folder: Some(folder.clone()), given, databases };
        let (data, log) = (folder.join("data"), folder.join("log"));
        server.as_postgres(&format!("initdb --no-sync -A trust -U postgres -E UTF8 -D {}", data.display()));
        let options = format!("-k {} -c listen_addresses=", folder.display());
        let (data, log) = (data.display(), log.display());
        server.as_postgres(&format!("pg_ctl -D {data} -l {log} -w -o \"{options}\" start"));
        server
    }

    /// Creates an empty database. Returns its URL.
    ///
    /// # Panics
    /// Where the server does not answer.
    #[must_use]
    pub fn database(&self) -> String {
        let number = self.databases.fetch_add(1, Ordering::Relaxed);
        let name = format!("blindspot_{}_{number}", std::process::id());
        let sql = format!("CREATE DATABASE {name}");
        run(Command::new(self.programs.join("psql")).args(["-q", &self.url("postgres"), "-c", &sql]));
        self.url(&name)
    }

    fn url(&self, database: &str) -> String {
        match (&self.given, &self.folder) {
            (Some(given), _) => {
                let (server, _) = given.rsplit_once('/').expect("a URL with a database");
                format!("{server}/{database}")
            }
            (None, Some(folder)) => {
                format!("postgres://postgres@localhost/{database}?host={}", folder.display())
            }
            (None, None) => unreachable!("a server is given or started"),
        }
    }

    /// The server refuses to run as root.
    fn as_postgres(&self, command: &str) {
        let command = format!("{}/{command}", self.programs.display());
        let mut shell = if is_root() { Command::new("su") } else { Command::new("sh") };
        if is_root() {
            shell.args(["postgres", "-s", "/bin/sh"]);
        }
        run(shell.args(["-c", &command]).current_dir("/"));
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        if let Some(folder) = &self.folder {
            let data = folder.join("data");
            self.as_postgres(&format!("pg_ctl -D {} -m immediate -w stop", data.display()));
            std::fs::remove_dir_all(folder).expect("the folder is ours");
        }
    }
}

/// The folder with the newest programs.
fn programs() -> PathBuf {
    let versions = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let found = versions.map(|version| version.path().join("bin")).filter(|bin| bin.join("initdb").is_file());
    let version = |bin: &PathBuf| {
        let name = bin.parent().and_then(Path::file_name).map(|name| name.to_string_lossy().into_owned());
        name.and_then(|name| name.parse::<u32>().ok())
    };
    found.max_by_key(version).unwrap_or_else(|| {
        panic!("PostgreSQL is not installed and these tests are not skipped: apt-get install postgresql-15")
    })
}

fn is_root() -> bool {
    use std::os::unix::fs::MetadataExt as _;
    std::fs::metadata("/proc/self").is_ok_and(|process| process.uid() == 0)
}

fn run(command: &mut Command) {
    // What a server inherits it keeps open: it must not be a pipe that this process waits for.
    let log = tempfile();
    let (out, err) = (log.try_clone().expect("a file"), log.try_clone().expect("a file"));
    let status = command.stdin(std::process::Stdio::null()).stdout(out).stderr(err).status();
    let said = said(log);
    assert!(status.as_ref().is_ok_and(std::process::ExitStatus::success), "{command:?}: {status:?}\n{said}");
}

fn tempfile() -> std::fs::File {
    static FILES: AtomicU32 = AtomicU32::new(0);
    let number = FILES.fetch_add(1, Ordering::Relaxed);
    let path = std::env::temp_dir().join(format!("blindspot-said-{}-{number}", std::process::id()));
    let file = std::fs::File::options().read(true).write(true).create_new(true).open(&path);
    std::fs::remove_file(&path).expect("the file is ours");
    file.expect("a file")
}

fn said(mut log: std::fs::File) -> String {
    use std::io::{Read as _, Seek as _};
    let mut text = String::new();
    log.rewind().and_then(|()| log.read_to_string(&mut text)).map_or_else(|error| error.to_string(), |_| text)
}
