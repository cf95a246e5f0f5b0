//! What was counted, as event types of hosts.

use std::{collections::BTreeMap, sync::Arc};

use blindspot_telemetry::{
    EventId, EventType, FieldFill, FieldName, HostName, Hour, Observed, Program, RecordType, SourceId,
    Syscall,
};
use rustc_hash::FxHashMap;

use super::{
    HostScan, LogScan, TextOptions,
    moment::Resolver,
    names::{NameId, Names},
    tally::{FieldTally, Kind, Tally, TypeTally},
};

/// Turns a tally into what it means, and begins it anew. Names keep their ids.
pub(crate) fn drain(tally: &mut Tally, options: &TextOptions) -> LogScan {
    let mut counted = tally.take();
    let scan = scan_of(&mut counted, options);
    tally.names = counted.names;
    scan
}

/// Turns a tally into what it means.
pub(crate) fn finish(mut tally: Tally, options: &TextOptions) -> LogScan {
    scan_of(&mut tally, options)
}

fn scan_of(tally: &mut Tally, options: &TextOptions) -> LogScan {
    let resolver = Resolver { zone: &options.zone, years: tally.years };
    let mut scan = LogScan {
        interleaved: tally.hosts.interleaved,
        records: tally.records,
        damaged: tally.damaged,
        undated: tally.undated,
        oversize: tally.oversize,
        continued: tally.continued,
        audit_events: tally.audit_events,
        uncounted: tally.uncounted,
        fields_uncounted: tally.fields_uncounted,
        suppressed: tally.suppressed,
        ..LogScan::default()
    };
    let mut hosts: FxHashMap<Option<String>, HostScan> = FxHashMap::default();
    for mut counted in std::mem::take(&mut tally.types).into_iter().filter(|counted| counted.times.count > 0)
    {
        let name = (counted.key.host != NameId::NONE).then(|| tally.names.text(counted.key.host));
        let event_type = event_type(counted.key.kind, &tally.names);
        let observed = observed(&mut counted, &resolver);
        // Names of machines are compared without case.
        let host = hosts.entry(name.as_ref().map(|name| name.to_lowercase())).or_insert_with(|| HostScan {
            name: name.as_ref().map(|name| HostName::new(Arc::clone(name))),
            event_types: BTreeMap::new(),
        });
        match host.event_types.get_mut(&event_type) {
            Some(known) => known.merge(&observed),
            None => {
                host.event_types.insert(event_type, observed);
            }
        }
    }
    scan.hosts.extend(hosts.remove(&None));
    for id in &tally.hosts.order {
        scan.hosts.extend(hosts.remove(&Some(tally.names.text(*id).to_lowercase())));
    }
    scan.interleaved &= scan.hosts.iter().filter(|host| host.name.is_some()).count() > 1;
    let all = || scan.hosts.iter().flat_map(|host| &host.event_types);
    scan.oldest = all().map(|(_, observed)| observed.first).min();
    scan.newest = all().map(|(_, observed)| observed.last).max();
    let mut holds: Vec<SourceId> = all().map(|(event_type, _)| SourceId::of(event_type)).collect();
    holds.sort();
    holds.dedup();
    scan.holds = holds;
    scan
}

fn event_type(kind: Kind, names: &Names) -> EventType {
    match kind {
        Kind::Auditd { record_type, syscall } => EventType::Auditd {
            record_type: RecordType::new(names.text(record_type)),
            syscall: (syscall != NameId::NONE).then(|| Syscall::new(names.text(syscall))),
        },
        Kind::Syslog { program } => EventType::Syslog { program: Program::new(names.text(program)) },
        Kind::SysmonLinux { event_id } => EventType::SysmonLinux { event_id: EventId(event_id) },
    }
}

fn observed(counted: &mut TypeTally, resolver: &Resolver<'_>) -> Observed {
    let mut hours: BTreeMap<Hour, u64> = BTreeMap::new();
    for (hour, count) in counted.times.hours() {
        *hours.entry(Hour::of(resolver.hour(hour))).or_default() += count;
    }
    // Hours that a clock leaves out, and leap days in other years, can change places once they are resolved.
    let (one, other) = (resolver.time(counted.times.first), resolver.time(counted.times.last));
    Observed {
        count: counted.times.count,
        first: one.min(other),
        last: one.max(other),
        hours,
        fields: counted.fields.iter().map(field).collect(),
    }
}

fn field(counted: &FieldTally) -> (FieldName, FieldFill) {
    let FieldTally { filled, placeholder, empty, .. } = *counted;
    (FieldName::new(&*String::from_utf8_lossy(&counted.name)), FieldFill { filled, placeholder, empty })
}
