//! The command line as its users meet it: reports, exit codes, gates, and everything that can be wrong with an input.

mod bad_input;
mod gates;
mod reports;

use std::{fs, path::Path};

use blindspot_tests::sample_logs;

/// The fixtures' Sigma rules.
fn rules() -> String {
    format!("{}/fixtures/sigma", env!("CARGO_MANIFEST_DIR"))
}

/// Writes the sample workstation's logs.
fn workstation(folder: &Path) -> String {
    for (name, bytes) in sample_logs::workstation() {
        fs::write(folder.join(name), bytes).unwrap();
    }
    folder.display().to_string()
}
