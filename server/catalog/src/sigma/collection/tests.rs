//! Correlations and filters across files.

use super::*;
use crate::{FieldExpr, LeafEvent};

fn base(id: &str, name: &str, event_id: u16) -> String {
    format!(
        "title: {name}\nid: {id}\nname: {name}\nlevel: high\nstatus: test\ntags: [attack.t1110.001, attack.credential-access, attack.s0002, cve.2021-1]\nlogsource: {{product: windows, service: security, definition: audit it}}\ndetection:\n  s:\n    EventID: {event_id}\n  condition: s\n"
    )
}

fn correlation(body: &str) -> String {
    format!("title: c\nid: c\ncorrelation:\n  timespan: 5m\n{body}\n")
}

fn detections(files: &[String]) -> (Vec<Detection>, Vec<Problem>) {
    let files = files.iter().enumerate().map(|(at, yaml)| (format!("{at}.yml"), yaml.clone()));
    let (rules, problems) = load(files);
    (rules.detections(Logsources::embedded(), &Facts::embedded()), problems)
}

fn needs(requirement: &Requirement) -> Vec<String> {
    let Requirement::Branch(branch) = requirement else { panic!("{requirement:?}") };
    branch.alternatives[0].needs.iter().map(|need| need.event_fields[0].to_string()).collect()
}

#[test]
fn a_rule_becomes_a_detection_with_what_it_says_of_itself() {
    let (found, problems) = detections(&[base("r", "one", 4625)]);
    assert_eq!(problems, vec![]);
    let it = &found[0];
    assert_eq!((it.id.as_str(), &*it.title), ("r", "one"));
    assert_eq!(it.level.map(crate::Level::as_str), Some("high"));
    assert_eq!(it.techniques[0].as_str(), "T1110.001");
    assert_eq!(it.techniques.len(), 1);
    assert_eq!(&*it.prerequisites[0], "audit it");
    assert_eq!(it.scope, Scope::Hosts(Platform::Windows));
}

#[test]
fn a_count_needs_its_rule_with_the_fields_that_it_groups_by_and_counts() {
    let counted = correlation(
        "  type: value_count\n  rules: [one]\n  group-by: [TargetUserName, Computer]\n  condition: {gte: 5, field: IpAddress}",
    );
    let (found, problems) = detections(&[counted, base("r", "one", 4625)]);
    assert_eq!(problems, vec![]);
    assert_eq!(needs(&found[1].requirement), ["IpAddress", "TargetUserName"]);
    assert_eq!(found[1].scope, Scope::Hosts(Platform::Windows));
}

#[test]
fn temporal_rules_are_needed_together_and_aliases_name_their_fields() {
    let temporal = correlation(
        "  type: temporal_ordered\n  rules: [r1, two]\n  group-by: [who]\n  aliases:\n    who:\n      one: TargetUserName\n      two: SubjectUserName",
    );
    let (found, problems) = detections(&[base("r1", "one", 4625), base("r2", "two", 4624), temporal]);
    assert_eq!(problems, vec![]);
    let Requirement::Together(parts) = &found[2].requirement else { panic!() };
    assert_eq!(needs(&parts[0]), ["TargetUserName"]);
    assert_eq!(needs(&parts[1]), ["SubjectUserName"]);
}

#[test]
fn correlations_may_build_on_correlations_but_not_in_a_circle() {
    let inner =
        correlation("  type: event_count\n  rules: [one]\n  group-by: [IpAddress]\n  condition: {gte: 5}");
    let outer = inner.replace("title: c\nid: c", "title: d\nid: d").replace("[one]", "[c]");
    let (found, _) = detections(&[base("r", "one", 4625), inner.clone(), outer.clone()]);
    assert_eq!(needs(&found[2].requirement), ["IpAddress"]);
    let circle = inner.replace("[one]", "[d]");
    let (found, _) = detections(&[circle, outer]);
    assert!(
        matches!(&found[0].requirement, Requirement::NotUnderstood { what, .. } if what.contains("refers to itself"))
    );
}

#[test]
fn a_missing_rule_is_named() {
    let (found, _) = detections(&[correlation(
        "  type: event_count\n  rules: [nobody]\n  group-by: [a]\n  condition: {gte: 5}",
    )]);
    assert!(
        matches!(&found[0].requirement, Requirement::NotUnderstood { what, .. } if what.contains("`nobody`"))
    );
}

#[test]
fn a_filter_excludes_in_the_rules_that_it_names_and_nowhere_else() {
    let filter = "title: our admins\nlogsource: {product: windows, service: security}\nfilter:\n  rules: [r]\n  selection:\n    SubjectUserName|startswith: adm_\n  condition: not selection\n";
    let (found, problems) = detections(&[base("r", "one", 4625), base("q", "two", 4624), filter.to_owned()]);
    assert_eq!(problems, vec![]);
    let Requirement::Branch(branch) = &found[0].requirement else { panic!() };
    let exclusion = &branch.alternatives[0].exclusions[0];
    assert_eq!(&*exclusion.label, "our admins");
    assert!(
        matches!(&exclusion.excluded, FieldExpr::Test(need, _) if need.rule_name.as_str() == "SubjectUserName")
    );
    let Requirement::Branch(other) = &found[1].requirement else { panic!() };
    assert!(other.alternatives[0].exclusions.is_empty());
    assert!(matches!(&other.alternatives[0].event, LeafEvent::Type(it) if it.to_string() == "security:4624"));
    let (_, problems) = detections(&[base("r", "one", 4625), filter.replace("[r]", "[nobody]")]);
    assert!(problems[0].what.contains("applies to none"));
}

#[test]
fn an_id_counts_once() {
    let (found, problems) = detections(&[base("r", "one", 4625), base("r", "two", 4624)]);
    assert_eq!(found.len(), 1);
    assert_eq!(
        problems[0].to_string(),
        "1.yml: id `r` is that of a rule in 0.yml already; this one is left out: give it its own id"
    );
}
