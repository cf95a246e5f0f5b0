//! What a host's settings change about a leaf.

use std::sync::Arc;

use blindspot_catalog::{EventFacts, Leaf};

use super::{LeafFinding, LeafState};
use crate::{
    configured::{Configured, configured},
    sight::HostSight,
    standing::{LeafCode, Standing},
    verdict::{Reason, ReasonCode},
};

/// What the settings make of a leaf, where they say anything.
pub(crate) type Set<'a> = Option<Arc<Configured<'a>>>;

/// Asks the settings.
pub(crate) fn of<'a>(leaf: &Leaf, host: &HostSight<'a>, facts: Option<&EventFacts>) -> Set<'a> {
    configured(host, leaf, facts).map(Arc::new)
}

/// Events were counted: they stay seen, but rules may show that they are others, or only some, of those looked for.
pub(super) fn apply<'a>(mut finding: LeafFinding<'a>, leaf: &'a Leaf, set: Set<'a>) -> LeafFinding<'a> {
    let Some(set) = set else { return finding };
    match &*set {
        Configured::Elsewhere { .. } => {
            finding.reasons.insert(0, filtered(leaf, &finding, set));
            finding.state = LeafState::Dead;
        }
        Configured::Part(_) => finding.narrowed = Some(filtered(leaf, &finding, set)),
        Configured::All { only_64_bit: true, .. } => {
            if let Some(first) = finding.evidence.first_mut() {
                first.setting = Some(set);
            }
        }
        Configured::All { .. }
        | Configured::No(_)
        | Configured::KeptOut(_)
        | Configured::AllOfTag(_)
        | Configured::Audited(_)
        | Configured::MayBeWritten(_)
        | Configured::NeedsSacl(_) => {}
    }
    finding
}

/// The same for a leaf of which only the code is asked for.
pub(crate) fn code(code: LeafCode, set: &Set<'_>) -> LeafCode {
    match set.as_deref() {
        Some(Configured::Elsewhere { .. }) => LeafCode::DEAD,
        Some(Configured::Part(_)) => code.marked(Standing::NARROWED),
        _ => code,
    }
}

/// The reason that names what the rules let through.
fn filtered<'a>(leaf: &'a Leaf, finding: &LeafFinding<'a>, set: Arc<Configured<'a>>) -> Reason<'a> {
    let counted = finding.evidence.first();
    Reason {
        code: ReasonCode::FilteredByAuditd,
        event: Some(&leaf.event),
        field: None,
        note: None,
        count: counted.map_or(0, |it| it.count),
        last: counted.and_then(|it| it.last),
        setting: Some(set),
        paths: &leaf.paths,
    }
}
