//! The technique table: depth, sole source and noise of each, beside its detections.

use blindspot_coverage::Verdict;

use super::{
    matrix,
    picture::{self, Bar},
    words,
};
use crate::report::Report;

/// Detections named per technique.
const NAMED: usize = 6;

/// One technique.
pub(super) struct Row {
    /// Its id, which is also its anchor.
    pub(super) id: String,
    /// Its name; a sub-technique's with its parent's.
    pub(super) name: String,
    /// Its tactics.
    pub(super) tactics: String,
    /// The class of its depth.
    pub(super) class: &'static str,
    /// Its depth, or a dash.
    pub(super) depth: String,
    /// For sorting: none judged sorts below zero.
    pub(super) key: usize,
    /// Its depth on the host that sees least, where that differs.
    pub(super) worst: Option<String>,
    /// The one event type that all sight of it rests on.
    pub(super) sole: Option<String>,
    /// Detections of it that lost an exclusion.
    pub(super) noisy: usize,
    /// How many detections it has.
    pub(super) count: usize,
    /// Its detections by verdict.
    pub(super) bar: Bar,
    /// The first of its detections: place, title, verdict.
    pub(super) members: Vec<Member>,
    /// How many more it has.
    pub(super) more: usize,
}

/// One detection of a technique.
pub(super) struct Member {
    /// The detection's anchor.
    pub(super) place: usize,
    /// Its title.
    pub(super) title: String,
    /// Its class.
    pub(super) class: &'static str,
    /// Its sign.
    pub(super) sign: &'static str,
}

/// One row per technique that some detection names.
pub(super) fn rows(report: &Report<'_>) -> Vec<Row> {
    let attack = &report.input.attack;
    let rows = report.techniques.iter().map(|(id, sight)| {
        let known = attack.techniques.get(id);
        let parent = id.parent().and_then(|parent| attack.techniques.get(&parent));
        let name = match (parent, known) {
            (Some(parent), Some(known)) => format!("{}: {}", parent.name, known.name),
            (None, Some(known)) => known.name.to_string(),
            (_, None) => format!("unknown to ATT&CK v{}", attack.version),
        };
        let named = |short: &std::sync::Arc<str>| {
            let tactic = attack.tactics.iter().find(|tactic| tactic.shortname == *short);
            tactic.map_or_else(|| short.to_string(), |tactic| tactic.name.to_string())
        };
        let tactics: Vec<String> =
            known.map(|known| known.tactics.iter().map(named).collect()).unwrap_or_default();
        let mut members: Vec<(Verdict, usize)> = sight
            .members
            .iter()
            .filter_map(|place| report.judged.get(*place).map(|judged| (judged.best(), *place)))
            .collect();
        members.sort_unstable();
        let worst = sight.depth_worst.filter(|worst| sight.depth.is_some_and(|depth| depth != *worst));
        Row {
            id: id.to_string(),
            name: words::shown(&name),
            tactics: words::shown(&tactics.join(", ")),
            class: matrix::class(sight.depth),
            depth: sight.depth.map_or_else(|| "–".to_owned(), |depth| depth.to_string()),
            key: sight.depth.map_or(0, |depth| depth + 1),
            worst: worst.map(|worst| worst.to_string()),
            sole: sight.sole_source.map(|event_type| words::shown(&event_type.to_string())),
            noisy: sight.detections.of(Verdict::Noisy),
            count: members.len(),
            bar: picture::bar(&sight.detections),
            more: members.len().saturating_sub(NAMED),
            members: members
                .iter()
                .take(NAMED)
                .filter_map(|(best, place)| member(report, *best, *place))
                .collect(),
        }
    });
    rows.collect()
}

fn member(report: &Report<'_>, best: Verdict, place: usize) -> Option<Member> {
    let title = words::shown(&report.judged.get(place)?.detection.title);
    Some(Member { place, title, class: best.as_str(), sign: words::sign(best) })
}
