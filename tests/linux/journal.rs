//! The journal as systemd-journald and systemd-journal-remote write it, against what `journalctl` says is in it.

use std::{collections::BTreeMap, fs, path::Path};

use blindspot_sampling::{
    Detail, journal,
    text::{self, Format, LogScan, TextOptions},
};
use blindspot_telemetry::EventType;
use blindspot_tests::corpus::say_skipped_because;
use jiff::{Timestamp, tz::TimeZone};
use serde_json::Value;

use crate::journald::{Journald, Service, journalctl, missing, wait_for, write_journal};

/// Counts by host, program and hour.
type Counts = BTreeMap<(String, String, i64), u64>;

fn options() -> TextOptions {
    TextOptions { detail: Detail::Inventory, zone: TimeZone::UTC, written: Timestamp::UNIX_EPOCH }
}

fn scanned(file: &Path) -> LogScan {
    let file = fs::File::open(file).expect("the journal");
    let length = file.metadata().expect("its length").len();
    journal::scan(&file, length, &options(), &|_| ()).expect("a journal")
}

fn read_text(log: &[u8], format: Format) -> LogScan {
    text::scan(&mut &*log, format, &options(), &|_| ()).expect("no read fails")
}

fn counts(scan: &LogScan) -> Counts {
    let mut counts = Counts::new();
    for host in &scan.hosts {
        let name = host.name.as_ref().map(|name| name.as_str().to_owned()).unwrap_or_default();
        for (event_type, observed) in &host.event_types {
            let program = match event_type {
                EventType::Syslog { program } => program.as_str().to_owned(),
                other => other.to_string(),
            };
            for (hour, count) in &observed.hours {
                let hour = hour.start().as_second();
                counts.insert((name.clone(), program.clone(), hour), *count);
            }
        }
    }
    counts
}

/// The first value of a field, as text.
fn value(entry: &Value, field: &str) -> Option<String> {
    fn text(value: &Value) -> Option<String> {
        match value {
            Value::String(text) => Some(text.clone()),
            Value::Array(parts) if parts.iter().all(Value::is_u64) => {
                let bytes: Option<Vec<u8>> =
                    parts.iter().map(|byte| u8::try_from(byte.as_u64()?).ok()).collect();
                Some(String::from_utf8_lossy(&bytes?).into_owned())
            }
            Value::Array(values) => text(values.first()?),
            _ => None,
        }
    }
    text(entry.get(field)?).filter(|text| !text.is_empty())
}

/// What `journalctl -o json` says, read by another parser.
fn expected(json: &[u8]) -> (Counts, u64) {
    let mut counts = Counts::new();
    let mut dropped = 0;
    for line in json.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()) {
        let entry: Value = serde_json::from_slice(line).expect("journalctl writes JSON");
        let kernel = (value(&entry, "_TRANSPORT").as_deref() == Some("kernel")).then(|| "kernel".to_owned());
        let named = value(&entry, "SYSLOG_IDENTIFIER").or_else(|| value(&entry, "_COMM")).or(kernel);
        let mut program = named.unwrap_or_else(|| "-".to_owned());
        let message = value(&entry, "MESSAGE").unwrap_or_default();
        if program == "sysmon" && message.contains("<EventID>3</EventID>") {
            "sysmon-linux:3".clone_into(&mut program);
        }
        if value(&entry, "_TRANSPORT").as_deref() == Some("driver") {
            // Kernel messages that were overwritten before journald read them are counted in the text alone.
            let missed = message.strip_prefix("Missed ").and_then(|rest| rest.split(' ').next());
            let count = value(&entry, "N_DROPPED").or(missed.map(str::to_owned));
            dropped += count.map_or(0, |count| count.parse::<u64>().expect("a number"));
        }
        let micros: i64 = value(&entry, "__REALTIME_TIMESTAMP").expect("a time").parse().expect("a number");
        let hour = micros / 3_600_000_000 * 3600;
        *counts.entry((value(&entry, "_HOSTNAME").unwrap_or_default(), program, hour)).or_default() += 1;
    }
    (counts, dropped)
}

/// Compares a file with what `journalctl` says of it, in all its forms.
fn compare(file: &Path) -> LogScan {
    let scan = scanned(file);
    let json = journalctl(file, "json");
    let (by_journalctl, dropped) = expected(&json);
    assert!(counts(&scan) == by_journalctl, "{}", difference(&counts(&scan), &by_journalctl));
    assert_eq!((scan.suppressed, scan.damaged, scan.undated, scan.uncounted), (dropped, 0, 0, 0));
    for (form, format) in [
        ("json", Format::JournalJson),
        ("json-seq", Format::JournalJson),
        ("json-sse", Format::JournalJson),
        ("export", Format::JournalExport),
    ] {
        let text = read_text(&journalctl(file, form), format);
        assert!(LogScan { oversize: 0, ..text } == scan, "{form} differs from {}", file.display());
    }
    scan
}

fn difference(ours: &Counts, theirs: &Counts) -> String {
    let mut lines = String::new();
    for key in ours.keys().chain(theirs.keys()) {
        let (ours, theirs) = (ours.get(key).unwrap_or(&0), theirs.get(key).unwrap_or(&0));
        if ours != theirs {
            lines.push_str(&format!("{key:?}: {ours}, journalctl {theirs}\n"));
        }
    }
    lines
}

/// Writes entries of every kind, in every way that journald takes them.
fn write_to(daemon: &Journald) {
    for number in 0..200 {
        let program = number % 7;
        daemon.syslog(&format!("<{}>prog{program}[{number}]: message {number}", 8 + number % 8));
        daemon.send(
            format!("SYSLOG_IDENTIFIER=native-{program}\nMESSAGE={number}\nPRIORITY=5\nUSER_FIELD=x\n")
                .as_bytes(),
        );
        daemon.send(
            format!("SYSLOG_IDENTIFIER=large\nMESSAGE={}{number}\n", "abcdefgh ".repeat(300)).as_bytes(),
        );
    }
    daemon.syslog("<13>no tag at all");
    daemon.syslog("");
    daemon.cat("catted", &"one line\n<3>another\n".repeat(30));
    daemon.send(b"MESSAGE=no identifier\n");
    daemon.send(b"SYSLOG_IDENTIFIER=\nMESSAGE=\nPRIORITY=\n");
    daemon.send(b"SYSLOG_IDENTIFIER=first\nSYSLOG_IDENTIFIER=second\nMESSAGE=a\nMESSAGE=b\n");
    daemon.send(b"SYSLOG_IDENTIFIER=b\xc3\xa4 \"quoted\\\"\nMESSAGE=tab\there\n");
    daemon.send(b"SYSLOG_IDENTIFIER=bad\xff\nMESSAGE\n\x08\0\0\0\0\0\0\0two\n\nsix\n");
    let data = "<Data Name=\"Image\">/usr/bin/curl</Data>".repeat(40);
    let system = "<System><EventID>3</EventID><Channel>Linux-Sysmon/Operational</Channel></System>";
    daemon.syslog(&format!("<14>sysmon[77]: <Event>{system}<EventData>{data}</EventData></Event>"));
    daemon.syslog("<14>sysmon: started");
    daemon.send(b"SYSLOG_IDENTIFIER=last\nMESSAGE=last\n");
}

#[test]
fn what_a_journald_writes_is_counted_as_journalctl_counts_it() {
    if let Some(why) = missing() {
        return say_skipped_because(why);
    }
    let daemon = Journald::start("RateLimitBurst=0\\n");
    write_to(&daemon);
    let file = daemon.file().expect("its file");
    wait_for("the last entry is written", || {
        journalctl(&file, "json").windows(26).any(|part| part == b"\"SYSLOG_IDENTIFIER\":\"last\"")
    });
    // The file is being written: its state is online.
    let head =
        fs::File::open(&file).map(|file| journal::head(&file, 1 << 20)).expect("the file").expect("a head");
    assert_eq!(head.state, journal::State::Online);
    let machine = fs::read_to_string("/etc/machine-id").expect("the machine's id");
    assert_eq!(head.machine_id.to_string(), machine.trim());
    daemon.rest(|| scanned(&file).records);
    let scan = compare(&file);
    let programs = scan.hosts.iter().map(|host| host.event_types.len()).sum::<usize>();
    assert!(scan.records >= 650 && programs >= 20, "{} records of {programs} event types", scan.records);
    let sysmon = scan
        .hosts
        .iter()
        .flat_map(|host| &host.event_types)
        .find(|(kind, _)| kind.to_string() == "sysmon-linux:3");
    assert_eq!(sysmon.expect("Sysmon's event").1.fields["Image"].filled, 1);
}

#[test]
fn what_a_journald_suppresses_is_told() {
    if let Some(why) = missing() {
        return say_skipped_because(why);
    }
    let daemon = Journald::start("ReadKMsg=no\\nRateLimitBurst=20\\nRateLimitIntervalSec=1s\\n");
    let Some(service) = Service::new() else { return say_skipped_because("control groups cannot be made") };
    service.log(&daemon, &"one of too many\n".repeat(3000));
    let file = daemon.file().expect("its file");
    // The notice comes with the next message that is let through.
    wait_for("journald says what it suppressed", || {
        service.log(&daemon, "one more\n");
        scanned(&file).suppressed > 2000
    });
    daemon.rest(|| scanned(&file).records);
    let scan = compare(&file);
    let flood =
        counts(&scan).into_iter().filter(|((_, program, _), _)| program == "flood").map(|(_, count)| count);
    let written: u64 = flood.sum();
    assert!(scan.suppressed > 2000 && written < 1000, "{written} written, {} suppressed", scan.suppressed);
}

/// An export with hosts, hours, repeated and missing fields, and messages that are compressed.
fn export() -> Vec<u8> {
    let mut log = Vec::new();
    for number in 0_u64..3000 {
        let time = 1_767_225_600_000_000 + number * 61_000_000;
        let (host, program) = (number / 1500, number % 11);
        let message = "some words ".repeat(usize::try_from(number % 97).expect("small"));
        log.extend(
            format!(
                "__REALTIME_TIMESTAMP={time}\n__MONOTONIC_TIMESTAMP={}\n_BOOT_ID=6c7c6013a26343b29e964691ff25d04c\n\
                 _HOSTNAME=host{host}\n_COMM=comm{program}\n_PID={number}\n_SYSTEMD_UNIT=u{program}.service\n\
                 MESSAGE={message}{number}\n_SOURCE_REALTIME_TIMESTAMP={time}\n",
                number + 1
            )
            .bytes(),
        );
        if program > 1 {
            log.extend(format!("SYSLOG_IDENTIFIER=program{program}\nPRIORITY={}\n", program % 8).bytes());
        }
        if program == 5 {
            log.extend(b"SYSLOG_IDENTIFIER=another\n_EXE\n\x03\0\0\0\0\0\0\0a\nb\n_CMDLINE=\n");
        }
        log.push(b'\n');
    }
    log
}

#[test]
fn every_form_of_file_that_systemd_writes_is_counted_as_journalctl_counts_it() {
    if let Some(why) = missing() {
        return say_skipped_because(why);
    }
    let folder = tempfile::tempdir().expect("a folder");
    let source = folder.path().join("source.export");
    fs::write(&source, export()).expect("the export");
    let expected = read_text(&export(), Format::JournalExport);
    assert_eq!(expected.records, 3000);
    let mut headers = std::collections::BTreeSet::new();
    for form in 0..8_u8 {
        let switch = |bit: u8| if form >> bit & 1 == 1 { "1" } else { "0" };
        let file = folder.path().join(format!("{form}.journal"));
        let compress = format!("--compress={}", switch(2));
        let environment = [("SYSTEMD_JOURNAL_COMPACT", switch(0)), ("SYSTEMD_JOURNAL_KEYED_HASH", switch(1))];
        write_journal(&source, &file, &[&compress], &environment);
        headers.insert(fs::read(&file).expect("the file")[12..16].to_vec());
        let scan = compare(&file);
        assert!(scan == expected, "{form}: the file differs from what it was made of");
    }
    assert_eq!(headers.len(), 8, "the forms do not differ: {headers:?}");
}
