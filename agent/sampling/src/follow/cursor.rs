//! Where reading stands in a log, in a form that survives a restart.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

/// Bytes of a file's head that its fingerprint covers, at most.
pub const HEAD_BYTES: usize = 256;
/// Bytes before the reading position that the anchor covers, at most.
pub const ANCHOR_BYTES: usize = 64;

/// What the operating system calls a file.
///
/// Unix says device and inode. Windows says neither without handles; there both are 0, and what the file holds decides.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileId {
    /// The device that holds it. It may change when a file system is mounted again.
    pub device: u64,
    /// Its number on that device. It may be given to another file once this one is deleted.
    pub inode: u64,
    /// When the file was made, where the file system says so (ext4, xfs, btrfs and tmpfs do). It tells a used-again
    /// inode from a truncated file.
    pub born: Option<Timestamp>,
}

impl FileId {
    /// True where both name one file.
    #[must_use]
    pub fn is(&self, other: &Self) -> bool {
        self.device == other.device && self.is_but_for_device(other)
    }

    /// True where both name one file, should its file system have been mounted again as another device.
    #[must_use]
    pub fn is_but_for_device(&self, other: &Self) -> bool {
        let contradicts = self.born.zip(other.born).is_some_and(|(mine, theirs)| mine != theirs);
        self.inode == other.inode && !contradicts
    }
}

/// Some bytes of a file, by their number and their SHA-256. The bytes themselves are not kept: they are log content.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mark {
    /// How many bytes it covers; 0 says nothing about a file.
    pub bytes: u16,
    /// Their SHA-256.
    pub sha256: [u8; 32],
}

impl Mark {
    /// The mark of these bytes, of which there are at most [`HEAD_BYTES`].
    #[must_use]
    pub fn of(bytes: &[u8]) -> Self {
        let bytes = bytes.get(..HEAD_BYTES).unwrap_or(bytes);
        let length = u16::try_from(bytes.len()).unwrap_or_default();
        Self { bytes: length, sha256: Sha256::digest(bytes).into() }
    }

    /// True where these bytes begin with the marked ones.
    #[must_use]
    pub fn begins(&self, bytes: &[u8]) -> bool {
        bytes.get(..usize::from(self.bytes)).is_some_and(|begin| Self::of(begin) == *self)
    }
}

/// Where reading stands in one file: everything before `offset` was passed on, nothing after it.
///
/// Whoever counts what was passed on stores the cursor together with the counts: then each line counts once, whatever
/// happens between two stores.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cursor {
    /// The file.
    pub id: FileId,
    /// Its fingerprint: the first bytes of what was read. It grows with `offset` to [`HEAD_BYTES`], so that a file
    /// first seen when it was short is still recognised by its shorter head.
    pub head: Mark,
    /// Bytes read, from the beginning of the (unpacked) file. Always the beginning of a line.
    pub offset: u64,
    /// The last bytes, [`ANCHOR_BYTES`] at most, before `offset`.
    pub anchor: Mark,
    /// When the file was last written, as known when it was last read.
    pub modified: Option<Timestamp>,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(device: u64, inode: u64, born: Option<i64>) -> FileId {
        FileId { device, inode, born: born.map(|second| Timestamp::from_second(second).unwrap()) }
    }

    #[test]
    fn a_birth_time_tells_a_used_again_inode_where_both_are_known() {
        assert!(id(1, 2, Some(3)).is(&id(1, 2, Some(3))));
        assert!(id(1, 2, None).is(&id(1, 2, Some(3))));
        assert!(!id(1, 2, Some(4)).is(&id(1, 2, Some(3))));
        assert!(!id(9, 2, Some(3)).is(&id(1, 2, Some(3))));
        assert!(id(9, 2, Some(3)).is_but_for_device(&id(1, 2, Some(3))));
    }

    #[test]
    fn a_mark_is_found_in_a_file_that_has_grown_and_not_in_a_shorter_one() {
        let mark = Mark::of(b"one line\n");
        assert_eq!(mark.bytes, 9);
        assert!(mark.begins(b"one line\nand another\n"));
        assert!(!mark.begins(b"one line"));
        assert!(!mark.begins(b"two line\nand another\n"));
        assert_eq!(usize::from(Mark::of(&[b'x'; 1000]).bytes), HEAD_BYTES);
    }
}
