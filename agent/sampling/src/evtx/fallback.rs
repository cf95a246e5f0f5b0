//! Records that the walker does not understand, read by the `evtx` crate: one chunk at a time, only where needed.

use super::{
    decode::{Decoder, SystemValues},
    full_parse,
    rendered::Rendered,
    texts::TextId,
};
use crate::fill::Fill;

/// A record that the full parse read.
pub(super) struct Rescued {
    pub(super) system: SystemValues,
    /// The id in its header.
    pub(super) place: u64,
    pub(super) fields: Vec<(TextId, Fill)>,
}

/// Parses a chunk in full and returns those of the refused records (by the place of their BinXML) that have an event
/// id and a time.
pub(super) fn parse(chunk: &[u8], refused: &[usize], decoder: &mut Decoder) -> Vec<Rescued> {
    let mut rescued = Vec::new();
    full_parse::each_record(
        chunk,
        |body_start| refused.contains(&body_start),
        |parsed| {
            let rendered = parsed.rendered.as_ref();
            rescued.extend(rendered.and_then(|rendered| adopt(rendered, parsed.place, decoder)));
        },
    );
    rescued
}

fn adopt(rendered: &Rendered, place: u64, decoder: &mut Decoder) -> Option<Rescued> {
    let texts = &mut decoder.texts;
    let system = SystemValues {
        provider: texts.intern_str(&rendered.provider)?,
        channel: texts.intern_str(&rendered.channel)?,
        event_id: rendered.event_id?,
        time: rendered.time?,
        record_id: rendered.record_id.unwrap_or(place),
        computer: texts.intern_str(&rendered.computer)?,
    };
    let mut fields = Vec::with_capacity(rendered.fields.len());
    for (name, fill) in &rendered.fields {
        fields.push((texts.intern_str(name)?, *fill));
    }
    Some(Rescued { system, place, fields })
}
