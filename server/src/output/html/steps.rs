//! What to do first: steps with their exact commands, most useful first.

use blindspot_coverage::fix;

use super::words;
use crate::report::Report;

/// Steps that stand open on the page.
const FIRST: usize = 6;
/// Steps that can be opened beside them.
const FURTHER: usize = 34;
/// Command lines of one step.
const COMMANDS: usize = 20;

/// The list.
pub(super) struct Steps {
    /// Those that stand open.
    pub(super) first: Vec<Step>,
    /// Those that can be opened.
    pub(super) further: Vec<Step>,
    /// How many the page leaves to the JSON.
    pub(super) left_out: usize,
}

/// One step.
pub(super) struct Step {
    /// Its place, from one.
    pub(super) place: usize,
    /// What to do.
    pub(super) what: String,
    /// The exact lines.
    pub(super) commands: Vec<String>,
    /// How much more will be written.
    pub(super) volume: Option<String>,
    /// Detections that it helps.
    pub(super) detections: String,
    /// How many of those are blind.
    pub(super) blind: String,
    /// Hosts where it applies.
    pub(super) hosts: String,
}

impl Steps {
    /// From the report.
    pub(super) fn new(report: &Report<'_>) -> Self {
        let mut steps = report.gains.iter().enumerate().map(|(place, gain)| Step {
            place: place + 1,
            what: words::shown(&gain.step.what),
            commands: commands(&gain.step),
            volume: gain.step.volume.as_deref().map(words::shown),
            detections: words::count(gain.detections.len(), "detection"),
            blind: words::many(gain.blind.len()),
            hosts: format!("{} of {}", gain.hosts.len(), words::count(report.sights.len(), "host")),
        });
        Self {
            first: steps.by_ref().take(FIRST).collect(),
            further: steps.by_ref().take(FURTHER).collect(),
            left_out: report.gains.len().saturating_sub(FIRST + FURTHER),
        }
    }
}

/// A step's lines; of an endless list the first ones, and how many more there are.
#[must_use]
pub(super) fn commands(step: &fix::Step) -> Vec<String> {
    let lines = || step.commands.iter().flat_map(|command| command.lines());
    let mut shown: Vec<String> = lines().take(COMMANDS).map(words::shown).collect();
    let more = lines().count().saturating_sub(COMMANDS);
    if more > 0 {
        shown.push(format!("# and {} in the JSON report", words::count(more, "more line")));
    }
    shown
}
