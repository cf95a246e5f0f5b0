//! Which events a test is about: event ids, providers, channels, audit record types and system calls.

use std::collections::BTreeSet;

use blindspot_telemetry::{Provider, RecordType, Syscall, WindowsChannel};

use super::expr::{Op, Test, Value};

/// How tests of the event itself are written in a log source.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Dialect {
    /// `EventID`, `Provider_Name`; all is one channel, so that `Channel` tells nothing or is the event's own field
    /// (System 104 names the cleared log in it).
    OneChannel,
    /// As before, and `Channel` tells the event types apart.
    Windows,
    /// As Windows, and `EventType` tells Sysmon's ids apart.
    SysmonOperations,
    /// `type`, `SYSCALL`.
    Auditd,
}

/// What a test is about.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Reading {
    /// Which event it is.
    Event(Constraint),
    /// Which event it is, and a field of it.
    EventAndField(Constraint),
    /// A field.
    Field,
    /// Something that every event has.
    Nothing,
}

/// Which events a way is about; `None` is any.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Constraint {
    /// Windows event ids.
    pub(super) ids: Option<BTreeSet<u16>>,
    /// Providers.
    pub(super) providers: Option<BTreeSet<Provider>>,
    /// Windows channels.
    pub(super) channels: Option<BTreeSet<WindowsChannel>>,
    /// Values of `EventType`, in lower case.
    pub(super) operations: Option<BTreeSet<String>>,
    /// Audit record types.
    pub(super) record_types: Option<BTreeSet<RecordType>>,
    /// System calls.
    pub(super) syscalls: Option<BTreeSet<Syscall>>,
    /// Words are looked for anywhere.
    pub(super) keywords: bool,
}

/// Names of the System section, in the spellings that rules use.
const SYSTEM_FIELDS: [&str; 23] = [
    "EventID",
    "Event_ID",
    "Provider_Name",
    "Provider_Guid",
    "ProviderName",
    "ProviderGuid",
    "Channel",
    "Computer",
    "ComputerName",
    "Level",
    "Keywords",
    "Task",
    "Opcode",
    "TimeCreated",
    "TimeCreated_SystemTime",
    "SystemTime",
    "Version",
    "EventRecordID",
    "RecordNumber",
    "Execution_ProcessID",
    "Execution_ThreadID",
    "Security_UserID",
    "Correlation_ActivityID",
];

impl Constraint {
    /// What a test says of the event.
    pub(super) fn read(test: &Test, dialect: Dialect) -> Reading {
        let field = test.field.as_str();
        match dialect {
            Dialect::Auditd => match field {
                "type" => {
                    Self::event(test, |texts| Self { record_types: names(texts, upper), ..Self::default() })
                }
                "SYSCALL" | "syscall" if test.values.iter().all(|value| value.number().is_none()) => {
                    Self::event(test, |texts| Self { syscalls: names(texts, lower), ..Self::default() })
                }
                _ => Reading::Field,
            },
            Dialect::SysmonOperations if field == "EventType" => {
                let operations =
                    |texts: &[&str]| Some(texts.iter().map(|text| text.to_ascii_lowercase()).collect());
                match Self::event(test, |texts| Self { operations: operations(texts), ..Self::default() }) {
                    Reading::Event(event) => Reading::EventAndField(event),
                    _ => Reading::Field,
                }
            }
            Dialect::OneChannel if field == "Channel" => Reading::Nothing,
            Dialect::OneChannel | Dialect::Windows | Dialect::SysmonOperations => Self::system(test),
        }
    }

    fn system(test: &Test) -> Reading {
        match test.field.as_str() {
            "EventID" | "Event_ID" if test.op == Op::Equals => {
                let ids: Option<BTreeSet<u16>> = test
                    .values
                    .iter()
                    .map(|value| value.number().and_then(|id| u16::try_from(id).ok()))
                    .collect();
                match ids {
                    Some(ids) => Reading::Event(Self { ids: Some(ids), ..Self::default() }),
                    None => Reading::Nothing,
                }
            }
            "Provider_Name" => Self::event(test, |texts| Self {
                providers: Some(texts.iter().map(|text| Provider::new(*text)).collect()),
                ..Self::default()
            }),
            "Channel" => Self::event(test, |texts| Self {
                channels: Some(texts.iter().map(|text| WindowsChannel::new(*text)).collect()),
                ..Self::default()
            }),
            other if is_system_field(other) => Reading::Nothing,
            _ => Reading::Field,
        }
    }

    /// A constraint from a test for whole plain texts; any other test of such a field decides nothing.
    fn event(test: &Test, build: impl FnOnce(&[&str]) -> Self) -> Reading {
        let texts: Option<Vec<&str>> = test.values.iter().map(Value::plain).collect();
        match texts {
            Some(texts) if test.op == Op::Equals && !texts.is_empty() => Reading::Event(build(&texts)),
            _ => Reading::Nothing,
        }
    }

    /// Both at once; `None` where no event can be both.
    pub(super) fn and(&self, other: &Self) -> Option<Self> {
        Some(Self {
            ids: both(&self.ids, &other.ids)?,
            providers: both(&self.providers, &other.providers)?,
            channels: both(&self.channels, &other.channels)?,
            operations: both(&self.operations, &other.operations)?,
            record_types: both(&self.record_types, &other.record_types)?,
            syscalls: both(&self.syscalls, &other.syscalls)?,
            keywords: self.keywords || other.keywords,
        })
    }
}

/// True where every event has the field.
pub(super) fn is_system_field(field: &str) -> bool {
    SYSTEM_FIELDS.contains(&field)
}

/// True where Sysmon writes one of the operations under the id. Ids without operations fit always.
pub(super) fn operation_fits(id: u16, operations: &BTreeSet<String>) -> bool {
    let written: &[&str] = match id {
        12 => &["createkey", "deletekey", "createvalue", "deletevalue"],
        13 => &["setvalue"],
        14 => &["renamekey", "renamevalue"],
        17 => &["createpipe"],
        18 => &["connectpipe"],
        19 => &["wmifilterevent"],
        20 => &["wmiconsumerevent"],
        21 => &["wmibindingevent"],
        // Security 4657 reports values only, never keys.
        4657 => &["setvalue", "createvalue", "deletevalue"],
        _ => return true,
    };
    operations.iter().any(|operation| written.contains(&operation.as_str()))
}

fn names<T: for<'a> From<&'a str> + Ord>(texts: &[&str], case: fn(&str) -> String) -> Option<BTreeSet<T>> {
    Some(texts.iter().map(|text| T::from(case(text).as_str())).collect())
}

fn upper(text: &str) -> String {
    text.to_ascii_uppercase()
}

fn lower(text: &str) -> String {
    text.to_ascii_lowercase()
}

/// The intersection of two sets where no set is everything; the outer `None` where it is empty.
fn both<T: Ord + Clone>(
    one: &Option<BTreeSet<T>>,
    other: &Option<BTreeSet<T>>,
) -> Option<Option<BTreeSet<T>>> {
    match (one, other) {
        (None, any) | (any, None) => Some(any.clone()),
        (Some(one), Some(other)) => {
            let shared: BTreeSet<T> = one.intersection(other).cloned().collect();
            if shared.is_empty() { None } else { Some(Some(shared)) }
        }
    }
}
