//! One file that is being written: what is new in it since it was read.

use super::{
    ReadFailure,
    header::Layout,
    objects::{ENTRY, Objects},
    scan::{Worker, missing},
    windows::Windows,
};
use crate::{read_at::ReadAt, text::tally::Tally};

/// How far a file was read.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Mark {
    /// Bytes from its beginning: behind the last entry that was counted; 0 before the first.
    pub(crate) offset: u64,
    /// Entries up to there.
    pub(crate) entries: u64,
    /// Stretches up to there that hold no objects and should.
    pub(crate) gaps: u64,
    /// Entries that were counted as damaged because they are not where they should be.
    pub(crate) damaged: u64,
}

/// How far to read.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Limits {
    /// Reading ends with the first entry that begins so many bytes or more behind the mark.
    pub(crate) budget: u64,
    pub(crate) writing: Writing,
}

/// Whether a file may be written while it is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Writing {
    /// Its last objects may be half written. So many entries stood in it when it had the length that is known.
    Open { announced: u64 },
    /// All is in it that will ever be.
    Closed,
}

/// Whether all was read that was there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reach {
    /// All that the header announced.
    End,
    /// The budget was spent.
    Budget,
}

/// Counts the entries behind a mark, and moves it. Of a file that may be written only those are read that its header
/// announced before: journald counts an entry there once it and its data stand in the file.
pub(super) fn count(
    bytes: &dyn ReadAt,
    (mut layout, length): (Layout, u64),
    mark: &mut Mark,
    limits: Limits,
    tally: &mut Tally,
) -> Result<Reach, ReadFailure> {
    let is_open = if let Writing::Open { announced } = limits.writing {
        layout.entries = layout.entries.min(announced);
        true
    } else {
        false
    };
    let begin = mark.offset.max(layout.first_object);
    let (known, before) = (mark.gaps, mark.entries);
    let span = length.saturating_sub(begin).min(limits.budget);
    let mut objects = Objects::behind(begin, Windows::new(bytes, &|_| ()), layout, length);
    let mut worker = Worker::new(bytes, layout, length, span, tally);
    while !(is_open && mark.entries >= layout.entries) {
        let Some(object) = objects.next()? else { break };
        if object.offset - begin >= limits.budget && mark.entries > before {
            return Ok(Reach::Budget);
        }
        worker.object(&object, &mut objects.windows, tally)?;
        if object.kind == ENTRY {
            mark.offset = object.next_offset();
            mark.entries += 1;
            mark.gaps = known + objects.gaps;
        }
    }
    let lost = missing(&layout, length, mark.entries).max(known + objects.gaps);
    tally.damaged += lost.saturating_sub(mark.damaged);
    mark.damaged = mark.damaged.max(lost);
    Ok(Reach::End)
}
