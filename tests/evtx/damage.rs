//! Damage is counted, what is whole is counted too, and nothing that never happened is.

use blindspot_sampling::evtx::{DifferenceKind, ScanOptions, verify};
use blindspot_tests::evtx_builder::Damage;

use crate::support::{chunked, counts, processes, scan_bytes, scan_with};

/// Forty records in chunks of ten.
fn damaged(damage: Damage) -> Vec<u8> {
    let mut file = chunked(&processes(40), 10);
    damage.apply(&mut file);
    file
}

#[test]
fn each_kind_of_damage_costs_exactly_what_it_hit() {
    for (damage, records, lost) in [
        (Damage::WrongSizeCopy { chunk: 1, record: 4 }, 39, 1),
        (Damage::TornRecord { chunk: 1, record: 4 }, 39, 1),
        (Damage::TornRecord { chunk: 1, record: 9 }, 39, 1),
        (Damage::ValuesBehindEnd { chunk: 2, record: 3 }, 39, 1),
        (Damage::LeftOverFrom { chunk: 2, record: 6 }, 37, 0),
        (Damage::ZeroesFrom { chunk: 3, record: 2 }, 32, 8),
        (Damage::ZeroedChunk(1), 30, 0),
        (Damage::WrongChunkMagic(1), 30, 1),
        (Damage::WrongChecksums(1), 40, 0),
        (Damage::DirtyFlag, 40, 0),
        (Damage::Truncated(4096 + 2 * 65_536), 20, 0),
    ] {
        let scan = scan_bytes(&damaged(damage));
        assert_eq!((scan.records, scan.damaged), (records, lost), "{damage:?}");
        let types: Vec<String> = counts(&scan).into_keys().collect();
        assert_eq!(types, ["sysmon:1"], "{damage:?}: nothing that never happened");
    }
}

#[test]
fn a_file_that_ends_inside_a_chunk_gives_its_whole_records() {
    let whole = chunked(&processes(40), 10);
    // The first record of a chunk carries the templates; 2,000 bytes hold it and a few more.
    let cut = 4096 + 3 * 65_536 + 2_500;
    let scan = scan_bytes(&whole[..cut]);
    assert!(scan.records > 31 && scan.records < 40, "{}", scan.records);
    assert_eq!(scan.records + scan.damaged, 40);
}

#[test]
fn chunks_are_told_apart() {
    let mut file = chunked(&processes(40), 10);
    Damage::ZeroedChunk(0).apply(&mut file);
    Damage::WrongChunkMagic(2).apply(&mut file);
    let chunks = scan_bytes(&file).chunks;
    assert_eq!((chunks.in_use, chunks.unused, chunks.damaged), (2, 1, 1));
}

#[test]
fn a_first_record_that_is_torn_takes_its_templates_along_and_no_more() {
    let file = damaged(Damage::TornRecord { chunk: 0, record: 0 });
    let scan = scan_with(&file, &ScanOptions::default());
    assert_eq!(scan.records + scan.damaged, 40);
    assert!(scan.records >= 30);
    assert_eq!(counts(&scan).into_keys().collect::<Vec<_>>(), ["sysmon:1"]);
}

#[test]
fn verify_shows_a_torn_record_as_the_damage_policy_and_nothing_else() {
    let file = damaged(Damage::WrongSizeCopy { chunk: 1, record: 4 });
    let verification = verify(&file, file.len() as u64, &|_| ()).expect("a file");
    assert_eq!((verification.agreed, verification.parsed), (39, 40));
    let [difference] = verification.differences.as_slice() else { panic!("one difference") };
    assert_eq!(difference.kind, DifferenceKind::Torn);
    assert_eq!(difference.parsed.as_ref().and_then(|facts| facts.record_id), Some(15));
    assert!(difference.to_string().contains("torn record"), "{difference}");
    assert!(verification.holds());
}
