//! One log: what it held so far, and where reading it stands.

use std::collections::BTreeMap;

use blindspot_sampling::live::{LogCursor, LogPlace, LogTurn, Standing};
use blindspot_telemetry::{
    EventType, HostName, Source, SourceStatus,
    census::{ComputerCensus, LogCensus},
    wire::report::MAX_TYPES,
};
use jiff::Timestamp;

use super::counted::{Counted, Moment, limit_fields, may_be_a_host, may_be_told};

/// The most computers of one log.
pub(super) const MAX_COMPUTERS: usize = 1024;
/// The most event types of all logs and computers together: a bound on memory.
pub(super) const MAX_COUNTED: usize = 20_000;

/// The records of one computer in one log.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Computer {
    pub(super) name: Option<HostName>,
    pub(super) types: BTreeMap<EventType, Counted>,
}

/// One log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Log {
    pub(super) source: Source,
    pub(super) stream: Option<String>,
    pub(super) relay: bool,
    pub(super) caught_up_until: Option<Timestamp>,
    pub(super) cursor: Option<LogCursor>,
    /// In order of their first record.
    pub(super) computers: Vec<Computer>,
    /// Whose records came last.
    pub(super) last_name: Option<HostName>,
    /// Events that exceed what may be told.
    pub(super) uncounted: u64,
    /// When it was there last.
    pub(super) present: Timestamp,
}

/// Of a turn, what could not be counted as it should.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Excess {
    /// Events without a place.
    pub(super) events: u64,
    /// Types of which some fields have no place.
    pub(super) types: u64,
}

impl Log {
    pub(super) fn new(source: Source, now: Timestamp) -> Self {
        Self {
            source,
            stream: None,
            relay: false,
            caught_up_until: None,
            cursor: None,
            computers: Vec::new(),
            last_name: None,
            uncounted: 0,
            present: now,
        }
    }

    /// Takes over what one poll did, except for its counts.
    pub(super) fn went(&mut self, place: &LogPlace, turn: &LogTurn, now: Timestamp) {
        self.stream.clone_from(&place.stream);
        self.relay |= place.relay || turn.interleaved;
        let source = &mut self.source;
        source.kind = place.kind;
        source.records = source.records.saturating_add(turn.records);
        source.damaged = source.damaged.saturating_add(turn.damaged);
        source.oldest = earlier(source.oldest, turn.oldest);
        source.newest = source.newest.max(turn.newest);
        source.size_bytes = turn.size_bytes;
        for held in place.holds.iter().chain(&turn.holds) {
            if !source.holds.contains(held) && source.holds.len() < MAX_TYPES && held.to_string().len() <= 256
            {
                source.holds.push(held.clone());
            }
        }
        source.status = turn.standing.status(source.records, source.damaged);
        if matches!(turn.standing, Standing::CaughtUp | Standing::Draining) && !turn.next_file_waits() {
            self.caught_up_until = Some(now);
        }
        if turn.standing != Standing::Missing {
            self.present = now;
        }
    }

    /// Counts what one poll read. `room` is how many event types may be added.
    pub(super) fn count(&mut self, turn: LogTurn, at: Moment, room: &mut usize) -> Excess {
        let mut excess = Excess::default();
        for (name, types) in turn.computers {
            let events = || types.values().fold(0, |sum: u64, seen| sum.saturating_add(seen.count));
            let Some(index) = self.computer(name.as_ref()) else {
                excess.events = excess.events.saturating_add(events());
                continue;
            };
            self.follows(name);
            let Some(computer) = self.computers.get_mut(index) else { continue };
            for (event_type, mut seen) in types {
                let known = computer.types.contains_key(&event_type);
                let fits = *room > 0 && computer.types.len() < MAX_TYPES && may_be_told(&event_type);
                if !known && !fits {
                    excess.events = excess.events.saturating_add(seen.count);
                    continue;
                }
                *room -= usize::from(!known);
                let counted = computer.types.entry(event_type).or_default();
                excess.types += u64::from(limit_fields(&mut seen, &counted.tally.fields));
                counted.add(&seen, at);
            }
        }
        self.uncounted = self.uncounted.saturating_add(excess.events);
        excess
    }

    /// Where the computer of this name stands; it is added where there is room.
    fn computer(&mut self, name: Option<&HostName>) -> Option<usize> {
        let known = self.computers.iter().position(|computer| computer.name.as_ref() == name);
        if known.is_some() || self.computers.len() >= MAX_COMPUTERS || !may_be_a_host(name) {
            return known;
        }
        self.computers.push(Computer { name: name.cloned(), types: BTreeMap::new() });
        Some(self.computers.len() - 1)
    }

    /// A name that comes back after another one took over shows that several machines write here.
    fn follows(&mut self, name: Option<HostName>) {
        let Some(name) = name else { return };
        if self.last_name.as_ref() != Some(&name) {
            let seen = self
                .computers
                .iter()
                .any(|computer| computer.name.as_ref() == Some(&name) && !computer.types.is_empty());
            self.relay |= seen && self.last_name.is_some();
            self.last_name = Some(name);
        }
    }

    /// It without what it held: that it is there, how reading it goes, and whose records it holds, in their order.
    pub(super) fn outline(&self) -> LogCensus {
        let mut source = self.source.clone();
        // What exceeds the limits exists and could not be counted: absence in this log proves less.
        source.damaged = source.damaged.saturating_add(self.uncounted);
        let named = |computer: &Computer| ComputerCensus {
            name: computer.name.clone(),
            event_types: BTreeMap::new(),
        };
        LogCensus {
            source,
            stream: self.stream.clone(),
            relay: self.relay,
            caught_up_until: self.caught_up_until,
            computers: self.computers.iter().map(named).collect(),
        }
    }

    /// Bytes that [`Log::outline`] takes in a report, about.
    pub(super) fn weight(&self) -> usize {
        let names = |computer: &Computer| 24 + computer.name.as_ref().map_or(0, |name| name.as_str().len());
        let computers: usize = self.computers.iter().map(names).sum();
        let holds: usize = self.source.holds.iter().map(|held| held.to_string().len() + 3).sum();
        300 + 2 * self.source.path.len() + computers + holds
    }

    /// How many event types it holds.
    pub(super) fn types(&self) -> usize {
        self.computers.iter().map(|computer| computer.types.len()).sum()
    }

    pub(super) fn counted(&self) -> impl Iterator<Item = (usize, &EventType, &Counted)> {
        let computers = self.computers.iter().enumerate();
        computers.flat_map(|(index, computer)| {
            computer.types.iter().map(move |(name, counted)| (index, name, counted))
        })
    }

    pub(super) fn counted_mut(&mut self) -> impl Iterator<Item = &mut Counted> {
        self.computers.iter_mut().flat_map(|computer| computer.types.values_mut())
    }

    /// True where the log has been gone since then and the collector knows all of it.
    pub(super) fn is_over(&self, since: Timestamp) -> bool {
        let gone = matches!(self.source.status, SourceStatus::Missing | SourceStatus::NotGiven);
        gone && self.present < since && self.counted().all(|(_, _, counted)| counted.touched.is_none())
    }
}

fn earlier(known: Option<Timestamp>, new: Option<Timestamp>) -> Option<Timestamp> {
    match (known, new) {
        (Some(known), Some(new)) => Some(known.min(new)),
        (known, new) => known.or(new),
    }
}
