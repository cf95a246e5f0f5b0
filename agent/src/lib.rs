//! The endpoint daemon: samples local logs and reports which event types are recorded, never the events.
//!
//! - [`core`]: what the agent holds and tells, and when. Pure.
//! - [`state`]: what is held, on disk, so that a crash at any moment loses nothing and counts nothing twice.
//! - [`config`]: what a person sets.
//! - [`identity`]: who the agent is, and how it gets to be.
//! - [`send`]: reports on their way. The only place that opens a socket; nothing listens.
//! - [`sources`]: the logs, read as they grow within a budget of processor time.
//! - [`run`]: all of it, until told to stop.
//! - [`host`]: what differs between operating systems; [`process`]: how a process ends and logs.
//! - [`cli`]: the commands.

#![forbid(unsafe_code)]

pub mod cli;
pub mod config;
pub mod core;
pub mod host;
pub mod identity;
pub mod process;
pub mod run;
pub mod send;
pub mod sources;
pub mod state;

/// An error with all its causes, for one line.
#[must_use]
pub fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text.push_str(": ");
        text.push_str(&error.to_string());
        cause = error.source();
    }
    text
}
