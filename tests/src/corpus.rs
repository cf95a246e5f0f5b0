//! The corpus of real logs and rules: named by `BLINDSPOT_CORPUS`, unpacked once, never part of the repository.

use std::{
    fs,
    hash::{DefaultHasher, Hash, Hasher},
    io::Write as _,
    path::{Path, PathBuf},
    process::Command,
};

/// The folder that holds the archives.
pub const VARIABLE: &str = "BLINDSPOT_CORPUS";

/// The unpacked corpus; each archive `NAME.tar.xz` is the folder `NAME`. Without `BLINDSPOT_CORPUS` a line says that
/// the checks are skipped.
///
/// # Panics
/// Where the variable names a folder that cannot be read or unpacked: a corpus that was asked for must be there.
#[must_use]
pub fn corpus() -> Option<PathBuf> {
    let Some(folder) = std::env::var_os(VARIABLE).map(PathBuf::from) else {
        say_skipped();
        return None;
    };
    let archives = archives(&folder);
    assert!(!archives.is_empty(), "{VARIABLE} names `{}`, which holds no .tar.xz", folder.display());
    Some(unpacked(&archives))
}

/// Says that a check was skipped, past the test harness, which shows nothing that a passing test prints.
///
/// # Panics
/// Where standard error is closed.
pub fn say_skipped() {
    say_skipped_because(&format!("{VARIABLE} is not set"));
}

/// The same, for another reason.
///
/// # Panics
/// Where standard error is closed.
pub fn say_skipped_because(reason: &str) {
    let test = std::thread::current();
    let name = test.name().unwrap_or("a check");
    writeln!(std::io::stderr(), "{reason}: skipped {name}").expect("standard error");
}

/// Every file below `folder` whose name ends so, in the order of their paths.
///
/// # Panics
/// Where a folder cannot be read.
#[must_use]
pub fn files_below(folder: &Path, suffix: &str) -> Vec<PathBuf> {
    let mut files = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for path in entries(&folder) {
            if path.is_dir() {
                folders.push(path);
            } else if path.to_string_lossy().ends_with(suffix) {
                files.push(path);
            }
        }
    }
    files.sort();
    files
}

fn entries(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    entries.map(|entry| entry.expect("a directory entry").path()).collect()
}

fn archives(folder: &Path) -> Vec<PathBuf> {
    let mut archives = entries(folder);
    archives.retain(|path| path.to_string_lossy().ends_with(".tar.xz"));
    archives.sort();
    archives
}

/// Tests run side by side, in several processes: each unpacks into a folder of its own, and the first to be done
/// renames it to the common one.
fn unpacked(archives: &[PathBuf]) -> PathBuf {
    let mut hasher = DefaultHasher::new();
    for archive in archives {
        (archive, fs::metadata(archive).expect("an archive's size").len()).hash(&mut hasher);
    }
    let corpus = target_folder().join(format!("corpus-{:016x}", hasher.finish()));
    if corpus.is_dir() {
        return corpus;
    }
    let thread = std::thread::current().id();
    let own = corpus.with_extension(format!("{}-{thread:?}", std::process::id()));
    for archive in archives {
        let name = archive.file_name().unwrap_or_default().to_string_lossy();
        let folder = own.join(name.trim_end_matches(".tar.xz"));
        fs::create_dir_all(&folder).expect("a folder to unpack into");
        let status = Command::new("tar").arg("-xf").arg(archive).arg("-C").arg(&folder).status();
        assert!(status.expect("`tar` runs").success(), "`tar` could not unpack {}", archive.display());
    }
    if fs::rename(&own, &corpus).is_err() {
        fs::remove_dir_all(&own).expect("the second copy goes away");
    }
    assert!(corpus.is_dir(), "{} was not unpacked", corpus.display());
    corpus
}

/// Cargo's target folder, by the place of this program in it.
///
/// # Panics
/// Where the program does not lie in one.
#[must_use]
pub fn target_folder() -> PathBuf {
    let program = std::env::current_exe().expect("the path of this program");
    let profile = match program.parent() {
        Some(parent) if parent.ends_with("deps") => parent.parent(),
        parent => parent,
    };
    profile.and_then(Path::parent).expect("a program in a target folder").to_owned()
}
