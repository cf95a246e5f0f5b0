//! What was lost and gained since an earlier audit: drift without a server.

use std::{collections::BTreeMap, fs, path::Path};

use anyhow::Context as _;
use blindspot_coverage::Verdict;
use blindspot_telemetry::report::{HostReport, SCHEMA};
use serde::{Deserialize, Serialize};

use crate::{
    output::{clean::clean, paint},
    report::Report,
};

/// What changed.
#[derive(Debug, Default, PartialEq, Eq, Serialize)]
pub struct Change {
    /// When the baseline was made.
    pub since: String,
    /// Detections whose worst verdict got worse.
    pub lost: Vec<Shift>,
    /// Detections whose worst verdict got better.
    pub gained: Vec<Shift>,
    /// Event types that some host recorded then and records no more.
    pub event_types_lost: Vec<HostType>,
    /// Event types that some host records now and did not then.
    pub event_types_gained: Vec<HostType>,
    /// Hosts of the baseline of which no log was given this time.
    pub hosts_missing: Vec<String>,
    /// Detections that only this audit has.
    pub only_here: usize,
    /// Detections that only the baseline has.
    pub only_there: usize,
}

/// A detection whose verdict changed.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub struct Shift {
    /// The detection.
    pub id: String,
    /// Its title.
    pub title: String,
    /// Its worst verdict then.
    pub from: String,
    /// Its worst verdict now.
    pub to: String,
}

/// An event type on a host.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub struct HostType {
    /// The host.
    pub host: String,
    /// The event type.
    pub event_type: String,
}

/// The earlier audit, as far as it is compared.
#[derive(Debug, Deserialize)]
pub struct Baseline {
    schema: String,
    hosts: Vec<HostReport>,
    generated_at: String,
    detections: Vec<OldDetection>,
}

#[derive(Debug, Deserialize)]
struct OldDetection {
    id: String,
    worst: String,
}

/// Reads an earlier audit.
///
/// # Errors
/// Where the file cannot be read, is no audit document, or is of another version.
pub fn read(path: &Path) -> anyhow::Result<Baseline> {
    let shown = path.display();
    let bytes = fs::read(path).with_context(|| format!("could not read the baseline `{shown}`"))?;
    let baseline: Baseline = serde_json::from_slice(&bytes).with_context(|| {
        format!("`{shown}` is no audit; make one with `blindspot audit ... --format json --out {shown}`")
    })?;
    anyhow::ensure!(
        baseline.schema == SCHEMA,
        "`{shown}` has the schema `{}`, and this program compares `{SCHEMA}`; audit again with this version",
        baseline.schema
    );
    Ok(baseline)
}

impl Baseline {
    /// Compares.
    #[must_use]
    pub fn compare(&self, report: &Report<'_>) -> Change {
        let old: BTreeMap<&str, &str> = self
            .detections
            .iter()
            .map(|detection| (detection.id.as_str(), detection.worst.as_str()))
            .collect();
        let mut change = Change { since: self.generated_at.clone(), ..Change::default() };
        let mut both = 0;
        for judged in &report.judged {
            let id = judged.detection.id.as_str();
            let (now, Some(then)) = (judged.worst(), old.get(id).and_then(|word| verdict(word))) else {
                change.only_here += 1;
                continue;
            };
            both += 1;
            let shift = || Shift {
                id: id.to_owned(),
                title: judged.detection.title.to_string(),
                from: then.as_str().to_owned(),
                to: now.as_str().to_owned(),
            };
            match now.cmp(&then) {
                std::cmp::Ordering::Greater => change.lost.push(shift()),
                // From blind to unknown nothing is gained: less is claimed.
                std::cmp::Ordering::Less if now <= Verdict::Armed => change.gained.push(shift()),
                std::cmp::Ordering::Less | std::cmp::Ordering::Equal => (),
            }
        }
        change.only_there = old.len().saturating_sub(both);
        let here =
            |name: &str| report.input.hosts.iter().any(|host| host.host.as_str().eq_ignore_ascii_case(name));
        let missing = self.hosts.iter().filter(|old| !here(&old.host));
        change.hosts_missing = missing.map(|old| old.host.clone()).collect();
        self.compare_types(report, &mut change);
        change
    }

    fn compare_types(&self, report: &Report<'_>, change: &mut Change) {
        for host in &report.input.hosts {
            let Some(before) =
                self.hosts.iter().find(|old| host.host.as_str().eq_ignore_ascii_case(&old.host))
            else {
                continue;
            };
            let then: std::collections::BTreeSet<&str> =
                before.event_types.iter().map(|entry| entry.key.as_str()).collect();
            let now: std::collections::BTreeSet<String> =
                host.event_types.keys().map(ToString::to_string).collect();
            let on = |event_type: &str| HostType {
                host: host.host.to_string(),
                event_type: event_type.to_owned(),
            };
            let lost = then.iter().filter(|key| !now.contains(**key));
            change.event_types_lost.extend(lost.map(|key| on(key)));
            change
                .event_types_gained
                .extend(now.iter().filter(|key| !then.contains(key.as_str())).map(|key| on(key)));
        }
    }
}

fn verdict(word: &str) -> Option<Verdict> {
    Verdict::ALL.into_iter().find(|verdict| verdict.as_str() == word)
}

impl Change {
    /// Detections that are blind now and were not.
    pub fn newly_blind(&self) -> impl Iterator<Item = &Shift> {
        self.lost.iter().filter(|shift| shift.to == Verdict::Blind.as_str())
    }
}

/// The change for a terminal.
#[must_use]
pub fn text(change: &Change) -> String {
    let mut lines = vec![paint::heading(&format!("Since the baseline of {}", clean(&change.since)))];
    let list = |title: &str, shifts: &[Shift], lines: &mut Vec<String>| {
        lines.push(format!("  {title}: {}", shifts.len()));
        for shift in shifts.iter().take(10) {
            lines.push(format!(
                "    {} -> {}  {} ({})",
                shift.from,
                shift.to,
                clean(&shift.title),
                clean(&shift.id)
            ));
        }
    };
    list("detections that see less", &change.lost, &mut lines);
    list("detections that see more", &change.gained, &mut lines);
    let types = |title: &str, types: &[HostType], lines: &mut Vec<String>| {
        lines.push(format!("  {title}: {}", types.len()));
        for each in types.iter().take(10) {
            lines.push(format!("    {} on {}", clean(&each.event_type), clean(&each.host)));
        }
    };
    types("event types no longer recorded", &change.event_types_lost, &mut lines);
    types("event types newly recorded", &change.event_types_gained, &mut lines);
    if !change.hosts_missing.is_empty() {
        let names: Vec<_> = change.hosts_missing.iter().take(10).map(|name| clean(name)).collect();
        let (count, names) = (change.hosts_missing.len(), names.join(", "));
        lines.push(format!("  hosts without any log this time: {count} ({names})"));
    }
    if change.only_here + change.only_there > 0 {
        lines.push(format!(
            "  {} detections are judged here only, {} in the baseline only",
            change.only_here, change.only_there
        ));
    }
    lines.push(String::new());
    lines.join("\n")
}
