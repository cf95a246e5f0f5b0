//! All texts of a host together.

use blindspot_telemetry::settings::AuditState;

use super::*;

fn files(texts: &[(SettingsKind, &str, &str)]) -> SettingsFiles {
    let file = |(kind, name, text): &(SettingsKind, &str, &str)| SettingsFile {
        kind: *kind,
        name: (*name).to_owned(),
        bytes: text.as_bytes().to_vec(),
    };
    SettingsFiles { files: texts.iter().map(file).collect(), ..SettingsFiles::default() }
}

fn rules(settings: &Settings) -> Vec<String> {
    let known = settings.audit.as_ref().and_then(AuditSettings::known_rules).expect("rules");
    known.iter().map(ToString::to_string).collect()
}

#[test]
fn nothing_given_is_nothing_known() {
    assert_eq!(read(&SettingsFiles::default()), Settings::default());
}

#[test]
fn the_kernel_is_believed_before_files() {
    let listed = (SettingsKind::LoadedAuditRules, "auditctl -l", "No rules\n");
    let file = (SettingsKind::AuditRules, "/etc/audit/audit.rules", "-w /a -p w\n-e 2\n-b 99\n");
    let status = (SettingsKind::AuditStatus, "auditctl -s", "enabled 1\nlost 3\n");
    let settings = read(&files(&[listed, file, status]));
    assert_eq!(rules(&settings), Vec::<String>::new());
    let audit = settings.audit.unwrap();
    assert_eq!((audit.state, audit.lost, audit.backlog_limit), (Some(AuditState::On), Some(3), Some(99)));
}

#[test]
fn parts_are_merged_in_their_order_and_replace_the_file_made_of_them() {
    let settings = read(&files(&[
        (SettingsKind::AuditRulesPart, "/etc/audit/rules.d/100-last.rules", "-w /c -p w\n"),
        (SettingsKind::AuditRulesPart, "/etc/audit/rules.d/20-second.rules", "-w /b -p w\n"),
        (SettingsKind::AuditRulesPart, "/etc/audit/rules.d/3-first.rules", "-D\n-w /a -p w\n"),
        (SettingsKind::AuditRules, "/etc/audit/audit.rules", "-w /old -p w\n"),
    ]));
    assert_eq!(rules(&settings), ["-w /a -p w", "-w /b -p w", "-w /c -p w"]);
}

#[test]
fn a_denied_list_leaves_the_rules_unknown() {
    let denied = (SettingsKind::LoadedAuditRules, "auditctl -l", "You must be root to run this program.\n");
    let status = (SettingsKind::AuditStatus, "auditctl -s", "enabled 1\n");
    assert_eq!(read(&files(&[denied, status])).audit.unwrap().rules, None);
}

#[test]
fn drop_ins_override_the_main_file_whatever_their_names() {
    let main = (SettingsKind::JournaldConf, "/etc/systemd/journald.conf", "[Journal]\nStorage=volatile\n");
    let drop_in = (
        SettingsKind::JournaldConf,
        "/etc/systemd/journald.conf.d/00-keep.conf",
        "[Journal]\nStorage=persistent\n",
    );
    let settings = read(&files(&[main, drop_in]));
    assert_eq!(settings.journald.unwrap().outlives_restart(), Some(true));
}

#[test]
fn no_daemon_is_said_only_where_one_was_looked_for() {
    let looked = SettingsFiles { looked_for_syslog: true, ..SettingsFiles::default() };
    assert_eq!(read(&looked).syslog.map(|daemon| daemon.program), Some(SyslogProgram::NoneKnown));
    assert_eq!(read(&SettingsFiles::default()).syslog, None);
}

#[test]
fn paths_tell_what_a_file_is() {
    for (path, kind) in [
        ("/etc/audit/rules.d/10-base.rules", Some(SettingsKind::AuditRulesPart)),
        ("/etc/udev/rules.d/10-net.rules", None),
        ("case1/etc/audit/audit.rules", Some(SettingsKind::AuditRules)),
        ("/etc/rsyslog.d/50-default.conf", Some(SettingsKind::RsyslogConf)),
        ("/opt/sysmon/config.xml", Some(SettingsKind::SysmonConf)),
        ("/etc/passwd", None),
    ] {
        assert_eq!(SettingsKind::of_path(path), kind, "{path}");
    }
}
