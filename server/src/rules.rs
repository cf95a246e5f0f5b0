//! Sigma rules from files: found, read, parsed on several threads, turned into detections.

use std::{fs, num::NonZeroUsize, path::PathBuf};

use blindspot_catalog::{Detection, Facts, Problem, sigma};

use crate::files::{self, FoundFile, Wanted};

/// The largest rule file that is read; real ones have a few KiB.
const MAX_RULE_BYTES: u64 = 1 << 20;

const RULES: Wanted = Wanted {
    is: |path| path.extension().is_some_and(|ending| ending == "yml" || ending == "yaml"),
    none: "no rule in this folder; rules are .yml or .yaml files",
};

/// Reads and parses every rule under these paths.
#[must_use]
pub fn parse(paths: &[PathBuf], threads: NonZeroUsize) -> (sigma::Rules, Vec<Problem>) {
    let (files, mut problems) = files::find(paths, &RULES);
    let share = files.len().div_ceil(threads.get()).max(1);
    let parsed: Vec<_> = std::thread::scope(|scope| {
        let workers: Vec<_> = files
            .chunks(share)
            .map(|chunk| scope.spawn(move || chunk.iter().map(parse_file).collect::<Vec<_>>()))
            .collect();
        workers
            .into_iter()
            .flat_map(|worker| worker.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)))
            .collect()
    });
    let mut documents = Vec::new();
    for (more, wrong) in parsed {
        documents.extend(more);
        problems.extend(wrong);
    }
    let (rules, wrong) = sigma::assemble(documents);
    problems.extend(wrong);
    (rules, problems)
}

fn parse_file(file: &FoundFile) -> (Vec<sigma::Document>, Vec<Problem>) {
    let place = file.path.display().to_string();
    let failed = |what: String| (Vec::new(), vec![Problem::new(place.clone(), what)]);
    if file.size > MAX_RULE_BYTES {
        return failed(format!("{} bytes are too many for a rule; the most is {MAX_RULE_BYTES}", file.size));
    }
    match fs::read(&file.path).map(String::from_utf8) {
        Ok(Ok(text)) => sigma::parse_file(&place, &text),
        Ok(Err(_)) => failed("is not UTF-8 text; save it as UTF-8".to_owned()),
        Err(error) => failed(format!("could not be read: {error}")),
    }
}

/// Reads every rule under these paths as a detection.
#[must_use]
pub fn load(
    paths: &[PathBuf],
    logsources: &sigma::Logsources,
    facts: &Facts,
    threads: NonZeroUsize,
) -> (Vec<Detection>, Vec<Problem>) {
    let (rules, problems) = parse(paths, threads);
    (rules.detections(logsources, facts), problems)
}
