//! How fast syslog lines are counted, against the limits that we promise: `cargo bench -p blindspot-tests --bench syslog`.
//!
//! The two files are written for this: one of RFC 3164 lines, one of RFC 5424 lines and lines with ISO 8601 times. The
//! peers are `grep -c ': '`, which only looks for two bytes, and the crate `syslog_loose`, which parses each line.
//! Figures are the least processor time of several runs that take turns, all from the page cache; a limit that is missed
//! ends the program with status 1.

use std::{
    fmt::Write as _,
    fs::{self, File},
    io::{BufWriter, Read, Write as _},
    path::{Path, PathBuf},
    process::{Command, ExitCode},
    time::Duration,
};

use blindspot_sampling::{
    Detail,
    text::{Format, LogScan, TextOptions, scan},
};
use blindspot_tests::{
    corpus::target_folder,
    limits::{self, Limit},
    processor_time::timed,
};
use jiff::{Timestamp, ToSpan, tz::TimeZone};

const FILE_BYTES: u64 = 220 << 20;
const ROUNDS: usize = 5;
/// Megabytes that one core must count in a second.
const SPEED_LIMIT: f64 = 500.0;
/// Memory that counting may need, in KiB.
const MEMORY_LIMIT_KIB: f64 = 16_384.0;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().collect();
    if let [_, flag, path] = arguments.as_slice()
        && flag == "--memory-of"
    {
        print_peak_memory(Path::new(path));
        return ExitCode::SUCCESS;
    }
    let classic = written("bench-rfc3164.log", rfc3164);
    let modern = written("bench-rfc5424.log", |number, time, line| match number % 2 {
        0 => rfc5424(number, time, line),
        _ => iso_8601(number, time, line),
    });
    let mut limits = Vec::new();
    limits.extend(speed(
        &classic,
        ["RFC 3164, MB/s", "RFC 3164: time / grep's", "RFC 3164: syslog_loose / time"],
    ));
    limits.extend(speed(
        &modern,
        [
            "RFC 5424 and ISO, MB/s",
            "RFC 5424 and ISO: time / grep's",
            "RFC 5424 and ISO: syslog_loose / time",
        ],
    ));
    limits.push(memory("RFC 3164: peak memory, KiB", &classic));
    limits.push(memory("RFC 5424 and ISO: peak memory, KiB", &modern));
    limits::report(&limits)
}

fn speed(file: &Path, [megabytes_per_second, to_grep, to_loose]: [&'static str; 3]) -> [Limit; 3] {
    let lines = count(file, Detail::Counts).records;
    let mut fastest = [Duration::MAX; 5];
    for _ in 0..ROUNDS {
        let runs: [&dyn Fn(); 5] = [
            &|| read_all(file),
            &|| drop(count(file, Detail::Counts)),
            &|| drop(count(file, Detail::Inventory)),
            &|| grep(file),
            &|| parse_loosely(file),
        ];
        for (fastest, run) in fastest.iter_mut().zip(runs) {
            *fastest = (*fastest).min(timed(run));
        }
    }
    let [read, counts, inventory, grep, loose] = fastest.map(|time| time.as_secs_f64());
    let megabytes = fs::metadata(file).expect("the file").len() as f64 / 1e6;
    println!("{lines} lines, {megabytes:.0} MB, {}", file.display());
    for (what, seconds) in [
        ("read() into 256 KiB", read),
        ("counts", counts),
        ("inventory", inventory),
        ("grep -c ': '", grep),
        ("syslog_loose", loose),
    ] {
        let per_line = seconds * 1e9 / lines as f64;
        println!("{what:22} {seconds:8.3} s {:8.0} MB/s {per_line:8.0} ns/line", megabytes / seconds);
    }
    [
        Limit::at_least(megabytes_per_second, megabytes / inventory, SPEED_LIMIT),
        Limit::at_most(to_grep, inventory / grep, 3.0),
        Limit::at_least(to_loose, loose / inventory, 2.5),
    ]
}

fn memory(what: &'static str, path: &Path) -> Limit {
    let program = std::env::current_exe().expect("this program");
    let output = Command::new(program).arg("--memory-of").arg(path).output().expect("a child process");
    let peak: f64 = String::from_utf8_lossy(&output.stdout).trim().parse().expect("a number of KiB");
    Limit::at_most(what, peak, MEMORY_LIMIT_KIB)
}

fn print_peak_memory(path: &Path) {
    count(path, Detail::Inventory);
    let status = fs::read_to_string("/proc/self/status").expect("Linux");
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).expect("peak memory");
    println!("{}", line.trim().trim_end_matches(" kB"));
}

fn read_all(path: &Path) {
    let mut file = File::open(path).expect("the file");
    let mut buffer = vec![0; 256 << 10];
    while file.read(&mut buffer).expect("a read") > 0 {
        std::hint::black_box(&buffer);
    }
}

fn count(path: &Path, detail: Detail) -> LogScan {
    let written = "2026-03-02T00:00:00Z".parse().expect("a time");
    let options = TextOptions { detail, zone: TimeZone::UTC, written };
    let mut file = File::open(path).expect("the file");
    let scan = scan(&mut file, Format::Syslog, &options, &|_| ()).expect("a file that can be read");
    assert!(scan.records > 0 && scan.damaged + scan.undated + scan.continued + scan.uncounted == 0);
    scan
}

/// With a pipe behind it: grep stops at the first match where nobody reads what it writes.
fn grep(path: &Path) {
    let mut command = Command::new("grep");
    let output = command.args(["-c", ": "]).arg(path).env("LC_ALL", "C").output().expect("grep runs");
    assert!(output.status.success(), "grep found nothing");
}

fn parse_loosely(path: &Path) {
    let text = fs::read_to_string(path).expect("a file of text");
    for line in text.lines() {
        std::hint::black_box(syslog_loose::parse_message(line, syslog_loose::Variant::Either));
    }
}

fn written(name: &str, form: impl Fn(usize, Timestamp, &mut String)) -> PathBuf {
    let path = target_folder().join(name);
    let mut file =
        BufWriter::with_capacity(1 << 20, File::create(&path).expect("a file in the target folder"));
    let start: Timestamp = "2026-02-01T00:00:00Z".parse().expect("a time");
    let (mut line, mut bytes) = (String::new(), 0);
    for number in 0.. {
        // About two lines a second, some of them at once.
        let seconds = i64::try_from(number / 2 - number % 3 / 2).expect("a short log");
        line.clear();
        form(number, start.checked_add(seconds.seconds()).expect("a time"), &mut line);
        line.push('\n');
        file.write_all(line.as_bytes()).expect("a disk with room");
        bytes += line.len() as u64;
        if bytes >= FILE_BYTES {
            break;
        }
    }
    file.flush().expect("a disk with room");
    path
}

fn rfc3164(number: usize, time: Timestamp, line: &mut String) {
    let (program, process, text) = event(number);
    let date = time.strftime("%b %e %H:%M:%S");
    let tag = if process { format!("{program}[{}]", 400 + number % 9000) } else { program.to_owned() };
    write!(line, "{date} {} {tag}: {text}", host(number)).expect("a string");
}

fn iso_8601(number: usize, time: Timestamp, line: &mut String) {
    let (program, process, text) = event(number);
    let date = time.strftime("%Y-%m-%dT%H:%M:%S");
    let tag = if process { format!("{program}[{}]", 400 + number % 9000) } else { program.to_owned() };
    write!(line, "{date}.{:06}+00:00 {} {tag}: {text}", number * 7919 % 1_000_000, host(number))
        .expect("a string");
}

fn rfc5424(number: usize, time: Timestamp, line: &mut String) {
    let (program, process, text) = event(number);
    let date = time.strftime("%Y-%m-%dT%H:%M:%S");
    let process = if process { (400 + number % 9000).to_string() } else { "-".to_owned() };
    let data = if number.is_multiple_of(5) { r#"[timeQuality tzKnown="1" isSynced="1"]"# } else { "-" };
    let micros = number * 7919 % 1_000_000;
    write!(
        line,
        "<{}>1 {date}.{micros:06}Z {} {program} {process} - {data} {text}",
        30 + number % 9,
        host(number)
    )
    .expect("a string");
}

/// One machine, and a second one that is heard of now and then.
fn host(number: usize) -> &'static str {
    if number.is_multiple_of(11) { "backup2.example.org" } else { "web1" }
}

/// A program, whether it tells its process, and what it writes.
fn event(number: usize) -> (&'static str, bool, String) {
    let address = format!("10.{}.{}.{}", number % 7, number % 251, number % 13);
    let port = 1024 + number * 31 % 60_000;
    match number % 10 {
        0 | 1 => {
            ("sshd", true, format!("Failed password for invalid user admin from {address} port {port} ssh2"))
        }
        2 => (
            "CRON",
            true,
            "pam_unix(cron:session): session opened for user root(uid=0) by (uid=0)".to_owned(),
        ),
        3 => ("CRON", true, "(root) CMD (   cd / && run-parts --report /etc/cron.hourly)".to_owned()),
        4 => ("systemd", true, format!("Started Session {} of user deploy.", number % 5000)),
        5 => (
            "kernel",
            false,
            format!(
                "[{port}.{port}] [UFW BLOCK] IN=eth0 OUT= SRC={address} DST=10.0.0.2 LEN=60 TTL=48 PROTO=TCP SPT={port} DPT=23"
            ),
        ),
        6 => ("postfix/smtpd", true, format!("connect from unknown[{address}]")),
        7 => (
            "sudo",
            false,
            "  deploy : TTY=pts/0 ; PWD=/srv ; USER=root ; COMMAND=/usr/bin/systemctl restart app".to_owned(),
        ),
        8 => ("dhclient", true, format!("DHCPACK of {address} from 10.0.0.1")),
        _ => (
            "app",
            true,
            format!(
                "level=info msg=\"request done\" path=/api/v1/items/{port} status=200 ms={}",
                number % 300
            ),
        ),
    }
}
