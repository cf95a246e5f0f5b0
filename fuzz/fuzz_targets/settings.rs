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
    // Quotes and blanks inside a value are not printed as they were written.
    let plain = |text: &str| text.chars().all(|letter| letter.is_ascii_graphic() && !"'\"\\".contains(letter));
    for rule in rules {
        let line = rule.to_string();
        if !line.split(' ').all(plain) || line.split(' ').any(|word| word.is_empty() || word == "-F") {
            continue;
        }
        let again = read(&file(line.as_bytes()));
        let again = again.audit.as_ref().and_then(AuditSettings::known_rules).unwrap_or_default();
        assert!(again.is_empty() || again == [rule.clone()], "{line}: {again:?}");
    }
});
