//! A whole requirement on one host.

use blindspot_catalog::{Branch, Breadth, Detection, Facts, NotUnderstood, Requirement, Role, Scope};
use blindspot_telemetry::EventType;

use crate::{
    leaf::{LeafFinding, LeafState, LostExclusion, judge_leaf},
    sight::HostSight,
    standing::{LeafCode, Standing, not_recorded},
    verdict::{Evidence, Reason, ReasonCode, Verdict},
};

/// A way to fire that is closed, or of which nothing may be claimed.
#[derive(Debug, Clone, PartialEq)]
pub struct DeadBranch<'a> {
    /// Its name in the requirement.
    pub label: &'a str,
    /// Dead or unread.
    pub state: LeafState,
    /// Why, one or more per alternative.
    pub reasons: Vec<Reason<'a>>,
}

/// The answer for one detection on one host.
#[derive(Debug, Clone, PartialEq)]
pub struct Judgement<'a> {
    /// The verdict.
    pub verdict: Verdict,
    /// Why it is not full sight; empty where it is.
    pub reasons: Vec<Reason<'a>>,
    /// What it rests on.
    pub evidence: Vec<Evidence<'a>>,
    /// Branches that are closed or unread.
    pub dead: Vec<DeadBranch<'a>>,
    /// Exclusions that lost a field.
    pub lost_exclusions: Vec<LostExclusion<'a>>,
    /// What it also needs and nothing samples.
    pub outside: Vec<&'a str>,
    /// Event types that keep a branch open, once each.
    pub live: Vec<&'a EventType>,
    /// The one event type that every open branch rests on, if there is one only.
    pub sole_source: Option<&'a EventType>,
}

/// Judges one detection on one host.
#[must_use]
pub fn judge<'a>(detection: &'a Detection, host: &HostSight<'a>, facts: &Facts) -> Judgement<'a> {
    let in_scope = match &detection.scope {
        Scope::Any => true,
        Scope::Hosts(platform) => *platform == host.inventory.platform,
        Scope::OtherPlatform(_) => false,
    };
    if !in_scope {
        return Tally::default().into_judgement(Verdict::OutOfScope);
    }
    let mut tally = Tally::default();
    tally.walk(&detection.requirement, host, facts);
    let verdict = tally.standing.verdict();
    tally.into_judgement(verdict)
}

/// What the branches of a requirement came to.
#[derive(Debug, Default)]
struct Tally<'a> {
    standing: Standing,
    outside: Vec<&'a str>,
    reasons: Vec<Reason<'a>>,
    evidence: Vec<Evidence<'a>>,
    dead_branches: Vec<DeadBranch<'a>>,
    lost_exclusions: Vec<LostExclusion<'a>>,
    live_types: Vec<&'a EventType>,
    /// Per open branch, the event types that keep it open.
    open_branches: Vec<Vec<&'a EventType>>,
}

impl<'a> Tally<'a> {
    fn walk(&mut self, requirement: &'a Requirement, host: &HostSight<'a>, facts: &Facts) {
        match requirement {
            Requirement::Parts(parts) => {
                for part in parts {
                    self.walk(part, host, facts);
                }
            }
            Requirement::Together(parts) => self.walk_together(parts, host, facts),
            Requirement::Branch(branch) => self.branch(branch, host, facts),
            Requirement::Outside { what } => self.outside.push(what),
            Requirement::NotUnderstood { kind, what } => {
                self.standing |= Standing::NOT_UNDERSTOOD;
                let code = match kind {
                    NotUnderstood::UnmappedLogsource => ReasonCode::UnmappedLogsource,
                    NotUnderstood::UnparsedRequirement => ReasonCode::UnparsedRequirement,
                };
                self.push_reason(Reason {
                    code,
                    event: None,
                    field: None,
                    note: Some(what),
                    count: 0,
                    last: None,
                    setting: None,
                    paths: &[],
                });
            }
        }
    }

    fn walk_together(&mut self, parts: &'a [Requirement], host: &HostSight<'a>, facts: &Facts) {
        let tallies: Vec<Self> = parts
            .iter()
            .map(|part| {
                let mut tally = Self::default();
                tally.walk(part, host, facts);
                tally
            })
            .collect();
        let standing = Standing::together(tallies.iter().map(|tally| tally.standing));
        let mut whole = Self::default();
        for tally in tallies {
            whole.absorb(tally);
        }
        whole.standing = standing;
        if !standing.is_open() {
            whole.live_types.clear();
            whole.open_branches.clear();
        }
        self.absorb(whole);
    }

    fn absorb(&mut self, other: Self) {
        self.standing |= other.standing;
        self.outside.extend(other.outside);
        for reason in other.reasons {
            self.push_reason(reason);
        }
        self.evidence.extend(other.evidence);
        self.dead_branches.extend(other.dead_branches);
        self.lost_exclusions.extend(other.lost_exclusions);
        self.live_types.extend(other.live_types);
        self.open_branches.extend(other.open_branches);
    }

    fn branch(&mut self, branch: &'a Branch, host: &HostSight<'a>, facts: &Facts) {
        let mut findings: Vec<LeafFinding<'a>> =
            branch.alternatives.iter().map(|leaf| judge_leaf(leaf, host, facts)).collect();
        set_aside_other_products(branch, &mut findings, facts);
        let rank = |finding: &LeafFinding<'_>| {
            (
                finding.state,
                finding.narrowed.is_some(),
                finding.breadth == Breadth::SourceLevel,
                finding.lost_exclusion.is_some(),
            )
        };
        let Some(best) = findings.iter().min_by_key(|finding| rank(finding)) else { return };
        self.standing |= standing_of(best);
        if let (LeafState::Live | LeafState::Armed, Some(reason)) = (best.state, &best.narrowed) {
            self.push_reason(reason.clone());
        }
        if best.state == LeafState::Live {
            self.lost_exclusions.extend(best.lost_exclusion);
            self.open(&findings);
            if best.breadth == Breadth::SourceLevel {
                self.source_level_reason(best);
            }
        }
        self.keep_evidence(best);
        if best.state >= LeafState::Unread {
            self.closed(branch, findings);
        }
    }

    fn open(&mut self, findings: &[LeafFinding<'a>]) {
        let live = findings.iter().filter(|finding| finding.state == LeafState::Live);
        let mut types: Vec<&EventType> =
            live.filter_map(|finding| finding.evidence.first().and_then(|first| first.counted)).collect();
        types.dedup();
        for event_type in &types {
            if !self.live_types.contains(event_type) {
                self.live_types.push(event_type);
            }
        }
        self.open_branches.push(types);
    }

    fn source_level_reason(&mut self, best: &LeafFinding<'a>) {
        if let Some(first) = best.evidence.first() {
            self.push_reason(Reason {
                code: ReasonCode::SourceLevelOnly,
                event: Some(first.event),
                field: None,
                note: None,
                count: first.count,
                last: first.last,
                setting: None,
                paths: &[],
            });
        }
    }

    fn keep_evidence(&mut self, best: &LeafFinding<'a>) {
        for evidence in &best.evidence {
            if !self.evidence.contains(evidence) {
                self.evidence.push(evidence.clone());
            }
        }
    }

    fn closed(&mut self, branch: &'a Branch, findings: Vec<LeafFinding<'a>>) {
        let state = findings.iter().map(|finding| finding.state).min().unwrap_or(LeafState::Dead);
        let mut reasons: Vec<Reason<'a>> = findings.into_iter().flat_map(|finding| finding.reasons).collect();
        reasons.shrink_to_fit();
        for reason in &reasons {
            self.push_reason(reason.clone());
        }
        self.dead_branches.push(DeadBranch { label: &branch.label, state, reasons });
    }

    fn push_reason(&mut self, reason: Reason<'a>) {
        if !self.reasons.contains(&reason) {
            self.reasons.push(reason);
        }
    }

    fn into_judgement(mut self, verdict: Verdict) -> Judgement<'a> {
        if verdict == Verdict::Unsampled && self.reasons.is_empty() {
            let note = self.outside.first().copied();
            let code = ReasonCode::NotSampled;
            let (count, last, setting) = (0, None, None);
            let paths = &[];
            self.reasons.push(Reason { code, event: None, field: None, note, count, last, setting, paths });
        }
        let mut branches = self.open_branches.iter();
        let first = branches.next().and_then(|types| match types.as_slice() {
            [only] => Some(*only),
            _ => None,
        });
        let sole_source = first.filter(|only| branches.all(|types| types.as_slice() == [*only]));
        self.outside.dedup();
        self.lost_exclusions.dedup();
        // A fleet keeps very many of these, and most hold one reason or two.
        self.reasons.shrink_to_fit();
        self.evidence.shrink_to_fit();
        self.dead_branches.shrink_to_fit();
        self.live_types.shrink_to_fit();
        Judgement {
            verdict,
            reasons: self.reasons,
            evidence: self.evidence,
            dead: self.dead_branches,
            lost_exclusions: self.lost_exclusions,
            outside: self.outside,
            live: self.live_types,
            sole_source,
        }
    }
}

/// How a branch stands whose best alternative was found to be this.
fn standing_of(best: &LeafFinding<'_>) -> Standing {
    let mut code = LeafCode::of(best.state);
    if best.narrowed.is_some() {
        code = code.marked(Standing::NARROWED);
    }
    if best.breadth == Breadth::SourceLevel {
        code = code.marked(Standing::SOURCE_LEVEL);
    }
    if best.lost_exclusion.is_some() {
        code = code.marked(Standing::LOST_EXCLUSION);
    }
    LeafCode::branch(code, code)
}

/// An optional product that a host does not show is no way out for a branch that the host's own logs close: a host
/// without PowerShell 7 is blind where Windows PowerShell's log is missing. Roles such as domain controller stay
/// unknown: a host may well have one that its logs do not show.
fn set_aside_other_products(branch: &Branch, findings: &mut [LeafFinding<'_>], facts: &Facts) {
    let not_recorded = |finding: &LeafFinding<'_>| {
        let code = finding.reasons.first().map(|reason| reason.code);
        finding.state == LeafState::Dead && code.is_some_and(not_recorded)
    };
    if !findings.iter().any(not_recorded) {
        return;
    }
    for (leaf, finding) in branch.alternatives.iter().zip(findings) {
        let optional = facts.of_event(&leaf.event).is_some_and(|known| known.role == Role::OptionalProduct);
        if optional && finding.reasons.first().is_some_and(|reason| reason.code == ReasonCode::RoleUnknown) {
            finding.state = LeafState::Dead;
        }
    }
}

#[cfg(test)]
mod tests;
