//! The event type table: what is recorded, when, with which fields filled, and how many detections need it.

use std::{cmp::Reverse, collections::BTreeMap};

use blindspot_telemetry::{EventType, FieldFill, Hour, Observed, SourceId};

use super::{
    picture::{Axis, Strip},
    words,
};
use crate::report::Report;

/// Rows of the table; the JSON has all.
const ROWS: usize = 1_500;
/// Fields named per event type.
const FIELDS: usize = 40;
/// Hosts named per event type.
const HOSTS: usize = 10;

/// The table.
pub(super) struct Table {
    /// What most detections need first.
    pub(super) rows: Vec<Row>,
    /// How many rows the page leaves to the JSON.
    pub(super) left_out: usize,
    /// What one bar of a strip stands for.
    pub(super) bar: String,
    /// What all strips span.
    pub(super) span: String,
}

/// One event type.
pub(super) struct Row {
    /// Its text form.
    pub(super) key: String,
    /// The log that holds it.
    pub(super) source: String,
    /// Events.
    pub(super) count: String,
    /// For sorting.
    pub(super) count_key: u64,
    /// Hosts that record it.
    pub(super) hosts: usize,
    /// First and last event.
    pub(super) first: String,
    /// Its last event.
    pub(super) last: String,
    /// Events over time.
    pub(super) strip: Strip,
    /// Fields that hold a value in every event, in some, in none.
    pub(super) filled: String,
    /// Every field and how much of it is filled.
    pub(super) fields: Vec<Field>,
    /// How many fields more there are.
    pub(super) more_fields: usize,
    /// What each host has of it, where there are several.
    pub(super) by_host: Vec<String>,
    /// Detections that name it.
    pub(super) needed: usize,
}

/// One field.
pub(super) struct Field {
    /// Its name.
    pub(super) name: String,
    /// How much of it is filled.
    pub(super) fill: String,
    /// `all`, `some` or `none`.
    pub(super) class: &'static str,
}

impl Table {
    /// From the report.
    pub(super) fn new(report: &Report<'_>) -> Self {
        let mut types: BTreeMap<&EventType, Vec<(&str, &Observed)>> = BTreeMap::new();
        for host in &report.input.hosts {
            for (event_type, seen) in &host.event_types {
                types.entry(event_type).or_default().push((host.host.as_str(), seen));
            }
        }
        let seen = || types.values().flatten().map(|(_, seen)| seen);
        let from = seen().map(|seen| seen.first).min();
        let to = seen().map(|seen| seen.last).max();
        let axis = Axis::new(from.map_or(Hour(0), Hour::of), to.map_or(Hour(0), Hour::of));
        let mut rows: Vec<Row> = types
            .iter()
            .map(|(event_type, on)| row(event_type, on, (report.demand.for_type(event_type).len(), axis)))
            .collect();
        rows.sort_by_key(|row| (Reverse(row.needed), Reverse(row.count_key)));
        let left_out = rows.len().saturating_sub(ROWS);
        rows.truncate(ROWS);
        let span = from.zip(to).map(|(from, to)| format!("{} to {}", words::time(from), words::time(to)));
        Self { rows, left_out, bar: axis.hours_per_bar(), span: span.unwrap_or_default() }
    }
}

fn row(event_type: &EventType, on: &[(&str, &Observed)], (needed, axis): (usize, Axis)) -> Row {
    let mut all: Option<Observed> = None;
    for (_, seen) in on {
        match &mut all {
            None => all = Some((*seen).clone()),
            Some(all) => all.merge(seen),
        }
    }
    let (count, first, last) =
        all.as_ref().map_or((0, None, None), |all| (all.count, Some(all.first), Some(all.last)));
    let (hours, fields) = all.map(|all| (all.hours, all.fields)).unwrap_or_default();
    let by_host = on.iter().take(HOSTS).map(|(host, seen)| {
        let (first, last) = (words::time(seen.first), words::time(seen.last));
        format!("{}: {}, {first} to {last}", words::shown(host), words::grouped(seen.count))
    });
    let mut by_host: Vec<String> = if on.len() > 1 { by_host.collect() } else { Vec::new() };
    if on.len() > HOSTS {
        by_host.push(format!("and {} more", words::count(on.len() - HOSTS, "host")));
    }
    Row {
        key: words::shown(&event_type.to_string()),
        source: words::shown(&SourceId::of(event_type).to_string()),
        count: words::grouped(count),
        count_key: count,
        hosts: on.len(),
        first: first.map(words::time).unwrap_or_default(),
        last: last.map(words::time).unwrap_or_default(),
        strip: axis.strip(&hours),
        filled: summary(&fields, count),
        more_fields: fields.len().saturating_sub(FIELDS),
        fields: fields.iter().take(FIELDS).map(|(name, fill)| field(name.as_str(), *fill, count)).collect(),
        by_host,
        needed,
    }
}

fn summary(fields: &BTreeMap<blindspot_telemetry::FieldName, FieldFill>, count: u64) -> String {
    let full = fields.values().filter(|fill| fill.filled >= count).count();
    let none = fields.values().filter(|fill| fill.filled == 0).count();
    match (fields.len(), none) {
        (0, _) => "–".to_owned(),
        (all, 0) => format!("{full} of {all} always"),
        (all, none) => format!("{full} of {all} always, {none} never"),
    }
}

fn field(name: &str, fill: FieldFill, count: u64) -> Field {
    let (text, class) = match fill.filled {
        0 if fill.placeholder > 0 => ("placeholders only".to_owned(), "none"),
        0 => ("never".to_owned(), "none"),
        filled if filled >= count => ("always".to_owned(), "all"),
        filled => {
            let per_cent = (u128::from(filled) * 100 / u128::from(count.max(1))).clamp(1, 99);
            (format!("{per_cent} %"), "some")
        }
    };
    Field { name: words::shown(name), fill: text, class }
}
