//! Made-up hosts for tests and benches of whole fleets: what they record is drawn from what detections ask for.

use std::collections::{BTreeMap, BTreeSet};

use blindspot_catalog::{Detection, LeafEvent, Requirement};
use blindspot_sampling::settings::{self, SettingsFile, SettingsFiles, SettingsKind};
use blindspot_telemetry::{
    EventType, FieldFill, FieldName, HostName, Hour, Inventory, Observed, Platform, Provider, Settings,
    Source, SourceId, SourceKind, SourceStatus, Window,
    settings::{
        AuditPolicy, ChannelSettings, OnMatch, Outcomes, Subcategory, SysmonFilter, SysmonSettings,
        WindowsSettings,
    },
};
use jiff::Timestamp;

/// Start of the hosts' history; the window begins a week later and ends after two.
const START: i64 = 1_760_000_400;
const DAY: i64 = 86_400;

/// A small generator of numbers that look random: SplitMix64 by Steele, Lea and Flood (2014).
#[derive(Debug, Clone)]
pub struct Random(u64);

impl Random {
    /// The same seed gives the same numbers.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// The next number.
    pub fn number(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    /// A number below a bound that is not zero.
    pub fn below(&mut self, bound: usize) -> usize {
        (self.number() % bound as u64) as usize
    }

    /// True so many times in a hundred.
    pub fn percent(&mut self, percent: usize) -> bool {
        self.below(100) < percent
    }

    /// Any of these.
    pub fn pick<'t, T>(&mut self, from: &'t [T]) -> &'t T {
        &from[self.below(from.len())]
    }
}

/// What detections ask for, to draw hosts from.
#[derive(Debug)]
pub struct Asked {
    /// Event types with the fields that are looked at, by platform.
    kinds: BTreeMap<Platform, Vec<(EventType, Vec<FieldName>)>>,
    sources: BTreeMap<Platform, Vec<SourceId>>,
}

impl Asked {
    /// What these detections ask for.
    #[must_use]
    pub fn by(detections: &[Detection]) -> Self {
        let (mut kinds, mut sources) = (BTreeMap::new(), BTreeSet::new());
        for detection in detections {
            collect(&detection.requirement, &mut kinds, &mut sources);
        }
        let mut asked = Self { kinds: BTreeMap::new(), sources: BTreeMap::new() };
        for (event_type, fields) in kinds {
            let fields: BTreeSet<FieldName> = fields;
            let platform = platform_of(&SourceId::of(&event_type));
            asked.kinds.entry(platform).or_default().push((event_type, fields.into_iter().collect()));
        }
        for source in sources {
            asked.sources.entry(platform_of(&source)).or_default().push(source);
        }
        asked
    }

    /// A host that counted so many event types, with everything that makes hosts differ: fields that are absent, empty or
    /// hold stand-ins, thin evidence, events from before the window, logs that could not be looked at, damage,
    /// audit rules.
    #[must_use]
    pub fn host(&self, random: &mut Random, event_types: usize) -> Inventory {
        let platform = match random.below(20) {
            0 => Platform::Device,
            1..=4 => Platform::Linux,
            _ => Platform::Windows,
        };
        let of = if platform == Platform::Device { Platform::Linux } else { platform };
        let mut host = Inventory::new(HostName::new(format!("host{}", random.number())), platform);
        for _ in 0..event_types {
            let (event_type, fields) = random.pick(&self.kinds[&of]);
            host.event_types.insert(event_type.clone(), observed(random, fields));
            if let (EventType::Windows { channel, event_id, .. }, true) = (event_type, random.percent(3)) {
                let (channel, event_id) = (channel.clone(), *event_id);
                let other = EventType::Windows { channel, provider: Provider::new("Another"), event_id };
                host.event_types.insert(other, observed(random, fields));
            }
        }
        let written: BTreeSet<SourceId> = host.event_types.keys().map(SourceId::of).collect();
        for source in &self.sources[&of] {
            if written.contains(source) || random.percent(40) {
                host.sources.push(read(random, source));
            }
        }
        match of {
            Platform::Linux if random.percent(60) => host.settings = audit_settings(random),
            Platform::Windows if random.percent(60) => host.settings = audit_policy(random),
            _ => {}
        }
        if random.percent(50) {
            host.settings.sysmon = Some(sysmon(random));
        }
        if random.percent(10) {
            host.aliases.push(HostName::new("old-name"));
        }
        host
    }
}

/// The window that hosts are judged in.
#[must_use]
pub fn window() -> Window {
    Window { from: Some(at(7 * DAY)), to: Some(at(21 * DAY)) }
}

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(START + second).expect("a time")
}

fn platform_of(source: &SourceId) -> Platform {
    if matches!(source, SourceId::Channel(_)) { Platform::Windows } else { Platform::Linux }
}

fn collect(
    requirement: &Requirement,
    kinds: &mut BTreeMap<EventType, BTreeSet<FieldName>>,
    sources: &mut BTreeSet<SourceId>,
) {
    match requirement {
        Requirement::Parts(parts) | Requirement::Together(parts) => {
            parts.iter().for_each(|part| collect(part, kinds, sources));
        }
        Requirement::Branch(branch) => {
            for leaf in &branch.alternatives {
                match &leaf.event {
                    LeafEvent::Type(pattern) => {
                        sources.insert(SourceId::of_pattern(pattern));
                        let event_type = pattern.to_string().parse().expect("a pattern's text is a type's");
                        kinds.entry(event_type).or_default().extend(leaf.fields().cloned());
                    }
                    LeafEvent::Source(source) => {
                        sources.insert(source.clone());
                    }
                }
            }
        }
        Requirement::Outside { .. } | Requirement::NotUnderstood { .. } => {}
    }
}

fn observed(random: &mut Random, fields: &[FieldName]) -> Observed {
    let count = if random.percent(15) { 1 + random.below(19) } else { 20 + random.below(5000) } as u64;
    let day = if random.percent(12) { random.below(7) } else { 7 + random.below(14) } as i64;
    let mut fills = BTreeMap::new();
    for field in fields {
        let fill = match random.below(100) {
            0..8 => continue,
            8..12 => FieldFill { filled: 0, placeholder: 0, empty: count },
            12..15 => FieldFill { filled: 0, placeholder: count, empty: 0 },
            _ => FieldFill { filled: count, placeholder: 0, empty: 0 },
        };
        fills.insert(field.clone(), fill);
    }
    let last = at(day * DAY + random.below(86_400) as i64);
    Observed { count, first: at(0), last, hours: [(Hour::of(last), count)].into(), fields: fills }
}

fn read(random: &mut Random, id: &SourceId) -> Source {
    let status = match random.below(100) {
        0..3 => SourceStatus::Denied,
        3..5 => SourceStatus::Unreadable,
        5..10 => SourceStatus::Missing,
        10..13 => SourceStatus::Disabled,
        13..15 => SourceStatus::Lagging,
        15..30 => SourceStatus::Empty,
        _ => SourceStatus::Read,
    };
    let oldest = if random.percent(30) { 9 * DAY } else { 0 };
    Source {
        path: id.to_string(),
        kind: SourceKind::Evtx,
        status,
        holds: vec![id.clone()],
        records: 1000,
        damaged: if random.percent(5) { 200 } else { 0 },
        oldest: (!random.percent(10)).then(|| at(oldest)),
        newest: Some(at(14 * DAY)),
        size_bytes: None,
    }
}

const AUDIT_RULES: [&str; 6] = [
    "No rules\n",
    "-a always,exit -F arch=b64 -S execve,execveat -F key=exec\n",
    "-w /etc/passwd -p wa -k id\n-w /etc/ld.so.preload -p wa\n-a always,exit -F arch=b64 -S execve\n",
    "-a never,task\n",
    "-a always,exclude -F msgtype=EXECVE\n-a always,exit -F arch=b64 -S openat,unlink,connect\n",
    "-a always,exit -F arch=b64 -S execve -F auid>=1000\n-w /etc/sudoers -p rwxa\n-w /tmp -p x\n",
];
const AUDIT_STATUS: [&str; 4] = [
    "enabled 1\npid 612\nlost 0\nbacklog 0\n",
    "enabled 2\npid 612\nlost 17\nbacklog 0\n",
    "enabled 0\npid 0\n",
    "enabled 1\npid 0\nlost 0\n",
];

/// Event logs that may be off.
const CHANNELS: [&str; 4] = [
    "Security",
    "System",
    "Microsoft-Windows-Sysmon/Operational",
    "Microsoft-Windows-TaskScheduler/Operational",
];

/// A policy of which most is known, and logs of which some are off.
fn audit_policy(random: &mut Random) -> Settings {
    let known = (0x10..=0x4A).filter(|_| random.percent(90)).collect::<Vec<u8>>();
    let outcomes =
        |random: &mut Random| Outcomes { success: random.percent(50), failure: random.percent(50) };
    let subcategories = known.into_iter().map(|byte| (Subcategory(byte), outcomes(random))).collect();
    let policy = AuditPolicy { subcategories, not_understood: Vec::new() };
    let off = CHANNELS.into_iter().filter(|_| random.percent(20));
    let channels = off.map(|name| (name.into(), ChannelSettings::default())).collect();
    let windows = Some(WindowsSettings { audit_policy: Some(policy), channels });
    Settings { windows, ..Settings::default() }
}

/// A configuration with up to two elements for each of some tags.
fn sysmon(random: &mut Random) -> SysmonSettings {
    const TAGS: [&str; 8] = [
        "ProcessCreate",
        "NetworkConnect",
        "ImageLoad",
        "ProcessAccess",
        "FileCreate",
        "RegistryEvent",
        "PipeEvent",
        "DnsQuery",
    ];
    let mut filters = Vec::new();
    for tag in TAGS {
        for _ in 0..random.below(3) {
            let on_match = if random.percent(50) { OnMatch::Include } else { OnMatch::Exclude };
            filters.push(SysmonFilter { tag: tag.to_owned(), on_match, conditions: random.below(3) });
        }
    }
    SysmonSettings { filters, ..SysmonSettings::default() }
}

fn audit_settings(random: &mut Random) -> Settings {
    let file = |kind, text: &str| SettingsFile { kind, name: String::new(), bytes: text.into() };
    let rules = file(SettingsKind::LoadedAuditRules, AUDIT_RULES[random.below(AUDIT_RULES.len())]);
    let status = file(SettingsKind::AuditStatus, AUDIT_STATUS[random.below(AUDIT_STATUS.len())]);
    settings::read(&SettingsFiles { files: vec![rules, status], ..SettingsFiles::default() })
}
