//! The public Sigma rules of the corpus that `BLINDSPOT_CORPUS` names: all are read, all are mapped, none is dropped.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
};

use blindspot_catalog::{
    Detection, Facts, FieldExpr, FieldTest, Leaf, LeafEvent, NotUnderstood, Requirement, Schema,
    sigma::{Logsources, Rules, explain, load, sysmon_lines},
};
use blindspot_tests::corpus::{corpus, files_below};

const RULES: usize = 3754;

fn rules() -> Option<Rules> {
    let folder = corpus()?.join("sigma-rules-2026-08");
    let files = files_below(&folder, ".yml");
    assert_eq!(files.len(), RULES);
    let texts =
        files.iter().map(|path| (path.display().to_string(), fs::read_to_string(path).expect("a rule file")));
    let (rules, problems) = load(texts);
    assert_eq!(problems, vec![]);
    Some(rules)
}

fn detections(rules: &Rules) -> Vec<Detection> {
    rules.detections(Logsources::embedded(), &Facts::embedded())
}

#[test]
fn every_rule_is_read_and_its_fields_are_those_that_pysigma_reads() {
    let Some(rules) = rules() else { return };
    let mut found: Vec<String> = rules
        .rules
        .iter()
        .map(|rule| {
            let names: Vec<&str> = rule.fields.iter().map(|field| field.as_str()).collect();
            format!("{},{},{:08x}", rule.meta.id, names.len(), fnv1a(&names.join("\u{1f}")) & 0xffff_ffff)
        })
        .collect();
    found.sort();
    assert_eq!(found.len(), RULES);
    let expected: BTreeSet<&str> = include_str!("expected-fields.csv").lines().skip(1).collect();
    let differing: Vec<&String> = found.iter().filter(|line| !expected.contains(line.as_str())).collect();
    assert_eq!(differing, Vec::<&String>::new());
    assert_eq!(expected.len(), RULES);
}

fn fnv1a(text: &str) -> u64 {
    text.bytes()
        .fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}

#[test]
fn every_rule_is_mapped_or_outside_of_what_is_sampled() {
    let Some(rules) = rules() else { return };
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for (rule, detection) in rules.rules.iter().zip(detections(&rules)) {
        let product = match rule.logsource.product.as_deref() {
            Some("windows") => "windows",
            Some("linux") => "linux",
            _ => "others",
        };
        let kind = match &detection.requirement {
            Requirement::Outside { .. } => "outside",
            Requirement::NotUnderstood { kind: NotUnderstood::UnmappedLogsource, what } => {
                panic!("{}: {what}", rule.meta.id)
            }
            Requirement::NotUnderstood { what, .. } => panic!("{}: {what}", rule.meta.id),
            mapped => {
                let leaves = leaves(mapped);
                assert!(!leaves.is_empty(), "{}", rule.meta.id);
                let by_source = leaves.iter().all(|leaf| matches!(leaf.event, LeafEvent::Source(_)));
                if by_source { "by source" } else { "by event type" }
            }
        };
        *counts
            .entry(match (product, kind) {
                ("windows", "by event type") => "windows by event type",
                ("windows", "by source") => "windows by source",
                ("windows", _) => "windows outside (kernel trace only)",
                ("linux", "by event type") => "linux by event type",
                ("linux", "by source") => "linux by source (keywords)",
                ("linux", _) => "linux outside",
                _ => "others outside",
            })
            .or_default() += 1;
    }
    let expected = BTreeMap::from(EXPECTED_KINDS);
    assert_eq!(counts, expected);
}

const EXPECTED_KINDS: [(&str, usize); 6] = [
    ("windows by event type", 2834),
    ("windows by source", 9),
    ("windows outside (kernel trace only)", 15),
    ("linux by event type", 230),
    ("linux by source (keywords)", 18),
    ("others outside", 648),
];

fn leaves(requirement: &Requirement) -> Vec<&Leaf> {
    match requirement {
        Requirement::Parts(parts) | Requirement::Together(parts) => parts.iter().flat_map(leaves).collect(),
        Requirement::Branch(branch) => branch.alternatives.iter().collect(),
        Requirement::Outside { .. } | Requirement::NotUnderstood { .. } => Vec::new(),
    }
}

/// Process rules on Security 4688 alone: all ways live, some, all with lost exclusions, none.
///
/// Two evaluations made for the design found 641 / 655 / 20 / 99 and 641 / 652 / 18 / 104 with the command line, and
/// 136 / 202 / 32 / 1,045 and 136 / 193 / 27 / 1,059 without.
#[test]
fn security_4688_gives_as_much_sight_of_process_rules_as_independent_evaluations_found() {
    let Some(rules) = rules() else { return };
    let detections = detections(&rules);
    let process_rules = rules.rules.iter().zip(&detections).filter(|(rule, _)| {
        rule.logsource.product.as_deref() == Some("windows")
            && rule.logsource.category.as_deref() == Some("process_creation")
    });
    let requirements: Vec<&Requirement> =
        process_rules.map(|(_, detection)| &detection.requirement).collect();
    assert_eq!(requirements.len(), 1415);
    assert_eq!(tally(&requirements, &[]), EXPECTED_WITH);
    assert_eq!(tally(&requirements, &["CommandLine"]), EXPECTED_WITHOUT);
}

const EXPECTED_WITH: [usize; 4] = [641, 653, 17, 104];
const EXPECTED_WITHOUT: [usize; 4] = [136, 194, 27, 1058];

fn tally(requirements: &[&Requirement], empty: &[&str]) -> [usize; 4] {
    let mut tally = [0; 4];
    for requirement in requirements {
        let on_4688 = leaves(requirement).into_iter().filter(|leaf| {
            matches!(&leaf.event, LeafEvent::Type(pattern) if pattern.to_string().ends_with("security:4688"))
        });
        let on_4688: Vec<&Leaf> = on_4688.collect();
        let live = on_4688.iter().filter(|leaf| is_live(leaf, empty)).count();
        let precise = on_4688.iter().all(|leaf| leaf.exclusions.iter().all(|it| !loses(&it.excluded, empty)));
        let at = match (live, precise) {
            (0, _) => 3,
            (some, _) if some < on_4688.len() => 1,
            (_, false) => 2,
            (_, true) => 0,
        };
        tally[at] += 1;
    }
    tally
}

fn is_live(leaf: &Leaf, empty: &[&str]) -> bool {
    let has = |need: &blindspot_catalog::FieldNeed| {
        need.schema != Schema::Lacks && !empty.contains(&need.rule_name.as_str())
    };
    leaf.needs.iter().all(has) && leaf.exclusions.iter().all(|it| value(&it.excluded, empty) != Some(true))
}

/// The value of an expression where it does not hang on the content of a field.
fn value(expr: &FieldExpr, empty: &[&str]) -> Option<bool> {
    match expr {
        FieldExpr::All(parts) => {
            let values: Vec<_> = parts.iter().map(|part| value(part, empty)).collect();
            if values.contains(&Some(false)) {
                Some(false)
            } else {
                values.iter().all(|v| *v == Some(true)).then_some(true)
            }
        }
        FieldExpr::Any(parts) => {
            let values: Vec<_> = parts.iter().map(|part| value(part, empty)).collect();
            if values.contains(&Some(true)) {
                Some(true)
            } else {
                values.iter().all(|v| *v == Some(false)).then_some(false)
            }
        }
        FieldExpr::Not(inner) => value(inner, empty).map(|value| !value),
        FieldExpr::Test(need, test)
            if need.schema == Schema::Lacks || empty.contains(&need.rule_name.as_str()) =>
        {
            Some(*test == FieldTest::Absence)
        }
        FieldExpr::Test(..) | FieldExpr::Open => None,
        FieldExpr::Constant(value) => Some(*value),
    }
}

/// True where an exclusion tests the content of a missing field: it holds less often than its author meant.
fn loses(expr: &FieldExpr, empty: &[&str]) -> bool {
    match expr {
        FieldExpr::All(parts) | FieldExpr::Any(parts) => parts.iter().any(|part| loses(part, empty)),
        FieldExpr::Not(inner) => loses(inner, empty),
        FieldExpr::Test(need, FieldTest::Value) => {
            need.schema == Schema::Lacks || empty.contains(&need.rule_name.as_str())
        }
        FieldExpr::Test(..) | FieldExpr::Open | FieldExpr::Constant(_) => false,
    }
}

#[test]
fn every_line_for_sysmon_is_xml_with_a_condition_that_sysmon_knows() {
    let Some(rules) = rules() else { return };
    let mut lines = 0;
    for rule in &rules.rules {
        for line in sysmon_lines(rule, Logsources::embedded()) {
            lines += 1;
            let mut reader = quick_xml::Reader::from_str(&line);
            let mut depth = 0;
            loop {
                match reader.read_event().unwrap_or_else(|error| panic!("{line}: {error}")) {
                    quick_xml::events::Event::Start(_) => depth += 1,
                    quick_xml::events::Event::End(_) => depth -= 1,
                    quick_xml::events::Event::Eof => break,
                    _ => {}
                }
            }
            assert_eq!(depth, 0, "{line}");
            let condition =
                line.split("condition=\"").nth(1).and_then(|rest| rest.split('"').next()).unwrap_or_default();
            let known =
                ["is", "is any", "contains", "contains any", "contains all", "begin with", "end with"];
            assert!(known.contains(&condition), "{line}");
        }
    }
    assert!(lines > 4000, "{lines}");
}

#[test]
fn what_rules_show_prints_names_event_types_or_a_reason() {
    let Some(rules) = rules() else { return };
    let facts = Facts::embedded();
    for rule in &rules.rules {
        let explained = explain(rule, Logsources::embedded(), &facts);
        assert_eq!(
            explained.unmapped_because.is_some(),
            explained.alternatives.is_empty(),
            "{}",
            rule.meta.id
        );
    }
}
