//! Wine, on which the agent's Windows build runs here.

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    sync::{Arc, Mutex, PoisonError, Weak},
};

use tempfile::TempDir;

/// Names the agent's Windows build, as `packaging/windows/build` prints it.
pub const VARIABLE: &str = "BLINDSPOT_WINDOWS_AGENT";

/// A Windows of its own. Dropping it ends all that runs on it.
pub struct Wine {
    folder: TempDir,
}

/// The one that the tests of this process share; `None` where no Windows build is named.
pub fn shared() -> Option<Arc<Wine>> {
    static SHARED: Mutex<Weak<Wine>> = Mutex::new(Weak::new());
    let agent = PathBuf::from(env::var_os(VARIABLE)?);
    let mut shared = SHARED.lock().unwrap_or_else(PoisonError::into_inner);
    Some(shared.upgrade().unwrap_or_else(|| {
        let wine = Arc::new(Wine::new(&agent));
        *shared = Arc::downgrade(&wine);
        wine
    }))
}

impl Wine {
    fn new(agent: &Path) -> Self {
        let wine = Self { folder: TempDir::new().expect("a folder") };
        let beside = wine.folder.path();
        fs::copy(agent, beside.join("blindspot-agent.exe"))
            .unwrap_or_else(|error| panic!("{}: {error}", agent.display()));
        let source =
            Path::new(env!("CARGO_MANIFEST_DIR")).join("../packaging/windows/wine/bcryptprimitives.c");
        let library = beside.join("bcryptprimitives.dll");
        let mut compiler = Command::new("x86_64-w64-mingw32-gcc");
        run(compiler.args(["-shared", "-O1", "-o"]).arg(library).arg(source).arg("-ladvapi32"));
        run(wine.command("wineboot").arg("--init"));
        wine
    }

    /// A run of the agent.
    pub fn agent(&self) -> Command {
        let mut command = self.command("wine");
        command.arg(self.folder.path().join("blindspot-agent.exe"));
        command
    }

    /// How Windows programs name a file of this machine.
    pub fn path(path: &Path) -> String {
        format!("Z:{}", path.display()).replace('/', r"\")
    }

    fn command(&self, program: &str) -> Command {
        let mut command = Command::new(program);
        command
            .env("WINEPREFIX", self.folder.path().join("prefix"))
            .env("WINEARCH", "win64")
            .env("WINEDEBUG", "-all")
            // Neither .NET nor a browser is set up, and no window is opened.
            .env("WINEDLLOVERRIDES", "mscoree,mshtml=;winemenubuilder.exe=d")
            .env_remove("DISPLAY")
            .stdin(Stdio::null());
        command
    }
}

impl Drop for Wine {
    fn drop(&mut self) {
        run(self.command("wineserver").arg("--kill"));
        run(self.command("wineserver").arg("--wait"));
    }
}

fn run(command: &mut Command) {
    let status = command.stdout(Stdio::null()).stderr(Stdio::null()).status();
    assert!(status.as_ref().is_ok_and(std::process::ExitStatus::success), "{command:?}: {status:?}");
}
