//! The `evtx` crate on one chunk, as an iterator of rendered events.

use std::sync::Arc;

use evtx::{EvtxChunkData, ParserSettings};

use super::{chunk::CHUNK_BYTES, rendered::Rendered};

/// What the crate made of one record.
pub(super) struct Parsed {
    /// Where the record's BinXML is, from the start of the chunk.
    pub(super) body_start: usize,
    /// The id in the record's header.
    pub(super) place: u64,
    /// The event; `None` where it cannot be rendered.
    pub(super) rendered: Option<Rendered>,
}

/// Hands each record of the chunk that the crate can build to `visit`. A chunk that it cannot open has none.
///
/// `wanted` chooses by place of the BinXML what is rendered.
pub(super) fn each_record(chunk: &[u8], wanted: impl Fn(usize) -> bool, mut visit: impl FnMut(Parsed)) {
    let mut whole = chunk.to_vec();
    whole.resize(CHUNK_BYTES, 0);
    let settings = Arc::new(ParserSettings::default().indent(false).validate_checksums(false));
    let Ok(mut data) = EvtxChunkData::new(whole, false) else { return };
    let Ok(mut parsed) = data.parse(settings) else { return };
    for record in parsed.iter().flatten() {
        let Ok(body_start) = usize::try_from(record.binxml_offset) else { continue };
        if !wanted(body_start) {
            continue;
        }
        let place = record.event_record_id;
        let xml = record.into_xml().ok();
        let rendered = xml.and_then(|xml| Rendered::parse(&xml.data));
        visit(Parsed { body_start, place, rendered });
    }
}
