//! What the collector answers to a report or an enrolment.

use serde::{Deserialize, Serialize};

use super::{Epoch, Seq, ServerEpoch};
use crate::SourceKind;

/// The report is stored: whatever happens now, it counts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ack {
    /// The history whose report it was.
    pub epoch: Epoch,
    /// The number of the report.
    pub seq: Seq,
    /// The collector's history. A new one means that it may have forgotten: send a snapshot.
    pub server_epoch: ServerEpoch,
    /// The collector's time, in milliseconds since 1970.
    pub now_ms: i64,
    /// Seconds until the next report is wanted, from 15 to 3600.
    pub next_in_s: u32,
    /// True where the next report should be a snapshot.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub want_snapshot: bool,
    /// Kinds of sources that are not to be read, as [`SourceKind::as_str`] calls them. Names that an agent does not
    /// know are ignored: nothing else can be switched from afar.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub off: Vec<String>,
}

impl Ack {
    /// The kinds of sources that are switched off.
    pub fn switched_off(&self) -> impl Iterator<Item = SourceKind> + '_ {
        self.off.iter().filter_map(|word| SourceKind::parse(word))
    }
}

/// Why a request was refused. The words are part of the contract; the list only grows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RefusalCode {
    /// The envelope is missing or cannot be read (400).
    BadEnvelope,
    /// The body is not zstd, not JSON, or not a report of a version that is read (400).
    BadBody,
    /// A value in the body cannot be (400).
    BadValue,
    /// The agent is not known, was revoked, or the signature is not its (401). Which of these is not said.
    NotAllowed,
    /// The enrolment token is wrong, spent, expired or revoked (401).
    BadToken,
    /// Another body of the same number was stored: somebody else uses this identity (409).
    Cloned,
    /// The identity is in quarantine until an administrator decides (409).
    Quarantined,
    /// An older state of this agent reports again: it has to begin a new epoch (409).
    RolledBack,
    /// The body is larger than it may be, packed or unpacked (413).
    TooLarge,
    /// More than the limits of one report: logs, types, fields, lengths (413).
    TooMany,
    /// The agent is too old for this collector (426).
    Upgrade,
    /// Too often; `Retry-After` says when (429).
    TooOften,
    /// The collector cannot store now; `Retry-After` says when (503).
    Unavailable,
}

impl RefusalCode {
    /// The HTTP status that goes with it.
    #[must_use]
    pub fn status(self) -> u16 {
        match self {
            Self::BadEnvelope | Self::BadBody | Self::BadValue => 400,
            Self::NotAllowed | Self::BadToken => 401,
            Self::Cloned | Self::Quarantined | Self::RolledBack => 409,
            Self::TooLarge | Self::TooMany => 413,
            Self::Upgrade => 426,
            Self::TooOften => 429,
            Self::Unavailable => 503,
        }
    }
}

/// A refusal, as it is answered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refusal {
    /// Which.
    pub code: RefusalCode,
    /// In words.
    pub message: String,
}
