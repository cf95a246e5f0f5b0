//! One event type's counts, with which of them the collector does not know yet.

use std::collections::BTreeMap;

use blindspot_telemetry::{EventType, FieldName, HostName, Hour, Observed, census::Tally, wire::report};

/// Changes are numbered: a number of a later change is larger.
pub(super) type Revision = u64;

/// Cumulative counts, and the revision of each change that no stored report holds yet.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Counted {
    pub(super) tally: Tally,
    /// When anything changed last; `None` where the collector knows all.
    pub(super) touched: Option<Revision>,
    /// The hours that changed.
    pub(super) hours: BTreeMap<Hour, Revision>,
}

/// The hours that counts are kept for, and the revision that counting makes.
#[derive(Debug, Clone, Copy)]
pub(super) struct Moment {
    /// Older hours are in the totals only.
    pub(super) oldest: Hour,
    /// Events of later hours are undated.
    pub(super) latest: Hour,
    pub(super) revision: Revision,
}

impl Counted {
    pub(super) fn add(&mut self, seen: &Observed, at: Moment) {
        self.tally.add(seen, at.latest);
        self.tally.forget_before(at.oldest);
        self.touched = Some(at.revision);
        if at.oldest <= at.latest {
            let kept = seen.hours.range(at.oldest..=at.latest);
            self.hours.extend(kept.map(|(hour, _)| (*hour, at.revision)));
        }
    }

    /// What a report says of it: all totals, and the hours that changed.
    pub(super) fn change(&self) -> Tally {
        let changed = self.hours.keys().filter_map(|hour| Some((*hour, *self.tally.hours.get(hour)?)));
        Tally { hours: changed.collect(), ..self.tally.clone() }
    }

    /// A report that was made at this revision is stored.
    pub(super) fn confirm(&mut self, revision: Revision) {
        self.hours.retain(|_, changed| *changed > revision);
        self.touched = self.touched.filter(|changed| *changed > revision);
    }

    /// Everything is to be told again.
    pub(super) fn touch_all(&mut self, revision: Revision) {
        self.touched = Some(revision);
        self.hours = self.tally.hours.keys().map(|hour| (*hour, revision)).collect();
    }

    /// Forgets hours before this one; the first and last of those that the collector never heard of.
    pub(super) fn forget_before(&mut self, hour: Hour) -> Option<(Hour, Hour)> {
        self.tally.forget_before(hour);
        let kept = self.hours.split_off(&hour);
        let untold = std::mem::replace(&mut self.hours, kept);
        Some((*untold.first_key_value()?.0, *untold.last_key_value()?.0))
    }

    /// Bytes that it takes in a report, about. Names with many escaped characters take more.
    pub(super) fn weight(&self, name: &EventType) -> usize {
        let fields = self.tally.fields.iter().map(|(field, fill)| {
            let counts = if fill.filled == self.tally.count { 3 } else { 24 };
            field.as_str().len() + counts
        });
        120 + names(name).map(str::len).sum::<usize>() + 16 * self.hours.len() + fields.sum::<usize>()
    }
}

/// True where a collector would read this name.
pub(super) fn may_be_told(event_type: &EventType) -> bool {
    names(event_type).all(short)
}

/// True where a collector would read this name.
pub(super) fn may_be_a_host(name: Option<&HostName>) -> bool {
    name.is_none_or(|name| short(name.as_str()))
}

/// Takes away the fields that a collector would not read: long names, and those beyond the most of one type, of which
/// `known` are taken. True where some were taken away.
pub(super) fn limit_fields(
    seen: &mut Observed,
    known: &BTreeMap<FieldName, blindspot_telemetry::FieldFill>,
) -> bool {
    let before = seen.fields.len();
    let mut room = report::MAX_FIELDS.saturating_sub(known.len());
    seen.fields.retain(|name, _| {
        let kept = known.contains_key(name) || (short(name.as_str()) && room > 0);
        if kept && !known.contains_key(name) {
            room -= 1;
        }
        kept
    });
    seen.fields.len() < before
}

fn short(name: &str) -> bool {
    name.len() <= report::MAX_NAME_BYTES
}

fn names(event_type: &EventType) -> impl Iterator<Item = &str> {
    let (one, other) = match event_type {
        EventType::Windows { channel, provider, .. } => (Some(channel.as_str()), Some(provider.as_str())),
        EventType::Auditd { record_type, syscall } => {
            (Some(record_type.as_str()), syscall.as_ref().map(|call| call.as_str()))
        }
        EventType::Syslog { program } => (Some(program.as_str()), None),
        EventType::SysmonLinux { .. } => (None, None),
    };
    one.into_iter().chain(other)
}
