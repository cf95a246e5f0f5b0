//! A small ext4 file system in a file, mounted for one test in a process of its own, so that it goes away with it.

use std::{
    fs::{self, File},
    path::{Path, PathBuf},
    process::Command,
};

use crate::cases::say;

/// Set in a process that has its own mounts.
const OWN_MOUNTS: &str = "BLINDSPOT_OWN_MOUNTS";

/// Where a test that mounts runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Place {
    /// Here: this process has its own mounts.
    Here,
    /// It ran, in a process that has.
    Elsewhere,
    /// Nowhere: such a process cannot be had.
    Nowhere,
}

/// Runs the current test in a process with its own mounts. The kernel takes them away with it, however it ends.
pub(crate) fn place() -> Place {
    if std::env::var_os(OWN_MOUNTS).is_some() {
        return Place::Here;
    }
    if !run("unshare", &["--mount", "true"], &[]) {
        return Place::Nowhere;
    }
    let test = std::thread::current();
    let mut again = Command::new("unshare");
    again.args(["--mount", "--propagation", "private"]).arg(std::env::current_exe().unwrap());
    again.args([test.name().unwrap(), "--exact", "--nocapture"]).env(OWN_MOUNTS, "1");
    let output = again.output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
    assert!(String::from_utf8_lossy(&output.stdout).contains("1 passed"));
    if !said.is_empty() {
        say(said.trim_end());
    }
    Place::Elsewhere
}

/// Such a file system. It has hardly any inodes, so that a deleted file's is used again at once.
pub(crate) struct Mount {
    image: PathBuf,
    pub(crate) folder: PathBuf,
}

impl Mount {
    /// `None` where it cannot be mounted.
    pub(crate) fn make(below: &Path) -> Option<Self> {
        let mount = Self { image: below.join("image"), folder: below.join("mounted") };
        fs::create_dir(&mount.folder).unwrap();
        File::create(&mount.image).unwrap().set_len(8 << 20).unwrap();
        let made = run("mkfs.ext4", &["-q", "-F", "-N", "16"], &[&mount.image]);
        (made && run("mount", &["-o", "loop"], &[&mount.image, &mount.folder])).then_some(mount)
    }

    /// Takes it away for a while. It comes back as another device where no file in it is open, else as the same one.
    pub(crate) fn remount(&self, meanwhile: impl FnOnce()) {
        let other = Command::new("losetup").args(["--find", "--show"]).arg(&self.image).output().unwrap();
        let other = String::from_utf8(other.stdout).unwrap();
        let unused = run("umount", &[], &[&self.folder]);
        if !unused {
            assert!(run("umount", &["--lazy"], &[&self.folder]), "{} stays mounted", self.folder.display());
            run("losetup", &["--detach", other.trim()], &[]);
        }
        meanwhile();
        let mounted = if unused {
            // Detaching a device in use means: once it is no longer.
            run("mount", &[other.trim()], &[&self.folder]) && run("losetup", &["--detach", other.trim()], &[])
        } else {
            run("mount", &["-o", "loop"], &[&self.image, &self.folder])
        };
        assert!(mounted, "{} cannot be mounted again", self.image.display());
    }
}

impl Drop for Mount {
    fn drop(&mut self) {
        run("umount", &["--lazy", "--quiet"], &[&self.folder]);
    }
}

fn run(program: &str, options: &[&str], paths: &[&PathBuf]) -> bool {
    let output = Command::new(program).args(options).args(paths).output();
    output.is_ok_and(|output| output.status.success())
}
