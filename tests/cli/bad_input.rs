//! Everything that can be wrong with an input: a clear line each, the rest still audited, no panic.

use std::{
    fs::{self, File},
    path::Path,
};

use blindspot_tests::program::{Ran, blindspot, run};

use super::{rules, workstation};

/// Audits the sample workstation beside whatever else lies in its folder.
fn audit_beside(spoil: impl FnOnce(&Path)) -> Ran {
    let folder = tempfile::tempdir().unwrap();
    let logs = workstation(folder.path());
    spoil(folder.path());
    run(&["audit", &logs, "--rules", &rules()])
}

/// The rest was audited, and a line says what is wrong.
fn assert_said(ran: &Ran, parts: &[&str]) {
    assert_eq!(ran.code, 0, "{}{}", ran.out, ran.err);
    assert!(ran.out.contains("How detections stand"), "{}", ran.out);
    for part in parts {
        assert!(ran.out.contains(part), "`{part}` is not said in\n{}", ran.out);
    }
}

#[test]
fn files_that_are_no_logs_are_named_and_the_rest_is_audited() {
    let ran = audit_beside(|folder| {
        fs::write(folder.join("empty.evtx"), b"").unwrap();
        fs::write(folder.join("zeros.evtx"), vec![0; 70_000]).unwrap();
        fs::write(folder.join("text.evtx"), "this is no log").unwrap();
        fs::write(folder.join("short.evtx"), b"ElfFile\0").unwrap();
    });
    assert_said(
        &ran,
        &[
            "empty.evtx: the file is empty (0 bytes)",
            "zeros.evtx: not an EVTX file",
            "text.evtx:",
            "short.evtx:",
        ],
    );
}

#[test]
fn a_truncated_log_is_read_as_far_as_it_goes() {
    let ran = audit_beside(|folder| {
        let whole = fs::read(folder.join("Security.evtx")).unwrap();
        fs::write(folder.join("Security-cut.evtx"), &whole[..4096 + 65_536 / 2]).unwrap();
    });
    assert_said(&ran, &["4 log files"]);
}

#[test]
fn a_loop_of_folders_ends() {
    let ran = audit_beside(|folder| {
        #[cfg(unix)]
        std::os::unix::fs::symlink(folder, folder.join("again")).unwrap();
    });
    assert_said(&ran, &["3 log files"]);
}

#[test]
fn a_sparse_file_of_5_gb_is_read_to_its_end() {
    let ran = audit_beside(|folder| {
        let sparse = folder.join("sparse.evtx");
        fs::copy(folder.join("System.evtx"), &sparse).unwrap();
        File::options().write(true).open(&sparse).unwrap().set_len(5 << 30).unwrap();
    });
    assert_said(&ran, &["4 log files"]);
}

#[cfg(unix)]
#[test]
fn a_log_that_may_not_be_read_is_unknown_and_not_blind() {
    use std::os::unix::{fs::PermissionsExt as _, process::CommandExt as _};

    let folder = tempfile::tempdir().unwrap();
    let logs = workstation(folder.path());
    fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755)).unwrap();
    let sysmon = folder.path().join("Microsoft-Windows-Sysmon%4Operational.evtx");
    fs::set_permissions(&sysmon, fs::Permissions::from_mode(0o000)).unwrap();
    let mut command = blindspot(&["check", "sysmon:13", &logs]);
    // Root may read everything, so the question is asked as somebody else.
    let is_root =
        fs::metadata("/proc/self").is_ok_and(|meta| std::os::unix::fs::MetadataExt::uid(&meta) == 0);
    if is_root {
        let copy = folder.path().join("blindspot");
        fs::copy(command.get_program(), &copy).unwrap();
        let arguments: Vec<_> = command.get_args().map(ToOwned::to_owned).collect();
        command = std::process::Command::new(copy);
        command.args(arguments).uid(65_534);
    }
    let ran: Ran = command.output().unwrap().into();
    assert_eq!(ran.code, 3, "{}{}", ran.out, ran.err);
    assert!(
        ran.out.contains("could not look") && ran.err.contains("run as a user who may read it"),
        "{ran:?}"
    );
}

#[test]
fn rules_that_cannot_be_read_are_named_and_the_others_judged() {
    let folder = tempfile::tempdir().unwrap();
    let logs = workstation(folder.path());
    let own = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| fs::write(own.path().join(name), text).unwrap();
    let rule = fs::read_to_string(format!("{}/run_key.yml", rules())).unwrap();
    write("good.yml", &rule);
    write(
        "modifier.yml",
        &rule.replace("|contains", "|sounds_like").replace("title: P", "title: Q").replace("id: ", "id: 1"),
    );
    write("broken.yml", "title: [unclosed");
    write("binary.yml", "\0\u{1}");
    let levels: String =
        (1..=9).map(|n| format!("a{n}: &a{n} [{}]\n", vec![format!("*a{}", n - 1); 9].join(","))).collect();
    write("bomb.yml", &format!("a0: &a0 [x,x,x]\n{levels}"));
    let ran = run(&["audit", &logs, "--rules", &own.path().display().to_string()]);
    assert_said(&ran, &["modifier.yml", "sounds_like", "broken.yml", "bomb.yml"]);
    let none = tempfile::tempdir().unwrap();
    let ran = run(&["audit", &logs, "--rules", &none.path().display().to_string()]);
    assert_eq!(ran.code, 2);
    assert!(ran.err.contains("no rule in this folder"), "{}", ran.err);
}

#[test]
fn attack_and_inventories_that_cannot_be_used_say_why() {
    let folder = tempfile::tempdir().unwrap();
    let logs = workstation(folder.path());
    let half = folder.path().join("half.json").display().to_string();
    fs::write(&half, r#"{"type": "bundle", "objects": [{"type": "attack-pattern", "id": "attack-pa"#)
        .unwrap();
    let ran = run(&["audit", &logs, "--attack", &half]);
    assert_eq!(ran.code, 2);
    assert!(ran.err.contains("half.json") && ran.err.contains("could not use"), "{}", ran.err);
    let newer = folder.path().join("newer.json").display().to_string();
    fs::write(&newer, r#"{"schema": "blindspot.audit/9", "hosts": []}"#).unwrap();
    let ran = run(&["audit", "--inventory", &newer]);
    assert_eq!(ran.code, 2);
    assert!(ran.err.contains("blindspot.audit/9") && ran.err.contains("newer"), "{}", ran.err);
    let gone = run(&["audit", "/no/such/folder"]);
    assert_eq!(gone.code, 2);
    assert!(gone.err.contains("/no/such/folder") && gone.err.contains("check the path"), "{}", gone.err);
}
