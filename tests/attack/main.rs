//! The real ATT&CK bundle against the built-in release: the committed lines are what the importer makes of it.

use std::{fs, path::Path, process::Command, time::Instant};

use blindspot_catalog::attack::{Attack, Files, Mappings, classify, import};
use blindspot_tests::corpus;

/// The bundle that the committed lines were compiled from.
const BUNDLE: &str = "enterprise-attack-18.1.json.xz";

/// The bundle's JSON; `None`, with a line that says so, where no corpus is given.
fn bundle() -> Option<Vec<u8>> {
    let Some(folder) = std::env::var_os(corpus::VARIABLE) else {
        corpus::say_skipped();
        return None;
    };
    let output =
        Command::new("xz").arg("-dc").arg(Path::new(&folder).join(BUNDLE)).output().expect("`xz` runs");
    assert!(output.status.success(), "xz: {}", String::from_utf8_lossy(&output.stderr));
    Some(output.stdout)
}

fn committed() -> Files {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../config/catalog/attack");
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let files = entries.map(|path| {
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        (name, fs::read_to_string(path).unwrap())
    });
    files.collect()
}

#[test]
#[expect(clippy::disallowed_methods, reason = "the test measures how long an import takes")]
fn the_real_bundle_compiles_to_the_committed_lines() {
    let Some(json) = bundle() else { return };
    let start = Instant::now();
    let (attack, problems) = import(&json, None).unwrap();
    println!("imported {} bytes in {:?}", json.len(), start.elapsed());
    assert_eq!(problems, []);
    let (fresh, committed) = (attack.write_lines(), committed());
    assert_eq!(fresh.keys().collect::<Vec<_>>(), committed.keys().collect::<Vec<_>>());
    for (name, lines) in &fresh {
        let pairs = lines.lines().zip(committed[name].lines());
        let differing = pairs.filter(|(new, old)| new != old).take(5).collect::<Vec<_>>();
        assert!(*lines == committed[name], "{name} differs, first: {differing:#?}");
    }
    assert!(attack == Attack::embedded());
}

#[test]
fn a_real_bundle_cut_in_half_says_so() {
    let Some(json) = bundle() else { return };
    let error = import(&json[..json.len() / 2], None).unwrap_err().to_string();
    assert!(error.contains("cut off") && error.contains("download it again"), "{error}");
}

#[test]
fn no_prose_of_the_bundle_is_committed() {
    // What stands in the filter column is machine text: numbers, or system calls and record types.
    let release = Attack::embedded();
    for classified in classify(&release, &Mappings::embedded()) {
        let filter = classified.reference.filter.to_string();
        let machine = |word: &str| word.chars().all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '-');
        assert!(filter.split_whitespace().all(machine), "{filter}");
    }
}
