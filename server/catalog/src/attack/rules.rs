//! Reads a log source reference by rule, so that a newer bundle needs no table row where its text is plain.

use std::sync::Arc;

use blindspot_telemetry::{EventId, EventTypePattern, Platform, RecordType, Syscall};

use super::{
    filter::EventFilter,
    linux,
    model::{LogSourceRef, PlatformName},
    reading::{Class, Reading, Target},
    windows,
};

/// Events of Sysmon for Linux (microsoft/SysmonForLinux, `manifest.xml`); 2, 6 to 8, 12 to 15, 17 and others do not exist there.
const SYSMON_LINUX: &[u16] = &[1, 3, 4, 5, 9, 10, 11, 16, 23, 100, 255];

/// Beginnings of log names, in lower case, that no host log is behind.
const NOT_HOST: &[&str] = &[
    "application:mail",
    "applicationlog:callrecords",
    "aws:",
    "azure:",
    "containerd:",
    "docker:",
    "gcp:",
    "kubernetes:",
    "m365:",
    "m365defender:",
    "netflow:",
    "network traffic",
    "networkdevice:",
    "nsm:",
    "saas:",
];

/// Beginnings of log names, in lower case, that take an EDR: API calls, memory, ETW sessions, metrics.
const EDR_ONLY: &[&str] =
    &["ebpf:", "edr:", "etw", "firmware:integrity", "linux:procfs", "sar:", "windows:perfmon"];

/// The sampled platform that an ATT&CK platform is.
pub(super) fn sampled(platform: &PlatformName) -> Option<Platform> {
    match platform.as_str() {
        "Windows" => Some(Platform::Windows),
        "Linux" => Some(Platform::Linux),
        _ => None,
    }
}

/// What a reference means by rule alone; `None` where only a table row or its data component can tell.
pub(super) fn read(platform: &PlatformName, reference: &LogSourceRef) -> Option<Reading> {
    let Some(platform) = sampled(platform) else { return Some(Reading::new(Class::NotSampled, Vec::new())) };
    let name = reference.name.trim();
    let lower = name.to_lowercase();
    let begins = |with: &[&str]| with.iter().any(|beginning| lower.starts_with(beginning));
    if begins(NOT_HOST) {
        return Some(Reading::new(Class::NotHost, Vec::new()));
    }
    if begins(EDR_ONLY) {
        return Some(Reading::new(Class::EdrOnly, Vec::new()));
    }
    match (platform, &reference.filter) {
        (Platform::Windows, EventFilter::EventIds(ids)) => windows::read(name, ids),
        (Platform::Linux, EventFilter::EventIds(ids)) => match lower.as_str() {
            "linux:sysmon" => sysmon_linux(ids, Class::Exact),
            // An analytic for Linux that names the Windows log.
            "wineventlog:sysmon" => sysmon_linux(ids, Class::ExactCorrected),
            _ => None,
        },
        (Platform::Linux, filter) => {
            let record = lower.strip_prefix("auditd:")?.to_uppercase();
            let words: &[Arc<str>] = if let EventFilter::Audit(words) = filter { words } else { &[] };
            auditd(&record, words)
        }
        (Platform::Windows | Platform::Device, _) => None,
    }
}

fn sysmon_linux(ids: &[EventId], class: Class) -> Option<Reading> {
    let exist: Vec<EventId> = ids.iter().copied().filter(|id| SYSMON_LINUX.contains(&id.0)).collect();
    let class = if exist.len() == ids.len() { class } else { Class::ExactCorrected };
    let targets = exist.into_iter().map(|event_id| Target::exact(EventTypePattern::SysmonLinux { event_id }));
    let targets: Vec<Target> = targets.collect();
    (!targets.is_empty()).then(|| Reading::new(class, targets))
}

/// A record type with the system calls that its text begins with.
///
/// The record of an execution rides on execve; `PATH` rides on any call that names a file, so that without a call its text
/// must be read by people. `FILE` is no record type: its calls are what it means.
fn auditd(record: &str, words: &[Arc<str>]) -> Option<Reading> {
    let mut targets: Vec<Target> = Vec::new();
    for word in words {
        if linux::is_record(word) {
            targets.push(audit_record(word));
        }
        targets.extend(linux::calls(word).into_iter().map(audit_call));
    }
    match record {
        "EXECVE" | "PROCTITLE" => {
            targets = vec![audit_record(record)];
            targets.extend(linux::calls("execve").into_iter().map(audit_call));
        }
        "SYSCALL" if words.iter().any(|word| **word == *"EXECVE") => {
            targets.extend(linux::calls("execve").into_iter().map(audit_call));
        }
        "SYSCALL" => (),
        "FILE" | "PATH" if !words.is_empty() => targets.push(audit_record("PATH")),
        "CONFIG_CHANGE" | "FILE" | "MMAP" | "PATH" => return None,
        _ if linux::is_record(record) => targets.push(audit_record(record)),
        _ => return None,
    }
    dedup(&mut targets);
    (!targets.is_empty()).then(|| Reading::new(Class::Record, targets))
}

fn audit_record(word: &str) -> Target {
    Target::exact(EventTypePattern::Auditd { record_type: RecordType::new(word), syscall: None })
}

fn audit_call(call: &str) -> Target {
    Target::exact(EventTypePattern::Auditd {
        record_type: RecordType::new("SYSCALL"),
        syscall: Some(Syscall::new(call)),
    })
}

/// Keeps the first of equal targets.
pub(super) fn dedup(targets: &mut Vec<Target>) {
    let mut kept: Vec<Target> = Vec::with_capacity(targets.len());
    for target in targets.drain(..) {
        if !kept.contains(&target) {
            kept.push(target);
        }
    }
    *targets = kept;
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::attack::{RefKey, table::join};

    fn text(platform: &str, name: &str, channel: &str) -> String {
        let reference = LogSourceRef {
            name: name.into(),
            filter: EventFilter::read(channel),
            key: RefKey::of(name, channel),
        };
        read(&PlatformName::new(platform), &reference)
            .map_or("?".to_owned(), |reading| format!("{} {}", reading.class.as_str(), join(reading.targets)))
    }

    #[test]
    fn platforms_without_an_agent_are_not_sampled() {
        assert_eq!(text("macOS", "macos:unifiedlog", "anything"), "not-sampled ");
        assert_eq!(text("IaaS", "AWS:CloudTrail", "RunInstances"), "not-sampled ");
    }

    #[test]
    fn sensors_and_clouds_are_not_on_the_host() {
        assert_eq!(text("Windows", "NSM:Flow", "conn.log"), "not-host ");
        assert_eq!(text("Linux", "kubernetes:audit", "create"), "not-host ");
        assert_eq!(text("Windows", "etw:Microsoft-Windows-Kernel-Process", "x"), "edr-only ");
    }

    #[test]
    fn audit_calls_come_as_families() {
        assert_eq!(
            text("Linux", "auditd:SYSCALL", "execve: some tool"),
            "record auditd:SYSCALL/execve;auditd:SYSCALL/execveat"
        );
        assert_eq!(
            text("Linux", "auditd:EXECVE", "words"),
            "record auditd:EXECVE;auditd:SYSCALL/execve;auditd:SYSCALL/execveat"
        );
        assert_eq!(text("Linux", "auditd:SYSCALL", "words"), "?");
        assert_eq!(text("Linux", "auditd:memprotect", "words"), "?");
        assert_eq!(text("Linux", "auditd:USER_LOGIN", "USER_LOGIN"), "record auditd:USER_LOGIN");
    }

    #[test]
    fn sysmon_for_linux_has_fewer_events() {
        assert_eq!(text("Linux", "linux:Sysmon", "EventCode=1"), "exact sysmon-linux:1");
        assert_eq!(text("Linux", "linux:Sysmon", "EventCode=3, 22"), "exact-corrected sysmon-linux:3");
        assert_eq!(text("Linux", "WinEventLog:Sysmon", "EventCode=11"), "exact-corrected sysmon-linux:11");
        assert_eq!(text("Linux", "linux:Sysmon", "EventCode=7"), "?");
    }
}
