//! The ATT&CK matrix by depth: tactics as columns, techniques as cells, sub-techniques folded into their technique.

use std::collections::BTreeMap;

use blindspot_catalog::TechniqueId;
use blindspot_coverage::technique::TechniqueSight;

use super::words;
use crate::{overlay::Kind, report::Report};

/// The matrix.
pub(super) struct Matrix {
    /// In the order of the matrix.
    pub(super) tactics: Vec<Column>,
    /// How many techniques and sub-techniques stand at each depth: none judged, 0, 1, 2, 3, 4 and more.
    pub(super) key: Vec<Key>,
    /// The overlays whose techniques are outlined.
    pub(super) marks: Vec<Mark>,
    /// Techniques that detections name and that this ATT&CK does not know.
    pub(super) strangers: Vec<String>,
}

/// One depth of the key.
pub(super) struct Key {
    /// Its class.
    pub(super) class: &'static str,
    /// What it is called.
    pub(super) name: &'static str,
    /// How many stand there.
    pub(super) count: String,
}

/// One overlay.
pub(super) struct Mark {
    /// A letter for the cells.
    pub(super) letter: char,
    /// What it stands for.
    pub(super) name: String,
}

/// One tactic.
pub(super) struct Column {
    /// Its name.
    pub(super) name: String,
    /// Techniques that some producer sees.
    pub(super) seen: usize,
    /// Its techniques.
    pub(super) cells: Vec<Cell>,
}

/// One technique.
pub(super) struct Cell {
    /// Its id.
    pub(super) id: String,
    /// Its name.
    pub(super) name: String,
    /// The class of its depth.
    pub(super) class: &'static str,
    /// Its depth, or a dash.
    pub(super) depth: String,
    /// The classes of its sub-techniques' depths.
    pub(super) subs: Vec<&'static str>,
    /// What it says when pointed at, and to a screen reader.
    pub(super) title: String,
    /// True where a row of the technique table is about it.
    pub(super) linked: bool,
    /// The letters of the overlays that it belongs to.
    pub(super) marks: String,
}

/// The class of a depth.
#[must_use]
pub(super) fn class(depth: Option<usize>) -> &'static str {
    match depth {
        None => "dx",
        Some(0) => "d0",
        Some(1) => "d1",
        Some(2) => "d2",
        Some(3) => "d3",
        Some(_) => "d4",
    }
}

impl Matrix {
    /// From the report.
    pub(super) fn new(report: &Report<'_>) -> Self {
        let attack = &report.input.attack;
        let marks = marks(report);
        let mut subs: BTreeMap<TechniqueId, Vec<&TechniqueId>> = BTreeMap::new();
        for id in attack.techniques.keys() {
            if let Some(parent) = id.parent() {
                subs.entry(parent).or_default().push(id);
            }
        }
        let tactics = attack.tactics.iter().map(|tactic| {
            let own = attack.techniques.iter().filter(|(id, technique)| {
                id.parent().is_none() && technique.tactics.contains(&tactic.shortname)
            });
            let mut cells: Vec<Cell> = own
                .map(|(id, technique)| {
                    let children = subs.get(id).map(Vec::as_slice).unwrap_or_default();
                    cell(report, (id, &technique.name), children, &marks)
                })
                .collect();
            cells.sort_by(|a, b| a.name.cmp(&b.name));
            let seen = cells.iter().filter(|cell| !matches!(cell.class, "dx" | "d0")).count();
            Column { name: words::shown(&tactic.name), seen, cells }
        });
        Self {
            tactics: tactics.collect(),
            key: key(report),
            marks: marks.into_iter().map(|(mark, _)| mark).collect(),
            strangers: report
                .techniques
                .keys()
                .filter(|id| !attack.techniques.contains_key(*id))
                .map(ToString::to_string)
                .collect(),
        }
    }
}

fn marks<'r>(report: &'r Report<'_>) -> Vec<(Mark, Vec<&'r str>)> {
    let letters = 'A'..='Z';
    letters
        .zip(&report.overlays)
        .map(|(letter, overlay)| {
            let kind = match overlay.kind {
                Kind::Group => "group",
                Kind::Mitigation => "mitigation",
            };
            let name = format!("{kind} {} ({})", words::shown(&overlay.name), overlay.id);
            (Mark { letter, name }, overlay.techniques.iter().map(|row| row.id.as_str()).collect())
        })
        .collect()
}

fn key(report: &Report<'_>) -> Vec<Key> {
    const NAMES: [(&str, &str); 6] = [
        ("d0", "depth 0: judged, and nothing sees it"),
        ("d1", "1 producer"),
        ("d2", "2"),
        ("d3", "3"),
        ("d4", "4 or more"),
        ("dx", "no detection judged"),
    ];
    let of = |id: &TechniqueId| class(report.techniques.get(id).and_then(|sight| sight.depth));
    let all: Vec<&str> = report.input.attack.techniques.keys().map(of).collect();
    NAMES
        .into_iter()
        .map(|(class, name)| Key {
            class,
            name,
            count: words::many(all.iter().filter(|each| **each == class).count()),
        })
        .collect()
}

fn cell(
    report: &Report<'_>,
    (id, name): (&TechniqueId, &str),
    children: &[&TechniqueId],
    marks: &[(Mark, Vec<&str>)],
) -> Cell {
    let depth_of = |id: &TechniqueId| report.techniques.get(id).and_then(|sight| sight.depth);
    let sight = report.techniques.get(id);
    let depth = sight.and_then(|sight| sight.depth);
    let subs: Vec<&'static str> = children.iter().map(|child| class(depth_of(child))).collect();
    let belongs = |ids: &[&str]| {
        ids.contains(&id.as_str()) || children.iter().any(|child| ids.contains(&child.as_str()))
    };
    let mut title = format!("{id} {}: {}", words::shown(name), in_words(sight, report.sights.len()));
    if !subs.is_empty() {
        let seen = subs.iter().filter(|class| !matches!(**class, "dx" | "d0")).count();
        let unjudged = subs.iter().filter(|class| **class == "dx").count();
        title.push_str(&format!("; {seen} of {} seen", words::count(subs.len(), "sub-technique")));
        if unjudged > 0 {
            title.push_str(&format!(", {unjudged} without a judged detection"));
        }
    }
    let own: Vec<&Mark> = marks.iter().filter(|(_, ids)| belongs(ids)).map(|(mark, _)| mark).collect();
    for mark in &own {
        title.push_str("; in ");
        title.push_str(&mark.name);
    }
    Cell {
        id: id.to_string(),
        name: words::shown(name),
        class: class(depth),
        depth: depth.map_or_else(|| "–".to_owned(), |depth| depth.to_string()),
        subs,
        title,
        linked: sight.is_some(),
        marks: own.iter().map(|mark| mark.letter).collect(),
    }
}

/// A technique's depth in words.
#[must_use]
pub(super) fn in_words(sight: Option<&TechniqueSight<'_>>, hosts: usize) -> String {
    match sight.map(|sight| (sight.depth, sight.depth_worst)) {
        None | Some((None, _)) => "no detection judged".to_owned(),
        Some((Some(depth), Some(worst))) if hosts > 1 => {
            format!("depth {depth} on the host that sees most, {worst} on the one that sees least")
        }
        Some((Some(depth), _)) => format!("depth {depth}"),
    }
}
