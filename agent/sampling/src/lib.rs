//! Log bytes to event types and fields, on every operating system. Opens no socket and never panics on input.
//!
//! - [`evtx`]: Windows event log files.
//! - [`text`]: what all logs of lines have in common: lines, hosts, counting.
//! - `auditd`, `syslog`: what one line means.
//! - [`sniff`]: what kind of log some bytes are.
//! - [`settings`]: what a Linux host is set to record, from its configuration files.
//! - [`journal`]: files of the systemd journal, and what `journalctl` writes of it.
//! - [`unpack`]: compressed logs to their bytes.
//! - [`follow`]: where the lines of a live log come from.
//! - [`live`]: a machine's logs as they grow.
//! - [`machine`]: where a machine's logs and settings are, and what file names say.
//! - [`read_at`]: what a log must offer to be read.

#![forbid(unsafe_code)]

mod auditd;
mod detail;
pub mod evtx;
mod fill;
pub mod follow;
pub mod journal;
pub mod live;
pub mod machine;
pub mod read_at;
pub mod settings;
pub mod sniff;
mod syslog;
mod sysmon_linux;
pub mod text;
mod times;
pub mod unpack;

pub use detail::Detail;
