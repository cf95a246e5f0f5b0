//! Counting: lines to event types, per host and hour, with the fill of their fields. Bounded.

use rustc_hash::{FxHashMap, FxHashSet};

use super::{
    moment::Moment,
    names::{NameId, Names},
};
use crate::{Detail, fill::Fill, times::Times};

/// Distinct event types of distinct hosts that one scan keeps.
const MAX_TYPES: usize = 65_536;
/// Distinct field names of one event type that one scan keeps.
const MAX_FIELDS_OF_TYPE: usize = 512;
/// Field counters that one scan keeps.
const MAX_FIELDS: usize = 1 << 18;
/// The longest field name that is one.
const MAX_FIELD_NAME_BYTES: usize = 64;

/// What an event is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Kind {
    /// An audit record, with its system call where it has one.
    Auditd { record_type: NameId, syscall: NameId },
    /// A syslog line.
    Syslog { program: NameId },
    /// An event of Sysmon for Linux.
    SysmonLinux { event_id: u16 },
}

/// An event type of one host; [`NameId::NONE`] where the line names none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct TypeKey {
    pub(crate) host: NameId,
    pub(crate) kind: Kind,
}

/// What was counted of one event type.
#[derive(Debug)]
pub(crate) struct TypeTally {
    pub(crate) key: TypeKey,
    pub(crate) times: Times,
    /// In the order in which they were met, which is mostly the order of every line.
    pub(crate) fields: Vec<FieldTally>,
}

/// How often one field was empty, a placeholder, filled.
#[derive(Debug)]
pub(crate) struct FieldTally {
    pub(crate) name: Box<[u8]>,
    pub(crate) empty: u64,
    pub(crate) placeholder: u64,
    pub(crate) filled: u64,
    /// The event in which it was counted last: a name that comes twice in one event counts once.
    event: u64,
}

/// What was counted in one log.
#[derive(Debug)]
pub(crate) struct Tally {
    pub(crate) names: Names,
    pub(crate) types: Vec<TypeTally>,
    /// Places in `types` by key and kind of moment: moments of one kind compare, and one type can have several.
    index: FxHashMap<(TypeKey, u64), usize>,
    detail: Detail,
    hours: usize,
    fields: usize,
    pub(crate) hosts: HostOrder,
    /// Years that the calendar of dates without a year is to be moved by.
    pub(crate) years: i32,
    pub(crate) records: u64,
    pub(crate) damaged: u64,
    pub(crate) undated: u64,
    pub(crate) oversize: u64,
    pub(crate) continued: u64,
    pub(crate) audit_events: u64,
    pub(crate) uncounted: u64,
    pub(crate) fields_uncounted: u64,
    pub(crate) suppressed: u64,
}

impl Tally {
    pub(crate) fn new(detail: Detail) -> Self {
        Self {
            names: Names::new(),
            types: Vec::new(),
            index: FxHashMap::default(),
            detail,
            hours: 0,
            fields: 0,
            hosts: HostOrder::default(),
            years: 0,
            records: 0,
            damaged: 0,
            undated: 0,
            oversize: 0,
            continued: 0,
            audit_events: 0,
            uncounted: 0,
            fields_uncounted: 0,
            suppressed: 0,
        }
    }

    /// What was counted, to begin anew. Names keep their ids only where they are given back.
    pub(crate) fn take(&mut self) -> Self {
        let fresh = Self::new(self.detail);
        std::mem::replace(self, fresh)
    }

    /// Counts one event. What comes back takes its fields; `None` where they are not asked for or not kept.
    #[inline]
    pub(crate) fn count(&mut self, key: TypeKey, moment: Moment) -> Option<FieldsOf<'_>> {
        self.count_many(1, key, moment)
    }

    /// Counts so many events that are alike, as [`count`](Self::count) does one.
    #[inline]
    pub(crate) fn count_many(&mut self, events: u64, key: TypeKey, moment: Moment) -> Option<FieldsOf<'_>> {
        self.records += events;
        self.hosts.see(key.host);
        let Some(index) = self.type_index(key, moment.kind()) else {
            self.uncounted += events;
            return None;
        };
        let counted = self.types.get_mut(index)?;
        if !counted.times.add_many(events, moment.key(), moment.hour_key(), &mut self.hours) {
            self.uncounted += events;
            return None;
        }
        (self.detail == Detail::Inventory).then_some(FieldsOf {
            counted,
            kept: &mut self.fields,
            uncounted: &mut self.fields_uncounted,
            event: self.records,
            events,
            next: 0,
        })
    }

    /// Counts an event whose name is too long to be one, or one name too many.
    pub(crate) fn count_unnamed(&mut self) {
        self.records += 1;
        self.uncounted += 1;
    }

    fn type_index(&mut self, key: TypeKey, moments: u64) -> Option<usize> {
        if let Some(index) = self.index.get(&(key, moments)) {
            return Some(*index);
        }
        if self.types.len() >= MAX_TYPES {
            return None;
        }
        let index = self.types.len();
        self.index.insert((key, moments), index);
        self.types.push(TypeTally { key, times: Times::default(), fields: Vec::new() });
        Some(index)
    }
}

/// Takes the fields of one event.
pub(crate) struct FieldsOf<'t> {
    counted: &'t mut TypeTally,
    kept: &'t mut usize,
    uncounted: &'t mut u64,
    event: u64,
    /// How many events are alike.
    events: u64,
    /// Where the next field is expected.
    next: usize,
}

impl FieldsOf<'_> {
    /// Counts one field of the event. A name that comes again in the same event is not counted again.
    #[inline]
    pub(crate) fn see(&mut self, name: &[u8], fill: Fill) {
        let expected = self.counted.fields.get(self.next).is_some_and(|field| is_same(&field.name, name));
        let Some(at) = (if expected { Some(self.next) } else { self.find(name) }) else { return };
        self.next = at + 1;
        let Some(field) = self.counted.fields.get_mut(at) else { return };
        if field.event == self.event {
            return;
        }
        field.event = self.event;
        match fill {
            Fill::Empty => field.empty += self.events,
            Fill::Placeholder => field.placeholder += self.events,
            Fill::Filled => field.filled += self.events,
        }
    }

    #[cold]
    fn find(&mut self, name: &[u8]) -> Option<usize> {
        if let Some(at) = self.counted.fields.iter().position(|field| *field.name == *name) {
            return Some(at);
        }
        let at = self.counted.fields.len();
        if !is_field_name(name) || at >= MAX_FIELDS_OF_TYPE || *self.kept >= MAX_FIELDS {
            *self.uncounted += self.events;
            return None;
        }
        *self.kept += 1;
        self.counted.fields.push(FieldTally {
            name: name.into(),
            empty: 0,
            placeholder: 0,
            filled: 0,
            event: 0,
        });
        Some(at)
    }
}

/// Which host wrote when: names that follow each other are one renamed machine, names that come back are several.
#[derive(Debug, Default)]
pub(crate) struct HostOrder {
    /// Hosts by their first event.
    pub(crate) order: Vec<NameId>,
    known: FxHashSet<NameId>,
    current: Option<NameId>,
    /// True where a name came back.
    pub(crate) interleaved: bool,
}

impl HostOrder {
    #[inline]
    fn see(&mut self, host: NameId) {
        if self.current != Some(host) {
            self.change(host);
        }
    }

    fn change(&mut self, host: NameId) {
        // A line that names no host is whoever's the log is.
        if host == NameId::NONE {
            return;
        }
        self.current = Some(host);
        if self.known.insert(host) {
            self.order.push(host);
        } else {
            self.interleaved = true;
        }
    }
}

/// Names are short: comparing them here is faster than calling for it.
#[inline]
pub(crate) fn is_same(name: &[u8], other: &[u8]) -> bool {
    name.len() == other.len() && name.iter().zip(other).all(|(a, b)| a == b)
}

/// True for what can be a field's name: anything else is content that looks like one.
fn is_field_name(name: &[u8]) -> bool {
    !name.is_empty()
        && name.len() <= MAX_FIELD_NAME_BYTES
        && name.iter().all(|byte| byte.is_ascii_alphanumeric() || b"_-[].".contains(byte))
}
