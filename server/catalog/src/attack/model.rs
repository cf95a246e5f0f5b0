//! What ATT&CK Enterprise says, in types: names, ids and relations, no descriptions.

use std::{collections::BTreeMap, fmt, sync::Arc};

use blindspot_telemetry::exact_name;

use super::{filter::EventFilter, filter::RefKey};
use crate::TechniqueId;

exact_name! {
    /// A tactic: `TA0005`.
    TacticId
}
exact_name! {
    /// A data component: `DC0032`, or its STIX id in bundles before v18, which number none.
    ComponentId
}
exact_name! {
    /// A detection strategy: `DET0054`.
    StrategyId
}
exact_name! {
    /// An analytic: `AN0009`, or `T1059/windows` where a bundle before v18 has none.
    AnalyticId
}
exact_name! {
    /// A threat group: `G0046`.
    GroupId
}
exact_name! {
    /// Malware or a tool: `S0002`.
    SoftwareId
}
exact_name! {
    /// A mitigation: `M1038`.
    MitigationId
}
exact_name! {
    /// A platform by its ATT&CK name: `Windows`, `Network Devices`. New releases add some.
    PlatformName
}

/// One release of ATT&CK Enterprise: what is active in it, and what became of what was retired.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Attack {
    /// Which release.
    pub version: AttackVersion,
    /// Tactics in the order of the matrix.
    pub tactics: Vec<Tactic>,
    /// Active techniques and sub-techniques.
    pub techniques: BTreeMap<TechniqueId, Technique>,
    /// Retired techniques with the active ones that replace them.
    pub revoked: BTreeMap<TechniqueId, Vec<TechniqueId>>,
    /// Active data components.
    pub components: BTreeMap<ComponentId, DataComponent>,
    /// Detection strategies (none before v18).
    pub strategies: BTreeMap<StrategyId, DetectionStrategy>,
    /// Analytics.
    pub analytics: BTreeMap<AnalyticId, Analytic>,
    /// Threat groups.
    pub groups: BTreeMap<GroupId, Group>,
    /// Malware and tools.
    pub software: BTreeMap<SoftwareId, Software>,
    /// Mitigations.
    pub mitigations: BTreeMap<MitigationId, Mitigation>,
}

/// The release of a bundle, and how that is known.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct AttackVersion {
    /// `18.1`; `None` where nothing tells.
    pub number: Option<Arc<str>>,
    /// How it is known.
    pub origin: VersionOrigin,
}

impl fmt::Display for AttackVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.number.as_deref().unwrap_or("unknown"))
    }
}

/// How a bundle's release is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum VersionOrigin {
    /// The bundle's collection object says it (STIX 2.1).
    Collection,
    /// Whoever imported it said so.
    Given,
    /// Derived from the date of the newest object: the release that followed it.
    NewestObject,
    /// Nothing tells.
    #[default]
    Unknown,
}

impl VersionOrigin {
    const ALL: [Self; 4] = [Self::Collection, Self::Given, Self::NewestObject, Self::Unknown];

    /// The word in the compiled lines.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Collection => "collection",
            Self::Given => "given",
            Self::NewestObject => "newest-object",
            Self::Unknown => "unknown",
        }
    }

    /// The origin that a word means.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|origin| origin.as_str() == word)
    }
}

/// A tactic: what an adversary wants.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tactic {
    /// `TA0005`.
    pub id: TacticId,
    /// The word that techniques and Sigma tags use: `defense-evasion`.
    pub shortname: Arc<str>,
    /// Its name for people.
    pub name: Arc<str>,
}

/// A technique or sub-technique: how an adversary gets it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Technique {
    /// Its name; a sub-technique's own, without its parent's.
    pub name: Arc<str>,
    /// Tactics by shortname, as the bundle orders them.
    pub tactics: Vec<Arc<str>>,
    /// Platforms that it works on.
    pub platforms: Vec<PlatformName>,
}

/// A kind of fact that a log can hold, such as Process Creation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DataComponent {
    /// Its STIX id, the same in every release.
    pub stix_id: Arc<str>,
    /// Its name.
    pub name: Arc<str>,
}

/// How to detect one technique; it groups analytics.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DetectionStrategy {
    /// Its name.
    pub name: Arc<str>,
    /// What it detects.
    pub techniques: Vec<TechniqueId>,
}

/// The logic of a strategy on one platform.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Analytic {
    /// Its strategy; `None` where a bundle before v18 has none.
    pub strategy: Option<StrategyId>,
    /// What it detects.
    pub techniques: Vec<TechniqueId>,
    /// The platform that it is written for.
    pub platform: PlatformName,
    /// What it looks at, one entry per data component.
    pub parts: Vec<AnalyticPart>,
}

/// One data component of an analytic, and the log source references that carry it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AnalyticPart {
    /// The data component.
    pub component: ComponentId,
    /// Where to find it; empty in bundles before v18, which name components only.
    pub references: Vec<LogSourceRef>,
}

/// A log source as ATT&CK names it: `WinEventLog:Security` with `EventCode=4688`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogSourceRef {
    /// The log's name, as written.
    pub name: Arc<str>,
    /// What of its free text a machine can read.
    pub filter: EventFilter,
    /// Stands for the name and the whole text, which is not kept.
    pub key: RefKey,
}

/// A threat group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Group {
    /// Its name.
    pub name: Arc<str>,
    /// Its other names.
    pub aliases: Vec<Arc<str>>,
    /// Techniques that it uses itself.
    pub techniques: Vec<TechniqueId>,
    /// Malware and tools that it uses.
    pub software: Vec<SoftwareId>,
}

/// Whether software was made to harm.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SoftwareKind {
    /// Made to harm.
    Malware,
    /// Made for something else.
    Tool,
}

impl SoftwareKind {
    /// The word in the compiled lines.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Malware => "malware",
            Self::Tool => "tool",
        }
    }

    /// The kind that a word means.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        [Self::Malware, Self::Tool].into_iter().find(|kind| kind.as_str() == word)
    }
}

/// Malware or a tool.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Software {
    /// Its name.
    pub name: Arc<str>,
    /// Which of the two.
    pub kind: SoftwareKind,
    /// Its other names.
    pub aliases: Vec<Arc<str>>,
    /// Techniques that it can perform.
    pub techniques: Vec<TechniqueId>,
}

/// A mitigation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mitigation {
    /// Its name.
    pub name: Arc<str>,
    /// Techniques that it works against.
    pub techniques: Vec<TechniqueId>,
}
