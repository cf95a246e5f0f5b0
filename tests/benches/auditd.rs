//! How fast audit logs are counted: `cargo bench -p blindspot-tests --bench auditd`.
//!
//! The logs are made of records such as a host with rules for programs, files and connections writes, once raw and once
//! enriched. `aureport --summary` is what an administrator would run instead; `grep -c` only looks at each line.
//! Figures are the least processor time of several runs that take turns, all from the page cache; a limit that is
//! missed ends the program with status 1.

use std::{
    fmt::Write as _,
    fs::{self, File},
    io::{BufWriter, Read, Write},
    path::{Path, PathBuf},
    process::{Command, ExitCode, Stdio},
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
use jiff::{Timestamp, tz::TimeZone};

const FILE_BYTES: u64 = 256 << 20;
/// `aureport` reads a file of this size, and its time is scaled.
const PART_BYTES: u64 = 16 << 20;
const READ_BYTES: usize = 256 << 10;
const ROUNDS: usize = 7;
const SLOW_ROUNDS: usize = 3;
/// Memory that counting may need, in KiB.
const MEMORY_LIMIT_KIB: f64 = 16.0 * 1024.0;
/// What one core of a common server must reach, in MB/s.
const SPEED_LIMIT: f64 = 500.0;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().collect();
    if let [_, flag, path] = arguments.as_slice()
        && flag == "--memory-of"
    {
        print_peak_memory(Path::new(path));
        return ExitCode::SUCCESS;
    }
    let raw = [
        "raw: inventory, MB/s",
        "raw: aureport --summary / inventory",
        "raw: inventory / grep -c type=",
        "raw: peak memory, KiB",
    ];
    let enriched = [
        "enriched: inventory, MB/s",
        "enriched: aureport --summary / inventory",
        "enriched: inventory / grep -c type=",
        "enriched: peak memory, KiB",
    ];
    let limits: Vec<Limit> = measured(false, raw).into_iter().chain(measured(true, enriched)).collect();
    limits::report(&limits)
}

/// Prints what a log takes, and gives its limits.
fn measured(enriched: bool, [speed, to_aureport, to_grep, memory]: [&'static str; 4]) -> Vec<Limit> {
    let path = &written(enriched, FILE_BYTES, "bench-audit.log");
    let part = &written(enriched, PART_BYTES, "bench-audit-part.log");
    let whole = count(path, Detail::Inventory);
    let megabytes = fs::metadata(path).expect("the file").len() as f64 / 1e6;
    println!(
        "{megabytes:.0} MB, {} records, {} audit events, {}",
        whole.records,
        whole.audit_events,
        path.display()
    );
    let mut fastest = [Duration::MAX; 4];
    rounds(path, &mut fastest);
    let aureport = || assert!(run("aureport", &["--summary", "-if"], part), "aureport runs");
    let has_aureport = run("aureport", &["--summary", "-if"], part);
    let aureport = has_aureport.then(|| (0..SLOW_ROUNDS).map(|_| timed(aureport)).min().unwrap_or_default());
    rounds(path, &mut fastest);
    let [read, counts, inventory, grep] = fastest.map(|time| time.as_secs_f64());
    let aureport = aureport.map(|time| time.as_secs_f64() * FILE_BYTES as f64 / PART_BYTES as f64);
    for (what, seconds) in [
        ("read()", Some(read)),
        ("counts", Some(counts)),
        ("inventory", Some(inventory)),
        ("grep -c type=", Some(grep)),
        ("aureport --summary", aureport),
    ] {
        let Some(seconds) = seconds else { continue };
        let per_record = seconds * 1e9 / whole.records as f64;
        println!("{what:20} {seconds:8.3} s {:8.0} MB/s {per_record:8.0} ns/record", megabytes / seconds);
    }
    let unmeasurable = aureport.is_none().then(|| "not measurable: no aureport".to_owned());
    let than_aureport = aureport.unwrap_or_default() / inventory;
    vec![
        Limit::at_least(speed, megabytes / inventory, SPEED_LIMIT),
        Limit { unmeasurable, ..Limit::at_least(to_aureport, than_aureport, 8.0) },
        Limit::at_most(to_grep, inventory / grep, 12.0),
        Limit::at_most(memory, peak_memory(path), MEMORY_LIMIT_KIB),
    ]
}

fn rounds(path: &Path, fastest: &mut [Duration; 4]) {
    for _ in 0..ROUNDS {
        let runs: [&dyn Fn(); 4] = [
            &|| read_all(path),
            &|| drop(count(path, Detail::Counts)),
            &|| drop(count(path, Detail::Inventory)),
            &|| assert!(run("grep", &["-c", "type="], path), "grep runs"),
        ];
        for (fastest, run) in fastest.iter_mut().zip(runs) {
            *fastest = (*fastest).min(timed(run));
        }
    }
}

fn read_all(path: &Path) {
    let mut file = File::open(path).expect("the file");
    let mut buffer = vec![0; READ_BYTES];
    while file.read(&mut buffer).expect("a read") > 0 {
        std::hint::black_box(&buffer);
    }
}

fn count(path: &Path, detail: Detail) -> LogScan {
    let options = TextOptions { detail, zone: TimeZone::UTC, written: Timestamp::UNIX_EPOCH };
    let mut file = File::open(path).expect("the file");
    let scan = scan(&mut file, Format::Auditd, &options, &|_| ()).expect("the file is read");
    assert!(scan.records > 0 && scan.damaged == 0 && scan.uncounted == 0, "the file is whole");
    scan
}

/// Runs a program to its end; false where it is not there. Its output is read: where nobody reads it, `grep` looks no
/// further than the first match.
fn run(name: &str, arguments: &[&str], path: &Path) -> bool {
    let mut command = Command::new(name);
    let output = command.args(arguments).arg(path).env("LC_ALL", "C").stdin(Stdio::null()).output();
    output.is_ok_and(|output| {
        assert!(output.status.success(), "{name} failed");
        true
    })
}

/// Of a process that counts a log and nothing else, in KiB.
fn peak_memory(path: &Path) -> f64 {
    let program = std::env::current_exe().expect("this program");
    let output = Command::new(program).arg("--memory-of").arg(path).output().expect("a child process");
    String::from_utf8_lossy(&output.stdout).trim().parse().expect("a number of KiB")
}

fn print_peak_memory(path: &Path) {
    count(path, Detail::Inventory);
    let status = fs::read_to_string("/proc/self/status").expect("Linux");
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).expect("peak memory");
    println!("{}", line.trim().trim_end_matches(" kB"));
}

/// A log of at least that many bytes, in which everything changes that changes on a host.
fn written(enriched: bool, size: u64, name: &str) -> PathBuf {
    let path = target_folder().join(name);
    let mut file =
        BufWriter::with_capacity(1 << 20, File::create(&path).expect("a file in the target folder"));
    let (mut bytes, mut serial, mut event) = (0, 1, String::new());
    while bytes < size {
        event.clear();
        let stamp = format!("msg=audit({}.{:03}:{serial})", 1_767_225_600 + serial / 7, serial * 37 % 1000);
        write_event(&mut event, &stamp, serial, enriched).expect("a text grows");
        file.write_all(event.as_bytes()).expect("the file is written");
        bytes += event.len() as u64;
        serial += 1;
    }
    file.flush().expect("the file is written");
    path
}

/// One audit event: of ten, four are programs, three files, two connections and one a login.
fn write_event(out: &mut String, stamp: &str, serial: u64, enriched: bool) -> std::fmt::Result {
    let pid = 1000 + serial * 13 % 31_000;
    let with = |text: &'static str| if enriched { text } else { "" };
    let ids = "auid=1000 uid=0 gid=0 euid=0 suid=0 fsuid=0 egid=0 sgid=0 fsgid=0 tty=pts0 ses=12";
    let names = concat!(
        " AUID=\"operator\" UID=\"root\" GID=\"root\" EUID=\"root\" SUID=\"root\" FSUID=\"root\" EGID=\"root\" ",
        "SGID=\"root\" FSGID=\"root\"",
    );
    let owner = with("\u{1d}OUID=\"root\" OGID=\"root\"");
    let mut call = |number: u16, call: &str, items: u8, comm: &str, key: &str| {
        let context = "subj=unconfined_u:unconfined_r:unconfined_t:s0-s0:c0.c1023";
        write!(
            out,
            "type=SYSCALL {stamp}: arch=c000003e syscall={number} success=yes exit=0 a0={:x} a1={:x} a2=0 a3=7ffe \
             items={items} ppid={} pid={pid} {ids} comm=\"{comm}\" exe=\"/usr/bin/{comm}\" {context} key={key}",
            0x55d2_0000_u64 + serial * 64,
            0x7ffd_4840_83e0_u64 - serial * 16,
            pid - 1,
        )?;
        if enriched {
            write!(out, "\u{1d}ARCH=x86_64 SYSCALL={call}{names}")?;
        }
        out.write_str("\n")
    };
    match serial % 10 {
        0..=3 => {
            call(59, "execve", 2, "find", "\"programs\"")?;
            writeln!(
                out,
                "type=EXECVE {stamp}: argc=5 a0=\"find\" a1=\"/srv/data/{serial}\" a2=\"-name\" a3=2A2E746D70202A \
                 a4=\"-delete\"\ntype=CWD {stamp}: cwd=\"/home/operator\""
            )?;
            for (item, name) in ["/usr/bin/find", "/lib64/ld-linux-x86-64.so.2"].iter().enumerate() {
                writeln!(
                    out,
                    "type=PATH {stamp}: item={item} name=\"{name}\" inode={} dev=fd:00 mode=0100755 ouid=0 ogid=0 \
                     rdev=00:00 nametype=NORMAL cap_fp=0 cap_fi=0 cap_fe=0 cap_fver=0 cap_frootid=0{owner}",
                    131_072 + item * 77
                )?;
            }
            writeln!(
                out,
                "type=PROCTITLE {stamp}: proctitle=66696E64002F7372762F64617461002D6E616D65002A2E746D70202A002D64656C657465"
            )
        }
        4..=6 => {
            call(257, "openat", 1, "vim", "\"etc\"")?;
            writeln!(
                out,
                "type=CWD {stamp}: cwd=\"/etc\"\ntype=PATH {stamp}: item=0 name=\"/etc/hosts.{}\" \
                 inode={} dev=fd:00 mode=0100644 ouid=0 ogid=0 rdev=00:00 nametype=CREATE cap_fp=0 cap_fi=0 cap_fe=0 \
                 cap_fver=0 cap_frootid=0{owner}\ntype=PROCTITLE {stamp}: proctitle=76696D002F6574632F686F737473",
                serial % 500,
                200_000 + serial % 500
            )
        }
        7 | 8 => {
            call(42, "connect", 0, "curl", "(null)")?;
            let address = with("\u{1d}SADDR={ saddr_fam=inet laddr=192.0.2.7 lport=443 }");
            writeln!(
                out,
                "type=SOCKADDR {stamp}: saddr=020001BBC00002070000000000000000{address}\n\
                 type=PROCTITLE {stamp}: proctitle=6375726C0068747470733A2F2F6578616D706C652E6F7267"
            )
        }
        _ => writeln!(
            out,
            "type=USER_AUTH {stamp}: pid={pid} uid=0 auid=4294967295 ses=4294967295 subj=system_u:system_r:sshd_t:s0 \
             msg='op=PAM:authentication grantors=? acct=\"operator\" exe=\"/usr/sbin/sshd\" hostname=198.51.100.9 \
             addr=198.51.100.9 terminal=ssh res=failed'{}",
            with("\u{1d}UID=\"root\" AUID=\"unset\"")
        ),
    }
}
