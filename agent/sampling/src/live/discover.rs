//! Which logs there are now.

mod heads;

use std::{
    collections::{BTreeMap, BTreeSet},
    fs, io,
    path::{Path, PathBuf},
};

use blindspot_telemetry::{SourceId, SourceKind, SourceStatus};

use self::heads::Heads;
use super::{LogForm, LogPlace};
use crate::{
    evtx,
    follow::{Form, logs_of, unpacked},
    machine,
    sniff::LogKind,
    text::Format,
};

/// How deep folders are looked into.
const MAX_DEPTH: usize = 8;

/// Which logs there are.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Discovered {
    /// Logs, by path.
    pub places: Vec<LogPlace>,
    /// What is there and cannot be looked at, or is asked for and not there.
    pub troubles: Vec<Trouble>,
}

/// A file or folder that cannot be looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trouble {
    /// It.
    pub path: PathBuf,
    /// Missing, denied or unreadable.
    pub status: SourceStatus,
    /// What kind of log would be expected there.
    pub kind: SourceKind,
    /// What that would hold.
    pub holds: Vec<SourceId>,
    /// What happened, and the next step.
    pub advice: String,
}

/// Looks for logs, and remembers what files turned out to be, so that none is opened twice.
#[derive(Debug)]
pub struct Discovery {
    roots: Vec<PathBuf>,
    relays: Vec<PathBuf>,
    heads: Heads,
}

impl Discovery {
    /// Looks under these folders and at these files. `relays` are such that hold other machines' logs.
    #[must_use]
    pub fn new(roots: Vec<PathBuf>, relays: Vec<PathBuf>) -> Self {
        Self { roots, relays, heads: Heads::default() }
    }

    /// Which logs there are now: files with the name of a log, files that begin like one, and folders of a journal.
    /// Rotated files are parts of the log that they are rotated from; so are the archives of a Windows event log.
    pub fn look(&mut self) -> Discovered {
        let Self { roots, relays, heads } = self;
        heads.begin();
        let mut walk = Walk {
            heads,
            relay: true,
            places: BTreeMap::new(),
            troubles: Vec::new(),
            visited: BTreeSet::new(),
        };
        for relay in relays.iter() {
            walk.root(relay);
        }
        walk.relay = false;
        for root in roots.iter() {
            walk.root(root);
        }
        let Walk { places, troubles, .. } = walk;
        heads.forget_unseen();
        Discovered { places: places.into_values().collect(), troubles }
    }
}

/// Which logs there are now under these folders and files; `relays` hold other machines' logs. Whoever asks again and
/// again keeps a [`Discovery`].
#[must_use]
pub fn discover(roots: &[PathBuf], relays: &[PathBuf]) -> Discovered {
    Discovery::new(roots.to_vec(), relays.to_vec()).look()
}

struct Walk<'h> {
    heads: &'h mut Heads,
    /// True for what lies among other machines' logs.
    relay: bool,
    places: BTreeMap<PathBuf, LogPlace>,
    troubles: Vec<Trouble>,
    /// Folders by their canonical path, so that a loop of links ends.
    visited: BTreeSet<PathBuf>,
}

impl Walk<'_> {
    fn root(&mut self, root: &Path) {
        match fs::metadata(root) {
            Ok(data) if data.is_dir() => self.folder(root, 0),
            Ok(_) => {
                let form = form_of_name(root).or_else(|| self.heads.form(root));
                self.place(root, form.unwrap_or(LogForm::Text(Format::Syslog)));
            }
            Err(error) => self.trouble(root, &error),
        }
    }

    fn folder(&mut self, folder: &Path, depth: usize) {
        let first = fs::canonicalize(folder).is_ok_and(|real| self.visited.insert(real));
        let entries = match fs::read_dir(folder) {
            Ok(entries) if first && depth < MAX_DEPTH => entries,
            Ok(_) => return,
            Err(error) => return self.trouble(folder, &error),
        };
        let mut names = BTreeSet::new();
        for entry in entries.flatten() {
            match fs::metadata(entry.path()) {
                Ok(data) if data.is_dir() => self.folder(&entry.path(), depth + 1),
                Ok(data) if data.is_file() => names.extend(entry.file_name().into_string().ok()),
                _ => (),
            }
        }
        for name in &names {
            self.file(folder, name, &names);
        }
    }

    fn file(&mut self, folder: &Path, name: &str, names: &BTreeSet<String>) {
        let path = folder.join(name);
        match machine::promised(&path) {
            Some(LogKind::Journal) => self.place(folder, LogForm::Journal),
            // Windows archives a full log under another name. It was read before.
            Some(LogKind::Evtx) if name.starts_with("Archive-") => (),
            Some(LogKind::Evtx) => self.place(&path, LogForm::Evtx),
            // Where only rotated files are left, the log is still the one that they are parts of.
            Some(LogKind::Text(format)) => {
                self.place(&folder.join(machine::without_rotation(name)), LogForm::Text(format));
            }
            None if unpacked(name).1 == Form::Packed => (),
            None if logs_of(name).iter().any(|log| names.contains(log)) => (),
            None => {
                if let Some(form) = self.heads.form(&path) {
                    self.place(&path, form);
                }
            }
        }
    }

    fn place(&mut self, path: &Path, form: LogForm) {
        let kind = kind_of(form);
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        let channel = || evtx::channel_of_file_name(name).map(SourceId::Channel);
        let stream = match form {
            LogForm::Text(format) => machine::stream(path, LogKind::Text(format)),
            LogForm::Journal => machine::stream(&path.join("system.journal"), LogKind::Journal),
            LogForm::Evtx => None,
        };
        let of_others = match form {
            LogForm::Text(_) => false,
            LogForm::Journal => name == "remote",
            LogForm::Evtx => name.eq_ignore_ascii_case("ForwardedEvents.evtx"),
        };
        let place = LogPlace {
            path: path.to_owned(),
            form,
            kind,
            holds: holds_of(kind).map_or_else(|| channel().into_iter().collect(), |holds| vec![holds]),
            stream,
            relay: self.relay || of_others,
        };
        self.places.entry(path.to_owned()).or_insert(place);
    }

    fn trouble(&mut self, path: &Path, error: &io::Error) {
        let kind = expected_kind(path);
        let (status, next) = match error.kind() {
            io::ErrorKind::NotFound => (SourceStatus::Missing, "check the path"),
            io::ErrorKind::PermissionDenied => (SourceStatus::Denied, machine::how_to_allow_agent(kind)),
            _ => (SourceStatus::Unreadable, "check the disk"),
        };
        self.troubles.push(Trouble {
            path: path.to_owned(),
            status,
            kind,
            holds: holds_of(kind).into_iter().collect(),
            advice: format!("{} could not be looked at: {error}; {next}", path.display()),
        });
    }
}

fn form_of_name(path: &Path) -> Option<LogForm> {
    match machine::promised(path)? {
        LogKind::Evtx => Some(LogForm::Evtx),
        LogKind::Text(format) => Some(LogForm::Text(format)),
        // A journal is its folder.
        LogKind::Journal => None,
    }
}

fn kind_of(form: LogForm) -> SourceKind {
    match form {
        LogForm::Text(Format::Auditd) => SourceKind::Auditd,
        LogForm::Text(_) => SourceKind::Syslog,
        LogForm::Journal => SourceKind::Journal,
        LogForm::Evtx => SourceKind::Evtx,
    }
}

/// What every log of a kind holds; `None` where that depends on its name.
fn holds_of(kind: SourceKind) -> Option<SourceId> {
    match kind {
        SourceKind::Auditd => Some(SourceId::Auditd),
        SourceKind::Syslog | SourceKind::Journal => Some(SourceId::Syslog),
        SourceKind::Evtx => None,
    }
}

/// What kind of log would lie in a folder, or be a file, that cannot be looked at.
fn expected_kind(path: &Path) -> SourceKind {
    let names = || path.iter().rev().take(2).filter_map(|name| name.to_str());
    match form_of_name(path) {
        Some(form) => kind_of(form),
        None if names().any(|name| name == "audit") => SourceKind::Auditd,
        None if names().any(|name| name == "journal") => SourceKind::Journal,
        None if names().any(|name| name.eq_ignore_ascii_case("winevt")) => SourceKind::Evtx,
        None => SourceKind::Syslog,
    }
}

#[cfg(test)]
mod tests;
