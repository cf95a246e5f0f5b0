//! Which records belong to which host: renamed machines, relays, and files that hold no records.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use blindspot_catalog::Problem;
use blindspot_telemetry::{EventType, HostName, Inventory, Observed, Platform, Source, SourceStatus};

/// What one file held.
#[derive(Debug)]
pub struct Reading {
    /// The file.
    pub path: PathBuf,
    /// It as a source, whatever reading it came to.
    pub source: Source,
    /// Its records by computer, in order of their first record.
    pub computers: Vec<Computer>,
    /// True where the file holds other machines' records: a collector's log, or names that take turns.
    pub relay: bool,
}

/// The records of one computer in one file.
#[derive(Debug)]
pub struct Computer {
    /// Its name as the records give it.
    pub name: HostName,
    /// What it wrote.
    pub event_types: BTreeMap<EventType, Observed>,
}

/// Joins files to hosts. One machine's names that follow each other in a file are one renamed host: the latest name
/// is its name, the earlier ones are aliases. A relayed host is its own subject, never merged with a host of the same
/// name that was read directly.
#[must_use]
pub fn join(readings: Vec<Reading>, problems: &mut Vec<Problem>) -> Vec<Inventory> {
    let mut hosts = Hosts::default();
    let mut homeless = Vec::new();
    for reading in readings {
        if reading.computers.is_empty() {
            homeless.push(reading);
        } else if reading.relay {
            hosts.add_relayed(reading);
        } else {
            hosts.add(reading);
        }
    }
    hosts.merge_aliases();
    for reading in homeless {
        hosts.house(reading, problems);
    }
    hosts.by_key.into_values().map(|host| host.inventory).collect()
}

/// A relay (if any) and a name, in the order in which hosts are listed.
type Key = (HostName, Option<String>);

struct Host {
    inventory: Inventory,
    folders: Vec<PathBuf>,
}

#[derive(Default)]
struct Hosts {
    by_key: BTreeMap<Key, Host>,
}

impl Hosts {
    fn entry(&mut self, name: HostName, relay: Option<String>) -> &mut Host {
        self.by_key.entry((name.clone(), relay.clone())).or_insert_with(|| {
            let mut inventory = Inventory::new(name, Platform::Windows);
            inventory.relay = relay;
            Host { inventory, folders: Vec::new() }
        })
    }

    fn add_relayed(&mut self, reading: Reading) {
        for computer in reading.computers {
            let host = self.entry(computer.name, Some(reading.source.path.clone()));
            let mut source = reading.source.clone();
            source.records = computer.event_types.values().map(|seen| seen.count).sum();
            source.oldest = computer.event_types.values().map(|seen| seen.first).min();
            source.newest = computer.event_types.values().map(|seen| seen.last).max();
            host.inventory.sources.push(source);
            for (event_type, seen) in computer.event_types {
                host.inventory.observe(event_type, seen);
            }
        }
    }

    fn add(&mut self, reading: Reading) {
        let Some(latest) = reading.computers.last().map(|computer| computer.name.clone()) else { return };
        let host = self.entry(latest.clone(), None);
        host.folders.extend(reading.path.parent().map(Path::to_owned));
        host.inventory.sources.push(reading.source);
        for computer in reading.computers {
            if computer.name != latest && !host.inventory.aliases.contains(&computer.name) {
                host.inventory.aliases.push(computer.name);
            }
            for (event_type, seen) in computer.event_types {
                host.inventory.observe(event_type, seen);
            }
        }
    }

    /// A host that carries only an old name of exactly one other host is that host.
    fn merge_aliases(&mut self) {
        let mut claims: BTreeMap<HostName, Vec<Key>> = BTreeMap::new();
        for (key, host) in &self.by_key {
            for alias in &host.inventory.aliases {
                claims.entry(alias.clone()).or_default().push(key.clone());
            }
        }
        for (alias, claimants) in claims {
            let [owner] = claimants.as_slice() else { continue };
            let old = (alias, None);
            if *owner == old {
                continue;
            }
            let Some(earlier) = self.by_key.remove(&old) else { continue };
            let Some(host) = self.by_key.get_mut(owner) else {
                // The owner was itself merged away; keep what was taken out.
                self.by_key.insert(old, earlier);
                continue;
            };
            host.folders.extend(earlier.folders);
            host.inventory.sources.extend(earlier.inventory.sources);
            for (event_type, seen) in earlier.inventory.event_types {
                host.inventory.observe(event_type, seen);
            }
        }
    }

    /// A file without records names no host: it belongs to the only host of its folder, or to the only host at all.
    fn house(&mut self, reading: Reading, problems: &mut Vec<Problem>) {
        let folder = reading.path.parent().map(Path::to_owned);
        let direct = || self.by_key.iter().filter(|(key, _)| key.1.is_none());
        let neighbours: Vec<Key> = direct()
            .filter(|(_, host)| folder.as_ref().is_some_and(|folder| host.folders.contains(folder)))
            .map(|(key, _)| key.clone())
            .collect();
        let all: Vec<Key> = direct().map(|(key, _)| key.clone()).collect();
        let home = match (neighbours.as_slice(), all.as_slice()) {
            ([only], _) | ([], [only]) => Some(only.clone()),
            ([], []) if reading.source.status == SourceStatus::Empty => {
                Some((HostName::new("unknown-host"), None))
            }
            _ => None,
        };
        match home {
            Some((name, relay)) => self.entry(name, relay).inventory.sources.push(reading.source),
            None => problems.push(Problem::new(
                reading.source.path,
                format!(
                    "{}: no record in it names its host, and nothing else does: it is not judged; give it in a folder \
                     with its host's other logs",
                    reading.source.status.as_str()
                ),
            )),
        }
    }
}

#[cfg(test)]
mod tests {
    use blindspot_telemetry::{SourceId, SourceKind};
    use jiff::Timestamp;

    use super::*;

    /// A file whose records are of these computers, one event each.
    fn file(path: &str, computers: &[&str]) -> Reading {
        let seen = Observed {
            count: 1,
            first: Timestamp::UNIX_EPOCH,
            last: Timestamp::UNIX_EPOCH,
            hours: BTreeMap::new(),
            fields: BTreeMap::new(),
        };
        let computer = |name: &&str| Computer {
            name: HostName::new(*name),
            event_types: BTreeMap::from([("security:4624".parse().unwrap(), seen.clone())]),
        };
        Reading {
            path: path.into(),
            source: Source {
                path: path.to_owned(),
                kind: SourceKind::Evtx,
                status: if computers.is_empty() { SourceStatus::Empty } else { SourceStatus::Read },
                holds: vec![SourceId::Channel("Security".into())],
                records: computers.len() as u64,
                damaged: 0,
                oldest: None,
                newest: None,
                size_bytes: None,
            },
            computers: computers.iter().map(computer).collect(),
            relay: false,
        }
    }

    /// Each host as `name(aliases) events files`, with its relay before it.
    fn joined(readings: Vec<Reading>) -> (Vec<String>, Vec<Problem>) {
        let mut problems = Vec::new();
        let shown = join(readings, &mut problems).into_iter().map(|host| {
            let aliases: Vec<&str> = host.aliases.iter().map(HostName::as_str).collect();
            let events: u64 = host.event_types.values().map(|seen| seen.count).sum();
            let relay = host.relay.map(|relay| format!("{relay}>")).unwrap_or_default();
            format!("{relay}{}({}) {events} {}", host.host, aliases.join(","), host.sources.len())
        });
        (shown.collect(), problems)
    }

    #[test]
    fn names_that_follow_each_other_are_one_renamed_host() {
        let (hosts, _) =
            joined(vec![file("a/Security.evtx", &["WIN-1", "DC01"]), file("a/System.evtx", &["dc01"])]);
        assert_eq!(hosts, ["DC01(WIN-1) 3 2"]);
    }

    #[test]
    fn an_old_name_joins_its_host_only_where_one_host_claims_it() {
        let (hosts, _) = joined(vec![file("a/1.evtx", &["BASE", "A"]), file("a/2.evtx", &["BASE"])]);
        assert_eq!(hosts, ["A(BASE) 3 2"]);
        let clones = vec![
            file("a/1.evtx", &["BASE", "A"]),
            file("b/1.evtx", &["BASE", "B"]),
            file("c/2.evtx", &["BASE"]),
        ];
        assert_eq!(joined(clones).0, ["A(BASE) 2 1", "B(BASE) 2 1", "BASE() 1 1"]);
    }

    #[test]
    fn a_relayed_host_is_never_merged_with_one_of_its_name() {
        let relayed = Reading { relay: true, ..file("c/ForwardedEvents.evtx", &["DC01", "WS01"]) };
        let (hosts, _) = joined(vec![file("a/Security.evtx", &["DC01"]), relayed]);
        assert_eq!(
            hosts,
            ["DC01() 1 1", "c/ForwardedEvents.evtx>DC01() 1 1", "c/ForwardedEvents.evtx>WS01() 1 1"]
        );
    }

    #[test]
    fn a_file_without_records_belongs_to_the_only_host_of_its_folder_or_is_named() {
        let empty = || file("a/Sysmon.evtx", &[]);
        let (hosts, problems) = joined(vec![file("a/1.evtx", &["A"]), file("b/1.evtx", &["B"]), empty()]);
        assert_eq!((hosts, problems.len()), (vec!["A() 1 2".to_owned(), "B() 1 1".to_owned()], 0));
        let (hosts, problems) = joined(vec![file("a/1.evtx", &["A"]), file("a/2.evtx", &["B"]), empty()]);
        assert_eq!(hosts, ["A() 1 1", "B() 1 1"]);
        assert!(problems[0].what.contains("not judged"), "{problems:?}");
        assert_eq!(joined(vec![empty()]).0, ["unknown-host() 0 1"]);
    }
}
