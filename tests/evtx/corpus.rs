//! Every EVTX file of the corpus against the `evtx` crate's full parse.

use std::{collections::BTreeMap, fs, path::Path};

use blindspot_sampling::{
    Detail,
    evtx::{DifferenceKind, Verification, verify},
};
use blindspot_telemetry::EventType;
use blindspot_tests::corpus::{corpus, files_below};
use evtx::{EvtxParser, ParserSettings};
use serde_json::Value;

use crate::support::{options, scan_with};

/// Records that the full parse yields and the scanner holds to be torn, by file: id and what the full parse would
/// have counted. EVTX.md section 3 lists why each is one.
const TORN: [(&str, &[&str]); 3] = [
    ("Microsoft-Windows-HelloForBusiness%4Operational.evtx", &["0 []:0"]),
    (
        "Microsoft-Windows-LanguagePackSetup%4Operational.evtx",
        &["17 [Microsoft-Windows-LanguagePackSetup]:4000"],
    ),
    (
        "sample_with_a_bad_chunk_magic.evtx",
        &[
            "- -",
            "47640 Microsoft-Windows-AppXDeployment/Operational:325",
            "45933 Microsoft-Windows-AppXDeployment/Operational:325",
        ],
    ),
];

#[test]
fn every_record_and_every_field_equals_the_full_parse_but_for_torn_records() {
    let Some(corpus) = corpus() else { return };
    let (mut files, mut agreed, mut handed_over) = (0, 0, 0);
    let mut torn = BTreeMap::new();
    for path in files_below(&corpus, ".evtx") {
        let bytes = fs::read(&path).expect("a file of the corpus");
        let verification = verify(&bytes, bytes.len() as u64, &|_| ()).expect("an EVTX file");
        assert!(verification.holds(), "{}: {}", path.display(), shown(&verification));
        files += 1;
        agreed += verification.agreed;
        handed_over += verification.handed_over;
        if !verification.differences.is_empty() {
            torn.insert(name(&path), torn_records(&verification));
        }
    }
    let expected: BTreeMap<String, Vec<String>> = TORN
        .iter()
        .map(|(file, records)| ((*file).to_owned(), records.iter().map(|text| (*text).to_owned()).collect()))
        .collect();
    assert_eq!(torn, expected);
    assert_eq!((files, agreed, handed_over), (300, 26_813, 0));
}

fn shown(verification: &Verification) -> String {
    let differences = verification.differences.iter().take(20);
    differences.map(|difference| format!("\n  {difference}")).collect()
}

fn torn_records(verification: &Verification) -> Vec<String> {
    let torn = verification.differences.iter().filter(|found| found.kind == DifferenceKind::Torn);
    torn.map(|difference| {
        let parsed = difference.parsed.as_ref().expect("a record of the full parse");
        let id = parsed.record_id.map_or("-".to_owned(), |id| id.to_string());
        let event_type = parsed.event_type.as_ref().filter(|_| parsed.record_id.is_some());
        format!("{id} {}", event_type.map_or("-".to_owned(), EventType::to_string))
    })
    .collect()
}

fn name(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

/// What is counted of a file: event types and when, in 100 ns.
type Counted = BTreeMap<(String, String, u16), (u64, i128, i128)>;

/// The same comparison by another way: JSON instead of XML, whole files instead of chunks, sums instead of records.
#[test]
fn counts_and_times_of_every_file_equal_those_of_the_crates_json() {
    let Some(corpus) = corpus() else { return };
    for path in files_below(&corpus, ".evtx") {
        let file_name = name(&path);
        let bytes = fs::read(&path).expect("a file of the corpus");
        let scan = scan_with(&bytes, &options(Detail::Counts, 2));
        let mut counted = Counted::new();
        for (event_type, observed) in scan.computers.iter().flat_map(|computer| &computer.event_types) {
            let EventType::Windows { channel, provider, event_id } = event_type else { panic!("Windows") };
            let key = (channel.as_str().to_owned(), provider.as_str().to_owned(), event_id.0);
            let (first, last) = (ticks(observed.first), ticks(observed.last));
            let sum = counted.entry(key).or_insert((0, first, last));
            *sum = (sum.0 + observed.count, sum.1.min(first), sum.2.max(last));
        }
        let torn = TORN.iter().find(|(file, _)| *file == file_name).map_or(&[][..], |(_, records)| records);
        assert_eq!(counted, full_parse(bytes, torn), "{file_name}");
    }
}

fn ticks(time: jiff::Timestamp) -> i128 {
    time.as_nanosecond() / 100
}

fn full_parse(bytes: Vec<u8>, torn: &[&str]) -> Counted {
    let settings = ParserSettings::default().num_threads(1);
    let mut parser = EvtxParser::from_buffer(bytes).expect("an EVTX file").with_configuration(settings);
    let mut counted = Counted::new();
    for record in parser.records_json_value().flatten() {
        let system = &record.data["Event"]["System"];
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let number = |value: &Value| value.as_u64().or_else(|| value.as_str()?.parse().ok());
        let id = &system["EventID"];
        let event_id = number(id).or_else(|| number(&id["#text"]));
        let record_id = number(&system["EventRecordID"]);
        let shown = record_id.map_or("-".to_owned(), |id| id.to_string());
        if torn.iter().any(|record| record.split(' ').next() == Some(&shown)) {
            continue;
        }
        let time = text(&system["TimeCreated"]["#attributes"]["SystemTime"]);
        let time = ticks(time.parse().expect("a time"));
        let provider = text(&system["Provider"]["#attributes"]["Name"]);
        let event_id = u16::try_from(event_id.expect("an event id")).expect("16 bits");
        let sum = counted.entry((text(&system["Channel"]), provider, event_id)).or_insert((0, time, time));
        *sum = (sum.0 + 1, sum.1.min(time), sum.2.max(time));
    }
    counted
}
