//! Each way that a rule can be written, and the requirement that it must become.

use std::fmt::Write as _;

use super::super::{Rules, load};
use super::*;
use crate::{Accepts, Breadth, FieldExpr, FieldNeed, FieldTest, Schema};

fn rules(yaml: &str) -> Rules {
    let (rules, problems) = load([("test.yml".to_owned(), yaml.to_owned())]);
    assert_eq!(problems, vec![]);
    rules
}

/// A rule of one log source; `detection` is indented by two.
fn rule(logsource: &str, detection: &str) -> Requirement {
    let yaml = format!("title: t\nid: t\nlogsource: {{{logsource}}}\ndetection:\n{detection}\n");
    let rules = rules(&yaml);
    requirement(&rules.rules[0], Logsources::embedded(), &Facts::embedded())
}

/// One line for each leaf: `label: event needs | not exclusion`.
fn shown(requirement: &Requirement) -> Vec<String> {
    match requirement {
        Requirement::Parts(parts) => parts.iter().flat_map(shown).collect(),
        Requirement::Together(parts) => {
            let mut lines = vec!["together".to_owned()];
            lines.extend(parts.iter().flat_map(shown));
            lines
        }
        Requirement::Branch(branch) => {
            branch.alternatives.iter().map(|leaf| format!("{}: {}", branch.label, shown_leaf(leaf))).collect()
        }
        Requirement::Outside { what } => vec![format!("outside {what}")],
        Requirement::NotUnderstood { what, .. } => vec![format!("not understood {what}")],
    }
}

fn shown_leaf(leaf: &Leaf) -> String {
    let mut text = match &leaf.event {
        LeafEvent::Type(pattern) => pattern.to_string(),
        LeafEvent::Source(source) => format!("any of {source}"),
    };
    if leaf.breadth == Breadth::SourceLevel {
        text.push('~');
    }
    for need in leaf.needs.iter() {
        write!(text, " {}", shown_need(need)).unwrap();
    }
    for exclusion in leaf.exclusions.iter() {
        write!(text, " | not {}: {}", exclusion.label, shown_expr(&exclusion.excluded)).unwrap();
    }
    text
}

fn shown_need(need: &FieldNeed) -> String {
    let own: Vec<&str> = need.event_fields.iter().map(FieldName::as_str).collect();
    let mut text = own.join("+");
    if own.as_slice() != [need.rule_name.as_str()] {
        text = format!("{}={text}", need.rule_name);
    }
    if need.schema == Schema::Lacks {
        text.push('!');
    }
    if need.accepts == Accepts::Placeholder {
        text.push('-');
    }
    text
}

fn shown_expr(expr: &FieldExpr) -> String {
    let each = |parts: &[FieldExpr], separator: &str| {
        format!("({})", parts.iter().map(shown_expr).collect::<Vec<_>>().join(separator))
    };
    match expr {
        FieldExpr::All(parts) => each(parts, " and "),
        FieldExpr::Any(parts) => each(parts, " or "),
        FieldExpr::Not(inner) => format!("not {}", shown_expr(inner)),
        FieldExpr::Test(need, FieldTest::Value) => shown_need(need),
        FieldExpr::Test(need, FieldTest::Absence) => format!("no {}", shown_need(need)),
        FieldExpr::Constant(value) => value.to_string(),
        FieldExpr::Open => "open".to_owned(),
    }
}

const PROCESS: &str = "product: windows, category: process_creation";
const REGISTRY_SET: &str = "product: windows, category: registry_set";
const SECURITY: &str = "product: windows, service: security";
const AUDITD: &str = "product: linux, service: auditd";

#[test]
fn alternatives_of_an_or_are_parts_and_fields_take_the_names_of_each_event_type() {
    let it = rule(
        PROCESS,
        "  sel:\n    - Image|endswith: '\\a.exe'\n    - OriginalFileName: a.exe\n  cmd:\n    CommandLine|contains: [x, y]\n    ParentProcessId: 4\n  condition: sel and cmd",
    );
    assert_eq!(
        shown(&it),
        [
            "Image: \\a.exe: sysmon:1 CommandLine Image ParentProcessId",
            "Image: \\a.exe: security:4688 CommandLine Image=NewProcessName ParentProcessId=ProcessId",
            "OriginalFileName: a.exe: sysmon:1 CommandLine OriginalFileName ParentProcessId",
            "OriginalFileName: a.exe: security:4688 CommandLine OriginalFileName! ParentProcessId=ProcessId",
        ]
    );
    assert!(matches!(it, Requirement::Parts(parts) if parts.len() == 2));
}

#[test]
fn ways_with_the_same_fields_are_one() {
    let it = rule(
        PROCESS,
        "  selection_a:\n    CommandLine|contains: a\n  selection_b:\n    CommandLine|contains: b\n  selection_c:\n    Image: c\n  condition: 1 of selection_*",
    );
    let labels: Vec<String> =
        shown(&it).iter().map(|line| line.split(':').next().unwrap().to_owned()).collect();
    assert_eq!(
        labels,
        ["selection_a | selection_b", "selection_a | selection_b", "selection_c", "selection_c"]
    );
}

#[test]
fn a_field_made_of_two_needs_both() {
    let it = rule(REGISTRY_SET, "  s:\n    TargetObject|endswith: x\n    Details: y\n  condition: s");
    assert_eq!(
        shown(&it),
        [
            "s: sysmon:13 Details TargetObject",
            "s: security:4657 Details=NewValue TargetObject=ObjectName+ObjectValueName"
        ]
    );
}

#[test]
fn each_filter_is_one_exclusion_with_its_name_and_the_same_field_may_be_needed_too() {
    let it = rule(
        REGISTRY_SET,
        "  s:\n    TargetObject: x\n  filter_a:\n    Details: y\n    Image: z\n  filter_null:\n    Details: null\n  filter_empty:\n    Image: ['', '-']\n  condition: s and not 1 of filter_*",
    );
    assert_eq!(
        shown(&it)[0],
        "s: sysmon:13 TargetObject | not filter_a: (Details and Image) | not filter_empty: (no Image or Image) | not filter_null: no Details"
    );
}

#[test]
fn not_all_of_is_one_exclusion_and_two_negations_cancel() {
    let it = rule(
        REGISTRY_SET,
        "  s:\n    TargetObject: x\n  f1:\n    Details: y\n  f2:\n    Image: z\n  condition: s and not (f1 and not f2)",
    );
    assert_eq!(shown(&it)[0], "s: sysmon:13 TargetObject | not f1: (Details and not Image)");
    let it = rule(REGISTRY_SET, "  s:\n    TargetObject: x\n  condition: not (not s)");
    assert!(shown(&it)[0].ends_with("sysmon:13 TargetObject"));
}

#[test]
fn tests_that_absence_or_a_stand_in_satisfies_need_less() {
    let needs = |test: &str| {
        let it = rule(REGISTRY_SET, &format!("  s:\n    TargetObject: x\n    {test}\n  condition: s"));
        shown(&it)[0].trim_start_matches("s: sysmon:13 ").to_owned()
    };
    assert_eq!(needs("Details: null"), "TargetObject");
    assert_eq!(needs("Details: ''"), "TargetObject");
    assert_eq!(needs("Details: [null, y]"), "TargetObject");
    assert_eq!(needs("Details|exists: false"), "TargetObject");
    assert_eq!(needs("Details|exists: true"), "Details- TargetObject");
    assert_eq!(needs("Details: '-'"), "Details- TargetObject");
    assert_eq!(needs("Details: '*'"), "Details- TargetObject");
    assert_eq!(needs("Details|contains: ''"), "Details- TargetObject");
    assert_eq!(needs("Details|fieldref: Image"), "Details Image TargetObject");
    assert_eq!(needs("Details|base64offset|contains: y"), "Details TargetObject");
    assert_eq!(needs("Details|gt: 4"), "Details TargetObject");
    assert_eq!(needs("Details|neq: 4"), "Details TargetObject");
}

#[test]
fn listed_event_ids_are_parts() {
    let it = rule(SECURITY, "  s:\n    EventID: [4624, '4625']\n    LogonType: 3\n  condition: s");
    assert_eq!(
        shown(&it),
        ["s, EventID 4624: security:4624 LogonType", "s, EventID 4625: security:4625 LogonType"]
    );
}

#[test]
fn an_id_that_never_has_the_field_is_no_part_of_its_own() {
    let it = rule(
        "product: windows, service: system",
        "  s:\n    Provider_Name: Service Control Manager\n    EventID: [7045, 7036]\n    ImagePath: x\n  condition: s",
    );
    assert!(matches!(it, Requirement::Branch(_)));
    assert_eq!(
        shown(&it),
        [
            "s, EventID 7045: system[Service Control Manager]:7045 ImagePath",
            "s, EventID 7045: system[Service Control Manager]:7036 ImagePath!",
        ]
    );
}

#[test]
fn ids_of_one_event_on_different_versions_are_alternatives_and_retired_ids_are_named() {
    let it =
        rule("product: windows, service: firewall-as", "  s:\n    EventID: [2004, 2071]\n  condition: s");
    assert!(matches!(&it, Requirement::Branch(branch) if branch.alternatives.len() == 2));
    let it = rule(SECURITY, "  s:\n    EventID: [632, 4728]\n  condition: s");
    assert_eq!(shown(&it), ["s, EventID 4728 (no supported Windows writes 632): security:4728"]);
    let it = rule(SECURITY, "  s:\n    EventID: 675\n  condition: s");
    assert_eq!(shown(&it), ["s: security:675"]);
}

#[test]
fn event_type_tells_sysmon_ids_apart_and_without_it_they_are_alternatives() {
    let registry = "product: windows, category: registry_event";
    let it = rule(registry, "  s:\n    EventType: SetValue\n    TargetObject: x\n  condition: s");
    assert_eq!(shown(&it)[0], "s: sysmon:13 EventType TargetObject");
    assert_eq!(shown(&it).len(), 2);
    let it = rule(registry, "  s:\n    EventType: DeleteKey\n    TargetObject: x\n  condition: s");
    assert_eq!(shown(&it), ["s: sysmon:12 EventType TargetObject"]);
    let it = rule(registry, "  s:\n    Details: x\n  condition: s");
    assert_eq!(
        shown(&it),
        [
            "s: sysmon:12 Details!",
            "s: sysmon:13 Details",
            "s: sysmon:14 Details!",
            "s: security:4657 Details=NewValue"
        ]
    );
}

#[test]
fn an_exclusion_by_event_id_is_decided_by_the_leaf() {
    let registry = "product: windows, category: registry_event";
    let it =
        rule(registry, "  s:\n    TargetObject: x\n  f:\n    EventID: [12, 14]\n  condition: s and not f");
    assert_eq!(
        shown(&it),
        ["s: sysmon:13 TargetObject", "s: security:4657 TargetObject=ObjectName+ObjectValueName"]
    );
}

#[test]
fn system_fields_exist_on_every_event() {
    let it =
        rule(SECURITY, "  s:\n    EventID: 4624\n    Level: 0\n    Computer|contains: a\n  condition: s");
    assert_eq!(shown(&it), ["s: security:4624"]);
}

#[test]
fn a_channel_test_matters_only_where_the_log_source_leaves_it_open() {
    let it = rule("product: windows", "  s:\n    Channel: Security\n    EventID: 4688\n  condition: s");
    assert_eq!(shown(&it), ["s: security:4688"]);
    let it = rule(PROCESS, "  s:\n    Channel: Security\n    Image: a\n  condition: s");
    assert_eq!(shown(&it), ["s: security:4688 Image=NewProcessName"]);
    // System 104 has a field of that name.
    let system = "product: windows, service: system";
    let it = rule(system, "  s:\n    EventID: 104\n  f:\n    Channel: [System]\n  condition: s and not f");
    assert_eq!(shown(&it), ["s: system:104 | not f: open"]);
}

#[test]
fn keywords_need_their_source_or_the_event_type_that_is_named() {
    let exchange = "product: windows, service: msexchange-management";
    let it = rule(exchange, "  k:\n    '|all': [a, b]\n  condition: k");
    assert_eq!(shown(&it), ["k: any of MSExchange Management"]);
    let it = rule(AUDITD, "  t:\n    type: EXECVE\n  k: [a, b]\n  condition: t and k");
    assert_eq!(shown(&it), ["t + k: auditd:EXECVE"]);
    let it = rule("product: linux, service: sshd", "  k: [a]\n  condition: k");
    assert_eq!(shown(&it), ["k: syslog:sshd", "k: syslog:sshd-session"]);
    let it = rule("product: linux", "  k: [a]\n  condition: k");
    assert_eq!(shown(&it), ["k: any of syslog~", "k: any of auditd~"]);
}

#[test]
fn fields_without_event_id_claim_no_full_sight() {
    let it = rule(SECURITY, "  s:\n    TargetUserName: a\n  condition: s");
    assert_eq!(shown(&it), ["s: any of Security~"]);
}

#[test]
fn audit_types_and_system_calls_are_the_event_type() {
    let it = rule(AUDITD, "  s:\n    type: execve\n    a0: x\n  condition: s");
    assert_eq!(shown(&it), ["s: auditd:EXECVE a0"]);
    let it = rule(
        AUDITD,
        "  s:\n    type: SYSCALL\n    SYSCALL: [execve, execveat]\n    euid: 33\n  condition: s",
    );
    assert_eq!(
        shown(&it),
        [
            "s, system call execve: auditd:SYSCALL/execve euid",
            "s, system call execveat: auditd:SYSCALL/execveat euid"
        ]
    );
    let it = rule(AUDITD, "  s:\n    type: [TTY, USER_TTY]\n  condition: s");
    assert_eq!(shown(&it), ["s, type TTY: auditd:TTY", "s, type USER_TTY: auditd:USER_TTY"]);
    let it = rule(AUDITD, "  s:\n    key: k\n  condition: s");
    assert_eq!(shown(&it), ["s: auditd:SYSCALL key"]);
    let it = rule(AUDITD, "  s:\n    a3|startswith: x\n  condition: s");
    assert_eq!(shown(&it), ["s: auditd:EXECVE a3"]);
}

#[test]
fn a_field_that_another_record_of_the_event_carries_needs_no_fill_here() {
    let it = rule(
        "product: linux, category: process_creation",
        "  s:\n    Image: x\n    CommandLine: y\n  condition: s",
    );
    assert_eq!(
        shown(&it),
        [
            "s: sysmon-linux:1 CommandLine Image",
            "s: auditd:EXECVE CommandLine=a0 Image=",
            "s: auditd:SYSCALL/execve CommandLine! Image=exe",
            "s: auditd:SYSCALL/execveat CommandLine! Image=exe",
        ]
    );
}

#[test]
fn what_is_outside_or_unmapped_says_so() {
    assert_eq!(
        shown(&rule("product: aws, service: cloudtrail", "  s:\n    a: b\n  condition: s")),
        ["outside cloud (aws cloudtrail)"]
    );
    let it = rule("product: windows, service: nobody", "  s:\n    a: b\n  condition: s");
    let text = &shown(&it)[0];
    assert!(
        text.contains(
            "maps product `windows`, service `nobody`; this line would: windows,,nobody,1,CHANNEL:*"
        )
    );
}

#[test]
fn a_condition_that_no_event_satisfies_is_said_to_be_so() {
    let it = rule(SECURITY, "  a:\n    EventID: 1\n  b:\n    EventID: 2\n  condition: a and b");
    assert_eq!(shown(&it), ["not understood no single event can satisfy the condition"]);
    let it = rule(PROCESS, "  a:\n    EventID: 4104\n  condition: a");
    assert!(shown(&it)[0].contains("none of the event types"));
}

#[test]
fn too_many_ways_are_not_guessed_at() {
    let mut detection = String::new();
    let mut condition = Vec::new();
    for group in 0..13 {
        for choice in 0..2 {
            writeln!(detection, "  s{group}_{choice}:\n    F{group}{choice}: x").unwrap();
        }
        condition.push(format!("1 of s{group}_*"));
    }
    let it = rule(SECURITY, &format!("{detection}  condition: {}", condition.join(" and ")));
    assert_eq!(shown(&it), ["not understood the condition has more than 4096 ways to fire; split the rule"]);
}
