//! A followed log comes through whole: every kind of rotation and accident, woken by events and by polling, with the
//! follower up, down, and beside a busy writer. A ledger says what was written; what was read must equal it.

mod cases;
mod edges;
mod kinds;
mod ledger;
mod mounts;
mod random;
mod reader;

use cases::{Mode, Wake, run};
use kinds::Kind;

/// Six cases of each kind.
macro_rules! matrix {
    ($($name:ident: $kind:expr,)*) => {
        const KINDS: usize = [$(stringify!($name)),*].len();
        $(mod $name {
            use super::{Kind, Mode, Wake, run};
            #[test] fn events_up() { run($kind, Wake::Events, Mode::Up); }
            #[test] fn events_down() { run($kind, Wake::Events, Mode::Down); }
            #[test] fn events_busy() { run($kind, Wake::Events, Mode::Busy); }
            #[test] fn polling_up() { run($kind, Wake::Polling, Mode::Up); }
            #[test] fn polling_down() { run($kind, Wake::Polling, Mode::Down); }
            #[test] fn polling_busy() { run($kind, Wake::Polling, Mode::Busy); }
        })*
    };
}

matrix! {
    rename_and_create: Kind::RenameCreate,
    copytruncate: Kind::CopyTruncate,
    truncate: Kind::Truncate,
    truncate_and_regrow: Kind::TruncateRegrow,
    delete_and_create: Kind::DeleteCreate,
    inode_reuse: Kind::InodeReuse,
    symlink_swap: Kind::SymlinkSwap,
    rename_while_stopped: Kind::RenameWhileStopped,
    two_rotations_while_stopped: Kind::TwoRotationsWhileStopped,
    gz_of_the_old: Kind::GzOfOld,
    hard_link: Kind::HardLink,
    remount: Kind::Remount,
}

#[test]
fn the_matrix_has_72_cases() {
    assert_eq!(KINDS * 6, 72);
}
