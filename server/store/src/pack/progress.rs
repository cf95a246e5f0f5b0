//! How far an agent's reports have come, as bytes. It is short and holds hashes, so that it is not compressed.

use blindspot_telemetry::wire::{Epoch, Seq};

use super::{
    FORMAT,
    bytes::{Broken, Reader, Writer},
};
use crate::{
    StoreError,
    merge::{Line, Progress},
    row::corrupt,
};

const TABLE: &str = "agents";

pub(crate) fn pack(progress: &Progress) -> Vec<u8> {
    let mut out = Writer::default();
    write_line(&mut out, &progress.current);
    out.list(progress.boots.iter(), |out, boot| out.text(boot));
    out.list(progress.past.iter(), write_line);
    let mut packed = vec![FORMAT];
    packed.extend(out.finish());
    packed
}

pub(crate) fn unpack(packed: &[u8]) -> Result<Progress, StoreError> {
    let read = || -> Result<Progress, Broken> {
        let plain = packed.strip_prefix(&[FORMAT]).ok_or(Broken)?;
        let mut from = Reader::new(plain)?;
        let current = read_line(&mut from)?;
        let boots = from.list(|from| Ok(from.text()?.to_string()))?;
        let past = from.list(read_line)?;
        from.finish()?;
        Ok(Progress { current, boots, past })
    };
    read().map_err(|Broken| corrupt(TABLE, "the progress of reports"))
}

fn write_line(out: &mut Writer, line: &Line) {
    out.bytes(&line.epoch.0);
    out.u64(line.seq.0);
    out.bytes(&line.body_hash);
    out.i64(line.sent_ms);
    out.i64(line.began_ms);
}

fn read_line(from: &mut Reader<'_>) -> Result<Line, Broken> {
    Ok(Line {
        epoch: Epoch(from.array()?),
        seq: Seq(from.u64()?),
        body_hash: from.array()?,
        sent_ms: from.i64()?,
        began_ms: from.i64()?,
    })
}
