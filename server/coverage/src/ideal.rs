//! A host that has one logging setup whole: what a detection could see there at best.

use std::collections::BTreeMap;

use blindspot_catalog::{
    Detection, Facts, LeafEvent, Requirement, Scope,
    sigma::{ExplainedAlternative, ExplainedEvent},
};
use blindspot_telemetry::{
    EventId, EventType, EventTypePattern, FieldFill, FieldName, HostName, Hour, Inventory, Observed,
    Platform, Program, Provider, RecordType, SourceId, Window,
};
use jiff::Timestamp;

use crate::{HostSight, Verdict, judge};

/// Events of each type on the host: enough for every field to be believed.
const PLENTY: u64 = 1000;

/// The verdict on a host where this alternative's event types are recorded with every documented field filled.
#[must_use]
pub fn verdict_if_whole(detection: &Detection, alternative: &ExplainedAlternative, facts: &Facts) -> Verdict {
    let platform = match detection.scope {
        Scope::Hosts(platform) => platform,
        Scope::Any | Scope::OtherPlatform(_) => Platform::Windows,
    };
    let mut host = Inventory::new(HostName::new("whole"), platform);
    for event in &alternative.event_types {
        host.observe(concrete(&event.pattern), plenty(fields_of(event, &detection.requirement)));
    }
    for source in &alternative.sources {
        host.observe(any_of(source), plenty(Vec::new()));
    }
    judge(detection, &HostSight::new(&host, Window::ALL, facts), facts).verdict
}

fn fields_of(event: &ExplainedEvent, requirement: &Requirement) -> Vec<FieldName> {
    match &event.fields {
        Some(fields) => fields.iter().cloned().collect(),
        // Not documented: whatever is asked for may be there.
        None => {
            let mut asked = Vec::new();
            collect(requirement, &event.pattern, &mut asked);
            asked
        }
    }
}

fn collect(requirement: &Requirement, pattern: &EventTypePattern, into: &mut Vec<FieldName>) {
    match requirement {
        Requirement::Parts(parts) | Requirement::Together(parts) => {
            parts.iter().for_each(|part| collect(part, pattern, into));
        }
        Requirement::Branch(branch) => {
            let leaves =
                branch.alternatives.iter().filter(|leaf| leaf.event == LeafEvent::Type(pattern.clone()));
            into.extend(leaves.flat_map(|leaf| leaf.fields()).cloned());
        }
        Requirement::Outside { .. } | Requirement::NotUnderstood { .. } => (),
    }
}

fn plenty(fields: Vec<FieldName>) -> Observed {
    let fill = FieldFill { filled: PLENTY, placeholder: 0, empty: 0 };
    Observed {
        count: PLENTY,
        first: Timestamp::UNIX_EPOCH,
        last: Timestamp::UNIX_EPOCH,
        hours: BTreeMap::from([(Hour::of(Timestamp::UNIX_EPOCH), PLENTY)]),
        fields: fields.into_iter().map(|name| (name, fill)).collect(),
    }
}

fn concrete(pattern: &EventTypePattern) -> EventType {
    match pattern.clone() {
        EventTypePattern::Windows { channel, provider, event_id } => {
            EventType::Windows { channel, provider: provider.unwrap_or_else(|| Provider::new("")), event_id }
        }
        EventTypePattern::Auditd { record_type, syscall } => EventType::Auditd { record_type, syscall },
        EventTypePattern::Syslog { program } => EventType::Syslog { program },
        EventTypePattern::SysmonLinux { event_id } => EventType::SysmonLinux { event_id },
    }
}

/// Some event of a source, where only the source is asked for.
fn any_of(source: &SourceId) -> EventType {
    match source {
        SourceId::Channel(channel) => {
            EventType::Windows { channel: channel.clone(), provider: Provider::new(""), event_id: EventId(0) }
        }
        SourceId::Auditd => EventType::Auditd { record_type: RecordType::new("USER"), syscall: None },
        SourceId::Syslog => EventType::Syslog { program: Program::new("logger") },
        SourceId::SysmonLinux => EventType::SysmonLinux { event_id: EventId(0) },
    }
}
