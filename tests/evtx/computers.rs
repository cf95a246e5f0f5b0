//! Whose events they are.

use blindspot_tests::evtx_builder::{Event, EvtxBuilder, Style};

use crate::support::{ALL_STYLES, chunked, minute, options, scan_bytes, scan_with};

fn events(computers: &[&str]) -> Vec<Event> {
    let numbered = (1..).zip(computers);
    numbered.map(|(id, name)| Event::new("System", "P", 1, &[]).on(name).at(id, minute(0))).collect()
}

#[test]
fn a_renamed_machine_is_two_names_in_order_and_not_interleaved() {
    for style in ALL_STYLES {
        let mut builder = EvtxBuilder::new(style);
        events(&["WIN-1", "WIN-1", "win-1", "DC01", "dc01"]).iter().for_each(|event| builder.push(event));
        let scan = scan_bytes(&builder.build());
        let names: Vec<&str> = scan.computers.iter().map(|computer| computer.name.as_str()).collect();
        assert_eq!(names, ["WIN-1", "DC01"], "{style:?}");
        assert!(!scan.interleaved);
        let counts: Vec<u64> = scan
            .computers
            .iter()
            .map(|computer| computer.event_types.values().map(|observed| observed.count).sum())
            .collect();
        assert_eq!(counts, [3, 2]);
    }
}

#[test]
fn names_that_come_back_are_several_machines() {
    let file = EvtxBuilder::file_of(&events(&["A", "B", "A"]));
    assert!(scan_bytes(&file).interleaved);
    let apart = chunked(&events(&["A", "B", "A", "B"]), 1);
    assert!(scan_with(&apart, &options(blindspot_sampling::Detail::Counts, 2)).interleaved);
}

#[test]
fn a_ring_that_wrapped_after_a_rename_is_one_machine() {
    // The newest chunk overwrote the oldest: ids 4 to 6, then 1 to 3.
    let mut events = events(&["OLD", "OLD", "OLD", "OLD", "NEW", "NEW"]);
    events.rotate_left(3);
    let file = chunked(&events, 3);
    for threads in [1, 2] {
        let scan = scan_with(&file, &options(blindspot_sampling::Detail::Counts, threads));
        let names: Vec<&str> = scan.computers.iter().map(|computer| computer.name.as_str()).collect();
        assert_eq!(names, ["OLD", "NEW"]);
        assert!(!scan.interleaved);
    }
}

#[test]
fn a_collectors_log_of_many_machines_keeps_them_apart() {
    let names: Vec<String> = (0..50).map(|number| format!("HOST{number:02}")).collect();
    let names: Vec<&str> = names.iter().cycle().take(500).map(String::as_str).collect();
    let mut builder = EvtxBuilder::new(Style::Slots);
    events(&names).iter().for_each(|event| builder.push(event));
    let scan = scan_bytes(&builder.build());
    assert!(scan.interleaved);
    assert_eq!(scan.computers.len(), 50);
    assert!(scan.computers.iter().all(|c| c.event_types.values().map(|o| o.count).sum::<u64>() == 10));
}
