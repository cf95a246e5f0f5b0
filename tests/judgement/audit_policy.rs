//! A Windows log with a table of the audit policy beside it, through the program: verdicts, reasons, what to do.

use std::{fs, path::Path};

use blindspot_tests::{
    evtx_builder::{Event, EvtxBuilder, Style},
    program,
};
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

const PROCESS_CREATION: &str = "{0CCE922B-69AE-11D9-BED3-505054503030}";
const LOGON: &str = "{0CCE9215-69AE-11D9-BED3-505054503030}";
const ACCOUNT_LOCKOUT: &str = "{0CCE9217-69AE-11D9-BED3-505054503030}";
const OTHER_OBJECT_ACCESS: &str = "{0CCE9227-69AE-11D9-BED3-505054503030}";
const REGISTRY: &str = "{0CCE921E-69AE-11D9-BED3-505054503030}";

/// A folder with two days of logoffs, and a table that has these words for subcategories.
fn folder(policy: &[(&str, &str)]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    let mut builder = EvtxBuilder::new(Style::Literals);
    let start = Timestamp::from_second(1_760_000_000).expect("a time");
    let logoff = Event::new(
        "Security",
        "Microsoft-Windows-Security-Auditing",
        4634,
        &[("TargetUserName", "anna"), ("LogonType", "3")],
    );
    for hour in 0..48 {
        builder.push(
            &logoff.clone().on("WS01").at(1 + hour, start + SignedDuration::from_hours(hour.cast_signed())),
        );
    }
    fs::write(folder.path().join("Security.evtx"), builder.build()).expect("a log");
    let lines = policy.iter().map(|(guid, words)| format!("WS01,System,Name,{guid},{words},\r\n"));
    let table = format!(
        "Computername,Ziel,Unterkategorie,GUID,Einschluss,Ausschluss\r\n\r\n{}",
        String::from_iter(lines)
    );
    fs::write(folder.path().join("auditpol.csv"), table).expect("a table");
    folder
}

fn audit(folder: &Path) -> Value {
    let rules = format!("{}/fixtures/sigma", env!("CARGO_MANIFEST_DIR"));
    let ran = program::run(&[
        "audit",
        folder.to_str().expect("a path of this test"),
        "--rules",
        &rules,
        "--format",
        "json",
    ]);
    assert_eq!(ran.code, 0, "{}", ran.err);
    serde_json::from_str(&ran.out).expect("an audit is JSON")
}

/// The verdict on a rule by its title, and its reasons about one event type.
fn judged(audit: &Value, title: &str, event_type: &str) -> (String, Vec<String>) {
    let all = audit["detections"].as_array().expect("detections");
    let detection = all.iter().find(|each| each["title"] == title).expect("a rule of the fixtures");
    let host = &detection["by_host"][0];
    let reasons = host["reasons"].as_array().expect("reasons").iter();
    let texts = reasons
        .filter(|reason| reason["event_type"] == event_type)
        .map(|reason| format!("{}: {}", reason["code"].as_str().unwrap(), reason["text"].as_str().unwrap()));
    (host["verdict"].as_str().expect("a verdict").to_owned(), texts.collect())
}

#[test]
fn a_german_table_says_why_each_rule_is_blind() {
    let folder = folder(&[
        (PROCESS_CREATION, "Keine Überwachung"),
        (LOGON, "Erfolg"),
        (ACCOUNT_LOCKOUT, "Erfolg"),
        (OTHER_OBJECT_ACCESS, "Erfolg und Fehler"),
        (REGISTRY, "Fehler"),
    ]);
    let audit = audit(folder.path());
    assert_eq!(audit["problems"], Value::Array(vec![]));
    let of = |title, event_type| {
        let (verdict, reasons) = judged(&audit, title, event_type);
        format!("{verdict}, {}", reasons.join("; "))
    };
    assert_eq!(
        of("Office program starts a shell", "security:4688"),
        "blind, not_configured: security:4688 is not written: the audit policy leaves Process Creation out"
    );
    assert_eq!(
        of("Logon with explicit credentials, or failed", "security:4625"),
        "armed, outcome_missing: security:4625 records what fails, and the audit policy has Logon audit successes only"
    );
    assert_eq!(
        of("Program started from a Run key", "security:4657"),
        "unknown, sacl_missing: security:4657 is audited, for objects that have a SACL: whether any has is not known"
    );
    assert_eq!(of("Scheduled task runs from a temporary folder", "security:4698"), "armed, ");
    let folder = folder.path().to_str().expect("a path of this test");
    let rules = format!("{}/fixtures/sigma", env!("CARGO_MANIFEST_DIR"));
    let told =
        program::run(&["explain", "Logon with explicit credentials, or failed", folder, "--rules", &rules]);
    let command = format!("auditpol /set /subcategory:\"{LOGON}\" /success:enable /failure:enable");
    assert!(told.out.contains(&command), "{}", told.out);
    let told =
        program::run(&["explain", "Scheduled task runs from a temporary folder", folder, "--rules", &rules]);
    assert!(told.out.contains("the audit policy has Other Object Access Events audited"), "{}", told.out);
    let told = program::run(&["explain", "security:4688", folder]);
    let reason = "not_configured: security:4688 is not written: the audit policy leaves Process Creation out";
    assert!(told.out.contains(reason), "{}", told.out);
}

#[test]
fn words_that_cannot_be_told_apart_are_named_and_decide_nothing() {
    let with = audit(folder(&[(PROCESS_CREATION, "Keine Überwachung"), (LOGON, "Erfolg")]).path());
    let what = with["problems"][0]["what"].as_str().expect("a problem");
    assert!(what.contains(&format!("`{PROCESS_CREATION} keine überwachung`, and 1 more was not")), "{what}");
    let without = audit(folder(&[]).path());
    assert_eq!(with["detections"], without["detections"]);
}

#[test]
fn an_event_log_that_is_off_is_named_with_the_command_that_switches_it_on() {
    let folder = folder(&[]);
    let text = "name: Microsoft-Windows-DNS-Client/Operational\r\nenabled: false\r\nlogging:\r\n  maxSize: 1052672\r\n";
    let wide: Vec<u8> = format!("\u{feff}{text}").encode_utf16().flat_map(u16::to_le_bytes).collect();
    fs::write(folder.path().join("wevtutil-gl.txt"), wide).expect("a text");
    let (verdict, reasons) = judged(
        &audit(folder.path()),
        "Very long DNS name queried",
        "Microsoft-Windows-DNS-Client/Operational:3008",
    );
    assert_eq!(verdict, "blind");
    assert!(
        reasons[0].starts_with("channel_disabled: Microsoft-Windows-DNS-Client/Operational:3008: "),
        "{reasons:?}"
    );
    let (rules, path) =
        (format!("{}/fixtures/sigma", env!("CARGO_MANIFEST_DIR")), folder.path().to_str().unwrap());
    let told = program::run(&["explain", "Very long DNS name queried", path, "--rules", &rules]);
    let command = "wevtutil sl \"Microsoft-Windows-DNS-Client/Operational\" /e:true /q:true";
    assert!(told.out.contains(command), "{}", told.out);
}
