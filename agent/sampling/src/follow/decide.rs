//! Where to read on: decided from looks alone.

use std::time::Duration;

use super::{
    cursor::{Cursor, HEAD_BYTES},
    look::{Candidate, Likeness, Look},
    names::Form,
};

/// One of the files that were looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Place {
    /// The file that has the log's name now.
    Here,
    /// A rotated sibling, by its index in the history.
    Sibling(usize),
}

/// How far the file of the cursor had been read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Progress {
    /// There may be more in it.
    Unfinished,
    /// It was read to its end after it was rotated.
    Finished,
}

/// What became of the file of the cursor, where it cannot be read on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fate {
    /// It was read to its end.
    Finished,
    /// It was emptied.
    Truncated,
    /// It was emptied; a copy of it, which ends before the cursor, is this sibling.
    CopyBehind(usize),
    /// Its inode is that of another file now.
    Reused,
    /// It is nowhere.
    Gone,
}

/// Where to read on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Seek {
    /// This is the file of the cursor: from the cursor on.
    Continue(Place),
    /// This is the next one: from its beginning.
    Begin(Place, Fate),
    /// There is nothing to read yet.
    Wait,
}

/// Where to read on, when the file of `cursor` is not open. `here` is the file with the log's name, `history` its
/// rotated siblings, the oldest first, without `here` itself.
pub(crate) fn seek(
    cursor: &Cursor,
    progress: Progress,
    here: Option<&Candidate>,
    history: &[Candidate],
) -> Seek {
    if progress == Progress::Unfinished
        && let Some(sibling) = before_a_blank(cursor, here, history)
    {
        return Seek::Begin(Place::Sibling(sibling), Fate::Finished);
    }
    if let Some(place) = continued(cursor, progress, here, history) {
        return Seek::Continue(place);
    }
    // A name that is nobody's for a moment (a mount is away, a rotation is half done) proves nothing lost.
    if progress == Progress::Unfinished && here.is_none() {
        return Seek::Wait;
    }
    let fate = match progress {
        Progress::Finished => Fate::Finished,
        Progress::Unfinished => fate(cursor, here, history),
    };
    let sibling = later(cursor, here, history).next().map(|(index, _)| Place::Sibling(index));
    match sibling.or(here.map(|_| Place::Here)) {
        Some(place) => Seek::Begin(place, fate),
        None => Seek::Wait,
    }
}

/// True where a sibling with lines stands between the cursor's file, read to its end, and the log.
pub(crate) fn sibling_waits(cursor: &Cursor, here: Option<&Candidate>, history: &[Candidate]) -> bool {
    later(cursor, here, history).any(|(_, sibling)| sibling.look.bytes > 0)
}

/// The oldest file there is, for a first start.
pub(crate) fn oldest(here: Option<&Candidate>, history: &[Candidate]) -> Option<Place> {
    let sibling = history.iter().position(|sibling| is_to_be_read(sibling, here));
    sibling.map(Place::Sibling).or(here.map(|_| Place::Here))
}

/// True where `here` took the place of the open file and holds what that held: it was mounted again, or replaced by a
/// copy of itself. Reading goes on in it.
pub(crate) fn is_same_again(cursor: &Cursor, open: &Look, here: &Candidate) -> bool {
    let same_inode = here.look.id.is_but_for_device(&cursor.id);
    let deleted = open.links == 0 && usize::from(cursor.head.bytes) == HEAD_BYTES;
    here.likeness == Likeness::Continues && (same_inode || deleted)
}

/// True where a file that lost its name and was read to its end may be left for the next one. Its writer may hold it a
/// while longer: it is kept for `grace` after it last grew, and until the next file is written to. A deleted file that
/// nothing replaced is let go after [`HOLD`] graces, so that its disk space is not held for ever.
pub(crate) fn may_leave(open: &Look, quiet: Duration, grace: Duration, waiting: Waiting) -> bool {
    let deleted = open.links == 0;
    match waiting {
        Waiting::Lines => quiet >= grace,
        Waiting::Empty => quiet >= grace && deleted,
        Waiting::Nothing => quiet >= grace.saturating_mul(HOLD) && deleted,
    }
}

/// See [`may_leave`].
const HOLD: u32 = 60;

/// What stands in line after a file that lost its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Waiting {
    /// A file with something to read.
    Lines,
    /// An empty file.
    Empty,
    /// No file.
    Nothing,
}

/// Where nothing had been read of an empty file, what was written to it may stand in a sibling by now, which cannot be
/// recognised. Whatever was written since comes first.
fn before_a_blank(cursor: &Cursor, here: Option<&Candidate>, history: &[Candidate]) -> Option<usize> {
    let renamed = history.iter().position(|sibling| sibling.look.id.is(&cursor.id));
    let before = history.iter().take(renamed.unwrap_or(history.len())).enumerate();
    let mut written = before.filter(|(_, sibling)| sibling.look.bytes > 0 && is_newer(cursor, sibling));
    let first = written.find(|(_, sibling)| is_to_be_read(sibling, here));
    first.filter(|_| cursor.offset == 0).map(|(index, _)| index)
}

fn continued(
    cursor: &Cursor,
    progress: Progress,
    here: Option<&Candidate>,
    history: &[Candidate],
) -> Option<Place> {
    let may_be = |file: &Candidate| matches!(file.likeness, Likeness::Continues | Likeness::Blank);
    let continues = |file: &Candidate| file.likeness == Likeness::Continues;
    if here.is_some_and(|here| here.look.id.is(&cursor.id) && may_be(here)) {
        return Some(Place::Here);
    }
    if let Some(index) = history.iter().position(|sibling| sibling.look.id.is(&cursor.id) && may_be(sibling))
    {
        let has_more = progress == Progress::Unfinished || has_more(cursor, history.get(index)?);
        return has_more.then_some(Place::Sibling(index));
    }
    if here.is_some_and(|here| here.look.id.is_but_for_device(&cursor.id) && continues(here)) {
        return Some(Place::Here);
    }
    let copy = history.iter().rposition(continues);
    match (copy, progress) {
        (Some(copy), Progress::Unfinished) => Some(Place::Sibling(copy)),
        (Some(_), Progress::Finished) => None,
        (None, _) => {
            let whole_head = usize::from(cursor.head.bytes) == HEAD_BYTES;
            here.is_some_and(|here| whole_head && continues(here)).then_some(Place::Here)
        }
    }
}

/// Lines that came late, after the file was taken for finished.
fn has_more(cursor: &Cursor, sibling: &Candidate) -> bool {
    sibling.form == Form::Plain && sibling.look.bytes > cursor.offset
}

fn is_ours(cursor: &Cursor, file: &Candidate) -> bool {
    let same = file.look.id.is(&cursor.id) && file.likeness == Likeness::Blank;
    same || matches!(file.likeness, Likeness::Continues | Likeness::Shorter)
}

fn fate(cursor: &Cursor, here: Option<&Candidate>, history: &[Candidate]) -> Fate {
    let Some(here) =
        here.filter(|here| here.look.id.device == cursor.id.device && here.look.id.inode == cursor.id.inode)
    else {
        return Fate::Gone;
    };
    let born = here.look.id.born.zip(cursor.id.born);
    let truncated = match born {
        Some((now, then)) => now == then,
        None => here.likeness != Likeness::OtherHead,
    };
    let copy = history.iter().rposition(|sibling| sibling.likeness == Likeness::Shorter);
    match copy {
        Some(copy) if truncated => Fate::CopyBehind(copy),
        _ if truncated => Fate::Truncated,
        _ => Fate::Reused,
    }
}

/// The siblings after the cursor's file: after its place in the history, or else by when they were last written.
fn later<'a>(
    cursor: &'a Cursor,
    here: Option<&'a Candidate>,
    history: &'a [Candidate],
) -> impl Iterator<Item = (usize, &'a Candidate)> {
    let ours = history.iter().rposition(|sibling| is_ours(cursor, sibling));
    let begin = match ours {
        Some(ours) => ours + 1,
        None => history.iter().position(|sibling| is_newer(cursor, sibling)).unwrap_or(history.len()),
    };
    let later = history.iter().enumerate().skip(begin);
    later.filter(move |(_, sibling)| !is_ours(cursor, sibling) && is_to_be_read(sibling, here))
}

/// True where a sibling was written after the cursor's file was looked at last, and not made before it.
fn is_newer(cursor: &Cursor, sibling: &Candidate) -> bool {
    let older = sibling.look.id.born.zip(cursor.id.born).is_some_and(|(sibling, ours)| sibling < ours);
    sibling.look.modified > cursor.modified && !older
}

/// Empty siblings too: their writer may not yet know that they were renamed.
fn is_to_be_read(sibling: &Candidate, here: Option<&Candidate>) -> bool {
    sibling.likeness != Likeness::Unknown && !here.is_some_and(|here| sibling.is_copy_of(here))
}

#[cfg(test)]
mod tests;
