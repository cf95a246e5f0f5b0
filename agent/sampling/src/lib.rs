//! Log bytes to event types and fields, on every operating system. Opens no socket and never panics on input.
//!
//! - [`evtx`]: Windows event log files.
//! - [`read_at`]: what a log must offer to be read.

#![forbid(unsafe_code)]

pub mod evtx;
pub mod read_at;
