//! How hosts and detections are named in the index, and the forms of its answers.

use blindspot_telemetry::{EventType, Hour, Platform};
use roaring::RoaringBitmap;

/// A host's place in one index. Places of removed hosts are given out again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct HostSlot(pub u32);

/// A detection's place in the list that was compiled.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DetectionSlot(pub u32);

/// A group of hosts. Each host is in one; what a group means is the caller's business.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct GroupId(pub u32);

/// What must be known of a host before anything was read on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HostMeta {
    /// What it runs, as far as is known; an inventory has the last word.
    pub platform: Platform,
    /// Its group.
    pub group: GroupId,
}

/// Which hosts a question is about.
#[derive(Debug, Clone, PartialEq)]
pub enum HostSet {
    /// All.
    All,
    /// Those of one group.
    Group(GroupId),
    /// These, by their [`HostSlot`]; places that hold no host are left out.
    Hosts(RoaringBitmap),
}

/// On which hosts an event type flows. Every host asked about is in one of the sets.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Flow {
    /// Counted in the window, and the field, where one was asked for, held a value on some event.
    pub flowing: RoaringBitmap,
    /// Counted in the window, and no event ever held a value in the field that was asked for.
    pub without_field: RoaringBitmap,
    /// Counted before the window, not in it.
    pub silent: RoaringBitmap,
    /// Its source was read, and held none.
    pub never: RoaringBitmap,
    /// Nothing may be claimed: the source was denied, unreadable or lagging, or the host is stale.
    pub could_not_look: RoaringBitmap,
    /// Its source does not exist there, is switched off, or is not among the logs given.
    pub source_missing: RoaringBitmap,
}

/// One event type over the hosts asked about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EventTypeUse {
    /// The event type.
    pub event_type: EventType,
    /// Hosts on which it was ever counted, stale ones among them.
    pub hosts: u64,
}

/// The newest hour of an event type on one host, and how many of it were counted in all.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Counted {
    /// Events counted over all history held.
    pub count: u64,
    /// The newest hour that holds one and lies not after the window; `None` where only totals are kept.
    pub newest: Option<Hour>,
}
