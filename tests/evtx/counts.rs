//! Counts, times and channels of built files.

use std::collections::BTreeMap;

use blindspot_sampling::{
    Detail,
    evtx::{channel_of_file_name, verify},
};
use blindspot_telemetry::Hour;
use blindspot_tests::evtx_builder::{CHUNK_BYTES, Event, EvtxBuilder, FILE_HEAD, Payload, Style, Value};

use crate::support::{ALL_STYLES, chunked, counts, minute, options, processes, scan_bytes, scan_with};

#[test]
fn every_style_gives_the_same_counts_times_and_hours() {
    for style in ALL_STYLES {
        let mut builder = EvtxBuilder::new(style);
        for event in processes(100) {
            builder.push(&event);
        }
        for id in 101..=103 {
            builder.push(&Event::new("System", "Service Control Manager", 7045, &[]).at(id, minute(600)));
        }
        let file = builder.build();
        let scan = scan_bytes(&file);
        let expected = [("sysmon:1".to_owned(), 100), ("system[Service Control Manager]:7045".to_owned(), 3)];
        assert_eq!(counts(&scan), BTreeMap::from(expected), "{style:?}");
        assert_eq!((scan.records, scan.damaged, scan.uncounted), (103, 0, 0));
        assert_eq!((scan.oldest, scan.newest), (Some(minute(1)), Some(minute(600))));
        assert_eq!(scan.lowest_record_id, Some(1));
        assert_eq!(scan.channels.len(), 2);
        let sysmon = &scan.computers[0].event_types[&"sysmon:1".parse().expect("a type")];
        assert_eq!((sysmon.first, sysmon.last), (minute(1), minute(100)));
        let hours = [(Hour::of(minute(0)), 59), (Hour::of(minute(60)), 41)];
        assert_eq!(sysmon.hours, BTreeMap::from(hours));
        let verification = verify(&file, file.len() as u64, &|_| ()).expect("a file");
        assert_eq!((verification.agreed, verification.differences), (103, vec![]));
    }
}

#[test]
fn threads_and_detail_change_nothing_in_the_counts() {
    let file = chunked(&processes(1000), 30);
    let whole = scan_bytes(&file);
    assert_eq!(whole.records, 1000);
    for threads in [2, 3, 7, 1000] {
        assert_eq!(scan_with(&file, &options(Detail::Inventory, threads)), whole, "{threads} threads");
    }
    let counted = scan_with(&file, &options(Detail::Counts, 2));
    assert_eq!(counts(&counted), counts(&whole));
    assert!(counted.computers[0].event_types.values().all(|observed| observed.fields.is_empty()));
}

#[test]
fn progress_adds_up_to_the_length_of_the_file() {
    let file = chunked(&processes(400), 2);
    for threads in [1, 3] {
        let read = std::sync::atomic::AtomicU64::new(0);
        let progress = |bytes| {
            read.fetch_add(bytes, std::sync::atomic::Ordering::Relaxed);
        };
        let options = options(Detail::Counts, threads);
        blindspot_sampling::evtx::scan(&file, file.len() as u64, &options, &progress).expect("a file");
        assert_eq!(read.into_inner(), file.len() as u64);
    }
}

#[test]
fn a_record_without_channel_is_counted_under_that_of_the_file() {
    let mut event = Event::new("x", "Microsoft-Windows-RPC", 6, &[]);
    event.channel = None;
    let file = EvtxBuilder::file_of([&event]);
    let mut options = options(Detail::Inventory, 1);
    options.fallback_channel = channel_of_file_name("Microsoft-Windows-RPC%4Debug.evtx");
    let scan = scan_with(&file, &options);
    assert_eq!(scan.channels[0].as_str(), "Microsoft-Windows-RPC/Debug");
    assert_eq!(scan_bytes(&file).channels[0].as_str(), "");
}

#[test]
fn ids_count_without_regard_to_order_and_the_lowest_is_kept() {
    let mut events = processes(10);
    events.rotate_left(5);
    let scan = scan_bytes(&EvtxBuilder::file_of(&events[..7]));
    assert_eq!((scan.records, scan.lowest_record_id), (7, Some(1)));
}

#[test]
fn two_templates_with_one_guid_are_not_confused() {
    // The same bytes but for one field's name: the damaged copy keeps the GUID of the other.
    let mut builder = EvtxBuilder::new(Style::Literals);
    for (id, name) in [(1, "Image"), (2, "Imagf")] {
        builder.push(&Event::new("S", "P", 1, &[(name, "x")]).at(id, minute(0)));
        builder.end_chunk();
    }
    let mut file = builder.build();
    let guids = nested_guids(&file);
    let (first, second) = (guids[0], guids[1]);
    assert_ne!(file[first..first + 16], file[second..second + 16]);
    file.copy_within(first..first + 16, second);
    let scan = scan_bytes(&file);
    let fields = &scan.computers[0].event_types.values().next().expect("a type").fields;
    let names: Vec<&str> = fields.keys().map(|name| name.as_str()).collect();
    assert_eq!(names, ["Image", "Imagf"]);
}

#[test]
fn two_templates_that_differ_only_in_what_a_name_refers_to_are_not_confused() {
    // The second event of each chunk refers back to names that the first one spells out.
    let user_data = |id, names: &[&str]| {
        let mut event = Event::new("S", "P", 1, &[]).at(id, minute(0));
        let data = names.iter().map(|name| ((*name).to_owned(), Value::from("x"))).collect();
        event.payload = Payload::UserData("Wrapper".into(), data);
        event
    };
    let mut builder = EvtxBuilder::new(Style::Literals);
    for first in [1, 3] {
        builder.push(&user_data(first, &["ParamA", "ParamB"]));
        builder.push(&user_data(first + 1, &["ParamA"]));
        builder.end_chunk();
    }
    let mut file = builder.build();
    let second = &mut file[FILE_HEAD + CHUNK_BYTES..];
    let reference = |chunk: &[u8], name: &str| {
        let utf16: Vec<u8> = name.encode_utf16().flat_map(u16::to_le_bytes).collect();
        let at = (0..chunk.len()).find(|at| chunk[*at..].starts_with(&utf16)).expect("the name");
        u32::try_from(at - 8).expect("within a chunk").to_le_bytes()
    };
    let (a, b) = (reference(second, "ParamA"), reference(second, "ParamB"));
    let last = (512..second.len() - 4).rfind(|at| second[*at..].starts_with(&a)).expect("a reference");
    second[last..last + 4].copy_from_slice(&b);
    let scan = scan_bytes(&file);
    let fields = &scan.computers[0].event_types.values().next().expect("a type").fields;
    let declared: Vec<u64> = fields.values().map(|fill| fill.declared()).collect();
    assert_eq!(declared, [3, 3], "{fields:?}");
}

/// Where the GUIDs of the definitions of `EventData` are: the name is spelled out in them.
fn nested_guids(file: &[u8]) -> Vec<usize> {
    let name: Vec<u8> = "EventData".encode_utf16().flat_map(u16::to_le_bytes).collect();
    let names = (0..file.len() - name.len()).filter(|at| file[*at..].starts_with(&name));
    // Name: reference 4, link 4, hash 2, length 2; element: token 1, dependency 2, size 4; fragment header 4; size 4.
    names.map(|at| at - 12 - 7 - 4 - 4 - 16).collect()
}
