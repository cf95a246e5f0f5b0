//! What is known of each event type, whatever any host shows: what produces it, how often, on which hosts.

use std::{collections::HashMap, sync::Arc};

use blindspot_telemetry::{EventTypePattern, FieldName};

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

/// What a stock installation does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DefaultState {
    /// Records it.
    On,
    /// Records some of it (only success, only some roles, only what the system rates suspicious).
    Partly,
    /// Does not record it.
    Off,
}

/// Which hosts can write an event type at all.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Role {
    /// Any host of the platform.
    Any,
    /// Active Directory domain controllers.
    DomainController,
    /// Certificate services.
    CertificateServices,
    /// Federation services.
    FederationServices,
    /// Microsoft DNS servers.
    DnsServer,
    /// Exchange servers.
    Exchange,
    /// Internet Information Services.
    Iis,
    /// Hyper-V hosts.
    HyperV,
    /// Network policy (RADIUS) servers.
    NetworkPolicyServer,
    /// SQL Server.
    SqlServer,
    /// Windows event collectors.
    EventCollector,
    /// Hosts on which a named optional product or feature runs.
    OptionalProduct,
}

/// One thing to do so that an event type is recorded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fix {
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
    /// What must be switched on, all of it.
    pub fixes: Vec<Fix>,
    /// Ids of the same event on other versions of the operating system.
    pub same_as: Vec<EventTypePattern>,
    /// Every field that the newest documented version declares; `None` where that is not documented.
    pub fields: Option<Arc<[FieldName]>>,
    /// Fields that older versions lack, with the first schema that has them (`OriginalFileName`, `4.21`).
    pub later_fields: Vec<(FieldName, Arc<str>)>,
    /// True where no supported version writes it any more.
    pub retired: bool,
}

/// The facts of all event types that the catalogue knows.
#[derive(Debug, Clone, Default)]
pub struct Facts {
    by_pattern: HashMap<EventTypePattern, EventFacts>,
}
