//! The analyst's command line: everything that touches files, terminals and the clock, around the pure crates.
//!
//! - [`collector`]: the server that agents report to; [`api`]: what people and programs ask it.
//! - [`cli`]: the commands; each in its own file, with its exit codes.
//! - [`client`]: asking a collector.
//! - [`input`]: what an audit is made of: hosts, detections, catalogue.
//! - [`logs`]: from paths to inventories.
//! - [`rules`]: Sigma rules from files.
//! - [`report`]: what an audit came to.
//! - [`baseline`], [`overlay`], [`verify`], [`redact`]: what can be asked of it beside.
//! - [`output`]: the forms of a report.

pub mod api;
pub mod baseline;
pub mod cli;
pub mod client;
pub mod collector;
pub mod files;
pub mod input;
pub mod logs;
pub mod output;
pub mod overlay;
pub mod progress;
pub mod redact;
pub mod report;
pub mod rules;
pub mod verify;

pub use blindspot_agent::chain;
