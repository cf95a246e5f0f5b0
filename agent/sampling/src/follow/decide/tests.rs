//! One test for each thing that can happen to a log.

use std::time::Duration;

use jiff::Timestamp;

use super::{
    super::{
        cursor::{FileId, Mark},
        look::Peek,
    },
    *,
};

const HEAD: &[u8] = b"Mar  1 10:00:00 host app[1]: the first line\n";

fn time(second: i64) -> Option<Timestamp> {
    Some(Timestamp::from_second(second).unwrap())
}

fn id(inode: u64) -> FileId {
    FileId { device: 1, inode, born: time(inode as i64) }
}

/// A cursor in inode 10, of which 500 bytes were read at time 100.
fn cursor() -> Cursor {
    Cursor { id: id(10), head: Mark::of(HEAD), offset: 500, anchor: Mark::of(b"last\n"), modified: time(100) }
}

fn file(inode: u64, likeness: Likeness, bytes: u64, modified: i64) -> Candidate {
    let look = Look { id: id(inode), bytes, links: 1, modified: time(modified) };
    let head = match likeness {
        Likeness::Continues | Likeness::Shorter | Likeness::OtherTail => HEAD.to_vec(),
        _ => format!("{inode} another first line\n").into_bytes(),
    };
    Candidate { look, peek: Peek { head, before: None }, likeness, form: Form::Plain }
}

fn another(inode: u64, modified: i64) -> Candidate {
    file(inode, Likeness::OtherHead, 50, modified)
}

fn unfinished(here: &Candidate, history: &[Candidate]) -> Seek {
    seek(&cursor(), Progress::Unfinished, Some(here), history)
}

fn finished(here: &Candidate, history: &[Candidate]) -> Seek {
    seek(&cursor(), Progress::Finished, Some(here), history)
}

#[test]
fn the_same_file_is_read_on() {
    let here = file(10, Likeness::Continues, 600, 110);
    assert_eq!(unfinished(&here, &[another(9, 90)]), Seek::Continue(Place::Here));
}

#[test]
fn rename_and_create_reads_the_renamed_file_then_the_new_one() {
    let renamed = file(10, Likeness::Continues, 600, 110);
    let history = [another(9, 90), renamed];
    assert_eq!(unfinished(&another(11, 120), &history), Seek::Continue(Place::Sibling(1)));
    let read = [another(9, 90), file(10, Likeness::Continues, 500, 110)];
    assert_eq!(finished(&another(11, 120), &read), Seek::Begin(Place::Here, Fate::Finished));
}

#[test]
fn lines_that_come_late_to_a_renamed_file_are_read() {
    let grown = [file(10, Likeness::Continues, 501, 110)];
    assert_eq!(finished(&another(11, 120), &grown), Seek::Continue(Place::Sibling(0)));
}

#[test]
fn copytruncate_reads_the_rest_from_the_copy() {
    let emptied = file(10, Likeness::OtherHead, 50, 120);
    let copy = file(11, Likeness::Continues, 600, 110);
    assert_eq!(unfinished(&emptied, &[another(9, 90), copy]), Seek::Continue(Place::Sibling(1)));
}

#[test]
fn copytruncate_with_a_copy_that_ends_before_the_cursor_begins_anew() {
    let emptied = file(10, Likeness::OtherHead, 50, 120);
    let copy = file(11, Likeness::Shorter, 400, 110);
    let seek = unfinished(&emptied, &[another(9, 90), copy]);
    assert_eq!(seek, Seek::Begin(Place::Here, Fate::CopyBehind(1)));
}

#[test]
fn truncation_begins_anew_and_does_not_read_old_siblings_again() {
    let emptied = file(10, Likeness::OtherHead, 50, 120);
    assert_eq!(unfinished(&emptied, &[another(9, 90)]), Seek::Begin(Place::Here, Fate::Truncated));
}

#[test]
fn truncation_and_regrowth_past_the_cursor_is_seen_by_the_anchor() {
    let regrown = file(10, Likeness::OtherTail, 900, 120);
    assert_eq!(unfinished(&regrown, &[]), Seek::Begin(Place::Here, Fate::Truncated));
}

#[test]
fn deletion_and_creation_tells_the_loss() {
    assert_eq!(unfinished(&another(11, 120), &[another(9, 90)]), Seek::Begin(Place::Here, Fate::Gone));
}

#[test]
fn inode_reuse_is_told_by_birth_or_else_by_the_head() {
    let mut here = file(10, Likeness::OtherHead, 900, 120);
    here.look.id.born = time(99);
    assert_eq!(unfinished(&here, &[]), Seek::Begin(Place::Here, Fate::Reused));
    here.look.id.born = None;
    assert_eq!(unfinished(&here, &[]), Seek::Begin(Place::Here, Fate::Reused));
    here.likeness = Likeness::OtherTail;
    assert_eq!(unfinished(&here, &[]), Seek::Begin(Place::Here, Fate::Truncated));
}

#[test]
fn a_swapped_link_reads_the_old_target_by_its_identity() {
    let target = file(10, Likeness::Continues, 600, 110);
    assert_eq!(unfinished(&another(11, 120), &[target]), Seek::Continue(Place::Sibling(0)));
}

#[test]
fn two_rotations_while_stopped_are_read_in_order() {
    let history = [another(9, 90), file(10, Likeness::Continues, 600, 110), another(11, 120)];
    assert_eq!(unfinished(&another(12, 130), &history), Seek::Continue(Place::Sibling(1)));
    let history = [another(9, 90), file(10, Likeness::Continues, 500, 110), another(11, 120)];
    assert_eq!(finished(&another(12, 130), &history), Seek::Begin(Place::Sibling(2), Fate::Finished));
    assert!(sibling_waits(&cursor(), None, &history));
    assert!(!sibling_waits(&cursor(), None, &history[..2]));
}

#[test]
fn a_packed_rest_is_known_by_its_content_and_read_once() {
    let mut packed = file(20, Likeness::Continues, 80, 110);
    packed.form = Form::Packed;
    let history = [another(9, 90), packed];
    assert_eq!(unfinished(&another(11, 120), &history), Seek::Continue(Place::Sibling(1)));
    assert_eq!(finished(&another(11, 120), &history), Seek::Begin(Place::Here, Fate::Finished));
}

#[test]
fn a_copy_of_the_log_itself_is_not_read() {
    let here = file(12, Likeness::OtherHead, 700, 130);
    let mut copy = file(13, Likeness::OtherHead, 650, 129);
    copy.peek = here.peek.clone();
    assert_eq!(finished(&here, &[copy.clone()]), Seek::Begin(Place::Here, Fate::Finished));
    assert_eq!(oldest(Some(&here), &[copy.clone()]), Some(Place::Here));
    // An older file that begins alike is no copy.
    copy.look.id.born = time(11);
    assert_eq!(oldest(Some(&here), &[copy]), Some(Place::Sibling(0)));
}

#[test]
fn another_mount_of_the_same_file_is_read_on() {
    let mut here = file(10, Likeness::Continues, 600, 110);
    here.look.id.device = 2;
    assert_eq!(unfinished(&here, &[]), Seek::Continue(Place::Here));
    assert!(is_same_again(&cursor(), &file(10, Likeness::Continues, 600, 110).look, &here));
    here.likeness = Likeness::OtherHead;
    assert_eq!(unfinished(&here, &[]), Seek::Begin(Place::Here, Fate::Gone));
}

#[test]
fn a_missing_name_proves_nothing() {
    assert_eq!(seek(&cursor(), Progress::Unfinished, None, &[another(9, 190)]), Seek::Wait);
    let renamed = [file(10, Likeness::Continues, 600, 110)];
    assert_eq!(seek(&cursor(), Progress::Unfinished, None, &renamed), Seek::Continue(Place::Sibling(0)));
}

#[test]
fn a_file_of_which_nothing_was_read_is_known_by_identity_alone() {
    let blank = Cursor { head: Mark::of(b""), offset: 0, anchor: Mark::of(b""), ..cursor() };
    let seek =
        |here: Candidate, history: &[Candidate]| seek(&blank, Progress::Unfinished, Some(&here), history);
    let file = |inode, modified| file(inode, Likeness::Blank, 50, modified);
    assert_eq!(seek(file(10, 110), &[file(9, 90)]), Seek::Continue(Place::Here));
    assert_eq!(seek(file(11, 110), &[file(9, 90), file(10, 105)]), Seek::Continue(Place::Sibling(1)));
    assert_eq!(seek(file(11, 110), &[file(9, 90), file(8, 105)]), Seek::Begin(Place::Here, Fate::Gone));
    // What was written since comes first, also where the file itself was only emptied.
    let newer = Seek::Begin(Place::Sibling(1), Fate::Finished);
    assert_eq!(seek(file(12, 110), &[file(9, 90), file(11, 105)]), newer);
    assert_eq!(seek(file(10, 110), &[file(9, 90), file(11, 105)]), newer);
}

#[test]
fn a_first_start_begins_with_the_oldest_file() {
    assert_eq!(oldest(Some(&another(3, 3)), &[another(1, 1), another(2, 2)]), Some(Place::Sibling(0)));
    assert_eq!(oldest(Some(&another(3, 3)), &[]), Some(Place::Here));
    assert_eq!(oldest(None, &[]), None);
}

#[test]
fn a_renamed_file_is_kept_until_it_is_quiet_and_the_next_one_has_lines() {
    let second = Duration::from_secs;
    let leave = |links, quiet, waiting| {
        let open = Look { links, ..another(10, 100).look };
        may_leave(&open, second(quiet), second(5), waiting)
    };
    assert!(!leave(1, 4, Waiting::Lines));
    assert!(leave(1, 5, Waiting::Lines));
    assert!(!leave(1, 1000, Waiting::Empty), "its writer may not know yet");
    assert!(leave(0, 5, Waiting::Empty));
    assert!(!leave(0, 299, Waiting::Nothing));
    assert!(leave(0, 300, Waiting::Nothing), "disk space is not held for ever");
    assert!(!leave(1, 1000, Waiting::Nothing));
}
