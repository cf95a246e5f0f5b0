//! What happened to a followed log, in words that a person can be told.

use std::{io, path::PathBuf};

/// Something that happened to a followed log, told once when it is noticed.
///
/// Offsets are bytes from the beginning of the file that was being read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Finding {
    /// The file was renamed, or the link points to another one. It is read to its end before the next one is begun.
    Rotated,
    /// The file was deleted and another one took its place. It was open, and is read to its end first.
    Replaced,
    /// The file lost its content, and no copy of it is there. Lines after `read` that stood in it are lost.
    Truncated {
        /// Bytes that had been read.
        read: u64,
        /// Bytes after `read` that are known to have stood there. There may have been more.
        unread: u64,
    },
    /// The file was copied, then emptied (logrotate's `copytruncate`). The copy was read to its end. Lines that were
    /// written between the copying and the emptying stand nowhere; how many there were is not known, mostly none.
    TruncateGap {
        /// The copy.
        copy: PathBuf,
        /// Bytes that had been read.
        read: u64,
        /// Bytes of the copy, where known without unpacking it. Lines that began after the larger of both are lost.
        copied: Option<u64>,
    },
    /// Another file has the inode of the one that was being read, which is nowhere. Lines after `read` are lost.
    InodeReused {
        /// Bytes that had been read.
        read: u64,
    },
    /// The file that was being read is neither in its place nor among its rotated siblings. Lines after `read`, and
    /// whole files that came and went since, are lost.
    SiblingLost {
        /// Bytes that had been read.
        read: u64,
    },
    /// The same file came back on another device, or as a copy of itself. Reading goes on where it stood.
    Remounted,
    /// There is no file of that name, nor one that it was renamed to.
    Vanished,
    /// The file is there and may not be read.
    Denied,
    /// Something else than a file has the name: a folder, a pipe.
    NotAFile,
    /// Reading failed; it is tried again, except where a packed file breaks off.
    Unreadable {
        /// The file.
        path: PathBuf,
        /// How it failed.
        why: io::ErrorKind,
    },
    /// A line is longer than a scan keeps ([`MAX_LINE_BYTES`](crate::text::MAX_LINE_BYTES)). It is passed on in pieces.
    Oversize {
        /// Where the line begins.
        offset: u64,
    },
}
