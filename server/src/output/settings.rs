//! What a host is set to record, in a line or two for people; the JSON has all of it.

use blindspot_telemetry::{
    Settings,
    settings::{
        AuditPolicy, AuditSettings, AuditState, JournaldSettings, RulesOrigin, SyslogDaemon, SyslogProgram,
    },
};

/// One phrase per part that is known.
#[must_use]
pub fn phrases(settings: &Settings) -> Vec<String> {
    let sysmon = settings.sysmon.as_ref();
    let parts = [
        settings.audit.as_ref().map(audit),
        settings.journald.as_ref().map(journald),
        settings.syslog.as_ref().map(syslog),
        sysmon.map(|sysmon| format!("Sysmon filters {} kinds of event", sysmon.filters.len())),
        settings.windows.as_ref().and_then(|windows| windows.audit_policy.as_ref()).map(audit_policy),
    ];
    parts.into_iter().flatten().collect()
}

fn audit_policy(policy: &AuditPolicy) -> String {
    let audited = policy.subcategories.values().filter(|outcomes| outcomes.any()).count();
    format!("{audited} of {} subcategories audited that are known", policy.subcategories.len())
}

fn audit(audit: &AuditSettings) -> String {
    let mut said = vec![match &audit.rules {
        None => "audit rules not known".to_owned(),
        Some(rules) if rules.list.is_empty() => "no audit rules".to_owned(),
        Some(rules) => {
            let from = match rules.origin {
                RulesOrigin::Kernel => "loaded",
                RulesOrigin::Files => "in files",
            };
            format!("{} audit rules {from}", rules.list.len())
        }
    }];
    match audit.state {
        Some(AuditState::Off) => said.push("auditing switched off".to_owned()),
        Some(AuditState::Locked) => said.push("locked".to_owned()),
        Some(AuditState::On) | None => (),
    }
    if audit.pid == Some(0) {
        said.push("no daemon connected".to_owned());
    }
    if let Some(lost) = audit.lost.filter(|lost| *lost > 0) {
        said.push(format!("{lost} records lost since the start"));
    }
    said.join(", ")
}

fn journald(journald: &JournaldSettings) -> String {
    let mut said = match journald.outlives_restart() {
        Some(true) => "journal kept on disk".to_owned(),
        Some(false) => "journal gone at the next start".to_owned(),
        None => "journal".to_owned(),
    };
    if let Some(burst) = journald.rate_limit_burst {
        said.push_str(&format!(", rate limit {burst} per service"));
    }
    said
}

fn syslog(syslog: &SyslogDaemon) -> String {
    let program = match syslog.program {
        SyslogProgram::Rsyslog => "rsyslog",
        SyslogProgram::SyslogNg => "syslog-ng",
        SyslogProgram::NoneKnown => return "no syslog daemon".to_owned(),
    };
    let thrown = match syslog.thrown_away.as_slice() {
        [] => String::new(),
        selectors => format!(", throws away {}", selectors.join(" ")),
    };
    format!("{program} writes {} files{thrown}", syslog.files.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_known_is_said_and_what_is_not_is_not() {
        assert!(phrases(&Settings::default()).is_empty());
        let audit = AuditSettings { pid: Some(0), lost: Some(7), ..AuditSettings::default() };
        let settings = Settings { audit: Some(audit), ..Settings::default() };
        assert_eq!(
            phrases(&settings),
            ["audit rules not known, no daemon connected, 7 records lost since the start"]
        );
    }
}
