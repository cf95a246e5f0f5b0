//! What the builder writes is what the `evtx` crate reads.

use blindspot_tests::evtx_builder::{Event, EvtxBuilder, Payload, Style, Value};
use evtx::{EvtxParser, ParserSettings};

use crate::support::{ALL_STYLES, minute};

fn rendered(file: Vec<u8>) -> Vec<String> {
    let settings = ParserSettings::default().indent(false).validate_checksums(true);
    let mut parser = EvtxParser::from_buffer(file).expect("a file").with_configuration(settings);
    assert!(parser.header().validate_checksum(), "the header's checksum");
    parser.records().map(|record| record.expect("a record").data).collect()
}

fn events() -> Vec<Event> {
    let mut guid =
        Event::new("Security", "Microsoft-Windows-Security-Auditing", 4688, &[("Name", "x & <y>")]);
    let Payload::EventData(data) = &mut guid.payload else { panic!("event data") };
    data.push((
        "Id".into(),
        Value::Guid(*b"\x01\x23\x45\x67\x89\xab\xcd\xef\x01\x23\x45\x67\x89\xab\xcd\xef"),
    ));
    data.push(("Size".into(), Value::Number(77)));
    data.push(("Gone".into(), Value::Null));
    data.push((String::new(), Value::from("unnamed")));
    let mut cleared = Event::new("Security", "Microsoft-Windows-Eventlog", 1102, &[]);
    cleared.payload =
        Payload::UserData("LogFileCleared".into(), vec![("SubjectUserName".into(), Value::from("admin"))]);
    let mut bare = Event::new("System", "Service Control Manager", 7036, &[]);
    bare.payload = Payload::None;
    bare.channel = None;
    vec![guid.at(7, minute(1)), cleared.at(8, minute(2)).on("DC01"), bare.at(9, minute(3))]
}

#[test]
fn every_style_renders_to_the_values_that_went_in() {
    for style in ALL_STYLES {
        let mut builder = EvtxBuilder::new(style);
        events().iter().for_each(|event| builder.push(event));
        let rendered = rendered(builder.build());
        let [guid, cleared, bare] = rendered.as_slice() else { panic!("{style:?}: three records") };
        for expected in [
            r#"<Provider Name="Microsoft-Windows-Security-Auditing"/>"#,
            "<EventID>4688</EventID>",
            r#"SystemTime="2024-05-01T00:01:00"#,
            "<EventRecordID>7</EventRecordID><Channel>Security</Channel><Computer>WS01</Computer>",
            r#"<Data Name="Name">x &amp; &lt;y&gt;</Data>"#,
            r#"<Data Name="Id">{67452301-ab89-efcd-0123-456789abcdef}</Data>"#,
            r#"<Data Name="Size">77</Data>"#,
            "<Data>unnamed</Data>",
        ] {
            assert!(guid.contains(expected), "{style:?}: {expected} in {guid}");
        }
        assert!(cleared.contains("<Computer>DC01</Computer>"), "{cleared}");
        assert!(cleared.contains("<SubjectUserName>admin</SubjectUserName></LogFileCleared>"), "{cleared}");
        assert!(bare.contains("<EventID>7036</EventID>") && !bare.contains("Channel"), "{bare}");
    }
}

#[test]
fn a_full_chunk_is_followed_by_another_and_nothing_is_lost() {
    let mut builder = EvtxBuilder::new(Style::Literals);
    let long = "x".repeat(9_000);
    for id in 1..=20 {
        builder.push(&Event::new("System", "P", 1, &[("Text", &long)]).at(id, minute(0)));
    }
    let file = builder.build();
    assert_eq!(file.len(), 4096 + 7 * 65_536);
    assert_eq!(rendered(file).len(), 20);
}
