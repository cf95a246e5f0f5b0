//! A rule set of eight hundred lines that many hosts load.

use std::{collections::BTreeSet, fs, path::PathBuf};

use blindspot_sampling::settings::{self, SettingsFile, SettingsFiles, SettingsKind};
use blindspot_telemetry::settings::{
    AuditAction, AuditArch, AuditFilter, AuditList, AuditRule, AuditRules, AuditWatch,
};
use blindspot_tests::corpus::{VARIABLE, say_skipped};

/// The rules; `None` where there is no corpus.
fn rules() -> Option<AuditRules> {
    let Some(folder) = std::env::var_os(VARIABLE).map(PathBuf::from) else {
        say_skipped();
        return None;
    };
    let bytes = fs::read(folder.join("configs/auditd-neo23x0.rules")).expect("the rule set");
    let file = SettingsFile { kind: SettingsKind::AuditRules, name: "audit.rules".to_owned(), bytes };
    let settings = settings::read(&SettingsFiles { files: vec![file], ..SettingsFiles::default() });
    let audit = settings.audit.expect("audit settings");
    assert_eq!((audit.backlog_limit, audit.failure), (Some(8192), Some(1)));
    audit.rules
}

fn filters(rules: &AuditRules) -> Vec<&AuditFilter> {
    let mut filters = Vec::new();
    for rule in &rules.list {
        if let AuditRule::Filter(filter) = rule {
            filters.push(filter);
        }
    }
    filters
}

fn watches(rules: &AuditRules) -> Vec<&AuditWatch> {
    let mut watches = Vec::new();
    for rule in &rules.list {
        if let AuditRule::Watch(watch) = rule {
            watches.push(watch);
        }
    }
    watches
}

/// A rule that says no more than a watch is one in the kernel's list: those that the set writes with `-a`.
const WRITTEN_AS_FILTERS: usize = 6;

#[test]
fn every_line_is_understood() {
    let Some(rules) = rules() else { return };
    // `-k -F KEY`: auditctl 3.0.9 refuses these two lines with "parameter passed without an option given".
    let refused: Vec<&str> = rules.refused.iter().map(|it| it.why.as_str()).collect();
    assert_eq!(refused, ["a word without an option, which auditctl refuses"; 2]);
    assert!(rules.refused.iter().all(|it| it.line.ends_with("-k -F T1078_Valid_Accounts")));
    assert_eq!(rules.list.len() + rules.refused.len(), 267 + 138);
}

#[test]
fn watches_by_their_uses() {
    let Some(rules) = rules() else { return };
    let watches = watches(&rules);
    assert_eq!(watches.len(), 267 + WRITTEN_AS_FILTERS);
    let of = |letters: &str| watches.iter().filter(|watch| watch.perms.to_string() == letters).count();
    assert_eq!((of("x"), of("wa"), of("r"), of("w"), of("rwa")), (170, 76, 2, 1, 2));
}

#[test]
fn filters_by_what_they_ask() {
    let Some(rules) = rules() else { return };
    let filters = filters(&rules);
    assert_eq!(filters.len() + WRITTEN_AS_FILTERS + rules.refused.len(), 138);
    let count = |of: &dyn Fn(&AuditFilter) -> bool| filters.iter().filter(|filter| of(filter)).count();
    assert_eq!(count(&|it| it.arch == Some(AuditArch::B64)), 83);
    assert_eq!(count(&|it| it.arch == Some(AuditArch::B32)), 27);
    // Nine are spelled `never,LIST`, one the other way round.
    assert_eq!(count(&|it| it.action == AuditAction::Never), 10);
    assert_eq!(count(&|it| it.list == AuditList::Exclude), 1);
    let by_login = |it: &AuditFilter| {
        it.action == AuditAction::Always && it.fields.iter().any(|field| field.field == "auid")
    };
    assert_eq!(count(&by_login) + rules.refused.len(), 39);
}

#[test]
fn calls_and_keys_are_told_apart() {
    let Some(rules) = rules() else { return };
    let calls: BTreeSet<_> = filters(&rules).iter().flat_map(|filter| filter.syscalls.iter()).collect();
    let all = usize::from(filters(&rules).iter().any(|filter| filter.syscalls.is_empty()));
    assert_eq!(calls.len() + all, 59);
    let keys: BTreeSet<&String> = rules
        .list
        .iter()
        .flat_map(|rule| match rule {
            AuditRule::Watch(watch) => &watch.keys,
            AuditRule::Filter(filter) => &filter.keys,
        })
        .collect();
    // Of the set's 94 keys one is the `-F` of the lines that are refused.
    assert_eq!(keys.len(), 93);
}
