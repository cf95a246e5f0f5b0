//! A first look without any logs at hand: builds a workstation's logs, says that it did, and audits them.
//!
//! Where `BLINDSPOT_CORPUS` names a folder of real samples, those are audited instead.

use std::{
    fs,
    path::{Path, PathBuf},
    process::ExitCode,
};

use anyhow::Context as _;
use blindspot_tests::{corpus, sample_logs};
use clap::Parser as _;

fn main() -> anyhow::Result<ExitCode> {
    let root =
        Path::new(env!("CARGO_MANIFEST_DIR")).parent().context("the workspace has a folder")?.to_owned();
    let corpus = std::env::var_os(corpus::VARIABLE).and_then(|_| corpus::corpus());
    let (logs, rules) = match corpus {
        Some(corpus) => {
            println!("REAL logs and rules, from the folder that {} names\n", corpus::VARIABLE);
            (corpus.join("evtx-attack-samples"), corpus.join("sigma-rules-2026-08"))
        }
        None => (build(&root)?, root.join("tests/fixtures/sigma")),
    };
    let [logs, rules] = [logs, rules].map(|path| path.display().to_string());
    let cli = blindspot::cli::args::Cli::parse_from(["blindspot", "audit", &logs, "--rules", &rules]);
    let code = blindspot::cli::run(&cli);
    println!("\nNext: blindspot explain T1547.001 {logs} --rules {rules}");
    println!(
        "      blindspot audit YOUR_EVTX_FOLDER --rules YOUR_SIGMA_FOLDER --format html --out report.html"
    );
    println!("      (`cargo build --release` puts blindspot at target/release/blindspot)");
    Ok(code)
}

fn build(root: &Path) -> anyhow::Result<PathBuf> {
    let folder = root.join("target/first-look");
    fs::create_dir_all(&folder).with_context(|| format!("could not make `{}`", folder.display()))?;
    for (name, bytes) in sample_logs::workstation() {
        let path = folder.join(name);
        fs::write(&path, bytes).with_context(|| format!("could not write `{}`", path.display()))?;
    }
    println!(
        "SAMPLE: these logs were built just now, they are not from a real machine ({})\n",
        folder.display()
    );
    Ok(folder)
}
