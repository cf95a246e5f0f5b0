//! Files, whole and damaged, and the same entries as text.

use std::{cell::Cell, collections::BTreeMap};

use blindspot_telemetry::EventType;
use jiff::{Timestamp, tz::TimeZone};

use super::{
    JournalError, State,
    builder::{Compression, HEADER, JournalBuilder, Width},
    head, is_journal, scan,
};
use crate::{
    Detail,
    text::{self, Format, LogScan, TextOptions},
};

const SECOND: u64 = 1_000_000;
const HOUR: u64 = 3600 * SECOND;
/// The beginning of an event.
const SYSMON: &str =
    "<Event><System><EventID>5</EventID><Channel>Linux-Sysmon/Operational</Channel></System>";
/// 2026-01-01T00:00:00Z.
const BEGIN: u64 = 1_767_225_600 * SECOND;

fn options(detail: Detail) -> TextOptions {
    TextOptions { detail, zone: TimeZone::UTC, written: Timestamp::UNIX_EPOCH }
}

fn scanned(file: &[u8]) -> LogScan {
    scan(&file, file.len() as u64, &options(Detail::Inventory), &|_| ()).unwrap()
}

fn counts(scan: &LogScan) -> BTreeMap<String, u64> {
    let all = scan.hosts.iter().flat_map(|host| &host.event_types);
    all.map(|(event_type, observed)| (event_type.to_string(), observed.count)).collect()
}

/// As many entries as asked for, each with a message of its own.
fn filled(width: Width, compression: Compression, entries: u64) -> JournalBuilder {
    let mut builder = JournalBuilder::new(width, compression);
    for number in 0..entries {
        let identifier = if number % 3 == 0 { "SYSLOG_IDENTIFIER=sshd" } else { "SYSLOG_IDENTIFIER=cron" };
        let message = format!("MESSAGE=message number {number}, {}", "and more ".repeat(20));
        let fields = [identifier, "_HOSTNAME=web1", "PRIORITY=6", "_TRANSPORT=syslog", &message];
        builder.entry(BEGIN + number * SECOND, &fields);
    }
    builder
}

const FORMS: [(Width, Compression); 6] = [
    (Width::Regular, Compression::None),
    (Width::Regular, Compression::Lz4),
    (Width::Regular, Compression::Zstd),
    (Width::Compact, Compression::None),
    (Width::Compact, Compression::Lz4),
    (Width::Compact, Compression::Zstd),
];

#[test]
fn every_form_of_a_file_gives_the_same_scan() {
    let expected = scanned(&filled(Width::Regular, Compression::None, 300).build(2, 4096));
    assert_eq!(counts(&expected), BTreeMap::from([("syslog:sshd".into(), 100), ("syslog:cron".into(), 200)]));
    assert_eq!((expected.records, expected.damaged, expected.undated), (300, 0, 0));
    assert_eq!(expected.oldest.unwrap().as_second(), 1_767_225_600);
    for (width, compression) in FORMS {
        for state in 0..3 {
            let file = filled(width, compression, 300).build(state, 5000);
            assert_eq!(scanned(&file), expected, "{width:?} {compression:?} {state}");
        }
    }
}

#[test]
fn the_program_is_the_identifier_or_the_command_or_the_kernel_or_none() {
    let mut builder = JournalBuilder::new(Width::Compact, Compression::None);
    for fields in [
        &["SYSLOG_IDENTIFIER=app", "_COMM=app-worker"][..],
        &["_COMM=app-worker", "MESSAGE=a"],
        &["SYSLOG_IDENTIFIER=", "_COMM=app-worker"],
        &["MESSAGE=b", "_TRANSPORT=kernel"],
        &["MESSAGE=b", "_TRANSPORT=journal"],
    ] {
        builder.entry(BEGIN, fields);
    }
    let counts = counts(&scanned(&builder.build(2, 0)));
    let expected = [("syslog:-", 1), ("syslog:app", 1), ("syslog:app-worker", 2), ("syslog:kernel", 1)];
    assert_eq!(counts, expected.map(|(program, count)| (program.to_owned(), count)).into());
}

#[test]
fn fields_are_counted_by_their_fill_hours_and_hosts_apart() {
    let mut builder = JournalBuilder::new(Width::Regular, Compression::None);
    let common = ["SYSLOG_IDENTIFIER=a", "_PID=1", "SYSLOG_PID=", "_EXE=-"];
    builder.entry(BEGIN, &[&common[..], &["_HOSTNAME=one", "_SYSTEMD_UNIT=a.service"]].concat());
    builder.entry(BEGIN + HOUR, &[&common[..], &["_HOSTNAME=ONE", "MESSAGE="]].concat());
    builder.entry(BEGIN + HOUR, &[&common[..], &["_HOSTNAME=two"]].concat());
    let scan = scanned(&builder.build(0, 0));
    let names: Vec<_> = scan.hosts.iter().map(|host| host.name.as_ref().unwrap().as_str()).collect();
    assert_eq!(names, ["one", "two"]);
    let observed = scan.hosts[0].event_types.values().next().unwrap();
    assert_eq!(observed.hours.values().copied().collect::<Vec<_>>(), [1, 1]);
    let fills: BTreeMap<&str, [u64; 3]> = observed
        .fields
        .iter()
        .map(|(name, fill)| (name.as_str(), [fill.filled, fill.placeholder, fill.empty]))
        .collect();
    let expected = [("unit", [1, 0, 0]), ("pid", [2, 0, 0]), ("_EXE", [0, 2, 0]), ("MESSAGE", [0, 0, 1])];
    assert_eq!(fills, expected.into());
}

#[test]
fn a_sysmon_message_is_an_event_of_sysmon_compressed_or_not() {
    for (width, compression) in FORMS {
        let mut builder = JournalBuilder::new(width, compression);
        let message = |id, pad: &str| {
            let system = format!("<EventID>{id}</EventID><Channel>Linux-Sysmon/Operational</Channel>");
            format!("MESSAGE=<Event><System>{system}</System><EventData>{pad}</EventData></Event>")
        };
        builder.entry(BEGIN, &["SYSLOG_IDENTIFIER=sysmon", &message(1, "")]);
        builder.entry(
            BEGIN,
            &["SYSLOG_IDENTIFIER=sysmon", &message(3, &"<Data Name=\"A\">b</Data>".repeat(500))],
        );
        builder.entry(BEGIN, &["SYSLOG_IDENTIFIER=sysmon", "MESSAGE=Sysmon started"]);
        builder.entry(BEGIN, &["SYSLOG_IDENTIFIER=other", &message(1, "")]);
        let counts = counts(&scanned(&builder.build(2, 0)));
        let types: Vec<_> = counts.keys().map(String::as_str).collect();
        assert_eq!(types, ["syslog:other", "syslog:sysmon", "sysmon-linux:1", "sysmon-linux:3"]);
    }
}

#[test]
fn a_payload_compressed_by_xz_is_read() {
    // `MESSAGE=from xz` by `xz --lzma2=dict=1MiB`, which is journald's dictionary.
    let stored = [
        0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00, 0x00, 0x04, 0xe6, 0xd6, 0xb4, 0x46, 0x02, 0x00, 0x21, 0x01, 0x10,
        0x00, 0x00, 0x00, 0xa8, 0x70, 0x8e, 0x86, 0x01, 0x00, 0x0e, 0x4d, 0x45, 0x53, 0x53, 0x41, 0x47, 0x45,
        0x3d, 0x66, 0x72, 0x6f, 0x6d, 0x20, 0x78, 0x7a, 0x00, 0x00, 0xd5, 0x5c, 0x30, 0xe4, 0xf1, 0xd8, 0x9e,
        0xa8, 0x00, 0x01, 0x27, 0x0f, 0xdf, 0x1a, 0xfc, 0x6a, 0x1f, 0xb6, 0xf3, 0x7d, 0x01, 0x00, 0x00, 0x00,
        0x00, 0x04, 0x59, 0x5a,
    ];
    let mut builder = JournalBuilder::new(Width::Regular, Compression::None);
    let program = builder.data(b"SYSLOG_IDENTIFIER=a");
    let message = builder.object(1, 1, &[&[0; 48][..], &stored].concat());
    builder.entry_of(BEGIN, &[program, message]);
    let scan = scanned(&builder.build(2, 0));
    let fields = &scan.hosts[0].event_types.values().next().unwrap().fields;
    let filled: Vec<_> = fields.iter().map(|(name, fill)| (name.as_str(), fill.filled)).collect();
    assert_eq!(filled, [("MESSAGE", 1)]);
}

#[test]
fn what_journald_says_it_did_not_write_is_summed_up_and_no_one_else_can_say_it() {
    let mut builder = JournalBuilder::new(Width::Regular, Compression::None);
    let dropped = "MESSAGE_ID=a596d6fe7bfa4994828e72309e95d61e";
    let journald = "SYSLOG_IDENTIFIER=systemd-journald";
    builder.entry(
        BEGIN,
        &[journald, "_TRANSPORT=driver", dropped, "N_DROPPED=40", "MESSAGE=Suppressed 40 messages"],
    );
    let missed = "MESSAGE_ID=e9bf28e6e834481bb6f48f548ad13606";
    builder.entry(BEGIN, &[journald, "_TRANSPORT=driver", missed, "MESSAGE=Missed 2 kernel messages"]);
    builder.entry(BEGIN, &[journald, "_TRANSPORT=journal", dropped, "N_DROPPED=9000"]);
    let scan = scanned(&builder.build(2, 0));
    assert_eq!((scan.suppressed, scan.records), (42, 3));
}

#[test]
fn entries_are_counted_though_the_table_forgets_their_objects() {
    // Twice 64 objects per place: all but the last are read again.
    let mut builder = JournalBuilder::new(Width::Compact, Compression::None);
    let programs: Vec<u64> =
        (0..130).map(|n| builder.data(format!("SYSLOG_IDENTIFIER=p{n}").as_bytes())).collect();
    for _ in 0..3 {
        builder.object(1, 0, &[b'x'; (1 << 10) * 64]);
        programs.iter().for_each(|program| builder.entry_of(BEGIN, &[*program]));
    }
    let scan = scanned(&builder.build(2, 0));
    assert_eq!((scan.records, scan.damaged), (390, 0));
    assert_eq!(counts(&scan).len(), 130);
}

#[test]
fn a_truncated_file_counts_what_is_there_and_misses_the_rest() {
    for (width, compression) in FORMS {
        let file = filled(width, compression, 200).build(2, 0);
        for cut in (HEADER..file.len()).step_by(997) {
            let scan = scanned(&file[..cut]);
            assert_eq!(scan.records + scan.damaged, 200, "{width:?} {compression:?} {cut}");
        }
    }
}

#[test]
fn a_hole_costs_what_was_in_it_and_no_more() {
    let whole = filled(Width::Regular, Compression::None, 400).build(2, 1000);
    let expected = counts(&scanned(&whole));
    for (begin, length) in [(5000, 8), (20_000, 4096), (100_000, 70_000), (whole.len() - 9000, 9000)] {
        for garbage in [0, 1, 6, 0xff] {
            let mut file = whole.clone();
            file[begin..begin + length].fill(garbage);
            let scan = scanned(&file);
            // Eight bytes may lie in the middle of a message, where they are not missed.
            assert!(scan.damaged > 0 || length == 8, "{begin} {length} {garbage}");
            assert!(scan.records + scan.damaged >= 400, "{begin} {length} {garbage}: {scan:?}");
            let near = length as u64 / 300 + 3;
            assert!(scan.damaged <= near + 1, "{begin} {length} {garbage}: {}", scan.damaged);
            for (event_type, count) in counts(&scan) {
                assert!(count <= expected[&event_type], "{event_type} is made up or counted twice");
            }
        }
    }
}

#[test]
fn a_file_that_is_being_written_ends_where_writing_has_come_to() {
    let builder = filled(Width::Compact, Compression::None, 50);
    let older = builder.build(1, 0);
    let mut newer = filled(Width::Compact, Compression::None, 60).build(1, 8 << 20);
    // The header as of ten entries ago, and an object that is only begun behind the last.
    newer[..HEADER].copy_from_slice(&older[..HEADER]);
    let end = filled(Width::Compact, Compression::None, 60).build(1, 0).len();
    newer[end..end + 16].copy_from_slice(&[3, 0, 0, 0, 0, 0, 0, 0, 9, 0, 0, 0, 0, 0, 0, 0]);
    let scan = scanned(&newer);
    assert_eq!((scan.records, scan.damaged), (60, 0));
}

#[test]
fn an_entry_whose_program_cannot_be_read_is_damage_and_no_event_type() {
    let mut builder = JournalBuilder::new(Width::Regular, Compression::None);
    let program = builder.data(b"SYSLOG_IDENTIFIER=sshd");
    let message = builder.data(b"MESSAGE=text");
    for items in
        [[program, message], [program, 8], [message, 1 << 40], [message, program + 1], [message, u64::MAX]]
    {
        builder.entry_of(BEGIN, &items);
    }
    builder.entry_of(0, &[program]);
    builder.entry_of(u64::MAX, &[program]);
    let scan = scanned(&builder.build(2, 0));
    assert_eq!(counts(&scan), [("syslog:sshd".to_owned(), 2)].into());
    assert_eq!((scan.records, scan.damaged, scan.undated, scan.fields_uncounted), (2, 3, 2, 1));
}

#[test]
fn a_header_says_who_wrote_the_file_and_whether_it_can_be_read() {
    let file = filled(Width::Regular, Compression::None, 1).build(1, 0);
    assert!(is_journal(&file));
    let read = head(&file, file.len() as u64).unwrap();
    assert_eq!(read.machine_id.to_string(), "ab".repeat(16));
    assert_eq!((read.file_id.to_string(), read.state), ("f1".repeat(16), State::Online));
    let error = |file: &[u8]| scan(&file, file.len() as u64, &options(Detail::Counts), &|_| ()).unwrap_err();
    assert!(matches!(error(b""), JournalError::NoBytes));
    assert!(matches!(error(&file[..207]), JournalError::TooShort { bytes: 207 }));
    assert!(matches!(error(b"LPK"), JournalError::TooShort { bytes: 3 }));
    assert!(matches!(error(b"not a journal"), JournalError::NotJournal { .. }));
    let mut newer = file.clone();
    newer[12] |= 1 << 5;
    assert!(error(&newer).to_string().starts_with("written by a newer systemd (incompatible flags 0x20)"));
}

#[test]
fn progress_is_told_of_every_byte_once() {
    let file = filled(Width::Regular, Compression::None, 2000).build(2, 1 << 20);
    let told = Cell::new(0);
    scan(&file, file.len() as u64, &options(Detail::Counts), &|bytes| told.set(told.get() + bytes)).unwrap();
    assert_eq!(told.get(), file.len() as u64);
}

fn read_text(log: &[u8], format: Format, piece: usize) -> LogScan {
    let mut scanner = text::Scanner::new(format, options(Detail::Inventory));
    log.chunks(piece).for_each(|piece| scanner.feed(piece));
    scanner.finish()
}

/// Four entries: a plain one, one with a value of two lines, one of Sysmon, and one that names nothing.
fn export() -> Vec<u8> {
    let long = "x".repeat(70_000);
    let mut log = format!(
        "__CURSOR=c\n__REALTIME_TIMESTAMP={BEGIN}\n_HOSTNAME=h\nSYSLOG_IDENTIFIER=a b\nMESSAGE=\nPRIORITY=6\n\n\
         __REALTIME_TIMESTAMP={BEGIN}\n_HOSTNAME=h\nSYSLOG_IDENTIFIER=a b\nMESSAGE\n"
    )
    .into_bytes();
    log.extend(9_u64.to_le_bytes());
    log.extend(b"two\n\nline\n_EXE\n\0\0\0\0\0\0\0\0\n\n");
    log.extend(format!("__REALTIME_TIMESTAMP={BEGIN}\n_HOSTNAME=h\nMESSAGE={SYSMON}{long}\n").bytes());
    log.extend(
        format!("SYSLOG_IDENTIFIER=sysmon\n\n__REALTIME_TIMESTAMP={BEGIN}\n_HOSTNAME=h\nPRIORITY=1\n")
            .bytes(),
    );
    log
}

#[test]
fn an_export_is_read_however_its_bytes_come() {
    let expected = read_text(&export(), Format::JournalExport, usize::MAX);
    let types = [("syslog:a b", 2), ("syslog:-", 1), ("sysmon-linux:5", 1)];
    assert_eq!(counts(&expected), types.map(|(name, count)| (name.to_owned(), count)).into());
    assert_eq!((expected.records, expected.damaged, expected.oversize), (4, 0, 1));
    for piece in [1, 2, 7, 8, 9, 1000] {
        assert_eq!(read_text(&export(), Format::JournalExport, piece), expected, "{piece}");
    }
}

#[test]
fn json_gives_what_the_export_gives() {
    let long = "x".repeat(60_000);
    let entry = |rest: &str| format!("{{\"__REALTIME_TIMESTAMP\":\"{BEGIN}\",\"_HOSTNAME\":\"h\"{rest}}}\n");
    let log = [
        entry(
            ",\"SYSLOG_IDENTIFIER\" : \"a\\u0020b\",\"MESSAGE\":\"\",\"PRIORITY\":\"6\",\"__CURSOR\":\"c\"",
        ),
        entry(
            ",\"SYSLOG_IDENTIFIER\":[97, 32,98],\"MESSAGE\":\"two\\n\\nline\",\"_EXE\":\"\",\"X\":{\"y\":[1]}",
        ),
        format!(
            "\x1e{}",
            entry(&format!(",\"MESSAGE\":\"{SYSMON}{long}\",\"SYSLOG_IDENTIFIER\":[\"sysmon\",null]"))
        ),
        format!("data: {}\n", entry(",\"PRIORITY\":[[49],\"2\"]")),
    ];
    let scan = read_text(log.concat().as_bytes(), Format::JournalJson, 1000);
    let expected = read_text(&export(), Format::JournalExport, usize::MAX);
    assert_eq!(scan, LogScan { oversize: 0, ..expected });
}

#[test]
fn damaged_text_is_counted_and_the_next_entry_is_whole() {
    let whole = |name: &str| format!("__REALTIME_TIMESTAMP={BEGIN}\nSYSLOG_IDENTIFIER={name}\n\n");
    let torn =
        ["lower=x\n\n", "MESSAGE\n\x7f\x7f\x7f\x7f\x7f\x7f\x7f\x7f\n\n", "A\n\x01\0\0\0\0\0\0\0xyz\nB=\n\n"];
    let log: String = torn.iter().flat_map(|torn| [whole("a"), (*torn).to_owned()]).collect();
    let scan = read_text(format!("{log}{}MESSAGE=cut", whole("b")).as_bytes(), Format::JournalExport, 5);
    assert_eq!((scan.records, scan.damaged, scan.undated), (4, 4, 0));
    let lines = "{\"SYSLOG_IDENTIFIER\":\"a\"}\n[]\n{\"a\"\n-- No entries --\n{} x\n";
    let scan = read_text(lines.as_bytes(), Format::JournalJson, 5);
    assert_eq!((scan.records, scan.damaged, scan.undated), (0, 4, 1));
}

#[test]
fn a_json_line_that_is_cut_counts_if_whose_and_when_is_known() {
    let long = "x".repeat(70_000);
    let when = format!("\"__REALTIME_TIMESTAMP\":\"{BEGIN}\"");
    let log = [
        format!("{{{when},\"SYSLOG_IDENTIFIER\":\"a\",\"MESSAGE\":\"{long}\"}}\n"),
        format!("{{{when},\"MESSAGE\":\"{long}\",\"SYSLOG_IDENTIFIER\":\"a\"}}\n"),
        format!("{{\"SYSLOG_IDENTIFIER\":\"a\",\"MESSAGE\":\"{long}\",{when}}}\n"),
    ];
    let scan = read_text(log.concat().as_bytes(), Format::JournalJson, 1 << 16);
    assert_eq!((scan.records, scan.damaged, scan.oversize, scan.fields_uncounted), (1, 2, 3, 1));
    let event_type = scan.hosts[0].event_types.keys().next().unwrap();
    assert!(matches!(event_type, EventType::Syslog { .. }));
}
