//! The kernel's own form: rules are loaded, listed, read and compared with what was meant.

use std::{io::Write as _, process::Command};

use blindspot_sampling::settings::{self, SettingsFile, SettingsFiles, SettingsKind};
use blindspot_telemetry::settings::{AuditRule, AuditSettings, AuditState};

/// Rules that no host has, as a file spells them. Each has a key of ours, or, where none may stand, a group of ours.
const OURS: [&str; 9] = [
    "-w /etc/hostname -p wa -k blindspot-test-1",
    "-a exit,always -F arch=b64 -S execveat -F euid=65533 -k blindspot-test-2",
    "-a always,exit -F arch=x86_64 -S openat,open -F dir=/etc/ -F success=0 -F auid!=unset -k blindspot-test-3",
    "-a always,exit -F path=/etc/hosts -F perm=x -F auid>=64000 -k blindspot-test-4 -k blindspot-test-5",
    "-a always,exit -F dir=/srv -F uid=root -F pid=1 -C auid!=obj_uid -k blindspot-test-6",
    "-a always,exit -F arch=b64 -S mprotect -F a2&4 -F exit=-EACCES -F pid=1 -k blindspot-test-7",
    "-a never,exit -F arch=b32 -S mount -F uid=65533 -k blindspot-test-8",
    "-a never,task -F uid=65533 -F gid=65533",
    "-a always,exit -F arch=b64 -S all -F exe=/usr/bin/blindspot-test -k blindspot-test-10",
];

fn auditctl(words: &[&str]) -> Option<(bool, Vec<u8>)> {
    let output = Command::new("auditctl").args(words).output().ok()?;
    Some((output.status.success(), output.stdout))
}

fn read(kind: SettingsKind, bytes: Vec<u8>) -> Option<AuditSettings> {
    let files = vec![SettingsFile { kind, name: String::new(), bytes }];
    settings::read(&SettingsFiles { files, ..SettingsFiles::default() }).audit
}

fn ours(audit: Option<AuditSettings>) -> Vec<AuditRule> {
    let list = audit.and_then(|audit| audit.rules).map(|rules| rules.list).unwrap_or_default();
    let ours = |text: &str| text.contains("blindspot-test") || text.contains("gid=65533");
    list.into_iter().filter(|rule| ours(&rule.to_string())).collect()
}

/// Takes our rules away again, however the test ends.
struct Loaded;

impl Drop for Loaded {
    fn drop(&mut self) {
        for line in OURS {
            let words: Vec<&str> = line.split(' ').collect();
            let verb = if words[0] == "-w" { "-W" } else { "-d" };
            auditctl(&[&[verb], &words[1..]].concat());
        }
    }
}

#[test]
fn what_the_kernel_lists_is_what_was_loaded() {
    let _alone = blindspot_tests::machine::kernel_audit();
    let status = auditctl(&["-s"]).filter(|(success, _)| *success);
    let state = status.and_then(|(_, text)| read(SettingsKind::AuditStatus, text)).and_then(|it| it.state);
    if !matches!(state, Some(AuditState::On | AuditState::Off)) {
        let skipped = "no kernel audit that we may change: skipped what_the_kernel_lists_is_what_was_loaded";
        writeln!(std::io::stderr(), "{skipped}").expect("standard error");
        return;
    }
    let loaded = Loaded;
    for line in OURS {
        let words: Vec<&str> = line.split(' ').collect();
        assert!(auditctl(&words).is_some_and(|(success, _)| success), "auditctl refuses {line}");
    }
    let (_, listed) = auditctl(&["-l"]).expect("a list");
    drop(loaded);
    // The kernel lists one list of rules after the other: that for new processes comes first.
    let mut meant = ours(read(SettingsKind::AuditRules, OURS.join("\n").into_bytes()));
    meant.sort_by_key(|rule| !rule.to_string().starts_with("-a never,task"));
    assert_eq!(meant.len(), OURS.len());
    assert_eq!(ours(read(SettingsKind::LoadedAuditRules, listed)), meant);
    let (_, after) = auditctl(&["-l"]).expect("a list");
    assert_eq!(ours(read(SettingsKind::LoadedAuditRules, after)), []);
}
