//! From a rule to its requirement: each way to fire, on each event type that the log source can mean.

use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
};

use blindspot_telemetry::{EventId, EventTypePattern, FieldName, RecordType, SourceId, WindowsChannel};

use super::{
    auditd,
    constraint::{self, Constraint, Dialect},
    expr::Asks,
    known,
    leaf::{Looks, Site},
    logsource::{Alternative, Carrier, Logsources, Mapping},
    paths::{self, Paths},
    rule::SigmaRule,
    ways::{self, KeepPaths, MAX_WAYS, Way, Ways},
};
use crate::{Access, Branch, Exclusion, Facts, Leaf, LeafEvent, NotUnderstood, Requirement, Schema};

/// What a rule needs.
#[must_use]
pub fn requirement(rule: &SigmaRule, logsources: &Logsources, facts: &Facts) -> Requirement {
    requirement_with(rule, &[], logsources, facts)
}

/// What a rule needs where its matches must carry more fields: those that a correlation groups by.
pub(super) fn requirement_with(
    rule: &SigmaRule,
    extra: &[FieldName],
    logsources: &Logsources,
    facts: &Facts,
) -> Requirement {
    let rows = match logsources.lookup(&rule.logsource) {
        Mapping::Outside(what) => return Requirement::Outside { what },
        Mapping::Unmapped => {
            let line = Logsources::suggestion(&rule.logsource);
            let what =
                format!("no row of sigma-logsources.csv maps {}; this line would: {line}", rule.logsource);
            return Requirement::NotUnderstood { kind: NotUnderstood::UnmappedLogsource, what: what.into() };
        }
        Mapping::Mapped(rows) => rows,
    };
    let unparsed = |what: String| Requirement::NotUnderstood {
        kind: NotUnderstood::UnparsedRequirement,
        what: what.into(),
    };
    let dialect = dialect(&rows);
    let Ok(ways) = ways::ways(&rule.condition, dialect, keep_paths(&rows)) else {
        return unparsed(format!("the condition has more than {MAX_WAYS} ways to fire; split the rule"));
    };
    let mut building =
        Building { rows: &rows, facts, dialect, ways: &ways, extra, exclusions: HashMap::new() };
    let mut branches = Vec::new();
    let access = paths::access(&rule.meta);
    for (way, label, paths) in &ways.ways {
        let from = branches.len();
        building.branches(way, label, &mut branches);
        keep(paths, access, branches.get_mut(from..).unwrap_or_default());
    }
    match branches.len() {
        0 if ways.ways.is_empty() => unparsed("no single event can satisfy the condition".to_owned()),
        0 => {
            unparsed(format!("none of the event types of {} is what the condition asks for", rule.logsource))
        }
        1 => Requirement::Branch(branches.remove(0)),
        _ => Requirement::Parts(branches.into_iter().map(Requirement::Branch).collect()),
    }
}

fn dialect(rows: &[Arc<Alternative>]) -> Dialect {
    let carriers = || rows.iter().flat_map(|row| &row.carriers);
    let mut channels: Vec<WindowsChannel> = carriers().filter_map(channel_of).collect();
    channels.sort();
    channels.dedup();
    if carriers().any(|carrier| *carrier == Carrier::Source(SourceId::Auditd)) {
        Dialect::Auditd
    } else if rows
        .iter()
        .any(|row| matches!(row.sysmon_tag.as_deref(), Some("RegistryEvent" | "PipeEvent" | "WmiEvent")))
    {
        Dialect::SysmonOperations
    } else if channels.len() > 1 {
        Dialect::Windows
    } else {
        Dialect::OneChannel
    }
}

fn channel_of(carrier: &Carrier) -> Option<WindowsChannel> {
    match carrier {
        Carrier::Type(EventTypePattern::Windows { channel, .. })
        | Carrier::Source(SourceId::Channel(channel)) => Some(channel.clone()),
        _ => None,
    }
}

fn keep_paths(rows: &[Arc<Alternative>]) -> KeepPaths {
    let audit = |carrier: &Carrier| {
        matches!(carrier, Carrier::Type(EventTypePattern::Auditd { .. }) | Carrier::Source(SourceId::Auditd))
    };
    if rows.iter().flat_map(|row| &row.carriers).any(audit) { KeepPaths::Yes } else { KeepPaths::No }
}

/// Gives each leaf what its way asks of the paths of its event.
fn keep(paths: &Paths, access: Access, branches: &mut [Branch]) {
    for leaf in branches.iter_mut().flat_map(|branch| &mut branch.alternatives) {
        leaf.paths = paths.on(&leaf.event, access);
    }
}

fn lacks_a_field(leaf: &Leaf) -> bool {
    leaf.needs.iter().any(|need| need.schema == Schema::Lacks)
}

/// One part of a way: what one branch is about.
struct Part {
    /// Ids of one event on different versions of Windows; `None` leaves it to the row.
    ids: Option<Vec<u16>>,
    /// The audit record type.
    record_type: Option<RecordType>,
    /// The system call.
    syscall: Option<blindspot_telemetry::Syscall>,
    /// What sets this part apart from the others.
    label: Option<String>,
}

struct Building<'a> {
    rows: &'a [Arc<Alternative>],
    facts: &'a Facts,
    dialect: Dialect,
    ways: &'a Ways,
    extra: &'a [FieldName],
    /// Exclusions of one event type are the same for all ways that have them; they are shared.
    exclusions: HashMap<Shared, Option<Arc<[Exclusion]>>>,
}

/// The row of the table, the event type on it, and which exclusions.
type Shared = (usize, Option<EventTypePattern>, Vec<usize>);

impl Building<'_> {
    fn branches(&mut self, way: &Way, label: &Arc<str>, into: &mut Vec<Branch>) {
        let mut needs = way.needs.clone();
        for field in self.extra {
            if !constraint::is_system_field(field.as_str()) {
                needs.entry(field.clone()).or_insert(Asks::Placeholder);
            }
        }
        let mut live: Vec<Branch> = Vec::new();
        let mut hopeless: Vec<Branch> = Vec::new();
        for part in self.parts(way) {
            let alternatives = self.alternatives(way, &part, &needs);
            if alternatives.is_empty() {
                continue;
            }
            let label = match &part.label {
                None => label.clone(),
                Some(part) => format!("{label}, {part}").into(),
            };
            let pile = if alternatives.iter().all(lacks_a_field) { &mut hopeless } else { &mut live };
            pile.push(Branch { label, alternatives });
        }
        // `EventID: [7045, 7036]` with a field that 7036 never has means 7045: the other id is no part that could be
        // dead. It stays as an alternative, for hosts that show more than the documented fields.
        match live.first_mut() {
            Some(first) => {
                first.alternatives.extend(hopeless.into_iter().flat_map(|branch| branch.alternatives))
            }
            None => live = hopeless,
        }
        into.append(&mut live);
    }

    fn alternatives(&mut self, way: &Way, part: &Part, needs: &BTreeMap<FieldName, Asks>) -> Vec<Leaf> {
        let looks = if way.event.keywords { Looks::AtWords } else { Looks::AtFields };
        let mut alternatives: Vec<Leaf> = Vec::new();
        for (at, row) in self.rows.iter().enumerate() {
            for event in events(row, &way.event, part) {
                let shared = self.exclusions((at, row), &event, &way.exclusions);
                if let Some(leaf) = shared.map(|shared| self.site(row, &event).leaf(needs, looks, shared))
                    && !alternatives.contains(&leaf)
                {
                    alternatives.push(leaf);
                }
            }
        }
        alternatives
    }

    fn site<'s>(&'s self, row: &'s Alternative, event: &'s LeafEvent) -> Site<'s> {
        Site { row, event, facts: self.facts, dialect: self.dialect }
    }

    /// What the exclusions leave open on an event; `None` where they leave nothing of it.
    fn exclusions(
        &mut self,
        row: (usize, &Alternative),
        event: &LeafEvent,
        chosen: &[usize],
    ) -> Option<Arc<[Exclusion]>> {
        let pattern = match event {
            LeafEvent::Type(pattern) => Some(pattern.clone()),
            LeafEvent::Source(_) => None,
        };
        let key = (row.0, pattern, chosen.to_vec());
        if let Some(known) = self.exclusions.get(&key) {
            return known.clone();
        }
        let all = &self.ways.exclusions;
        let chosen = chosen.iter().filter_map(|at| all.get(*at));
        let found = self.site(row.1, event).exclusions(chosen);
        self.exclusions.insert(key, found.clone());
        found
    }

    /// Listed ids, record types and system calls are judged side by side, each its own part.
    fn parts(&self, way: &Way) -> Vec<Part> {
        if self.dialect == Dialect::Auditd {
            return audit_parts(way);
        }
        let Some(ids) = &way.event.ids else {
            return vec![Part { ids: None, record_type: None, syscall: None, label: None }];
        };
        let channel = self.rows.iter().flat_map(|row| &row.carriers).find_map(channel_of);
        let (retired, living): (Vec<u16>, Vec<u16>) = ids.iter().partition(|id| {
            channel.as_ref().is_some_and(|channel| known::is_retired(self.facts, channel, **id))
        });
        let kept = if living.is_empty() { retired.clone() } else { living };
        let groups = match &channel {
            Some(channel) => known::twins(self.facts, channel, &kept),
            None => kept.iter().map(|id| vec![*id]).collect(),
        };
        let dropped = if retired.is_empty() || retired.len() == ids.len() {
            String::new()
        } else {
            format!(" (no supported Windows writes {})", joined(&retired))
        };
        let several = groups.len() > 1 || !dropped.is_empty();
        let label = |group: &[u16]| several.then(|| format!("EventID {}{dropped}", joined(group)));
        groups
            .into_iter()
            .map(|group| Part { label: label(&group), ids: Some(group), record_type: None, syscall: None })
            .collect()
    }
}

fn joined(ids: &[u16]) -> String {
    ids.iter().map(u16::to_string).collect::<Vec<_>>().join(", ")
}

fn audit_parts(way: &Way) -> Vec<Part> {
    let types: Vec<Option<RecordType>> = match &way.event.record_types {
        Some(types) => types.iter().cloned().map(Some).collect(),
        None if way.event.syscalls.is_some() => vec![Some(RecordType::from("SYSCALL"))],
        None => vec![auditd::record_type(way.needs.keys())],
    };
    let calls: Vec<_> = match &way.event.syscalls {
        Some(calls) => calls.iter().cloned().map(Some).collect(),
        None => vec![None],
    };
    let several = types.len() * calls.len() > 1;
    let pairs = types.iter().flat_map(|record_type| calls.iter().map(move |call| (record_type, call)));
    pairs
        .map(|(record_type, syscall)| Part {
            ids: None,
            record_type: record_type.clone(),
            syscall: syscall.clone(),
            label: several.then(|| match (record_type, syscall) {
                (_, Some(call)) => format!("system call {call}"),
                (Some(record_type), None) => format!("type {record_type}"),
                (None, None) => "any record".to_owned(),
            }),
        })
        .collect()
}

/// The events of one row that a part is about.
fn events(row: &Alternative, event: &Constraint, part: &Part) -> Vec<LeafEvent> {
    // A rule for any log that names its channel means that channel, whether the table lists it or not.
    if let (Some(channels), true) = (&event.channels, row.is_any_log()) {
        return channels.iter().flat_map(|channel| on_channel(row, channel, event, part)).collect();
    }
    row.carriers
        .iter()
        .flat_map(|carrier| match carrier {
            Carrier::Type(pattern) => typed(pattern, event, part),
            Carrier::Source(SourceId::Channel(channel)) => on_channel(row, channel, event, part),
            Carrier::Source(SourceId::Auditd) => vec![match &part.record_type {
                Some(record_type) => LeafEvent::Type(EventTypePattern::Auditd {
                    record_type: record_type.clone(),
                    syscall: part.syscall.clone(),
                }),
                None => LeafEvent::Source(SourceId::Auditd),
            }],
            Carrier::Source(SourceId::SysmonLinux) => match &part.ids {
                Some(ids) => {
                    let leaf =
                        |id: &u16| LeafEvent::Type(EventTypePattern::SysmonLinux { event_id: EventId(*id) });
                    ids.iter().map(leaf).collect()
                }
                None => vec![LeafEvent::Source(SourceId::SysmonLinux)],
            },
            Carrier::Source(source) => vec![LeafEvent::Source(source.clone())],
        })
        .collect()
}

/// An event type that the table names, if it is what the rule asks for.
fn typed(pattern: &EventTypePattern, event: &Constraint, part: &Part) -> Vec<LeafEvent> {
    let wanted = |id: &EventId| part.ids.as_ref().is_none_or(|ids| ids.contains(&id.0));
    match pattern {
        EventTypePattern::Windows { channel, event_id, .. } => {
            let fits = wanted(event_id)
                && event.channels.as_ref().is_none_or(|channels| channels.contains(channel))
                && event.operations.as_ref().is_none_or(|it| constraint::operation_fits(event_id.0, it));
            if fits { with_providers(channel, *event_id, event) } else { Vec::new() }
        }
        EventTypePattern::SysmonLinux { event_id } if !wanted(event_id) => Vec::new(),
        other => vec![LeafEvent::Type(other.clone())],
    }
}

fn on_channel(
    row: &Alternative,
    channel: &WindowsChannel,
    event: &Constraint,
    part: &Part,
) -> Vec<LeafEvent> {
    if event.channels.as_ref().is_some_and(|channels| !channels.contains(channel)) {
        return Vec::new();
    }
    let ids: Vec<EventId> = match &part.ids {
        Some(ids) => ids.iter().map(|id| EventId(*id)).collect(),
        None => row.default_ids.clone(),
    };
    if ids.is_empty() {
        return vec![LeafEvent::Source(SourceId::Channel(channel.clone()))];
    }
    ids.into_iter().flat_map(|id| with_providers(channel, id, event)).collect()
}

fn with_providers(channel: &WindowsChannel, event_id: EventId, event: &Constraint) -> Vec<LeafEvent> {
    let leaf = |provider| {
        LeafEvent::Type(EventTypePattern::Windows { channel: channel.clone(), provider, event_id })
    };
    match &event.providers {
        Some(providers) => providers.iter().cloned().map(Some).map(leaf).collect(),
        None => vec![leaf(None)],
    }
}

#[cfg(test)]
mod tests;
