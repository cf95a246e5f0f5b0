//! What a look at a file said, and whether it is the file of a cursor.

use jiff::Timestamp;

use super::{
    cursor::{Cursor, FileId, HEAD_BYTES},
    names::Form,
};

/// What the operating system says about a file without reading it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Look {
    pub(crate) id: FileId,
    /// Its size. Of a packed file: that of the packed bytes.
    pub(crate) bytes: u64,
    /// Names that it has; 0 is a deleted file that is still open.
    pub(crate) links: u64,
    pub(crate) modified: Option<Timestamp>,
}

/// What reading a file in two places said. Of a packed file, all of it is about the unpacked bytes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Peek {
    /// Its first bytes, [`HEAD_BYTES`] at most.
    pub(crate) head: Vec<u8>,
    /// The bytes that the cursor's anchor covers, where the file is that long.
    pub(crate) before: Option<Vec<u8>>,
}

/// How a file compares with a cursor.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Likeness {
    /// The cursor's head and anchor stand in it: what was read, or a copy of it, perhaps with more.
    Continues,
    /// The cursor's head stands in it, and it ends before the cursor: a copy of the beginning.
    Shorter,
    /// The cursor's head stands in it and the anchor does not: emptied and written again with the same beginning.
    OtherTail,
    /// It begins with something else.
    OtherHead,
    /// Nothing had been read at the cursor, so nothing can be compared.
    Blank,
    /// It could not be read.
    Unknown,
}

impl Likeness {
    pub(crate) fn of(peek: &Peek, cursor: &Cursor) -> Self {
        if cursor.offset == 0 {
            return Self::Blank;
        }
        if !cursor.head.begins(&peek.head) {
            return Self::OtherHead;
        }
        match &peek.before {
            None => Self::Shorter,
            Some(before) if cursor.anchor.begins(before) => Self::Continues,
            Some(_) => Self::OtherTail,
        }
    }
}

/// A file that may be the one of a cursor, or the next one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Candidate {
    pub(crate) look: Look,
    pub(crate) peek: Peek,
    pub(crate) likeness: Likeness,
    pub(crate) form: Form,
}

impl Candidate {
    /// True where this sibling is a copy of the log itself, made while it goes on (logrotate's `copy`, or `copytruncate`
    /// before it truncates): all that it holds stands in the log. A copy is younger than what it was copied from; where
    /// ages are unknown, a whole head that is equal is proof enough.
    pub(crate) fn is_copy_of(&self, log: &Self) -> bool {
        let head = self.peek.head.as_slice();
        let within = !head.is_empty() && log.peek.head.starts_with(head);
        let younger = self.look.id.born.zip(log.look.id.born).map(|(sibling, log)| sibling > log);
        within
            && (self.form == Form::Packed || self.look.bytes <= log.look.bytes)
            && younger.unwrap_or(head.len() == HEAD_BYTES)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::follow::cursor::Mark;

    fn peek(head: &[u8], before: Option<&[u8]>) -> Peek {
        Peek { head: head.to_vec(), before: before.map(<[u8]>::to_vec) }
    }

    #[test]
    fn head_and_anchor_tell_the_same_file_a_copy_and_another_one() {
        let id = FileId { device: 1, inode: 1, born: None };
        let mut cursor =
            Cursor { id, head: Mark::of(b"one\n"), offset: 4, anchor: Mark::of(b"one\n"), modified: None };
        let like = |peek: Peek, cursor: &Cursor| Likeness::of(&peek, cursor);
        assert_eq!(like(peek(b"one\ntwo\n", Some(b"one\n")), &cursor), Likeness::Continues);
        assert_eq!(like(peek(b"one\ntwo\n", Some(b"???\n")), &cursor), Likeness::OtherTail);
        assert_eq!(like(peek(b"one\n", None), &cursor), Likeness::Shorter);
        assert_eq!(like(peek(b"two\n", Some(b"two\n")), &cursor), Likeness::OtherHead);
        assert_eq!(like(peek(b"on", None), &cursor), Likeness::OtherHead);
        cursor.offset = 0;
        assert_eq!(like(peek(b"two\n", None), &cursor), Likeness::Blank);
    }
}
