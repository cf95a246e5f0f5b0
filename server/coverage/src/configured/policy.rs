//! What the Windows audit policy makes of an event type of the Security log.

use blindspot_catalog::{AuditNeed, EventFacts, Outcome};
use blindspot_telemetry::settings::{AuditPolicy, Outcomes, Subcategory};

use super::{Configured, Silence};

/// What the policy makes of an event type; `None` where it does not decide.
///
/// Of an event type that several subcategories write, one that is audited is enough; none of them may be unknown for
/// its absence to be proven. Where only one outcome is audited of an event type that may record the other, or where more
/// than the policy is needed, nothing is proven.
pub(super) fn by_policy(policy: &AuditPolicy, facts: &EventFacts) -> Option<Configured<'static>> {
    let need = facts.audited.as_ref()?;
    let known: Vec<(Subcategory, Outcomes)> = need
        .subcategories
        .iter()
        .filter_map(|subcategory| Some((*subcategory, *policy.subcategories.get(subcategory)?)))
        .collect();
    if let Some((subcategory, audited)) = known.iter().find(|(_, audited)| writes_some(need, *audited)) {
        let whole = writes_all(need, *audited) && facts.fixes.len() <= 1;
        return Some(match (need.sacl, whole) {
            (true, _) => Configured::NeedsSacl(*subcategory),
            (false, true) => Configured::Audited(*subcategory),
            (false, false) => Configured::MayBeWritten(*subcategory),
        });
    }
    let (first, _) = *known.first()?;
    if known.len() < need.subcategories.len() {
        return None;
    }
    let other = known.iter().find(|(_, audited)| audited.any()).map(|(subcategory, _)| *subcategory);
    Some(Configured::No(match (other, need.outcome) {
        (Some(subcategory), Some(outcome)) => Silence::OutcomeNotAudited(subcategory, outcome),
        _ => Silence::NotAudited(first),
    }))
}

fn writes_all(need: &AuditNeed, audited: Outcomes) -> bool {
    match need.outcome {
        Some(Outcome::Success) => audited.success,
        Some(Outcome::Failure) => audited.failure,
        None => audited.both(),
    }
}

fn writes_some(need: &AuditNeed, audited: Outcomes) -> bool {
    match need.outcome {
        Some(_) => writes_all(need, audited),
        None => audited.any(),
    }
}
