//! Which records belong to which host: renamed machines, relays, and files that hold no records.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use blindspot_catalog::Problem;
use blindspot_telemetry::{EventType, HostName, Inventory, Observed, Platform, Source};

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
            ([], []) => Some((HostName::new("unknown-host"), None)),
            _ => None,
        };
        match home {
            Some((name, relay)) => self.entry(name, relay).inventory.sources.push(reading.source),
            None => problems.push(Problem::new(
                reading.source.path,
                format!(
                    "{} and holds no record that names its host, and the logs given are of several hosts: it is not \
                     judged; give it alone with its host's other logs",
                    reading.source.status.as_str()
                ),
            )),
        }
    }
}
