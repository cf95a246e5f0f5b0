//! DeTT&CT's data source administration 1.1: every key, real dates, scores in range.

use std::collections::BTreeSet;

use blindspot::output::dettect;
use yaml_serde::Value;

use crate::support::rendered;

fn keys(value: &Value) -> BTreeSet<&str> {
    value.as_mapping().unwrap().keys().filter_map(Value::as_str).collect()
}

fn items<'v>(value: &'v Value, key: &str) -> &'v [Value] {
    value[key].as_sequence().unwrap()
}

#[test]
fn every_key_that_dettect_needs_is_there() {
    let file: Value = yaml_serde::from_str(&rendered(dettect::render)).unwrap();
    assert_eq!(file["version"].as_f64(), Some(1.1));
    assert_eq!(file["file_type"].as_str(), Some("data-source-administration"));
    assert_eq!(file["domain"].as_str(), Some("enterprise-attack"));
    assert!(items(&file, "exceptions").is_empty());
    let systems: BTreeSet<&str> =
        items(&file, "systems").iter().map(|system| system["applicable_to"].as_str().unwrap()).collect();
    assert_eq!(systems, BTreeSet::from(["windows-hosts"]));
    for entry in items(&file, "data_sources") {
        assert_eq!(keys(entry), BTreeSet::from(["data_source", "data_source_name"]));
        for source in items(entry, "data_source") {
            assert_eq!(
                keys(source),
                BTreeSet::from([
                    "applicable_to",
                    "available_for_data_analytics",
                    "comment",
                    "data_quality",
                    "date_connected",
                    "date_registered",
                    "products",
                ])
            );
            for system in items(source, "applicable_to") {
                assert!(systems.contains(system.as_str().unwrap()));
            }
            assert!(!items(source, "products").is_empty());
            let quality = source["data_quality"].as_mapping().unwrap();
            assert_eq!(quality.len(), 5);
            for score in quality.values() {
                assert!(score.as_u64().is_some_and(|score| score <= 5), "{score:?}");
            }
        }
    }
}

#[test]
fn components_are_what_was_recorded_and_nothing_else() {
    let file: Value = yaml_serde::from_str(&rendered(dettect::render)).unwrap();
    let names: BTreeSet<&str> = items(&file, "data_sources")
        .iter()
        .map(|entry| entry["data_source_name"].as_str().unwrap())
        .collect();
    for recorded in ["Process Creation", "Windows Registry Key Modification", "Logon Session Creation"] {
        assert!(names.contains(recorded), "{recorded} is not among {names:?}");
    }
    assert!(!names.contains("Module Load"), "{names:?}");
}

#[test]
fn dates_stand_without_quotes() {
    let text = rendered(dettect::render);
    assert!(text.contains("date_registered: 2026-03-02\n"), "{text}");
    assert!(text.contains("date_connected: 2026-03-01\n"), "{text}");
}
