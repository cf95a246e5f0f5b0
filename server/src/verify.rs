//! A second reading of every log with a full parser, and where the two differ: a user can check the counts.

use std::{fs::File, path::PathBuf};

use blindspot_catalog::Problem;
use blindspot_sampling::evtx;
use serde::Serialize;

use crate::{
    files,
    logs::find::EVTX,
    output::{clean::clean, paint},
    progress::Progress,
};

/// Differences listed per file in text.
const SHOWN: usize = 5;

/// What the second reading showed.
#[derive(Debug, Default, Serialize)]
pub struct Verified {
    /// Files read twice.
    pub files: usize,
    /// Records that both readings agree on, in every value and every field's fill.
    pub agreed: u64,
    /// Torn records, which the scanner counts as damaged and a full parser may still yield.
    pub torn: u64,
    /// All other differences.
    pub other: u64,
    /// Differences, file by file.
    pub differences: Vec<FileDifferences>,
}

/// The differences of one file.
#[derive(Debug, Serialize)]
pub struct FileDifferences {
    /// The file.
    pub path: String,
    /// Each in one line.
    pub lines: Vec<String>,
}

/// Reads every log under these paths both ways.
#[must_use]
pub fn verify(paths: &[PathBuf], problems: &mut Vec<Problem>) -> Verified {
    let (files, _) = files::find(paths, &EVTX);
    let progress = Progress::bytes("reading again", files.iter().map(|file| file.size).sum());
    let mut verified = Verified::default();
    for file in &files {
        let advance = |bytes| progress.advance(bytes);
        let read = File::open(&file.path)
            .map_err(|source| evtx::EvtxError::Read { offset: 0, source })
            .and_then(|open| evtx::verify(&open, file.size, &advance));
        match read {
            Ok(verification) => verified.add(&file.path.display().to_string(), &verification),
            Err(error) => {
                problems.push(Problem::new(
                    file.path.display().to_string(),
                    format!("not verified: {}", crate::chain(&error)),
                ));
            }
        }
    }
    progress.finish();
    verified
}

impl Verified {
    fn add(&mut self, path: &str, verification: &evtx::Verification) {
        self.files += 1;
        self.agreed += verification.agreed;
        self.other += verification.further_differences;
        for difference in &verification.differences {
            match difference.kind {
                evtx::DifferenceKind::Torn => self.torn += 1,
                _ => self.other += 1,
            }
        }
        if !verification.differences.is_empty() {
            let lines = verification.differences.iter().map(ToString::to_string).collect();
            self.differences.push(FileDifferences { path: path.to_owned(), lines });
        }
    }
}

/// The second reading for a terminal.
#[must_use]
pub fn text(verified: &Verified) -> String {
    let mut lines = vec![paint::heading("Verified with a full parser")];
    lines.push(format!(
        "  {} files: {} records agree in every value and every field; {} torn records differ by policy; {} other differences",
        verified.files, verified.agreed, verified.torn, verified.other
    ));
    for file in &verified.differences {
        lines.push(format!("  {}", clean(&file.path)));
        lines.extend(file.lines.iter().take(SHOWN).map(|line| format!("    {}", clean(line))));
        if file.lines.len() > SHOWN {
            lines.push(format!("    and {} more; --format json lists them", file.lines.len() - SHOWN));
        }
    }
    lines.push(String::new());
    lines.join("\n")
}
