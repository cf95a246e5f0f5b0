//! How the agent is, in a file for `blindspot-agent status`.

use std::{fs, io, path::Path};

use blindspot_telemetry::{
    Source,
    report::SourceReport,
    wire::{AgentId, report::Footprint},
};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{host, identity::Identity};

const FILE: &str = "status.json";

/// How the agent is.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Status {
    /// Who it is.
    pub agent: AgentId,
    /// Its collector.
    pub url: String,
    /// When it was started.
    pub started: Timestamp,
    /// When a report was last stored by the collector.
    pub last_stored: Option<Timestamp>,
    /// The last failure since then.
    pub last_failure: Option<(Timestamp, String)>,
    /// Event types with counts that the collector has not stored.
    pub backlog: usize,
    /// Reports sent since it was started.
    pub reports: u64,
    /// Bytes of their bodies.
    pub bytes: u64,
    /// Its logs.
    pub sources: Vec<SourceReport>,
    /// What it takes.
    pub footprint: Footprint,
}

impl Status {
    pub(super) fn new(identity: &Identity, now: Timestamp) -> Self {
        Self {
            agent: identity.agent,
            url: identity.url.clone(),
            started: now,
            last_stored: None,
            last_failure: None,
            backlog: 0,
            reports: 0,
            bytes: 0,
            sources: Vec::new(),
            footprint: Footprint::default(),
        }
    }

    pub(super) fn sent(&mut self, bytes: usize) {
        self.reports += 1;
        self.bytes += bytes as u64;
    }

    pub(super) fn stored(&mut self, now: Timestamp, backlog: usize) {
        self.last_stored = Some(now);
        self.last_failure = None;
        self.backlog = backlog;
    }

    pub(super) fn failed(&mut self, now: Timestamp, why: &str) {
        self.last_failure = Some((now, why.to_owned()));
    }

    pub(super) fn write(&mut self, state: &Path, sources: &[Source], footprint: Footprint) -> io::Result<()> {
        self.sources = sources.iter().map(SourceReport::from).collect();
        self.footprint = footprint;
        host::replace_file(&state.join(FILE), &serde_json::to_vec_pretty(self)?)
    }

    /// What the running agent wrote last.
    ///
    /// # Errors
    /// Where there is no file, or it cannot be read.
    pub fn read(state: &Path) -> io::Result<Self> {
        Ok(serde_json::from_slice(&fs::read(state.join(FILE))?)?)
    }
}
