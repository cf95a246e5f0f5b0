//! What detections need: ATT&CK analytics, Sigma rules and a team's own entries, turned into requirements.
//!
//! - [`detection`]: a detection, whatever it was written in.
//! - [`requirement`]: the tree of what it needs, which coverage judges.
//! - [`facts`]: what is known of each event type: what produces it, how often, where, with which fields.
//! - [`attack`]: ATT&CK bundles and the embedded catalogue.
//! - [`sigma`]: Sigma rules.
//! - [`own`]: a team's own inventory, as TOML or CSV.
//! - [`problem`]: what was not understood. One bad rule is a problem in the list, never a failed import.

pub mod attack;
pub mod detection;
pub mod facts;
pub mod own;
pub mod problem;
pub mod requirement;
pub mod sigma;

pub use detection::{Detection, DetectionId, DetectionSource, Level, Scope, Status, TechniqueId};
pub use facts::{AuditNeed, DefaultState, EventFacts, Facts, Fix, Outcome, Rate, Role};
pub use problem::Problem;
pub use requirement::{
    Accepts, Access, Branch, Breadth, Exclusion, FieldExpr, FieldNeed, FieldTest, Leaf, LeafEvent,
    NotUnderstood, PathOf, PathShape, PathTest, PathText, Requirement, Schema,
};
