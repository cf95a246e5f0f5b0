//! One rule on built logs, to its reasons, fixes and exit codes.

use std::{fs, path::Path};

use blindspot::{
    cli,
    logs::{self, read::ReadOptions},
};
use blindspot_catalog::{Facts, sigma::Logsources};
use blindspot_coverage::{HostSight, ReasonCode, Verdict, fix, judge};
use blindspot_telemetry::Window;
use blindspot_tests::{
    evtx_builder::{Event, EvtxBuilder},
    sample_logs,
};
use clap::Parser as _;

const SYSMON: &str = "Microsoft-Windows-Sysmon/Operational";

/// What the run-key rule is judged: verdict, (code, event type) of each reason, and the steps.
struct Answer {
    verdict: Verdict,
    reasons: Vec<(ReasonCode, String)>,
    steps: Vec<fix::Step>,
}

fn answer(folder: &Path) -> Answer {
    let facts = Facts::embedded();
    let rule = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/sigma/run_key.yml");
    let (detections, problems) =
        blindspot::rules::load(&[rule], Logsources::embedded(), &facts, std::num::NonZeroUsize::MIN);
    assert_eq!(problems, []);
    let collected = logs::collect(&[folder.to_owned()], &ReadOptions::default());
    assert_eq!(collected.problems, []);
    let [host] = collected.hosts.as_slice() else { panic!("one host") };
    let sight = HostSight::new(host, Window::ALL, &facts);
    let judgement = judge(&detections[0], &sight, &facts);
    let event = |reason: &blindspot_coverage::Reason<'_>| match reason.event {
        Some(blindspot_catalog::LeafEvent::Type(pattern)) => pattern.to_string(),
        other => format!("{other:?}"),
    };
    Answer {
        verdict: judgement.verdict,
        reasons: judgement.reasons.iter().map(|reason| (reason.code, event(reason))).collect(),
        steps: fix::steps(&detections[0], &judgement, &sight, &facts),
    }
}

/// The exit code of `blindspot check sysmon:13 FOLDER --field FIELD`.
fn check(folder: &Path, field: &str) -> String {
    let folder = folder.to_str().expect("a path in UTF-8");
    let arguments = ["blindspot", "check", "sysmon:13", folder, "--field", field];
    format!("{:?}", cli::run(&cli::args::Cli::parse_from(arguments)))
}

fn exit(code: u8) -> String {
    format!("{:?}", std::process::ExitCode::from(code))
}

fn workstation() -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    for (name, bytes) in sample_logs::workstation() {
        fs::write(folder.path().join(name), bytes).expect("a log");
    }
    folder
}

#[test]
fn a_run_key_rule_without_registry_events_is_blind_and_says_what_to_add() {
    let folder = workstation();
    let answer = answer(folder.path());
    assert_eq!(answer.verdict, Verdict::Blind);
    let never_seen = |event: &str| (ReasonCode::NeverSeen, event.to_owned());
    assert_eq!(answer.reasons, [never_seen("sysmon:13"), never_seen("security:4657")]);
    let [sysmon, security] = answer.steps.as_slice() else { panic!("two steps: {:?}", answer.steps) };
    assert!(
        sysmon.what.contains("sysmon:13") && security.what.contains("security:4657"),
        "{:?}",
        answer.steps
    );
    let lines = sysmon.commands.join("\n");
    for part in ["<RegistryEvent onmatch=\"include\">", "<TargetObject", r"\CurrentVersion\Run"] {
        assert!(lines.contains(part), "{lines} lacks {part}");
    }
    assert!(security.commands.iter().any(|line| line.starts_with("auditpol /set ")), "{security:?}");
    assert_eq!(check(folder.path(), "TargetObject"), exit(1));
}

#[test]
fn a_run_key_rule_with_registry_events_is_sighted() {
    let folder = workstation();
    let data = [
        ("TargetObject", r"HKLM\SOFTWARE\Microsoft\Windows\CurrentVersion\Run\a"),
        ("Details", r"C:\Users\Public\a.exe"),
        ("NewName", ""),
    ];
    let event = Event::new(SYSMON, "Microsoft-Windows-Sysmon", 13, &data).on("WS-SAMPLE");
    fs::write(folder.path().join("registry.evtx"), EvtxBuilder::file_of([&event])).expect("a log");
    let answer = answer(folder.path());
    assert_eq!((answer.verdict, answer.reasons), (Verdict::Sighted, vec![]));
    assert_eq!(answer.steps, []);
    assert_eq!(check(folder.path(), "TargetObject"), exit(0));
    assert_eq!(check(folder.path(), "NewName"), exit(1));
}

#[test]
fn a_check_of_no_log_at_all_could_not_look() {
    let folder = tempfile::tempdir().expect("a folder");
    assert_eq!(check(folder.path(), "TargetObject"), exit(3));
}
