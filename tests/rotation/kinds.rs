//! What happens to a log, one function for each kind.

use std::{fs, io, os::unix::fs::MetadataExt as _, time::Duration};

use flate2::{Compression, write::GzEncoder};

use crate::{
    cases::say,
    ledger::{Log, number},
    mounts::Mount,
};

/// What can happen to a log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    RenameCreate,
    CopyTruncate,
    Truncate,
    TruncateRegrow,
    DeleteCreate,
    InodeReuse,
    SymlinkSwap,
    RenameWhileStopped,
    TwoRotationsWhileStopped,
    GzOfOld,
    HardLink,
    Remount,
}

impl Kind {
    /// True where the follower is stopped before it happens, whatever the mode.
    pub(crate) fn stops_the_follower(self) -> bool {
        matches!(self, Self::RenameWhileStopped | Self::TwoRotationsWhileStopped)
    }

    /// True where what was not read before is lost for good.
    pub(crate) fn loses_the_unread(self) -> bool {
        matches!(self, Self::Truncate | Self::TruncateRegrow)
    }

    /// True where only an open descriptor saves what was not read before.
    pub(crate) fn loses_the_closed(self) -> bool {
        matches!(self, Self::DeleteCreate | Self::InodeReuse) || self.loses_the_unread()
    }

    /// Makes it happen; returns the lines that may be lost: those after the first number, before the second.
    pub(crate) fn happen(self, log: &Log, mount: Option<&Mount>) -> (u64, u64) {
        match self {
            Self::RenameCreate => rename_create(log),
            Self::CopyTruncate => return copy_truncate(log),
            Self::Truncate => log.paused(|writer| writer.file.set_len(0).unwrap()),
            Self::TruncateRegrow => truncate_regrow(log),
            Self::DeleteCreate | Self::InodeReuse => delete_create(log),
            Self::SymlinkSwap => symlink_swap(log),
            Self::RenameWhileStopped => rename(log),
            Self::TwoRotationsWhileStopped => {
                rename_create(log);
                log.write(7);
                rename_create(log);
            }
            Self::GzOfOld => gz_of_old(log),
            Self::HardLink => hard_link(log),
            Self::Remount => remount(log, mount.unwrap()),
        }
        (0, 0)
    }
}

fn a_while() {
    std::thread::sleep(Duration::from_millis(8));
}

fn rename(log: &Log) {
    log.shift();
    fs::rename(log.path(), log.sibling("1")).unwrap();
    a_while();
}

/// A daemon writes to the renamed file until it is told to open the new one.
fn rename_create(log: &Log) {
    rename(log);
    fs::write(log.path(), "").unwrap();
    a_while();
    log.reopen();
}

fn copy_truncate(log: &Log) -> (u64, u64) {
    log.shift();
    fs::copy(log.path(), log.sibling("1")).unwrap();
    let copied = fs::read_to_string(log.sibling("1")).unwrap();
    let last = copied.lines().last().map_or(0, number);
    a_while();
    log.paused(|writer| {
        writer.file.set_len(0).unwrap();
        (last, writer.next)
    })
}

/// Past where it was, before anyone can look.
fn truncate_regrow(log: &Log) {
    log.paused(|writer| {
        let before = writer.file.metadata().unwrap().len();
        writer.file.set_len(0).unwrap();
        while writer.file.metadata().unwrap().len() <= before {
            writer.write(1);
        }
    });
}

fn delete_create(log: &Log) {
    log.paused(|writer| {
        fs::remove_file(log.path()).unwrap();
        // The writer's own descriptor must not keep the inode.
        writer.file = fs::File::open("/dev/null").unwrap();
        writer.file = crate::ledger::append(&log.path());
    });
}

fn symlink_swap(log: &Log) {
    let now = fs::read_link(log.path()).unwrap();
    let letter = now.to_string_lossy().bytes().last().unwrap() + 1;
    let next = format!("log.{}", char::from(letter));
    fs::write(log.folder.join(&next), "").unwrap();
    std::os::unix::fs::symlink(&next, log.folder.join("link")).unwrap();
    fs::rename(log.folder.join("link"), log.path()).unwrap();
    a_while();
    log.reopen();
}

fn gz_of_old(log: &Log) {
    rename_create(log);
    let old = log.sibling("1");
    let mut packed = GzEncoder::new(fs::File::create(log.sibling("1.gz")).unwrap(), Compression::fast());
    io::copy(&mut fs::File::open(&old).unwrap(), &mut packed).unwrap();
    let modified = fs::metadata(&old).unwrap().modified().unwrap();
    packed.finish().unwrap().set_modified(modified).unwrap();
    fs::remove_file(old).unwrap();
}

fn hard_link(log: &Log) {
    log.shift();
    fs::hard_link(log.path(), log.sibling("1")).unwrap();
    log.write(4);
    a_while();
    fs::remove_file(log.path()).unwrap();
    fs::write(log.path(), "").unwrap();
    a_while();
    log.reopen();
}

fn remount(log: &Log, mount: &Mount) {
    let before = fs::metadata(log.path()).unwrap();
    log.paused(|writer| {
        writer.file.sync_all().unwrap();
        // A busy writer would keep the file system alive.
        writer.file = fs::File::open("/dev/null").unwrap();
        mount.remount(a_while);
        writer.file = crate::ledger::append(&log.path());
    });
    let after = fs::metadata(log.path()).unwrap();
    assert_eq!(after.ino(), before.ino());
    say(&format!("remount: as {} device", if after.dev() == before.dev() { "the same" } else { "another" }));
}
