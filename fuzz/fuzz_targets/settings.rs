//! Settings of any text: no panic, no endless work, and what is printed of a rule is that rule again.

#![no_main]

use blindspot_sampling::settings::{SettingsFile, SettingsFiles, SettingsKind, read};
use blindspot_telemetry::settings::AuditSettings;
use libfuzzer_sys::fuzz_target;

const KINDS: [SettingsKind; 9] = [
    SettingsKind::LoadedAuditRules,
    SettingsKind::AuditStatus,
    SettingsKind::AuditRules,
    SettingsKind::AuditRulesPart,
    SettingsKind::AuditdConf,
    SettingsKind::JournaldConf,
    SettingsKind::RsyslogConf,
    SettingsKind::SyslogNgConf,
    SettingsKind::SysmonConf,
];

fuzz_target!(|bytes: &[u8]| {
    let Some((first, rest)) = bytes.split_first() else { return };
    let kind = KINDS[usize::from(*first) % KINDS.len()];
    let file = |bytes: &[u8]| SettingsFiles {
        files: vec![SettingsFile { kind, name: "f".to_owned(), bytes: bytes.to_vec() }],
        ..SettingsFiles::default()
    };
    let settings = read(&file(rest));
    let Some(rules) = settings.audit.as_ref().and_then(AuditSettings::known_rules) else { return };
    // Quotes are not printed again, so that a blank inside a value would end it.
    if rest.iter().any(|byte| b"'\"\\".contains(byte) || !byte.is_ascii()) {
        return;
    }
    for rule in rules {
        let line = rule.to_string();
        let again = read(&file(line.as_bytes()));
        let again = again.audit.as_ref().and_then(AuditSettings::known_rules).unwrap_or_default();
        assert!(again.is_empty() || again == [rule.clone()], "{line}: {again:?}");
    }
});
