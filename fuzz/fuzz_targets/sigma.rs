//! Sigma files of any text: no panic, no endless work, and nothing that is dropped without a problem.

#![no_main]

use std::sync::LazyLock;

use blindspot_catalog::{
    Facts,
    sigma::{Logsources, explain, load},
};
use libfuzzer_sys::fuzz_target;

static FACTS: LazyLock<Facts> = LazyLock::new(Facts::embedded);

fuzz_target!(|text: &str| {
    let (rules, problems) = load([("f.yml".to_owned(), text.to_owned())]);
    let listed = rules.rules.len() + rules.correlations.len() + rules.broken.len();
    let detections = rules.detections(Logsources::embedded(), &FACTS);
    assert_eq!(detections.len(), listed);
    assert!(problems.len() >= rules.broken.len().min(50), "a broken rule without a problem");
    for rule in &rules.rules {
        let explained = explain(rule, Logsources::embedded(), &FACTS);
        assert!(explained.needed.is_disjoint(&explained.exclusion_only));
    }
});
