//! An offline audit of logs, and what the collector says of the same.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Path, PathBuf},
    thread,
    time::Duration,
};

use blindspot::api::hosts::{HostLine, HostVerdicts};
use blindspot_telemetry::report::{EventTypeReport, HostReport};
use blindspot_tests::{program, stage::Collector};
use jiff::Timestamp;
use serde_json::Value;

use crate::machines::Machine;

/// What an audit finds in some logs.
#[derive(Debug, Default)]
pub struct Offline {
    hosts: BTreeMap<String, Host>,
}

/// What is known of one host.
#[derive(Debug, Default, PartialEq)]
pub struct Host {
    platform: String,
    /// Without hours, of which a collector has those of the last days only. Its times are whole milliseconds.
    event_types: BTreeMap<String, EventTypeReport>,
    /// Verdicts by detection.
    verdicts: BTreeMap<String, String>,
}

impl Offline {
    /// Audits logs by rules, and by ATT&CK's analytics.
    pub fn audit(logs: &Path, rules: &[PathBuf]) -> Self {
        let mut offline = Self::default();
        let rules: Vec<&str> = rules.iter().flat_map(|rules| ["--rules", text(rules)]).collect();
        for rules in [rules.as_slice(), &[]] {
            let audit = ["audit", text(logs), "--since", "7d", "--zone", "UTC", "--format", "json"];
            let ran = program::run(&[audit.as_slice(), rules].concat());
            assert_eq!(ran.code, 0, "{}", ran.err);
            offline.add(&serde_json::from_str(&ran.out).expect("an audit is JSON"));
        }
        offline
    }

    fn add(&mut self, audit: &Value) {
        let hosts: Vec<HostReport> = serde_json::from_value(audit["hosts"].clone()).expect("hosts");
        for report in hosts {
            let known = self.hosts.entry(report.host.clone()).or_default();
            *known = Host { verdicts: std::mem::take(&mut known.verdicts), ..Host::new(report) };
        }
        for detection in audit["detections"].as_array().expect("detections") {
            let id = detection["id"].as_str().expect("an id");
            for judged in detection["by_host"].as_array().expect("verdicts by host") {
                let word = |name: &str| judged[name].as_str().expect("a word").to_owned();
                let host = self.hosts.get_mut(&word("host")).expect("a host of the list");
                host.verdicts.insert(id.to_owned(), word("verdict"));
            }
        }
    }

    /// Events of all its hosts.
    pub fn events(&self) -> u64 {
        self.hosts.values().map(Host::events).sum()
    }

    /// The names of its hosts.
    pub fn names(&self) -> Vec<&str> {
        self.hosts.keys().map(String::as_str).collect()
    }

    /// One of them.
    pub fn host(&self, name: &str) -> &Host {
        self.hosts.get(name).unwrap_or_else(|| panic!("{name} is not among {:?}", self.names()))
    }
}

impl Host {
    fn new(report: HostReport) -> Self {
        let named = report.event_types.into_iter().map(|mut each| {
            each.hours.clear();
            each.first = to_the_millisecond(each.first);
            each.last = to_the_millisecond(each.last);
            (format!("{} {}", each.key, each.provider.as_deref().unwrap_or_default()), each)
        });
        Self { platform: report.platform, event_types: named.collect(), verdicts: BTreeMap::new() }
    }

    /// What a collector knows of it; `None` where it does not answer.
    pub fn live(collector: &Collector, line: &HostLine) -> Option<Self> {
        let detail = collector.host(&line.id).ok()?;
        let path = format!("/api/v1/hosts/{}/verdicts", line.id);
        let verdicts: HostVerdicts = collector.client().get(&path, &[]).ok()?;
        Some(Self { verdicts: verdicts.verdicts, ..Self::new(detail.inventory) })
    }

    /// Events of a type, by its key.
    pub fn count(&self, key: &str) -> u64 {
        self.event_types.values().filter(|each| each.key == key).map(|each| each.count).sum()
    }

    /// Events of all types.
    pub fn events(&self) -> u64 {
        self.event_types.values().map(|each| each.count).sum()
    }

    /// The verdict of a detection.
    pub fn verdict(&self, id: &str) -> &str {
        self.verdicts.get(id).map_or("not judged", String::as_str)
    }

    /// How many detections have a verdict.
    pub fn verdicts(&self, verdict: &str) -> usize {
        self.verdicts.values().filter(|each| *each == verdict).count()
    }

    /// What is not the same, in words.
    fn differences(&self, live: &Self) -> Vec<String> {
        let mut found = Vec::new();
        if self.platform != live.platform {
            found.push(format!("platform {} and {}", self.platform, live.platform));
        }
        let keys: BTreeSet<&String> = self.event_types.keys().chain(live.event_types.keys()).collect();
        for key in keys {
            let (offline, live) = (self.event_types.get(key), live.event_types.get(key));
            if offline != live {
                found.push(format!("{key}: {} and {}", short(offline), short(live)));
            }
        }
        let ids: BTreeSet<&String> = self.verdicts.keys().chain(live.verdicts.keys()).collect();
        for id in ids {
            let (offline, live) = (self.verdict(id), live.verdict(id));
            if offline != live {
                found.push(format!("{id}: {offline} and {live}"));
            }
        }
        found
    }
}

/// Waits until the collector knows of a machine's hosts what the audit found. Reports come every 15 seconds.
pub fn wait_until_equal(collector: &Collector, machine: &Machine, offline: &Offline) {
    let mut found = Vec::new();
    for _ in 0..240 {
        found = offline
            .hosts
            .iter()
            .flat_map(|(name, host)| match live(collector, machine, name) {
                Some(live) => host.differences(&live),
                None => vec![format!("{name} is not known")],
            })
            .collect();
        if found.is_empty() {
            return;
        }
        thread::sleep(Duration::from_millis(500));
    }
    let log = std::fs::read_to_string(machine.folder.join("agent.log")).unwrap_or_default();
    let some: Vec<String> = found.iter().take(20).cloned().collect();
    panic!(
        "{}: {} differences between audit and collector, such as\n{}\nits agent says\n{log}",
        machine.name,
        found.len(),
        some.join("\n")
    );
}

fn live(collector: &Collector, machine: &Machine, name: &str) -> Option<Host> {
    let is = |line: &HostLine| line.host == name && line.relay.is_some() == machine.is_relay;
    let line = collector.hosts().ok()?.hosts.into_iter().find(is)?;
    Host::live(collector, &line)
}

fn short(event_type: Option<&EventTypeReport>) -> String {
    event_type.map_or("nothing".to_owned(), |each| {
        format!("{} from {} to {}, {:?}", each.count, each.first, each.last, each.fields)
    })
}

fn to_the_millisecond(time: Timestamp) -> Timestamp {
    Timestamp::from_millisecond(time.as_millisecond()).expect("it was a time")
}

/// A path that these tests made: it is text.
fn text(path: &Path) -> &str {
    path.to_str().expect("a path of these tests")
}
