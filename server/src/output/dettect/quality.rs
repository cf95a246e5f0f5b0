//! DeTT&CT's data quality scores, from what was counted.

use std::collections::{BTreeMap, BTreeSet};

use blindspot_catalog::{Detection, LeafEvent, Requirement};
use blindspot_coverage::HostSight;
use blindspot_telemetry::{EventType, EventTypePattern, FieldFill, FieldName, Observed, SourceId};
use serde::Serialize;

/// History that is scored 5. DeTT&CT leaves it to its user; the comment of each entry names it.
pub(super) const DESIRED_DAYS: f64 = 30.0;

/// The five scores: 0 is not known, 1 to 5 are fifths of what is wanted.
#[derive(Serialize)]
pub(super) struct Quality {
    /// Hosts that record it.
    pub(super) device_completeness: u8,
    /// Fields that detections need and that hold a value.
    pub(super) data_field_completeness: u8,
    /// How soon after the event it can be searched.
    pub(super) timeliness: u8,
    /// Events of one type that have the same fields.
    pub(super) consistency: u8,
    /// History held.
    pub(super) retention: u8,
}

/// DeTT&CT's scale: up to 25 % is 1, 50 % is 2, 75 % is 3, 99 % is 4, all is 5.
#[must_use]
pub(super) fn score(share: f64) -> u8 {
    match share {
        share if share >= 1.0 => 5,
        share if share > 0.75 => 4,
        share if share > 0.5 => 3,
        share if share > 0.25 => 2,
        share if share > 0.0 => 1,
        _ => 0,
    }
}

/// Fields that detections need, by the event type that they name.
pub(super) struct NeededFields<'a>(BTreeMap<&'a EventTypePattern, BTreeSet<&'a FieldName>>);

impl<'a> NeededFields<'a> {
    /// Collects what these detections need.
    pub(super) fn of(detections: &'a [Detection]) -> Self {
        let mut needed = Self(BTreeMap::new());
        for detection in detections {
            needed.walk(&detection.requirement);
        }
        needed
    }

    fn walk(&mut self, requirement: &'a Requirement) {
        match requirement {
            Requirement::Parts(parts) | Requirement::Together(parts) => {
                for part in parts {
                    self.walk(part);
                }
            }
            Requirement::Branch(branch) => {
                for leaf in &branch.alternatives {
                    if let LeafEvent::Type(pattern) = &leaf.event {
                        let fields = leaf.needs.iter().flat_map(|need| need.event_fields.iter());
                        self.0.entry(pattern).or_default().extend(fields);
                    }
                }
            }
            Requirement::Outside { .. } | Requirement::NotUnderstood { .. } => (),
        }
    }

    fn for_type(&self, event_type: &EventType) -> BTreeSet<&'a FieldName> {
        self.0
            .iter()
            .filter(|(pattern, _)| pattern.matches(event_type))
            .flat_map(|(_, fields)| fields)
            .copied()
            .collect()
    }
}

/// Over all hosts: events of each type, and what its fields hold.
type Totals<'r> = BTreeMap<&'r EventType, (u64, BTreeMap<&'r FieldName, FieldFill>)>;

fn totals<'r>(seen: impl Iterator<Item = (&'r EventType, &'r Observed)>) -> Totals<'r> {
    let mut totals = Totals::new();
    for (event_type, observed) in seen {
        let (count, fields) = totals.entry(event_type).or_default();
        *count = count.saturating_add(observed.count);
        for (name, fill) in &observed.fields {
            fields.entry(name).or_default().add(*fill);
        }
    }
    totals
}

/// How much of the fields that detections need is filled, all types alike; of types of which no field is needed, all
/// fields count.
#[must_use]
pub(super) fn fields_filled<'r>(
    seen: impl Iterator<Item = (&'r EventType, &'r Observed)>,
    needed: &NeededFields<'_>,
) -> u8 {
    let shares = totals(seen).into_iter().flat_map(|(event_type, (count, fields))| {
        let wanted = needed.for_type(event_type);
        let share = move |fill: Option<&FieldFill>| fill.map_or(0.0, |fill| share(fill.filled, count));
        let shares: Vec<f64> = if wanted.is_empty() {
            fields.values().map(|fill| share(Some(fill))).collect()
        } else {
            wanted.into_iter().map(|name| share(fields.get(name))).collect()
        };
        shares
    });
    score(mean(shares))
}

/// How much events of one type have the same fields, over all hosts.
#[must_use]
pub(super) fn consistency<'r>(seen: impl Iterator<Item = (&'r EventType, &'r Observed)>) -> u8 {
    let shares = totals(seen).into_iter().flat_map(|(_, (count, fields))| {
        fields.into_values().map(move |fill| share(fill.declared(), count)).collect::<Vec<_>>()
    });
    score(mean(shares))
}

/// Days between the oldest record of a source and the host's newest, in the mean over hosts and sources.
#[must_use]
pub(super) fn days_held<'r>(held: impl Iterator<Item = (SourceId, &'r HostSight<'r>)>) -> f64 {
    let mut days: BTreeMap<(SourceId, &str), f64> = BTreeMap::new();
    for (source, host) in held {
        let newest = host.inventory.span().map(|(_, newest)| newest);
        if let Some((oldest, newest)) = host.source(&source).oldest.zip(newest) {
            let held = newest.duration_since(oldest).as_secs_f64() / 86_400.0;
            days.insert((source, host.inventory.host.as_str()), held.max(0.0));
        }
    }
    mean(days.into_values())
}

fn share(part: u64, whole: u64) -> f64 {
    if whole == 0 { 0.0 } else { (part as f64 / whole as f64).min(1.0) }
}

fn mean(shares: impl Iterator<Item = f64>) -> f64 {
    let (sum, count) = shares.fold((0.0, 0.0), |(sum, count), share| (sum + share, count + 1.0));
    if count > 0.0 { sum / count } else { 0.0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scores_are_dettects_fifths_and_only_all_is_five() {
        for (share, expected) in
            [(0.0, 0), (0.01, 1), (0.25, 1), (0.26, 2), (0.5, 2), (0.75, 3), (0.99, 4), (1.0, 5), (2.0, 5)]
        {
            assert_eq!(score(share), expected, "{share}");
        }
    }

    #[test]
    fn nothing_counted_is_not_known() {
        assert_eq!(consistency(std::iter::empty()), 0);
        assert!(mean(std::iter::empty()).abs() < f64::EPSILON);
    }
}
