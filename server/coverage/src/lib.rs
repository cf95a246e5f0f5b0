//! Inventories times detections: verdicts with reasons and evidence. Pure: no I/O, no clock, no errors.
//!
//! Read in this order:
//! - [`verdict`]: the words of an answer: verdict, reason, evidence.
//! - [`sight`]: one host, indexed for questions.
//! - [`mod@configured`]: what the audit rules of a host make of one event type.
//! - [`leaf`]: one event type with the fields that one branch needs: live, armed, unread or dead.
//! - [`mod@judge`]: a whole requirement on one host.
//! - [`fleet`]: one detection over all hosts given.
//! - [`index`]: a fleet, kept judged: the same verdicts for very many hosts at once.
//! - [`technique`]: detections rolled up to ATT&CK techniques: depth, sole source, noise.
//! - [`usage`]: which event types are needed by what, and which by nothing.
//! - [`fix`]: what each reason leads to, and what is worth doing first.
//! - [`ideal`]: what a detection could see at best on a logging setup that is whole.
//! - [`say`]: reasons and evidence in words.

pub mod configured;
pub mod fix;
pub mod fleet;
pub mod ideal;
pub mod index;
pub mod judge;
pub mod leaf;
pub mod say;
pub mod sight;
mod standing;
pub mod technique;
pub mod usage;
pub mod verdict;

pub use fleet::{Judged, judge_all};
pub use judge::{DeadBranch, Judgement, judge};
pub use leaf::{LeafFinding, LeafState, LostExclusion, judge_leaf};
pub use sight::HostSight;
pub use verdict::{Evidence, How, Reason, ReasonCode, Verdict, VerdictCounts};
