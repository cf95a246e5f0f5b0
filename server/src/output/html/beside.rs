//! What stands beside the verdicts: overlays, the baseline, telemetry that nothing needs, problems.

use super::words;
use crate::{
    baseline::{Change, HostType, Shift},
    overlay::{self, Kind},
    report::Report,
    verify::Verified,
};

/// Rows of each list; the JSON has all.
const ROWS: usize = 200;

/// All of it.
pub(super) struct Beside {
    /// Threat groups and mitigations.
    pub(super) overlays: Vec<Overlay>,
    /// What changed since the baseline.
    pub(super) change: Option<Lists>,
    /// Collected, and needed by no detection: event type and events.
    pub(super) unused: Vec<(String, String)>,
    /// How many of those the page leaves to the JSON.
    pub(super) unused_left_out: usize,
    /// What a second reading showed.
    pub(super) verified: Option<Lists>,
    /// Where and what.
    pub(super) problems: Vec<(String, String)>,
    /// How many problems the page leaves to the JSON.
    pub(super) problems_left_out: usize,
    /// How many problems there are.
    pub(super) problem_count: String,
}

/// One overlay.
pub(super) struct Overlay {
    /// What it is.
    pub(super) kind: &'static str,
    /// Its name.
    pub(super) name: String,
    /// Its id.
    pub(super) id: String,
    /// How many techniques are seen.
    pub(super) seen: usize,
    /// How many it has.
    pub(super) all: usize,
    /// Techniques by how they stand: title, class, techniques.
    pub(super) parts: Vec<Part>,
    /// Steps that would open most of it.
    pub(super) invest_in: Vec<String>,
}

/// Techniques of an overlay that stand alike.
pub(super) struct Part {
    /// How they stand.
    pub(super) title: &'static str,
    /// The techniques.
    pub(super) techniques: Vec<Item>,
}

/// One technique of an overlay.
pub(super) struct Item {
    /// Its id.
    pub(super) id: String,
    /// Its name, and the software that brings it.
    pub(super) text: String,
    /// The class of its depth.
    pub(super) class: &'static str,
    /// True where a row of the technique table is about it.
    pub(super) linked: bool,
}

/// A sentence and titled lists.
pub(super) struct Lists {
    /// What they are about.
    pub(super) sentence: String,
    /// Each with its title and how many it has.
    pub(super) lists: Vec<(String, Vec<String>)>,
}

impl Beside {
    /// From the report.
    pub(super) fn new(report: &Report<'_>) -> Self {
        let problems = &report.input.problems;
        let unused = report.unused.iter().take(ROWS);
        Self {
            overlays: report.overlays.iter().map(|each| overlay(report, each)).collect(),
            change: report.change.as_ref().map(change),
            unused: unused
                .map(|(event_type, count)| (words::shown(&event_type.to_string()), words::grouped(*count)))
                .collect(),
            unused_left_out: report.unused.len().saturating_sub(ROWS),
            verified: report.verified.as_ref().map(verified),
            problems: problems
                .iter()
                .take(ROWS)
                .map(|problem| (words::shown(&problem.place), words::shown(&problem.what)))
                .collect(),
            problems_left_out: problems.len().saturating_sub(ROWS),
            problem_count: words::many(problems.len()),
        }
    }
}

fn overlay(report: &Report<'_>, overlay: &overlay::Overlay) -> Overlay {
    let part = |title, keep: fn(Option<usize>) -> bool| Part {
        title,
        techniques: overlay
            .techniques
            .iter()
            .filter(|row| keep(row.depth))
            .map(|row| {
                let through: Vec<String> = row.through.iter().map(|name| words::shown(name)).collect();
                let name = words::shown(&row.name);
                Item {
                    id: row.id.clone(),
                    text: if through.is_empty() {
                        name
                    } else {
                        format!("{name}, with {}", words::few(&through, 3))
                    },
                    class: super::matrix::class(row.depth),
                    linked: report.techniques.contains_key(row.id.as_str()),
                }
            })
            .collect(),
    };
    let parts = [
        part("Not seen", |depth| depth == Some(0)),
        part("No detection judged", |depth| depth.is_none()),
        part("Seen", |depth| depth.is_some_and(|depth| depth > 0)),
    ];
    Overlay {
        kind: match overlay.kind {
            Kind::Group => "Threat group",
            Kind::Mitigation => "Mitigation",
        },
        name: words::shown(&overlay.name),
        id: words::shown(&overlay.id),
        seen: overlay.seen,
        all: overlay.techniques.len(),
        parts: parts.into_iter().filter(|part| !part.techniques.is_empty()).collect(),
        invest_in: overlay.invest_in.iter().map(|step| words::shown(step)).collect(),
    }
}

fn change(change: &Change) -> Lists {
    let shifts = |shifts: &[Shift]| {
        let line = |shift: &Shift| format!("{} → {}: {} ({})", shift.from, shift.to, shift.title, shift.id);
        capped(shifts.len(), shifts.iter().map(line))
    };
    let types = |types: &[HostType]| {
        capped(types.len(), types.iter().map(|each| format!("{} on {}", each.event_type, each.host)))
    };
    let lists = vec![
        (titled("Detections that see less", change.lost.len()), shifts(&change.lost)),
        (titled("Detections that see more", change.gained.len()), shifts(&change.gained)),
        (
            titled("Event types no longer recorded", change.event_types_lost.len()),
            types(&change.event_types_lost),
        ),
        (
            titled("Event types newly recorded", change.event_types_gained.len()),
            types(&change.event_types_gained),
        ),
    ];
    Lists {
        sentence: format!(
            "Compared with the audit of {}. {} judged here only, {} in the baseline only.",
            words::shown(&change.since),
            words::count(change.only_here, "detection"),
            words::many(change.only_there)
        ),
        lists,
    }
}

fn verified(verified: &Verified) -> Lists {
    let lists = verified.differences.iter().take(ROWS).map(|file| {
        let title = titled(&words::shown(&file.path), file.lines.len());
        (title, capped(file.lines.len(), file.lines.iter().cloned()))
    });
    Lists {
        sentence: format!(
            "{} read a second time with a full parser: {} records agree in every value and every field, {} torn \
             records differ by policy, {} other differences.",
            words::count(verified.files, "file"),
            words::grouped(verified.agreed),
            words::grouped(verified.torn),
            words::grouped(verified.other)
        ),
        lists: lists.collect(),
    }
}

fn titled(title: &str, count: usize) -> String {
    format!("{title}: {}", words::many(count))
}

fn capped(all: usize, lines: impl Iterator<Item = String>) -> Vec<String> {
    let mut shown: Vec<String> = lines.take(ROWS).map(|line| words::shown(&line)).collect();
    if all > ROWS {
        shown.push(format!("and {} more in the JSON report", words::many(all - ROWS)));
    }
    shown
}
