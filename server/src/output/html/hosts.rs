//! The host table: how detections stand on each, and the state of its logs.

use blindspot_coverage::{HostSight, Verdict, VerdictCounts, say};
use blindspot_telemetry::{Source, SourceStatus};

use super::{
    picture::{self, Bar},
    words,
};
use crate::{output::settings, report::Report};

/// Rows of the table; the JSON has all.
const ROWS: usize = 1_000;
/// Logs listed over all hosts, shared evenly.
const LOGS: usize = 6_000;
/// Logs listed of one host at most.
const LOGS_OF_ONE: usize = 120;

/// The table.
pub(super) struct Table {
    /// In the order given.
    pub(super) rows: Vec<Row>,
    /// How many rows the page leaves to the JSON.
    pub(super) left_out: usize,
}

/// One host.
pub(super) struct Row {
    /// Its name.
    pub(super) name: String,
    /// Earlier names and the relay, where there are any.
    pub(super) also: String,
    /// What it runs.
    pub(super) platform: &'static str,
    /// How much history it has.
    pub(super) history: String,
    /// From when to when.
    pub(super) span: String,
    /// For sorting.
    pub(super) history_key: i64,
    /// Events.
    pub(super) events: String,
    /// For sorting.
    pub(super) events_key: u64,
    /// Event types.
    pub(super) types: usize,
    /// The detections that were judged on it, by verdict.
    pub(super) bar: Bar,
    /// How many were not, and why.
    pub(super) aside: String,
    /// For sorting.
    pub(super) blind: usize,
    /// What it is set to record, where that is known.
    pub(super) set_to: String,
    /// How its logs were read, in one line.
    pub(super) read: String,
    /// Its logs, what is amiss first.
    pub(super) logs: Vec<Log>,
    /// Logs not listed.
    pub(super) more_logs: usize,
}

/// One log.
pub(super) struct Log {
    /// Where it is.
    pub(super) path: String,
    /// How it is kept.
    pub(super) kind: &'static str,
    /// How reading ended.
    pub(super) status: &'static str,
    /// True where that is not as it should be.
    pub(super) amiss: bool,
    /// Records counted.
    pub(super) records: String,
    /// Records that could not be.
    pub(super) damaged: String,
    /// Its oldest and newest record.
    pub(super) span: String,
}

impl Table {
    /// From the report.
    pub(super) fn new(report: &Report<'_>) -> Self {
        let logs = (LOGS / report.sights.len().max(1)).clamp(4, LOGS_OF_ONE);
        let rows =
            report.sights.iter().enumerate().take(ROWS).map(|(place, host)| row(report, (place, host), logs));
        Self { rows: rows.collect(), left_out: report.sights.len().saturating_sub(ROWS) }
    }
}

fn row(report: &Report<'_>, (place, host): (usize, &HostSight<'_>), limit: usize) -> Row {
    let (mut judged, mut aside) = (VerdictCounts::default(), VerdictCounts::default());
    for judgement in report.judged.iter().filter_map(|judged| judged.by_host.get(place)) {
        match judgement.verdict {
            Verdict::Unsampled | Verdict::OutOfScope => aside.add(judgement.verdict),
            verdict => judged.add(verdict),
        }
    }
    let inventory = host.inventory;
    let events = inventory.event_types.values().map(|seen| seen.count).fold(0, u64::saturating_add);
    let mut sources: Vec<&Source> = inventory.sources.iter().collect();
    sources.sort_by_key(|source| (!amiss(source), std::cmp::Reverse(source.records)));
    let span = host.span();
    let mut also: Vec<String> = inventory
        .aliases
        .iter()
        .take(4)
        .map(|alias| format!("before: {}", words::shown(alias.as_str())))
        .collect();
    also.extend(inventory.relay.iter().map(|relay| format!("through relay {}", words::shown(relay))));
    Row {
        name: words::shown(inventory.host.as_str()),
        also: also.join(", "),
        platform: inventory.platform.as_str(),
        history: span.map_or_else(|| "none".to_owned(), |_| say::hours(host.covered_hours())),
        span: span
            .map(|(from, to)| format!("{} to {}", words::time(from), words::time(to)))
            .unwrap_or_default(),
        history_key: host.covered_hours() as i64,
        events: words::grouped(events),
        events_key: events,
        types: inventory.event_types.len(),
        bar: picture::bar(&judged),
        aside: picture::bar(&aside).label,
        blind: judged.of(Verdict::Blind),
        set_to: words::shown(&settings::phrases(&inventory.settings).join("; ")),
        read: read(&sources),
        more_logs: sources.len().saturating_sub(limit),
        logs: sources.into_iter().take(limit).map(log).collect(),
    }
}

/// Reading went wrong, or records were lost.
fn amiss(source: &Source) -> bool {
    source.damaged > 0 || !matches!(source.status, SourceStatus::Read | SourceStatus::Empty)
}

fn read(sources: &[&Source]) -> String {
    let of = |test: fn(&Source) -> bool| sources.iter().filter(|source| test(source)).count();
    let full = of(|source| source.status == SourceStatus::Read);
    let empty = of(|source| source.status == SourceStatus::Empty);
    let other = sources.len() - full - empty;
    let mut text = format!("{} read", words::count(full, "log"));
    for (count, what) in [(empty, "empty"), (other, "not read"), (of(|source| source.damaged > 0), "damaged")]
    {
        if count > 0 {
            text.push_str(&format!(", {} {what}", words::many(count)));
        }
    }
    text
}

fn log(source: &Source) -> Log {
    let span = source.oldest.zip(source.newest);
    Log {
        path: words::shown(&source.path),
        kind: source.kind.as_str(),
        status: source.status.as_str(),
        amiss: amiss(source),
        records: words::grouped(source.records),
        damaged: words::grouped(source.damaged),
        span: span
            .map(|(old, new)| format!("{} to {}", words::time(old), words::time(new)))
            .unwrap_or_default(),
    }
}
