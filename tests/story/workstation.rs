//! A Windows workstation: nine days of events until now, and a System log that ended years ago.

use std::path::Path;

use blindspot_tests::evtx_builder::{Event, EvtxBuilder, Style};
use jiff::{SignedDuration, Timestamp};

use crate::{
    compare::Offline,
    machines::{Part, overwrite},
};

/// Its name.
pub const NAME: &str = "WS-STORY";
const DAYS: i64 = 9;
/// 2020-05-04 09:00 UTC.
const LONG_AGO: i64 = 1_588_582_800;

/// An event that comes every so many minutes, from some part on.
struct Kind {
    event: Event,
    minutes: i64,
    from: Part,
}

/// Writes its logs up to a part.
pub fn write(logs: &Path, part: Part, began: Timestamp) {
    for (name, kinds) in [
        ("Security.evtx", security()),
        ("Microsoft-Windows-Sysmon%4Operational.evtx", sysmon()),
        ("Microsoft-Windows-PowerShell%4Operational.evtx", powershell()),
    ] {
        overwrite(&logs.join(name), &file(&kinds, part, began));
    }
    if part == Part::First {
        let long_ago = Timestamp::from_second(LONG_AGO).expect("a second of this century");
        overwrite(&logs.join("System.evtx"), &file(&[services()], Part::Third, long_ago));
    }
}

/// What is known of it: the registry and script blocks are seen, services that were installed years ago are not.
pub fn expect(offline: &Offline) {
    let host = offline.host(NAME);
    assert_eq!(host.verdict("a435aa04-442e-550c-b8b2-cbc307dcae5e"), "sighted", "Sysmon 13 flows");
    assert_eq!(host.verdict("ac8775d6-1142-5271-9991-41cd9eb4ebc8"), "sighted", "PowerShell 4104 flows");
    for verdict in ["sighted", "partial", "blind", "unknown", "out_of_scope"] {
        assert!(host.verdicts(verdict) > 0, "no detection is {verdict}");
    }
    let installed = host.count("system[Service Control Manager]:7045");
    assert!(installed > 100, "{installed} services were installed");
    let verdict = host.verdict(SERVICE_INSTALL);
    assert!(["blind", "unknown"].contains(&verdict), "{verdict}: that was years ago");
}

const SERVICE_INSTALL: &str = "ffe133fb-3c9a-560a-94b6-ece0e9831008";

/// The records of a part stand where they stood before, and later ones behind them.
fn file(kinds: &[Kind], part: Part, began: Timestamp) -> Vec<u8> {
    let mut builder = EvtxBuilder::new(Style::Literals);
    let mut number = 0;
    for minute in (Part::Third.end_minute()..DAYS * 24 * 60).rev() {
        let written = Part::ALL.into_iter().find(|part| minute >= part.end_minute());
        let Some(written) = written.filter(|written| *written <= part) else { break };
        let due = |kind: &&Kind| minute % kind.minutes == 0 && kind.from <= written;
        for kind in kinds.iter().filter(due) {
            number += 1;
            builder.push(&kind.event.clone().on(NAME).at(number, began - SignedDuration::from_mins(minute)));
        }
    }
    builder.build()
}

fn kind(event: Event, minutes: i64) -> Kind {
    Kind { event, minutes, from: Part::First }
}

fn security() -> Vec<Kind> {
    let event =
        |id, data: &[(&str, &str)]| Event::new("Security", "Microsoft-Windows-Security-Auditing", id, data);
    let logon =
        [("TargetUserName", "anna"), ("LogonType", "3"), ("IpAddress", "10.0.0.7"), ("WorkstationName", "-")];
    let process = [
        ("SubjectUserName", "anna"),
        ("NewProcessName", r"C:\Windows\System32\cmd.exe"),
        ("CommandLine", "cmd.exe /c dir"),
        ("ParentProcessName", r"C:\Windows\explorer.exe"),
    ];
    vec![kind(event(4624, &logon), 11), kind(event(4688, &process), 5)]
}

fn sysmon() -> Vec<Kind> {
    let event = |id, data: &[(&str, &str)]| {
        Event::new("Microsoft-Windows-Sysmon/Operational", "Microsoft-Windows-Sysmon", id, data)
    };
    let process = [
        ("Image", r"C:\Windows\System32\svchost.exe"),
        ("CommandLine", "svchost.exe -k netsvcs"),
        ("OriginalFileName", "svchost.exe"),
        ("ParentImage", r"C:\Windows\System32\services.exe"),
        ("ParentCommandLine", ""),
    ];
    let value = [
        ("Image", r"C:\Windows\regedit.exe"),
        ("TargetObject", r"HKU\S-1-5-21\Software\Microsoft\Windows\CurrentVersion\Run\a"),
        ("Details", r"C:\a.exe"),
    ];
    let connection = [("Image", r"C:\Windows\System32\svchost.exe"), ("DestinationPort", "443")];
    vec![
        kind(event(1, &process), 7),
        kind(event(13, &value), 13),
        Kind { event: event(3, &connection), minutes: 4, from: Part::Second },
    ]
}

fn powershell() -> Vec<Kind> {
    let data = [("ScriptBlockText", "Get-Date"), ("Path", "")];
    let (channel, provider) = ("Microsoft-Windows-PowerShell/Operational", "Microsoft-Windows-PowerShell");
    vec![kind(Event::new(channel, provider, 4104, &data), 31)]
}

fn services() -> Kind {
    let data =
        [("ServiceName", "updater"), ("ImagePath", r"C:\updater.exe"), ("ServiceType", "user mode service")];
    kind(Event::new("System", "Service Control Manager", 7045, &data), 60)
}
