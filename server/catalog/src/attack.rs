//! MITRE ATT&CK: its typed model, the importer of STIX bundles, the release that is built in, and its analytics as detections.
//!
//! - `model`: tactics, techniques, data components, strategies, analytics, groups, software, mitigations.
//! - `import`: a STIX bundle to the model; `release` says which release it is, `analytics` reads both models of detection.
//! - `lines`: the compiled form, plain text that is committed (`config/catalog/attack/`); `embedded` is the built-in one.
//! - `filter`: a reference's free text, read once. Prose is not kept, only a key that stands for it.
//! - `mappings`: the reviewed tables; what they leave out, `rules` read (`windows`, `linux`).
//! - `detections`: analytics to detections with requirements.
//! - `aliases`: techniques and tactics under other releases' names.
//! - `threat`: what a group uses, what a mitigation works against.
//!
//! **Invariant.** No reference is dropped: each has a class, and what could not be read is listed as a problem.

mod aliases;
mod analytics;
mod detections;
mod embedded;
mod filter;
mod import;
mod lines;
mod linux;
mod mappings;
mod model;
mod reading;
mod release;
mod rules;
mod stix;
mod table;
mod threat;
mod windows;

pub use aliases::{Aliases, Resolved, TECHNIQUE_ALIASES};
pub use detections::{Classified, classify, detections};
pub use filter::{EventFilter, RefKey};
pub use import::import;
pub use lines::{Files, LinesError};
pub use mappings::{DATA_COMPONENTS, LOG_SOURCES, Mappings};
pub use model::{
    Analytic, AnalyticId, AnalyticPart, Attack, AttackVersion, ComponentId, DataComponent, DetectionStrategy,
    Group, GroupId, LogSourceRef, Mitigation, MitigationId, PlatformName, Software, SoftwareId, SoftwareKind,
    StrategyId, Tactic, TacticId, Technique, VersionOrigin,
};
pub use reading::{Class, Reading, Target};
pub use stix::ImportError;
pub use threat::GroupTechniques;
