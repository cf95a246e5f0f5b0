//! The server file: where the collector listens, what it keeps where, and what it judges by.

use std::{
    net::SocketAddr,
    path::{Path, PathBuf},
};

use blindspot_agent::{
    config::file::{self, ConfigError, Settings, outside},
    process::LogForm,
};
use serde::Deserialize;

/// What a server file says. Every key has a default; keys that are not known are refused.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// Where it listens for agents and people, both over TLS.
    pub listen: SocketAddr,
    /// How agents and people reach it from elsewhere; what enrolment strings carry. Without it, this machine's name and
    /// the port of `listen`.
    pub url: Option<String>,
    /// Other names and addresses that its certificate is valid for.
    pub names: Vec<String>,
    /// Folder of its own files: authority, database (unless another is named).
    pub data: PathBuf,
    /// `sqlite:FILE` or `postgres://...`; without it, a SQLite file in `data`.
    pub database: Option<String>,
    /// Certificate and key of a public or company authority, instead of its own.
    pub tls: Option<TlsFiles>,
    /// What is judged.
    pub detections: DetectionFiles,
    /// Seconds between two reports of one agent.
    pub interval_s: u32,
    /// Days back from now that count.
    pub window_days: u32,
    /// Hours after the last report for which a host's verdicts keep their last value.
    pub stale_after_h: u32,
    /// How much strangers may take.
    pub limits: Limits,
    /// True where `/metrics` answers without a token.
    pub open_metrics: bool,
    /// How it logs.
    pub log: LogForm,
}

/// A certificate that somebody else vouches for.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TlsFiles {
    /// The certificate and its chain, in PEM.
    pub certificate: PathBuf,
    /// Its key, in PEM.
    pub key: PathBuf,
}

/// Where detections come from.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct DetectionFiles {
    /// Folders or files of Sigma rules, read again when they change.
    pub rules: Vec<PathBuf>,
    /// A team's own detections, as TOML or CSV.
    pub own: Vec<PathBuf>,
    /// True where ATT&CK's analytics are judged beside the rules. Without any rules they always are.
    pub analytics: bool,
    /// A bundle, or a folder that `catalog import` wrote, instead of the embedded ATT&CK.
    pub attack: Option<PathBuf>,
    /// Folder with catalogue tables that override the embedded ones.
    pub catalog: Option<PathBuf>,
}

/// How much strangers may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Limits {
    /// Open connections, all together.
    pub connections: usize,
    /// Open connections of one address.
    pub per_address: usize,
    /// Enrolments of one address in a minute.
    pub enrolments_per_minute: u32,
    /// Seconds that must lie between two reports of one agent.
    pub report_every_s: u32,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from(([0, 0, 0, 0], 8443)),
            url: None,
            names: Vec::new(),
            data: PathBuf::from("/var/lib/blindspot"),
            database: None,
            tls: None,
            detections: DetectionFiles::default(),
            interval_s: 300,
            window_days: 7,
            stale_after_h: 24,
            limits: Limits::default(),
            open_metrics: false,
            log: LogForm::Text,
        }
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self { connections: 4096, per_address: 64, enrolments_per_minute: 5, report_every_s: 15 }
    }
}

impl Config {
    /// Reads a server file.
    ///
    /// # Errors
    /// Where it cannot be read, has a key that is not known, or a value that cannot be.
    pub fn read(path: &Path) -> Result<Self, ConfigError> {
        file::read(path)
    }

    /// The address that enrolment strings carry.
    #[must_use]
    pub fn public_url(&self, own_name: &str) -> String {
        let url = self.url.clone().unwrap_or_else(|| format!("https://{own_name}:{}", self.listen.port()));
        url.trim_end_matches('/').to_owned()
    }

    /// Where the database is.
    #[must_use]
    pub fn database_url(&self) -> String {
        let file = || format!("sqlite:{}", self.data.join("blindspot.db").display());
        self.database.clone().unwrap_or_else(file)
    }
}

impl Settings for Config {
    const NAME: &'static str = "server file";
    const EXAMPLE: &'static str = "config/server.toml";

    fn wrong(&self) -> Option<String> {
        outside("interval_s", self.interval_s.into(), 15..=3600)
            .or_else(|| outside("window_days", self.window_days.into(), 1..=14))
            .or_else(|| outside("stale_after_h", self.stale_after_h.into(), 1..=24 * 14))
            .or_else(|| {
                let url = self.url.as_deref()?;
                (!url.starts_with("https://"))
                    .then(|| format!("url is `{url}`; it has to begin with https://"))
            })
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    fn read(text: &str) -> Result<Config, String> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("server.toml");
        fs::write(&path, text).unwrap();
        Config::read(&path).map_err(|error| crate::chain(&error))
    }

    #[test]
    fn the_shipped_file_is_read_and_says_the_defaults() {
        let shipped = include_str!("../../../config/server.toml");
        let config = read(shipped).unwrap();
        assert_eq!(format!("{config:?}"), format!("{:?}", Config::default()));
        let every =
            shipped.lines().filter(|line| line.starts_with('#')).map(|line| line.trim_start_matches('#'));
        let settings: Vec<&str> =
            every.filter(|line| line.contains(" = ") && !line.starts_with("  ")).map(str::trim).collect();
        assert!(settings.len() >= 15, "{settings:?}");
    }

    #[test]
    fn what_is_wrong_is_named_with_its_place() {
        assert!(read("listne = '1.2.3.4:1'").unwrap_err().contains("listne"));
        assert!(read("interval_s = 5").unwrap_err().contains("15 to 3600"));
        assert!(read("url = 'http://c'").unwrap_err().contains("https://"));
        assert!(read("listen = 3").unwrap_err().contains("line 1"));
    }
}
