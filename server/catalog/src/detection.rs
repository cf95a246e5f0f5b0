//! A detection: a Sigma rule, an ATT&CK analytic or a team's own entry.

use std::{borrow::Borrow, fmt, path::PathBuf, str::FromStr, sync::Arc};

use blindspot_telemetry::{Platform, exact_name};

use crate::Requirement;

exact_name! {
    /// Names one detection: a Sigma rule's UUID, an analytic's `AN0001`, an own entry's id.
    DetectionId
}

/// An ATT&CK technique or sub-technique: `T1547`, `T1547.001`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TechniqueId(Arc<str>);

impl TechniqueId {
    /// The id in capitals.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The technique that a sub-technique belongs to.
    #[must_use]
    pub fn parent(&self) -> Option<Self> {
        self.0.split_once('.').map(|(parent, _)| Self(parent.into()))
    }
}

/// The text is no technique id.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no technique id; one reads like T1547 or T1547.001")]
pub struct ParseTechniqueError(String);

impl FromStr for TechniqueId {
    type Err = ParseTechniqueError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let upper = text.trim().to_ascii_uppercase();
        let digits =
            |part: &str, count: usize| part.len() == count && part.bytes().all(|b| b.is_ascii_digit());
        let valid = upper.strip_prefix('T').is_some_and(|rest| match rest.split_once('.') {
            None => digits(rest, 4),
            Some((parent, sub)) => digits(parent, 4) && digits(sub, 3),
        });
        if valid { Ok(Self(upper.into())) } else { Err(ParseTechniqueError(text.to_owned())) }
    }
}

impl fmt::Display for TechniqueId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Borrow<str> for TechniqueId {
    fn borrow(&self) -> &str {
        &self.0
    }
}

/// How serious a match is, in Sigma's words. The order is the seriousness.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Level {
    /// For enrichment only.
    Informational,
    /// Notable, rarely an incident.
    Low,
    /// Worth a regular review.
    Medium,
    /// Needs a prompt review.
    High,
    /// An incident.
    Critical,
}

impl Level {
    /// All, least serious first.
    pub const ALL: [Self; 5] = [Self::Informational, Self::Low, Self::Medium, Self::High, Self::Critical];

    /// Sigma's word.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Informational => "informational",
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
            Self::Critical => "critical",
        }
    }
}

/// How mature a rule is, in Sigma's words.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Status {
    /// May be used in production.
    Stable,
    /// Needs tuning to the environment.
    Test,
    /// Not yet tried.
    Experimental,
    /// Replaced.
    Deprecated,
    /// Cannot be used as it stands.
    Unsupported,
}

impl Status {
    /// All, most mature first.
    pub const ALL: [Self; 5] =
        [Self::Stable, Self::Test, Self::Experimental, Self::Deprecated, Self::Unsupported];

    /// Sigma's word.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Stable => "stable",
            Self::Test => "test",
            Self::Experimental => "experimental",
            Self::Deprecated => "deprecated",
            Self::Unsupported => "unsupported",
        }
    }
}

/// On which hosts a detection is meant to work.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Scope {
    /// On any host, or on none in particular (cloud, network).
    Any,
    /// On hosts of one platform.
    Hosts(Platform),
    /// On hosts of a platform that nothing samples yet, by its ATT&CK name.
    OtherPlatform(Arc<str>),
}

/// What a detection was written in.
#[derive(Debug, Clone)]
pub enum DetectionSource {
    /// A Sigma rule.
    Sigma,
    /// An ATT&CK analytic, with the detection strategy it belongs to (`DET0001`; before v18 there is none).
    Attack {
        /// The strategy's id.
        strategy: Option<Arc<str>>,
    },
    /// A team's own inventory.
    Own,
}

impl DetectionSource {
    /// The word in reports.
    #[must_use]
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Sigma => "sigma",
            Self::Attack { .. } => "attack",
            Self::Own => "own",
        }
    }
}

/// A detection and what it needs.
#[derive(Debug, Clone)]
pub struct Detection {
    /// Its id.
    pub id: DetectionId,
    /// What it was written in.
    pub source: DetectionSource,
    /// Its title.
    pub title: Arc<str>,
    /// How serious a match is; analytics have none.
    pub level: Option<Level>,
    /// How mature it is.
    pub status: Option<Status>,
    /// Techniques that it is tagged with, as written (aliases between ATT&CK versions are resolved later).
    pub techniques: Vec<TechniqueId>,
    /// The file that it came from.
    pub file: Option<Arc<PathBuf>>,
    /// Where it is meant to work.
    pub scope: Scope,
    /// What it needs.
    pub requirement: Requirement,
    /// Lines for a Sysmon configuration that would let the events it looks for through (Sigma rules only).
    pub sysmon_lines: Vec<Arc<str>>,
    /// What its author says must be set up, in the author's words.
    pub prerequisites: Vec<Arc<str>>,
}
