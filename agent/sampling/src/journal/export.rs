//! The journal as `journalctl -o export` writes it (systemd's "Journal Export Format"): a field a line, an empty line
//! behind each entry, and values of any bytes behind their length.

use memchr::memchr;

use super::{
    draft::{Draft, Wanted},
    entry::Entries,
};
use crate::text::{MAX_LINE_BYTES, names::Names, tally::Tally};

/// The longest value that systemd takes (`DATA_SIZE_MAX` in its `journal-importer.h`).
const MAX_VALUE_BYTES: u64 = 768 << 20;
/// The longest name of a field.
const MAX_NAME_BYTES: usize = 64;

/// What comes next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Next {
    /// A line: a field, the name of one whose value follows, or the end of an entry.
    Line,
    /// The length of a value.
    Length(Option<Wanted>),
    /// A value, of which so many bytes are still to come.
    Value(Option<Wanted>, u64),
    /// The end of the line behind a value.
    LineEnd,
}

/// Reads an export that comes in pieces.
#[derive(Debug)]
pub(crate) struct ExportFeed {
    entries: Entries,
    next: Next,
    /// The beginning of what comes next, where a piece ended in it; at most [`MAX_LINE_BYTES`].
    pending: Vec<u8>,
    /// True where what comes next is longer than is kept.
    oversize: bool,
    /// The entry that is being read; `None` between entries.
    draft: Option<Draft>,
    /// True where the entry is damaged: the next one begins behind an empty line.
    lost: bool,
}

impl ExportFeed {
    pub(crate) fn new(names: &mut Names) -> Self {
        Self {
            entries: Entries::new(names),
            next: Next::Line,
            pending: Vec::new(),
            oversize: false,
            draft: None,
            lost: false,
        }
    }

    /// Counts the entries that these bytes complete.
    pub(crate) fn feed(&mut self, mut bytes: &[u8], tally: &mut Tally) {
        while !bytes.is_empty() {
            let length = match self.next {
                Next::Line => memchr(b'\n', bytes),
                Next::Length(_) => ended_within(8 - self.pending.len() as u64, bytes),
                Next::Value(_, left) => ended_within(left, bytes),
                Next::LineEnd => Some(1),
            };
            let (piece, rest) = bytes.split_at_checked(length.unwrap_or(bytes.len())).unwrap_or((bytes, &[]));
            bytes = rest;
            if length.is_none() {
                self.keep(piece);
                continue;
            }
            if self.next == Next::Line {
                bytes = bytes.get(1..).unwrap_or_default();
            }
            if self.pending.is_empty() && piece.len() <= MAX_LINE_BYTES {
                self.take(piece, tally);
            } else {
                self.keep(piece);
                let whole = std::mem::take(&mut self.pending);
                self.take(&whole, tally);
                self.pending = whole;
                self.pending.clear();
            }
            tally.oversize += u64::from(std::mem::take(&mut self.oversize));
        }
    }

    /// Everything was read. An entry is whole without the empty line behind it, but not in the middle of a field.
    pub(crate) fn finish(&mut self, tally: &mut Tally) {
        let torn = self.next != Next::Line || !self.pending.is_empty();
        self.lost |= torn;
        if torn {
            self.draft.get_or_insert_default();
        }
        self.end_entry(tally);
    }

    fn keep(&mut self, piece: &[u8]) {
        if let Next::Value(_, left) = &mut self.next {
            *left = left.saturating_sub(piece.len() as u64);
        }
        let room = MAX_LINE_BYTES - self.pending.len();
        self.pending.extend_from_slice(piece.get(..room).unwrap_or(piece));
        self.oversize |= piece.len() > room;
    }

    /// Takes what came next, whole or its beginning.
    fn take(&mut self, whole: &[u8], tally: &mut Tally) {
        self.next = match self.next {
            Next::Line if whole.is_empty() => {
                self.end_entry(tally);
                Next::Line
            }
            Next::Line => self.line(whole, tally),
            Next::Length(wanted) => match whole.first_chunk().map(|raw| u64::from_le_bytes(*raw)) {
                Some(length) if length <= MAX_VALUE_BYTES => Next::Value(wanted, length),
                _ => self.lose(),
            },
            Next::Value(wanted, _) => {
                self.see(wanted, whole, tally);
                Next::LineEnd
            }
            Next::LineEnd if whole == b"\n" => Next::Line,
            Next::LineEnd => self.lose(),
        };
        // A value of nothing has come already.
        if let Next::Value(wanted, 0) = self.next {
            self.see(wanted, b"", tally);
            self.next = Next::LineEnd;
        }
    }

    fn line(&mut self, line: &[u8], tally: &mut Tally) -> Next {
        self.draft.get_or_insert_default();
        if self.lost {
            return Next::Line;
        }
        let end = memchr(b'=', line);
        let name = end.map_or(line, |end| line.get(..end).unwrap_or_default());
        if !is_name(name) {
            return self.lose();
        }
        let wanted = Wanted::of(name);
        match end {
            Some(end) => {
                self.see(wanted, line.get(end + 1..).unwrap_or_default(), tally);
                Next::Line
            }
            None => Next::Length(wanted),
        }
    }

    fn see(&mut self, wanted: Option<Wanted>, value: &[u8], tally: &mut Tally) {
        if let (Some(wanted), Some(draft)) = (wanted, &mut self.draft) {
            draft.see(wanted, value, &mut tally.names);
        }
    }

    fn lose(&mut self) -> Next {
        self.lost = true;
        Next::Line
    }

    fn end_entry(&mut self, tally: &mut Tally) {
        let lost = std::mem::take(&mut self.lost);
        match self.draft.take() {
            Some(_) if lost => tally.damaged += 1,
            Some(draft) => draft.count(&self.entries, tally),
            None => (),
        }
    }
}

/// Where `left` bytes end, if they do in these.
fn ended_within(left: u64, bytes: &[u8]) -> Option<usize> {
    usize::try_from(left).ok().filter(|left| *left <= bytes.len())
}

/// True for what journald takes as a field's name, and for the names of an entry's own data.
fn is_name(name: &[u8]) -> bool {
    let valid = |byte: &u8| byte.is_ascii_uppercase() || byte.is_ascii_digit() || *byte == b'_';
    (1..=MAX_NAME_BYTES).contains(&name.len()) && name.iter().all(valid)
}
