//! The scanner against the `evtx` crate's full parse, record by record, in a form that a user can be shown.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
};

use blindspot_telemetry::{EventId, EventType, FieldName, Provider, WindowsChannel};
use jiff::Timestamp;

use super::{
    EvtxError, check_header,
    chunk::{CHUNK_BYTES, ChunkState, Frames, Step, record_size, state_of},
    decode::{Decoder, Refusal, SystemValues},
    filetime, full_parse,
    rendered::Rendered,
    scan::{FILE_HEAD, read_chunk},
};
use crate::Detail;
use crate::fill::Fill;
use crate::read_at::ReadAt;

/// Differences kept; further ones are counted.
const MAX_DIFFERENCES: usize = 1000;

/// How the scanner's reading of a file compares with a full parse.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Verification {
    /// Records that both read and agree on.
    pub agreed: u64,
    /// Records that the scanner reads by itself, whether or not the full parse agrees.
    pub scanned: u64,
    /// Records that the scanner hands to the full parse, because it does not understand them.
    pub handed_over: u64,
    /// Records that the full parse yields.
    pub parsed: u64,
    /// The differences, in the order of the file; at most 1,000.
    pub differences: Vec<Difference>,
    /// Differences beyond those.
    pub further_differences: u64,
}

/// One record on which the two differ.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// Where the record begins, in bytes from the start of the file.
    pub offset: u64,
    /// In which way.
    pub kind: DifferenceKind,
    /// What the scanner reads, where it reads a record.
    pub scanned: Option<RecordFacts>,
    /// What the full parse reads, where it does.
    pub parsed: Option<RecordFacts>,
}

/// How the two differ on a record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DifferenceKind {
    /// The record's size and the copy of it at its end disagree. The full parse yields it all the same; the scanner
    /// counts it as damaged, because what stands in such a record may never have been an event.
    Torn,
    /// The full parse yields it and the scanner does not.
    OnlyParsed,
    /// The scanner reads it and the full parse does not yield or cannot render it.
    OnlyScanned,
    /// Both read it and its System values differ.
    Values,
    /// Both read it and these fields are filled differently.
    Fields(Vec<FieldName>),
}

/// The System values of one record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecordFacts {
    /// Its EventRecordID.
    pub record_id: Option<u64>,
    /// Its type; `None` where it has no event id.
    pub event_type: Option<EventType>,
    /// Its TimeCreated, or the time in its header.
    pub time: Option<Timestamp>,
    /// Its Computer.
    pub computer: String,
}

impl Verification {
    /// True where every difference is one of the scanner's damage policy.
    #[must_use]
    pub fn holds(&self) -> bool {
        self.further_differences == 0
            && self.differences.iter().all(|difference| difference.kind == DifferenceKind::Torn)
    }

    fn note(&mut self, difference: Difference) {
        if self.differences.len() < MAX_DIFFERENCES {
            self.differences.push(difference);
        } else {
            self.further_differences += 1;
        }
    }
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "offset {}: {}", self.offset, self.kind)?;
        if let Some(scanned) = &self.scanned {
            write!(f, "; scanned {scanned}")?;
        }
        if let Some(parsed) = &self.parsed {
            write!(f, "; parsed {parsed}")?;
        }
        Ok(())
    }
}

impl fmt::Display for DifferenceKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Torn => f.write_str("torn record, counted as damaged"),
            Self::OnlyParsed => f.write_str("only the full parse yields it"),
            Self::OnlyScanned => f.write_str("only the scanner reads it"),
            Self::Values => f.write_str("values differ"),
            Self::Fields(names) => {
                f.write_str("field fill differs:")?;
                names.iter().try_for_each(|name| write!(f, " {name}"))
            }
        }
    }
}

impl fmt::Display for RecordFacts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.record_id {
            Some(id) => write!(f, "record {id} ")?,
            None => f.write_str("record without id ")?,
        }
        match &self.event_type {
            Some(event_type) => write!(f, "{event_type}")?,
            None => f.write_str("without event id")?,
        }
        match self.time {
            Some(time) => write!(f, " at {time}"),
            None => f.write_str(" without time"),
        }
    }
}

/// Reads a file both ways. Slow: the full parse renders every record.
///
/// # Errors
/// As [`scan`](super::scan).
pub fn verify(
    bytes: &dyn ReadAt,
    length: u64,
    progress: &(dyn Fn(u64) + Sync),
) -> Result<Verification, EvtxError> {
    check_header(bytes, length)?;
    let mut verification = Verification::default();
    let mut decoder = Decoder::new(Detail::Inventory);
    let mut buffer = vec![0; CHUNK_BYTES];
    for number in 0_u64.. {
        let chunk = read_chunk(bytes, number, &mut buffer)
            .map_err(|failure| EvtxError::Read { offset: failure.offset, source: failure.source })?;
        if chunk.is_empty() {
            break;
        }
        if state_of(chunk) == ChunkState::InUse {
            let start = FILE_HEAD + number * CHUNK_BYTES as u64;
            compare_chunk(chunk, start, &mut decoder, &mut verification);
        }
        progress(chunk.len() as u64);
    }
    Ok(verification)
}

/// What the scanner makes of a record.
struct Scanned {
    facts: RecordFacts,
    fields: BTreeMap<String, Fill>,
}

fn compare_chunk(chunk: &[u8], start: u64, decoder: &mut Decoder, verification: &mut Verification) {
    let (mut scanned, handed_over) = scan_chunk(chunk, decoder);
    verification.scanned += scanned.len() as u64;
    verification.handed_over += handed_over.len() as u64;
    let offset = |body_start: usize| start + body_start.saturating_sub(24) as u64;
    full_parse::each_record(
        chunk,
        |_| true,
        |parsed| {
            verification.parsed += 1;
            let ours = scanned.remove(&parsed.body_start);
            if ours.is_none() && handed_over.contains(&parsed.body_start) {
                verification.agreed += 1;
                return;
            }
            let size = record_size(chunk, parsed.body_start);
            match compare(ours.as_ref(), parsed.rendered.as_ref(), size) {
                None => verification.agreed += 1,
                Some(kind) => verification.note(Difference {
                    offset: offset(parsed.body_start),
                    kind,
                    scanned: ours.map(|ours| ours.facts),
                    parsed: parsed.rendered.as_ref().map(facts_of_rendered),
                }),
            }
        },
    );
    for (body_start, ours) in scanned {
        verification.note(Difference {
            offset: offset(body_start),
            kind: DifferenceKind::OnlyScanned,
            scanned: Some(ours.facts),
            parsed: None,
        });
    }
}

/// The records of a chunk by the place of their BinXML, and the places of those that are handed over.
fn scan_chunk(chunk: &[u8], decoder: &mut Decoder) -> (BTreeMap<usize, Scanned>, BTreeSet<usize>) {
    let mut scanned = BTreeMap::new();
    let mut handed_over = BTreeSet::new();
    decoder.start_chunk();
    for step in Frames::new(chunk) {
        let Step::Record(frame) = step else { continue };
        match decoder.decode(chunk, &frame) {
            Ok(system) => {
                let facts = facts_of_scanned(&system, decoder);
                scanned.insert(frame.body.start, Scanned { facts, fields: fields_of_last(decoder) });
            }
            Err(Refusal::NotUnderstood) => {
                handed_over.insert(frame.body.start);
            }
            Err(Refusal::Torn) => (),
        }
    }
    (scanned, handed_over)
}

fn fields_of_last(decoder: &mut Decoder) -> BTreeMap<String, Fill> {
    let (shape, fills) = decoder.fields();
    let fills = fills.to_vec();
    let names = shape.map(|shape| decoder.field_names(shape).to_vec()).unwrap_or_default();
    names.iter().map(|name| decoder.texts.text(*name).to_string()).zip(fills).collect()
}

fn facts_of_scanned(system: &SystemValues, decoder: &Decoder) -> RecordFacts {
    let text = |id| decoder.texts.text(id);
    RecordFacts {
        record_id: Some(system.record_id),
        event_type: Some(EventType::Windows {
            channel: WindowsChannel::new(text(system.channel)),
            provider: Provider::new(text(system.provider)),
            event_id: EventId(system.event_id),
        }),
        time: filetime::timestamp(system.time),
        computer: text(system.computer).to_string(),
    }
}

fn facts_of_rendered(rendered: &Rendered) -> RecordFacts {
    RecordFacts {
        record_id: rendered.record_id,
        event_type: rendered.event_id.map(|event_id| EventType::Windows {
            channel: WindowsChannel::new(rendered.channel.as_str()),
            provider: Provider::new(rendered.provider.as_str()),
            event_id: EventId(event_id),
        }),
        time: rendered.time.and_then(filetime::timestamp),
        computer: rendered.computer.clone(),
    }
}

/// In which way the two differ on a record; `None` where they agree. A record without a `size` is torn.
fn compare(ours: Option<&Scanned>, theirs: Option<&Rendered>, size: Option<usize>) -> Option<DifferenceKind> {
    let (Some(ours), Some(theirs)) = (ours, theirs) else {
        return match (ours, theirs) {
            (None, _) if size.is_none() => Some(DifferenceKind::Torn),
            (None, None) => None,
            (None, Some(_)) => Some(DifferenceKind::OnlyParsed),
            (Some(_), _) => Some(DifferenceKind::OnlyScanned),
        };
    };
    if ours.facts != facts_of_rendered(theirs) {
        return Some(DifferenceKind::Values);
    }
    let differing = differing_fields(&ours.fields, theirs);
    (!differing.is_empty()).then_some(DifferenceKind::Fields(differing))
}

/// Names whose fill differs. A declared field that depends on an absent value is empty to the scanner, which reads
/// the template, and not in the rendered text at all: that is no difference.
fn differing_fields(ours: &BTreeMap<String, Fill>, theirs: &Rendered) -> Vec<FieldName> {
    let mut rendered: BTreeMap<&str, Fill> = BTreeMap::new();
    for (name, fill) in &theirs.fields {
        let fullest = rendered.entry(name).or_insert(*fill);
        *fullest = (*fullest).max(*fill);
    }
    let names: BTreeSet<&str> = ours.keys().map(String::as_str).chain(rendered.keys().copied()).collect();
    let differs = |name: &&str| match (ours.get(*name), rendered.get(*name)) {
        (Some(ours), Some(theirs)) => ours != theirs,
        (Some(ours), None) => *ours != Fill::Empty,
        (None, theirs) => theirs.is_some(),
    };
    names.into_iter().filter(differs).map(FieldName::new).collect()
}
