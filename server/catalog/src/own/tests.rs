//! Tests of a team's own inventory, in both formats.

use super::*;
use crate::{Branch, Breadth, LeafEvent, Level, Requirement, Schema, Scope};
use blindspot_telemetry::Platform;

fn read(file: &str, text: &str) -> (Vec<Detection>, Vec<String>) {
    let (detections, problems) = parse(file, text, &Facts::embedded());
    (detections, problems.iter().map(ToString::to_string).collect())
}

fn one(file: &str, text: &str) -> Detection {
    let (mut detections, problems) = read(file, text);
    assert_eq!(problems, Vec::<String>::new());
    detections.pop().unwrap()
}

fn branch(requirement: &Requirement) -> &Branch {
    match requirement {
        Requirement::Branch(branch) => branch,
        other => panic!("{other:?}"),
    }
}

/// `event type: field schema, ...` of each alternative.
fn alternatives(requirement: &Requirement) -> Vec<String> {
    let leaf = |leaf: &crate::Leaf| {
        let event = match &leaf.event {
            LeafEvent::Type(pattern) => pattern.to_string(),
            LeafEvent::Source(source) => format!("any of {source}"),
        };
        let needs: Vec<_> =
            leaf.needs.iter().map(|need| format!("{} {:?}", need.rule_name, need.schema)).collect();
        format!("{event}: {}", needs.join(", "))
    };
    branch(requirement).alternatives.iter().map(leaf).collect()
}

const TOML: &str = r#"
[[detection]]
id = "siem-1"
title = "Dump with comsvcs"
techniques = ["t1003.001"]
any = ["sysmon:1", "security:4688"]
fields = ["CommandLine", "Image@sysmon:1", "NewProcessName@security:4688"]
level = "high"
"#;

#[test]
fn alternatives_ask_their_own_fields() {
    let detection = one("own.toml", TOML);
    assert_eq!(detection.techniques[0].as_str(), "T1003.001");
    assert_eq!((detection.level, detection.scope), (Some(Level::High), Scope::Hosts(Platform::Windows)));
    assert_eq!(
        alternatives(&detection.requirement),
        [
            "sysmon:1: CommandLine Declares, Image Declares",
            "security:4688: CommandLine Declares, NewProcessName Declares"
        ]
    );
    assert_eq!(&*branch(&detection.requirement).label, "sysmon:1 or security:4688");
}

#[test]
fn both_formats_say_the_same() {
    let toml = one(
        "own.toml",
        "[[detection]]\nid = 'a'\ntitle = 'A'\ntechniques = ['T1059', 'T1105']\nall = ['sysmon:1|security:4688', 'sysmon:3']\nfields = ['Image@sysmon:3']\n",
    );
    let csv = one(
        "own.CSV",
        "id,title,techniques,events,fields\na,A,T1059; T1105,sysmon:1 | security:4688; sysmon:3,Image@sysmon:3\n",
    );
    assert_eq!(toml.requirement, csv.requirement);
    assert_eq!(toml.techniques, csv.techniques);
    let Requirement::Together(parts) = &toml.requirement else { panic!("{:?}", toml.requirement) };
    assert_eq!(parts.iter().map(|part| alternatives(part).len()).collect::<Vec<_>>(), [2, 1]);
    assert_eq!(alternatives(&parts[1]), ["sysmon:3: Image Declares"]);
}

#[test]
fn an_id_brings_its_twin_of_the_other_windows_version() {
    let firewall = "Microsoft-Windows-Windows Firewall With Advanced Security/Firewall";
    let detection = one("own.csv", &format!("id,title,techniques,events\na,A,T1562.004,{firewall}:2004\n"));
    assert_eq!(
        alternatives(&detection.requirement),
        [format!("{firewall}:2004: "), format!("{firewall}:2071: ")]
    );
}

#[test]
fn a_source_without_id_is_never_full_sight() {
    let detection = one("own.csv", "id,title,techniques,events,fields\na,A,T1059,auditd:*,comm\n");
    assert_eq!(detection.scope, Scope::Hosts(Platform::Linux));
    let leaf = &branch(&detection.requirement).alternatives[0];
    assert_eq!((leaf.breadth, leaf.needs[0].schema), (Breadth::SourceLevel, Schema::Unknown));
}

#[test]
fn what_no_agent_samples_and_other_platforms_are_kept() {
    let detection =
        one("own.csv", "id,title,techniques,outside,platform\na,A,T1071,Suricata signature 2024897,macOS\n");
    assert!(matches!(detection.requirement, Requirement::Outside { .. }));
    assert_eq!(detection.scope, Scope::OtherPlatform("macOS".into()));
    let mixed = one("own.csv", "id,title,techniques,events\na,A,T1059,sysmon:1|auditd:EXECVE\n");
    assert_eq!(mixed.scope, Scope::Any);
}

#[test]
fn a_bad_entry_is_a_problem_with_its_line_and_the_rest_is_kept() {
    let text = "
[[detection]]
id = 'typo'
title = 'A'
techniqes = ['T1059']
any = ['sysmon:1']

[[detection]]
id = 'event'
title = 'B'
techniques = ['T1059']
any = ['sysmon']

[[detection]]
id = 'both'
title = 'C'
any = ['sysmon:1']
all = ['sysmon:1']

[[detection]]
id = 'good'
title = 'D'
techniques = ['T1059']
any = ['sysmon:1']

[[detection]]
id = 'good'
title = 'E'
techniques = ['T1059']
any = ['sysmon:1']

[[detection]]
title = 'F'

[[detection]]
id = 'stray'
title = 'G'
techniques = ['T1059']
any = ['sysmon:1']
fields = ['CommandLine@security:4688']

[[rule]]
id = 'x'
";
    let (detections, problems) = read("own.toml", text);
    assert_eq!(detections.iter().map(|kept| kept.id.as_str()).collect::<Vec<_>>(), ["good"]);
    let has =
        |wanted: &str| assert!(problems.iter().any(|text| text.contains(wanted)), "{wanted}: {problems:#?}");
    has("own.toml:5: unknown field `techniqes`, expected one of `id`, `title`, `techniques`");
    has("own.toml:8: `sysmon` has no colon");
    has("own.toml:14: `any`, `all` and `outside` exclude each other");
    has("own.toml:26: the id `good` is taken by line 20");
    has("own.toml:32: missing field `id`");
    has("own.toml:35: the field `CommandLine` is asked of an event type that the entry does not name");
    has("own.toml:42: `rule` is not known here");
    assert_eq!(problems.len(), 7);
}

#[test]
fn broken_toml_and_bad_cells_are_named() {
    let (detections, problems) = read("own.toml", "[[detection]]\nid = \n");
    assert!(detections.is_empty());
    assert!(problems[0].starts_with("own.toml:2: "), "{problems:?}");
    let csv = "id,title,techniques,events,level,owner\na,A,T1059,sysmon:1,urgent,x\n,B,T1059,sysmon:1,,\nc,C,1059,sysmon:1,,\nd,D,T1059,,,\ne,E,T1059,sysmon:1\n";
    let (detections, problems) = read("own.csv", csv);
    assert!(detections.is_empty());
    for (place, what) in [
        ("own.csv:1", "there is no column `owner`"),
        ("own.csv:2", "`urgent` is no level"),
        ("own.csv:3", "the cell `id` is empty"),
        ("own.csv:4", "`1059` is no technique id"),
        ("own.csv:5", "one of the cells `events` and `outside` must be filled"),
        ("own.csv:6", "4 fields"),
    ] {
        assert!(
            problems.iter().any(|text| text.starts_with(place) && text.contains(what)),
            "{what}: {problems:#?}"
        );
    }
}

#[test]
fn generic_mappings_are_kept_and_named() {
    let many: Vec<_> = (1..=12).map(|number| format!("T10{number:02}")).collect();
    let csv = format!(
        "id,title,techniques,events\na,A,,sysmon:1\nb,B,TA0002,sysmon:1\nc,C,{},sysmon:1\n",
        many.join(";")
    );
    let (detections, problems) = read("own.csv", &csv);
    assert_eq!(detections.len(), 3);
    assert_eq!(problems[0], "own.csv:2: `a` names no ATT&CK technique");
    assert_eq!(problems[1], "own.csv:3: `b` names an ATT&CK tactic and no technique");
    assert!(problems[2].contains("`c` names 12 ATT&CK techniques"));
}
