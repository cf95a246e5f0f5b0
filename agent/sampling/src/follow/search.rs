//! Finds the file to read on with, and opens it.

use std::path::{Path, PathBuf};

use super::{
    Start,
    cursor::Cursor,
    decide::{self, Fate, Place, Progress, Seek},
    files::{self, Sibling, Trouble},
    finding::Finding,
    look::{Candidate, Likeness, Peek},
    names::Form,
    reading::{Account, Reading},
};

/// Looks after which a file that is nowhere is given up: a rotation may be half done at the first.
const LOOKS: u8 = 2;

/// A file that is not open, and how it was left.
pub(crate) struct Search {
    pub(crate) cursor: Cursor,
    progress: Progress,
    /// Bytes that the file was known to hold beyond the cursor.
    pub(crate) unread: u64,
    looks: u8,
}

/// What a search came to.
pub(crate) enum Found {
    /// The file of the cursor, at the cursor.
    Continue(Reading),
    /// The next file, at its beginning.
    Begin(Reading),
    /// Nothing certain yet.
    Later(Search),
    /// Nothing; this is what stands in the log's place.
    Trouble(Search, Trouble),
}

/// What is there: the file of the log's name, and its rotated siblings, the oldest first.
struct Surroundings {
    path: PathBuf,
    here: Result<Candidate, Trouble>,
    siblings: Vec<Sibling>,
    history: Vec<Candidate>,
}

impl Search {
    pub(crate) fn new(cursor: Cursor, progress: Progress) -> Self {
        Self { cursor, progress, unread: 0, looks: 0 }
    }

    /// Looks once.
    pub(crate) fn go(mut self, path: &Path, account: &mut Account) -> Found {
        let around = Surroundings::look(path, Some(&self.cursor));
        let seek = decide::seek(&self.cursor, self.progress, around.here.as_ref().ok(), &around.history);
        if let Seek::Begin(_, fate) = seek {
            self.looks += 1;
            if fate != Fate::Finished && self.looks < LOOKS {
                return Found::Later(self);
            }
        }
        let opened = match seek {
            Seek::Wait => Err(around.here.as_ref().err().copied()),
            Seek::Continue(place) | Seek::Begin(place, _) => around.open(place),
        };
        match (opened, seek) {
            (Ok((reading, peek)), Seek::Continue(place)) => {
                account.findings.extend(around.unreadable(self.cursor.modified));
                account.findings.extend(self.continued(&around, place));
                Found::Continue(reading.at(&self.cursor, &peek))
            }
            (Ok((reading, _)), Seek::Begin(_, fate)) => {
                account.findings.extend(around.unreadable(self.cursor.modified));
                account.findings.extend(self.lost(&around, fate));
                Found::Begin(reading)
            }
            (Err(Some(trouble)), _) => Found::Trouble(self, trouble),
            _ => Found::Later(self),
        }
    }

    /// What it means that the file of the cursor goes on there.
    fn continued(&self, around: &Surroundings, place: Place) -> Option<Finding> {
        let same_here = around.here.as_ref().is_ok_and(|here| here.look.id.is(&self.cursor.id));
        let Place::Sibling(index) = place else {
            return (!same_here).then_some(Finding::Remounted);
        };
        let emptied = same_here && self.progress == Progress::Unfinished;
        match self.progress {
            Progress::Finished => None,
            Progress::Unfinished if emptied => Some(self.gap(around, index)),
            Progress::Unfinished => Some(Finding::Rotated),
        }
    }

    /// What it means that the file of the cursor cannot be read on.
    fn lost(&self, around: &Surroundings, fate: Fate) -> Option<Finding> {
        let read = self.cursor.offset;
        match fate {
            Fate::Finished => None,
            Fate::Truncated => Some(Finding::Truncated { read, unread: self.unread }),
            Fate::CopyBehind(index) => Some(self.gap(around, index)),
            Fate::Reused => Some(Finding::InodeReused { read }),
            Fate::Gone => Some(Finding::SiblingLost { read }),
        }
    }

    fn gap(&self, around: &Surroundings, copy: usize) -> Finding {
        let copied =
            around.history.get(copy).filter(|copy| copy.form == Form::Plain).map(|copy| copy.look.bytes);
        let copy = around.siblings.get(copy).map(|copy| copy.path.clone()).unwrap_or_default();
        Finding::TruncateGap { copy, read: self.cursor.offset, copied }
    }
}

/// Opens the first file of a log that was never read.
pub(crate) fn first(path: &Path, start: Start, account: &mut Account) -> Result<Reading, Trouble> {
    if let Start::Oldest | Start::Since(_) = start {
        let since = if let Start::Since(since) = start { Some(since) } else { None };
        let around = Surroundings::look(path, None).written_since(since);
        account.findings.extend(around.unreadable(None));
        if let Some(place) = decide::oldest(around.here.as_ref().ok(), &around.history) {
            let opened = around.open(place).map(|(reading, _)| reading);
            return opened.map_err(|trouble| trouble.unwrap_or(Trouble::Missing));
        }
    }
    let (source, look) = files::open(path, Form::Plain)?;
    let reading = Reading::begin(source, path.to_owned(), &look);
    match start {
        Start::End => Ok(reading.at_end(look.bytes)?),
        Start::Oldest | Start::Since(_) | Start::Beginning => Ok(reading),
    }
}

/// True where a sibling with lines stands between the file of the cursor, read to its end, and the log.
pub(crate) fn sibling_waits(path: &Path, cursor: &Cursor) -> bool {
    let around = Surroundings::look(path, Some(cursor));
    decide::sibling_waits(cursor, around.here.as_ref().ok(), &around.history)
}

impl Surroundings {
    fn look(path: &Path, cursor: Option<&Cursor>) -> Self {
        let here = files::candidate(path, cursor, Form::Plain);
        let mut siblings = files::siblings(path, cursor.map(|cursor| &cursor.id));
        if let Ok(here) = &here {
            let id = here.look.id;
            siblings.retain(|sibling| !(files::has_identity(&id) && sibling.look.id.is(&id)));
        }
        let history = siblings.iter().map(|sibling| {
            files::candidate(&sibling.path, cursor, sibling.form).unwrap_or_else(|_| Candidate {
                look: sibling.look,
                peek: Peek::default(),
                likeness: Likeness::Unknown,
                form: sibling.form,
            })
        });
        let history = history.collect();
        Self { path: path.to_owned(), here, siblings, history }
    }

    /// The same without siblings that were last written before.
    fn written_since(mut self, since: Option<jiff::Timestamp>) -> Self {
        let is_older =
            |sibling: &Sibling| sibling.look.modified.zip(since).is_some_and(|(at, since)| at < since);
        let older = self.siblings.iter().take_while(|sibling| is_older(sibling)).count();
        self.siblings.drain(..older);
        self.history.drain(..older);
        self
    }

    /// Opens what was looked at; `None` where it is no longer there.
    fn open(&self, place: Place) -> Result<(Reading, Peek), Option<Trouble>> {
        let (path, candidate, form) = match place {
            Place::Here => (&self.path, self.here.as_ref().ok(), Form::Plain),
            Place::Sibling(index) => {
                let sibling = self.siblings.get(index).ok_or(None)?;
                (&sibling.path, self.history.get(index), sibling.form)
            }
        };
        let candidate = candidate.ok_or(None)?;
        let (source, look) = files::open(path, form).map_err(|trouble| match trouble {
            Trouble::Missing => None,
            trouble => Some(trouble),
        })?;
        if !look.id.is(&candidate.look.id) {
            return Err(None);
        }
        let mut reading = Reading::begin(source, path.clone(), &look);
        reading.rotated = place != Place::Here;
        Ok((reading, candidate.peek.clone()))
    }

    /// Siblings that were written after that time and cannot be read.
    fn unreadable(&self, since: Option<jiff::Timestamp>) -> Vec<Finding> {
        let of_interest = |file: &Candidate| file.likeness == Likeness::Unknown && file.look.modified > since;
        let both = self.siblings.iter().zip(&self.history).filter(|(_, file)| of_interest(file));
        let why = std::io::ErrorKind::InvalidData;
        both.map(|(sibling, _)| Finding::Unreadable { path: sibling.path.clone(), why }).collect()
    }
}
