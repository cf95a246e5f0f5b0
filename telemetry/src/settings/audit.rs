//! The Linux audit system's settings.

use serde::{Deserialize, Serialize};

use super::AuditRule;

/// What is known of the audit system of one host.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuditSettings {
    /// The rules; `None` where they could not be read. Read and none is an empty list.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rules: Option<AuditRules>,
    /// Whether the kernel audits, by `auditctl -s` or a rules file's `-e`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub state: Option<AuditState>,
    /// The audit daemon's process; 0 where none is connected to the kernel.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pid: Option<u32>,
    /// What the kernel does when it cannot record: 0 nothing, 1 a kernel message, 2 panic.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failure: Option<u32>,
    /// Records that the kernel had to drop since it started.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lost: Option<u64>,
    /// Records that wait for the daemon.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub backlog: Option<u64>,
    /// How many may wait.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub backlog_limit: Option<u64>,
    /// Messages per second above which the kernel drops; 0 is no limit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rate_limit: Option<u64>,
    /// auditd.conf(5).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub daemon: Option<AuditDaemon>,
}

/// Whether the kernel audits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AuditState {
    /// `enabled 0`: no rule has an effect, and messages of programs are dropped.
    Off,
    /// `enabled 1`.
    On,
    /// `enabled 2`: on, and settings are locked until the next start.
    Locked,
}

/// Who says what the rules are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RulesOrigin {
    /// The kernel itself (`auditctl -l`).
    Kernel,
    /// Files below `/etc/audit`: what is loaded at the next start, unless a line is refused.
    Files,
}

/// The rules in their order. Within one list the first that matches decides.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuditRules {
    /// Who says so.
    pub origin: RulesOrigin,
    /// The rules.
    pub list: Vec<AuditRule>,
    /// Lines that load no rule.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub refused: Vec<RefusedLine>,
}

/// A line that loads no rule: auditctl refuses it, or we do not understand it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RefusedLine {
    /// As written.
    pub line: String,
    /// Why, in few words.
    pub why: String,
}

/// How auditd writes records.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LogFormat {
    /// As the kernel sends them.
    Raw,
    /// With names of users, calls and architectures added.
    Enriched,
    /// Another word, or the old `NOLOG`.
    Unknown,
}

/// auditd.conf(5). What is not set is `None`: the daemon's own default holds.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuditDaemon {
    /// Whether records are written to the log at all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub write_logs: Option<bool>,
    /// How.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub log_format: Option<LogFormat>,
    /// Where.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub log_file: Option<String>,
    /// Size in MiB from which a file is rotated.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_log_file_mib: Option<u64>,
    /// How many files are kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub num_logs: Option<u64>,
    /// What is done with a full file, in lower case (`rotate`, `keep_logs`, `ignore`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_log_file_action: Option<String>,
    /// How the host is named in records, in lower case (`none`, `hostname`, `fqd`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name_format: Option<String>,
    /// Lines that were not understood, as written.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub not_understood: Vec<String>,
}

impl AuditSettings {
    /// The rules where they are known; an empty list where they were read and there are none.
    #[must_use]
    pub fn known_rules(&self) -> Option<&[AuditRule]> {
        self.rules.as_ref().map(|rules| rules.list.as_slice())
    }
}
