//! How fast the systemd journal is counted, against the limits that we promise:
//! `cargo bench -p blindspot-tests --bench journal`.
//!
//! The files, 80 MB, are written by `systemd-journal-remote` from an export made here: fields and their order are those
//! that systemd-journald writes. The peers are `journalctl -o json` alone, the same piped into `jq`, and the crate
//! `sdjournal`, which reads files too. Figures are the fastest of several runs, all from the page cache; a limit that is
//! missed ends the program with status 1.

use std::{
    fs::{self, File},
    io::{BufWriter, Read, Write},
    path::{Path, PathBuf},
    process::{Command, ExitCode, Stdio},
    time::Duration,
};

use blindspot_sampling::{
    Detail, journal,
    text::{self, Format, TextOptions},
};
use blindspot_telemetry::{Clock, clock::SystemClock};
use blindspot_tests::{
    corpus::{files_below, target_folder},
    limits::{self, Limit},
};
use jiff::{Timestamp, tz::TimeZone};

const REMOTE: &str = "/lib/systemd/systemd-journal-remote";
const ENTRIES: u64 = 110_000;
const ROUNDS: usize = 7;
const SLOW_ROUNDS: usize = 2;
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
    if !Path::new(REMOTE).exists() {
        println!("no {REMOTE} (Debian's package systemd-journal-remote): nothing is measured");
        return ExitCode::SUCCESS;
    }
    let folder = target_folder().join("bench-journal");
    write_journals(&folder);
    let mut limits = speed(&folder);
    limits.push(memory(&folder));
    limits::report(&limits)
}

fn speed(folder: &Path) -> Vec<Limit> {
    let json = saved(folder, "json");
    let export = saved(folder, "export");
    let [json_size, export_size] = [&json, &export].map(|path| megabytes(path));
    let file_size: f64 = journals(folder).iter().map(|path| megabytes(path)).sum();
    println!("{ENTRIES} entries, {file_size:.0} MB, {}", folder.display());
    let read = fastest(ROUNDS, || read_all(folder));
    let counts = fastest(ROUNDS, || count(folder, Detail::Counts));
    let inventory = fastest(ROUNDS, || count(folder, Detail::Inventory));
    let of_json = fastest(ROUNDS, || count_text(&json, Format::JournalJson));
    let of_export = fastest(ROUNDS, || count_text(&export, Format::JournalExport));
    let sdjournal = fastest(SLOW_ROUNDS, || with_sdjournal(folder));
    let journalctl = "journalctl --directory \"$1\" -o json > /dev/null";
    let journalctl = fastest(SLOW_ROUNDS, || shell(journalctl, folder));
    let jq = "journalctl --directory \"$1\" -o json | jq -r .SYSLOG_IDENTIFIER > /dev/null";
    let jq = fastest(SLOW_ROUNDS, || shell(jq, folder));
    for (what, size, seconds) in [
        ("read()", file_size, read),
        ("counts", file_size, counts),
        ("inventory", file_size, inventory),
        ("inventory of -o json", json_size, of_json),
        ("inventory of -o export", export_size, of_export),
        ("sdjournal, one field", file_size, sdjournal),
        ("journalctl -o json", file_size, journalctl),
        ("journalctl -o json | jq", file_size, jq),
    ] {
        let (speed, per_entry) = (size / seconds, seconds * 1e9 / ENTRIES as f64);
        println!("{what:30} {seconds:8.3} s {speed:8.0} MB/s {per_entry:8.0} ns/entry");
    }
    vec![
        Limit::at_most("inventory / read()", inventory / read, 10.0),
        Limit::at_least("sdjournal / inventory", sdjournal / inventory, 5.0),
        Limit::at_least("journalctl -o json / inventory", journalctl / inventory, 20.0),
        Limit::at_least("journalctl -o json | jq / inventory", jq / inventory, 50.0),
        Limit::at_least("JSON lines, MB/s", json_size / of_json, 150.0),
        Limit::at_least("export, MB/s", export_size / of_export, 150.0),
    ]
}

fn journals(folder: &Path) -> Vec<PathBuf> {
    files_below(folder, ".journal")
}

fn megabytes(path: &Path) -> f64 {
    fs::metadata(path).expect("the file").len() as f64 / 1e6
}

fn memory(folder: &Path) -> Limit {
    let program = std::env::current_exe().expect("this program");
    let output = Command::new(program).arg("--memory-of").arg(folder).output().expect("a child process");
    let peak: f64 = String::from_utf8_lossy(&output.stdout).trim().parse().expect("a number of KiB");
    Limit::at_most("peak memory, KiB", peak, MEMORY_LIMIT_KIB)
}

fn print_peak_memory(path: &Path) {
    count(path, Detail::Inventory);
    let status = fs::read_to_string("/proc/self/status").expect("Linux");
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).expect("peak memory");
    println!("{}", line.trim().trim_end_matches(" kB"));
}

fn fastest(rounds: usize, run: impl Fn()) -> f64 {
    let timed = |_| {
        let clock = SystemClock::new();
        run();
        clock.monotonic()
    };
    (0..rounds).map(timed).min().unwrap_or(Duration::MAX).as_secs_f64()
}

fn read_all(folder: &Path) {
    let mut buffer = vec![0; 256 << 10];
    for path in journals(folder) {
        let mut file = File::open(path).expect("the file");
        while file.read(&mut buffer).expect("a read") > 0 {
            std::hint::black_box(&buffer);
        }
    }
}

fn options(detail: Detail) -> TextOptions {
    TextOptions { detail, zone: TimeZone::UTC, written: Timestamp::UNIX_EPOCH }
}

fn count(folder: &Path, detail: Detail) {
    let scanned = |path: &PathBuf| {
        let file = File::open(path).expect("the file");
        let length = file.metadata().expect("its length").len();
        let scan = journal::scan(&file, length, &options(detail), &|_| ()).expect("a journal");
        assert_eq!(scan.damaged, 0);
        scan.records
    };
    assert_eq!(journals(folder).iter().map(scanned).sum::<u64>(), ENTRIES);
}

fn count_text(path: &Path, format: Format) {
    let mut file = File::open(path).expect("the file");
    let scan = text::scan(&mut file, format, &options(Detail::Inventory), &|_| ()).expect("no read fails");
    assert_eq!((scan.records, scan.damaged), (ENTRIES, 0));
}

fn with_sdjournal(folder: &Path) {
    let journal = sdjournal::Journal::open_dir(folder).expect("a folder of journals");
    let mut counted = 0;
    for entry in journal.query().iter().expect("entries") {
        std::hint::black_box(entry.expect("an entry").get("SYSLOG_IDENTIFIER"));
        counted += 1;
    }
    assert_eq!(counted, ENTRIES);
}

fn shell(script: &str, folder: &Path) {
    let status = Command::new("sh").args(["-c", script, "sh"]).arg(folder).status().expect("a shell");
    assert!(status.success(), "`{script}` failed");
}

/// What `journalctl` writes of the files, in a file of its own.
fn saved(folder: &Path, form: &str) -> PathBuf {
    let path = target_folder().join(format!("bench-journal.{form}"));
    let output = File::create(&path).expect("a file in the target folder");
    let mut command = Command::new("journalctl");
    command.args(["--output", form, "--directory"]).arg(folder).stdout(output);
    assert!(command.status().expect("journalctl runs").success(), "journalctl failed");
    path
}

/// As many files as the daemon makes of it: it turns to a new one where its hash table is full.
fn write_journals(folder: &Path) {
    if folder.exists() {
        fs::remove_dir_all(folder).expect("the last run's folder");
    }
    fs::create_dir(folder).expect("a folder in the target folder");
    let path = folder.join("bench.journal");
    let mut command = Command::new(REMOTE);
    command.arg("--output").arg(&path).arg("-").stdin(Stdio::piped()).stderr(Stdio::null());
    let mut remote = command.spawn().expect("systemd-journal-remote runs");
    let mut export = BufWriter::new(remote.stdin.take().expect("a pipe"));
    (0..ENTRIES).for_each(|number| write_entry(number, &mut export));
    drop(export);
    assert!(remote.wait().expect("it ends").success(), "systemd-journal-remote failed");
}

/// An entry as a busy server's: some forty programs, each message its own, one in twenty of them large.
fn write_entry(number: u64, export: &mut dyn Write) {
    let (time, program) = (1_767_225_600_000_000 + number * 4_700_000, number * number % 41);
    let padding =
        if number.is_multiple_of(20) { "with many more words than most ".repeat(30) } else { String::new() };
    let pid = 1000 + number / 9 % 3000;
    writeln!(
        export,
        "__REALTIME_TIMESTAMP={time}\n__MONOTONIC_TIMESTAMP={}\n_BOOT_ID=6c7c6013a26343b29e964691ff25d04c\n\
         _TRANSPORT=syslog\nPRIORITY={}\nSYSLOG_FACILITY=3\nSYSLOG_IDENTIFIER=program-{program}\nSYSLOG_PID={pid}\n\
         SYSLOG_TIMESTAMP=Jan {} 10:{}:{} \nMESSAGE=session {number} of user u{} was opened by (uid=0) {padding}\n\
         _PID={pid}\n_UID={}\n_GID=0\n_COMM=program-{program}\n_EXE=/usr/sbin/program-{program}\n\
         _CMDLINE=/usr/sbin/program-{program} --foreground --config /etc/program-{program}.conf\n\
         _CAP_EFFECTIVE=1fffeffffff\n_SELINUX_CONTEXT=unconfined\n_SYSTEMD_CGROUP=/system.slice/p{program}.service\n\
         _SYSTEMD_UNIT=p{program}.service\n_SYSTEMD_SLICE=system.slice\n_SYSTEMD_INVOCATION_ID={:032x}\n\
         _SOURCE_REALTIME_TIMESTAMP={}\n_MACHINE_ID=a91663387a90b89f185d4e860000001a\n_HOSTNAME=server1\n",
        number + 1,
        number % 8,
        number % 31 + 1,
        number / 60 % 60,
        number % 60,
        number % 500,
        program % 5,
        program + 1,
        time - 83,
    )
    .expect("systemd-journal-remote reads");
}
