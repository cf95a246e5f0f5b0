//! Where a report goes: standard output, or a file that only its owner can read, for a report is a map for an attacker.

use std::{
    fs::{self, OpenOptions},
    io::{self, Write as _},
    path::Path,
};

/// Writes a report. A file appears whole or not at all.
///
/// # Errors
/// What the operating system says.
pub fn write(text: &str, out: Option<&Path>) -> io::Result<()> {
    let Some(path) = out else {
        let mut stdout = anstream::stdout();
        stdout.write_all(text.as_bytes())?;
        return stdout.flush();
    };
    // Only a plain file is replaced: a device or a pipe (`/dev/null`, `>(gzip)`) is written to and stays what it is.
    if fs::metadata(path).is_ok_and(|meta| !meta.is_file() && !meta.is_dir()) {
        return OpenOptions::new().write(true).open(path)?.write_all(plain(text).as_bytes());
    }
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(".partial");
    let partial = path.with_file_name(name);
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(&partial)?;
    file.write_all(plain(text).as_bytes())?;
    file.sync_all()?;
    fs::rename(&partial, path).inspect_err(|_| {
        // The first error is the one to tell; a file that cannot be removed either says no more.
        let _ignored = fs::remove_file(&partial);
    })
}

/// The text without colours.
fn plain(text: &str) -> String {
    anstream::adapter::strip_str(text).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_report_is_for_its_owner_only_and_without_colours() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("report.txt");
        write("\u{1b}[31mred\u{1b}[0m\n", Some(&path)).unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "red\n");
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        }
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[cfg(unix)]
    #[test]
    fn a_pipe_is_written_to_and_stays_one() {
        use std::os::unix::fs::FileTypeExt as _;

        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("pipe");
        assert!(std::process::Command::new("mkfifo").arg(&path).status().unwrap().success());
        let reader = std::thread::spawn({
            let path = path.clone();
            move || fs::read_to_string(path).unwrap()
        });
        write("text\n", Some(&path)).unwrap();
        assert_eq!(reader.join().unwrap(), "text\n");
        assert!(fs::metadata(&path).unwrap().file_type().is_fifo());
    }

    #[test]
    fn a_folder_in_the_way_is_an_error_that_leaves_nothing_behind() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("taken");
        fs::create_dir(&path).unwrap();
        assert!(write("text\n", Some(&path)).is_err());
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }
}
