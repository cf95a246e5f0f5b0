//! The one place that asks the operating system about files.

use std::{
    fs::{self, File, Metadata},
    io,
    path::{Path, PathBuf},
};

use jiff::Timestamp;

use super::{
    cursor::{Cursor, FileId, HEAD_BYTES},
    look::{Candidate, Likeness, Look, Peek},
    names::{self, Form, Kinship, Turn},
    source::{Packed, Source},
};
use crate::unpack::{self, UnpackError};

/// Names in one folder that are looked at. A folder with more than that holds no hand-named logs.
const MAX_NAMES: usize = 20_000;

/// Why there is no file to read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Trouble {
    Missing,
    Denied,
    NotAFile,
    Failed(io::ErrorKind),
}

impl From<io::Error> for Trouble {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::NotFound | io::ErrorKind::NotADirectory => Self::Missing,
            io::ErrorKind::PermissionDenied => Self::Denied,
            kind => Self::Failed(kind),
        }
    }
}

/// A rotated sibling by its name.
#[derive(Debug, Clone)]
pub(crate) struct Sibling {
    pub(crate) path: PathBuf,
    pub(crate) look: Look,
    pub(crate) form: Form,
    turn: Turn,
}

/// Looks at the file of that name, through links.
pub(crate) fn look(path: &Path) -> Result<Look, Trouble> {
    look_of(&fs::metadata(path)?)
}

/// Looks at an open file.
pub(crate) fn look_at(file: &File) -> Result<Look, Trouble> {
    look_of(&file.metadata()?)
}

/// Opens a file. Anything but a file is not opened: opening a pipe would wait for its writer.
pub(crate) fn open(path: &Path, form: Form) -> Result<(Source, Look), Trouble> {
    look(path)?;
    let file = File::open(path)?;
    let look = look_at(&file)?;
    let source = match form {
        Form::Plain => Source::Plain(file),
        Form::Packed => Source::Packed(Packed::new(unpacked(file)?)),
    };
    Ok((source, look))
}

fn unpacked(file: File) -> io::Result<Box<dyn io::Read + Send>> {
    match unpack::reader(Box::new(file)) {
        Ok(unpacked) => Ok(unpacked.bytes),
        Err(UnpackError::Read(error)) => Err(error),
        Err(UnpackError::Refused { .. }) => Err(io::ErrorKind::Unsupported.into()),
    }
}

/// Compares a file with a cursor.
pub(crate) fn candidate(path: &Path, cursor: Option<&Cursor>, form: Form) -> Result<Candidate, Trouble> {
    let (mut source, look) = open(path, form)?;
    let peek = peek(&mut source, cursor)?;
    let likeness = cursor.map_or(Likeness::Blank, |cursor| Likeness::of(&peek, cursor));
    Ok(Candidate { look, peek, likeness, form })
}

/// Reads the bytes that tell whether a file is the cursor's.
pub(crate) fn peek(source: &mut Source, cursor: Option<&Cursor>) -> io::Result<Peek> {
    let mut head = vec![0; HEAD_BYTES];
    let read = source.read(&mut head, 0)?;
    head.truncate(read);
    let Some(cursor) = cursor.filter(|cursor| cursor.head.begins(&head)) else {
        return Ok(Peek { head, before: None });
    };
    let mut before = vec![0; usize::from(cursor.anchor.bytes)];
    let Some(begin) = cursor.offset.checked_sub(u64::from(cursor.anchor.bytes)) else {
        return Ok(Peek { head, before: None });
    };
    let read = source.read(&mut before, begin)?;
    let before = (read == before.len()).then_some(before);
    Ok(Peek { head, before })
}

/// The rotated siblings of the log, the oldest first, and whatever file beside it is `wanted`.
pub(crate) fn siblings(log: &Path, wanted: Option<&FileId>) -> Vec<Sibling> {
    let mut found = Vec::new();
    for (path, kinships) in homes(log) {
        collect(&path, kinships, wanted, &mut found);
    }
    let plain: Vec<PathBuf> = found
        .iter()
        .filter(|sibling| sibling.form == Form::Plain)
        .map(|sibling| sibling.path.clone())
        .collect();
    // A file that is being packed stands beside the half-written packed one.
    found.retain(|sibling| {
        !(sibling.form == Form::Packed && plain.contains(&sibling.path.with_extension("")))
    });
    names::sort(&mut found, |sibling| (&sibling.turn, sibling.look.modified));
    let mut ids: Vec<FileId> = Vec::new();
    found.retain(|sibling| {
        let twice = has_identity(&sibling.look.id) && ids.iter().any(|id| id.is(&sibling.look.id));
        ids.push(sibling.look.id);
        !twice
    });
    found
}

/// True where the operating system tells files apart.
pub(crate) fn has_identity(id: &FileId) -> bool {
    id.inode != 0
}

/// Where siblings are looked for: beside the log, and where it is a link, beside its target.
fn homes(log: &Path) -> Vec<(PathBuf, &'static [Kinship])> {
    let mut homes: Vec<(PathBuf, &'static [Kinship])> = vec![(log.to_owned(), &[Kinship::OwnName])];
    if fs::symlink_metadata(log).is_ok_and(|link| link.is_symlink()) {
        let target = fs::canonicalize(log).or_else(|_| fs::read_link(log));
        let folder = log.parent().unwrap_or(Path::new(""));
        homes.extend(target.ok().map(|target| {
            let kinships: &'static [Kinship] = &[Kinship::OwnName, Kinship::Numbered];
            (folder.join(target), kinships)
        }));
    }
    homes
}

fn collect(log: &Path, kinships: &[Kinship], wanted: Option<&FileId>, found: &mut Vec<Sibling>) {
    let folder = log.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let name = log.file_name().unwrap_or_default().to_string_lossy();
    let Ok(entries) = fs::read_dir(folder) else { return };
    for entry in entries.take(MAX_NAMES).flatten() {
        let other = entry.file_name();
        let other = other.to_string_lossy();
        let turn = kinships.iter().find_map(|kinship| names::turn(&name, &other, *kinship));
        if turn.is_none() && wanted.is_none() {
            continue;
        }
        let Ok(look) = entry.metadata().map_err(Trouble::from).and_then(|data| look_of(&data)) else {
            continue;
        };
        let is_wanted = wanted.is_some_and(|id| has_identity(id) && id.is(&look.id));
        if turn.is_none() && !is_wanted {
            continue;
        }
        let form = names::unpacked(&other).1;
        found.push(Sibling { path: entry.path(), look, form, turn: turn.unwrap_or(Turn::Word) });
    }
}

fn look_of(data: &Metadata) -> Result<Look, Trouble> {
    if !data.is_file() {
        return Err(Trouble::NotAFile);
    }
    let time =
        |time: io::Result<std::time::SystemTime>| time.ok().and_then(|time| Timestamp::try_from(time).ok());
    let (device, inode, links) = numbers(data);
    let id = FileId { device, inode, born: time(data.created()) };
    Ok(Look { id, bytes: data.len(), links, modified: time(data.modified()) })
}

/// Device, inode and number of names.
#[cfg(unix)]
fn numbers(data: &Metadata) -> (u64, u64, u64) {
    use std::os::unix::fs::MetadataExt as _;
    (data.dev(), data.ino(), data.nlink())
}

/// Windows gives these by open handle only; a file's birth and content stand in for them.
#[cfg(not(unix))]
fn numbers(_data: &Metadata) -> (u64, u64, u64) {
    (0, 0, 1)
}
