//! What a log source reference was taken to mean: a class, and the event types or sources that carry it.

use std::{fmt, str::FromStr, sync::Arc};

use blindspot_telemetry::{EventTypePattern, SourceId, WindowsChannel, event_type::ParseEventTypeError};

use crate::{Breadth, LeafEvent};

/// How far a reference could be tied to event types.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Class {
    /// The ids as published resolve.
    Exact,
    /// Ids are given, under a log that does not hold them.
    ExactCorrected,
    /// Words only; the ids are this project's choice.
    InferredEid,
    /// An audit record, system call or osquery table is named.
    Record,
    /// Words that describe an act; the record is this project's choice.
    RecordInferred,
    /// Only the source can be named.
    SourceLevel,
    /// Not in the reviewed table: read by its data component.
    ByComponent,
    /// Needs an EDR: API calls, memory, an ETW session, metrics.
    EdrOnly,
    /// Not on the host: network sensor, cloud, mail.
    NotHost,
    /// A platform that nothing samples.
    NotSampled,
    /// Says too little.
    Uninterpretable,
}

impl Class {
    /// All, the best first.
    pub const ALL: [Self; 11] = [
        Self::Exact,
        Self::ExactCorrected,
        Self::InferredEid,
        Self::Record,
        Self::RecordInferred,
        Self::SourceLevel,
        Self::ByComponent,
        Self::EdrOnly,
        Self::NotHost,
        Self::NotSampled,
        Self::Uninterpretable,
    ];

    /// The word in tables and reports.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Exact => "exact",
            Self::ExactCorrected => "exact-corrected",
            Self::InferredEid => "inferred-eid",
            Self::Record => "record",
            Self::RecordInferred => "record-inferred",
            Self::SourceLevel => "source-level",
            Self::ByComponent => "by-component",
            Self::EdrOnly => "edr-only",
            Self::NotHost => "not-host",
            Self::NotSampled => "not-sampled",
            Self::Uninterpretable => "uninterpretable",
        }
    }

    /// The class that a table's word means.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|class| class.as_str() == word)
    }
}

/// One thing that carries what a reference or a data component asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Target {
    /// A host's logs hold it.
    Event {
        /// The event type, or the source where that is all that can be said.
        event: LeafEvent,
        /// Whether seeing it is full sight.
        breadth: Breadth,
    },
    /// Nothing samples it: an osquery table, a text file.
    Outside(Arc<str>),
}

impl Target {
    /// Events of one type, which are exactly what is asked for.
    #[must_use]
    pub fn exact(pattern: EventTypePattern) -> Self {
        Self::Event { event: LeafEvent::Type(pattern), breadth: Breadth::Exact }
    }

    /// Any event of a source.
    #[must_use]
    pub fn source(source: SourceId) -> Self {
        Self::Event { event: LeafEvent::Source(source), breadth: Breadth::SourceLevel }
    }
}

/// `sysmon:1` is exact; `source Application` and `source syslog:sshd` name only where to look; `outside osquery:users`
/// is sampled by nothing.
impl FromStr for Target {
    type Err = ParseEventTypeError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let text = text.trim();
        if let Some(what) = text.strip_prefix("outside ") {
            return Ok(Self::Outside(what.into()));
        }
        let Some(name) = text.strip_prefix("source ") else {
            return text.parse().map(Self::exact);
        };
        Ok(match name {
            "auditd" => Self::source(SourceId::Auditd),
            "syslog" => Self::source(SourceId::Syslog),
            "sysmon-linux" => Self::source(SourceId::SysmonLinux),
            _ if name.contains(':') => {
                Self::Event { event: LeafEvent::Type(name.parse()?), breadth: Breadth::SourceLevel }
            }
            channel => Self::source(SourceId::Channel(WindowsChannel::new(channel))),
        })
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Event { event: LeafEvent::Source(source), .. } => write!(f, "source {source}"),
            Self::Event { event: LeafEvent::Type(pattern), breadth: Breadth::Exact } => {
                write!(f, "{pattern}")
            }
            Self::Event { event: LeafEvent::Type(pattern), breadth: Breadth::SourceLevel } => {
                write!(f, "source {pattern}")
            }
            Self::Outside(what) => write!(f, "outside {what}"),
        }
    }
}

/// What one reference was taken to mean.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reading {
    /// How far it could be tied down.
    pub class: Class,
    /// Any of these carries it; empty where nothing on a host does.
    pub targets: Vec<Target>,
    /// Why, where that needs saying.
    pub note: Option<Arc<str>>,
}

impl Reading {
    /// A reading without a note.
    #[must_use]
    pub fn new(class: Class, targets: Vec<Target>) -> Self {
        Self { class, targets, note: None }
    }
}

/// Reads `a;b;c`. The first item that is no target is the error.
///
/// # Errors
/// Where an item is neither an event type nor one of the two prefixed forms.
pub(super) fn parse_targets(list: &str) -> Result<Vec<Target>, ParseEventTypeError> {
    list.split(';').map(str::trim).filter(|item| !item.is_empty()).map(str::parse).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_of_target_round_trips() {
        for text in [
            "sysmon:1",
            "system[Service Control Manager]:7045",
            "auditd:SYSCALL/execve",
            "source Application",
            "source syslog",
            "source syslog:sshd",
            "outside osquery:process_events",
        ] {
            assert_eq!(text.parse::<Target>().unwrap().to_string(), text);
        }
    }

    #[test]
    fn a_source_never_proves_full_sight() {
        let targets = parse_targets("source syslog:sshd; source auditd").unwrap();
        let breadths = targets
            .iter()
            .filter(|target| matches!(target, Target::Event { breadth: Breadth::SourceLevel, .. }));
        assert_eq!(breadths.count(), 2);
        assert!(parse_targets("sysmon:1;nonsense").is_err());
    }

    #[test]
    fn every_class_reads_back() {
        for class in Class::ALL {
            assert_eq!(Class::parse(class.as_str()), Some(class));
        }
    }
}
