//! A team's own inventory: detections that have no Sigma form, such as SIEM searches, EDR alerts and IDS signatures.
//!
//! As TOML, one table for each detection:
//!
//! ```toml
//! [[detection]]
//! id = "siem-0042"                          # needed, unique
//! title = "Credential dumping with comsvcs" # needed
//! techniques = ["T1003.001"]
//! any = ["sysmon:1", "security:4688"]       # any one of these lets it fire
//! fields = ["CommandLine", "Image@sysmon:1", "NewProcessName@security:4688"]
//! level = "high"                            # informational, low, medium, high, critical
//! platform = "windows"                      # left out: what the event types say
//! ```
//!
//! `all = ["sysmon:1|security:4688", "sysmon:3"]` stands instead of `any` where several are needed together; `|`
//! separates alternatives there. `outside = "network sensor"` stands instead of both for what no agent samples.
//! A field is needed on every event type of the entry, or on the one behind its `@`. `sysmon:*` is any event of a
//! source; it gives partial sight at most.
//!
//! As CSV, the columns `id,title,techniques,events,fields,level,platform,outside`: `;` separates what is needed
//! together, techniques and fields, `|` separates alternatives (`sysmon:1|security:4688;sysmon:3`).
//!
//! An entry that cannot be understood is a problem with its file and line; the others are kept.

mod entry;
mod lint;
mod table;
mod toml_file;

use std::{collections::HashMap, path::PathBuf, sync::Arc};

pub use lint::{MANY_TECHNIQUES, TooGeneric, too_generic};

use crate::{Detection, Facts, Problem};

/// Reads an inventory: CSV where the file's name says so, TOML otherwise.
#[must_use]
pub fn parse(file: &str, text: &str, facts: &Facts) -> (Vec<Detection>, Vec<Problem>) {
    let is_csv = file.rsplit_once('.').is_some_and(|(_, extension)| extension.eq_ignore_ascii_case("csv"));
    let mut problems = Vec::new();
    let entries = if is_csv {
        table::read(file, text, &mut problems)
    } else {
        toml_file::read(file, text, &mut problems)
    };

    let path = Arc::new(PathBuf::from(file));
    let mut places: HashMap<String, usize> = HashMap::new();
    let mut detections = Vec::new();
    for (line, entry) in entries {
        let place = format!("{file}:{line}");
        if let Some(first) = places.get(&entry.id) {
            problems.push(Problem::new(place, format!("the id `{}` is taken by line {first}", entry.id)));
            continue;
        }
        places.insert(entry.id.clone(), line);
        match entry.detection(facts, &path) {
            Ok((detection, notes)) => {
                detections.push(detection);
                problems.extend(notes.into_iter().map(|note| Problem::new(place.clone(), note)));
            }
            Err(what) => problems.push(Problem::new(place, what)),
        }
    }
    (detections, problems)
}

/// The line that holds a byte of a text, from 1.
fn line_of(text: &str, byte: usize) -> usize {
    text.bytes().take(byte).filter(|byte| *byte == b'\n').count() + 1
}

#[cfg(test)]
mod tests;
