//! auditd.conf(5): `name = value`, one a line.

use blindspot_telemetry::settings::{AuditDaemon, LogFormat};

/// What the text says.
pub(super) fn read(text: &str) -> AuditDaemon {
    let mut daemon = AuditDaemon::default();
    for line in text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#')) {
        let understood =
            line.split_once('=').map(|(name, value)| set(&mut daemon, name.trim(), value.trim()));
        if understood != Some(true) {
            daemon.not_understood.push(line.to_owned());
        }
    }
    daemon
}

/// True where the value is one of those that the name takes. Other names are none of our business.
fn set(daemon: &mut AuditDaemon, name: &str, value: &str) -> bool {
    let lower = value.to_ascii_lowercase();
    match name.to_ascii_lowercase().as_str() {
        "write_logs" => {
            daemon.write_logs = match lower.as_str() {
                "yes" => Some(true),
                "no" => Some(false),
                _ => return false,
            };
        }
        "log_format" => {
            daemon.log_format = Some(match lower.as_str() {
                "raw" => LogFormat::Raw,
                "enriched" => LogFormat::Enriched,
                _ => LogFormat::Unknown,
            });
            // The old way to say it.
            if lower == "nolog" {
                daemon.write_logs = Some(false);
            }
        }
        "log_file" => daemon.log_file = Some(value.to_owned()),
        "max_log_file" => return number(&mut daemon.max_log_file_mib, value),
        "num_logs" => return number(&mut daemon.num_logs, value),
        "max_log_file_action" => daemon.max_log_file_action = Some(lower),
        "name_format" => daemon.name_format = Some(lower),
        _ => {}
    }
    true
}

fn number(slot: &mut Option<u64>, value: &str) -> bool {
    *slot = value.parse().ok();
    slot.is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_found_in_any_case_and_odd_values_are_listed() {
        let text = "# c\nlocal_events = yes\nwrite_logs = yes\nlog_file = /var/log/audit/audit.log\nLOG_FORMAT = ENRICHED\nmax_log_file = 8\nnum_logs = many\nmax_log_file_action = ROTATE\nname_format = NONE\nodd\n";
        let daemon = read(text);
        assert_eq!(daemon.log_format, Some(LogFormat::Enriched));
        assert_eq!((daemon.write_logs, daemon.max_log_file_mib), (Some(true), Some(8)));
        assert_eq!(daemon.max_log_file_action.as_deref(), Some("rotate"));
        assert_eq!(daemon.not_understood, ["num_logs = many", "odd"]);
    }

    #[test]
    fn nolog_is_the_old_way_to_write_none() {
        let daemon = read("log_format = NOLOG");
        assert_eq!((daemon.write_logs, daemon.log_format), (Some(false), Some(LogFormat::Unknown)));
    }
}
