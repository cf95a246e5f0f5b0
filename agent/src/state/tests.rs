//! Slots that were torn, cut, flipped and mixed: what is read is one of the two states that were stored, or none.

use blindspot_telemetry::wire::{AgentId, Epoch, ServerEpoch};
use jiff::Timestamp;

use super::*;
use crate::core::Core;

/// A state that carries a number.
fn state(number: u8) -> State {
    let mut core = Core::new(AgentId([1; 16]), Epoch([number; 16]), ServerEpoch([3; 16]));
    core.note("n", None, &format!("number {number}"), Timestamp::UNIX_EPOCH);
    core.checkpoint().unwrap().1
}

fn folder_with(states: &[State]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let (mut held, found) = StateFolder::open(folder.path()).unwrap();
    assert_eq!(found, Found::Nothing);
    for state in states {
        held.store(state).unwrap();
    }
    folder
}

fn found(folder: &Path) -> Found {
    StateFolder::open(folder).unwrap().1
}

fn newest(state: State) -> Found {
    Found::State(Box::new(state), Slot::Newest)
}

fn older(state: State) -> Found {
    Found::State(Box::new(state), Slot::Older)
}

#[test]
fn the_state_that_was_stored_last_is_found() {
    for count in 1..6 {
        let states: Vec<State> = (0..count).map(state).collect();
        let folder = folder_with(&states);
        assert_eq!(found(folder.path()), newest(states.last().unwrap().clone()));
    }
}

#[test]
fn a_second_agent_is_kept_out() {
    let folder = folder_with(&[state(1)]);
    let _held = StateFolder::open(folder.path()).unwrap();
    assert!(matches!(StateFolder::open(folder.path()), Err(StateError::InUse(_))));
    assert_eq!(look_at(folder.path()).unwrap(), newest(state(1)));
}

/// Generations begin at 1: the newest of two is in slot 0, the one before in slot 1.
#[test]
fn whatever_is_cut_off_the_newest_slot_the_other_one_is_the_state() {
    let folder = folder_with(&[state(1), state(2)]);
    let slot = folder.path().join("state.0");
    let whole = fs::read(&slot).unwrap();
    let used = HEADER_BYTES + usize::try_from(u32::from_le_bytes(whole[16..20].try_into().unwrap())).unwrap();
    for length in 1..used {
        fs::write(&slot, &whole[..length]).unwrap();
        assert_eq!(found(folder.path()), older(state(1)), "{length}");
    }
    fs::write(&slot, &whole[..used]).unwrap();
    assert_eq!(found(folder.path()), newest(state(2)));
}

#[test]
fn every_flipped_bit_of_header_and_payload_is_noticed() {
    let folder = folder_with(&[state(1), state(2)]);
    let slot = folder.path().join("state.0");
    let whole = fs::read(&slot).unwrap();
    let used = HEADER_BYTES + usize::try_from(u32::from_le_bytes(whole[16..20].try_into().unwrap())).unwrap();
    for place in 0..used {
        for bit in 0..8 {
            let mut bytes = whole[..used].to_vec();
            bytes[place] ^= 1 << bit;
            fs::write(&slot, &bytes).unwrap();
            assert_eq!(found(folder.path()), older(state(1)), "byte {place} bit {bit}");
        }
    }
}

#[test]
fn with_both_slots_gone_the_state_is_lost_and_says_so() {
    let folder = folder_with(&[state(1), state(2)]);
    for slot in ["state.0", "state.1"] {
        fs::write(folder.path().join(slot), [0xa5; 5000]).unwrap();
    }
    assert_eq!(found(folder.path()), Found::Lost);
    let (mut held, _) = StateFolder::open(folder.path()).unwrap();
    held.store(&state(3)).unwrap();
    drop(held);
    assert!(matches!(found(folder.path()), Found::State(ref it, _) if **it == state(3)));
}

#[test]
fn a_slot_that_was_made_and_never_written_is_empty_not_torn() {
    let folder = folder_with(&[state(1)]);
    fs::write(folder.path().join("state.0"), vec![0; 8192]).unwrap();
    assert_eq!(found(folder.path()), newest(state(1)));
}

#[test]
fn what_a_newer_agent_wrote_is_left_alone() {
    let folder = folder_with(&[state(1)]);
    let slot = folder.path().join("state.1");
    let mut bytes = fs::read(&slot).unwrap();
    bytes[4] = 9;
    let crc = crc32c::crc32c(&bytes[..20]);
    bytes[20..24].copy_from_slice(&crc.to_le_bytes());
    fs::write(&slot, &bytes).unwrap();
    assert!(matches!(StateFolder::open(folder.path()), Err(StateError::Newer { found: 9 })));
    assert_eq!(fs::read(&slot).unwrap(), bytes);
}

#[test]
fn the_only_whole_slot_is_not_written_over_while_the_other_one_fails() {
    let folder = tempfile::tempdir().unwrap();
    let (mut disk, _) = StateFolder::open(folder.path()).unwrap();
    disk.store(&state(1)).unwrap();
    let blocked = folder.path().join("state.0");
    fs::create_dir(&blocked).unwrap();
    for number in 2..6 {
        assert!(disk.store(&state(number)).is_err(), "{number}");
    }
    fs::remove_dir(&blocked).unwrap();
    assert_eq!(look_at(folder.path()).unwrap(), newest(state(1)));
    disk.store(&state(6)).unwrap();
    disk.store(&state(7)).unwrap();
    drop(disk);
    assert_eq!(found(folder.path()), newest(state(7)));
}
