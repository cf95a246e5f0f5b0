//! The journal as `journalctl -o json` writes it (systemd's "Journal JSON Format"): an object a line.

mod reader;

use self::reader::{Reader, Shape};
use super::{
    draft::{Draft, Wanted},
    entry::Entries,
};
use crate::text::{Lines, MAX_LINE_BYTES, names::Names, tally::Tally};

/// Reads lines of JSON.
#[derive(Debug)]
pub(crate) struct JsonLines {
    entries: Entries,
    /// Room for a name or a value that is written with escapes.
    unescaped: Vec<u8>,
}

impl JsonLines {
    pub(crate) fn new(names: &mut Names) -> Self {
        Self { entries: Entries::new(names), unescaped: Vec::new() }
    }
}

impl Lines for JsonLines {
    fn line(&mut self, line: &[u8], tally: &mut Tally) {
        // What `json-seq` and `json-sse` put before it.
        let object = line.strip_prefix(b"\x1e").or_else(|| line.strip_prefix(b"data: ")).unwrap_or(line);
        let mut draft = Draft::default();
        match read(object, &mut draft, &mut self.unescaped, &mut tally.names) {
            Some(()) => draft.count(&self.entries, tally),
            None if line.len() >= MAX_LINE_BYTES => draft.count_cut(&self.entries, tally),
            None => tally.damaged += 1,
        }
    }
}

/// Reads one object; `None` where it is none, with what was read until then.
fn read(object: &[u8], draft: &mut Draft, unescaped: &mut Vec<u8>, names: &mut Names) -> Option<()> {
    let mut reader = Reader::new(object);
    reader.expect(b'{')?;
    if reader.expect(b'}').is_some() {
        return reader.end();
    }
    loop {
        let wanted = Wanted::of(reader.string(unescaped)?);
        reader.expect(b':')?;
        match wanted {
            Some(wanted) => read_value(
                &mut reader,
                &mut |value| match value {
                    Some(value) => draft.see(wanted, value, names),
                    None => draft.see_large(wanted),
                },
                unescaped,
            )?,
            None => reader.skip_value()?,
        }
        if reader.expect(b',').is_none() {
            reader.expect(b'}')?;
            return reader.end();
        }
    }
}

/// Reads a field's value, or each of its values; `None` for one that was left out because it is large.
fn read_value(
    reader: &mut Reader<'_>,
    see: &mut dyn FnMut(Option<&[u8]>),
    unescaped: &mut Vec<u8>,
) -> Option<()> {
    match reader.shape()? {
        Shape::Text => see(Some(reader.string(unescaped)?)),
        Shape::Bytes => see(Some(reader.bytes(unescaped)?)),
        Shape::Null => {
            reader.skip_value()?;
            see(None);
        }
        Shape::Values => {
            reader.expect(b'[')?;
            loop {
                // Values do not hold values.
                match reader.shape()? {
                    Shape::Text => see(Some(reader.string(unescaped)?)),
                    Shape::Bytes => see(Some(reader.bytes(unescaped)?)),
                    Shape::Null | Shape::Other => {
                        reader.skip_value()?;
                        see(None);
                    }
                    Shape::Values => return None,
                }
                if reader.expect(b',').is_none() {
                    return reader.expect(b']');
                }
            }
        }
        Shape::Other => reader.skip_value()?,
    }
    Some(())
}
