//! What is known of the machine that this runs on, and of file names on any: where logs and settings are, and what
//! their absence means.
//!
//! - [`promised`], [`stream`]: what a file's name says.
//! - [`log_folders`], [`absent`]: where this machine's logs are, and what is said where they are not.
//! - [`is_settings`], [`own_settings`]: what this machine is set to record.

mod name;
mod own;
mod settings;

pub use self::{
    name::{SYSLOG_NAMES, promised, stream, without_rotation},
    own::{Absent, absent, how_to_allow_agent, how_to_be_allowed, log_folders, own_streams},
    settings::{is_settings, own_settings, read_settings},
};

/// Something that could not be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trouble {
    /// The file or folder.
    pub place: String,
    /// What is wrong and, where there is one, the next step.
    pub what: String,
}
