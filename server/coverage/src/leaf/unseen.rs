//! A leaf none of whose events fall into the window: what the log, the settings and the catalogue say of it.

use blindspot_catalog::{DefaultState, EventFacts, Leaf, LeafEvent, Rate, Role};
use blindspot_telemetry::{EventType, FieldName, SourceId, SourceStatus};

use super::{LeafFinding, LeafState, logic::evaluate, missing_by_schema, settings::Set};
use crate::{
    configured::{Configured, Silence},
    sight::{HostSight, Seen},
    standing::{LeafCode, Optional},
    verdict::{Evidence, How, Reason, ReasonCode},
};

/// From one damaged record in so many on, absence from a log proves nothing: what was damaged may have been it.
const DAMAGED_ONE_IN: u64 = 20;

/// What may be said of an event type that was not counted in the window.
enum Unseen<'a> {
    /// It would be recorded: how that is known, and by which sibling.
    Armed(How, Option<&'a EventType>),
    /// It is not known to be recorded.
    Not(LeafState, ReasonCode),
}

/// Judges a leaf none of whose events fall into the window.
pub(super) fn judge<'a>(
    leaf: &'a Leaf,
    host: &HostSight<'a>,
    facts: Option<&EventFacts>,
    set: Set<'a>,
) -> LeafFinding<'a> {
    let earlier = host.seen(&leaf.event).max_by_key(|seen| seen.observed.last);
    let last = earlier.map(|seen| seen.observed.last);
    let closed = if earlier.is_none() && !host.is_stale() { closed_by_schema(leaf) } else { None };
    let unseen = match &closed {
        Some((code, _, _)) => Unseen::Not(LeafState::Dead, *code),
        None => state(leaf, host, facts, (earlier.as_ref(), set.as_deref())),
    };
    let mut finding = LeafFinding {
        state: LeafState::Armed,
        lost_exclusion: None,
        breadth: leaf.breadth,
        narrowed: None,
        reasons: Vec::new(),
        evidence: Vec::new(),
    };
    let reason = |code, setting| Reason {
        code,
        event: Some(&leaf.event),
        field: closed.and_then(|(_, field, _)| field),
        note: closed.and_then(|(_, _, note)| note),
        count: earlier.map_or(0, |seen| seen.observed.count),
        last,
        setting,
        paths: &leaf.paths,
    };
    match unseen {
        Unseen::Armed(how, counted) => {
            if matches!(set.as_deref(), Some(Configured::Part(_))) && how == How::Setting {
                finding.narrowed = Some(reason(ReasonCode::FilteredByAuditd, set.clone()));
            }
            let (event, setting) = (&leaf.event, if how == How::Setting { set } else { None });
            let (field, count, filled, of) = (None, 0, 0, 0);
            finding.evidence.push(Evidence { event, counted, field, count, filled, of, last, how, setting });
        }
        Unseen::Not(state, code) => {
            finding.state = state;
            finding.reasons.push(reason(code, set.filter(|_| is_about_settings(code))));
        }
    }
    finding
}

/// How a leaf stands none of whose events fall into the window and whose documented fields close nothing. Only its
/// event and paths are looked at.
pub(crate) fn code(
    leaf: &Leaf,
    host: &HostSight<'_>,
    facts: Option<&EventFacts>,
    set: &Set<'_>,
    earlier: Option<&Seen<'_>>,
) -> LeafCode {
    let optional = match facts.map(|facts| facts.role) {
        Some(Role::OptionalProduct) => Optional::Product,
        _ => Optional::No,
    };
    match state(leaf, host, facts, (earlier, set.as_deref())) {
        Unseen::Armed(..) => LeafCode::ARMED,
        Unseen::Not(state, code) => LeafCode::of_unseen(state, code, optional),
    }
}

fn is_about_settings(code: ReasonCode) -> bool {
    matches!(
        code,
        ReasonCode::NotConfigured
            | ReasonCode::OutcomeMissing
            | ReasonCode::SaclMissing
            | ReasonCode::ConfiguredNotObserved
            | ReasonCode::FilteredBySysmon
            | ReasonCode::FilteredByAuditd
    )
}

/// Why no event of this type could ever let the branch fire, as far as its documented fields tell.
pub(crate) fn closed_by_schema(leaf: &Leaf) -> Option<(ReasonCode, Option<&FieldName>, Option<&str>)> {
    if let Some(field) = leaf.needs.iter().find_map(missing_by_schema) {
        return Some((ReasonCode::FieldAbsent, Some(field), None));
    }
    leaf.exclusions.iter().find_map(|exclusion| {
        let outcome = evaluate(&exclusion.excluded, &missing_by_schema);
        (!outcome.can.be_false && outcome.lost.is_some()).then_some((
            ReasonCode::ExclusionAlwaysTrue,
            outcome.lost,
            Some(&*exclusion.label),
        ))
    })
}

/// Rule 2 of judgement: with nothing counted, the source's state comes first, then the settings, then the host's role,
/// then the rate. Settings that make nothing write the event are proof even where the log cannot be read.
fn state<'a>(
    leaf: &Leaf,
    host: &HostSight<'a>,
    facts: Option<&EventFacts>,
    (earlier, set): (Option<&Seen<'_>>, Option<&Configured<'_>>),
) -> Unseen<'a> {
    let id = source_of(&leaf.event);
    let source = host.source(&id);
    let absent = matches!(source.status, SourceStatus::Missing | SourceStatus::NotGiven);
    let has_role = earlier.is_some() || facts.is_none_or(|facts| host.can_write(facts));
    // A workstation is not told to audit what domain controllers write.
    let for_others = !has_role && host.audit_policy().is_some();
    if let Some(code) = closed_by(set).filter(|_| !for_others && (!absent || audits(host))) {
        return Unseen::Not(LeafState::Dead, code);
    }
    if has_role && !source.flowing && host.is_off(&id) {
        return Unseen::Not(LeafState::Dead, ReasonCode::ChannelDisabled);
    }
    match source.status {
        SourceStatus::Denied => Unseen::Not(LeafState::Unread, ReasonCode::PermissionDenied),
        SourceStatus::Unreadable => Unseen::Not(LeafState::Unread, ReasonCode::SourceUnreadable),
        SourceStatus::Lagging => Unseen::Not(LeafState::Unread, ReasonCode::AgentStale),
        SourceStatus::Disabled => Unseen::Not(LeafState::Dead, ReasonCode::ChannelDisabled),
        _ if !has_role => Unseen::Not(LeafState::Unread, ReasonCode::RoleUnknown),
        SourceStatus::Missing | SourceStatus::NotGiven => {
            Unseen::Not(LeafState::Dead, ReasonCode::SourceMissing)
        }
        SourceStatus::Read | SourceStatus::Empty => {
            let holds_window =
                host.window.from.is_none_or(|from| source.oldest.is_some_and(|oldest| oldest <= from));
            let absence = Absence { earlier: earlier.is_some(), holds_window, flowing: source.flowing };
            let found =
                by_setting(leaf, facts, set, absence).unwrap_or_else(|| by_rate(leaf, host, facts, absence));
            match found {
                Unseen::Not(LeafState::Dead, _)
                    if source.damaged.saturating_mul(DAMAGED_ONE_IN) > source.records =>
                {
                    Unseen::Not(LeafState::Unread, ReasonCode::SourceUnreadable)
                }
                Unseen::Not(LeafState::Dead, _) if id == SourceId::Auditd && lost(host) > 0 => {
                    Unseen::Not(LeafState::Unread, ReasonCode::ThinEvidence)
                }
                other => other,
            }
        }
    }
}

/// Why settings alone prove that nothing of it is written.
fn closed_by(set: Option<&Configured<'_>>) -> Option<ReasonCode> {
    match set? {
        Configured::No(Silence::OutcomeNotAudited(..)) => Some(ReasonCode::OutcomeMissing),
        Configured::No(Silence::SysmonTag(_)) => Some(ReasonCode::FilteredBySysmon),
        Configured::No(_) => Some(ReasonCode::NotConfigured),
        Configured::KeptOut(_) | Configured::Elsewhere { .. } => Some(ReasonCode::FilteredByAuditd),
        Configured::Part(_)
        | Configured::All { .. }
        | Configured::AllOfTag(_)
        | Configured::Audited(_)
        | Configured::MayBeWritten(_)
        | Configured::NeedsSacl(_) => None,
    }
}

/// True where audit rules are known to be there: then a missing log is not all that is amiss.
fn audits(host: &HostSight<'_>) -> bool {
    host.audit().and_then(|audit| audit.known_rules()).is_some_and(|rules| !rules.is_empty())
}

/// Audit records that the kernel had to drop: with some lost, absence from the log proves nothing.
fn lost(host: &HostSight<'_>) -> u64 {
    host.audit().and_then(|audit| audit.lost).unwrap_or(0)
}

/// What settings that write the event say: an act would be recorded, what is written all day should have been.
fn by_setting<'a>(
    leaf: &Leaf,
    facts: Option<&EventFacts>,
    set: Option<&Configured<'_>>,
    absence: Absence,
) -> Option<Unseen<'a>> {
    let rate = facts.map_or(Rate::Act, |facts| facts.rate);
    let by_default = facts.is_some_and(|facts| facts.default == DefaultState::On);
    match set? {
        Configured::All { by: None, .. } if rate == Rate::Act && by_default => {}
        Configured::All { by: None, .. } => return None,
        Configured::NeedsSacl(_) => return Some(Unseen::Not(LeafState::Unread, ReasonCode::SaclMissing)),
        Configured::MayBeWritten(_) => {
            return Some(Unseen::Not(LeafState::Unread, ReasonCode::RareUnproven));
        }
        // Where nothing at all is written to the log, a policy proves nothing.
        Configured::Audited(_) | Configured::AllOfTag(_) if !absence.flowing && rate == Rate::Act => {
            return Some(Unseen::Not(LeafState::Unread, ReasonCode::RareUnproven));
        }
        Configured::All { .. } | Configured::Audited(_) | Configured::AllOfTag(_)
            if rate == Rate::Routine && leaf.paths.is_empty() =>
        {
            return Some(match absence.holds_window {
                true => Unseen::Not(LeafState::Dead, ReasonCode::ConfiguredNotObserved),
                false => Unseen::Not(LeafState::Unread, ReasonCode::LogOverwritten),
            });
        }
        Configured::All { .. } | Configured::Part(_) | Configured::Audited(_) | Configured::AllOfTag(_) => {}
        Configured::No(_) | Configured::KeptOut(_) | Configured::Elsewhere { .. } => return None,
    }
    Some(Unseen::Armed(How::Setting, None))
}

fn source_of(event: &LeafEvent) -> SourceId {
    match event {
        LeafEvent::Type(pattern) => SourceId::of_pattern(pattern),
        LeafEvent::Source(id) => id.clone(),
    }
}

/// How an event type is absent from a log that was read.
#[derive(Clone, Copy)]
struct Absence {
    /// It was seen before the window.
    earlier: bool,
    /// The log reaches back to the window's start.
    holds_window: bool,
    /// Other events of the log fall into the window.
    flowing: bool,
}

fn by_rate<'a>(
    leaf: &Leaf,
    host: &HostSight<'a>,
    facts: Option<&EventFacts>,
    absence: Absence,
) -> Unseen<'a> {
    let Some(facts) = facts else {
        return match leaf.event {
            // A keyword rule's source that was read and held nothing.
            LeafEvent::Source(_) if absence.holds_window => {
                Unseen::Not(LeafState::Dead, ReasonCode::NeverSeen)
            }
            LeafEvent::Source(_) => Unseen::Not(LeafState::Unread, ReasonCode::LogOverwritten),
            // Nothing is known of it, so nothing can be made of its absence.
            LeafEvent::Type(_) => Unseen::Not(LeafState::Unread, ReasonCode::RareUnproven),
        };
    };
    let sibling = facts.sibling_group().and_then(|group| host.sibling(group));
    match (facts.rate, facts.default) {
        // Where nothing at all is written, a product may be gone whose log is still there.
        (Rate::AlwaysOn, _) if absence.flowing => Unseen::Armed(How::AlwaysOn, None),
        _ if sibling.is_some() => Unseen::Armed(How::Sibling, sibling),
        _ if !absence.holds_window => Unseen::Not(LeafState::Unread, ReasonCode::LogOverwritten),
        (Rate::AlwaysOn, _) => Unseen::Not(LeafState::Unread, ReasonCode::RareUnproven),
        (Rate::Act, _) if absence.earlier => Unseen::Not(LeafState::Unread, ReasonCode::RareUnproven),
        _ if absence.earlier => Unseen::Not(LeafState::Dead, ReasonCode::Silent),
        (Rate::Act, DefaultState::On | DefaultState::Partly) => {
            Unseen::Not(LeafState::Unread, ReasonCode::RareUnproven)
        }
        (Rate::Routine | Rate::Act, _) => Unseen::Not(LeafState::Dead, ReasonCode::NeverSeen),
    }
}
