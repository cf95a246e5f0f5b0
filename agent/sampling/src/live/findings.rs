//! What happened to a log's files, in words with the next step.

use std::path::Path;

use super::LogFinding;
use crate::{follow::Finding, text::MAX_LINE_BYTES};

/// What to say of a finding. What is in order is not said: a rotation, a file that came back as it was.
pub(super) fn of(log: &Path, finding: &Finding) -> Option<LogFinding> {
    let log = log.display();
    let (code, text) = match finding {
        Finding::Rotated | Finding::Replaced | Finding::Remounted => return None,
        Finding::Truncated { read, unread } => (
            "truncated",
            format!(
                "{log} was emptied after {read} bytes of it were read, and no copy is left; at least {unread} bytes were \
                 never read. Rotate it by renaming, not by emptying"
            ),
        ),
        Finding::TruncateGap { copy, .. } => (
            "truncate_gap",
            format!(
                "{log} was copied to {} and emptied (copytruncate); lines written in between are lost. Let logrotate \
                 rename it instead, with a postrotate script that tells its writer",
                copy.display()
            ),
        ),
        Finding::InodeReused { read } => (
            "inode_reused",
            format!(
                "{log} was deleted and written anew after {read} bytes of it were read; what followed is lost. Keep at \
                 least one rotated file (rotate 1 in logrotate)"
            ),
        ),
        Finding::SiblingLost { read } => (
            "sibling_lost",
            format!(
                "the file that {log} was read from, up to byte {read}, is gone; what followed is lost. Keep more rotated \
                 files, or let the agent run without long pauses"
            ),
        ),
        Finding::Vanished => {
            ("vanished", format!("{log} is gone and nothing took its place: check that its writer runs"))
        }
        Finding::Denied => ("denied", format!("{log} may not be read: give the agent the right to read it")),
        Finding::NotAFile => {
            ("not_a_file", format!("{log} is no file: let its writer write one, or leave it out"))
        }
        Finding::Unreadable { path, why } => (
            "unreadable",
            format!("{} could not be read ({why}): check the disk, or unpack the file", path.display()),
        ),
        Finding::Oversize { offset } => (
            "oversize",
            format!(
                "a line of {log} at byte {offset} is longer than {MAX_LINE_BYTES} bytes: only its beginning is read; check \
                 what writes it"
            ),
        ),
    };
    Some(LogFinding { code, text })
}
