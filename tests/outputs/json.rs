//! The JSON documents hold what their published schemas say.

use blindspot::{output, report::Report};
use blindspot_tests::program::run;
use serde_json::Value;

use crate::{
    schema,
    support::{rendered, rendered_for_one},
};

const AUDIT: &str = include_str!("../../docs/schema/blindspot.audit-1.schema.json");
const RULES: &str = include_str!("../../docs/schema/blindspot.rules-1.schema.json");

fn json_form(report: &Report<'_>) -> anyhow::Result<String> {
    Ok(output::json::render(report)?)
}

#[test]
fn an_audit_is_as_its_schema_says() {
    let schema: Value = serde_json::from_str(AUDIT).unwrap();
    for text in [rendered(json_form), rendered_for_one(json_form)] {
        let document: Value = serde_json::from_str(&text).unwrap();
        assert_eq!(schema::errors(&schema, &document), Vec::<String>::new());
        assert_eq!(document["overlays"][0]["id"], "G0046");
    }
}

#[test]
fn every_key_of_an_audit_is_in_its_schema() {
    let schema: Value = serde_json::from_str(AUDIT).unwrap();
    let document: Value = serde_json::from_str(&rendered(json_form)).unwrap();
    assert_eq!(schema::unnamed_keys(&schema, &document), Vec::<String>::new());
}

#[test]
fn the_rules_document_is_as_its_schema_says() {
    let schema: Value = serde_json::from_str(RULES).unwrap();
    let rules = concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/sigma");
    let ran = run(&["rules", "show", rules, "--format", "json"]);
    let document: Value = serde_json::from_str(&ran.out).unwrap();
    assert_eq!(schema::errors(&schema, &document), Vec::<String>::new());
    assert_eq!(schema::unnamed_keys(&schema, &document), Vec::<String>::new());
    assert!(document["rules"].as_array().unwrap().len() > 5);
}

#[test]
fn the_schema_check_finds_what_is_wrong() {
    let schema: Value = serde_json::from_str(AUDIT).unwrap();
    let mut document: Value = serde_json::from_str(&rendered(json_form)).unwrap();
    document["detections"][0]["verdict"] = "splendid".into();
    document["hosts"][0].as_object_mut().unwrap().remove("platform");
    document["summary"]["hosts"] = "two".into();
    let errors = schema::errors(&schema, &document).join("\n");
    for place in ["/detections/0/verdict", "/hosts/0", "/summary/hosts"] {
        assert!(errors.contains(place), "{errors}");
    }
}
