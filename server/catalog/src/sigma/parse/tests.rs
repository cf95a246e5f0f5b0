//! What is read of good, odd and hostile files.

use super::*;

const GOOD: &str =
    "title: good\nid: g\nlogsource: {category: process_creation}\ndetection:\n  s: {A: b}\n  condition: s\n";

fn rules(documents: &[Document]) -> Vec<&SigmaRule> {
    documents
        .iter()
        .filter_map(|document| match document {
            Document::Rule(rule) => Some(rule),
            _ => None,
        })
        .collect()
}

fn broken(documents: &[Document]) -> Vec<&Broken> {
    documents
        .iter()
        .filter_map(|document| match document {
            Document::Broken(broken) => Some(broken),
            _ => None,
        })
        .collect()
}

#[test]
fn every_form_of_selection_counts_its_fields() {
    let yaml = "title: t\nlogsource: {product: windows}\ndetection:\n  map: {A: 1, 'B|contains|all': [x, y]}\n  list:\n    - C|re: x\n    - D: null\n      E|cidr: 10.0.0.0/8\n  words: [foo, bar]\n  '|all': x\n  unused: {F|windash|contains: ' -x'}\n  condition:\n    - map or words\n    - all of li*\n";
    let (documents, problems) = parse_file("t.yml", yaml);
    assert_eq!(problems, vec![]);
    let fields: Vec<&str> = rules(&documents)[0].fields.iter().map(FieldName::as_str).collect();
    assert_eq!(fields, ["A", "B", "C", "D", "E", "F"]);
    let (needed, exclusion_only) = rules(&documents)[0].fields_by_use();
    assert_eq!((needed.len(), exclusion_only.len()), (5, 0));
}

#[test]
fn windash_and_counted_selectors_are_written_out() {
    let yaml = "title: t\nlogsource: {}\ndetection:\n  s1: {'A|windash|contains': ' -x'}\n  s2: {B: 1}\n  s3: {C: 1}\n  condition: 2 of s*\n";
    let (documents, problems) = parse_file("t.yml", yaml);
    assert_eq!(problems, vec![]);
    let super::super::expr::Expr::Any(pairs) = &rules(&documents)[0].condition else { panic!() };
    assert_eq!(pairs.len(), 3);
    assert!(format!("{:?}", pairs[0]).contains(" /x"));
}

#[test]
fn one_bad_document_leaves_the_others_and_is_listed_by_name() {
    let bad = GOOD.replace("A: b", "'A|sparkles': b").replace("title: good\nid: g", "title: bad\nid: b");
    let (documents, problems) =
        parse_file("f.yml", &format!("{GOOD}---\n{bad}---\n{}", GOOD.replace("id: g", "id: h")));
    assert_eq!(rules(&documents).len(), 2);
    assert_eq!(&*broken(&documents)[0].meta.title, "bad");
    assert_eq!(problems.len(), 1);
    assert_eq!(
        problems[0].to_string(),
        "f.yml: Unknown modifier 'sparkles'; see the list of modifiers in the Sigma specification"
    );
}

#[test]
fn broken_yaml_leaves_the_other_documents_of_the_file() {
    let (documents, problems) = parse_file("f.yml", &format!("a: [b\n---\n{GOOD}"));
    assert_eq!((rules(&documents).len(), problems.len()), (1, 1));
    assert!(problems[0].what.contains("YAML parse error"));
}

#[test]
fn conditions_must_name_what_exists() {
    for (condition, expected) in [
        ("s and t", "names `t`"),
        ("1 of filter_*", "matches no selection"),
        ("5 of s*", "matches 1 selections"),
        ("s and (", "Condition parse error"),
        ("s | count() > 5", ""),
    ] {
        let yaml = GOOD.replace("condition: s", &format!("condition: '{condition}'"));
        let (documents, problems) = parse_file("f.yml", &yaml);
        assert_eq!((broken(&documents).len(), problems.len()), (1, 1), "{condition}");
        assert!(problems[0].what.contains(expected), "{}", problems[0]);
    }
}

#[test]
fn a_wrong_level_is_a_problem_and_the_rule_is_kept() {
    let (documents, problems) = parse_file("f.yml", &format!("{GOOD}level: severe\n"));
    assert_eq!(rules(&documents)[0].meta.level, None);
    assert!(problems[0].what.ends_with("the rule is kept without it"));
}

#[test]
fn files_that_are_no_rules_are_problems_only() {
    for yaml in ["", "just text", "[1, 2]", "\u{feff}", "title: x", "\t\t- :"] {
        let (documents, _) = parse_file("f.yml", yaml);
        assert!(documents.is_empty(), "{yaml:?}");
    }
}

#[test]
fn a_file_of_something_else_is_not_a_thousand_problems() {
    let (documents, problems) = parse_file("f.yml", &"--- a\n".repeat(1000));
    assert_eq!((documents.len(), problems.len()), (0, MAX_PROBLEMS + 1));
    assert!(problems[MAX_PROBLEMS].what.starts_with("950 more documents"));
}

#[test]
fn a_yaml_bomb_is_refused_quickly() {
    let mut bomb = String::from("a0: &a0 [x, x, x, x, x, x, x, x, x]\n");
    for level in 1..12 {
        let before = format!("*a{}", level - 1);
        bomb.push_str(&format!("a{level}: &a{level} [{}]\n", [before.as_str(); 9].join(", ")));
    }
    let (documents, problems) = parse_file("f.yml", &bomb);
    assert_eq!((documents.len(), problems.len()), (0, 1));
}

#[test]
fn tags_are_told_apart() {
    let yaml =
        format!("{GOOD}tags: [attack.t1059.001, attack.T1003, attack.persistence, attack.g0016, tlp.red]\n");
    let (documents, _) = parse_file("f.yml", &yaml);
    let meta = &rules(&documents)[0].meta;
    let techniques: Vec<&str> = meta.techniques.iter().map(crate::TechniqueId::as_str).collect();
    assert_eq!(techniques, ["T1059.001", "T1003"]);
    assert_eq!(meta.tactics.iter().map(|tactic| &**tactic).collect::<Vec<_>>(), ["persistence"]);
}
