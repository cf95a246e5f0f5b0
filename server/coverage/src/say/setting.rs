//! Settings in words.

use blindspot_catalog::{Outcome, PathOf, PathShape, PathTest, PathText};
use blindspot_telemetry::settings::{AuditRule, AuditWatch};

use crate::{
    configured::{Configured, Part, Silence},
    sight::HostSight,
    verdict::{Evidence, Reason, ReasonCode},
};

/// So many rules or paths are named; the rest are counted.
const NAMED: usize = 3;

/// A reason that a setting gave.
pub(super) fn reason(name: &str, reason: &Reason<'_>) -> String {
    match (reason.code, reason.setting.as_deref()) {
        (ReasonCode::ConfiguredNotObserved, Some(Configured::All { by: Some(rule), .. })) => format!(
            "{name} should be recorded by `{rule}`, and the audit log holds none: look at `auditctl -s` (lost, \
             backlog), whether auditd runs, and whether its disk is full"
        ),
        (_, Some(Configured::No(Silence::SwitchedOff))) => {
            format!("{name} is not written: the kernel's audit system is switched off")
        }
        (_, Some(Configured::No(Silence::NeverTask(rule)))) => {
            format!("{name} is not written: `{rule}` silences every system call")
        }
        (_, Some(Configured::No(Silence::NoRule))) => {
            format!("{name}: no audit rule makes the kernel write it")
        }
        (_, Some(Configured::No(Silence::NotAudited(subcategory)))) => {
            format!("{name} is not written: the audit policy leaves {} out", subcategory.name())
        }
        (_, Some(Configured::No(Silence::SysmonTag(tag)))) => {
            format!("{name} is not written: the Sysmon configuration lets no {tag} event through")
        }
        (ReasonCode::ConfiguredNotObserved, Some(Configured::AllOfTag(tag))) => format!(
            "{name} should be written, as the Sysmon configuration lets every {tag} event through, and the log holds \
             none: compare `Sysmon64.exe -c` with the configuration given"
        ),
        (_, Some(Configured::No(Silence::OutcomeNotAudited(subcategory, outcome)))) => {
            let (wanted, audited) = match outcome {
                Outcome::Success => ("what succeeds", "failures"),
                Outcome::Failure => ("what fails", "successes"),
            };
            format!(
                "{name} records {wanted}, and the audit policy has {} audit {audited} only",
                subcategory.name()
            )
        }
        (_, Some(Configured::NeedsSacl(_))) => {
            format!("{name} is audited, for objects that have a SACL: whether any has is not known")
        }
        (ReasonCode::ConfiguredNotObserved, Some(Configured::Audited(subcategory))) => format!(
            "{name} should be written, as the audit policy has {} audited, and the log holds none: compare \
             `auditpol /get /category:* /r` with the policy given, and look whether the log was cleared",
            subcategory.name()
        ),
        (_, Some(Configured::KeptOut(rule))) => format!("{name} is kept out by the audit rule `{rule}`"),
        (_, Some(Configured::Elsewhere { by, kept_out })) => elsewhere(name, reason.paths, by, *kept_out),
        (_, Some(Configured::Part(part))) => in_part(name, reason.paths, part),
        _ => format!("{name} is not recorded as the settings stand"),
    }
}

fn elsewhere(name: &str, asked: &[PathTest], by: &[&AuditRule], kept_out: Option<&AuditRule>) -> String {
    let texts: Vec<String> = asked.iter().flat_map(|test| test.any_of.iter()).map(path).collect();
    let asked = listed(&texts);
    if let Some(rule) = kept_out {
        return format!("{name} on {asked} is kept out by the audit rule `{rule}`");
    }
    let watched: Vec<String> = by.iter().filter_map(|rule| watched(rule)).collect();
    if watched.is_empty() {
        let rules: Vec<String> = by.iter().map(|rule| format!("`{rule}`")).collect();
        return format!("{name} is recorded by {}, never on {asked}", listed(&rules));
    }
    format!("{name} is recorded, but the audit rules watch {}, not {asked}", listed(&watched))
}

/// The path that a rule is about.
fn watched(rule: &AuditRule) -> Option<String> {
    match rule {
        AuditRule::Watch(AuditWatch { path, .. }) => Some(path.clone()),
        AuditRule::Filter(filter) => {
            let of_path = |name: &str| matches!(name, "path" | "dir" | "exe");
            filter.fields.iter().find(|field| of_path(&field.field)).map(|field| field.value.clone())
        }
    }
}

fn in_part(name: &str, asked: &[PathTest], part: &Part<'_>) -> String {
    let mut text = format!("{name} is recorded only as far as {} ask for it", rules_of(part, asked));
    if !part.missing.is_empty() {
        let missing: Vec<String> = part.missing.iter().map(path).collect();
        text.push_str(&format!("; nothing records {}", listed(&missing)));
    }
    text
}

/// The rules that record a part: where files are asked for, those about paths first, elsewhere the broader others.
fn rules_of(part: &Part<'_>, asked: &[PathTest]) -> String {
    let of_files = asked.iter().any(|test| test.of == PathOf::Object);
    let mut by = part.by.clone();
    by.sort_by_key(|rule| watched(rule).is_some() != of_files);
    let rules: Vec<String> = by.iter().map(|rule| format!("`{rule}`")).collect();
    listed(&rules)
}

/// One text of a test, as a person would say it.
pub(crate) fn path(text: &PathText) -> String {
    match text.shape {
        PathShape::Is => text.text.to_string(),
        PathShape::StartsWith => format!("{}*", text.text),
        PathShape::EndsWith => format!("*{}", text.text),
        PathShape::Contains => format!("*{}*", text.text),
    }
}

fn listed(texts: &[String]) -> String {
    let mut named: Vec<&str> = Vec::new();
    for text in texts {
        if !named.contains(&text.as_str()) {
            named.push(text);
        }
    }
    let more = named.len().saturating_sub(NAMED);
    named.truncate(NAMED);
    match more {
        0 => named.join(", "),
        more => format!("{} and {more} more", named.join(", ")),
    }
}

/// Absence that lost records make worthless.
pub(super) fn lost(name: &str, host: &HostSight<'_>) -> String {
    let lost = host.inventory.settings.audit.as_ref().and_then(|audit| audit.lost).unwrap_or(0);
    format!("the kernel has lost {lost} audit records, so not seeing {name} proves nothing")
}

/// Evidence that is a setting.
pub(super) fn evidence(name: &str, evidence: &Evidence<'_>) -> String {
    match evidence.setting.as_deref() {
        Some(Configured::All { by: Some(rule), .. }) => {
            format!("{name} would be recorded by `{rule}`{}", remark(evidence))
        }
        Some(Configured::Part(part)) => {
            format!("{name} would be recorded as far as {} ask for it", rules_of(part, &[]))
        }
        Some(Configured::AllOfTag(tag)) => {
            format!("{name} would be recorded: the Sysmon configuration lets every {tag} event through")
        }
        Some(Configured::Audited(subcategory)) => {
            format!("{name} would be recorded: the audit policy has {} audited", subcategory.name())
        }
        _ => format!("{name} would be recorded: the audit system is on and a daemon is connected"),
    }
}

/// What a rule leaves out although it is whole.
pub(super) fn remark(evidence: &Evidence<'_>) -> &'static str {
    match evidence.setting.as_deref() {
        Some(Configured::All { only_64_bit: true, .. }) => {
            "; calls of 32-bit programs are left out (no b32 rule)"
        }
        _ => "",
    }
}
