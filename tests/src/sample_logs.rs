//! The logs of a made-up workstation: a day and a half of Windows events with the gaps that real ones have.
//!
//! Its Security log records process creation without command lines; its Sysmon records processes and connections and
//! no registry values; PowerShell's script blocks are not logged.

use jiff::Timestamp;

use crate::evtx_builder::{Event, EvtxBuilder, Style};

const COMPUTER: &str = "WS-SAMPLE";
/// Events begin at this second of the Unix epoch, 2026-03-02 08:00 UTC, and end 36 hours later.
const BEGIN: i64 = 1_772_438_400;
const HOURS: i64 = 36;

/// File names and contents.
#[must_use]
pub fn workstation() -> Vec<(&'static str, Vec<u8>)> {
    vec![
        ("Security.evtx", log(&security())),
        ("Microsoft-Windows-Sysmon%4Operational.evtx", log(&sysmon())),
        ("System.evtx", log(&system())),
    ]
}

fn log(kinds: &[(Event, i64)]) -> Vec<u8> {
    let mut events: Vec<(i64, &Event)> = Vec::new();
    for (event, every_minutes) in kinds {
        let step = every_minutes * 60;
        events.extend((0..HOURS * 3600 / step).map(|n| (BEGIN + n * step + step / 3, event)));
    }
    events.sort_by_key(|(second, _)| *second);
    let mut builder = EvtxBuilder::new(Style::Literals);
    for (number, (second, event)) in (1..).zip(events) {
        let time = Timestamp::from_second(second).expect("a second of this decade");
        builder.push(&event.clone().on(COMPUTER).at(number, time));
    }
    builder.build()
}

fn security() -> Vec<(Event, i64)> {
    let event =
        |id, data: &[(&str, &str)]| Event::new("Security", "Microsoft-Windows-Security-Auditing", id, data);
    vec![
        (event(4624, &[("TargetUserName", "anna"), ("LogonType", "3"), ("IpAddress", "10.0.0.7")]), 11),
        (
            event(
                4688,
                &[
                    ("SubjectUserName", "anna"),
                    ("NewProcessId", "0x1a2c"),
                    ("NewProcessName", r"C:\Windows\System32\cmd.exe"),
                    ("ProcessId", "0x44c"),
                    ("CommandLine", ""),
                    ("ParentProcessName", r"C:\Windows\explorer.exe"),
                ],
            ),
            5,
        ),
        (event(4672, &[("SubjectUserName", "SYSTEM"), ("PrivilegeList", "SeDebugPrivilege")]), 30),
    ]
}

fn sysmon() -> Vec<(Event, i64)> {
    let event = |id, data: &[(&str, &str)]| {
        Event::new("Microsoft-Windows-Sysmon/Operational", "Microsoft-Windows-Sysmon", id, data)
    };
    vec![
        (
            event(
                1,
                &[
                    ("Image", r"C:\Windows\System32\svchost.exe"),
                    ("CommandLine", "svchost.exe -k netsvcs"),
                    ("OriginalFileName", "svchost.exe"),
                    ("ParentImage", r"C:\Windows\System32\services.exe"),
                    ("Hashes", "SHA256=00"),
                ],
            ),
            7,
        ),
        (event(3, &[("Image", r"C:\Windows\System32\svchost.exe"), ("DestinationPort", "443")]), 9),
        (event(11, &[("Image", r"C:\Windows\explorer.exe"), ("TargetFilename", r"C:\Users\anna\a.txt")]), 40),
    ]
}

fn system() -> Vec<(Event, i64)> {
    let data = [("param1", "Windows Update"), ("param2", "running")];
    vec![(Event::new("System", "Service Control Manager", 7036, &data), 45)]
}
