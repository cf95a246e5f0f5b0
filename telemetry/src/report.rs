//! The written form of an inventory: what an audit's `hosts` part holds and `--inventory` reads back.
//!
//! The document carries [`SCHEMA`]. Additions keep the version; readers ignore what they do not know. A reader
//! refuses another major version instead of guessing.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{
    EventId, EventType, FieldFill, FieldName, HostName, Hour, Inventory, Observed, Platform, Program,
    Provider, RecordType, Settings, Source, SourceId, SourceKind, SourceStatus, Syscall, WindowsChannel,
};

/// Name and major version of the audit document.
pub const SCHEMA: &str = "blindspot.audit/1";

/// Why a document cannot be read as inventories.
#[derive(Debug, thiserror::Error)]
pub enum ReadReportError {
    /// Not JSON, or not of this shape.
    #[error("not an audit document")]
    Shape {
        /// What the parser says, with line and column.
        source: serde_json::Error,
    },
    /// Written by a newer or foreign program.
    #[error(
        "its schema is `{found}`, and this program reads `{SCHEMA}`; use the program that wrote it, or a newer one"
    )]
    Version {
        /// The schema that it claims.
        found: String,
    },
    /// A value that this version cannot interpret.
    #[error("host `{host}`: {what}")]
    Value {
        /// The host it stands under.
        host: String,
        /// What cannot be interpreted.
        what: String,
    },
}

/// The part of an audit document that holds inventories.
#[derive(Debug, Serialize, Deserialize)]
pub struct InventoryDocument {
    /// [`SCHEMA`].
    pub schema: String,
    /// One entry per host.
    pub hosts: Vec<HostReport>,
}

/// One host's inventory.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct HostReport {
    /// Its latest name.
    pub host: String,
    /// Names it had before.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub aliases: Vec<String>,
    /// The relay it was seen through.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub relay: Option<String>,
    /// [`Platform::as_str`].
    pub platform: String,
    /// Its logs.
    pub sources: Vec<SourceReport>,
    /// What they held.
    pub event_types: Vec<EventTypeReport>,
    /// What the host is set to record; what is not known is left out.
    #[serde(default)]
    pub settings: Settings,
}

/// One log.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SourceReport {
    /// Where it is.
    pub path: String,
    /// [`SourceKind::as_str`].
    pub kind: String,
    /// [`SourceStatus::as_str`].
    pub status: String,
    /// What it holds.
    #[serde(default)]
    pub holds: Vec<String>,
    /// Records counted.
    pub records: u64,
    /// Records that could not be.
    pub damaged: u64,
    /// Event time of the oldest record.
    pub oldest: Option<Timestamp>,
    /// Event time of the newest record.
    pub newest: Option<Timestamp>,
    /// Bytes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub size_bytes: Option<u64>,
}

/// One event type.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct EventTypeReport {
    /// Its text form.
    pub key: String,
    /// Windows: the log.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub channel: Option<String>,
    /// Windows: who writes it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub provider: Option<String>,
    /// Windows and Sysmon for Linux: its number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub event_id: Option<u16>,
    /// auditd: the record type.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub record_type: Option<String>,
    /// auditd: the system call.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub syscall: Option<String>,
    /// syslog: the program.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub program: Option<String>,
    /// Events counted.
    pub count: u64,
    /// Event time of the first.
    pub first: Timestamp,
    /// Event time of the last.
    pub last: Timestamp,
    /// Events by the hour that begins at the key.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub hours: BTreeMap<Timestamp, u64>,
    /// Field fill by name.
    pub fields: BTreeMap<String, FieldReport>,
}

/// One field.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct FieldReport {
    /// Events with a value.
    pub filled: u64,
    /// Events with a stand-in such as `-`.
    pub placeholder: u64,
    /// Events that declare the field.
    pub of: u64,
}

/// Reads the inventories of an audit document, or of its `hosts` part alone.
///
/// # Errors
/// Where the text is not such a document, is of another version, or holds a value that this version does not know.
pub fn read_inventories(json: &[u8]) -> Result<Vec<Inventory>, ReadReportError> {
    #[derive(Deserialize)]
    struct Head {
        schema: String,
    }
    let shape = |source| ReadReportError::Shape { source };
    let head: Head = serde_json::from_slice(json).map_err(shape)?;
    if head.schema != SCHEMA {
        return Err(ReadReportError::Version { found: head.schema });
    }
    let document: InventoryDocument = serde_json::from_slice(json).map_err(shape)?;
    document.hosts.into_iter().map(HostReport::into_inventory).collect()
}

impl From<&Inventory> for HostReport {
    fn from(inventory: &Inventory) -> Self {
        Self {
            host: inventory.host.to_string(),
            aliases: inventory.aliases.iter().map(ToString::to_string).collect(),
            relay: inventory.relay.clone(),
            platform: inventory.platform.as_str().to_owned(),
            sources: inventory.sources.iter().map(SourceReport::from).collect(),
            event_types: inventory
                .event_types
                .iter()
                .map(|(event_type, seen)| EventTypeReport::new(event_type, seen))
                .collect(),
            settings: inventory.settings.clone(),
        }
    }
}

impl HostReport {
    fn into_inventory(self) -> Result<Inventory, ReadReportError> {
        let wrong = |what: String| ReadReportError::Value { host: self.host.clone(), what };
        let platform = Platform::parse(&self.platform)
            .ok_or_else(|| wrong(format!("platform `{}` is none that this version knows", self.platform)))?;
        let mut inventory = Inventory::new(HostName::new(self.host.as_str()), platform);
        inventory.aliases = self.aliases.iter().map(|alias| HostName::new(alias.as_str())).collect();
        inventory.relay.clone_from(&self.relay);
        inventory.settings.clone_from(&self.settings);
        for source in &self.sources {
            inventory.sources.push(source.to_source().map_err(&wrong)?);
        }
        for entry in &self.event_types {
            let event_type =
                entry.event_type().ok_or_else(|| wrong(format!("`{}` is no event type", entry.key)))?;
            inventory.observe(event_type, entry.observed());
        }
        Ok(inventory)
    }
}

impl From<&Source> for SourceReport {
    fn from(source: &Source) -> Self {
        Self {
            path: source.path.clone(),
            kind: source.kind.as_str().to_owned(),
            status: source.status.as_str().to_owned(),
            holds: source.holds.iter().map(ToString::to_string).collect(),
            records: source.records,
            damaged: source.damaged,
            oldest: source.oldest,
            newest: source.newest,
            size_bytes: source.size_bytes,
        }
    }
}

impl SourceReport {
    pub(crate) fn to_source(&self) -> Result<Source, String> {
        let kind = SourceKind::parse(&self.kind)
            .ok_or_else(|| format!("`{}` is a kind of source that this version does not know", self.kind))?;
        let status = SourceStatus::parse(&self.status)
            .ok_or_else(|| format!("`{}` is a source status that this version does not know", self.status))?;
        Ok(Source {
            path: self.path.clone(),
            kind,
            status,
            holds: self.holds.iter().map(|text| source_id(text)).collect(),
            records: self.records,
            damaged: self.damaged,
            oldest: self.oldest,
            newest: self.newest,
            size_bytes: self.size_bytes,
        })
    }
}

/// Reads what [`SourceId`]'s `Display` prints.
fn source_id(text: &str) -> SourceId {
    [SourceId::Auditd, SourceId::Syslog, SourceId::SysmonLinux]
        .into_iter()
        .find(|id| id.to_string() == text)
        .unwrap_or_else(|| SourceId::Channel(WindowsChannel::new(text)))
}

impl EventTypeReport {
    fn new(event_type: &EventType, seen: &Observed) -> Self {
        let mut report = Self {
            key: event_type.to_string(),
            channel: None,
            provider: None,
            event_id: None,
            record_type: None,
            syscall: None,
            program: None,
            count: seen.count,
            first: seen.first,
            last: seen.last,
            hours: seen.hours.iter().map(|(hour, count)| (hour.start(), *count)).collect(),
            fields: seen
                .fields
                .iter()
                .map(|(name, fill)| (name.to_string(), FieldReport::from(*fill)))
                .collect(),
        };
        match event_type {
            EventType::Windows { channel, provider, event_id } => {
                report.channel = Some(channel.to_string());
                report.provider = Some(provider.to_string());
                report.event_id = Some(event_id.0);
            }
            EventType::Auditd { record_type, syscall } => {
                report.record_type = Some(record_type.to_string());
                report.syscall = syscall.as_ref().map(ToString::to_string);
            }
            EventType::Syslog { program } => report.program = Some(program.to_string()),
            EventType::SysmonLinux { event_id } => report.event_id = Some(event_id.0),
        }
        report
    }

    fn event_type(&self) -> Option<EventType> {
        if let Some(channel) = &self.channel {
            return Some(EventType::Windows {
                channel: WindowsChannel::new(channel.as_str()),
                provider: Provider::new(self.provider.as_deref()?),
                event_id: EventId(self.event_id?),
            });
        }
        if let Some(record_type) = &self.record_type {
            let syscall = self.syscall.as_deref().map(Syscall::new);
            return Some(EventType::Auditd { record_type: RecordType::new(record_type.as_str()), syscall });
        }
        if let Some(program) = &self.program {
            return Some(EventType::Syslog { program: Program::new(program.as_str()) });
        }
        self.event_id.map(|id| EventType::SysmonLinux { event_id: EventId(id) })
    }

    fn observed(&self) -> Observed {
        Observed {
            count: self.count,
            first: self.first,
            last: self.last,
            hours: self.hours.iter().map(|(start, count)| (Hour::of(*start), *count)).collect(),
            fields: self
                .fields
                .iter()
                .map(|(name, fill)| (FieldName::new(name.as_str()), FieldFill::from(*fill)))
                .collect(),
        }
    }
}

impl From<FieldFill> for FieldReport {
    fn from(fill: FieldFill) -> Self {
        Self { filled: fill.filled, placeholder: fill.placeholder, of: fill.declared() }
    }
}

impl From<FieldReport> for FieldFill {
    fn from(report: FieldReport) -> Self {
        let said = report.filled.saturating_add(report.placeholder);
        Self { filled: report.filled, placeholder: report.placeholder, empty: report.of.saturating_sub(said) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Version 1 as first written. Never edit it: what was written must stay readable.
    const PINNED: &str = r#"{"schema":"blindspot.audit/1","hosts":[{"host":"WS01","platform":"windows","sources":[{"path":"Sysmon.evtx","kind":"evtx","status":"read","holds":["Microsoft-Windows-Sysmon/Operational"],"records":3,"damaged":1,"oldest":"2026-03-01T10:15:00Z","newest":"2026-03-01T11:00:00Z","size_bytes":69632}],"event_types":[{"key":"sysmon:13","channel":"Microsoft-Windows-Sysmon/Operational","provider":"Microsoft-Windows-Sysmon","event_id":13,"count":3,"first":"2026-03-01T10:15:00Z","last":"2026-03-01T11:00:00Z","hours":{"2026-03-01T10:00:00Z":2,"2026-03-01T11:00:00Z":1},"fields":{"TargetObject":{"filled":2,"placeholder":0,"of":3}}}],"settings":{}}]}"#;

    fn inventory() -> Inventory {
        let time = |text: &str| text.parse::<Timestamp>().unwrap();
        let mut inventory = Inventory::new("WS01".into(), Platform::Windows);
        inventory.sources.push(Source {
            path: "Sysmon.evtx".to_owned(),
            kind: SourceKind::Evtx,
            status: SourceStatus::Read,
            holds: vec![SourceId::Channel("Microsoft-Windows-Sysmon/Operational".into())],
            records: 3,
            damaged: 1,
            oldest: Some(time("2026-03-01T10:15:00Z")),
            newest: Some(time("2026-03-01T11:00:00Z")),
            size_bytes: Some(69_632),
        });
        inventory.observe(
            "sysmon:13".parse().unwrap(),
            Observed {
                count: 3,
                first: time("2026-03-01T10:15:00Z"),
                last: time("2026-03-01T11:00:00Z"),
                hours: BTreeMap::from([
                    (Hour::of(time("2026-03-01T10:00:00Z")), 2),
                    (Hour::of(time("2026-03-01T11:00:00Z")), 1),
                ]),
                fields: BTreeMap::from([(
                    "TargetObject".into(),
                    FieldFill { filled: 2, placeholder: 0, empty: 1 },
                )]),
            },
        );
        inventory
    }

    #[test]
    fn version_1_is_written_as_pinned() {
        let document =
            InventoryDocument { schema: SCHEMA.to_owned(), hosts: vec![HostReport::from(&inventory())] };
        assert_eq!(serde_json::to_string(&document).unwrap(), PINNED);
    }

    #[test]
    fn version_1_is_read_as_pinned() {
        assert_eq!(read_inventories(PINNED.as_bytes()).unwrap(), vec![inventory()]);
    }

    #[test]
    fn linux_event_types_survive_the_round_trip() {
        let mut inventory = Inventory::new("web1".into(), Platform::Linux);
        let seen = inventory_seen();
        for key in ["auditd:EXECVE", "auditd:SYSCALL/execve", "syslog:sshd", "sysmon-linux:1"] {
            inventory.observe(key.parse().unwrap(), seen.clone());
        }
        let document =
            InventoryDocument { schema: SCHEMA.to_owned(), hosts: vec![HostReport::from(&inventory)] };
        let json = serde_json::to_vec(&document).unwrap();
        assert_eq!(read_inventories(&json).unwrap(), vec![inventory]);
    }

    fn inventory_seen() -> Observed {
        inventory().event_types.into_values().next().unwrap()
    }

    #[test]
    fn unknown_keys_are_ignored_and_another_version_is_refused() {
        let newer = PINNED.replace("\"records\":3", "\"records\":3,\"added_later\":true");
        assert_eq!(read_inventories(newer.as_bytes()).unwrap(), vec![inventory()]);
        let foreign = PINNED.replace("blindspot.audit/1", "blindspot.audit/2");
        assert!(matches!(
            read_inventories(foreign.as_bytes()),
            Err(ReadReportError::Version { found }) if found == "blindspot.audit/2"
        ));
    }

    #[test]
    fn a_value_that_is_not_understood_names_its_host() {
        let odd = PINNED.replace("\"status\":\"read\"", "\"status\":\"guessed\"");
        let error = read_inventories(odd.as_bytes()).unwrap_err().to_string();
        assert!(error.contains("WS01") && error.contains("guessed"), "{error}");
        assert!(matches!(read_inventories(b"[]"), Err(ReadReportError::Shape { .. })));
    }
}
