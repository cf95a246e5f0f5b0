//! What `auditctl -s` prints: one value a line, or, before audit 2.3, all in one line.

use blindspot_telemetry::settings::AuditSettings;

use super::rule_line::state_of;

/// Fills in what the text says; what it does not say stays as it is.
pub(super) fn read(text: &str, settings: &mut AuditSettings) {
    for (name, value) in pairs(text) {
        match name {
            "enabled" => settings.state = state_of(value).or(settings.state),
            "failure" | "flag" => set(&mut settings.failure, value),
            "pid" => set(&mut settings.pid, value),
            "rate_limit" => set(&mut settings.rate_limit, value),
            "backlog_limit" => set(&mut settings.backlog_limit, value),
            "lost" => set(&mut settings.lost, value),
            "backlog" => set(&mut settings.backlog, value),
            _ => {}
        }
    }
}

fn set<N: std::str::FromStr>(slot: &mut Option<N>, value: &str) {
    if let Ok(number) = value.parse() {
        *slot = Some(number);
    }
}

/// `name value` or `name=value`.
fn pairs(text: &str) -> Vec<(&str, &str)> {
    let mut pairs = Vec::new();
    for line in text.lines() {
        if line.contains('=') {
            pairs.extend(line.split_whitespace().filter_map(|word| word.split_once('=')));
        } else {
            pairs.extend(line.split_once(' ').map(|(name, value)| (name.trim(), value.trim())));
        }
    }
    pairs
}

#[cfg(test)]
mod tests {
    use blindspot_telemetry::settings::AuditState;

    use super::*;

    #[test]
    fn both_forms_say_the_same() {
        let mut new = AuditSettings::default();
        read("enabled 1\nfailure 1\npid 612\nrate_limit 0\nbacklog_limit 64\nlost 7\nbacklog 2\n", &mut new);
        let mut old = AuditSettings::default();
        read(
            "AUDIT_STATUS: enabled=1 flag=1 pid=612 rate_limit=0 backlog_limit=64 lost=7 backlog=2\n",
            &mut old,
        );
        assert_eq!(new, old);
        assert_eq!((new.state, new.lost, new.pid), (Some(AuditState::On), Some(7), Some(612)));
    }

    #[test]
    fn what_is_no_number_changes_nothing() {
        let mut settings = AuditSettings::default();
        read("enabled 9\nlost many\nloginuid_immutable 0 unlocked\n", &mut settings);
        assert_eq!(settings, AuditSettings::default());
    }
}
