//! On which hosts an event type flows, against a look at each host alone, and which hosts time changes.

use std::sync::Arc;

use blindspot_catalog::LeafEvent;
use blindspot_coverage::{
    HostSight,
    index::{Compiled, FleetIndex, Flow, GroupId, HostMeta, HostSet, HostSlot},
    judge,
};
use blindspot_telemetry::{EventTypePattern, Hour, Inventory, Platform, SourceId, SourceStatus, Window};
use blindspot_tests::random_fleet::{Asked, Random, window};
use jiff::ToSpan;

use crate::{detections, threads};

/// What `blindspot check` looks at, for one host.
fn look(flow: &mut Flow, host: u32, sight: &HostSight<'_>, asked: (&EventTypePattern, Option<&str>)) {
    let (pattern, field) = asked;
    let event = LeafEvent::Type(pattern.clone());
    let seen: Vec<_> = sight.seen(&event).collect();
    let filled = field.is_none_or(|field| {
        let fills = seen.iter().flat_map(|seen| &seen.observed.fields);
        fills.into_iter().any(|(name, fill)| name.as_str() == field && fill.filled > 0)
    });
    let into = if seen.iter().any(|seen| seen.count > 0) {
        if filled { &mut flow.flowing } else { &mut flow.without_field }
    } else if !seen.is_empty() {
        &mut flow.silent
    } else {
        match sight.source(&SourceId::of_pattern(pattern)).status {
            SourceStatus::Read | SourceStatus::Empty => &mut flow.never,
            SourceStatus::NotGiven | SourceStatus::Missing | SourceStatus::Disabled => {
                &mut flow.source_missing
            }
            _ => &mut flow.could_not_look,
        }
    };
    into.insert(host);
}

#[test]
fn flowing_is_what_a_look_at_each_host_finds() {
    let (detections, facts) = detections();
    let asked = Asked::by(&detections);
    let mut random = Random::new(11);
    let hosts: Vec<Inventory> = (0..400).map(|_| asked.host(&mut random, 120)).collect();
    let mut index = FleetIndex::new(Arc::new(Compiled::new(&[], &facts)), threads());
    let meta = HostMeta { platform: Platform::Linux, group: GroupId(0) };
    let slots: Vec<HostSlot> = hosts.iter().map(|_| index.new_host(meta)).collect();
    for (slot, host) in slots.iter().zip(&hosts) {
        index.put(*slot, &HostSight::new(host, window(), &facts));
        if slot.0 % 10 == 0 {
            index.set_stale(*slot);
        }
    }
    let since = window().from.map(Hour::of);
    let mut all = Flow::default();
    for _ in 0..300 {
        let host = random.pick(&hosts);
        let types: Vec<_> = host.event_types.iter().collect();
        let (event_type, observed) = random.pick(&types);
        let names: Vec<&str> = observed.fields.keys().map(|name| name.as_str()).collect();
        let field = (!names.is_empty() && random.percent(50)).then(|| *random.pick(&names));
        let mut pattern = EventTypePattern::from(*event_type);
        if let EventTypePattern::Windows { provider, .. } = &mut pattern {
            *provider = None;
        }
        let mut expected = Flow::default();
        for (slot, host) in slots.iter().zip(&hosts) {
            let sight = match slot.0 % 10 {
                0 => HostSight::stale(host),
                _ => HostSight::new(host, window(), &facts),
            };
            look(&mut expected, slot.0, &sight, (&pattern, field));
        }
        let flow = index.flow(&pattern, field, since, &HostSet::All);
        assert_eq!(flow, expected, "{pattern} {field:?}");
        all.flowing |= flow.flowing;
        all.without_field |= flow.without_field;
        all.silent |= flow.silent;
        all.never |= flow.never;
        all.source_missing |= flow.source_missing;
        all.could_not_look |= flow.could_not_look;
    }
    let met = [&all.flowing, &all.without_field, &all.silent, &all.never, &all.source_missing];
    assert!(met.iter().all(|hosts| hosts.len() > 50), "{all:?}");
    for used in index.event_types(&HostSet::All) {
        let counted = hosts.iter().filter(|host| host.event_types.contains_key(&used.event_type)).count();
        let fresh = slots.iter().zip(&hosts).filter(|(slot, host)| {
            let known = host.event_types.get(&used.event_type).map(|seen| seen.count);
            index.counted(**slot, &used.event_type).map(|counted| counted.count) == known
        });
        assert_eq!((used.hosts as usize, fresh.count()), (counted, hosts.len()));
    }
}

#[test]
fn time_changes_no_verdict_of_a_host_that_has_not_expired() {
    let (detections, facts) = detections();
    let asked = Asked::by(&detections);
    let compiled = Arc::new(Compiled::new(&detections, &facts));
    let mut random = Random::new(13);
    let hosts: Vec<Inventory> = (0..60).map(|_| asked.host(&mut random, 40)).collect();
    let mut index = FleetIndex::new(Arc::clone(&compiled), threads());
    let meta = HostMeta { platform: Platform::Windows, group: GroupId(0) };
    let slots: Vec<HostSlot> = hosts.iter().map(|_| index.new_host(meta)).collect();
    for (slot, host) in slots.iter().zip(&hosts) {
        index.put(*slot, &HostSight::new(host, window(), &facts));
    }
    let (mut swept, mut changed) = (0, 0);
    for hours in (0..15 * 24).step_by(5) {
        let from = window().from.map(|from| from + hours.hours());
        let moved = Window { from, ..window() };
        for slot in index.expired(Hour::of(from.expect("a start"))) {
            let before = index.verdicts(HostSlot(slot));
            index.put(HostSlot(slot), &HostSight::new(&hosts[slot as usize], moved, &facts));
            swept += 1;
            changed += usize::from(before != index.verdicts(HostSlot(slot)));
        }
        if hours % 60 == 0 {
            for (slot, host) in slots.iter().zip(&hosts) {
                let sight = HostSight::new(host, moved, &facts);
                assert_eq!(index.verdicts(*slot), Some(compiled.verdicts(&compiled.read(&sight))), "{hours}");
            }
        }
    }
    println!("{swept} put again, {changed} of them changed");
    assert!(changed > 500 && swept < 60 * 72, "{changed} of {swept}");
    let one = HostSight::new(&hosts[0], window(), &facts);
    let plain: Vec<_> = detections.iter().map(|detection| judge(detection, &one, &facts).verdict).collect();
    assert_eq!(compiled.verdicts(&compiled.read(&one)), plain);
}
