//! The running collector: agents report to it, people ask it.
//!
//! - [`config`]: what a server file says.
//! - [`authority`]: its own certificate authority, made at first start.
//! - [`connections`]: what one address, and all together, may keep open; before TLS.
//! - [`registry`]: the agents and their keys, in memory: nothing on disk is touched before a signature holds.
//! - [`intake`]: a report, from its envelope to its acknowledgement.
//! - [`enrolment`]: how agents get an identity.
//! - [`subjects`]: which hosts an agent's censuses are of.
//! - [`fleet`]: every host against every detection, as of now.
//! - [`detections`]: what is judged, read again when it changes.
//! - [`people`], [`pace`]: users and tokens; how fast strangers may ask.
//! - [`backup`]: a backup on its way.
//! - [`metrics`]: what it counts of itself.
//! - [`jobs`]: what time passing demands.
//! - [`run`]: all of it, started and stopped.

pub mod authority;
pub mod backup;
pub mod config;
pub mod connections;
pub mod detections;
pub mod enrolment;
pub mod fleet;
pub mod intake;
pub mod jobs;
pub mod metrics;
pub mod pace;
pub mod people;
pub mod registry;
pub mod run;
pub mod subjects;

pub use run::Collector;
