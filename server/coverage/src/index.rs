//! A fleet, kept judged: very many hosts times all detections in milliseconds, with the verdicts of [`judge`](crate::judge()).
//!
//! - [`Compiled`]: all detections, with what they share (leaves, branches, whole requirements) held once.
//! - [`Reading`]: what one host's inventory comes to, worked out once per update and without the index.
//! - [`FleetIndex`]: all hosts. Hosts on which every leaf stands alike share one profile.
//!
//! **Invariant.** For every host and detection the verdict is that of [`judge`](crate::judge()) on the host's last
//! [`HostSight`](crate::HostSight), and on [`HostSight::stale`](crate::HostSight::stale) where the host is stale.

mod ask;
mod compiled;
mod evidence;
mod fleet;
mod join;
mod names;
mod plan;
mod pool;
mod profiles;
mod reading;
mod site;

pub use compiled::{Compiled, Sizes};
pub use fleet::FleetIndex;
pub use names::{Counted, DetectionSlot, EventTypeUse, Flow, GroupId, HostMeta, HostSet, HostSlot};
pub use reading::Reading;

#[cfg(test)]
mod tests;
