//! What a host runs, as its event types show it.

use blindspot_telemetry::{EventType, Inventory, Platform, SourceId, SourceKind};

/// Programs that only a Linux system has: where one of them writes, it is no firewall or switch.
const LINUX_PROGRAMS: [&str; 12] = [
    "kernel",
    "systemd",
    "sudo",
    "su",
    "CRON",
    "CROND",
    "crond",
    "dbus-daemon",
    "rsyslogd",
    "auditd",
    "polkitd",
    "useradd",
];

/// The platform that an inventory shows. A host of which nothing was counted runs what its logs are made for.
pub(super) fn of(inventory: &Inventory) -> Platform {
    let types = || inventory.event_types.keys();
    let windows = types().any(|each| matches!(each, EventType::Windows { .. }));
    let linux = types().any(|each| match each {
        EventType::Auditd { .. } | EventType::SysmonLinux { .. } => true,
        EventType::Syslog { program } => {
            LINUX_PROGRAMS.contains(&program.as_str()) || program.as_str().starts_with("systemd-")
        }
        EventType::Windows { .. } => false,
    });
    let device =
        types().any(|each| matches!(each, EventType::Syslog { program } if is_device(program.as_str())));
    let evtx = || {
        inventory.sources.iter().any(|source| {
            source.kind == SourceKind::Evtx
                || source.holds.iter().any(|id| matches!(id, SourceId::Channel(_)))
        })
    };
    match (windows, linux, device) {
        (true, ..) => Platform::Windows,
        (_, true, _) => Platform::Linux,
        (_, _, true) => Platform::Device,
        _ if evtx() => Platform::Windows,
        _ => Platform::Linux,
    }
}

/// True for what stands for a program in the syslog of network devices: the mnemonic of Cisco, `type/subtype` of
/// Fortinet, the log type of Palo Alto.
fn is_device(program: &str) -> bool {
    const FORTINET: [&str; 4] = ["traffic", "event", "utm", "anomaly"];
    const PALO_ALTO: [&str; 6] = ["TRAFFIC", "THREAT", "SYSTEM", "CONFIG", "GLOBALPROTECT", "USERID"];
    program.starts_with('%')
        || PALO_ALTO.contains(&program)
        || program.split_once('/').is_some_and(|(kind, _)| FORTINET.contains(&kind))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn devices_are_known_by_what_stands_for_their_programs() {
        for program in ["%ASA-6-302013", "traffic/forward", "THREAT"] {
            assert!(is_device(program), "{program}");
        }
        for program in ["postfix/smtpd", "sshd", "-", "traffic"] {
            assert!(!is_device(program), "{program}");
        }
    }
}
