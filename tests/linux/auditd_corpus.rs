//! Audit logs of other people's machines, counted as a plain split counts them, and as `ausearch` does.

use std::{collections::BTreeMap, fs, path::Path, process::Command};

use blindspot_sampling::text::Format;
use blindspot_tests::corpus::{corpus, files_below, say_skipped_because};

use crate::{
    auditd::{naive, naive_counts, our_counts},
    support::{count, output},
};

/// What has no time that can be told, in `selinux.log`, which was made to have such lines.
const UNDATED: [&str; 2] = ["EMPTYDATE", "WRONGDATE"];
/// Where `ausearch` sees other records: it prints `type= msg=` and `WRONGDATE` too, and nothing of AppArmor.
const OTHER_FOR_AUSEARCH: [&str; 2] = ["selinux.log", "record-avc-apparmor.txt"];

#[test]
fn every_record_of_the_corpus_is_counted() {
    let Some(corpus) = corpus() else { return };
    let mut logs = logs(&corpus);
    logs.sort();
    assert!(logs.len() > 30, "{} logs", logs.len());
    let (mut records, mut compared) = (0, 0);
    for (name, log) in &logs {
        let text = String::from_utf8_lossy(log);
        let mut expected = naive_counts(&text);
        let undated: u64 = UNDATED.iter().filter_map(|name| expected.remove(*name)).sum();
        // `type= msg=...` names no type.
        expected.remove("");
        if let Some(count) = expected.remove("UNKNOWN[1323]") {
            expected.insert("MMAP".to_owned(), count);
        }
        let scan = count(log, Format::Auditd);
        let lines = text.lines().filter(|line| !line.is_empty());
        let others =
            lines.filter(|line| naive(line).is_none_or(|(_, record_type, _)| record_type.is_empty()));
        assert_eq!(our_counts(&scan), expected, "{name}");
        assert_eq!((scan.undated, scan.damaged), (undated, others.count() as u64), "{name}");
        assert_eq!((scan.uncounted, scan.fields_uncounted), (0, 0), "{name}");
        records += scan.records;
        compared += u64::from(ausearch_agrees(name, log, &expected));
    }
    assert!(records > 500, "{records} records");
    eprintln!("{} logs, {records} records, {compared} logs compared with ausearch", logs.len());
}

/// Names and contents of the audit logs of the corpus.
fn logs(corpus: &Path) -> Vec<(String, Vec<u8>)> {
    let samples = files_below(corpus, "").into_iter().filter(|path| {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        ["audit_enriched.log", "selinux.log"].contains(&&*name)
            || (path.parent().is_some_and(|parent| parent.ends_with("testdata") || parent.ends_with("tree"))
                && name.ends_with(".txt"))
    });
    let mut logs: Vec<(String, Vec<u8>)> =
        samples.map(|path| (file_name(&path), fs::read(path).unwrap())).collect();
    for path in files_below(corpus, ".zip") {
        let Ok(unpacked) = Command::new("unzip").arg("-p").arg(&path).output() else {
            say_skipped_because("no unzip: some logs");
            break;
        };
        if unpacked.stdout.starts_with(b"type=") {
            logs.push((file_name(&path), unpacked.stdout));
        }
    }
    logs
}

fn file_name(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

/// Compares with `ausearch`; false where it is not there, or is known to see other records.
fn ausearch_agrees(name: &str, log: &[u8], expected: &BTreeMap<String, u64>) -> bool {
    let folder = tempfile::TempDir::new().unwrap();
    let path = folder.path().join("audit.log");
    fs::write(&path, log).unwrap();
    let Some(raw) = output("ausearch", &["-if", path.to_str().unwrap(), "--raw"]) else { return false };
    if OTHER_FOR_AUSEARCH.contains(&name) {
        return false;
    }
    assert_eq!(naive_counts(&raw), *expected, "{name}: ausearch");
    true
}
