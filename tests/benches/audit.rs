//! What an audit of 200 MB of logs costs, and reading the rules alone: `cargo bench -p blindspot-tests --bench audit`.
//!
//! With `BLINDSPOT_CORPUS` the logs are made of real chunks and the rules are the public ones; without it both are our
//! own, and the figures say little. Each figure is the best of several runs from the page cache.

use std::{
    fs::{self, File},
    io::BufWriter,
    num::NonZeroUsize,
    path::{Path, PathBuf},
    process::{Command, ExitCode, Stdio},
    time::Duration,
};

use blindspot_telemetry::{Clock, clock::SystemClock};
use blindspot_tests::{
    corpus::{corpus, files_below, target_folder},
    evtx_builder::{CHUNK_BYTES, FILE_HEAD, write_repeated},
    limits::{self, Limit},
    sample_logs,
};

const LOG_BYTES: u64 = 200 << 20;
const FILES: u64 = 4;
const ROUNDS: usize = 5;

fn main() -> ExitCode {
    let corpus = corpus();
    let (chunks, rules) = match &corpus {
        Some(corpus) => {
            (real_chunks(&corpus.join("evtx-attack-samples")), corpus.join("sigma-rules-2026-08"))
        }
        None => (built_chunks(), Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/sigma")),
    };
    let logs = write_logs(&chunks);
    let arguments = ["audit", &logs.display().to_string(), "--rules", &rules.display().to_string()];
    let runs: Vec<(Duration, u64)> = (0..ROUNDS).map(|_| run(&arguments)).collect();
    let wall = runs.iter().map(|run| run.0).min().unwrap_or_default().as_secs_f64();
    let memory = runs.iter().map(|run| run.1).max().unwrap_or_default() as f64 / 1024.0;
    let threads = std::thread::available_parallelism().unwrap_or(NonZeroUsize::MIN);
    let parse = (0..ROUNDS).map(|_| parse_rules(&rules, threads)).min().unwrap_or_default().as_secs_f64();
    println!(
        "200 MB of logs in {FILES} files, {} rule files, {threads} threads",
        files_below(&rules, ".yml").len()
    );
    limits::report(&[
        Limit::at_most("audit, s", wall, 1.5),
        Limit::at_most("audit, peak memory in MB", memory, 120.0),
        Limit::at_most("reading all rules, s", parse, 0.5),
    ])
}

/// Runs the program; its time, and its peak memory in KiB.
fn run(arguments: &[&str]) -> (Duration, u64) {
    let clock = SystemClock::new();
    let mut child = Command::new(env!("CARGO_BIN_EXE_under-test"))
        .args(arguments)
        .stdout(Stdio::null())
        .spawn()
        .expect("the program starts");
    let status = format!("/proc/{}/status", child.id());
    let mut peak = 0;
    while child.try_wait().expect("the program's state").is_none() {
        peak = peak.max(high_water(&status).unwrap_or(0));
        std::thread::sleep(Duration::from_millis(2));
    }
    (clock.monotonic(), peak)
}

fn high_water(status: &str) -> Option<u64> {
    let text = fs::read_to_string(status).ok()?;
    let line = text.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.trim().trim_end_matches(" kB").parse().ok()
}

fn parse_rules(rules: &Path, threads: NonZeroUsize) -> Duration {
    let clock = SystemClock::new();
    let (parsed, _) = blindspot::rules::parse(&[rules.to_owned()], threads);
    assert!(!parsed.rules.is_empty());
    clock.monotonic()
}

fn real_chunks(folder: &Path) -> Vec<Vec<u8>> {
    files_below(folder, ".evtx").iter().flat_map(|path| chunks_of(&fs::read(path).expect("a log"))).collect()
}

fn built_chunks() -> Vec<Vec<u8>> {
    sample_logs::workstation().iter().flat_map(|(_, bytes)| chunks_of(bytes)).collect()
}

/// The chunks of a log that hold records.
fn chunks_of(file: &[u8]) -> Vec<Vec<u8>> {
    let chunks = file.get(FILE_HEAD..).unwrap_or_default().chunks_exact(CHUNK_BYTES);
    chunks.filter(|chunk| chunk.starts_with(b"ElfChnk\0")).map(<[u8]>::to_vec).collect()
}

fn write_logs(chunks: &[Vec<u8>]) -> PathBuf {
    let folder = target_folder().join("bench-audit");
    fs::create_dir_all(&folder).expect("a folder in the target folder");
    let share = chunks.len().div_ceil(FILES as usize).max(1);
    for (number, part) in chunks.chunks(share).enumerate() {
        let file = File::create(folder.join(format!("part-{number}.evtx"))).expect("a file");
        write_repeated(part, LOG_BYTES / FILES, &mut BufWriter::new(file)).expect("a log");
    }
    folder
}
