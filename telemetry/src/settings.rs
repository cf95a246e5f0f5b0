//! What a host is *set* to record, as far as it is known. Every part may be unknown, and every value in it.

mod audit;
mod rule;
mod windows;

use serde::{Deserialize, Serialize};

pub use audit::{AuditDaemon, AuditRules, AuditSettings, AuditState, LogFormat, RefusedLine, RulesOrigin};
pub use rule::{
    AuditAction, AuditArch, AuditField, AuditFilter, AuditList, AuditRule, AuditWatch, Comparison,
    ParsePermsError, Perms,
};
pub use windows::{
    AuditPolicy, ChannelSettings, Outcomes, ParseSubcategoryError, Subcategory, WindowsSettings,
};

/// What a host is set to record. `None` is not known, which is never the same as *nothing*.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Settings {
    /// The kernel's audit rules and the audit daemon.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub audit: Option<AuditSettings>,
    /// The systemd journal.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub journald: Option<JournaldSettings>,
    /// The syslog daemon.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub syslog: Option<SyslogDaemon>,
    /// Sysmon, on Windows or Linux.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sysmon: Option<SysmonSettings>,
    /// Windows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub windows: Option<WindowsSettings>,
}

impl Settings {
    /// What of the texts was not understood, line by line: what it sets is not known.
    pub fn not_understood(&self) -> impl Iterator<Item = &str> {
        let refused = self.audit.iter().filter_map(|audit| audit.rules.as_ref()).flat_map(|it| &it.refused);
        let policy = self.windows.iter().filter_map(|windows| windows.audit_policy.as_ref());
        refused
            .map(|refused| &refused.line)
            .chain(self.journald.iter().flat_map(|journald| &journald.not_understood))
            .chain(self.sysmon.iter().flat_map(|sysmon| &sysmon.not_understood))
            .chain(policy.flat_map(|policy| &policy.not_understood))
            .map(String::as_str)
    }
}

/// Where the journal keeps its entries (journald.conf(5), `Storage=`).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum JournalStorage {
    /// On disk, whose folder is created.
    Persistent,
    /// In memory: gone at the next start.
    Volatile,
    /// On disk where `/var/log/journal` exists, in memory otherwise. What holds where nothing is set.
    #[default]
    Auto,
    /// Nowhere.
    None,
}

/// journald.conf(5) with its drop-ins. What is not set is `None`: the daemon's own default holds.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct JournaldSettings {
    /// Where entries are kept.
    pub storage: JournalStorage,
    /// Whether `/var/log/journal` exists.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub folder_exists: Option<bool>,
    /// `RateLimitIntervalSec=` in milliseconds; 0 switches the limit off.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rate_limit_interval_ms: Option<u64>,
    /// `RateLimitBurst=`: entries of one service in that interval; 0 switches the limit off.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rate_limit_burst: Option<u64>,
    /// `ForwardToSyslog=`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub forward_to_syslog: Option<bool>,
    /// `SystemMaxUse=` in bytes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub system_max_use_bytes: Option<u64>,
    /// Lines that were not understood, as written.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub not_understood: Vec<String>,
}

impl JournaldSettings {
    /// Whether entries outlive a restart; `None` where that hangs on a folder that was not looked for.
    #[must_use]
    pub fn outlives_restart(&self) -> Option<bool> {
        match self.storage {
            JournalStorage::Persistent => Some(true),
            JournalStorage::Volatile | JournalStorage::None => Some(false),
            JournalStorage::Auto => self.folder_exists,
        }
    }
}

/// Which program receives syslog lines.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SyslogProgram {
    /// rsyslogd(8).
    Rsyslog,
    /// syslog-ng(8).
    SyslogNg,
    /// None that is known is installed: the journal alone holds such lines.
    NoneKnown,
}

/// The syslog daemon, as far as its configuration shows without being run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SyslogDaemon {
    /// Which.
    pub program: SyslogProgram,
    /// The files that its rules write.
    #[serde(default)]
    pub files: Vec<String>,
    /// Selectors whose lines are thrown away (`*.debug`), as written.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub thrown_away: Vec<String>,
}

/// Whether a list of conditions names what is logged or what is not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OnMatch {
    /// Only what matches is logged; without a condition, nothing.
    Include,
    /// All but what matches is logged; without a condition, everything.
    Exclude,
}

/// One element of a Sysmon configuration.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SysmonFilter {
    /// Its tag, such as `ProcessCreate`.
    pub tag: String,
    /// What its conditions mean.
    pub on_match: OnMatch,
    /// How many conditions it holds, at any depth.
    pub conditions: usize,
}

/// A Sysmon configuration, on Linux or Windows: how much each event tag lets through.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SysmonSettings {
    /// `schemaversion`, as written.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub schema: Option<String>,
    /// The elements below `EventFiltering`, in their order.
    pub filters: Vec<SysmonFilter>,
    /// What of the text was not understood.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub not_understood: Vec<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unknown_folder_leaves_open_whether_the_journal_lasts() {
        let auto = JournaldSettings::default();
        assert_eq!(auto.outlives_restart(), None);
        assert_eq!(
            JournaldSettings { folder_exists: Some(false), ..auto.clone() }.outlives_restart(),
            Some(false)
        );
        let persistent = JournaldSettings { storage: JournalStorage::Persistent, ..auto };
        assert_eq!(persistent.outlives_restart(), Some(true));
    }

    fn known() -> Settings {
        let watch = AuditWatch {
            path: "/etc/passwd".to_owned(),
            perms: "wa".parse().unwrap(),
            keys: vec!["id".to_owned()],
        };
        let field =
            AuditField { field: "auid".to_owned(), op: Comparison::GreaterOrEqual, value: "1000".to_owned() };
        let filter = AuditFilter {
            list: AuditList::Exit,
            action: AuditAction::Always,
            arch: Some(AuditArch::B64),
            syscalls: ["execve".into()].into(),
            perms: None,
            fields: vec![field],
            between: Vec::new(),
            keys: Vec::new(),
        };
        let rules = AuditRules {
            origin: RulesOrigin::Kernel,
            list: vec![AuditRule::Watch(watch), AuditRule::Filter(filter)],
            refused: vec![RefusedLine { line: "-x".to_owned(), why: "unknown".to_owned() }],
        };
        let filters =
            vec![SysmonFilter { tag: "ProcessCreate".to_owned(), on_match: OnMatch::Include, conditions: 3 }];
        Settings {
            audit: Some(AuditSettings {
                rules: Some(rules),
                state: Some(AuditState::Locked),
                lost: Some(7),
                daemon: Some(AuditDaemon { log_format: Some(LogFormat::Enriched), ..AuditDaemon::default() }),
                ..AuditSettings::default()
            }),
            journald: Some(JournaldSettings { folder_exists: Some(true), ..JournaldSettings::default() }),
            syslog: Some(SyslogDaemon {
                program: SyslogProgram::SyslogNg,
                files: vec!["/var/log/auth.log".to_owned()],
                thrown_away: Vec::new(),
            }),
            sysmon: Some(SysmonSettings { schema: None, filters, not_understood: Vec::new() }),
            windows: None,
        }
    }

    /// As first written. Never edit it: what was written must stay readable.
    const PINNED: &str = r#"{"audit":{"rules":{"origin":"kernel","list":[{"watch":{"path":"/etc/passwd","perms":"wa","keys":["id"]}},{"filter":{"list":"exit","action":"always","arch":"b64","syscalls":["execve"],"fields":[{"field":"auid","op":"greater_or_equal","value":"1000"}]}}],"refused":[{"line":"-x","why":"unknown"}]},"state":"locked","lost":7,"daemon":{"log_format":"enriched"}},"journald":{"storage":"auto","folder_exists":true},"syslog":{"program":"syslog-ng","files":["/var/log/auth.log"]},"sysmon":{"filters":[{"tag":"ProcessCreate","on_match":"include","conditions":3}]}}"#;

    #[test]
    fn settings_are_written_and_read_as_pinned() {
        assert_eq!(serde_json::to_string(&known()).unwrap(), PINNED);
        assert_eq!(serde_json::from_str::<Settings>(PINNED).unwrap(), known());
        let newer = PINNED.replace("\"lost\":7", "\"lost\":7,\"added_later\":1");
        assert_eq!(serde_json::from_str::<Settings>(&newer).unwrap(), known());
    }

    #[test]
    fn a_report_carries_settings_and_one_without_them_is_read() {
        use crate::{
            Inventory, Platform,
            report::{HostReport, InventoryDocument, SCHEMA, read_inventories},
        };
        let mut inventory = Inventory::new("web1".into(), Platform::Linux);
        inventory.settings = known();
        let hosts = vec![HostReport::from(&inventory)];
        let json = serde_json::to_string(&InventoryDocument { schema: SCHEMA.to_owned(), hosts }).unwrap();
        assert_eq!(read_inventories(json.as_bytes()).unwrap(), [inventory]);
        let without = r#"{"schema":"blindspot.audit/1","hosts":[{"host":"a","platform":"linux","sources":[],"event_types":[]}]}"#;
        assert_eq!(read_inventories(without.as_bytes()).unwrap()[0].settings, Settings::default());
    }

    #[test]
    fn nothing_known_is_written_as_nothing() {
        assert_eq!(serde_json::to_string(&Settings::default()).unwrap(), "{}");
    }
}
