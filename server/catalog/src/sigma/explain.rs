//! What `rules show` and `rules lint` print of a rule, whatever any host has.

use std::{collections::BTreeSet, sync::Arc};

use blindspot_telemetry::{EventTypePattern, FieldName, SourceId};

use super::{
    analysis::requirement,
    constraint, known,
    logsource::{Alternative, Logsources, Mapping, Others},
    rule::SigmaRule,
};
use crate::{Facts, Leaf, LeafEvent, Requirement};

/// A rule's requirement in terms of its log source.
#[derive(Debug, Clone)]
pub struct Explained {
    /// The requirement itself.
    pub requirement: Requirement,
    /// Why it is not mapped to anything that is sampled; `None` where it is.
    pub unmapped_because: Option<Arc<str>>,
    /// Logging setups that can feed it, the most usual first.
    pub alternatives: Vec<ExplainedAlternative>,
    /// Fields that a way to fire needs.
    pub needed: BTreeSet<FieldName>,
    /// Fields that only exclusions use.
    pub exclusion_only: BTreeSet<FieldName>,
}

/// One logging setup that can feed a rule.
#[derive(Debug, Clone)]
pub struct ExplainedAlternative {
    /// Event types that the rule means on it.
    pub event_types: Vec<ExplainedEvent>,
    /// Sources, where the rule names no event types.
    pub sources: Vec<SourceId>,
    /// Fields of the rule that none of the event types declares.
    pub missing_fields: BTreeSet<FieldName>,
    /// What people should know of it.
    pub note: Arc<str>,
}

/// An event type with its documented fields: enough for a host that has it whole.
#[derive(Debug, Clone)]
pub struct ExplainedEvent {
    /// The event type.
    pub pattern: EventTypePattern,
    /// The event's own fields; `None` where they are not documented.
    pub fields: Option<BTreeSet<FieldName>>,
}

/// What a rule needs, by log source alternative.
#[must_use]
pub fn explain(rule: &SigmaRule, logsources: &Logsources, facts: &Facts) -> Explained {
    let requirement = requirement(rule, logsources, facts);
    let (needed, exclusion_only) = rule.fields_by_use();
    let unmapped_because = match &requirement {
        Requirement::Outside { what } => Some(Arc::from(format!("not sampled: {what}"))),
        Requirement::NotUnderstood { what, .. } => Some(what.clone()),
        _ => None,
    };
    let mut leaves = Vec::new();
    collect_leaves(&requirement, &mut leaves);
    let rows = match logsources.lookup(&rule.logsource) {
        Mapping::Mapped(rows) => rows,
        Mapping::Outside(_) | Mapping::Unmapped => Vec::new(),
    };
    let mut ranks: Vec<u8> = rows.iter().map(|row| row.rank).collect();
    ranks.dedup();
    let alternatives = ranks
        .into_iter()
        .map(|rank| {
            let rows: Vec<&Alternative> =
                rows.iter().filter(|row| row.rank == rank).map(Arc::as_ref).collect();
            alternative(&rows, &leaves, &needed, facts)
        })
        .filter(|alternative| !alternative.event_types.is_empty() || !alternative.sources.is_empty())
        .collect();
    Explained { requirement, unmapped_because, alternatives, needed, exclusion_only }
}

fn collect_leaves<'r>(requirement: &'r Requirement, into: &mut Vec<&'r Leaf>) {
    match requirement {
        Requirement::Parts(parts) | Requirement::Together(parts) => {
            parts.iter().for_each(|part| collect_leaves(part, into));
        }
        Requirement::Branch(branch) => into.extend(&branch.alternatives),
        Requirement::Outside { .. } | Requirement::NotUnderstood { .. } => {}
    }
}

fn alternative(
    rows: &[&Alternative],
    leaves: &[&Leaf],
    needed: &BTreeSet<FieldName>,
    facts: &Facts,
) -> ExplainedAlternative {
    let mut event_types: Vec<ExplainedEvent> = Vec::new();
    let mut sources = BTreeSet::new();
    for leaf in leaves {
        match &leaf.event {
            LeafEvent::Type(pattern) => {
                let row = rows.iter().find(|row| row.carries(pattern));
                if let Some(row) = row
                    && !event_types.iter().any(|known| known.pattern == *pattern)
                {
                    event_types.push(ExplainedEvent {
                        pattern: pattern.clone(),
                        fields: fields(row, pattern, facts),
                    });
                }
            }
            LeafEvent::Source(source) => {
                if rows.iter().any(|row| row.is_fed_by(source)) {
                    sources.insert(source.clone());
                }
            }
        }
    }
    let is_missing = |field: &&FieldName| {
        !constraint::is_system_field(field.as_str())
            && !event_types.is_empty()
            && event_types.iter().all(|event| rows.iter().any(|row| lacks(row, event, field)))
    };
    let missing_fields = needed.iter().filter(is_missing).cloned().collect();
    let note = rows.first().map(|row| row.note.clone()).unwrap_or_default();
    ExplainedAlternative { event_types, sources: sources.into_iter().collect(), missing_fields, note }
}

fn fields(row: &Alternative, pattern: &EventTypePattern, facts: &Facts) -> Option<BTreeSet<FieldName>> {
    let documented = known::facts_of(facts, pattern).and_then(|facts| facts.fields.as_ref());
    if row.fields.others == Others::Absent || documented.is_some() {
        let listed = row.fields.names.iter().flat_map(|(_, event_fields)| event_fields.iter());
        return Some(
            listed.chain(documented.into_iter().flat_map(|fields| fields.iter())).cloned().collect(),
        );
    }
    None
}

/// True where a row is that of the event and the event does not have the rule's field.
fn lacks(row: &Alternative, event: &ExplainedEvent, field: &FieldName) -> bool {
    let same = |name: &FieldName| name.as_str().eq_ignore_ascii_case(field.as_str());
    let listed = row.fields.names.iter().any(|(name, _)| same(name));
    if !row.carries(&event.pattern) || listed {
        return false;
    }
    match (row.fields.others, &event.fields) {
        (Others::Absent, _) => true,
        (Others::SameName, Some(fields)) => !fields.iter().any(same),
        (Others::SameName, None) | (Others::PartOfText, _) => false,
    }
}
