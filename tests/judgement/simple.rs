//! Whether a rule can still fire without some fields, by walking its condition: an evaluator as simple as can be.
//!
//! A test of a field that is not there is false, and an exclusion that tests one is a loss of precision. It knows
//! nothing of tests for absence (`null`, `''`): where our judgement differs from it, these must be the reason.

use rsigma_parser::{ConditionExpr, Detection, DetectionItem, Detections, Quantifier, SigmaRule};

/// What walking a condition came to.
#[derive(Debug, Clone, Copy)]
struct Walk {
    can_fire: bool,
    lost_way: bool,
    lost_exclusion: bool,
}

/// The verdict's word.
pub fn verdict(rule: &SigmaRule, available: &[&str]) -> &'static str {
    let walking = Walking { detections: &rule.detection, available };
    let walk = any(rule.detection.conditions.iter().map(|condition| walking.condition(condition)));
    match walk {
        Walk { can_fire: false, .. } => "blind",
        Walk { lost_way: true, .. } => "partial",
        Walk { lost_exclusion: true, .. } => "noisy",
        _ => "sighted",
    }
}

struct Walking<'a> {
    detections: &'a Detections,
    available: &'a [&'a str],
}

impl Walking<'_> {
    fn condition(&self, condition: &ConditionExpr) -> Walk {
        match condition {
            ConditionExpr::And(parts) => all(parts.iter().map(|part| self.condition(part))),
            ConditionExpr::Or(parts) => any(parts.iter().map(|part| self.condition(part))),
            ConditionExpr::Not(inner) => {
                let inner = self.condition(inner);
                let lost_exclusion = inner.lost_way || inner.lost_exclusion || !inner.can_fire;
                Walk { can_fire: true, lost_way: false, lost_exclusion }
            }
            ConditionExpr::Identifier(name) => self.detection(&self.detections.named[name]),
            ConditionExpr::Selector { quantifier, pattern } => {
                let named =
                    self.detections.named.iter().filter(|(name, _)| pattern.matches_detection_name(name));
                let walks = named.map(|(_, detection)| self.detection(detection));
                match quantifier {
                    Quantifier::All => all(walks),
                    Quantifier::Any | Quantifier::Count(1) => any(walks),
                    Quantifier::Count(wanted) => {
                        let walks: Vec<Walk> = walks.collect();
                        let able = walks.iter().filter(|walk| walk.can_fire).count();
                        let can_fire = u64::try_from(able).is_ok_and(|able| able >= *wanted);
                        Walk { can_fire, ..any(walks.into_iter()) }
                    }
                }
            }
        }
    }

    fn detection(&self, detection: &Detection) -> Walk {
        match detection {
            Detection::AllOf(items) => all(items.iter().map(|item| self.item(item))),
            Detection::And(parts) => all(parts.iter().map(|part| self.detection(part))),
            Detection::AnyOf(parts) => any(parts.iter().map(|part| self.detection(part))),
            Detection::Keywords(_) => Walk { can_fire: true, lost_way: false, lost_exclusion: false },
            other => panic!("no process rule has {other:?}"),
        }
    }

    fn item(&self, item: &DetectionItem) -> Walk {
        let can_fire = item.field.name.as_deref().is_none_or(|name| self.available.contains(&name));
        Walk { can_fire, lost_way: !can_fire, lost_exclusion: false }
    }
}

fn all(walks: impl Iterator<Item = Walk>) -> Walk {
    let every = Walk { can_fire: true, lost_way: false, lost_exclusion: false };
    walks.fold(every, |sum, walk| joined(sum, walk, sum.can_fire && walk.can_fire))
}

fn any(walks: impl Iterator<Item = Walk>) -> Walk {
    let none = Walk { can_fire: false, lost_way: false, lost_exclusion: false };
    walks.fold(none, |sum, walk| joined(sum, walk, sum.can_fire || walk.can_fire))
}

fn joined(one: Walk, other: Walk, can_fire: bool) -> Walk {
    Walk {
        can_fire,
        lost_way: one.lost_way || other.lost_way,
        lost_exclusion: one.lost_exclusion || other.lost_exclusion,
    }
}
