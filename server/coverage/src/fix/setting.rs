//! Steps that change a setting of the audit system.

use blindspot_catalog::{Access, LeafEvent, PathOf, PathShape, PathText};
use blindspot_telemetry::{EventTypePattern, settings::AuditRule};

use super::Step;
use crate::{
    configured::{Configured, Silence},
    verdict::{Reason, ReasonCode},
};

/// A change of the audit system's settings.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Change<'a> {
    /// Watch these paths.
    Watch {
        pattern: &'a EventTypePattern,
        paths: Vec<PathText>,
        /// The letters of `-p`.
        perms: &'static str,
    },
    /// Take a rule away, as auditctl spells it.
    Remove(String),
    /// Let the kernel audit.
    SwitchOn,
    /// Find out why nothing arrives.
    Look(&'a EventTypePattern),
    /// Let more records wait.
    Backlog,
}

/// The change that a reason asks for, where it is one of settings that no catalogue row holds.
pub(super) fn change<'a>(reason: &Reason<'a>, event: &'a LeafEvent) -> Option<Change<'a>> {
    let LeafEvent::Type(pattern @ EventTypePattern::Auditd { .. }) = event else { return None };
    match (reason.code, reason.setting.as_deref()) {
        (ReasonCode::ThinEvidence, _) if reason.field.is_none() => Some(Change::Backlog),
        (ReasonCode::ConfiguredNotObserved, _) => Some(Change::Look(pattern)),
        (_, Some(Configured::No(Silence::SwitchedOff))) => Some(Change::SwitchOn),
        (_, Some(Configured::No(Silence::NeverTask(rule)) | Configured::KeptOut(rule))) => Some(remove(rule)),
        (_, Some(Configured::Elsewhere { kept_out: Some(rule), .. })) => Some(remove(rule)),
        (_, Some(Configured::Part(part))) if !part.missing.is_empty() => {
            watch(pattern, reason, part.missing.clone())
        }
        (_, Some(Configured::No(Silence::NoRule) | Configured::Elsewhere { .. })) => {
            let object = reason.paths.iter().find(|test| test.of == PathOf::Object)?;
            watch(pattern, reason, object.any_of.to_vec())
        }
        _ => None,
    }
}

fn remove<'a>(rule: &AuditRule) -> Change<'a> {
    Change::Remove(rule.to_string())
}

/// A watch on the paths, if one of them can be watched: an ending alone names no place.
fn watch<'a>(pattern: &'a EventTypePattern, reason: &Reason<'a>, paths: Vec<PathText>) -> Option<Change<'a>> {
    let test = reason.paths.iter().find(|test| test.of == PathOf::Object)?;
    let perms = if test.access == Access::Read { "r" } else { "wa" };
    paths.iter().any(|path| place(path).is_some()).then_some(Change::Watch { pattern, paths, perms })
}

/// The file or folder to watch.
fn place(path: &PathText) -> Option<&str> {
    let text = path.text.strip_prefix('/').map(|_| &*path.text)?;
    match path.shape {
        PathShape::Is => Some(text),
        PathShape::StartsWith => {
            let folder = text.rsplit_once('/').map_or(text, |(folder, _)| folder);
            (!folder.is_empty()).then_some(folder)
        }
        PathShape::EndsWith | PathShape::Contains => None,
    }
}

impl Change<'_> {
    pub(super) fn step(&self) -> Step {
        match self {
            Self::Watch { pattern, paths, perms } => {
                let mut commands: Vec<String> = Vec::new();
                for place in paths.iter().filter_map(place) {
                    let command = format!("auditctl -w {} -p {perms} -k watched", quoted(place));
                    if !commands.contains(&command) {
                        commands.push(command);
                    }
                }
                Step {
                    what: format!(
                        "let audit rules record {pattern} on the paths that are looked for, and keep them in \
                         /etc/audit/rules.d"
                    ),
                    commands,
                    volume: Some("depends on the path".to_owned()),
                }
            }
            Self::Remove(rule) => {
                let delete = match rule.strip_prefix("-w ") {
                    Some(watch) => format!("auditctl -W {watch}"),
                    None => format!("auditctl {}", rule.replacen("-a ", "-d ", 1)),
                };
                Step {
                    what: format!("take the audit rule `{rule}` away, also from /etc/audit/rules.d"),
                    commands: vec![delete],
                    volume: None,
                }
            }
            Self::SwitchOn => Step {
                what: "switch the kernel's audit system on".to_owned(),
                commands: vec!["auditctl -e 1".to_owned()],
                volume: None,
            },
            Self::Look(pattern) => Step {
                what: format!(
                    "find out why {pattern} does not reach the audit log although a rule records it"
                ),
                commands: vec!["auditctl -s".to_owned(), "systemctl status auditd".to_owned()],
                volume: None,
            },
            Self::Backlog => Step {
                what: "let more audit records wait, so that none are lost, and count the lost anew"
                    .to_owned(),
                commands: vec!["auditctl -b 8192".to_owned(), "auditctl --reset-lost".to_owned()],
                volume: None,
            },
        }
    }

    pub(super) fn about(&self) -> String {
        match self {
            Self::Watch { pattern, .. } | Self::Look(pattern) => pattern.to_string(),
            Self::Remove(_) | Self::SwitchOn | Self::Backlog => "auditd".to_owned(),
        }
    }
}

/// A path as one word of a shell.
fn quoted(path: &str) -> String {
    let plain = |letter: char| letter.is_ascii_alphanumeric() || "/._-+@:,".contains(letter);
    if path.chars().all(plain) { path.to_owned() } else { format!("'{}'", path.replace('\'', r"'\''")) }
}
