//! Lines that a rule's own tests become.

use super::*;
use crate::sigma::load;

fn lines(category: &str, detection: &str) -> Vec<String> {
    let yaml =
        format!("title: t\nlogsource: {{product: windows, category: {category}}}\ndetection:\n{detection}\n");
    let (rules, problems) = load([("t.yml".to_owned(), yaml)]);
    assert_eq!(problems, vec![]);
    sysmon_lines(&rules.rules[0], Logsources::embedded()).iter().map(|line| line.to_string()).collect()
}

#[test]
fn a_run_key_rule_gives_the_key() {
    let it = lines(
        "registry_set",
        "  s:\n    TargetObject|contains: \\CurrentVersion\\Run\n    Details|contains: powershell\n  f:\n    Image: x\n  condition: s and not f",
    );
    assert_eq!(
        it,
        [
            "<RegistryEvent onmatch=\"include\"><TargetObject condition=\"contains\">\\CurrentVersion\\Run</TargetObject></RegistryEvent>"
        ]
    );
}

#[test]
fn modifiers_become_conditions() {
    let one = |test: &str| {
        let mut it = lines("file_event", &format!("  s:\n    {test}\n  condition: s"));
        assert!(it.len() <= 1, "{it:?}");
        let line = it.pop().unwrap_or_default();
        line.replace("<FileCreate onmatch=\"include\"><TargetFilename condition=", "")
            .replace("</TargetFilename></FileCreate>", "")
    };
    assert_eq!(one("TargetFilename: C:\\a.txt"), "\"is\">C:\\a.txt");
    assert_eq!(one("TargetFilename: [C:\\a.txt, C:\\b.txt]"), "\"is any\">C:\\a.txt;C:\\b.txt");
    assert_eq!(one("TargetFilename|startswith: C:\\a"), "\"begin with\">C:\\a");
    assert_eq!(one("TargetFilename|endswith: .lnk"), "\"end with\">.lnk");
    assert_eq!(one("TargetFilename|contains: [abc, def]"), "\"contains any\">abc;def");
    assert_eq!(one("TargetFilename|contains|all: [abc, def]"), "\"contains all\">abc;def");
    assert_eq!(one("TargetFilename: '*\\ab\\\\*\\bcd.exe'"), "\"contains all\">\\ab\\;\\bcd.exe");
    assert_eq!(one("TargetFilename: '*abc*def*'"), "\"contains all\">abc;def");
    assert_eq!(one("TargetFilename|contains: a&b<c"), "\"contains\">a&amp;b&lt;c");
    assert_eq!(one("TargetFilename|re: abc.*"), "");
    assert_eq!(one("TargetFilename|contains: a"), "");
}

#[test]
fn a_separator_inside_a_value_keeps_it_on_its_own_line() {
    let it = lines("file_event", "  s:\n    TargetFilename|contains: ['a;bc', def, ghi]\n  condition: s");
    assert_eq!(it.len(), 2);
    assert!(it[0].contains("\"contains\">a;bc<") && it[1].contains("\"contains any\">def;ghi<"));
}

#[test]
fn every_alternative_needs_its_line_and_one_without_leaves_none() {
    let it = lines(
        "process_creation",
        "  s:\n    - Image|endswith: \\tool.exe\n    - OriginalFileName: tool.exe\n  c:\n    CommandLine|contains: run\n  condition: s and c",
    );
    assert_eq!(it.len(), 2);
    let it = lines(
        "process_creation",
        "  a:\n    Image|endswith: \\tool.exe\n  b:\n    Image|re: x\n  condition: a or b",
    );
    assert_eq!(it, Vec::<String>::new());
}

#[test]
fn fields_that_the_event_lacks_and_events_that_cannot_be_filtered_give_no_line() {
    assert_eq!(
        lines("file_event", "  s:\n    CommandLine|contains: abc\n  condition: s"),
        Vec::<String>::new()
    );
    assert_eq!(lines("sysmon_status", "  s:\n    State: Stopped\n  condition: s"), Vec::<String>::new());
}
