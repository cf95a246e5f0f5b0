//! Every host against every detection, as of now. In memory: made from the database at start, and moved on by every
//! report that is stored.

use std::{
    collections::{BTreeMap, HashMap},
    num::NonZeroUsize,
    sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard},
};

use blindspot_coverage::{
    HostSight, Verdict, VerdictCounts,
    index::{FleetIndex, GroupId, HostMeta, HostSet, HostSlot, Reading},
};
use blindspot_store::{AgentRow, HostRecord, VerdictChange};
use blindspot_telemetry::{HostName, Hour, Inventory, Platform, wire::AgentId};
use jiff::{SignedDuration, Timestamp};

use super::{detections::DetectionSet, subjects};

/// One subject: the machine that an agent runs on, or a host that it relays.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct HostKey {
    /// The agent that sees it.
    pub agent: AgentId,
    /// The host's name in the relay's logs; `None` is the agent's own machine.
    pub relayed: Option<String>,
}

impl HostKey {
    /// The key of what an agent reports of one machine.
    #[must_use]
    pub fn new(agent: AgentId, host: &Inventory) -> Self {
        Self { agent, relayed: host.relay.as_ref().map(|_| host.host.to_string()) }
    }
}

impl std::fmt::Display for HostKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match &self.relayed {
            None => write!(f, "{}", self.agent),
            Some(name) => write!(f, "{}~{name}", self.agent),
        }
    }
}

/// What lists show of a host.
#[derive(Debug, Clone)]
pub struct Host {
    /// Which.
    pub key: HostKey,
    /// Its name.
    pub name: HostName,
    /// Names it had before.
    pub aliases: Vec<HostName>,
    /// The relay that it is seen through.
    pub relay: Option<String>,
    /// What it runs.
    pub platform: Platform,
    /// The group that its agent is in.
    pub group: String,
    /// When its agent was last heard of; its verdicts are as of then.
    pub last_report: Option<Timestamp>,
    /// True where that is too long ago for anything to be claimed.
    pub stale: bool,
    /// True where a log of it may not be read.
    pub denied: bool,
}

/// The fleet, and what it is judged by.
pub struct Fleet {
    state: RwLock<State>,
    window_days: u32,
    stale_after: SignedDuration,
    threads: NonZeroUsize,
}

/// A fleet at one moment.
pub struct State {
    /// What hosts are judged by.
    pub set: Arc<DetectionSet>,
    /// Their verdicts.
    pub index: FleetIndex,
    by_key: BTreeMap<HostKey, HostSlot>,
    hosts: HashMap<HostSlot, Host>,
    groups: Groups,
    /// The verdicts that each host had when they were last handed out for keeping.
    kept: HashMap<HostSlot, Arc<[u8]>>,
}

/// What is new of an agent's hosts.
struct News<'a> {
    agent: &'a AgentRow,
    last_report: Timestamp,
    standing: Standing,
    now: Timestamp,
}

/// Whether anything is claimed of a host.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Standing {
    Reporting,
    Stale,
}

/// Group names, each with a number.
#[derive(Default)]
struct Groups {
    ids: BTreeMap<String, GroupId>,
}

impl Groups {
    fn id(&mut self, name: &str) -> GroupId {
        let next = GroupId(u32::try_from(self.ids.len()).unwrap_or(u32::MAX));
        *self.ids.entry(name.to_owned()).or_insert(next)
    }
}

impl State {
    /// The host in a place.
    #[must_use]
    pub fn host(&self, slot: HostSlot) -> Option<&Host> {
        self.hosts.get(&slot)
    }

    /// All hosts, by their key.
    pub fn hosts(&self) -> impl Iterator<Item = (HostSlot, &Host)> {
        self.by_key.values().filter_map(|slot| self.hosts.get(slot).map(|host| (*slot, host)))
    }

    /// The place of a host.
    #[must_use]
    pub fn slot(&self, key: &HostKey) -> Option<HostSlot> {
        self.by_key.get(key).copied()
    }

    /// The hosts that go by this key, name or former name.
    #[must_use]
    pub fn named(&self, name: &str) -> Vec<HostSlot> {
        let is = |host: &Host| {
            std::iter::once(&host.name)
                .chain(&host.aliases)
                .any(|own| own.as_str().eq_ignore_ascii_case(name))
                || host.key.to_string() == name
        };
        self.hosts().filter(|(_, host)| is(host)).map(|(slot, _)| slot).collect()
    }

    /// The hosts of a group; `None` where no host was ever in one of that name.
    #[must_use]
    pub fn group(&self, name: &str) -> Option<HostSet> {
        self.groups.ids.get(name).map(|id| HostSet::Group(*id))
    }

    /// The names of all groups.
    pub fn groups(&self) -> impl Iterator<Item = &str> {
        self.groups.ids.keys().map(String::as_str)
    }
}

impl Fleet {
    /// A fleet without hosts.
    #[must_use]
    pub fn new(set: Arc<DetectionSet>, window_days: u32, stale_after_h: u32, threads: NonZeroUsize) -> Self {
        let state = RwLock::new(State::new(set, threads));
        let stale_after = SignedDuration::from_hours(stale_after_h.into());
        Self { state, window_days, stale_after, threads }
    }

    /// The fleet as it is now. Holding it keeps reports waiting for their verdicts: ask, and let go.
    pub fn read(&self) -> RwLockReadGuard<'_, State> {
        self.state.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, State> {
        self.state.write().unwrap_or_else(PoisonError::into_inner)
    }

    /// Days back from now that count.
    #[must_use]
    pub fn window_days(&self) -> u32 {
        self.window_days
    }

    /// Brings an agent's hosts up to date, and says which verdicts changed.
    pub fn put(&self, agent: &AgentRow, record: &HostRecord, now: Timestamp) -> Vec<VerdictChange> {
        let set = Arc::clone(&self.read().set);
        let window = subjects::window(now, self.window_days);
        // Judged before the lock is taken: others may look meanwhile.
        let read: Vec<(Inventory, Reading)> = subjects::inventories(record)
            .into_iter()
            .map(|host| {
                let reading = set.compiled.read(&HostSight::new(&host, window, &set.facts));
                (host, reading)
            })
            .collect();
        let news = News {
            agent,
            last_report: record.received,
            standing: if self.is_stale(Some(record.received), now) {
                Standing::Stale
            } else {
                Standing::Reporting
            },
            now,
        };
        let mut state = self.write();
        if !Arc::ptr_eq(&set, &state.set) {
            drop(state);
            return self.put(agent, record, now);
        }
        state.put(&news, read)
    }

    /// True where an agent's hosts were judged by this record already, in this group.
    #[must_use]
    pub fn has(&self, agent: &AgentRow, record: &HostRecord) -> bool {
        let state = self.read();
        let own = HostKey { agent: agent.id, relayed: None };
        let host = state.slot(&own).and_then(|slot| state.host(slot));
        host.is_some_and(|host| {
            // The database keeps milliseconds.
            let at = |time: Timestamp| time.as_millisecond();
            host.last_report.map(at) == Some(at(record.received)) && host.group == agent.group
        })
    }

    /// Forgets an agent's hosts.
    pub fn remove(&self, agent: AgentId) {
        let mut state = self.write();
        for (_, slot) in state.of(agent) {
            state.remove(slot);
        }
    }

    /// True where a host that was last heard of then is too old for claims.
    fn is_stale(&self, last_report: Option<Timestamp>, now: Timestamp) -> bool {
        last_report.is_none_or(|last| now.duration_since(last) > self.stale_after)
    }

    /// Time passed: hosts that were not heard of for long are marked, and the agents are named whose events leave the
    /// window and who have to be put again.
    pub fn sweep(&self, now: Timestamp) -> (Vec<VerdictChange>, Vec<AgentId>) {
        let start = subjects::first_hour(&subjects::window(now, self.window_days));
        let (late, leaving) = {
            let state = self.read();
            let late: Vec<HostSlot> = state
                .hosts()
                .filter(|(_, host)| !host.stale && self.is_stale(host.last_report, now))
                .map(|(slot, _)| slot)
                .collect();
            (late, state.leaving(start))
        };
        let mut changes = Vec::new();
        if !late.is_empty() {
            let mut state = self.write();
            for slot in late {
                state.index.set_stale(slot);
                if let Some(host) = state.hosts.get_mut(&slot) {
                    host.stale = true;
                }
                changes.extend(state.change(slot, now));
            }
        }
        (changes, leaving)
    }

    /// Judges by other detections from now on. Every host has to be put again.
    pub fn replace(&self, set: Arc<DetectionSet>) {
        *self.write() = State::new(set, self.threads);
    }
}

impl State {
    fn new(set: Arc<DetectionSet>, threads: NonZeroUsize) -> Self {
        Self {
            index: FleetIndex::new(Arc::clone(&set.compiled), threads),
            set,
            by_key: BTreeMap::new(),
            hosts: HashMap::new(),
            groups: Groups::default(),
            kept: HashMap::new(),
        }
    }

    /// How many of these hosts have which verdict, by detection.
    #[must_use]
    pub fn counts(&self, hosts: &HostSet) -> Vec<VerdictCounts> {
        match hosts {
            HostSet::All => self.index.all_counts(),
            some => self.index.join(some),
        }
    }

    /// The hosts that an agent sees.
    pub fn of(&self, agent: AgentId) -> Vec<(HostKey, HostSlot)> {
        let from = HostKey { agent, relayed: None };
        let all = self.by_key.range(from..).take_while(|(key, _)| key.agent == agent);
        all.map(|(key, slot)| (key.clone(), *slot)).collect()
    }

    fn leaving(&self, start: Hour) -> Vec<AgentId> {
        let slots = self.index.expired(start);
        let mut agents: Vec<AgentId> = slots
            .iter()
            .filter_map(|slot| self.hosts.get(&HostSlot(slot)))
            .map(|host| host.key.agent)
            .collect();
        agents.sort();
        agents.dedup();
        agents
    }

    fn remove(&mut self, slot: HostSlot) {
        self.index.remove(slot);
        self.kept.remove(&slot);
        if let Some(host) = self.hosts.remove(&slot) {
            self.by_key.remove(&host.key);
        }
    }

    fn put(&mut self, news: &News<'_>, read: Vec<(Inventory, Reading)>) -> Vec<VerdictChange> {
        let News { agent, last_report, standing, now } = *news;
        let group = self.groups.id(&agent.group);
        let mut gone: BTreeMap<HostKey, HostSlot> = self.of(agent.id).into_iter().collect();
        let mut changes = Vec::new();
        for (host, reading) in read {
            let key = HostKey::new(agent.id, &host);
            gone.remove(&key);
            let meta = HostMeta { platform: host.platform, group };
            let slot = match self.by_key.get(&key) {
                Some(slot) => *slot,
                None => self.index.new_host(meta),
            };
            self.by_key.insert(key.clone(), slot);
            self.index.set_group(slot, group);
            self.index.put_reading(slot, reading);
            if standing == Standing::Stale {
                self.index.set_stale(slot);
            }
            let entry = Host {
                key,
                denied: subjects::is_denied(&host),
                name: host.host,
                aliases: host.aliases,
                relay: host.relay,
                platform: host.platform,
                group: agent.group.clone(),
                last_report: Some(last_report),
                stale: standing == Standing::Stale,
            };
            self.hosts.insert(slot, entry);
            changes.extend(self.change(slot, now));
        }
        for slot in gone.into_values() {
            self.remove(slot);
        }
        changes
    }

    /// What to keep of a host's verdicts, where they changed.
    fn change(&mut self, slot: HostSlot, now: Timestamp) -> Option<VerdictChange> {
        let verdicts: Arc<[u8]> = self.index.verdicts(slot)?.into_iter().map(code).collect();
        if self.kept.get(&slot) == Some(&verdicts) {
            return None;
        }
        let host = self.hosts.get(&slot)?;
        let change = VerdictChange {
            agent: host.key.agent,
            subject: host.key.relayed.clone().unwrap_or_default(),
            at: now,
            ids: Arc::clone(&self.set.ids),
            verdicts: verdicts.to_vec(),
        };
        self.kept.insert(slot, verdicts);
        Some(change)
    }
}

/// A verdict as it is kept: its place among [`Verdict::ALL`].
fn code(verdict: Verdict) -> u8 {
    verdict as u8
}

/// The verdict that was kept as this.
#[must_use]
pub fn verdict_of(code: u8) -> Option<Verdict> {
    Verdict::ALL.get(usize::from(code)).copied()
}
