//! A systemd journal, read as it grows: all files of one machine in one folder.
//!
//! journald renames a file when it is full and keeps its id, so a file is read on under whatever name it has. Files that
//! are no longer there leave the cursor; one that went before it was read to its end is a loss, and told.

mod listing;

use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Path, PathBuf},
};

use jiff::Timestamp;

use self::listing::{Listed, Refusal};
use super::{
    JournalCursor, JournalMark, LiveOptions, LogFinding, LogPlace, LogTurn,
    counted::{Counted, Turns},
};
use crate::{
    follow::{Standing, Turn},
    journal::{self, JournalError, Limits, Mark, Reach, Writing},
    text::TextOptions,
};

/// Reads one journal.
pub(super) struct JournalLog {
    folder: PathBuf,
    options: LiveOptions,
    cursor: Option<JournalCursor>,
    /// Before this, files are not begun: only where nothing was ever read, and only at the first look.
    lookback: Option<Timestamp>,
    /// What files were found to be, by path.
    known: BTreeMap<PathBuf, Known>,
    /// Names of machines, by file.
    names: BTreeMap<String, Turns>,
    /// Ids that the last look did not find: they are given up at the second, because files are renamed.
    away: BTreeSet<String>,
    /// Files that are told not to be readable.
    told: BTreeSet<PathBuf>,
}

/// What was known of a file when it was last looked at.
#[derive(Debug, Clone)]
struct Known {
    look: Listed,
    id: String,
    /// True where all was read that it held then.
    done: bool,
}

impl JournalLog {
    pub(super) fn new(place: &LogPlace, cursor: Option<JournalCursor>, options: LiveOptions) -> Self {
        let lookback = options.lookback.filter(|_| cursor.is_none());
        Self {
            folder: place.path.clone(),
            options,
            cursor,
            lookback,
            known: BTreeMap::new(),
            names: BTreeMap::new(),
            away: BTreeSet::new(),
            told: BTreeSet::new(),
        }
    }

    pub(super) fn cursor(&self) -> Option<JournalCursor> {
        self.cursor.clone()
    }

    pub(super) fn poll(&mut self, turn: Turn<'_>) -> LogTurn {
        let listed = match listing::list(&self.folder) {
            Ok(listed) => listed,
            Err(refusal) => return self.refused(refusal),
        };
        let mut work =
            Work { counted: Counted::default(), bytes: 0, budget: turn.budget, findings: Vec::new() };
        let (mut behind, mut refused, mut denied) = (false, 0, 0);
        for file in &listed {
            match self.read(file, &mut work) {
                Ok(reach) => behind |= reach == Reach::Budget,
                Err(refusal) => {
                    refused += 1;
                    denied += usize::from(matches!(refusal, Refusal::Denied));
                    self.tell(&file.path, refusal, &mut work.findings);
                }
            }
        }
        self.lookback = None;
        self.known.retain(|path, _| listed.iter().any(|file| file.path == *path));
        // Of files that may not be read the ids are not known.
        if refused == 0 {
            self.forget_vacuumed(&mut work.findings);
        }
        let standing = match refused {
            _ if behind => Standing::Behind,
            0 => Standing::CaughtUp,
            // What may not be read at all is not known to be empty.
            refused if refused < listed.len() => Standing::CaughtUp,
            refused if refused == denied => Standing::Denied,
            _ => Standing::Unreadable,
        };
        let mut told = work.counted.into_turn(standing);
        told.interleaved = self.names.values().any(Turns::are_several);
        told.bytes = work.bytes;
        told.size_bytes = Some(listed.iter().map(|file| file.bytes).sum());
        told.findings.append(&mut work.findings);
        told
    }

    /// Reads on in a file, unless nothing changed.
    fn read(&mut self, file: &Listed, work: &mut Work) -> Result<Reach, Refusal> {
        if self.known.get(&file.path).is_some_and(|known| known.done && known.look == *file) {
            return Ok(Reach::End);
        }
        let open = std::fs::File::open(&file.path)?;
        let (head, entries) = match journal::announced(&open, file.bytes) {
            Ok(announced) => announced,
            // A file that is just being made has no header yet.
            Err(JournalError::NoBytes | JournalError::TooShort { .. }) => return Ok(Reach::End),
            Err(error) => return Err(error.into()),
        };
        let id = head.file_id.to_string();
        let files = &mut self.cursor.get_or_insert_default().files;
        let mut mark = files.get(&id).copied().unwrap_or_default();
        let closed = head.state == journal::State::Archived || file.is_left;
        let mut reach = Reach::End;
        if self.lookback > file.modified && file.modified.is_some() && !files.contains_key(&id) {
            mark = JournalMark { offset: file.bytes, entries, finished: true, ..JournalMark::default() };
        } else if !mark.finished && (closed || entries > mark.entries) {
            let writing = if closed { Writing::Closed } else { Writing::Open { announced: entries } };
            reach = self.count((&open, &id), writing, &mut mark, work)?;
            mark.finished = closed && reach == Reach::End;
        }
        self.cursor.get_or_insert_default().files.insert(id.clone(), mark);
        self.known.insert(file.path.clone(), Known { look: file.clone(), id, done: reach == Reach::End });
        Ok(reach)
    }

    fn count(
        &mut self,
        (open, id): (&std::fs::File, &str),
        writing: Writing,
        mark: &mut JournalMark,
        work: &mut Work,
    ) -> Result<Reach, Refusal> {
        let limits = Limits { budget: work.budget.saturating_sub(work.bytes), writing };
        if limits.budget == 0 {
            return Ok(Reach::Budget);
        }
        let LiveOptions { detail, zone, .. } = &self.options;
        // Entries of a journal tell their whole time.
        let options = TextOptions { detail: *detail, zone: zone.clone(), written: Timestamp::UNIX_EPOCH };
        // All that was announced before lies within the length that the file has now.
        let length = open.metadata()?.len();
        let mut at = Mark::from(*mark);
        let (scan, reach) = journal::scan_on(open, length, &mut at, limits, &options)?;
        work.bytes += at.offset.saturating_sub(mark.offset);
        *mark = JournalMark::from(at);
        self.names.entry(id.to_owned()).or_default().see(&scan);
        work.counted.add(scan);
        Ok(reach)
    }

    /// Files that are gone leave the cursor.
    fn forget_vacuumed(&mut self, findings: &mut Vec<LogFinding>) {
        let Some(cursor) = self.cursor.as_mut() else { return };
        let here: BTreeSet<&String> = self.known.values().map(|known| &known.id).collect();
        let away: BTreeSet<String> = cursor.files.keys().filter(|id| !here.contains(id)).cloned().collect();
        for id in away.intersection(&self.away) {
            self.names.remove(id);
            if cursor.files.remove(id).is_some_and(|mark| !mark.finished) {
                findings.push(vacuumed(&self.folder, id));
            }
        }
        self.away = away.into_iter().filter(|id| cursor.files.contains_key(id)).collect();
    }

    fn refused(&mut self, refusal: Refusal) -> LogTurn {
        let mut turn = LogTurn::new(match refusal {
            Refusal::Missing => Standing::Missing,
            Refusal::Denied => Standing::Denied,
            Refusal::Failed(_) => Standing::Unreadable,
        });
        let folder = self.folder.clone();
        self.tell(&folder, refusal, &mut turn.findings);
        turn
    }

    /// Says once what stands in the way of a file.
    fn tell(&mut self, path: &Path, refusal: Refusal, findings: &mut Vec<LogFinding>) {
        let (code, text) = match refusal {
            // It was renamed, or removed, since it was listed.
            Refusal::Missing => return,
            Refusal::Denied => (
                "denied",
                format!(
                    "{} may not be read: run the agent as root, or add its user to the group systemd-journal",
                    path.display()
                ),
            ),
            Refusal::Failed(why) => ("unreadable", format!("{} could not be read: {why}", path.display())),
        };
        if self.told.len() < MAX_TOLD && self.told.insert(path.to_owned()) {
            findings.push(LogFinding { code, text });
        }
    }
}

/// Files of which it is remembered that they cannot be read.
const MAX_TOLD: usize = 64;

/// What one poll came to so far.
struct Work {
    counted: Counted,
    bytes: u64,
    budget: u64,
    findings: Vec<LogFinding>,
}

fn vacuumed(folder: &Path, id: &str) -> LogFinding {
    let text = format!(
        "file {id} of the journal in {} was removed before it was read to its end: entries are lost. Keep more of the \
         journal (SystemMaxUse= in journald.conf), or let the agent run without long pauses",
        folder.display()
    );
    LogFinding { code: "journal_vacuumed", text }
}

impl From<JournalMark> for Mark {
    fn from(JournalMark { offset, entries, gaps, damaged, .. }: JournalMark) -> Self {
        Self { offset, entries, gaps, damaged }
    }
}

impl From<Mark> for JournalMark {
    fn from(Mark { offset, entries, gaps, damaged }: Mark) -> Self {
        Self { offset, entries, gaps, damaged, finished: false }
    }
}

#[cfg(test)]
mod tests;
