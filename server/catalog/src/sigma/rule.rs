//! What one Sigma document says: a rule, a correlation, a filter, or something that could not be read.

use std::{collections::BTreeSet, fmt, path::PathBuf, sync::Arc};

use blindspot_telemetry::FieldName;

use super::expr::Expr;
use crate::{DetectionId, Level, Status, TechniqueId};

/// One document of a Sigma file.
#[derive(Debug, Clone)]
pub enum Document {
    /// A detection rule.
    Rule(SigmaRule),
    /// A correlation over other rules.
    Correlation(Correlation),
    /// Exclusions for other rules.
    Filter(Filter),
    /// It names itself and the rest could not be read; it is listed, never dropped.
    Broken(Broken),
}

/// What rules and correlations say of themselves.
#[derive(Debug, Clone)]
pub struct Meta {
    /// Its id; without one, its name or title.
    pub id: DetectionId,
    /// The name by which correlations may refer to it.
    pub name: Option<Arc<str>>,
    /// Its title.
    pub title: Arc<str>,
    /// How serious a match is.
    pub level: Option<Level>,
    /// How mature it is.
    pub status: Option<Status>,
    /// Techniques among its tags, as written.
    pub techniques: Vec<TechniqueId>,
    /// Tactics among its tags, as written (`attack.persistence` is `persistence`).
    pub tactics: Vec<Arc<str>>,
    /// The file.
    pub path: Arc<PathBuf>,
}

/// A detection rule.
#[derive(Debug, Clone)]
pub struct SigmaRule {
    /// What it says of itself.
    pub meta: Meta,
    /// Which logs it is for.
    pub logsource: Logsource,
    /// When it fires.
    pub condition: Expr,
    /// Every field named anywhere in its detection section.
    pub fields: BTreeSet<FieldName>,
}

impl SigmaRule {
    /// Fields that a way to fire needs, and fields that only exclusions use.
    #[must_use]
    pub fn fields_by_use(&self) -> (BTreeSet<FieldName>, BTreeSet<FieldName>) {
        let mut needed = BTreeSet::new();
        self.condition.visit_positive(&mut |test| needed.extend(test.fields()));
        let mut used = BTreeSet::new();
        self.condition.collect_fields(&mut used);
        let exclusion_only = used.difference(&needed).cloned().collect();
        (needed, exclusion_only)
    }
}

/// Sigma's description of a log: any subset of the three words, with prose.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Logsource {
    /// `windows`, `linux`, `aws`.
    pub product: Option<Arc<str>>,
    /// `process_creation`: spans sources.
    pub category: Option<Arc<str>>,
    /// `security`: names one source.
    pub service: Option<Arc<str>>,
    /// What must be set up, in the author's words.
    pub definition: Option<Arc<str>>,
}

impl fmt::Display for Logsource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let words = [("product", &self.product), ("category", &self.category), ("service", &self.service)];
        let mut separator = "";
        for (key, word) in words {
            if let Some(word) = word {
                write!(f, "{separator}{key} `{word}`")?;
                separator = ", ";
            }
        }
        if separator.is_empty() { f.write_str("no log source") } else { Ok(()) }
    }
}

/// How a correlation combines its rules.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CorrelationKind {
    /// Counts or sums over matches: any of the rules feeds it.
    Aggregate,
    /// All of the rules within a time.
    Temporal,
}

/// A correlation over other rules.
#[derive(Debug, Clone)]
pub struct Correlation {
    /// What it says of itself.
    pub meta: Meta,
    /// How it combines.
    pub kind: CorrelationKind,
    /// Rules by id or name.
    pub rules: Vec<Arc<str>>,
    /// Which of them must match, where its condition says so by name.
    pub condition: Option<Wanted>,
    /// Fields that every match must carry: what it groups by, and what it counts.
    pub fields: Vec<FieldName>,
    /// What those fields are called in single rules: (alias, rule, field).
    pub aliases: Vec<(FieldName, Arc<str>, FieldName)>,
}

/// Which rules an extended temporal condition wants.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Wanted {
    /// A rule, by id or name.
    Rule(Arc<str>),
    /// All of them.
    All(Vec<Wanted>),
    /// Any of them.
    Any(Vec<Wanted>),
}

/// Conditions that a team adds to rules without touching them.
#[derive(Debug, Clone)]
pub struct Filter {
    /// Its title, which names the exclusion.
    pub title: Arc<str>,
    /// The file.
    pub path: Arc<PathBuf>,
    /// Rules by id, name or title; `None` is every rule of the log source.
    pub rules: Option<Vec<Arc<str>>>,
    /// Which rules' logs it is for.
    pub logsource: Logsource,
    /// What must hold as well.
    pub condition: Expr,
}

/// A document that names itself and could not be read further.
#[derive(Debug, Clone)]
pub struct Broken {
    /// What it says of itself.
    pub meta: Meta,
    /// Why it could not be read.
    pub reason: Arc<str>,
}
