//! The fleet index against plain judgement, over real rules and analytics and made-up hosts.
//!
//! - [`equal`]: every verdict, through updates, staleness and removal.
//! - [`flowing`]: on which hosts an event type flows, against a look at each.

mod equal;
mod flowing;

use std::{num::NonZeroUsize, path::Path, thread};

use blindspot::input::{self, Catalogue};
use blindspot_catalog::{Detection, Facts, attack};
use blindspot_tests::corpus::corpus;

/// All ATT&CK analytics, and the rules of the corpus; our own where none is given.
fn detections() -> (Vec<Detection>, Facts) {
    let Catalogue { facts, logsources, mappings, .. } = Catalogue::load(None).expect("the embedded tables");
    let (attack, _) = input::load_attack(None).expect("the embedded ATT&CK");
    let (mut detections, _) = attack::detections(&attack, &mappings);
    let rules = match corpus() {
        Some(corpus) => corpus.join("sigma-rules-2026-08"),
        None => Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/sigma"),
    };
    let (rules, _) = blindspot::rules::load(&[rules], &logsources, &facts, threads());
    assert!(!rules.is_empty());
    detections.extend(rules);
    (detections, facts)
}

fn threads() -> NonZeroUsize {
    thread::available_parallelism().unwrap_or(NonZeroUsize::MIN)
}
