//! What a person sets: the agent's file, with a default for every key.

pub mod file;

use std::path::{Path, PathBuf};

use blindspot_sampling::machine;
use blindspot_telemetry::SourceKind;
use jiff::tz::TimeZone;
use serde::Deserialize;

use crate::process::LogForm;
use file::{ConfigError, Settings, outside};

/// The agent's file. Keys that are not known are refused.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// Where the agent keeps what it counted, and who it is.
    pub state_dir: PathBuf,
    /// Folders and files of logs that this machine writes; none means its own.
    pub logs: Vec<PathBuf>,
    /// Files and folders that hold other machines' lines.
    pub relays: Vec<PathBuf>,
    /// Kinds of logs that are not read.
    pub off: Vec<Kind>,
    /// How far back the first start reads, in days.
    pub lookback_days: u32,
    /// The host's name in reports.
    pub name: Option<String>,
    /// The zone of log times that name none.
    pub zone: Option<String>,
    /// Seconds between two reports, until the collector says otherwise.
    pub interval_s: u32,
    /// A proxy for the way to the collector.
    pub proxy: Option<String>,
    /// How the agent logs.
    pub log: LogForm,
    /// What it may take of its host.
    pub limits: Limits,
}

/// A kind of log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// Windows event log files.
    Evtx,
    /// The Linux audit log.
    Auditd,
    /// Syslog files.
    Syslog,
    /// The systemd journal.
    Journal,
}

impl From<Kind> for SourceKind {
    fn from(kind: Kind) -> Self {
        match kind {
            Kind::Evtx => Self::Evtx,
            Kind::Auditd => Self::Auditd,
            Kind::Syslog => Self::Syslog,
            Kind::Journal => Self::Journal,
        }
    }
}

/// What the agent may take of its host.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Limits {
    /// Resident memory, in MiB, at which it ends.
    pub rss_mb: u64,
    /// Processor time of one core over six seconds, in percent.
    pub cpu_percent: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self { rss_mb: 64, cpu_percent: 5 }
    }
}

impl Default for Config {
    fn default() -> Self {
        let state =
            if cfg!(windows) { r"C:\ProgramData\Blindspot\agent" } else { "/var/lib/blindspot-agent" };
        Self {
            state_dir: PathBuf::from(state),
            logs: Vec::new(),
            relays: Vec::new(),
            off: Vec::new(),
            lookback_days: 14,
            name: None,
            zone: None,
            interval_s: 300,
            proxy: None,
            log: LogForm::Text,
            limits: Limits::default(),
        }
    }
}

impl Config {
    /// Reads a file.
    ///
    /// # Errors
    /// Where it cannot be read, has a key that is not known, or a value that cannot be.
    pub fn read(path: &Path) -> Result<Self, ConfigError> {
        file::read(path)
    }

    /// The folders and files of this machine's own logs.
    #[must_use]
    pub fn roots(&self) -> Vec<PathBuf> {
        if self.logs.is_empty() { machine::log_folders() } else { self.logs.clone() }
    }

    /// The zone of log times that name none.
    #[must_use]
    pub fn time_zone(&self) -> TimeZone {
        self.zone.as_deref().and_then(|zone| TimeZone::get(zone).ok()).unwrap_or_else(TimeZone::system)
    }
}

impl Settings for Config {
    const NAME: &'static str = "agent's file";
    const EXAMPLE: &'static str = "config/agent.toml";

    fn wrong(&self) -> Option<String> {
        outside("interval_s", self.interval_s.into(), 15..=3600)
            .or_else(|| outside("lookback_days", self.lookback_days.into(), 0..=3650))
            .or_else(|| outside("limits.rss_mb", self.limits.rss_mb, 32..=4096))
            .or_else(|| outside("limits.cpu_percent", self.limits.cpu_percent.into(), 1..=100))
            .or_else(|| {
                let zone = self.zone.as_deref()?;
                TimeZone::get(zone)
                    .is_err()
                    .then(|| format!("zone is `{zone}`, which is none; one reads like Europe/Berlin"))
            })
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    fn read(text: &str) -> Result<Config, String> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("agent.toml");
        fs::write(&path, text).unwrap();
        Config::read(&path).map_err(|error| crate::chain(&error))
    }

    /// The lines that show a key, without their mark.
    fn shown(file: &str) -> String {
        let keys = file.lines().map(|line| match line.strip_prefix('#') {
            Some(key) if !key.starts_with(' ') && key.contains(" = ") => key,
            _ if line.starts_with('[') => line,
            _ => "",
        });
        keys.collect::<Vec<_>>().join("\n")
    }

    #[test]
    fn the_shipped_file_shows_every_key_with_its_default() {
        let shipped = include_str!("../../config/agent.toml");
        assert_eq!(read(shipped).unwrap(), Config::default());
        let all = read(&shown(shipped)).unwrap();
        let defaults = Config::default();
        assert_eq!((all.state_dir, all.lookback_days, all.interval_s), (defaults.state_dir, 14, 300));
        assert_eq!((all.limits, all.log), (defaults.limits, defaults.log));
        assert!(all.name.is_some() && all.proxy.is_some() && all.zone.is_some());
    }

    #[test]
    fn what_is_wrong_is_named_with_its_place() {
        assert!(read("state-dir = '/x'").unwrap_err().contains("state-dir"));
        assert!(read("\ninterval_s = 5").unwrap_err().contains("15 to 3600"));
        assert!(read("off = ['registry']").unwrap_err().contains("registry"));
        assert!(read("zone = 'Mars/Olympus'").unwrap_err().contains("Mars/Olympus"));
        assert!(read("\n\nlogs = 3").unwrap_err().contains("line 3"));
    }
}
