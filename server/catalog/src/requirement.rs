//! The tree of what a detection needs. It mirrors the rule; coverage judges it on one host at a time.
//!
//! **Invariants.** Alternatives are chosen per branch, never mixed field by field. Field names in a leaf are those of
//! the leaf's event type; the rule's own spelling stands beside them for people.

mod path;

use std::sync::Arc;

use blindspot_telemetry::{EventTypePattern, FieldName, SourceId};

pub use path::{Access, PathOf, PathShape, PathTest, PathText};

/// What a detection needs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Requirement {
    /// Judged side by side: each part lets the detection fire in its way (branches of an OR, listed event ids,
    /// the data components of an analytic). Some dead, some live is partial sight.
    Parts(Vec<Requirement>),
    /// Needed together: the worst decides (the rules of a temporal correlation).
    Together(Vec<Requirement>),
    /// One way to fire, on any one of several event types.
    Branch(Branch),
    /// Nothing samples what this needs: cloud, network device, EDR, ETW only.
    Outside {
        /// What it needs, in few words.
        what: Arc<str>,
    },
    /// What it needs could not be worked out.
    NotUnderstood {
        /// Which kind of misunderstanding.
        kind: NotUnderstood,
        /// What was not understood, and what would mend it.
        what: Arc<str>,
    },
}

/// Why a requirement could not be worked out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NotUnderstood {
    /// No catalogue row maps the log source.
    UnmappedLogsource,
    /// The rule or reference itself could not be read.
    UnparsedRequirement,
}

/// One way for a detection to fire.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Branch {
    /// Its name for people: the selection, or the test that sets it apart (`OriginalFileName: CertUtil.exe`).
    pub label: Arc<str>,
    /// Event types that can each carry it; the best one decides.
    pub alternatives: Vec<Leaf>,
}

/// One event type with the fields that one branch needs of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Leaf {
    /// The event type or source.
    pub event: LeafEvent,
    /// Whether seeing it is full sight.
    pub breadth: Breadth,
    /// Fields that must be filled.
    pub needs: Arc<[FieldNeed]>,
    /// What the rule excludes.
    pub exclusions: Arc<[Exclusion]>,
    /// What it asks of paths, all of it; kept where a setting decides which paths are recorded.
    pub paths: Arc<[PathTest]>,
}

impl Leaf {
    /// A leaf that needs the event and nothing else.
    #[must_use]
    pub fn bare(event: LeafEvent) -> Self {
        Self {
            event,
            breadth: Breadth::Exact,
            needs: Arc::default(),
            exclusions: Arc::default(),
            paths: Arc::default(),
        }
    }

    /// Every field of the event that a need or an exclusion looks at.
    pub fn fields(&self) -> impl Iterator<Item = &FieldName> {
        let mut looked_at: Vec<&FieldNeed> = self.needs.iter().collect();
        for exclusion in self.exclusions.iter() {
            exclusion.excluded.collect_needs(&mut looked_at);
        }
        looked_at.into_iter().flat_map(|need| need.event_fields.iter())
    }
}

/// What must be counted for a leaf to live.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LeafEvent {
    /// Events of one type.
    Type(EventTypePattern),
    /// Any event of the source: keyword rules, and references that name no more.
    Source(SourceId),
}

/// How much a live leaf proves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Breadth {
    /// The event type itself is named.
    Exact,
    /// Only its source is: full sight can never be claimed (`source_level_only`).
    SourceLevel,
}

/// A field that must hold a value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldNeed {
    /// As the rule spells it.
    pub rule_name: FieldName,
    /// The event's own fields that together carry it (`TargetObject` of 4657 is `ObjectName` plus `ObjectValueName`).
    pub event_fields: Arc<[FieldName]>,
    /// What is known of the event type's schema, for hosts that have not shown one.
    pub schema: Schema,
    /// True where a stand-in such as `-` satisfies the test.
    pub accepts: Accepts,
}

/// Which content of a field can satisfy a test.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Accepts {
    /// Only a value.
    Value,
    /// A stand-in too: the rule asks for `-` or for the field to exist.
    Placeholder,
}

/// Whether an event type's documented fields include one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Schema {
    /// They do.
    Declares,
    /// They do not: the branch can never fire on this event type.
    Lacks,
    /// The fields of the event type are not documented.
    Unknown,
}

/// What a rule excludes: an expression under `not`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Exclusion {
    /// Its name for people: the filter's name in the rule.
    pub label: Arc<str>,
    /// What is excluded where it holds.
    pub excluded: FieldExpr,
}

/// A boolean expression over fields of one event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FieldExpr {
    /// All hold.
    All(Vec<FieldExpr>),
    /// Any holds.
    Any(Vec<FieldExpr>),
    /// It does not hold.
    Not(Box<FieldExpr>),
    /// A test of one field.
    Test(FieldNeed, FieldTest),
    /// Decided already (a test of the event id, on a leaf whose id is known).
    Constant(bool),
    /// A test that no field decides (keywords).
    Open,
}

impl FieldExpr {
    fn collect_needs<'e>(&'e self, into: &mut Vec<&'e FieldNeed>) {
        match self {
            Self::All(parts) | Self::Any(parts) => parts.iter().for_each(|part| part.collect_needs(into)),
            Self::Not(inner) => inner.collect_needs(into),
            Self::Test(need, _) => into.push(need),
            Self::Constant(_) | Self::Open => (),
        }
    }
}

/// What a test asks of its field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FieldTest {
    /// A value.
    Value,
    /// That it is absent or empty (`null`, `''`, `exists: false`): TRUE where the event type lacks the field.
    Absence,
}
