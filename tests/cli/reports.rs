//! What a newcomer reads.

use std::fs;

use blindspot_tests::{
    evtx_builder::{Event, EvtxBuilder},
    program::run,
};
use serde_json::Value;

use super::{rules, workstation};

#[test]
fn an_audit_says_what_is_blind_why_and_what_to_do() {
    let folder = tempfile::tempdir().unwrap();
    let ran = run(&["audit", &workstation(folder.path()), "--rules", &rules()]);
    assert_eq!(ran.code, 0, "{}", ran.err);
    assert!(!ran.out.contains('\u{1b}'), "colours where no terminal is");
    for said in [
        "WS-SAMPLE",
        "Program started from a Run key",
        "sysmon:13 was never seen in Microsoft-Windows-Sysmon/Operational",
        "What to do first",
        "<RegistryEvent onmatch=\"exclude\"/>",
    ] {
        assert!(ran.out.contains(said), "{said} is not said in\n{}", ran.out);
    }
}

#[test]
fn the_json_report_holds_each_verdict_of_the_sample() {
    let folder = tempfile::tempdir().unwrap();
    let ran = run(&["audit", &workstation(folder.path()), "--rules", &rules(), "--format", "json"]);
    let report: Value = serde_json::from_str(&ran.out).unwrap();
    assert_eq!(report["schema"], "blindspot.audit/1");
    let verdict = |title: &str| {
        let found = report["detections"].as_array().unwrap().iter().find(|each| each["title"] == title);
        found.unwrap_or_else(|| panic!("no {title}"))["verdict"].as_str().unwrap().to_owned()
    };
    assert_eq!(verdict("Program started from a Run key"), "blind");
    assert_eq!(verdict("PowerShell with an encoded command line"), "sighted");
    assert_eq!(verdict("Office program starts a shell"), "sighted");
    assert_eq!(verdict("Process memory of LSASS read"), "blind");
    assert_eq!(verdict("Security log cleared"), "armed");
    assert_eq!(verdict("Service installed from a user's folder"), "armed");
    assert_eq!(verdict("Web server starts a shell"), "out_of_scope");
    assert_eq!(verdict("Access key created"), "unsampled");
    let steps = report["what_to_do"].as_array().unwrap();
    assert!(steps.iter().any(|step| step["about"] == "sysmon:13"), "{steps:?}");
    assert_eq!(report["hosts"][0]["host"], "WS-SAMPLE");
}

#[test]
fn check_answers_by_its_exit_code() {
    let folder = tempfile::tempdir().unwrap();
    let logs = workstation(folder.path());
    let code = |arguments: &[&str]| {
        let ran = run(&[&["check"], arguments].concat());
        (ran.code, ran.out + &ran.err)
    };
    let (flowing, said) = code(&["sysmon:1", &logs, "--field", "CommandLine"]);
    assert_eq!(flowing, 0, "{said}");
    assert!(said.contains("CommandLine filled in"), "{said}");
    let (silent, said) = code(&["sysmon:13", &logs]);
    assert!(silent == 1 && !said.contains("spelling"), "{said}");
    assert!(code(&["sysmn:13", &logs]).1.contains("check the spelling"));
    let (empty, said) = code(&["security:4688", &logs, "--field", "CommandLine"]);
    assert_eq!(empty, 1, "{said}");
    assert!(said.contains("empty in all"), "{said}");
    assert_eq!(code(&["sysmon:1", &logs, "--host", "nobody"]).0, 2);
    assert_eq!(code(&["sysmon", &logs]).0, 2);
    fs::write(folder.path().join("Microsoft-Windows-PowerShell%4Operational.evtx"), "not a log").unwrap();
    let (blocked, said) = code(&["powershell:4104", &logs]);
    assert_eq!(blocked, 3, "{said}");
}

#[test]
fn explain_tells_a_technique_a_rule_and_an_event_type() {
    let folder = tempfile::tempdir().unwrap();
    let logs = workstation(folder.path());
    let told = |what: &str| run(&["explain", what, &logs, "--rules", &rules()]);
    let technique = told("T1547.001");
    assert_eq!(technique.code, 0, "{}", technique.err);
    for said in
        ["Registry Run Keys", "never_seen", "security:4657", "condition=\"contains\">\\CurrentVersion\\Run"]
    {
        assert!(technique.out.contains(said), "{said} is not said in\n{}", technique.out);
    }
    assert!(told("security log cleared").out.contains("cannot be switched off"));
    assert!(told("sysmon:13").out.contains("not seen"));
    let nothing = told("no such thing");
    assert_eq!(nothing.code, 2);
    assert!(nothing.err.contains("no technique"), "{}", nothing.err);
}

#[test]
fn an_inventory_written_by_one_audit_is_judged_alike_by_the_next() {
    let folder = tempfile::tempdir().unwrap();
    let logs = workstation(folder.path());
    let first = folder.path().join("first.json").display().to_string();
    assert_eq!(run(&["audit", &logs, "--rules", &rules(), "--format", "json", "--out", &first]).code, 0);
    let again = run(&["audit", "--inventory", &first, "--rules", &rules(), "--format", "json"]);
    assert_eq!(again.code, 0, "{}", again.err);
    let read = |text: &str| serde_json::from_str::<Value>(text).unwrap();
    let (first, again) = (read(&fs::read_to_string(&first).unwrap()), read(&again.out));
    assert_eq!(first["detections"], again["detections"]);
    assert_eq!(first["hosts"], again["hosts"]);
}

#[test]
fn a_redacted_report_names_no_host_and_no_path() {
    let folder = tempfile::tempdir().unwrap();
    let logs = workstation(folder.path());
    for format in ["text", "json", "csv", "html", "navigator", "dettect"] {
        let ran = run(&[
            "audit",
            &logs,
            "--rules",
            &rules(),
            "--redact",
            "--redact-key",
            "k",
            "--format",
            format,
            "--verify",
        ]);
        assert_eq!(ran.code, 0, "{format}: {}", ran.err);
        assert!(!ran.out.contains("WS-SAMPLE"), "{format} names the host");
        assert!(!ran.out.contains(&logs), "{format} names the folder");
    }
}

#[test]
fn hostile_names_steer_neither_terminal_nor_spreadsheet() {
    let folder = tempfile::tempdir().unwrap();
    let event =
        Event::new("Security", "Microsoft-Windows-Security-Auditing", 4624, &[("=cmd|'/c calc'!A1", "x")]);
    let bytes = EvtxBuilder::file_of([&event.on("=1+1\u{1b}[31m\u{202e}")]);
    fs::write(folder.path().join("Security.evtx"), bytes).unwrap();
    let logs = folder.path().display().to_string();
    for format in ["text", "csv", "html"] {
        let ran = run(&["audit", &logs, "--rules", &rules(), "--format", format]);
        assert_eq!(ran.code, 0, "{}", ran.err);
        assert!(!ran.out.contains('\u{1b}') && !ran.out.contains('\u{202e}'), "{format} lets a name steer");
        assert!(!ran.out.contains("\n=1+1") && !ran.out.contains(",=1+1"), "{format} holds a formula");
    }
}

#[test]
fn completions_and_man_pages_are_made() {
    let folder = tempfile::tempdir().unwrap();
    for (shell, word) in [("bash", "complete"), ("zsh", "#compdef"), ("fish", "complete -c blindspot")] {
        assert!(run(&["completions", shell]).out.contains(word), "{shell}");
    }
    assert_eq!(run(&["man", &folder.path().display().to_string()]).code, 0);
    let page = fs::read_to_string(folder.path().join("blindspot-audit.1")).unwrap();
    assert!(page.contains("threat\\-group"), "{page}");
}
