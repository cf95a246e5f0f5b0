//! Exit codes for pipelines, and drift without a server.

use blindspot_tests::{
    evtx_builder::{Event, EvtxBuilder},
    program::run,
};
use serde_json::Value;

use super::{rules, workstation};

#[test]
fn a_gate_trips_on_blindness_and_not_on_what_was_blind_before() {
    let folder = tempfile::tempdir().unwrap();
    let logs = workstation(folder.path());
    let old = folder.path().join("old.json").display().to_string();
    let audit = |more: &[&str]| run(&[&["audit", logs.as_str(), "--rules", &rules()], more].concat());
    assert_eq!(audit(&["--format", "json", "--out", &old]).code, 0);
    assert_eq!(audit(&["--fail-on", "blind"]).code, 1);
    assert_eq!(audit(&["--fail-on", "new-blind", "--baseline", &old]).code, 0);
    let without = audit(&["--fail-on", "new-blind"]);
    assert_eq!(without.code, 2);
    assert!(without.err.contains("--baseline"), "{}", without.err);
    let only_armed = audit(&["--level", "informational"]);
    assert_eq!(only_armed.code, 2, "no rule is left to judge by");
    assert!(only_armed.err.contains("--level"), "{}", only_armed.err);
}

#[test]
fn a_baseline_says_what_was_lost_and_gained() {
    let before = tempfile::tempdir().unwrap();
    let old = before.path().join("old.json").display().to_string();
    let logs = workstation(before.path());
    assert_eq!(run(&["audit", &logs, "--rules", &rules(), "--format", "json", "--out", &old]).code, 0);
    // The same machine a while later: Sysmon is gone, and registry values are audited instead.
    let after = tempfile::tempdir().unwrap();
    workstation(after.path());
    std::fs::remove_file(after.path().join("Microsoft-Windows-Sysmon%4Operational.evtx")).unwrap();
    let fields =
        [("ProcessName", "a.exe"), ("ObjectName", "k"), ("ObjectValueName", "v"), ("NewValue", "x.exe")];
    let event = Event::new("Security", "Microsoft-Windows-Security-Auditing", 4657, &fields).on("WS-SAMPLE");
    std::fs::write(after.path().join("Security-2.evtx"), EvtxBuilder::file_of([&event])).unwrap();
    let logs = after.path().display().to_string();
    let audit = |more: &[&str]| {
        run(&[&["audit", logs.as_str(), "--rules", &rules(), "--baseline", &old], more].concat())
    };
    let report: Value = serde_json::from_str(&audit(&["--format", "json"]).out).unwrap();
    let titles = |list: &str| -> Vec<String> {
        let shifts = report["change"][list].as_array().unwrap();
        shifts.iter().map(|shift| shift["title"].as_str().unwrap().to_owned()).collect()
    };
    assert!(
        titles("lost").contains(&"PowerShell with an encoded command line".to_owned()),
        "{:?}",
        titles("lost")
    );
    assert_eq!(titles("gained"), ["Program started from a Run key"]);
    assert_eq!(audit(&["--fail-on", "new-blind"]).code, 1);
    assert!(audit(&[]).out.contains("sysmon:1 on WS-SAMPLE"));
}

#[test]
fn a_group_overlay_counts_its_techniques_and_an_unknown_group_is_an_error() {
    let folder = tempfile::tempdir().unwrap();
    let logs = workstation(folder.path());
    let ran = run(&["audit", &logs, "--threat-group", "FIN7", "--mitigation", "M1038"]);
    assert_eq!(ran.code, 0, "{}", ran.err);
    assert!(
        ran.out.contains("Group FIN7 (G0046)") && ran.out.contains("of its techniques are seen"),
        "{}",
        ran.out
    );
    assert!(ran.out.contains("invest in:") && ran.out.contains("(M1038)"), "{}", ran.out);
    let unknown = run(&["audit", &logs, "--threat-group", "Nobody"]);
    assert_eq!(unknown.code, 2);
    assert!(unknown.err.contains("no group `Nobody`"), "{}", unknown.err);
}
