//! What each reason leads to, and which step is worth taking first.

mod gains;
mod setting;

pub use gains::{Gain, what_to_do};

use blindspot_catalog::{Detection, Facts, LeafEvent};
use blindspot_telemetry::{EventTypePattern, FieldName, SourceId, SourceStatus, WindowsChannel};

use crate::{
    HostSight, Judgement, Verdict,
    verdict::{Reason, ReasonCode},
};

/// Something to do so that a detection sees more.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Step {
    /// What to do, in one line.
    pub what: String,
    /// The exact command or configuration lines, where there are any.
    pub commands: Vec<String>,
    /// How much more will be written, as a hint.
    pub volume: Option<String>,
}

/// What one reason asks for. Steps with the same need are one step, whatever detection asks.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Need<'a> {
    Record(&'a EventTypePattern),
    Fill(&'a EventTypePattern, &'a FieldName),
    Upgrade(&'a EventTypePattern, &'a FieldName),
    Give(SourceId),
    Allow(SourceId),
    Repair(SourceId),
    Enlarge(SourceId),
    Install(&'a EventTypePattern),
    Set(setting::Change<'a>),
    /// A Windows event log that is off.
    SwitchOn(WindowsChannel),
    /// Set to be written on Windows, and not written.
    Compare(&'a EventTypePattern),
}

impl<'a> Need<'a> {
    fn of(reason: &Reason<'a>, host: &HostSight<'_>) -> Option<Self> {
        let event = reason.event?;
        let source = match event {
            LeafEvent::Type(pattern) => SourceId::of_pattern(pattern),
            LeafEvent::Source(source) => source.clone(),
        };
        if let Some(change) = setting::change(reason, event) {
            return Some(Self::Set(change));
        }
        if let (ReasonCode::ChannelDisabled, SourceId::Channel(channel)) = (reason.code, &source) {
            return Some(Self::SwitchOn(channel.clone()));
        }
        match (reason.code, event, reason.field) {
            (ReasonCode::SourceMissing, LeafEvent::Type(pattern), _)
                if source == SourceId::Auditd && host.inventory.settings.audit.is_some() =>
            {
                Some(Self::Install(pattern))
            }
            (ReasonCode::FieldEmpty, LeafEvent::Type(pattern), Some(field)) => {
                Some(Self::Fill(pattern, field))
            }
            (ReasonCode::SchemaTooOld, LeafEvent::Type(pattern), Some(field)) => {
                Some(Self::Upgrade(pattern, field))
            }
            (
                ReasonCode::NeverSeen
                | ReasonCode::Silent
                | ReasonCode::ChannelDisabled
                | ReasonCode::NotConfigured
                | ReasonCode::OutcomeMissing
                | ReasonCode::SaclMissing
                | ReasonCode::FilteredByAuditd
                | ReasonCode::FilteredBySysmon,
                LeafEvent::Type(pattern),
                _,
            ) => Some(Self::Record(pattern)),
            (ReasonCode::SourceMissing, LeafEvent::Type(pattern), _)
                if host.source(&source).status == SourceStatus::Missing || not_in_box(&source) =>
            {
                Some(Self::Record(pattern))
            }
            (ReasonCode::SourceMissing | ReasonCode::NeverSeen | ReasonCode::Silent, _, _) => {
                Some(Self::Give(source))
            }
            (ReasonCode::ConfiguredNotObserved, LeafEvent::Type(pattern), _) => Some(Self::Compare(pattern)),
            (ReasonCode::PermissionDenied, _, _) => Some(Self::Allow(source)),
            (ReasonCode::SourceUnreadable, _, _) => Some(Self::Repair(source)),
            (ReasonCode::LogOverwritten, _, _) => Some(Self::Enlarge(source)),
            _ => None,
        }
    }

    fn step(&self, facts: &Facts, detection: Option<&Detection>) -> Step {
        match self {
            Self::Record(pattern) => record(pattern, facts, detection),
            Self::Install(pattern) => install(pattern, facts),
            Self::Set(change) => change.step(),
            Self::SwitchOn(channel) => Step {
                what: format!("switch on the event log {channel}"),
                commands: vec![format!("wevtutil sl \"{channel}\" /e:true /q:true")],
                volume: None,
            },
            Self::Compare(pattern) => Step {
                what: format!("find out why {pattern} is not written although the settings ask for it"),
                commands: vec![match facts.get(pattern).is_some_and(|facts| facts.sysmon_tag.is_some()) {
                    true => "Sysmon64.exe -c".to_owned(),
                    false => "auditpol /get /category:* /r".to_owned(),
                }],
                volume: None,
            },
            Self::Fill(pattern, field) => {
                let fix = facts.get(pattern).and_then(|facts| facts.fix_of_field(field));
                Step {
                    what: fix.map_or_else(
                        || format!("let {pattern} fill {field}"),
                        |fix| format!("{} (fills {field} of {pattern})", as_continuation(&fix.action)),
                    ),
                    commands: fix
                        .and_then(|fix| fix.command.as_deref())
                        .map(str::to_owned)
                        .into_iter()
                        .collect(),
                    volume: fix.and_then(|fix| fix.volume.as_deref()).map(str::to_owned),
                }
            }
            Self::Upgrade(pattern, field) => {
                let since = facts.get(pattern).and_then(|facts| facts.first_schema_of(field));
                let since = since.map(|since| format!(" (schema {since} or newer)")).unwrap_or_default();
                plain(format!("upgrade what writes {pattern} so that it has {field}{since}"))
            }
            Self::Give(source) => {
                plain(format!("add {source} to the logs that are audited, or switch it on"))
            }
            Self::Allow(source) => plain(format!(
                "run as a user who may read {source} (on Windows a member of Event Log Readers or an administrator)"
            )),
            Self::Repair(source) => plain(format!("export {source} again: the file given could not be read")),
            Self::Enlarge(source) => Step {
                what: format!("enlarge {source} so that it holds the window"),
                commands: match source {
                    SourceId::Channel(channel) => vec![format!("wevtutil sl \"{channel}\" /ms:1073741824")],
                    _ => Vec::new(),
                },
                volume: None,
            },
        }
    }
}

/// A product that no stock installation brings: where its log is not among those given, installing it is the step.
fn not_in_box(source: &SourceId) -> bool {
    match source {
        SourceId::Channel(channel) => channel.as_str().to_ascii_lowercase().contains("sysmon"),
        SourceId::SysmonLinux => true,
        SourceId::Auditd | SourceId::Syslog => false,
    }
}

fn plain(what: String) -> Step {
    Step { what, commands: Vec::new(), volume: None }
}

fn record(pattern: &EventTypePattern, facts: &Facts, detection: Option<&Detection>) -> Step {
    let sysmon =
        detection.filter(|_| not_in_box(&SourceId::of_pattern(pattern))).map(|rule| &rule.sysmon_lines);
    let known = facts.get(pattern);
    let title = known.map(|facts| format!(" ({})", facts.title)).unwrap_or_default();
    let volume =
        known.and_then(|facts| facts.fixes.iter().find_map(|fix| fix.volume.as_deref())).map(str::to_owned);
    if let Some(lines) = sysmon.filter(|lines| !lines.is_empty()) {
        return Step {
            what: format!("let Sysmon record {pattern}{title}: add to its configuration"),
            commands: lines.iter().map(ToString::to_string).collect(),
            volume,
        };
    }
    let fixes = known.map(|facts| facts.fixes.as_slice()).unwrap_or_default();
    let actions: Vec<String> = fixes.iter().map(|fix| as_continuation(&fix.action)).collect();
    Step {
        what: match actions.as_slice() {
            [] => format!("record {pattern}{title}"),
            some => format!("record {pattern}{title}: {}", some.join("; ")),
        },
        commands: fixes.iter().filter_map(|fix| fix.command.as_deref()).map(str::to_owned).collect(),
        volume,
    }
}

/// Where there is no audit log at all: the daemon first, then the rule.
fn install(pattern: &EventTypePattern, facts: &Facts) -> Step {
    let own = EventTypePattern::Auditd { record_type: "DAEMON_START".into(), syscall: None };
    let daemon = facts.get(&own).and_then(|facts| facts.fixes.first());
    let mut step = record(pattern, facts, None);
    let command = daemon.and_then(|fix| fix.command.as_deref());
    let is_all = step.commands.iter().all(|own| command == Some(own.as_str()));
    if !is_all {
        step.what = format!("install and start auditd, then {}", step.what);
    }
    if let Some(command) = command.filter(|command| !step.commands.iter().any(|known| known == command)) {
        step.commands.insert(0, command.to_owned());
    }
    step
}

/// A sentence of the catalogue as the middle of another: with a small letter, unless it begins with an abbreviation.
fn as_continuation(sentence: &str) -> String {
    let mut letters = sentence.chars();
    match (letters.next(), letters.clone().next()) {
        (Some(first), Some(second)) if second.is_lowercase() || second == ' ' => {
            first.to_lowercase().chain(letters).collect()
        }
        _ => sentence.to_owned(),
    }
}

/// What would mend one judgement, best first, each step once.
#[must_use]
pub fn steps(
    detection: &Detection,
    judgement: &Judgement<'_>,
    host: &HostSight<'_>,
    facts: &Facts,
) -> Vec<Step> {
    let mut steps = Vec::new();
    for reason in judgement.reasons.iter().filter(|_| judgement.verdict != Verdict::OutOfScope) {
        let Some(need) = Need::of(reason, host) else { continue };
        let step = need.step(facts, Some(detection));
        if !steps.contains(&step) {
            steps.push(step);
        }
    }
    steps
}

fn about(need: &Need<'_>) -> String {
    match need {
        Need::Record(pattern) | Need::Install(pattern) | Need::Compare(pattern) => pattern.to_string(),
        Need::Set(change) => change.about(),
        Need::SwitchOn(channel) => channel.to_string(),
        Need::Fill(pattern, field) | Need::Upgrade(pattern, field) => format!("{pattern} {field}"),
        Need::Give(source) | Need::Allow(source) | Need::Repair(source) | Need::Enlarge(source) => {
            source.to_string()
        }
    }
}

/// One step in one line, for lists.
#[must_use]
pub fn line(step: &Step) -> String {
    match step.commands.as_slice() {
        [] => step.what.clone(),
        commands => format!("{}: {}", step.what, commands.join("  ")),
    }
}
