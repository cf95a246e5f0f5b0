//! How fast EVTX files are counted, against the limits that we promise: `cargo bench -p blindspot-tests --bench evtx`.
//!
//! With `BLINDSPOT_CORPUS` the file is made of real Security and Sysmon chunks, without it of built ones. With
//! `EVTX_DUMP` naming an `evtx_dump` binary, that is measured too (`cargo install evtx`). Figures are the fastest of
//! several runs that take turns, all from the page cache; a limit that is missed ends the program with status 1.

use std::{
    fs::{self, File},
    io::{BufWriter, Read},
    num::NonZeroUsize,
    path::{Path, PathBuf},
    process::{Command, ExitCode, Stdio},
    time::Duration,
};

use blindspot_sampling::{
    Detail,
    evtx::{Scan, ScanOptions, scan},
};
use blindspot_telemetry::{Clock, clock::SystemClock};
use blindspot_tests::{
    corpus::{corpus, files_below, target_folder},
    evtx_builder::{CHUNK_BYTES, Event, EvtxBuilder, FILE_HEAD, write_repeated},
    limits::{self, Limit},
};
use evtx::{EvtxParser, ParserSettings};

const FILE_BYTES: u64 = 500 << 20;
/// The slow comparisons read a file of this size, and their times are scaled by records.
const PART_BYTES: u64 = 64 << 20;
const ROUNDS: usize = 7;
const SLOW_ROUNDS: usize = 3;
/// Memory that counting may need, in KiB.
const MEMORY_LIMIT_KIB: u64 = 8 << 10;

/// How much faster two threads that only compute must be than one for the machine to have two cores to itself.
const TWO_CORES: f64 = 1.85;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().collect();
    if let [_, flag, path] = arguments.as_slice()
        && flag == "--memory-of"
    {
        print_peak_memory(Path::new(path));
        return ExitCode::SUCCESS;
    }
    let chunks = chunks();
    let whole = written(&chunks, FILE_BYTES, "bench.evtx");
    let part = written(&chunks, PART_BYTES, "bench-part.evtx");
    let limits: Vec<Limit> = speed(&whole, &part).into_iter().chain(memory(&whole, &part)).collect();
    limits::report(&limits)
}

fn speed(whole: &Path, part: &Path) -> Vec<Limit> {
    let records = count(whole, Detail::Counts, 1).records;
    let part_records = count(part, Detail::Counts, 1).records;
    let mut fastest = [Duration::MAX; 7];
    // Half of the rounds before the slow comparisons and half behind them: the machine may change meanwhile.
    fast_rounds(whole, &mut fastest);
    let scale = records as f64 / part_records as f64;
    let xml = scale * fastest_of(|| render_xml(part));
    let dump = std::env::var_os("EVTX_DUMP").map(PathBuf::from);
    let json = scale
        * match &dump {
            Some(program) => fastest_of(|| dump_jsonl(program, part)),
            None => fastest_of(|| render_json(part)),
        };
    let json_name = if dump.is_some() { "evtx_dump -t 1 -o jsonl" } else { "evtx crate, JSON" };
    fast_rounds(whole, &mut fastest);
    let [read, counts, inventory, counts_2, inventory_2, compute, compute_2] =
        fastest.map(|time| time.as_secs_f64());
    let megabytes = fs::metadata(whole).expect("the file").len() as f64 / 1e6;
    println!("{records} records, {megabytes:.0} MB, {}", whole.display());
    for (what, seconds) in [
        ("read() into 64 KiB", read),
        ("counts, one thread", counts),
        ("inventory, one thread", inventory),
        ("counts, two threads", counts_2),
        ("inventory, two threads", inventory_2),
        (json_name, json),
        ("evtx crate, XML", xml),
    ] {
        let per_record = seconds * 1e9 / records as f64;
        println!("{what:30} {seconds:8.3} s {:8.0} MB/s {per_record:8.0} ns/record", megabytes / seconds);
    }
    let cores = 2.0 * compute / compute_2;
    let no_cores = format!("not measurable: two threads that only compute gain {cores:.2}");
    let unmeasurable = (cores < TWO_CORES).then_some(no_cores);
    vec![
        Limit::at_most("counts / read()", counts / read, 2.5),
        Limit::at_most("inventory / read()", inventory / read, 5.0),
        Limit::at_least("JSON by evtx_dump, or in process without it / counts", json / counts, 8.0),
        Limit::at_least("XML by the evtx crate / counts", xml / counts, 15.0),
        Limit { unmeasurable, ..Limit::at_least("counts, one thread / two threads", counts / counts_2, 1.7) },
    ]
}

fn fast_rounds(file: &Path, fastest: &mut [Duration; 7]) {
    for _ in 0..ROUNDS {
        let runs: [&dyn Fn(); 7] = [
            &|| read_all(file),
            &|| drop(count(file, Detail::Counts, 1)),
            &|| drop(count(file, Detail::Inventory, 1)),
            &|| drop(count(file, Detail::Counts, 2)),
            &|| drop(count(file, Detail::Inventory, 2)),
            &|| compute_on(1),
            &|| compute_on(2),
        ];
        for (fastest, run) in fastest.iter_mut().zip(runs) {
            *fastest = (*fastest).min(timed(run));
        }
    }
}

fn memory(whole: &Path, part: &Path) -> Vec<Limit> {
    let of = |what, path: &Path| {
        let program = std::env::current_exe().expect("this program");
        let output = Command::new(program).arg("--memory-of").arg(path).output().expect("a child process");
        let peak: u64 = String::from_utf8_lossy(&output.stdout).trim().parse().expect("a number of KiB");
        Limit::at_most(what, peak as f64, MEMORY_LIMIT_KIB as f64)
    };
    vec![of("peak memory of counting 500 MB, KiB", whole), of("peak memory of counting 64 MB, KiB", part)]
}

fn print_peak_memory(path: &Path) {
    count(path, Detail::Counts, 1);
    let status = fs::read_to_string("/proc/self/status").expect("Linux");
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).expect("peak memory");
    println!("{}", line.trim().trim_end_matches(" kB"));
}

fn timed(run: impl Fn()) -> Duration {
    let clock = SystemClock::new();
    run();
    clock.monotonic()
}

/// Arithmetic without memory, as much on each thread.
fn compute_on(threads: usize) {
    let work = || {
        let mut sum = 1_u64;
        for number in 0..50_000_000_u64 {
            sum = std::hint::black_box(sum.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(number));
        }
    };
    std::thread::scope(|scope| {
        (1..threads).for_each(|_| drop(scope.spawn(work)));
        work();
    });
}

fn fastest_of(run: impl Fn()) -> f64 {
    (0..SLOW_ROUNDS).map(|_| timed(&run)).min().unwrap_or_default().as_secs_f64()
}

fn read_all(path: &Path) {
    let mut file = File::open(path).expect("the file");
    let mut buffer = vec![0; CHUNK_BYTES];
    while file.read(&mut buffer).expect("a read") > 0 {
        std::hint::black_box(&buffer);
    }
}

fn count(path: &Path, detail: Detail, threads: usize) -> Scan {
    let file = File::open(path).expect("the file");
    let length = file.metadata().expect("its length").len();
    let threads = NonZeroUsize::new(threads).expect("at least one thread");
    let options = ScanOptions { detail, threads, ..ScanOptions::default() };
    let scan = scan(&file, length, &options, &|_| ()).expect("an EVTX file");
    assert!(scan.records > 0 && scan.damaged == 0, "the file is whole");
    scan
}

fn parser(path: &Path) -> EvtxParser<File> {
    let settings = ParserSettings::default().num_threads(1).indent(false);
    EvtxParser::from_path(path).expect("an EVTX file").with_configuration(settings)
}

fn render_xml(path: &Path) {
    for record in parser(path).records() {
        std::hint::black_box(record.expect("a record").data);
    }
}

fn render_json(path: &Path) {
    for record in parser(path).records_json() {
        std::hint::black_box(record.expect("a record").data);
    }
}

fn dump_jsonl(program: &Path, path: &Path) {
    let mut command = Command::new(program);
    command.args(["-t", "1", "-o", "jsonl"]).arg(path).stdout(Stdio::null());
    assert!(command.status().expect("evtx_dump runs").success(), "evtx_dump failed");
}

/// Full chunks of Security and Sysmon logs.
fn chunks() -> Vec<Vec<u8>> {
    let Some(corpus) = corpus() else { return built_chunks() };
    let wanted = |scan: &Scan| {
        scan.damaged == 0
            && scan.channels.iter().all(|channel| {
                ["Security", "Microsoft-Windows-Sysmon/Operational"].contains(&channel.as_str())
            })
    };
    let mut chunks = Vec::new();
    for path in files_below(&corpus, ".evtx") {
        if wanted_file(&path, wanted) {
            chunks.extend(full_chunks(&fs::read(&path).expect("a file of the corpus")));
        }
    }
    chunks
}

fn wanted_file(path: &Path, wanted: impl Fn(&Scan) -> bool) -> bool {
    let bytes = fs::read(path).expect("a file of the corpus");
    scan(&bytes, bytes.len() as u64, &ScanOptions::default(), &|_| ()).is_ok_and(|scan| wanted(&scan))
}

/// The chunks of a file that are used to at least five sixths, as all but the last of a log are.
fn full_chunks(file: &[u8]) -> Vec<Vec<u8>> {
    let chunks = file[FILE_HEAD.min(file.len())..].chunks_exact(CHUNK_BYTES);
    let used = |chunk: &&[u8]| {
        let free = u32::from_le_bytes([chunk[48], chunk[49], chunk[50], chunk[51]]) as usize;
        chunk.starts_with(b"ElfChnk\0") && free > CHUNK_BYTES * 5 / 6 && free <= CHUNK_BYTES
    };
    chunks.filter(used).map(<[u8]>::to_vec).collect()
}

fn built_chunks() -> Vec<Vec<u8>> {
    let names: Vec<String> = (0..15).map(|number| format!("FieldNumber{number}")).collect();
    let data: Vec<(&str, &str)> =
        names.iter().map(|name| (name.as_str(), "a value of usual length")).collect();
    let events: Vec<Event> = (0..8)
        .map(|kind| Event::new("Security", "Microsoft-Windows-Security-Auditing", 4688 + kind, &data))
        .collect();
    let mut builder = EvtxBuilder::default();
    let time = "2024-05-01T00:00:00Z".parse().expect("a time");
    for (id, event) in (1..=4000).zip(events.iter().cycle()) {
        builder.push(&event.clone().at(id, time));
    }
    full_chunks(&builder.build())
}

fn written(chunks: &[Vec<u8>], bytes: u64, name: &str) -> PathBuf {
    let path = target_folder().join(name);
    let file = BufWriter::with_capacity(1 << 20, File::create(&path).expect("a file in the target folder"));
    write_repeated(chunks, bytes, &mut { file }).expect("the file is written");
    path
}
