//! Which Windows events a log name with event ids means, where the log is misnamed too.

use std::sync::LazyLock;

use blindspot_telemetry::{EventId, EventTypePattern, Provider, WindowsChannel};

use super::reading::{Class, Reading, Target};

/// Log names of ATT&CK, in lower case and without `WinEventLog:`, that are no channel names themselves.
const CHANNELS: &[(&str, &str)] = &[
    ("application", "Application"),
    ("codeintegrity", "Microsoft-Windows-CodeIntegrity/Operational"),
    ("microsoft-office-alerts", "OAlerts"),
    ("microsoft-windows-smbclient/security", "Microsoft-Windows-SmbClient/Security"),
    ("microsoft-windows-wlan-autoconfig", "Microsoft-Windows-WLAN-AutoConfig/Operational"),
    ("security", "Security"),
    ("sysmon", "Microsoft-Windows-Sysmon/Operational"),
    ("system", "System"),
    ("taskscheduler", "Microsoft-Windows-TaskScheduler/Operational"),
    ("windows defender", "Microsoft-Windows-Windows Defender/Operational"),
    ("winrm", "Microsoft-Windows-WinRM/Operational"),
    ("wmi", "Microsoft-Windows-WMI-Activity/Operational"),
    ("wmi-activity", "Microsoft-Windows-WMI-Activity/Operational"),
];

/// Ids that ATT&CK files under a log that does not hold them. An empty list is an id that no known provider writes.
const CORRECTIONS: &[(&str, u16, &[&str])] = &[
    ("Security", 1, &["sysmon:1"]),
    ("Security", 1074, &["system[User32]:1074"]),
    ("Security", 1166, &[]),
    ("Security", 3033, &["Microsoft-Windows-CodeIntegrity/Operational:3033"]),
    ("Security", 4103, &["powershell:4103", "powershell-core:4103"]),
    ("Security", 4104, &["powershell:4104", "powershell-core:4104"]),
    ("Security", 4105, &["powershell:4105", "powershell-core:4105"]),
    ("Security", 4106, &["powershell:4106", "powershell-core:4106"]),
    ("Security", 7036, &["system[Service Control Manager]:7036"]),
    ("Security", 7040, &["system[Service Control Manager]:7040"]),
    ("Security", 7045, &["system[Service Control Manager]:7045"]),
    ("System", 106, &["Microsoft-Windows-TaskScheduler/Operational:106"]),
    ("System", 200, &["Microsoft-Windows-TaskScheduler/Operational:200"]),
    ("System", 1000, &["application[Application Error]:1000"]),
    ("System", 1006, &["Microsoft-Windows-Partition/Diagnostic:1006"]),
    ("System", 2003, &["Microsoft-Windows-DriverFrameworks-UserMode/Operational:2003"]),
    ("System", 4016, &["Microsoft-Windows-GroupPolicy/Operational:4016"]),
    ("System", 5312, &["Microsoft-Windows-GroupPolicy/Operational:5312"]),
    ("System", 8001, &["Microsoft-Windows-WLAN-AutoConfig/Operational:8001"]),
];

/// Ids of shared channels and who writes them: an id of another provider is another event.
const PROVIDERS: &[(&str, &[u16], &str)] = &[
    ("Application", &[1000], "Application Error"),
    ("Application", &[1002], "Application Hang"),
    ("Application", &[1026], ".NET Runtime"),
    ("Security", &[299, 500, 1200, 1202], "AD FS Auditing"),
    ("System", &[1020, 1063, 1341, 1342], "Microsoft-Windows-DHCP-Server"),
    ("System", &[1074], "User32"),
    ("System", &[1502, 1503], "Microsoft-Windows-GroupPolicy"),
    (
        "System",
        &[7000, 7001, 7009, 7022, 7023, 7024, 7031, 7034, 7035, 7036, 7040, 7045],
        "Service Control Manager",
    ),
    ("System", &[10001], "Microsoft-Windows-DriverFrameworks-UserMode"),
];

/// Firewall ids of Windows 10 and what Windows 11 writes in their place (SigmaHQ's firewall-as rules name both).
const FIREWALL_PAIRS: &[(u16, u16)] =
    &[(2002, 2083), (2003, 2082), (2004, 2071), (2005, 2073), (2006, 2052), (2032, 2060), (2033, 2059)];

const FIREWALL: &str = "Microsoft-Windows-Windows Firewall With Advanced Security/Firewall";

/// The table above, parsed once.
static CORRECTED: LazyLock<Vec<(&'static str, u16, Vec<Target>)>> = LazyLock::new(|| {
    let parse = |texts: &[&str]| texts.iter().filter_map(|text| text.parse().ok()).collect();
    CORRECTIONS.iter().map(|(channel, id, texts)| (*channel, *id, parse(texts))).collect()
});

/// Reads event ids under a log name; `None` where the name is no log that is known.
pub(super) fn read(name: &str, ids: &[EventId]) -> Option<Reading> {
    let log = name.trim();
    let log = log
        .get(..12)
        .filter(|prefix| prefix.eq_ignore_ascii_case("WinEventLog:"))
        .map_or(log, |_| log.get(12..).unwrap_or_default());
    let lower = log.trim().to_ascii_lowercase();
    if lower == "powershell" {
        return Some(Reading::new(Class::Exact, ids.iter().flat_map(|id| powershell(*id)).collect()));
    }
    let channel = CHANNELS.iter().find(|(known, _)| *known == lower).map(|(_, channel)| *channel);
    // A name with a slash is a channel's own name.
    let channel = channel.or_else(|| log.contains('/').then_some(log.trim()))?;
    let mut targets = Vec::new();
    let mut class = Class::Exact;
    for id in ids {
        let correction = CORRECTED.iter().find(|(log, wrong, _)| *log == channel && *wrong == id.0);
        match correction {
            Some((_, _, right)) => {
                class = Class::ExactCorrected;
                targets.extend(right.iter().cloned());
            }
            None => targets.extend(events(channel, *id)),
        }
    }
    if targets.is_empty() {
        return None;
    }
    Some(Reading::new(class, targets))
}

/// An event of a channel, with the provider where others write that channel too.
fn events(channel: &str, id: EventId) -> Vec<Target> {
    let provider = PROVIDERS.iter().find(|(log, ids, _)| *log == channel && ids.contains(&id.0));
    let mut targets = vec![Target::exact(EventTypePattern::Windows {
        channel: WindowsChannel::new(channel),
        provider: provider.map(|(_, _, provider)| Provider::new(*provider)),
        event_id: id,
    })];
    if channel.eq_ignore_ascii_case(FIREWALL) {
        let twin = FIREWALL_PAIRS.iter().find(|(old, _)| *old == id.0).map(|(_, new)| EventId(*new));
        targets.extend(twin.into_iter().flat_map(|new| events(channel, new)));
    }
    targets
}

/// Windows PowerShell and PowerShell 7 log to two channels; the engine's life cycle is in the old one.
fn powershell(id: EventId) -> Vec<Target> {
    let channels: &[&str] = match id.0 {
        400..=800 => &["Windows PowerShell"],
        4103..=4106 => &["Microsoft-Windows-PowerShell/Operational", "PowerShellCore/Operational"],
        _ => &["Microsoft-Windows-PowerShell/Operational"],
    };
    channels.iter().flat_map(|channel| events(channel, id)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::attack::table::join;

    fn text(name: &str, ids: &[u16]) -> String {
        let ids: Vec<_> = ids.iter().copied().map(EventId).collect();
        read(name, &ids)
            .map_or("?".to_owned(), |reading| format!("{} {}", reading.class.as_str(), join(reading.targets)))
    }

    #[test]
    fn a_log_name_with_ids_is_exact() {
        assert_eq!(text("WinEventLog:Sysmon", &[13, 14]), "exact sysmon:13;sysmon:14");
        assert_eq!(text("wineventlog:security", &[4688]), "exact security:4688");
        assert_eq!(text("WinEventLog:System", &[7045]), "exact system[Service Control Manager]:7045");
        assert_eq!(text("WinEventLog:PowerShell", &[4104]), "exact powershell:4104;powershell-core:4104");
        assert_eq!(text("WinEventLog:PowerShell", &[400]), "exact powershell-classic:400");
        assert_eq!(text("WinEventLog:Microsoft-X/Admin", &[5]), "exact Microsoft-X/Admin:5");
    }

    #[test]
    fn an_id_under_the_wrong_log_is_corrected() {
        assert_eq!(text("WinEventLog:Security", &[1]), "exact-corrected sysmon:1");
        assert_eq!(
            text("WinEventLog:Security", &[1166, 7045]),
            "exact-corrected system[Service Control Manager]:7045"
        );
    }

    #[test]
    fn a_log_that_nobody_knows_is_left_to_the_table() {
        assert_eq!(text("WinEventLog:Nonsense", &[1]), "?");
        assert_eq!(text("WinEventLog:Security", &[1166]), "?");
    }

    #[test]
    fn every_correction_parses() {
        for (log, id, texts) in CORRECTIONS {
            let parsed = CORRECTED.iter().find(|(known, wrong, _)| known == log && wrong == id).unwrap();
            assert_eq!(parsed.2.len(), texts.len(), "{log} {id}");
        }
    }
}
