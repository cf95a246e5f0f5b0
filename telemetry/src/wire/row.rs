//! One event type of one computer, written short.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::report::MAX_COUNT;
use crate::{
    EventId, EventType, FieldFill, FieldName, Hour, Program, Provider, RecordType, Syscall, WindowsChannel,
    census::Tally,
};

/// An event type, in its parts: text forms leave a usual provider out, and names may hold any character.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum TypeName {
    /// Channel, provider, event id.
    Windows(String, String, u16),
    /// Record type, system call.
    Auditd(String, Option<String>),
    /// Program.
    Syslog(String),
    /// Event id.
    SysmonLinux(u16),
}

/// One event type with its counts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Row {
    #[serde(rename = "type")]
    pub(super) event_type: TypeName,
    #[serde(default, skip_serializing_if = "is_zero")]
    pub(super) count: u64,
    /// Times of the first and last event, in milliseconds since 1970, rounded down.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) span: Option<(i64, i64)>,
    /// Events by hour since 1970.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(super) hours: BTreeMap<i64, u64>,
    /// Fields that held a value in all of `count`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) full: Vec<String>,
    /// The other fields: how often each held a value, a placeholder, nothing.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(super) fields: BTreeMap<String, (u64, u64, u64)>,
    #[serde(default, skip_serializing_if = "is_zero")]
    pub(super) undated: u64,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands the field by reference")]
fn is_zero(count: &u64) -> bool {
    *count == 0
}

impl From<&EventType> for TypeName {
    fn from(event_type: &EventType) -> Self {
        match event_type {
            EventType::Windows { channel, provider, event_id } => {
                Self::Windows(channel.to_string(), provider.to_string(), event_id.0)
            }
            EventType::Auditd { record_type, syscall } => {
                Self::Auditd(record_type.to_string(), syscall.as_ref().map(ToString::to_string))
            }
            EventType::Syslog { program } => Self::Syslog(program.to_string()),
            EventType::SysmonLinux { event_id } => Self::SysmonLinux(event_id.0),
        }
    }
}

impl From<TypeName> for EventType {
    fn from(name: TypeName) -> Self {
        match name {
            TypeName::Windows(channel, provider, id) => Self::Windows {
                channel: WindowsChannel::new(channel),
                provider: Provider::new(provider),
                event_id: EventId(id),
            },
            TypeName::Auditd(record_type, syscall) => {
                Self::Auditd { record_type: RecordType::new(record_type), syscall: syscall.map(Syscall::new) }
            }
            TypeName::Syslog(program) => Self::Syslog { program: Program::new(program) },
            TypeName::SysmonLinux(id) => Self::SysmonLinux { event_id: EventId(id) },
        }
    }
}

impl TypeName {
    fn names(&self) -> impl Iterator<Item = &str> {
        let (one, other) = match self {
            Self::Windows(channel, provider, _) => (Some(channel), Some(provider)),
            Self::Auditd(record_type, syscall) => (Some(record_type), syscall.as_ref()),
            Self::Syslog(program) => (Some(program), None),
            Self::SysmonLinux(_) => (None, None),
        };
        one.into_iter().chain(other).map(String::as_str)
    }
}

impl Row {
    pub(super) fn new(event_type: &EventType, tally: &Tally) -> Self {
        let whole = FieldFill { filled: tally.count, placeholder: 0, empty: 0 };
        let (full, other): (Vec<_>, Vec<_>) = tally.fields.iter().partition(|(_, fill)| **fill == whole);
        Self {
            event_type: event_type.into(),
            count: tally.count,
            span: tally.span.map(|(first, last)| (first.as_millisecond(), last.as_millisecond())),
            hours: tally.hours.iter().map(|(hour, count)| (hour.0, *count)).collect(),
            full: full.into_iter().map(|(name, _)| name.to_string()).collect(),
            fields: other
                .into_iter()
                .map(|(name, fill)| (name.to_string(), (fill.filled, fill.placeholder, fill.empty)))
                .collect(),
            undated: tally.undated,
        }
    }

    /// Every name in it, for the check of lengths.
    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        let fields = self.full.iter().chain(self.fields.keys()).map(String::as_str);
        self.event_type.names().chain(fields)
    }

    pub(super) fn fields(&self) -> usize {
        self.full.len() + self.fields.len()
    }

    fn largest(&self) -> u64 {
        let fields =
            self.fields.values().map(|(filled, placeholder, empty)| *filled.max(placeholder).max(empty));
        let counts = self.hours.values().copied().chain(fields).max().unwrap_or_default();
        counts.max(self.count).max(self.undated)
    }

    /// The event type and its counts; `None` where a count is too large, a time is none, or the span ends before it
    /// begins.
    pub(super) fn read(self) -> Option<(EventType, Tally)> {
        if self.largest() > MAX_COUNT {
            return None;
        }
        let time = |ms| Timestamp::from_millisecond(ms).ok();
        let span = match self.span {
            Some((first, last)) if first <= last => Some((time(first)?, time(last)?)),
            Some(_) => return None,
            None => None,
        };
        let whole = FieldFill { filled: self.count, placeholder: 0, empty: 0 };
        let full = self.full.into_iter().map(|name| (FieldName::new(name), whole));
        let other = self.fields.into_iter().map(|(name, (filled, placeholder, empty))| {
            (FieldName::new(name), FieldFill { filled, placeholder, empty })
        });
        let tally = Tally {
            count: self.count,
            span,
            hours: self.hours.into_iter().map(|(hour, count)| (Hour(hour), count)).collect(),
            fields: full.chain(other).collect(),
            undated: self.undated,
        };
        Some((self.event_type.into(), tally))
    }
}
