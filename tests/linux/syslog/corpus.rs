//! Every syslog file of the corpus: the counts by program must be those of a parse that shares nothing with ours.

use std::{collections::BTreeMap, fs, path::Path, process::Command};

use blindspot_tests::corpus::corpus;

use super::{Counts, counts, scan_file};

/// Lines that are not counted as events of their own, by file: damaged, continued, undated.
const OTHER_LINES: [(&str, [u64; 3]); 12] = [
    ("syslog/syslog", [0, 2, 0]),
    ("syslog/syslog_chromeos", [0, 1, 0]),
    ("syslog/syslog_cron.log", [0, 0, 0]),
    ("syslog/syslog_osx", [0, 0, 0]),
    ("syslog/syslog_rsyslog", [0, 0, 0]),
    ("syslog/syslog_rsyslog_ForwardFormat", [0, 1, 0]),
    ("syslog/syslog_rsyslog_SysklogdFileFormat", [0, 1, 0]),
    ("syslog/syslog_rsyslog_SyslogProtocol23Format", [0, 1, 0]),
    ("syslog/syslog_rsyslog_TraditionalForwardFormat", [0, 1, 0]),
    ("syslog/syslog_rsyslog_traditional", [0, 3, 0]),
    ("syslog/syslog_ssh.log", [0, 0, 0]),
    ("syslog_copy", [0, 3, 0]),
];

#[test]
fn every_file_is_counted_as_a_naive_parse_counts_it() {
    let Some(corpus) = corpus() else { return };
    for (file, other) in OTHER_LINES {
        let path = corpus.join("linux-log-samples/plaso/test_data").join(file);
        let scan = scan_file(&path);
        assert_eq!([scan.damaged, scan.continued, scan.undated], other, "{file}");
        let mut programs: BTreeMap<String, u64> = BTreeMap::new();
        for ((_, program), count) in counts(&scan) {
            *programs.entry(program).or_default() += count;
        }
        assert_eq!(programs, naive(&path), "{file}");
    }
}

/// The first word that ends with a colon or has brackets within the first seven, of lines that begin with a date.
fn naive(path: &Path) -> BTreeMap<String, u64> {
    const MONTHS: [&str; 5] = ["Jan ", "Feb ", "Mar ", "Nov ", "Dec "];
    let log = fs::read_to_string(path).expect("a log of text");
    let mut programs = BTreeMap::new();
    let mut before = String::new();
    for line in log.lines() {
        let line = line.split_once('>').filter(|_| line.starts_with('<')).map_or(line, |(_, line)| line);
        let words: Vec<&str> = line.split_whitespace().collect();
        // Where the words behind the time begin.
        let begin = match line {
            _ if MONTHS.iter().any(|month| line.starts_with(month)) && words[2].contains(':') => 3,
            _ if line.starts_with("20") => 1,
            _ if line.starts_with("1 20") => 2,
            _ => continue,
        };
        let (mut program, mut events) = ("-".to_owned(), 1);
        if line.starts_with("1 20") {
            program = words[begin + 1].to_owned();
        } else if let Some(tag) =
            words[begin..].iter().take(2).find(|word| word.contains(':') || word.contains('['))
        {
            program = tag.split(['[', ':']).next().expect("a word").to_owned();
        }
        if let Some((_, rest)) = line.split_once("message repeated ") {
            events = rest.split(' ').next().and_then(|times| times.parse().ok()).expect("a number");
            if line.contains("--- last") {
                program = before.clone();
            }
        }
        *programs.entry(program.clone()).or_default() += events;
        before = program;
    }
    programs
}

/// The collection of Log4Shell is JSON of a cloud service; the messages in it are those of Sysmon for Linux, so lines
/// are made of them as a syslog daemon would write them.
#[test]
fn real_events_of_sysmon_are_counted_by_their_ids() {
    let Some(corpus) = corpus() else { return };
    let archive = corpus.join(
        "linux-log-samples/security-datasets/datasets/compound/Log4Shell/syslog_sysmon_log4shell_cve2021_44228_jndi_reference.zip",
    );
    let Ok(output) = Command::new("unzip").arg("-p").arg(&archive).output() else {
        return eprintln!("unzip is not installed: skipped the events of Sysmon");
    };
    assert!(output.status.success(), "{}", archive.display());
    let text = String::from_utf8(output.stdout).expect("JSON is UTF-8");
    let (mut log, mut expected) = (String::new(), Counts::new());
    for record in text.lines().filter(|line| !line.trim().is_empty()) {
        let record: serde_json::Value = serde_json::from_str(record).expect("JSON");
        let part = |name: &str| record[name].as_str().expect("a text").to_owned();
        let message = part("SyslogMessage");
        assert_eq!(part("ProcessName"), "sysmon");
        log += &format!("{} {} sysmon: {message}\n", part("EventTime"), part("HostName"));
        let (_, id) = message.split_once("<EventID>").expect("an event");
        let (id, _) = id.split_once('<').expect("an id");
        *expected.entry((part("HostName"), format!("sysmon-linux:{id}"))).or_default() += 1;
    }
    assert!(expected.len() > 3, "{expected:?}");
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("syslog");
    fs::write(&path, log).expect("a file");
    let scan = scan_file(&path);
    assert_eq!((scan.damaged, scan.continued, scan.undated), (0, 0, 0));
    assert_eq!(counts(&scan), expected);
}
