//! What agent and collector say to each other: enrolment, signed reports, answers. Versioned and pinned.
//!
//! Reports carry *state, not changes*: cumulative counts that the collector merges by the larger value. A report that
//! is lost, sent twice, late or out of order changes nothing in the end.
//!
//! - [`report`]: the body of a report.
//! - [`envelope`]: who sends it, its number, and the signature over it.
//! - [`enrol`]: how an agent gets its identity, and the one string that it needs for that.
//! - [`answer`]: what the collector answers, with its closed list of refusals.

pub mod answer;
pub mod enrol;
pub mod envelope;
pub mod report;
mod row;

pub use answer::{Ack, Refusal, RefusalCode};
pub use enrol::{EnrolReply, EnrolRequest, EnrolmentString};
pub use envelope::{AgentId, Envelope, Epoch, Seq, ServerEpoch};
pub use report::{Claim, Report, ReportKind};

/// The largest compressed body that a collector reads, in bytes.
pub const MAX_BODY_BYTES: usize = 256 << 10;
/// The largest unpacked body, in bytes.
pub const MAX_UNPACKED_BYTES: usize = 2 << 20;
/// The largest window that a compressed body may ask the reader to keep: 2 to this power of bytes.
pub const MAX_WINDOW_LOG: u32 = 20;
/// The path that agents report to.
pub const REPORT_PATH: &str = "/api/v1/agent/report";
/// The path that agents enrol at.
pub const ENROL_PATH: &str = "/api/v1/agent/enrol";
