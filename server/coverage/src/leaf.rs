//! One event type with the fields that one branch needs, on one host.

mod logic;
pub(crate) mod settings;
pub(crate) mod unseen;

use blindspot_catalog::{Accepts, Breadth, EventFacts, Facts, FieldNeed, Leaf, Schema};
use blindspot_telemetry::{FieldFill, FieldName};

use logic::evaluate;

pub(crate) use logic::Can;

use crate::{
    sight::{HostSight, Seen},
    verdict::{Evidence, How, Reason, ReasonCode},
};

/// Events below which "declared and never filled" proves nothing (DESIGN: `thin_evidence`).
const THIN_BELOW: u64 = 20;

/// How a leaf stands. The order is from best to worst: the best alternative of a branch decides.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum LeafState {
    /// Counted in the window, with every needed field filled.
    Live,
    /// Not counted, and proven that it would be recorded.
    Armed,
    /// Nothing may be claimed.
    Unread,
    /// The source was read or proven missing, and there is no evidence; or a needed field is absent.
    Dead,
}

/// An exclusion that no longer excludes all it was meant to: more false positives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LostExclusion<'a> {
    /// Its name in the rule.
    pub label: &'a str,
    /// The field without which it cannot hold, in the event's own spelling.
    pub field: &'a FieldName,
}

/// What judging one leaf came to.
#[derive(Debug, Clone, PartialEq)]
pub struct LeafFinding<'a> {
    /// How it stands.
    pub state: LeafState,
    /// An exclusion that lost a field, and the field.
    pub lost_exclusion: Option<LostExclusion<'a>>,
    /// Whether seeing it is full sight.
    pub breadth: Breadth,
    /// Why it sees less than all, where a setting lets only a part through.
    pub narrowed: Option<Reason<'a>>,
    /// Why it is not live; the first is the one that decided.
    pub reasons: Vec<Reason<'a>>,
    /// What it rests on; the first is about the event itself.
    pub evidence: Vec<Evidence<'a>>,
}

/// Judges one leaf on one host.
#[must_use]
pub fn judge_leaf<'a>(leaf: &'a Leaf, host: &HostSight<'a>, facts: &Facts) -> LeafFinding<'a> {
    let event_facts = facts.of_event(&leaf.event);
    let set = settings::of(leaf, host, event_facts);
    let best = host
        .seen(&leaf.event)
        .filter(|seen| seen.count > 0)
        .map(|seen| judge_seen(leaf, seen, event_facts))
        .min_by_key(|finding| (finding.state, finding.lost_exclusion.is_some()));
    match best {
        Some(finding) => settings::apply(finding, leaf, set),
        None => unseen::judge(leaf, host, event_facts, set),
    }
}

/// The fill of one field on one event type.
pub(crate) enum Fill<'a> {
    /// Holds what the test accepts.
    Filled,
    /// Too few events to say.
    Thin(&'a FieldName),
    /// Declared and never filled.
    Empty(&'a FieldName),
    /// No event declares it.
    Absent(&'a FieldName),
}

impl<'a> Fill<'a> {
    /// How a leaf stands at best that needs it.
    pub(crate) fn state(&self) -> LeafState {
        match self {
            Self::Filled => LeafState::Live,
            Self::Thin(_) => LeafState::Unread,
            Self::Empty(_) | Self::Absent(_) => LeafState::Dead,
        }
    }

    /// The field, where no event holds it.
    pub(crate) fn missing(&self) -> Option<&'a FieldName> {
        match self {
            Self::Filled | Self::Thin(_) => None,
            Self::Empty(field) | Self::Absent(field) => Some(field),
        }
    }
}

pub(crate) fn fill_of<'a>(need: &'a FieldNeed, seen: &Seen<'_>) -> Fill<'a> {
    let mut worst = Fill::Filled;
    for name in need.event_fields.iter() {
        let Some(fill) = seen.observed.fields.get(name).filter(|fill| fill.declared() > 0) else {
            return Fill::Absent(name);
        };
        if holds(fill, need.accepts) {
            continue;
        }
        if seen.observed.count >= THIN_BELOW {
            worst = Fill::Empty(name);
        } else if matches!(worst, Fill::Filled) {
            worst = Fill::Thin(name);
        }
    }
    worst
}

fn holds(fill: &FieldFill, accepts: Accepts) -> bool {
    match accepts {
        Accepts::Value => fill.filled > 0,
        Accepts::Placeholder => fill.filled > 0 || fill.placeholder > 0,
    }
}

fn judge_seen<'a>(leaf: &'a Leaf, seen: Seen<'a>, facts: Option<&EventFacts>) -> LeafFinding<'a> {
    let mut reasons = Vec::new();
    let mut state = LeafState::Live;
    let reason = |code, field, note| Reason {
        code,
        event: Some(&leaf.event),
        field,
        note,
        count: seen.observed.count,
        last: Some(seen.observed.last),
        setting: None,
        paths: &leaf.paths,
    };
    for need in leaf.needs.iter() {
        let fill = fill_of(need, &seen);
        state = state.max(fill.state());
        let (code, field) = match fill {
            Fill::Filled => continue,
            Fill::Thin(field) => (ReasonCode::ThinEvidence, field),
            Fill::Empty(field) => (ReasonCode::FieldEmpty, field),
            Fill::Absent(field) => (absent_code(field, facts), field),
        };
        reasons.push(reason(code, Some(field), None));
    }
    let mut lost_exclusion = None;
    for exclusion in leaf.exclusions.iter() {
        let outcome = evaluate(&exclusion.excluded, &|need| fill_of(need, &seen).missing());
        if !outcome.can.be_false {
            state = LeafState::Dead;
            reasons.push(reason(ReasonCode::ExclusionAlwaysTrue, outcome.lost, Some(&*exclusion.label)));
        } else if let Some(field) = outcome.lost {
            lost_exclusion = lost_exclusion.or(Some(LostExclusion { label: &exclusion.label, field }));
        }
    }
    reasons.sort_by_key(|reason| reason.code == ReasonCode::ThinEvidence);
    let evidence = evidence_of(leaf, &seen);
    LeafFinding { state, lost_exclusion, breadth: leaf.breadth, narrowed: None, reasons, evidence }
}

fn absent_code(field: &FieldName, facts: Option<&EventFacts>) -> ReasonCode {
    if facts.is_some_and(|facts| facts.first_schema_of(field).is_some()) {
        ReasonCode::SchemaTooOld
    } else {
        ReasonCode::FieldAbsent
    }
}

fn evidence_of<'a>(leaf: &'a Leaf, seen: &Seen<'a>) -> Vec<Evidence<'a>> {
    let event = Evidence {
        event: &leaf.event,
        counted: Some(seen.event_type),
        field: None,
        count: seen.count,
        filled: 0,
        of: 0,
        last: Some(seen.observed.last),
        how: How::Seen,
        setting: None,
    };
    let fields = leaf.needs.iter().flat_map(|need| need.event_fields.iter()).map(|field| {
        let fill = seen.observed.fields.get(field).copied().unwrap_or_default();
        Evidence { field: Some(field), filled: fill.filled, of: fill.declared(), ..event.clone() }
    });
    std::iter::once(event.clone()).chain(fields).collect()
}

/// On an event type that was not counted: a field that its documented schema lacks.
fn missing_by_schema(need: &FieldNeed) -> Option<&FieldName> {
    (need.schema == Schema::Lacks).then(|| need.event_fields.first().unwrap_or(&need.rule_name))
}
