//! The words of an answer: verdict, reason, evidence.

use std::sync::Arc;

use blindspot_catalog::{LeafEvent, PathTest};
use blindspot_telemetry::{EventType, FieldName};
use jiff::Timestamp;

use crate::configured::Configured;

/// What one detection can see on one host. The order is from best sight to none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Verdict {
    /// All it needs is live, or live and armed.
    Sighted,
    /// Sighted, but an exclusion lost a field: more false positives.
    Noisy,
    /// Some ways to fire are open, others are not.
    Partial,
    /// Nothing was counted, and it is proven that it would be recorded.
    Armed,
    /// Nothing may be claimed.
    Unknown,
    /// It cannot fire.
    Blind,
    /// It needs only what no agent samples.
    Unsampled,
    /// It is meant for another platform, product or role.
    OutOfScope,
}

impl Verdict {
    /// All, best sight first.
    pub const ALL: [Self; 8] = [
        Self::Sighted,
        Self::Noisy,
        Self::Partial,
        Self::Armed,
        Self::Unknown,
        Self::Blind,
        Self::Unsampled,
        Self::OutOfScope,
    ];

    /// Those of detections that are meant for a host, best sight first.
    pub fn in_scope() -> impl DoubleEndedIterator<Item = Self> {
        Self::ALL.into_iter().filter(|verdict| *verdict != Self::OutOfScope)
    }

    /// The word in reports.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Sighted => "sighted",
            Self::Noisy => "noisy",
            Self::Partial => "partial",
            Self::Armed => "armed",
            Self::Unknown => "unknown",
            Self::Blind => "blind",
            Self::Unsampled => "unsampled",
            Self::OutOfScope => "out_of_scope",
        }
    }

    /// True where the detection can fire at least in part, on what was counted.
    #[must_use]
    pub fn sees(self) -> bool {
        matches!(self, Self::Sighted | Self::Noisy | Self::Partial)
    }
}

/// How many hosts have each verdict.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct VerdictCounts([usize; 8]);

impl VerdictCounts {
    /// Counts one more.
    pub fn add(&mut self, verdict: Verdict) {
        self.add_many(verdict, 1);
    }

    /// Counts so many more.
    pub fn add_many(&mut self, verdict: Verdict, hosts: usize) {
        if let Some(count) = self.0.get_mut(verdict as usize) {
            *count += hosts;
        }
    }

    /// Counts one less.
    pub fn take(&mut self, verdict: Verdict) {
        if let Some(count) = self.0.get_mut(verdict as usize) {
            *count = count.saturating_sub(1);
        }
    }

    /// Adds what was counted elsewhere.
    pub fn add_all(&mut self, other: &Self) {
        for (count, more) in self.0.iter_mut().zip(other.0) {
            *count += more;
        }
    }

    /// How many have this verdict.
    #[must_use]
    pub fn of(&self, verdict: Verdict) -> usize {
        self.0.iter().zip(Verdict::ALL).find(|(_, each)| *each == verdict).map_or(0, |(count, _)| *count)
    }

    /// The best verdict of any host that was counted and is meant; out of scope where none is.
    #[must_use]
    pub fn best(&self) -> Verdict {
        self.applicable().next().unwrap_or(Verdict::OutOfScope)
    }

    /// The worst.
    #[must_use]
    pub fn worst(&self) -> Verdict {
        self.applicable().next_back().unwrap_or(Verdict::OutOfScope)
    }

    fn applicable(&self) -> impl DoubleEndedIterator<Item = Verdict> + '_ {
        Verdict::in_scope().filter(|verdict| self.of(*verdict) > 0)
    }

    /// Each verdict with its count, best sight first.
    pub fn iter(&self) -> impl Iterator<Item = (Verdict, usize)> + '_ {
        Verdict::ALL.into_iter().zip(self.0.iter().copied())
    }
}

/// Why. The list is closed; `say` puts each in words.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ReasonCode {
    /// Not once in all history held.
    NeverSeen,
    /// Seen before the window, not in it.
    Silent,
    /// The settings make nothing write it.
    NotConfigured,
    /// The audit policy has the other outcome written only.
    OutcomeMissing,
    /// It is written for objects that have a SACL, and it is not known that one has.
    SaclMissing,
    /// The settings make the host write it, and a log that was read holds none.
    ConfiguredNotObserved,
    /// The log is switched off.
    ChannelDisabled,
    /// Audit rules keep it out, record it elsewhere only, or only in part.
    FilteredByAuditd,
    /// The Sysmon configuration lets nothing of it through.
    FilteredBySysmon,
    /// No event of the type declares the field.
    FieldAbsent,
    /// Declared, and never filled.
    FieldEmpty,
    /// The version that writes the events is too old to have the field.
    SchemaTooOld,
    /// The log does not exist, or is not among the logs given.
    SourceMissing,
    /// The log exists and may not be read.
    PermissionDenied,
    /// The log exists and could not be read.
    SourceUnreadable,
    /// The log holds less history than the window asks for.
    LogOverwritten,
    /// Reading has not caught up.
    AgentStale,
    /// Only the source is known to be live, or an event type that carries what is looked for in part.
    SourceLevelOnly,
    /// Written only when someone does that thing; never seen proves nothing.
    RareUnproven,
    /// Too few events to say that a field is never filled, or records were lost, so that absence proves nothing.
    ThinEvidence,
    /// Whether the host has the role that writes this is not known.
    RoleUnknown,
    /// Without a field, an exclusion holds for every event.
    ExclusionAlwaysTrue,
    /// No catalogue row maps the log source.
    UnmappedLogsource,
    /// What the rule needs could not be worked out.
    UnparsedRequirement,
    /// No agent samples it.
    NotSampled,
}

impl ReasonCode {
    /// All of them.
    pub const ALL: [Self; 25] = [
        Self::NeverSeen,
        Self::Silent,
        Self::NotConfigured,
        Self::OutcomeMissing,
        Self::SaclMissing,
        Self::ConfiguredNotObserved,
        Self::ChannelDisabled,
        Self::FilteredByAuditd,
        Self::FilteredBySysmon,
        Self::FieldAbsent,
        Self::FieldEmpty,
        Self::SchemaTooOld,
        Self::SourceMissing,
        Self::PermissionDenied,
        Self::SourceUnreadable,
        Self::LogOverwritten,
        Self::AgentStale,
        Self::SourceLevelOnly,
        Self::RareUnproven,
        Self::ThinEvidence,
        Self::RoleUnknown,
        Self::ExclusionAlwaysTrue,
        Self::UnmappedLogsource,
        Self::UnparsedRequirement,
        Self::NotSampled,
    ];

    /// The word in reports.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::NeverSeen => "never_seen",
            Self::Silent => "silent",
            Self::NotConfigured => "not_configured",
            Self::OutcomeMissing => "outcome_missing",
            Self::SaclMissing => "sacl_missing",
            Self::ConfiguredNotObserved => "configured_not_observed",
            Self::ChannelDisabled => "channel_disabled",
            Self::FilteredByAuditd => "filtered_by_auditd",
            Self::FilteredBySysmon => "filtered_by_sysmon",
            Self::FieldAbsent => "field_absent",
            Self::FieldEmpty => "field_empty",
            Self::SchemaTooOld => "schema_too_old",
            Self::SourceMissing => "source_missing",
            Self::PermissionDenied => "permission_denied",
            Self::SourceUnreadable => "source_unreadable",
            Self::LogOverwritten => "log_overwritten",
            Self::AgentStale => "agent_stale",
            Self::SourceLevelOnly => "source_level_only",
            Self::RareUnproven => "rare_unproven",
            Self::ThinEvidence => "thin_evidence",
            Self::RoleUnknown => "role_unknown",
            Self::ExclusionAlwaysTrue => "exclusion_always_true",
            Self::UnmappedLogsource => "unmapped_logsource",
            Self::UnparsedRequirement => "unparsed_requirement",
            Self::NotSampled => "not_sampled",
        }
    }
}

/// Why one leaf is not live, or why sight is less than full.
#[derive(Debug, Clone, PartialEq)]
pub struct Reason<'a> {
    /// Which kind of why.
    pub code: ReasonCode,
    /// The event type or source it is about; `None` where the requirement names none.
    pub event: Option<&'a LeafEvent>,
    /// The field it is about, in the event's own spelling.
    pub field: Option<&'a FieldName>,
    /// What the rule or catalogue adds, such as the name of the exclusion.
    pub note: Option<&'a str>,
    /// Events of the type that were counted when this was decided.
    pub count: u64,
    /// When the last of them was.
    pub last: Option<Timestamp>,
    /// The setting that decided, where one did.
    pub setting: Option<Arc<Configured<'a>>>,
    /// The paths that the branch asks for.
    pub paths: &'a [PathTest],
}

/// How it is known that an event type is, or would be, recorded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum How {
    /// Counted.
    Seen,
    /// Its settings say so.
    Setting,
    /// Another event type, which the same switch decides, was counted.
    Sibling,
    /// It cannot be switched off, and other events of its source were counted.
    AlwaysOn,
}

impl How {
    /// The word in reports.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Seen => "seen",
            Self::Setting => "setting",
            Self::Sibling => "sibling",
            Self::AlwaysOn => "always_on",
        }
    }
}

/// What a verdict rests on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Evidence<'a> {
    /// The event type or source that was asked for.
    pub event: &'a LeafEvent,
    /// The event type that was counted, where one was: itself, or the sibling that proves it.
    pub counted: Option<&'a EventType>,
    /// The field it is about; `None` is the event itself.
    pub field: Option<&'a FieldName>,
    /// Events in the window.
    pub count: u64,
    /// Of those that declare the field, how many hold a value.
    pub filled: u64,
    /// How many declare it.
    pub of: u64,
    /// When the last event was.
    pub last: Option<Timestamp>,
    /// How it is known.
    pub how: How,
    /// What the settings say of it, where they say something.
    pub setting: Option<Arc<Configured<'a>>>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_verdicts_number_is_its_place_in_the_order() {
        let numbers = Verdict::ALL.map(|verdict| verdict as usize);
        assert_eq!(numbers, [0, 1, 2, 3, 4, 5, 6, 7]);
        assert!(Verdict::ALL.is_sorted());
    }

    #[test]
    fn best_and_worst_are_of_hosts_that_are_meant() {
        let mut counts = VerdictCounts::default();
        counts.add_many(Verdict::OutOfScope, 3);
        assert_eq!((counts.best(), counts.worst()), (Verdict::OutOfScope, Verdict::OutOfScope));
        counts.add(Verdict::Blind);
        counts.add(Verdict::Noisy);
        assert_eq!((counts.best(), counts.worst()), (Verdict::Noisy, Verdict::Blind));
    }
}
