//! The files of a journal, as their folder lists them.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use jiff::Timestamp;

use crate::journal::JournalError;

/// A file of a journal, as far as it is known without opening it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Listed {
    pub(super) path: PathBuf,
    pub(super) bytes: u64,
    pub(super) modified: Option<Timestamp>,
    /// True for one that journald found unclean and left as it was (`~`).
    pub(super) is_left: bool,
}

/// Why something is not read.
#[derive(Debug)]
pub(super) enum Refusal {
    Missing,
    Denied,
    Failed(String),
}

impl From<io::Error> for Refusal {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::NotFound | io::ErrorKind::NotADirectory => Self::Missing,
            io::ErrorKind::PermissionDenied => Self::Denied,
            _ => Self::Failed(error.to_string()),
        }
    }
}

impl From<JournalError> for Refusal {
    fn from(error: JournalError) -> Self {
        match error {
            JournalError::Read { source, .. } => source.into(),
            other => Self::Failed(other.to_string()),
        }
    }
}

/// The files in a folder that have a journal's names, those first that were last written first.
pub(super) fn list(folder: &Path) -> Result<Vec<Listed>, Refusal> {
    let mut listed = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        let is_left = name.ends_with(".journal~");
        if !is_left && !name.ends_with(".journal") {
            continue;
        }
        // What is renamed in between is found by the next look.
        if let Ok(file) = fs::metadata(&path)
            .and_then(|file| if file.is_file() { Ok(file) } else { Err(io::ErrorKind::NotFound.into()) })
        {
            let modified = file.modified().ok().and_then(|time| Timestamp::try_from(time).ok());
            listed.push(Listed { path, bytes: file.len(), modified, is_left });
        }
    }
    listed.sort_by(|a, b| (a.modified, &a.path).cmp(&(b.modified, &b.path)));
    Ok(listed)
}
