//! The text form of event types: `sysmon:13`, `system[Service Control Manager]:7045`, `auditd:SYSCALL/execve`.
//!
//! A provider stands in brackets only where another than the usual one writes that id to the channel, so that
//! what is printed is short and parses back to the same value.

use std::{fmt, str::FromStr};

use super::{EventId, EventType, EventTypePattern, alias};
use crate::{Program, Provider, RecordType, Syscall, WindowsChannel};

/// Why a text is not an event type.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ParseEventTypeError {
    /// There is no colon.
    #[error("`{0}` has no colon; an event type reads like `sysmon:13`, `auditd:EXECVE` or `syslog:sshd`")]
    NoColon(String),
    /// One side of the colon is empty.
    #[error("`{0}` names nothing on one side of its colon; an event type reads like `sysmon:13`")]
    EmptyPart(String),
    /// The number is not one.
    #[error("`{id}` in `{text}` is not an event id from 0 to 65535")]
    BadId {
        /// The whole text.
        text: String,
        /// The part that is no number.
        id: String,
    },
    /// A bracket is open or misplaced.
    #[error(
        "`{0}` has a bracket that does not close; a provider reads like `system[Service Control Manager]:7045`"
    )]
    BadBracket(String),
}

impl FromStr for EventTypePattern {
    type Err = ParseEventTypeError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let trimmed = text.trim();
        let (head, tail) =
            trimmed.rsplit_once(':').ok_or_else(|| ParseEventTypeError::NoColon(text.to_owned()))?;
        let (head, tail) = (head.trim(), tail.trim());
        if head.is_empty() || tail.is_empty() {
            return Err(ParseEventTypeError::EmptyPart(text.to_owned()));
        }
        let id = || {
            tail.parse()
                .map(EventId)
                .map_err(|_| ParseEventTypeError::BadId { text: text.to_owned(), id: tail.to_owned() })
        };
        match head.to_ascii_lowercase().as_str() {
            "auditd" => {
                let (record_type, syscall) = match tail.split_once('/') {
                    Some((record_type, syscall)) => {
                        (record_type, Some(Syscall::new(syscall.to_ascii_lowercase())))
                    }
                    None => (tail, None),
                };
                Ok(Self::Auditd { record_type: RecordType::new(record_type.to_ascii_uppercase()), syscall })
            }
            "syslog" => Ok(Self::Syslog { program: Program::new(tail) }),
            "sysmon-linux" => Ok(Self::SysmonLinux { event_id: id()? }),
            _ => {
                let (channel, provider) =
                    split_provider(head).ok_or_else(|| ParseEventTypeError::BadBracket(text.to_owned()))?;
                let channel = alias::channel_of(channel).unwrap_or_else(|| WindowsChannel::new(channel));
                Ok(Self::Windows { channel, provider: provider.map(Provider::new), event_id: id()? })
            }
        }
    }
}

impl FromStr for EventType {
    type Err = ParseEventTypeError;

    /// Reads what [`EventType`]'s `Display` prints: a left-out provider is the channel's usual one.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Ok(match text.parse()? {
            EventTypePattern::Windows { channel, provider, event_id } => {
                let provider = provider
                    .or_else(|| alias::usual_provider(&channel, event_id))
                    .unwrap_or_else(|| Provider::new(""));
                Self::Windows { channel, provider, event_id }
            }
            EventTypePattern::Auditd { record_type, syscall } => Self::Auditd { record_type, syscall },
            EventTypePattern::Syslog { program } => Self::Syslog { program },
            EventTypePattern::SysmonLinux { event_id } => Self::SysmonLinux { event_id },
        })
    }
}

/// `channel[provider]` in its two parts; `None` where the bracket does not close.
fn split_provider(head: &str) -> Option<(&str, Option<&str>)> {
    match head.split_once('[') {
        None => Some((head, None)),
        Some((channel, rest)) => {
            rest.strip_suffix(']').map(|provider| (channel.trim(), Some(provider.trim())))
        }
    }
}

impl fmt::Display for EventType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt_pattern(&EventTypePattern::from(self), f)
    }
}

impl fmt::Display for EventTypePattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt_pattern(self, f)
    }
}

fn fmt_pattern(pattern: &EventTypePattern, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    match pattern {
        EventTypePattern::Windows { channel, provider, event_id } => {
            let shown = alias::alias_of(channel).unwrap_or(channel.as_str());
            match provider {
                Some(provider) if alias::usual_provider(channel, *event_id).as_ref() != Some(provider) => {
                    write!(f, "{shown}[{provider}]:{event_id}")
                }
                _ => write!(f, "{shown}:{event_id}"),
            }
        }
        EventTypePattern::Auditd { record_type, syscall: Some(syscall) } => {
            write!(f, "auditd:{record_type}/{syscall}")
        }
        EventTypePattern::Auditd { record_type, syscall: None } => write!(f, "auditd:{record_type}"),
        EventTypePattern::Syslog { program } => write!(f, "syslog:{program}"),
        EventTypePattern::SysmonLinux { event_id } => write!(f, "sysmon-linux:{event_id}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn windows(channel: &str, provider: &str, id: u16) -> EventType {
        EventType::Windows { channel: channel.into(), provider: provider.into(), event_id: EventId(id) }
    }

    #[test]
    fn every_text_form_of_the_contract_round_trips() {
        for text in [
            "security:4688",
            "security:1102",
            "sysmon:13",
            "powershell:4104",
            "system[Service Control Manager]:7045",
            "security[AD FS Auditing]:1200",
            "Microsoft-Windows-TaskScheduler/Operational:106",
            "auditd:EXECVE",
            "auditd:SYSCALL/execve",
            "syslog:sshd",
            "sysmon-linux:1",
        ] {
            let parsed: EventType = text.parse().unwrap();
            assert_eq!(parsed.to_string(), text);
            let pattern: EventTypePattern = text.parse().unwrap();
            assert!(pattern.matches(&parsed), "{text}");
        }
    }

    #[test]
    fn a_name_without_provider_means_the_usual_one_when_it_is_a_type_and_any_when_it_is_a_pattern() {
        let sysmon = windows("Microsoft-Windows-Sysmon/Operational", "Microsoft-Windows-Sysmon", 13);
        assert_eq!("sysmon:13".parse(), Ok(sysmon));
        let cleared = windows("Security", "Microsoft-Windows-Eventlog", 1102);
        assert_eq!(cleared.to_string(), "security:1102");
        let pattern: EventTypePattern = "SECURITY:1102".parse().unwrap();
        assert!(pattern.matches(&cleared));
        assert!(pattern.matches(&windows("Security", "Other", 1102)));
        assert!(!pattern.matches(&windows("System", "Microsoft-Windows-Eventlog", 1102)));
    }

    #[test]
    fn an_auditd_pattern_without_syscall_matches_every_call() {
        let pattern: EventTypePattern = "auditd:syscall".parse().unwrap();
        assert!(pattern.matches(&"auditd:SYSCALL/execve".parse().unwrap()));
        assert!(!pattern.matches(&"auditd:EXECVE".parse().unwrap()));
    }

    #[test]
    fn what_is_no_event_type_says_why() {
        let error = |text: &str| text.parse::<EventTypePattern>().unwrap_err().to_string();
        assert!(error("sysmon").contains("no colon"));
        assert!(error(":13").contains("names nothing"));
        assert!(error("sysmon:thirteen").contains("`thirteen`"));
        assert!(error("sysmon:70000").contains("65535"));
        assert!(error("system[Service:7045").contains("bracket"));
    }
}
