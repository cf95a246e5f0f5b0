//! What the workers learned, joined to one [`Scan`].

use std::{collections::BTreeMap, sync::Arc};

use blindspot_telemetry::{
    EventId, EventType, FieldFill, FieldName, HostName, Observed, Provider, WindowsChannel,
};
use jiff::Timestamp;
use rustc_hash::FxHashMap;

use super::{
    ComputerScan, Scan, filetime,
    layout::ShapeId,
    runs::ComputerOrder,
    scan::{ChunkCounts, Harvest},
    tally::{FillCounts, TypeTally},
    texts::{TextId, Texts},
};

/// Joins the harvests of all workers.
pub(super) fn join(harvests: Vec<Harvest>) -> Scan {
    let mut scan = Scan::default();
    let mut runs = Vec::with_capacity(harvests.len());
    let mut computers: FxHashMap<String, ComputerScan> = FxHashMap::default();
    for harvest in harvests {
        let Harvest { mut tally, chunks, texts, shapes } = harvest;
        scan.chunks.add(chunks);
        scan.records += tally.records;
        scan.damaged += tally.damaged;
        scan.uncounted += tally.uncounted;
        scan.fields_uncounted += tally.fields_uncounted;
        scan.lowest_record_id = [scan.lowest_record_id, tally.lowest_record_id].into_iter().flatten().min();
        runs.push(std::mem::take(&mut tally.runs));
        for counted in tally.into_types().into_iter().filter(|counted| counted.times.count > 0) {
            let name = texts.text(counted.key.computer);
            let computer = computers.entry(name.to_lowercase()).or_insert_with(|| ComputerScan {
                name: HostName::new(Arc::clone(&name)),
                event_types: BTreeMap::new(),
            });
            add(&mut computer.event_types, counted, &texts, &shapes);
        }
    }
    let order = ComputerOrder::of(runs);
    scan.interleaved = order.interleaved;
    scan.computers = order.names.iter().filter_map(|name| computers.remove(name)).collect();
    // Names whose stretches were not kept follow in the order of the alphabet.
    let mut rest: Vec<ComputerScan> = computers.into_values().collect();
    rest.sort_by(|a, b| a.name.cmp(&b.name));
    scan.computers.extend(rest);
    scan.summarise();
    scan
}

fn add(
    event_types: &mut BTreeMap<EventType, Observed>,
    mut counted: TypeTally,
    texts: &Texts,
    shapes: &[Box<[TextId]>],
) {
    let event_type = EventType::Windows {
        channel: WindowsChannel::new(texts.text(counted.key.channel)),
        provider: Provider::new(texts.text(counted.key.provider)),
        event_id: EventId(counted.key.event_id),
    };
    let observed = Observed {
        count: counted.times.count,
        first: filetime::timestamp(counted.times.first).unwrap_or(Timestamp::MAX),
        last: filetime::timestamp(counted.times.last).unwrap_or(Timestamp::MAX),
        hours: counted.times.hours().map(|(hours, count)| (filetime::hour(hours), count)).collect(),
        fields: fields(&counted.fields, texts, shapes),
    };
    match event_types.get_mut(&event_type) {
        Some(known) => known.merge(&observed),
        None => {
            event_types.insert(event_type, observed);
        }
    }
}

fn fields(
    counted: &[(ShapeId, Box<[FillCounts]>)],
    texts: &Texts,
    shapes: &[Box<[TextId]>],
) -> BTreeMap<FieldName, FieldFill> {
    let mut fields: BTreeMap<FieldName, FieldFill> = BTreeMap::new();
    for (shape, counts) in counted {
        let names = usize::try_from(shape.0).ok().and_then(|index| shapes.get(index));
        for (name, &[empty, placeholder, filled]) in names.into_iter().flatten().zip(counts) {
            let fill = fields.entry(FieldName::new(texts.text(*name))).or_default();
            fill.add(FieldFill { filled, placeholder, empty });
        }
    }
    fields
}

impl ChunkCounts {
    fn add(&mut self, other: Self) {
        self.in_use += other.in_use;
        self.unused += other.unused;
        self.damaged += other.damaged;
    }
}

impl Scan {
    /// Derives what follows from the event types.
    fn summarise(&mut self) {
        let observed = || self.computers.iter().flat_map(|computer| &computer.event_types);
        self.oldest = observed().map(|(_, observed)| observed.first).min();
        self.newest = observed().map(|(_, observed)| observed.last).max();
        let mut channels: Vec<WindowsChannel> = observed()
            .filter_map(|(event_type, _)| match event_type {
                EventType::Windows { channel, .. } => Some(channel.clone()),
                _ => None,
            })
            .collect();
        channels.sort();
        channels.dedup();
        self.channels = channels;
    }
}
