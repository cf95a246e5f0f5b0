//! The unit that is counted, and the pattern by which a rule or a person names one.

mod alias;
mod text;

use std::fmt;

pub use text::ParseEventTypeError;

use crate::{Program, Provider, RecordType, Syscall, WindowsChannel};

/// The number of an event within its provider: the low 16 bits of what Windows stores, without qualifiers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EventId(pub u16);

impl fmt::Display for EventId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

/// One kind of event that a host can record.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum EventType {
    /// A Windows event.
    Windows {
        /// The log it is in.
        channel: WindowsChannel,
        /// Who wrote it; event ids are scoped by it.
        provider: Provider,
        /// Its number.
        event_id: EventId,
    },
    /// A Linux audit record.
    Auditd {
        /// Its record type.
        record_type: RecordType,
        /// For `SYSCALL` records, the call.
        syscall: Option<Syscall>,
    },
    /// A syslog line or journald entry.
    Syslog {
        /// Who wrote it.
        program: Program,
    },
    /// An event of Sysmon for Linux.
    SysmonLinux {
        /// Its number.
        event_id: EventId,
    },
}

/// What a user, a rule or a table names: an event type whose provider or system call may be left open.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum EventTypePattern {
    /// A Windows event.
    Windows {
        /// The log it is in.
        channel: WindowsChannel,
        /// Who wrote it; `None` is anybody.
        provider: Option<Provider>,
        /// Its number.
        event_id: EventId,
    },
    /// A Linux audit record.
    Auditd {
        /// Its record type.
        record_type: RecordType,
        /// The system call; `None` is any, and records without one.
        syscall: Option<Syscall>,
    },
    /// A syslog line or journald entry.
    Syslog {
        /// Who wrote it.
        program: Program,
    },
    /// An event of Sysmon for Linux.
    SysmonLinux {
        /// Its number.
        event_id: EventId,
    },
}

impl EventTypePattern {
    /// True where events of this type are what the pattern names.
    #[must_use]
    pub fn matches(&self, event_type: &EventType) -> bool {
        match (self, event_type) {
            (
                Self::Windows { channel, provider, event_id },
                EventType::Windows { channel: c, provider: p, event_id: id },
            ) => event_id == id && channel == c && provider.as_ref().is_none_or(|provider| provider == p),
            (
                Self::Auditd { record_type, syscall },
                EventType::Auditd { record_type: seen_type, syscall: seen_call },
            ) => {
                record_type == seen_type
                    && syscall.as_ref().is_none_or(|call| seen_call.as_ref() == Some(call))
            }
            (Self::Syslog { program }, EventType::Syslog { program: seen }) => program == seen,
            (Self::SysmonLinux { event_id }, EventType::SysmonLinux { event_id: seen }) => event_id == seen,
            _ => false,
        }
    }
}

impl EventTypePattern {
    /// True where some event type is what both patterns name.
    #[must_use]
    pub fn overlaps(&self, other: &Self) -> bool {
        fn agree<T: PartialEq>(a: Option<&T>, b: Option<&T>) -> bool {
            a.zip(b).is_none_or(|(a, b)| a == b)
        }
        match (self, other) {
            (
                Self::Windows { channel, provider, event_id },
                Self::Windows { channel: c, provider: p, event_id: id },
            ) => event_id == id && channel == c && agree(provider.as_ref(), p.as_ref()),
            (Self::Auditd { record_type, syscall }, Self::Auditd { record_type: r, syscall: s }) => {
                record_type == r && agree(syscall.as_ref(), s.as_ref())
            }
            _ => self == other,
        }
    }
}

impl From<&EventType> for EventTypePattern {
    fn from(event_type: &EventType) -> Self {
        match event_type.clone() {
            EventType::Windows { channel, provider, event_id } => {
                Self::Windows { channel, provider: Some(provider), event_id }
            }
            EventType::Auditd { record_type, syscall } => Self::Auditd { record_type, syscall },
            EventType::Syslog { program } => Self::Syslog { program },
            EventType::SysmonLinux { event_id } => Self::SysmonLinux { event_id },
        }
    }
}
