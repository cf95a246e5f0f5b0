//! Reasons and evidence in words, for text, JSON and pages alike.

mod setting;

use blindspot_catalog::LeafEvent;
use blindspot_telemetry::{Inventory, Source, SourceId, SourceStatus};
use jiff::Timestamp;

use crate::{
    leaf::LostExclusion,
    sight::HostSight,
    verdict::{Evidence, How, Reason, ReasonCode},
};

/// A host by its name, and the relay through which it was seen: it is never taken for a host of that name that was
/// read directly.
#[must_use]
pub fn host(inventory: &Inventory) -> String {
    match &inventory.relay {
        None => inventory.host.to_string(),
        Some(relay) => format!("{} (through relay {relay})", inventory.host),
    }
}

/// The text form of what a leaf asks for.
#[must_use]
pub fn event(event: &LeafEvent) -> String {
    match event {
        LeafEvent::Type(pattern) => pattern.to_string(),
        LeafEvent::Source(source) => source.to_string(),
    }
}

/// One reason as a sentence without its full stop.
#[must_use]
pub fn reason(reason: &Reason<'_>, host: &HostSight<'_>) -> String {
    let name = reason.event.map(event).unwrap_or_default();
    let field = reason.field.map(ToString::to_string).unwrap_or_default();
    let source = reason.event.map(source_of);
    let log = source.as_ref().map(ToString::to_string).unwrap_or_default();
    let note = reason.note.unwrap_or_default();
    let count = reason.count;
    match reason.code {
        ReasonCode::NeverSeen => {
            format!("{name} was never seen in {log}, {}", history(host, source.as_ref()))
        }
        ReasonCode::Silent => format!("{name} was last seen {}, before the window", when(reason.last)),
        ReasonCode::NotConfigured
        | ReasonCode::OutcomeMissing
        | ReasonCode::FilteredBySysmon
        | ReasonCode::SaclMissing
        | ReasonCode::ConfiguredNotObserved
        | ReasonCode::FilteredByAuditd => setting::reason(&name, reason),
        ReasonCode::ChannelDisabled => format!("{name}: {} is switched off", log_of(&name, &log)),
        ReasonCode::FieldAbsent if count == 0 => {
            format!("{name} has no field {field}, whatever is switched on")
        }
        ReasonCode::FieldAbsent => format!("none of {count} {name} events has a field {field}"),
        ReasonCode::FieldEmpty => format!("{field} is empty in all {count} {name} events"),
        ReasonCode::SchemaTooOld => {
            format!("the version that wrote {count} {name} events is too old to have {field}")
        }
        ReasonCode::SourceMissing => match source.as_ref().filter(|id| is_missing(host, id)) {
            Some(id) => format!("{name} is not recorded: {}", absence_of(id)),
            None => format!("{name}: {} is not among the logs given", log_of(&name, &log)),
        },
        ReasonCode::PermissionDenied => format!("{log} may not be read, so nothing is known of {name}"),
        ReasonCode::SourceUnreadable => {
            format!("{log} could not be read, or too much of it is damaged, so nothing is known of {name}")
        }
        ReasonCode::LogOverwritten => {
            format!("{log} holds less history than the window, so not seeing {name} proves nothing")
        }
        ReasonCode::AgentStale => format!("reading {log} has not caught up, so nothing is known of {name}"),
        ReasonCode::SourceLevelOnly => match reason.event {
            Some(LeafEvent::Type(_)) => {
                format!("{name} is recorded, and carries what is looked for only in part")
            }
            _ => format!("{log} is live, and which of its events are needed is not known"),
        },
        ReasonCode::RareUnproven if count > 0 => {
            format!("{name} was last seen {}; it is written only when that happens", when(reason.last))
        }
        ReasonCode::RareUnproven => format!("{name} was never seen, and is written only when that happens"),
        ReasonCode::ThinEvidence if reason.field.is_none() => setting::lost(&name, host),
        ReasonCode::ThinEvidence => {
            format!("{field} is empty in all {count} {name} events, too few to judge by")
        }
        ReasonCode::RoleUnknown => format!("whether this host has the role that writes {name} is not known"),
        ReasonCode::ExclusionAlwaysTrue => {
            format!("without {field}, the exclusion `{note}` holds for every {name} event")
        }
        ReasonCode::UnmappedLogsource | ReasonCode::UnparsedRequirement => note.to_owned(),
        ReasonCode::NotSampled => format!("no agent samples {note}"),
    }
}

/// One piece of evidence as a phrase.
#[must_use]
pub fn evidence(evidence: &Evidence<'_>) -> String {
    let name = evidence.counted.map_or_else(|| event(evidence.event), ToString::to_string);
    match (evidence.how, evidence.field) {
        (How::Sibling, _) => {
            format!("{} would be recorded: {name} is, and one switch decides both", event(evidence.event))
        }
        (How::AlwaysOn, _) => format!("{name} cannot be switched off, and its log is written"),
        (How::Setting, _) => setting::evidence(&name, evidence),
        (How::Seen, None) => format!(
            "{name} seen {} times, last {}{}",
            evidence.count,
            when(evidence.last),
            setting::remark(evidence)
        ),
        (How::Seen, Some(field)) => {
            format!("{name} {field} filled in {} of {} events", evidence.filled, evidence.of)
        }
    }
}

fn is_missing(host: &HostSight<'_>, source: &SourceId) -> bool {
    host.source(source).status == SourceStatus::Missing
}

/// That a source does not exist, in words.
fn absence_of(source: &SourceId) -> &'static str {
    match source {
        SourceId::Auditd => "there is no audit log on this host",
        SourceId::Syslog => "there is neither a syslog file nor a journal on this host",
        SourceId::SysmonLinux => "Sysmon for Linux is not installed on this host",
        SourceId::Channel(_) => "its log does not exist on this host",
    }
}

/// The log's name, unless the event type's name has said it already.
fn log_of<'t>(name: &str, log: &'t str) -> &'t str {
    if name.starts_with(log) { "its log" } else { log }
}

/// An exclusion that lost a field, as a phrase.
#[must_use]
pub fn lost_exclusion(lost: &LostExclusion<'_>) -> String {
    format!("the exclusion `{}` cannot hold without {}: more false positives", lost.label, lost.field)
}

/// How much a statement about absence rests on: the records of that log, or of all the host's.
fn history(host: &HostSight<'_>, source: Option<&SourceId>) -> String {
    let holds = |candidate: &&Source| source.is_none_or(|id| candidate.holds.contains(id));
    let sources: Vec<&Source> = host.inventory.sources.iter().filter(holds).collect();
    let span = sources
        .iter()
        .filter_map(|source| source.oldest)
        .min()
        .zip(sources.iter().filter_map(|source| source.newest).max());
    let span = span.map_or(0.0, |(oldest, newest)| newest.duration_since(oldest).as_secs_f64() / 3600.0);
    let records: u64 = sources.iter().map(|source| source.records).sum();
    let damaged: u64 = sources.iter().map(|source| source.damaged).sum();
    let mut text = format!("{records} records over {}", hours(span));
    if damaged > 0 {
        text.push_str(&format!(", {damaged} more damaged"));
    }
    text
}

/// A span in the unit that reads best.
#[must_use]
pub fn hours(hours: f64) -> String {
    if hours < 1.0 {
        format!("{:.0} min", hours * 60.0)
    } else if hours < 72.0 {
        format!("{hours:.1} h")
    } else {
        format!("{:.0} days", hours / 24.0)
    }
}

fn when(time: Option<Timestamp>) -> String {
    time.map_or_else(
        || "at an unknown time".to_owned(),
        |time| time.strftime("%Y-%m-%d %H:%M:%SZ").to_string(),
    )
}

fn source_of(event: &LeafEvent) -> SourceId {
    match event {
        LeafEvent::Type(pattern) => SourceId::of_pattern(pattern),
        LeafEvent::Source(source) => source.clone(),
    }
}
