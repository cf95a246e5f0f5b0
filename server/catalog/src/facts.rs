//! What is known of each event type, whatever any host shows: what produces it, how often, on which hosts.
//!
//! The facts are data: `config/catalog/{event-facts-*,fixes,roles}.csv`, embedded in the binary. A user's folder may
//! hold files of the same kinds; their rows override the embedded ones cell by cell.

mod embedded;
mod read;
mod role;
mod row;

use std::{
    collections::{BTreeMap, BTreeSet, HashMap, HashSet},
    sync::Arc,
};

use blindspot_telemetry::{EventId, EventTypePattern, FieldName, Inventory, SourceId, settings::Subcategory};

use crate::{LeafEvent, Problem, Schema};

pub use role::Role;

/// How often a host that is set to record an event type writes it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rate {
    /// A busy host writes it all day: its absence from a log that was read is proof.
    Routine,
    /// Only when someone does that thing: its absence proves nothing where it is on by default.
    Act,
    /// It cannot be switched off: where the source is read, it would be recorded.
    AlwaysOn,
}

/// What a stock installation does. For a role-bound type, a stock host of that role; for the optional tools that
/// write a log of their own (Sysmon, auditd), a stock configuration of the tool, given that its log is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DefaultState {
    /// Records it.
    On,
    /// Records some of it (only success, only some roles, only what the system rates suspicious).
    Partly,
    /// Does not record it.
    Off,
}

/// One thing to do so that an event type is recorded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fix {
    /// Its name in the catalogue, shared by every event type that it mends.
    pub name: Arc<str>,
    /// What to do, in one line.
    pub action: Arc<str>,
    /// The exact command, where one does it.
    pub command: Option<Arc<str>>,
    /// How much it writes, as a hint.
    pub volume: Option<Arc<str>>,
}

/// What is known of one event type.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EventFacts {
    /// What it records, in few words.
    pub title: Arc<str>,
    /// How often it is written.
    pub rate: Rate,
    /// What a stock installation does.
    pub default: DefaultState,
    /// Which hosts can write it.
    pub role: Role,
    /// The product or feature that it needs, where the role is [`Role::OptionalProduct`].
    pub product: Option<Arc<str>>,
    /// What must be switched on, all of it.
    pub fixes: Vec<Fix>,
    /// What must be switched on besides, so that one field is filled.
    pub field_fixes: Vec<(FieldName, Fix)>,
    /// Event types of one group are recorded or not together: one switch, and nothing else, decides.
    pub group: Option<Arc<str>>,
    /// What the Windows audit policy must let through.
    pub audited: Option<AuditNeed>,
    /// Ids of the same event on other versions of the operating system.
    pub same_as: Vec<EventTypePattern>,
    /// Every field that the newest documented version declares; `None` where that is not documented.
    pub fields: Option<Arc<[FieldName]>>,
    /// Fields that older versions lack, with the first schema that has them (`OriginalFileName`, `4.21`).
    pub later_fields: Vec<(FieldName, Arc<str>)>,
    /// The element of a Sysmon configuration that filters it (`RegistryEvent`).
    pub sysmon_tag: Option<Arc<str>>,
    /// True where no supported version writes it any more.
    pub retired: bool,
    /// Where these facts come from.
    pub source: Arc<str>,
}

/// What the Windows audit policy must let through, so that an event type of the Security log is written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditNeed {
    /// Each of them writes it.
    pub subcategories: Arc<[Subcategory]>,
    /// The outcome that it records, where it records one only.
    pub outcome: Option<Outcome>,
    /// True where only objects with a SACL have it written.
    pub sacl: bool,
}

/// What came of an attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Outcome {
    /// It succeeded.
    Success,
    /// It failed.
    Failure,
}

impl EventFacts {
    /// Whether the documented fields include this one.
    #[must_use]
    pub fn schema_of(&self, field: &FieldName) -> Schema {
        match &self.fields {
            None => Schema::Unknown,
            Some(fields) if fields.contains(field) => Schema::Declares,
            Some(_) => Schema::Lacks,
        }
    }

    /// The group in which another counted event type proves that this one would be recorded: one switch decides both.
    ///
    /// None for routine types: their own absence is the better evidence.
    #[must_use]
    pub fn sibling_group(&self) -> Option<&str> {
        self.group.as_deref().filter(|_| self.rate == Rate::Act)
    }

    /// What to switch on so that this field is filled, beyond the event itself.
    #[must_use]
    pub fn fix_of_field(&self, field: &FieldName) -> Option<&Fix> {
        self.field_fixes.iter().find(|(name, _)| name == field).map(|(_, fix)| fix)
    }

    /// The first schema that has the field, where older ones lack it.
    #[must_use]
    pub fn first_schema_of(&self, field: &FieldName) -> Option<&str> {
        self.later_fields.iter().find(|(name, _)| name == field).map(|(_, schema)| &**schema)
    }
}

/// The facts of all event types that the catalogue knows.
#[derive(Debug, Clone, Default)]
pub struct Facts {
    by_pattern: HashMap<EventTypePattern, EventFacts>,
    /// For a Windows id without provider, the rows that name one.
    with_provider: HashMap<EventTypePattern, Vec<EventTypePattern>>,
    /// What holds for event types of a source that have no row.
    by_source: HashMap<SourceId, EventFacts>,
    roles: Vec<(Role, role::Evidence)>,
}

impl Facts {
    /// The facts that come with the program.
    #[must_use]
    pub fn embedded() -> Self {
        Self::from_files(&BTreeMap::new()).0
    }

    /// The facts that come with the program, overridden by a user's files (name and text).
    ///
    /// Files whose names begin with `event-facts`, `fixes` or `roles` are read, others are left alone. A row of an
    /// event type or fix that is known changes the cells that it fills; `-` empties one. A row of a new one adds it.
    #[must_use]
    pub fn from_files(files: &BTreeMap<String, String>) -> (Self, Vec<Problem>) {
        read::read(files)
    }

    /// What is known of an event type: its own row, or what holds for its source.
    ///
    /// A pattern without provider finds the row whatever the provider (the first one, where several write that id);
    /// one with a provider finds the row that names it or none.
    #[must_use]
    pub fn get(&self, pattern: &EventTypePattern) -> Option<&EventFacts> {
        self.row(pattern).or_else(|| self.of_source(&SourceId::of_pattern(pattern)))
    }

    /// What is known of what a leaf asks for: an event type, or a source as a whole.
    #[must_use]
    pub fn of_event(&self, event: &LeafEvent) -> Option<&EventFacts> {
        match event {
            LeafEvent::Type(pattern) => self.get(pattern),
            LeafEvent::Source(source) => self.of_source(source),
        }
    }

    /// What is known of the event type itself; nothing where only its source is known.
    #[must_use]
    pub fn row(&self, pattern: &EventTypePattern) -> Option<&EventFacts> {
        self.by_pattern.get(pattern).or_else(|| match pattern {
            EventTypePattern::Windows { provider: None, .. } => {
                self.by_pattern.get(self.with_provider.get(pattern)?.first()?)
            }
            _ => self.by_pattern.get(&broader(pattern)?),
        })
    }

    /// What holds for event types of a source that have no row of their own.
    #[must_use]
    pub fn of_source(&self, source: &SourceId) -> Option<&EventFacts> {
        self.by_source.get(source)
    }

    /// The element of a Sysmon configuration that filters this event on Windows; none for what cannot be filtered.
    #[must_use]
    pub fn sysmon_tag(&self, id: EventId) -> Option<&str> {
        let pattern = EventTypePattern::Windows {
            channel: "Microsoft-Windows-Sysmon/Operational".into(),
            provider: None,
            event_id: id,
        };
        self.row(&pattern)?.sysmon_tag.as_deref()
    }

    /// The roles that a host has, as its logs show. A role that is not among them is not disproved.
    #[must_use]
    pub fn roles_shown(&self, inventory: &Inventory) -> HashSet<Role> {
        self.roles.iter().filter(|(_, evidence)| evidence.is_in(inventory)).map(|(role, _)| *role).collect()
    }

    /// The optional products that run on a host, as its event types show.
    #[must_use]
    pub fn products_shown(&self, inventory: &Inventory) -> BTreeSet<Arc<str>> {
        let facts = inventory.event_types.keys().filter_map(|seen| self.get(&EventTypePattern::from(seen)));
        facts.filter_map(|facts| facts.product.clone()).collect()
    }

    /// All event types with a row, in order.
    #[must_use]
    pub fn event_types(&self) -> Vec<(&EventTypePattern, &EventFacts)> {
        let mut all: Vec<_> = self.by_pattern.iter().collect();
        all.sort_by_cached_key(|(pattern, _)| (*pattern).clone());
        all
    }

    /// All sources with a row for their other event types, in order.
    #[must_use]
    pub fn sources(&self) -> Vec<(&SourceId, &EventFacts)> {
        let mut all: Vec<_> = self.by_source.iter().collect();
        all.sort_by_cached_key(|(source, _)| (*source).clone());
        all
    }
}

/// The pattern without its provider or system call, where it has one.
fn broader(pattern: &EventTypePattern) -> Option<EventTypePattern> {
    match pattern {
        EventTypePattern::Windows { channel, provider: Some(_), event_id } => {
            Some(EventTypePattern::Windows { channel: channel.clone(), provider: None, event_id: *event_id })
        }
        EventTypePattern::Auditd { record_type, syscall: Some(_) } => {
            Some(EventTypePattern::Auditd { record_type: record_type.clone(), syscall: None })
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests;
