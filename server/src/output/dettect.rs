//! DeTT&CT data source administration, format 1.1: which ATT&CK data components the hosts' logs carry, and how well.
//!
//! A score that an audit of logs cannot know is 0, which DeTT&CT reads as "not known". What each score rests on stands
//! in the comment.

mod quality;

use std::collections::{BTreeMap, BTreeSet};

use blindspot_catalog::{
    LeafEvent,
    attack::{ComponentId, PlatformName, Target},
};
use blindspot_coverage::HostSight;
use blindspot_telemetry::{EventType, Platform, SourceId};
use jiff::Timestamp;
use serde::Serialize;

use super::clean::clean;
use crate::report::Report;
use quality::{NeededFields, Quality};

/// Products listed per data component and system; the rest is counted in the comment.
const PRODUCTS: usize = 60;

#[derive(Serialize)]
struct Administration {
    version: f64,
    file_type: &'static str,
    name: &'static str,
    domain: &'static str,
    systems: Vec<System>,
    data_sources: Vec<DataSource>,
    exceptions: Vec<()>,
}

#[derive(Serialize)]
struct System {
    applicable_to: &'static str,
    platform: [&'static str; 1],
}

#[derive(Serialize)]
struct DataSource {
    data_source_name: String,
    data_source: Vec<OnSystem>,
}

/// One data component on one system. The order of keys is that of DeTT&CT's own files.
#[derive(Serialize)]
struct OnSystem {
    applicable_to: [&'static str; 1],
    date_registered: Option<String>,
    date_connected: Option<String>,
    products: Vec<String>,
    available_for_data_analytics: bool,
    comment: String,
    data_quality: Quality,
}

/// Hosts of one platform: a system in DeTT&CT's words.
struct Group<'r, 'a> {
    name: &'static str,
    platform: &'static str,
    hosts: Vec<&'r HostSight<'a>>,
}

/// An event type of a group and the hosts that recorded it in the window.
type Recorded<'r> = BTreeMap<&'r EventType, Vec<&'r HostSight<'r>>>;

/// Writes the file.
///
/// # Errors
/// Never on any report; the signature is the serialiser's.
pub fn render(report: &Report<'_>) -> anyhow::Result<String> {
    let groups = groups(report);
    let needed = NeededFields::of(&report.input.detections);
    let recorded: Vec<(&Group<'_, '_>, Recorded<'_>)> =
        groups.iter().map(|group| (group, recorded(&group.hosts))).collect();
    let mut data_sources = Vec::new();
    for (id, component) in &report.input.attack.components {
        let on: Vec<OnSystem> = recorded
            .iter()
            .filter_map(|(group, types)| on_system(report, (group, types), id, &needed))
            .collect();
        if !on.is_empty() {
            data_sources.push(DataSource { data_source_name: component.name.to_string(), data_source: on });
        }
    }
    data_sources.sort_by(|a, b| a.data_source_name.cmp(&b.data_source_name));
    let systems = groups.iter().map(|group| System { applicable_to: group.name, platform: [group.platform] });
    Ok(yaml_serde::to_string(&Administration {
        version: 1.1,
        file_type: "data-source-administration",
        name: "blindspot audit",
        domain: "enterprise-attack",
        systems: systems.collect(),
        data_sources,
        exceptions: Vec::new(),
    })?)
}

fn groups<'r, 'a>(report: &'r Report<'a>) -> Vec<Group<'r, 'a>> {
    let of = |name, platform, kind| {
        let hosts = report.sights.iter().filter(|host| host.inventory.platform == kind).collect();
        Group { name, platform, hosts }
    };
    let all = [
        of("windows-hosts", "Windows", Platform::Windows),
        of("linux-hosts", "Linux", Platform::Linux),
        of("network-devices", "Network Devices", Platform::Device),
    ];
    all.into_iter().filter(|group| !group.hosts.is_empty()).collect()
}

fn recorded<'r>(hosts: &[&'r HostSight<'r>]) -> Recorded<'r> {
    let mut recorded = Recorded::new();
    for host in hosts {
        let seen = host.inventory.event_types.iter().filter(|(_, seen)| seen.count_in(&host.window) > 0);
        for (event_type, _) in seen {
            recorded.entry(event_type).or_default().push(host);
        }
    }
    recorded
}

fn on_system(
    report: &Report<'_>,
    (group, types): (&Group<'_, '_>, &Recorded<'_>),
    component: &ComponentId,
    needed: &NeededFields<'_>,
) -> Option<OnSystem> {
    let input = report.input;
    let targets = input.mappings.equivalents(&input.attack, component, &PlatformName::new(group.platform));
    let carries = |event_type: &EventType| targets.iter().any(|target| is(target, event_type));
    let products: Vec<_> = types.iter().filter(|(event_type, _)| carries(event_type)).collect();
    if products.is_empty() {
        return None;
    }
    let hosts: BTreeSet<&str> = products
        .iter()
        .flat_map(|(_, hosts)| hosts.iter().map(|host| host.inventory.host.as_str()))
        .collect();
    let seen = || {
        products.iter().flat_map(|(event_type, hosts)| {
            hosts.iter().filter_map(|host| {
                host.inventory.event_types.get(*event_type).map(|seen| (**event_type, seen))
            })
        })
    };
    let first = seen().map(|(_, seen)| seen.first).min();
    let last = seen().map(|(_, seen)| seen.last).max();
    let held = products
        .iter()
        .flat_map(|(event_type, hosts)| hosts.iter().map(|host| (SourceId::of(event_type), *host)));
    let days = quality::days_held(held);
    let names: Vec<String> =
        products.iter().map(|(event_type, _)| clean(&event_type.to_string()).into_owned()).collect();
    let mut comment = format!(
        "{} of {} hosts; last seen {}; {days:.1} days of history, {} would be 5; how soon events can be searched is not known from logs",
        hosts.len(),
        group.hosts.len(),
        last.map_or_else(|| "never".to_owned(), |last| last.strftime("%Y-%m-%d %H:%MZ").to_string()),
        quality::DESIRED_DAYS,
    );
    if names.len() > PRODUCTS {
        comment.push_str(&format!("; and {} more event types", names.len() - PRODUCTS));
    }
    Some(OnSystem {
        applicable_to: [group.name],
        date_registered: Some(day(report.generated_at)),
        date_connected: first.map(day),
        products: names.into_iter().take(PRODUCTS).collect(),
        available_for_data_analytics: true,
        comment,
        data_quality: Quality {
            device_completeness: quality::score(hosts.len() as f64 / group.hosts.len().max(1) as f64),
            data_field_completeness: quality::fields_filled(seen(), needed),
            timeliness: 0,
            consistency: quality::consistency(seen()),
            retention: quality::score(days / quality::DESIRED_DAYS),
        },
    })
}

/// True where the target names this event type, or the source that holds it.
fn is(target: &Target, event_type: &EventType) -> bool {
    match target {
        Target::Event { event: LeafEvent::Type(pattern), .. } => pattern.matches(event_type),
        Target::Event { event: LeafEvent::Source(source), .. } => *source == SourceId::of(event_type),
        Target::Outside(_) => false,
    }
}

/// A date as DeTT&CT wants it: the emitter leaves it without quotes, so that YAML reads a date.
fn day(time: Timestamp) -> String {
    time.strftime("%Y-%m-%d").to_string()
}
