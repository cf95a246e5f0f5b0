//! Field fill: value, placeholder, empty.

use blindspot_sampling::evtx::verify;
use blindspot_telemetry::FieldFill;
use blindspot_tests::evtx_builder::{Event, EvtxBuilder, Payload, Style, Value};

use crate::support::{ALL_STYLES, fill, minute, scan_bytes};

const FILLED: FieldFill = FieldFill { filled: 1, placeholder: 0, empty: 0 };
const PLACEHOLDER: FieldFill = FieldFill { filled: 0, placeholder: 1, empty: 0 };
const EMPTY: FieldFill = FieldFill { filled: 0, placeholder: 0, empty: 1 };

fn with_data(data: Vec<(&str, Value)>) -> Event {
    let mut event = Event::new("S", "P", 1, &[]);
    event.payload = Payload::EventData(data.into_iter().map(|(name, value)| (name.into(), value)).collect());
    event
}

fn file_in(style: Style, events: &[Event]) -> Vec<u8> {
    let mut builder = EvtxBuilder::new(style);
    events.iter().for_each(|event| builder.push(event));
    builder.build()
}

#[test]
fn a_field_is_filled_a_placeholder_or_empty_in_every_style() {
    for style in ALL_STYLES {
        let event = with_data(vec![
            ("Image", "cmd.exe".into()),
            ("Zero", Value::Number(0)),
            ("User", "-".into()),
            ("Minus", "-1".into()),
            ("LogonGuid", Value::Guid([0; 16])),
            ("ProcessGuid", Value::Guid([7; 16])),
            ("CommandLine", "".into()),
            ("Hashes", Value::Null),
        ]);
        let scan = scan_bytes(&file_in(style, &[event]));
        for (name, expected) in [
            ("Image", FILLED),
            ("Zero", FILLED),
            ("User", PLACEHOLDER),
            ("Minus", FILLED),
            ("LogonGuid", PLACEHOLDER),
            ("ProcessGuid", FILLED),
            ("CommandLine", EMPTY),
            ("Hashes", EMPTY),
            ("NoSuchField", FieldFill::default()),
        ] {
            assert_eq!(fill(&scan, name), expected, "{style:?}: {name}");
        }
    }
}

#[test]
fn unnamed_data_is_one_field_that_is_as_full_as_its_fullest() {
    for style in ALL_STYLES {
        let event = with_data(vec![("", "-".into()), ("", "text".into()), ("", "".into())]);
        let scan = scan_bytes(&file_in(style, &[event]));
        assert_eq!(fill(&scan, "Data"), FILLED, "{style:?}");
    }
}

#[test]
fn user_data_fields_go_by_their_own_names_without_the_wrapper() {
    for style in ALL_STYLES {
        let mut event = Event::new("Security", "Microsoft-Windows-Eventlog", 1102, &[]);
        let data = vec![("SubjectUserName".into(), "admin".into()), ("SubjectDomainName".into(), "-".into())];
        event.payload = Payload::UserData("LogFileCleared".into(), data);
        let scan = scan_bytes(&file_in(style, &[event]));
        assert_eq!(fill(&scan, "SubjectUserName"), FILLED, "{style:?}");
        assert_eq!(fill(&scan, "SubjectDomainName"), PLACEHOLDER, "{style:?}");
        assert_eq!(fill(&scan, "LogFileCleared"), FieldFill::default(), "{style:?}");
    }
}

#[test]
fn a_wrapper_of_user_data_without_children_is_no_field() {
    for style in ALL_STYLES {
        let mut event = Event::new("Security", "Microsoft-Windows-Eventlog", 1102, &[]);
        event.payload = Payload::UserData("LogFileCleared".into(), Vec::new());
        let scan = scan_bytes(&file_in(style, &[event]));
        let observed = scan.computers[0].event_types.values().next().expect("a type");
        assert!(observed.fields.is_empty(), "{style:?}: {:?}", observed.fields);
    }
}

#[test]
fn a_fragment_inside_a_field_gives_its_own_elements_as_fields() {
    for style in ALL_STYLES {
        let nested = Value::Nested("Inner".into(), "text".into());
        let event = with_data(vec![("Outer", nested), ("Plain", "x".into())]);
        let file = file_in(style, &[event]);
        let scan = scan_bytes(&file);
        assert_eq!(fill(&scan, "Inner"), FILLED, "{style:?}");
        assert_eq!(fill(&scan, "Plain"), FILLED, "{style:?}");
        assert_eq!(fill(&scan, "Outer"), FieldFill::default(), "{style:?}");
        let verification = verify(&file, file.len() as u64, &|_| ()).expect("a file");
        assert_eq!((verification.agreed, verification.differences), (1, vec![]), "{style:?}");
    }
}

#[test]
fn what_the_walker_does_not_understand_is_read_by_the_full_parse() {
    for style in ALL_STYLES {
        let events = [
            with_data(vec![("Odd", Value::TemplateNumber(7)), ("User", "-".into())]).at(1, minute(1)),
            with_data(vec![("Odd", "x".into()), ("User", "y".into())]).at(2, minute(2)),
        ];
        let file = file_in(style, &events);
        let scan = scan_bytes(&file);
        assert_eq!((scan.records, scan.damaged), (2, 0), "{style:?}");
        assert_eq!((scan.oldest, scan.newest), (Some(minute(1)), Some(minute(2))));
        assert_eq!(fill(&scan, "Odd"), FieldFill { filled: 2, placeholder: 0, empty: 0 });
        assert_eq!(fill(&scan, "User"), FieldFill { filled: 1, placeholder: 1, empty: 0 });
        let verification = verify(&file, file.len() as u64, &|_| ()).expect("a file");
        assert_eq!((verification.scanned, verification.handed_over, verification.agreed), (1, 1, 2));
    }
}

#[test]
fn a_field_that_a_later_template_adds_is_declared_only_by_its_own_events() {
    let old = (1..=3).map(|id| with_data(vec![("A", "x".into())]).at(id, minute(0)));
    let new = (4..=5).map(|id| with_data(vec![("A", "".into()), ("B", "y".into())]).at(id, minute(0)));
    let events: Vec<Event> = old.chain(new).collect();
    let scan = scan_bytes(&EvtxBuilder::file_of(&events));
    assert_eq!(fill(&scan, "A"), FieldFill { filled: 3, placeholder: 0, empty: 2 });
    assert_eq!(fill(&scan, "B"), FieldFill { filled: 2, placeholder: 0, empty: 0 });
}

#[test]
fn more_fields_than_a_machine_word_has_bits_are_all_counted() {
    let names: Vec<String> = (0..200).map(|number| format!("Field{number}")).collect();
    let data = names
        .iter()
        .enumerate()
        .map(|(number, name)| (name.as_str(), if number % 2 == 0 { Value::from("x") } else { Value::Null }));
    let scan = scan_bytes(&EvtxBuilder::file_of([&with_data(data.collect())]));
    assert_eq!(fill(&scan, "Field198"), FILLED);
    assert_eq!(fill(&scan, "Field199"), EMPTY);
}
