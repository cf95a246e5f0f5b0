//! Bytes of configuration files, of `auditctl` and of `auditpol` to what a host is set to record.
//!
//! - [`SettingsFile`]: what was found, and what it is.
//! - [`read`]: all of it to [`Settings`]. Nothing is fatal: what is not understood is listed beside what is.

mod auditd_conf;
mod auditpol;
mod journald;
mod rule_line;
mod rules;
mod status;
mod syslog_conf;
mod sysmon;
mod text;
mod wevtutil;

use blindspot_telemetry::{
    Settings,
    settings::{AuditSettings, JournaldSettings, RulesOrigin, SyslogDaemon, SyslogProgram, WindowsSettings},
};

/// What a text is. Its bytes need no path to be understood, so that a copied folder does as well as a live host.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SettingsKind {
    /// What `auditctl -l` printed.
    LoadedAuditRules,
    /// What `auditctl -s` printed.
    AuditStatus,
    /// `/etc/audit/audit.rules`, which auditd's start loads.
    AuditRules,
    /// A file of `/etc/audit/rules.d`, of which augenrules(8) makes the former.
    AuditRulesPart,
    /// `/etc/audit/auditd.conf`.
    AuditdConf,
    /// `journald.conf` or a drop-in of it.
    JournaldConf,
    /// `/etc/rsyslog.conf` or a file that it includes.
    RsyslogConf,
    /// `/etc/syslog-ng/syslog-ng.conf` or a file that it includes.
    SyslogNgConf,
    /// The XML configuration of Sysmon, on Windows or Linux.
    SysmonConf,
    /// The audit policy of Windows: what `auditpol` wrote, or the `audit.csv` of a group policy.
    AuditPolicy,
    /// What `wevtutil gl` printed of Windows event logs.
    Channels,
}

impl SettingsKind {
    /// What a file is, by its path on a host or in a copy of one.
    #[must_use]
    pub fn of_path(path: &str) -> Option<Self> {
        let path = path.replace('\\', "/");
        let mut parts = path.rsplit('/');
        let (name, folder) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
        let ends = |ending: &str| name.ends_with(ending);
        let (lower, in_lower) = (name.to_ascii_lowercase(), folder.to_ascii_lowercase());
        let is_table = lower.ends_with(".csv") || lower.ends_with(".txt");
        if lower.contains("auditpol") && is_table
            || (lower.as_str(), in_lower.as_str()) == ("audit.csv", "audit")
        {
            return Some(Self::AuditPolicy);
        }
        if lower.contains("wevtutil") && lower.ends_with(".txt") {
            return Some(Self::Channels);
        }
        if lower.contains("sysmon") && lower.ends_with(".xml") {
            return Some(Self::SysmonConf);
        }
        match (name, folder) {
            ("audit.rules", _) => Some(Self::AuditRules),
            (_, "rules.d") if ends(".rules") && path.contains("audit") => Some(Self::AuditRulesPart),
            ("auditd.conf", _) => Some(Self::AuditdConf),
            ("journald.conf", _) => Some(Self::JournaldConf),
            (_, "journald.conf.d") if ends(".conf") => Some(Self::JournaldConf),
            ("rsyslog.conf", _) => Some(Self::RsyslogConf),
            (_, "rsyslog.d") if ends(".conf") => Some(Self::RsyslogConf),
            ("syslog-ng.conf", _) => Some(Self::SyslogNgConf),
            (_, "conf.d") if ends(".conf") && path.contains("syslog-ng") => Some(Self::SyslogNgConf),
            ("config.xml", "sysmon") => Some(Self::SysmonConf),
            _ => None,
        }
    }
}

/// One text that says something of a host's settings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SettingsFile {
    /// What it is.
    pub kind: SettingsKind,
    /// Its path or name: files of one kind take effect in the order of their names.
    pub name: String,
    /// What it holds.
    pub bytes: Vec<u8>,
}

/// What was looked at on one host.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SettingsFiles {
    /// The texts that were found, in any order.
    pub files: Vec<SettingsFile>,
    /// Whether `/var/log/journal` exists; `None` where nobody looked.
    pub journal_folder: Option<bool>,
    /// True where a syslog daemon was looked for in the usual places: finding none then means that there is none.
    pub looked_for_syslog: bool,
}

impl SettingsFiles {
    /// The texts of one kind, in the order of their file names.
    fn of(&self, kind: SettingsKind) -> Vec<(&str, String)> {
        let mut found: Vec<_> = self.files.iter().filter(|file| file.kind == kind).collect();
        found.sort_by(|a, b| rules::natural(file_name(&a.name), file_name(&b.name)));
        found
            .into_iter()
            .map(|file| (file.name.as_str(), String::from_utf8_lossy(&file.bytes).into_owned()))
            .collect()
    }
}

fn file_name(path: &str) -> &str {
    path.rsplit(['/', '\\']).next().unwrap_or(path)
}

/// What the texts say.
///
/// Of audit rules the kernel's own list counts first, then the parts of which the rules file is made, then that file.
#[must_use]
pub fn read(files: &SettingsFiles) -> Settings {
    Settings {
        audit: audit(files),
        journald: journald(files),
        syslog: syslog(files),
        sysmon: files.of(SettingsKind::SysmonConf).last().map(|(_, text)| sysmon::read(text)),
        windows: windows(files),
    }
}

fn windows(files: &SettingsFiles) -> Option<WindowsSettings> {
    let of = |kind| files.files.iter().filter(move |file| file.kind == kind);
    let settings = WindowsSettings {
        audit_policy: of(SettingsKind::AuditPolicy).next_back().map(|file| auditpol::read(&file.bytes)),
        channels: of(SettingsKind::Channels)
            .flat_map(|file| wevtutil::read(&text::decode(&file.bytes)))
            .collect(),
    };
    (settings != WindowsSettings::default()).then_some(settings)
}

fn audit(files: &SettingsFiles) -> Option<AuditSettings> {
    let mut settings = AuditSettings::default();
    let main: Vec<_> = files.of(SettingsKind::AuditRules).into_iter().map(|(_, text)| text).collect();
    let parts: Vec<_> = files.of(SettingsKind::AuditRulesPart).into_iter().map(|(_, text)| text).collect();
    let from_files = if parts.is_empty() { rules::file(&main) } else { Some(rules::merged(&parts)) };
    if let Some(loaded) = from_files {
        settings.state = loaded.state;
        settings.failure = loaded.failure;
        settings.backlog_limit = loaded.backlog_limit;
        settings.rate_limit = loaded.rate_limit;
        settings.rules = Some(loaded.rules(RulesOrigin::Files));
    }
    if let Some((_, text)) = files.of(SettingsKind::AuditStatus).last() {
        status::read(text, &mut settings);
    }
    if let Some(rules) = files.of(SettingsKind::LoadedAuditRules).last().and_then(|(_, it)| rules::listed(it))
    {
        settings.rules = Some(rules);
    }
    settings.daemon = files.of(SettingsKind::AuditdConf).last().map(|(_, text)| auditd_conf::read(text));
    (settings != AuditSettings::default()).then_some(settings)
}

fn journald(files: &SettingsFiles) -> Option<JournaldSettings> {
    let mut texts = files.of(SettingsKind::JournaldConf);
    if texts.is_empty() && files.journal_folder.is_none() {
        return None;
    }
    // Drop-ins override the main file, whatever their names.
    texts.sort_by_key(|(name, _)| file_name(name) != "journald.conf");
    let mut settings = JournaldSettings { folder_exists: files.journal_folder, ..Default::default() };
    for (_, text) in &texts {
        journald::read(text, &mut settings);
    }
    Some(settings)
}

fn syslog(files: &SettingsFiles) -> Option<SyslogDaemon> {
    let rsyslog = files.of(SettingsKind::RsyslogConf);
    let syslog_ng = files.of(SettingsKind::SyslogNgConf);
    let texts = |found: Vec<(&str, String)>| found.into_iter().map(|(_, text)| text).collect::<Vec<_>>();
    match (rsyslog.is_empty(), syslog_ng.is_empty()) {
        (false, _) => Some(syslog_conf::rsyslog(&texts(rsyslog))),
        (true, false) => Some(syslog_conf::syslog_ng(&texts(syslog_ng))),
        (true, true) => files.looked_for_syslog.then(|| SyslogDaemon {
            program: SyslogProgram::NoneKnown,
            files: Vec::new(),
            thrown_away: Vec::new(),
        }),
    }
}

#[cfg(test)]
mod tests;
