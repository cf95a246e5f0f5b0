//! The body of a report: zstd-compressed JSON. It holds names, counts and times, never what an event said.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::row::Row;
use crate::{
    EventType, HostName, Platform, Settings,
    census::{ComputerCensus, LogCensus, Tally},
    report::SourceReport,
};

/// Name and major version of the report's body.
pub const SCHEMA: &str = "blindspot.report/1";

/// The most logs of one report.
pub const MAX_LOGS: usize = 4096;
/// The most event types of one computer in one log.
pub const MAX_TYPES: usize = 2000;
/// The most fields of one event type.
pub const MAX_FIELDS: usize = 512;
/// The most findings of one report.
pub const MAX_FINDINGS: usize = 256;
/// The largest count. Sums of as many as a host can have stay far below 2^64.
pub const MAX_COUNT: u64 = 1 << 44;
/// The most bytes of one name.
pub const MAX_NAME_BYTES: usize = 256;
/// The most bytes of one finding's text.
pub const MAX_TEXT_BYTES: usize = 1024;

/// What a report is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReportKind {
    /// All that the agent holds.
    Snapshot,
    /// What changed since the last acknowledged report.
    Changes,
    /// The agent is being stopped in order: silence after this is expected.
    LastWill,
}

/// What an agent says of the machine that it runs on. A claim: identity is the key, never a name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Claim {
    /// The host's name.
    pub name: String,
    /// [`Platform::as_str`].
    pub platform: String,
    /// SHA-256, in hex, of what the operating system calls this installation (machine id), so that two agents of
    /// one machine are noticed. Never the id itself.
    pub machine: String,
    /// One start of the operating system: differs after every restart.
    pub boot: String,
    /// The agent's version.
    pub version: String,
}

/// Something that the agent noticed and a person should know.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    /// Which kind, one word: `truncated`, `state_lost`, `state_not_durable`, `clock_skew`, `cardinality`, ...
    pub code: String,
    /// The log it is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub log: Option<String>,
    /// In words, with the next step. No log content.
    pub text: String,
    /// When it was noticed.
    pub at: Timestamp,
}

/// What the agent itself takes of its host.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Footprint {
    /// Resident memory in bytes.
    pub rss_bytes: u64,
    /// Processor time since it started, in milliseconds.
    pub cpu_ms: u64,
    /// Bytes of state on disk.
    pub state_bytes: u64,
}

/// One report, parsed and within its limits.
#[derive(Debug, Clone, PartialEq)]
pub struct Report {
    /// What it is.
    pub kind: ReportKind,
    /// Of which machine.
    pub claim: Claim,
    /// The seconds between two reports that the agent works with.
    pub interval_s: u32,
    /// The span in which it was reading and had caught up, since the previous report.
    pub coverage: Option<(Timestamp, Timestamp)>,
    /// The logs: all of them, each with the event types that changed (or, in a snapshot, all).
    pub logs: Vec<LogCensus>,
    /// What the host is set to record, where that changed.
    pub settings: Option<Settings>,
    /// What was noticed since the previous report.
    pub findings: Vec<Finding>,
    /// What the agent takes.
    pub footprint: Footprint,
}

/// Why a body is not a report.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// Not JSON, or not of this shape.
    #[error("not a report")]
    Shape(#[from] serde_json::Error),
    /// Of another version.
    #[error("its schema is `{0}`, and this collector reads `{SCHEMA}`")]
    Version(String),
    /// More than a report may hold.
    #[error("too many {what}: {found}, and {most} at most")]
    TooMany {
        /// Of what.
        what: &'static str,
        /// How many there are.
        found: usize,
        /// How many there may be.
        most: usize,
    },
    /// A value that cannot be.
    #[error("{0}")]
    Value(String),
}

#[derive(Serialize, Deserialize)]
struct Document {
    schema: String,
    kind: ReportKind,
    host: Claim,
    interval_s: u32,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    coverage: Option<(Timestamp, Timestamp)>,
    logs: Vec<LogDocument>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    settings: Option<Settings>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    findings: Vec<Finding>,
    #[serde(default)]
    footprint: Footprint,
}

#[derive(Serialize, Deserialize)]
struct LogDocument {
    #[serde(flatten)]
    source: SourceReport,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    stream: Option<String>,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    relay: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    caught_up_until: Option<Timestamp>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    computers: Vec<ComputerDocument>,
}

#[derive(Serialize, Deserialize)]
struct ComputerDocument {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    types: Vec<Row>,
}

impl Report {
    /// The platform that the host claims; `None` where this version knows none of that name.
    #[must_use]
    pub fn platform(&self) -> Option<Platform> {
        Platform::parse(&self.claim.platform)
    }

    /// Its JSON.
    ///
    /// # Errors
    /// Never for values that can be written; what the writer says otherwise.
    pub fn to_json(&self) -> serde_json::Result<Vec<u8>> {
        serde_json::to_vec(&Document {
            schema: SCHEMA.to_owned(),
            kind: self.kind,
            host: self.claim.clone(),
            interval_s: self.interval_s,
            coverage: self.coverage,
            logs: self.logs.iter().map(LogDocument::from).collect(),
            settings: self.settings.clone(),
            findings: self.findings.clone(),
            footprint: self.footprint,
        })
    }

    /// Reads a body, and holds it to its limits.
    ///
    /// # Errors
    /// Where the bytes are no report, of another version, or hold too much or what cannot be.
    pub fn from_json(json: &[u8]) -> Result<Self, ReadError> {
        let document: Document = serde_json::from_slice(json)?;
        if document.schema != SCHEMA {
            return Err(ReadError::Version(document.schema.chars().take(MAX_NAME_BYTES).collect()));
        }
        at_most("logs", document.logs.len(), MAX_LOGS)?;
        at_most("findings", document.findings.len(), MAX_FINDINGS)?;
        let claim = &document.host;
        for text in [&claim.name, &claim.platform, &claim.machine, &claim.boot, &claim.version] {
            at_most("bytes of a name", text.len(), MAX_NAME_BYTES)?;
        }
        for finding in &document.findings {
            at_most("bytes of a name", finding.code.len(), MAX_NAME_BYTES)?;
            at_most("bytes of a finding", finding.text.len(), MAX_TEXT_BYTES)?;
            at_most("bytes of a path", finding.log.as_ref().map_or(0, String::len), MAX_TEXT_BYTES)?;
        }
        if document.coverage.is_some_and(|(from, to)| to < from) {
            return Err(ReadError::Value("coverage ends before it begins".to_owned()));
        }
        Ok(Self {
            kind: document.kind,
            claim: document.host,
            interval_s: document.interval_s,
            coverage: document.coverage,
            logs: document.logs.into_iter().map(LogDocument::read).collect::<Result<_, _>>()?,
            settings: document.settings,
            findings: document.findings,
            footprint: document.footprint,
        })
    }
}

fn at_most(what: &'static str, found: usize, most: usize) -> Result<(), ReadError> {
    if found <= most { Ok(()) } else { Err(ReadError::TooMany { what, found, most }) }
}

impl From<&LogCensus> for LogDocument {
    fn from(log: &LogCensus) -> Self {
        Self {
            source: SourceReport::from(&log.source),
            stream: log.stream.clone(),
            relay: log.relay,
            caught_up_until: log.caught_up_until,
            computers: log.computers.iter().map(ComputerDocument::from).collect(),
        }
    }
}

impl From<&ComputerCensus> for ComputerDocument {
    fn from(computer: &ComputerCensus) -> Self {
        Self {
            name: computer.name.as_ref().map(ToString::to_string),
            types: computer.event_types.iter().map(|(name, tally)| Row::new(name, tally)).collect(),
        }
    }
}

impl LogDocument {
    fn read(self) -> Result<LogCensus, ReadError> {
        at_most("bytes of a path", self.source.path.len(), MAX_TEXT_BYTES)?;
        at_most("bytes of a path", self.stream.as_ref().map_or(0, String::len), MAX_TEXT_BYTES)?;
        at_most("sources in a log", self.source.holds.len(), MAX_TYPES)?;
        let counts = [self.source.records, self.source.damaged, self.source.size_bytes.unwrap_or_default()];
        if counts.iter().any(|count| *count > MAX_COUNT) {
            return Err(ReadError::Value("a count of a log that cannot be".to_owned()));
        }
        for held in &self.source.holds {
            at_most("bytes of a name", held.len(), MAX_NAME_BYTES)?;
        }
        Ok(LogCensus {
            source: self.source.to_source().map_err(ReadError::Value)?,
            stream: self.stream,
            relay: self.relay,
            caught_up_until: self.caught_up_until,
            computers: self.computers.into_iter().map(ComputerDocument::read).collect::<Result<_, _>>()?,
        })
    }
}

impl ComputerDocument {
    fn read(self) -> Result<ComputerCensus, ReadError> {
        at_most("event types", self.types.len(), MAX_TYPES)?;
        at_most("bytes of a name", self.name.as_ref().map_or(0, String::len), MAX_NAME_BYTES)?;
        let mut computer = ComputerCensus { name: self.name.map(HostName::new), ..ComputerCensus::default() };
        for row in self.types {
            at_most("fields of an event type", row.fields(), MAX_FIELDS)?;
            for name in row.names() {
                at_most("bytes of a name", name.len(), MAX_NAME_BYTES)?;
            }
            let (event_type, tally): (EventType, Tally) = row.read().ok_or_else(|| {
                ReadError::Value(
                    "a count or time that cannot be, or a span that ends before it begins".to_owned(),
                )
            })?;
            computer.event_types.entry(event_type).or_default().merge(&tally);
        }
        Ok(computer)
    }
}

#[cfg(test)]
mod tests;
