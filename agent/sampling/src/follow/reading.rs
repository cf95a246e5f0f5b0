//! Reads one open file line by line, and knows at any time where it stands.

use std::{io, path::PathBuf, time::Duration};

use jiff::Timestamp;
use memchr::memrchr;

use super::{
    Turn,
    cursor::{ANCHOR_BYTES, Cursor, FileId, HEAD_BYTES, Mark},
    finding::Finding,
    look::{Look, Peek},
    source::Source,
};
use crate::text::MAX_LINE_BYTES;

/// Bytes that are read at a time, at most.
const STEP_BYTES: u64 = 256 << 10;

/// Bytes before the place where reading is taken up that are read again.
const CONTEXT_BYTES: u64 = 16 << 10;

/// Bytes of a followed log, in the order in which they stand in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Chunk<'a> {
    /// Counts the files that a follower has begun: another number is another file, with other lines and times.
    pub generation: u64,
    /// Where these bytes begin in the (unpacked) file.
    pub offset: u64,
    /// When the file was last written, as the file system says.
    pub modified: Option<Timestamp>,
    /// The bytes, never none.
    pub bytes: &'a [u8],
    /// Some bytes before them, where reading was taken up again: what these lines may refer to.
    pub before: &'a [u8],
    /// How they end.
    pub ending: Ending,
}

/// How a chunk ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    /// With a whole line.
    Line,
    /// Within a line that is longer than a scan keeps. Nothing of it is behind the cursor yet: after a restart it comes
    /// again from its beginning.
    Inside,
    /// With the file, whose last line has no end.
    File,
}

/// Where reading stands in an open file.
pub(crate) struct Reading {
    pub(crate) source: Source,
    pub(crate) path: PathBuf,
    pub(crate) id: FileId,
    pub(crate) generation: u64,
    pub(crate) modified: Option<Timestamp>,
    /// The beginning of the first line that was not passed on whole.
    offset: u64,
    /// The first byte that was not passed on: beyond `offset` only within an overlong line.
    position: u64,
    head: Vec<u8>,
    before_offset: Vec<u8>,
    before_position: Vec<u8>,
    /// What stands before the place where reading was taken up, until something is passed on.
    context: Vec<u8>,
    /// Size and time of writing at the last look.
    seen: Option<(u64, Option<Timestamp>)>,
    /// True where all of that was read.
    all_read: bool,
    /// True where it is known, and was told, that the file lost the log's name.
    pub(crate) rotated: bool,
    /// The file that has the log's name instead.
    pub(crate) other: Option<FileId>,
    /// Monotonic time when siblings were last looked through for one after this file.
    pub(crate) searched: Duration,
    /// Monotonic time when it was last seen to grow.
    pub(crate) grew: Duration,
}

/// What a read came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// Everything was read but, perhaps, a line without its end.
    End,
    /// The budget is spent.
    Budget,
    /// The bytes before the position are no longer what they were.
    Changed,
}

/// What one poll may read, and what it found.
#[derive(Debug)]
pub(crate) struct Account {
    pub(crate) wall: Timestamp,
    /// Monotonic time.
    pub(crate) now: Duration,
    budget: u64,
    pub(crate) spent: u64,
    pub(crate) findings: Vec<Finding>,
}

impl Account {
    pub(crate) fn new(turn: Turn<'_>) -> Self {
        let Turn { clock, budget } = turn;
        Self { wall: clock.wall(), now: clock.monotonic(), budget, spent: 0, findings: Vec::new() }
    }
}

impl Reading {
    /// At the beginning of a file.
    pub(crate) fn begin(source: Source, path: PathBuf, look: &Look) -> Self {
        Self {
            source,
            path,
            id: look.id,
            generation: 0,
            modified: look.modified,
            offset: 0,
            position: 0,
            head: Vec::new(),
            before_offset: Vec::new(),
            before_position: Vec::new(),
            context: Vec::new(),
            seen: None,
            all_read: false,
            rotated: false,
            other: None,
            searched: Duration::ZERO,
            grew: Duration::ZERO,
        }
    }

    /// Goes to the cursor, given what the file holds there.
    pub(crate) fn at(mut self, cursor: &Cursor, peek: &Peek) -> Self {
        self.head.clone_from(&peek.head);
        self.head.truncate(usize::try_from(cursor.offset).unwrap_or(HEAD_BYTES));
        self.before_offset = peek.before.clone().unwrap_or_default();
        self.before_position = self.before_offset.clone();
        self.offset = cursor.offset;
        self.position = cursor.offset;
        let begin = cursor.offset.saturating_sub(CONTEXT_BYTES);
        self.context = vec![0; usize::try_from(cursor.offset - begin).unwrap_or_default()];
        let read = self.source.read(&mut self.context, begin).unwrap_or_default();
        // What is cut short says nothing about the line after it.
        if read < self.context.len() {
            self.context.clear();
        }
        self
    }

    /// Goes to the last beginning of a line.
    pub(crate) fn at_end(mut self, bytes: u64) -> io::Result<Self> {
        let mut last = vec![0; MAX_LINE_BYTES];
        let begin = bytes.saturating_sub(last.len() as u64);
        let read = self.source.read(&mut last, begin)?;
        last.truncate(read);
        let Some(line) = memrchr(b'\n', &last) else { return Ok(self) };
        last.truncate(line + 1);
        self.offset = begin + last.len() as u64;
        self.position = self.offset;
        keep_last(&mut self.before_offset, &last);
        self.before_position.clone_from(&self.before_offset);
        let mut head = vec![0; HEAD_BYTES.min(usize::try_from(self.offset).unwrap_or(HEAD_BYTES))];
        let read = self.source.read(&mut head, 0)?;
        head.truncate(read);
        self.head = head;
        Ok(self)
    }

    pub(crate) fn cursor(&self) -> Cursor {
        let consumed = usize::try_from(self.offset).unwrap_or(HEAD_BYTES).min(self.head.len());
        Cursor {
            id: self.id,
            head: Mark::of(self.head.get(..consumed).unwrap_or_default()),
            offset: self.offset,
            anchor: Mark::of(&self.before_offset),
            modified: self.modified,
        }
    }

    /// Bytes beyond the cursor that the file was seen to hold.
    pub(crate) fn unread(&self) -> u64 {
        self.seen.map_or(0, |(bytes, _)| bytes.saturating_sub(self.offset))
    }

    /// Passes on what a look at the file saw in it, as far as the budget goes. Nothing is read where nothing changed.
    pub(crate) fn read_up_to(
        &mut self,
        look: &Look,
        account: &mut Account,
        sink: Sink<'_>,
    ) -> io::Result<Outcome> {
        let seen = (look.bytes, look.modified);
        let grew = self.seen.is_some_and(|before| before != seen);
        if self.all_read && !grew {
            return Ok(Outcome::End);
        }
        // Lines that nobody read yet may have been copied away.
        let blank = grew && self.position == 0;
        if blank || look.bytes < self.position || !self.still_begins()? {
            return Ok(Outcome::Changed);
        }
        if grew {
            self.grew = account.now;
        }
        self.seen = Some(seen);
        self.modified = look.modified;
        let outcome = self.read(look.bytes, account, sink)?;
        self.all_read = outcome == Outcome::End;
        Ok(outcome)
    }

    /// True where the file still begins as it did.
    fn still_begins(&mut self) -> io::Result<bool> {
        let mut head = vec![0; self.head.len()];
        let read = self.source.read(&mut head, 0)?;
        Ok(read == self.head.len() && head == self.head)
    }

    /// Passes on what stands between the position and `end`, as far as the budget goes.
    ///
    /// Each read begins with the bytes before the position: were they changed, so was the file.
    pub(crate) fn read(&mut self, end: u64, account: &mut Account, sink: Sink<'_>) -> io::Result<Outcome> {
        let mut buffer = Vec::new();
        loop {
            let overlap = self.before_position.len();
            let step = end.saturating_sub(self.position).min(STEP_BYTES);
            if step > 0 && account.spent >= account.budget {
                return Ok(Outcome::Budget);
            }
            buffer.resize(overlap + usize::try_from(step).unwrap_or_default(), 0);
            let read = self.source.read(&mut buffer, self.position - overlap as u64)?;
            let bytes = buffer.get(..read).unwrap_or_default();
            let Some(new) = bytes.strip_prefix(self.before_position.as_slice()) else {
                return Ok(Outcome::Changed);
            };
            let taken = self.pass_on(new, account, sink);
            if taken == 0 {
                return Ok(Outcome::End);
            }
        }
    }

    /// Passes on what is left of a file that nobody writes to any more: its last line, without an end.
    pub(crate) fn finish(&mut self, account: &mut Account, sink: Sink<'_>) -> io::Result<()> {
        let overlap = self.before_position.len();
        let mut buffer = vec![0; overlap + MAX_LINE_BYTES];
        let read = self.source.read(&mut buffer, self.position - overlap as u64)?;
        let new = buffer.get(..read).and_then(|bytes| bytes.strip_prefix(self.before_position.as_slice()));
        if let Some(new) = new.filter(|new| !new.is_empty()) {
            sink(self.chunk(new, Ending::File));
            account.spent += new.len() as u64;
            self.advance(new);
        }
        self.complete();
        Ok(())
    }

    /// Passes on the whole lines of these bytes, or a piece of an overlong line; says how many bytes that were.
    fn pass_on(&mut self, new: &[u8], account: &mut Account, sink: Sink<'_>) -> usize {
        let (bytes, ending) = match memrchr(b'\n', new) {
            Some(end) => (new.get(..=end).unwrap_or(new), Ending::Line),
            None if self.position > self.offset || new.len() > MAX_LINE_BYTES => (new, Ending::Inside),
            None => return 0,
        };
        if bytes.is_empty() {
            return 0;
        }
        if ending == Ending::Inside && self.position == self.offset {
            account.findings.push(Finding::Oversize { offset: self.offset });
        }
        sink(self.chunk(bytes, ending));
        account.spent += bytes.len() as u64;
        self.advance(bytes);
        if ending == Ending::Line {
            self.complete();
        }
        bytes.len()
    }

    fn chunk<'a>(&'a self, bytes: &'a [u8], ending: Ending) -> Chunk<'a> {
        let Self { generation, modified, .. } = *self;
        Chunk { generation, offset: self.position, modified, bytes, before: &self.context, ending }
    }

    fn advance(&mut self, bytes: &[u8]) {
        self.context = Vec::new();
        let room = HEAD_BYTES - self.head.len().min(HEAD_BYTES);
        self.head.extend_from_slice(bytes.get(..room).unwrap_or(bytes));
        keep_last(&mut self.before_position, bytes);
        self.position += bytes.len() as u64;
    }

    fn complete(&mut self) {
        self.offset = self.position;
        self.before_offset.clone_from(&self.before_position);
    }
}

/// Who gets the bytes.
pub(crate) type Sink<'a> = &'a mut dyn FnMut(Chunk<'_>);

/// Appends, and keeps the last [`ANCHOR_BYTES`].
fn keep_last(kept: &mut Vec<u8>, bytes: &[u8]) {
    let begin = bytes.len().saturating_sub(ANCHOR_BYTES);
    kept.extend_from_slice(bytes.get(begin..).unwrap_or_default());
    let begin = kept.len().saturating_sub(ANCHOR_BYTES);
    kept.drain(..begin);
}
