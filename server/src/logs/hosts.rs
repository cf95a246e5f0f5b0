//! Which records belong to which host: renamed machines, relays, copies of the same events, and logs that name no
//! host.

mod home;
mod platform;

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use blindspot_catalog::Problem;
use blindspot_sampling::settings::{self, SettingsFile, SettingsFiles};
use blindspot_telemetry::{EventType, HostName, Inventory, Observed, Platform, Source};

/// What one log held.
#[derive(Debug)]
pub struct Reading {
    /// The file.
    pub path: PathBuf,
    /// It as a source, whatever reading it came to.
    pub source: Source,
    /// Its records by computer, in order of their first record.
    pub computers: Vec<Computer>,
    /// True where the log holds other machines' records: a collector's log, or names that take turns.
    pub relay: bool,
    /// The log that this file is a part of. What different logs of one host hold of one event type may be the same
    /// events (a journal, and the files that a syslog daemon writes from it); `None` where it never is.
    pub stream: Option<String>,
}

/// The records of one computer in one log.
#[derive(Debug)]
pub struct Computer {
    /// Its name as the records give it; `None` where they give none.
    pub name: Option<HostName>,
    /// What it wrote.
    pub event_types: BTreeMap<EventType, Observed>,
}

/// The machine whose own logs are read.
#[derive(Debug, Clone)]
pub struct OwnMachine {
    /// Its name.
    pub name: HostName,
    /// What it runs.
    pub platform: Platform,
    /// Logs that only it itself writes: a name in them that is not its own is one that it had before.
    pub own_streams: Vec<String>,
}

/// Joins logs to hosts. One machine's names that follow each other in a log are one renamed host: the latest name
/// is its name, the earlier ones are aliases. A relayed host is its own subject, never merged with a host of the same
/// name that was read directly. Configuration files go to the host beside whose logs they lie. On `own`, what is not
/// another machine's is its own.
#[must_use]
pub fn join(
    readings: Vec<Reading>,
    settings: Vec<(PathBuf, SettingsFile)>,
    own: Option<&OwnMachine>,
    problems: &mut Vec<Problem>,
) -> Vec<Inventory> {
    let mut hosts = Hosts::default();
    if let Some(own) = own {
        hosts.entry(own.name.clone(), None);
    }
    let (mut nameless, mut relays) = (Vec::new(), Vec::new());
    for reading in readings {
        let named = reading.computers.iter().any(|computer| computer.name.is_some());
        match own {
            _ if !named => nameless.push(reading),
            Some(own) if reading.is_of_others(own) => relays.push(reading),
            Some(own) => hosts.add_as(&own.name, reading),
            None if reading.relay => relays.push(reading),
            None => hosts.add(reading),
        }
    }
    hosts.merge_aliases();
    for reading in relays {
        hosts.add_relayed(reading, own, &mut nameless);
    }
    for reading in nameless {
        hosts.house(reading, own, problems);
    }
    for file in settings {
        hosts.set(file, problems);
    }
    hosts.by_key.into_values().map(|host| host.finish(own)).collect()
}

impl Reading {
    /// True where some of its records are of another machine than this one.
    fn is_of_others(&self, own: &OwnMachine) -> bool {
        let names = || self.computers.iter().filter_map(|computer| computer.name.as_ref());
        let foreign = || names().any(|name| !own.goes_by(name));
        let renamed = self.stream.as_ref().is_none_or(|stream| own.own_streams.contains(stream))
            || names().any(|name| own.goes_by(name));
        foreign() && (self.relay || !renamed)
    }
}

impl OwnMachine {
    /// True for its name, with or without its domain.
    fn goes_by(&self, name: &HostName) -> bool {
        let short = |name: &HostName| HostName::new(name.as_str().split('.').next().unwrap_or_default());
        *name == self.name || name.as_str() == "localhost" || short(name) == short(&self.name)
    }
}

/// A relay (if any) and a name, in the order in which hosts are listed.
type Key = (HostName, Option<String>);

struct Host {
    inventory: Inventory,
    folders: Vec<PathBuf>,
    settings: SettingsFiles,
    /// What each log held.
    streams: BTreeMap<Option<String>, BTreeMap<EventType, Observed>>,
}

impl Host {
    fn observe(&mut self, stream: Option<&String>, event_types: BTreeMap<EventType, Observed>) {
        let held = self.streams.entry(stream.cloned()).or_default();
        for (event_type, seen) in event_types {
            match held.get_mut(&event_type) {
                Some(known) => known.merge(&seen),
                None => {
                    held.insert(event_type, seen);
                }
            }
        }
    }

    fn take(&mut self, other: Self) {
        self.folders.extend(other.folders);
        self.settings.files.extend(other.settings.files);
        self.inventory.sources.extend(other.inventory.sources);
        for (stream, event_types) in other.streams {
            self.observe(stream.as_ref(), event_types);
        }
    }

    fn finish(mut self, own: Option<&OwnMachine>) -> Inventory {
        for (stream, event_types) in std::mem::take(&mut self.streams) {
            for (event_type, seen) in event_types {
                match self.inventory.event_types.get_mut(&event_type) {
                    Some(known) if stream.is_some() => known.merge_copy(&seen),
                    _ => self.inventory.observe(event_type, seen),
                }
            }
        }
        self.inventory.settings = settings::read(&self.settings);
        let is_own = self.inventory.relay.is_none();
        self.inventory.platform = match own.filter(|own| is_own && own.name == self.inventory.host) {
            Some(own) => own.platform,
            None => platform::of(&self.inventory),
        };
        self.inventory
    }
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
            Host {
                inventory,
                folders: Vec::new(),
                settings: SettingsFiles::default(),
                streams: BTreeMap::new(),
            }
        })
    }

    /// Records of other machines. Those of a host whose own logs lie beside are its own: the relay logs itself, too.
    fn add_relayed(&mut self, reading: Reading, own: Option<&OwnMachine>, nameless: &mut Vec<Reading>) {
        let Reading { path, source, computers, stream, relay } = reading;
        let folder = path.parent().map(Path::to_owned);
        let through = own.map_or_else(
            || stream.clone().unwrap_or_else(|| source.path.clone()),
            |own| own.name.to_string(),
        );
        for computer in computers {
            let mut source = source.clone();
            source.records = computer.event_types.values().map(|seen| seen.count).sum();
            source.oldest = computer.event_types.values().map(|seen| seen.first).min();
            source.newest = computer.event_types.values().map(|seen| seen.last).max();
            let Some(name) = computer.name else {
                let computers = vec![Computer { name: None, event_types: computer.event_types }];
                let (path, stream) = (path.clone(), stream.clone());
                nameless.push(Reading { path, source, computers, stream, relay });
                continue;
            };
            let beside =
                || self.by_key.get(&(name.clone(), None)).is_some_and(|host| host.has(folder.as_deref()));
            let key = match own {
                Some(own) if own.goes_by(&name) => (own.name.clone(), None),
                None if stream.is_some() && beside() => (name, None),
                _ => (name, Some(through.clone())),
            };
            let host = self.entry(key.0, key.1);
            host.inventory.sources.push(source);
            host.observe(stream.as_ref(), computer.event_types);
        }
    }

    fn add(&mut self, reading: Reading) {
        let latest = reading.computers.iter().rev().find_map(|computer| computer.name.clone());
        if let Some(latest) = latest {
            self.add_as(&latest, reading);
        }
    }

    /// Records of one machine, whatever other names it had.
    fn add_as(&mut self, name: &HostName, reading: Reading) {
        let host = self.entry(name.clone(), None);
        host.folders.extend(reading.path.parent().map(Path::to_owned));
        host.inventory.sources.push(reading.source);
        for computer in reading.computers {
            if let Some(other) = computer.name.filter(|other| other != name)
                && !host.inventory.aliases.contains(&other)
            {
                host.inventory.aliases.push(other);
            }
            host.observe(reading.stream.as_ref(), computer.event_types);
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
            match self.by_key.get_mut(owner) {
                Some(host) => host.take(earlier),
                // The owner was itself merged away; keep what was taken out.
                None => {
                    self.by_key.insert(old, earlier);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests;
