//! One thing that can be read on one host, and the state of reading it.

use std::fmt;

use jiff::Timestamp;

use crate::{EventType, EventTypePattern, WindowsChannel};

/// What a source is, whatever file holds it: the join between a requirement and the logs given.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SourceId {
    /// A Windows event log.
    Channel(WindowsChannel),
    /// The Linux audit log.
    Auditd,
    /// Syslog lines, by file or journal.
    Syslog,
    /// Sysmon for Linux, inside syslog or the journal.
    SysmonLinux,
}

impl SourceId {
    /// The source that holds events of this type.
    #[must_use]
    pub fn of(event_type: &EventType) -> Self {
        match event_type {
            EventType::Windows { channel, .. } => Self::Channel(channel.clone()),
            EventType::Auditd { .. } => Self::Auditd,
            EventType::Syslog { .. } => Self::Syslog,
            EventType::SysmonLinux { .. } => Self::SysmonLinux,
        }
    }

    /// The source that events matching this pattern are found in.
    #[must_use]
    pub fn of_pattern(pattern: &EventTypePattern) -> Self {
        match pattern {
            EventTypePattern::Windows { channel, .. } => Self::Channel(channel.clone()),
            EventTypePattern::Auditd { .. } => Self::Auditd,
            EventTypePattern::Syslog { .. } => Self::Syslog,
            EventTypePattern::SysmonLinux { .. } => Self::SysmonLinux,
        }
    }
}

impl fmt::Display for SourceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Channel(channel) => write!(f, "{channel}"),
            Self::Auditd => f.write_str("auditd"),
            Self::Syslog => f.write_str("syslog"),
            Self::SysmonLinux => f.write_str("sysmon-linux"),
        }
    }
}

/// The format in which a source's bytes are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SourceKind {
    /// A Windows event log file.
    Evtx,
    /// An audit log.
    Auditd,
    /// A syslog file.
    Syslog,
    /// The systemd journal.
    Journal,
}

impl SourceKind {
    /// The word in reports.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Evtx => "evtx",
            Self::Auditd => "auditd",
            Self::Syslog => "syslog",
            Self::Journal => "journal",
        }
    }

    /// The kind that a report's word means.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        [Self::Evtx, Self::Auditd, Self::Syslog, Self::Journal].into_iter().find(|kind| kind.as_str() == word)
    }
}

/// How reading a source ended. "Held none", "could not look" and "was not asked" are different values.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SourceStatus {
    /// Read to the end; it held records.
    Read,
    /// Read to the end; it held none.
    Empty,
    /// The operating system says that it does not exist.
    Missing,
    /// Not among the logs given.
    NotGiven,
    /// It exists and may not be read.
    Denied,
    /// It exists and is switched off.
    Disabled,
    /// Reading has not caught up with writing.
    Lagging,
    /// It was opened and is not what it should be, or reading broke off: nothing may be claimed.
    Unreadable,
}

impl SourceStatus {
    const ALL: [Self; 8] = [
        Self::Read,
        Self::Empty,
        Self::Missing,
        Self::NotGiven,
        Self::Denied,
        Self::Disabled,
        Self::Lagging,
        Self::Unreadable,
    ];

    /// The word in reports.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Empty => "empty",
            Self::Missing => "missing",
            Self::NotGiven => "not_given",
            Self::Denied => "denied",
            Self::Disabled => "disabled",
            Self::Lagging => "lagging",
            Self::Unreadable => "unreadable",
        }
    }

    /// The status that a report's word means.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.as_str() == word)
    }
}

/// One log on one host.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Source {
    /// Where its bytes are: a path, or a live source's name.
    pub path: String,
    /// How they are kept.
    pub kind: SourceKind,
    /// How reading ended.
    pub status: SourceStatus,
    /// What it holds, by its records or, where it holds none, by its name.
    pub holds: Vec<SourceId>,
    /// Records counted.
    pub records: u64,
    /// Records (or, where records cannot be told apart, chunks) that exist and could not be counted.
    pub damaged: u64,
    /// Event time of the oldest record.
    pub oldest: Option<Timestamp>,
    /// Event time of the newest record.
    pub newest: Option<Timestamp>,
    /// Size of the bytes, where known.
    pub size_bytes: Option<u64>,
}
