//! Stories of reports, and what becomes of each.

use blindspot_telemetry::wire::{AgentId, ServerEpoch};

use super::*;

/// An agent's reports, decided and remembered one after another.
struct Story(Option<Progress>);

impl Story {
    /// A report of this epoch and number, sent at this second from this boot. Its body is told apart by `body`.
    fn report(&mut self, (epoch, seq, sent): (u8, u64, i64), boot: &str, body: u8) -> Decision {
        let envelope = Envelope {
            agent: AgentId([1; 16]),
            epoch: Epoch([epoch; 16]),
            seq: Seq(seq),
            server_epoch: ServerEpoch([9; 16]),
            sent_ms: sent * 1000,
        };
        let decision = decide(self.0.as_ref(), &envelope, &[body; 32], boot);
        if decision == Decision::Store {
            self.0 = Some(Progress::after(self.0.take(), &envelope, [body; 32], boot));
        }
        decision
    }
}

#[test]
fn numbers_that_grow_are_stored_and_the_newest_once_more_is_a_duplicate() {
    let mut story = Story(None);
    assert_eq!(story.report((1, 1, 10), "b1", 1), Decision::Store);
    assert_eq!(story.report((1, 2, 20), "b1", 2), Decision::Store);
    assert_eq!(story.report((1, 2, 25), "b1", 2), Decision::Duplicate, "a retry may be sent later");
    assert_eq!(story.report((1, 1, 10), "b1", 1), Decision::LateDuplicate);
    assert_eq!(story.report((1, 1 << 20, 30), "b2", 3), Decision::Store, "numbers may leave gaps");
}

#[test]
fn two_bodies_of_one_number_sent_at_once_are_a_clone() {
    let mut story = Story(None);
    story.report((1, 5, 50), "b1", 5);
    assert_eq!(story.report((1, 5, 50), "b1", 6), Decision::Cloned);
    assert_eq!(story.report((1, 5, 49), "b2", 6), Decision::Cloned);
}

#[test]
fn a_disk_that_was_set_back_begins_anew() {
    let mut story = Story(None);
    story.report((1, 50, 500), "b1", 50);
    story.report((1, 100, 1000), "b1", 100);
    assert_eq!(story.report((1, 51, 1100), "b2", 51), Decision::RolledBack);
    // Also where the clock was set back with it.
    assert_eq!(story.report((1, 51, 510), "b2", 51), Decision::RolledBack);
    assert_eq!(story.report((2, 1, 1200), "b2", 1), Decision::Store);
    assert_eq!(story.report((2, 2, 1500), "b2", 2), Decision::Store);
}

#[test]
fn a_memory_that_was_set_back_brings_its_boot_back_and_is_no_clone() {
    let mut story = Story(None);
    story.report((1, 100, 1000), "b1", 100);
    assert_eq!(story.report((1, 51, 1100), "b1", 7), Decision::RolledBack, "an old number, sent later");
    assert_eq!(story.report((1, 100, 1100), "b1", 7), Decision::RolledBack, "the newest number, by chance");
    assert_eq!(story.report((2, 1, 1200), "b1", 8), Decision::Store);
    // Set back once more, to the same state.
    assert_eq!(story.report((1, 51, 1300), "b1", 9), Decision::RolledBack);
    assert_eq!(story.report((3, 1, 1400), "b1", 10), Decision::Store);
}

#[test]
fn a_duplicate_from_before_a_reboot_is_late_after_it() {
    let mut story = Story(None);
    story.report((1, 9, 90), "b1", 9);
    story.report((1, 10, 100), "b1", 10);
    story.report((1, 11, 200), "b2", 11);
    assert_eq!(story.report((1, 10, 100), "b1", 10), Decision::LateDuplicate);
    assert_eq!(story.report((1, 9, 90), "b1", 9), Decision::LateDuplicate);
    assert_eq!(story.report((1, 12, 300), "b2", 12), Decision::Store);
}

#[test]
fn epochs_that_take_turns_are_a_clone() {
    let mut story = Story(None);
    story.report((1, 10, 100), "b1", 10);
    assert_eq!(story.report((2, 1, 200), "b2", 1), Decision::Store);
    assert_eq!(story.report((1, 11, 300), "b1", 11), Decision::Cloned);
}

#[test]
fn two_copies_of_one_machine_are_a_clone_by_the_second_report_of_the_first() {
    let mut story = Story(None);
    assert_eq!(story.report((1, 11, 300), "b1", 11), Decision::Store);
    assert_eq!(story.report((1, 11, 301), "b2", 99), Decision::RolledBack);
    assert_eq!(story.report((2, 1, 302), "b2", 99), Decision::Store, "the copy obeys and begins anew");
    assert_eq!(story.report((1, 12, 600), "b1", 12), Decision::Cloned);
}

#[test]
fn what_was_under_way_while_the_epoch_changed_is_late() {
    let mut story = Story(None);
    story.report((1, 10, 100), "b1", 10);
    story.report((2, 1, 200), "b1", 1);
    assert_eq!(story.report((1, 11, 150), "b1", 11), Decision::LateDuplicate, "never arrived before");
    assert_eq!(story.report((1, 10, 100), "b1", 10), Decision::Duplicate);
    assert_eq!(story.report((1, 4, 40), "b1", 4), Decision::LateDuplicate);
    assert_eq!(story.report((2, 2, 300), "b1", 2), Decision::Store);
}

#[test]
fn an_epoch_that_nobody_heard_of_before_the_next_one_began_is_late_for_some_minutes() {
    let mut story = Story(None);
    story.report((1, 1, 1000), "b1", 1);
    story.report((3, 1, 3000), "b1", 3);
    assert_eq!(story.report((2, 1, 2990), "b1", 2), Decision::LateDuplicate, "it was on its way");
    assert_eq!(story.report((3, 2, 3300), "b1", 4), Decision::Store, "and nobody is taken for two");
    assert_eq!(story.report((4, 1, 50), "b1", 5), Decision::Store, "a clock that begins anew is no delay");
}

#[test]
fn what_is_remembered_is_bounded() {
    let mut story = Story(None);
    for epoch in 0..100 {
        story.report((epoch, 1, i64::from(epoch)), "b", epoch);
    }
    for seq in 2..100_u64 {
        story.report((99, seq, 1000), &format!("b{seq}"), 1);
    }
    let progress = story.0.unwrap();
    assert_eq!((progress.past.len(), progress.boots.len()), (MAX_PAST, MAX_BOOTS));
    assert_eq!(progress.past[0].epoch, Epoch([99 - 32; 16]), "the oldest is forgotten");
}
