//! A threat group's or a mitigation's techniques, laid over what is seen: which are, which are not, what would help.

use std::collections::BTreeSet;

use blindspot_catalog::{TechniqueId, attack::Attack};
use blindspot_coverage::Verdict;
use serde::Serialize;

use crate::{
    output::{clean::clean, paint, text::plural},
    report::Report,
};

/// What an overlay shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// Techniques that a threat group uses, itself or through its software.
    Group,
    /// Techniques that a mitigation covers.
    Mitigation,
}

/// A set of techniques and how well each is seen.
#[derive(Debug, Serialize)]
pub struct Overlay {
    /// What it shows.
    pub kind: Kind,
    /// ATT&CK's id.
    pub id: String,
    /// ATT&CK's name.
    pub name: String,
    /// Its techniques.
    pub techniques: Vec<Row>,
    /// How many of them some producer sees on some host.
    pub seen: usize,
    /// How many of them no detection was judged for.
    pub unscored: usize,
    /// Steps that would open most of what is not seen, in the report's words.
    pub invest_in: Vec<String>,
}

/// One technique of an overlay.
#[derive(Debug, Serialize)]
pub struct Row {
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Software that brings it, where the group is not known to use it without.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub through: Vec<String>,
    /// [`blindspot_coverage::technique::TechniqueSight::depth`].
    pub depth: Option<usize>,
}

impl Row {
    fn sees(&self) -> bool {
        self.depth.is_some_and(|depth| depth > 0)
    }
}

/// Lays the group of this id, name or alias over a report.
///
/// # Errors
/// Where ATT&CK has no such group.
pub fn group(report: &Report<'_>, text: &str) -> anyhow::Result<Overlay> {
    let attack = &report.input.attack;
    let (id, group) = attack.find_group(text).ok_or_else(|| {
        anyhow::anyhow!(
            "ATT&CK v{} has no group `{text}`; name one by id, name or alias, such as G0046",
            attack.version
        )
    })?;
    let techniques = attack.techniques_of_group(group);
    let rows = techniques.all().into_iter().map(|technique| {
        let through = match techniques.through_software.get(&technique) {
            Some(software) if !techniques.direct.contains(&technique) => software
                .iter()
                .filter_map(|id| attack.software.get(id))
                .map(|each| each.name.to_string())
                .collect(),
            _ => Vec::new(),
        };
        row(report, attack, &technique, through)
    });
    Ok(overlay(report, Kind::Group, (id.to_string(), group.name.to_string()), rows.collect()))
}

/// Lays the mitigation of this id or name over a report.
///
/// # Errors
/// Where ATT&CK has no such mitigation.
pub fn mitigation(report: &Report<'_>, text: &str) -> anyhow::Result<Overlay> {
    let attack = &report.input.attack;
    let (id, mitigation) = attack.find_mitigation(text).ok_or_else(|| {
        anyhow::anyhow!(
            "ATT&CK v{} has no mitigation `{text}`; name one by id, such as M1038",
            attack.version
        )
    })?;
    let rows = mitigation.techniques.iter().map(|technique| row(report, attack, technique, Vec::new()));
    Ok(overlay(report, Kind::Mitigation, (id.to_string(), mitigation.name.to_string()), rows.collect()))
}

fn row(report: &Report<'_>, attack: &Attack, technique: &TechniqueId, through: Vec<String>) -> Row {
    Row {
        id: technique.to_string(),
        name: attack.techniques.get(technique).map(|known| known.name.to_string()).unwrap_or_default(),
        through,
        depth: report.techniques.get(technique).and_then(|sight| sight.depth),
    }
}

fn overlay(report: &Report<'_>, kind: Kind, (id, name): (String, String), techniques: Vec<Row>) -> Overlay {
    let dark: BTreeSet<&str> =
        techniques.iter().filter(|row| !row.sees()).map(|row| row.id.as_str()).collect();
    let members: BTreeSet<usize> = report
        .techniques
        .iter()
        .filter(|(id, _)| dark.contains(id.as_str()))
        .flat_map(|(_, sight)| sight.members.iter().copied())
        .filter(|place| report.judged.get(*place).is_some_and(|judged| judged.best() >= Verdict::Armed))
        .collect();
    let mut steps: Vec<(usize, &str)> = report
        .gains
        .iter()
        .map(|gain| (gain.detections.intersection(&members).count(), gain.step.what.as_str()))
        .filter(|(helped, _)| *helped > 0)
        .collect();
    steps.sort_by_key(|(helped, _)| std::cmp::Reverse(*helped));
    let invest_in = steps
        .into_iter()
        .take(5)
        .map(|(n, what)| format!("{what} (helps {} of these)", plural(n, "detection")))
        .collect();
    Overlay {
        kind,
        id,
        name,
        seen: techniques.iter().filter(|row| row.sees()).count(),
        unscored: techniques.iter().filter(|row| row.depth.is_none()).count(),
        techniques,
        invest_in,
    }
}

/// The overlay for a terminal.
#[must_use]
pub fn text(overlay: &Overlay) -> String {
    let what = match overlay.kind {
        Kind::Group => "Group",
        Kind::Mitigation => "Mitigation",
    };
    let mut lines = vec![paint::heading(&format!("{what} {} ({})", clean(&overlay.name), overlay.id))];
    lines.push(format!("  {} of {} of its techniques are seen", overlay.seen, overlay.techniques.len()));
    let blind: Vec<&Row> = overlay.techniques.iter().filter(|row| row.depth == Some(0)).collect();
    if !blind.is_empty() {
        lines.push(format!("  not seen ({}):", blind.len()));
        lines.extend(blind.iter().take(15).map(|row| format!("    {:10} {}", row.id, clean(&row.name))));
        if blind.len() > 15 {
            lines.push(format!("    and {} more", blind.len() - 15));
        }
    }
    if overlay.unscored > 0 {
        lines.push(format!("  no detection judged for {} of them", overlay.unscored));
    }
    if !overlay.invest_in.is_empty() {
        lines.push("  invest in:".to_owned());
        lines.extend(overlay.invest_in.iter().map(|step| format!("    - {}", clean(step))));
    }
    lines.push(String::new());
    lines.join("\n")
}
