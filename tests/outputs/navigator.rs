//! Navigator layers 4.5: the keys that the Navigator reads, and none of what it trips over.

use blindspot::output::layer;
use serde_json::Value;

use crate::support::{rendered, rendered_for_one};

fn layers(text: &str) -> Vec<Value> {
    serde_json::from_str(text).unwrap()
}

fn technique<'l>(layer: &'l Value, id: &str) -> Option<&'l Value> {
    layer["techniques"].as_array().unwrap().iter().find(|technique| technique["techniqueID"] == id)
}

#[test]
fn one_list_holds_sight_depth_and_the_overlay() {
    let names = |text: &str| layers(text).iter().map(|layer| layer["name"].to_string()).collect::<Vec<_>>();
    assert_eq!(
        names(&rendered_for_one(layer::render)),
        ["\"Blindspot: sight\"", "\"Blindspot: depth\"", "\"Blindspot: group FIN7 (G0046)\""]
    );
    assert_eq!(names(&rendered(layer::render)).len(), 4);
}

#[test]
fn every_layer_has_the_keys_of_format_4_5() {
    for layer in layers(&rendered(layer::render)) {
        assert_eq!(layer["versions"]["layer"], "4.5");
        let attack = layer["versions"]["attack"].as_str().unwrap();
        assert!(attack.parse::<u16>().is_ok(), "{attack} is a major version");
        assert!(layer["versions"]["navigator"].is_string());
        assert_eq!(layer["domain"], "enterprise-attack");
        assert_eq!(layer["filters"]["platforms"], serde_json::json!(["Windows"]));
        assert_eq!(layer["layout"]["aggregateFunction"], "min");
        assert_eq!(layer["layout"]["countUnscored"], false);
        let gradient = &layer["gradient"];
        assert!(gradient["colors"].as_array().unwrap().len() >= 2);
        assert!(gradient["maxValue"].as_f64().unwrap() > gradient["minValue"].as_f64().unwrap());
        for item in layer["legendItems"].as_array().unwrap() {
            assert!(item["label"].is_string() && item["color"].as_str().unwrap().starts_with('#'));
        }
        for technique in layer["techniques"].as_array().unwrap() {
            assert!(technique["techniqueID"].as_str().unwrap().starts_with('T'));
            assert!(technique.get("tactic").is_none());
            for entry in technique["metadata"].as_array().unwrap() {
                assert!(entry["name"].is_string() && entry["value"].is_string(), "{entry}");
            }
        }
    }
}

#[test]
fn blind_is_zero_and_what_was_not_judged_has_no_score() {
    let layers = layers(&rendered_for_one(layer::render));
    let (sight, depth, fin7) = (&layers[0], &layers[1], &layers[2]);
    assert_eq!(technique(sight, "T1547.001").unwrap()["score"], 100);
    assert_eq!(technique(depth, "T1547.001").unwrap()["score"], 1);
    assert_eq!(technique(sight, "T1055").unwrap()["score"], 0);
    assert_eq!(technique(depth, "T1055").unwrap()["score"], 0);
    assert!(technique(sight, "T1003").is_none());
    let unjudged =
        fin7["techniques"].as_array().unwrap().iter().filter(|each| each.get("score").is_none()).count();
    assert!(unjudged > 50);
}

#[test]
fn a_technique_unknown_to_this_attack_is_named_in_the_description_only() {
    for layer in layers(&rendered(layer::render)) {
        assert!(technique(&layer, "T9999").is_none());
        assert!(layer["description"].as_str().unwrap().contains("T9999"));
    }
}

#[test]
fn a_blind_technique_says_why() {
    let layers = layers(&rendered_for_one(layer::render));
    let metadata = technique(&layers[0], "T1055").unwrap()["metadata"].to_string();
    assert!(metadata.contains("blind because") && metadata.contains("sysmon:17"), "{metadata}");
    assert!(metadata.contains("\\\\u{202e}") && !metadata.contains('\u{202e}'), "{metadata}");
}
