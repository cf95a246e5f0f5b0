//! The record of a host, packed.

use blindspot_telemetry::wire::{
    Claim, ReportKind,
    report::{Finding, Footprint},
};

use super::{
    bytes::{Broken, Reader, Writer},
    census::{read_log, write_log},
    settings,
};
use crate::{HostRecord, StoreError, row::corrupt};

const TABLE: &str = "hosts";

pub(crate) fn pack(host: &HostRecord) -> Result<Vec<u8>, StoreError> {
    let mut out = Writer::default();
    let claim = &host.claim;
    for text in [&claim.name, &claim.platform, &claim.machine, &claim.boot, &claim.version] {
        out.text(text);
    }
    out.u64(host.interval_s.into());
    out.u64(match host.kind {
        ReportKind::Snapshot => 0,
        ReportKind::Changes => 1,
        ReportKind::LastWill => 2,
    });
    out.time(host.received);
    out.i64(host.clock_offset_ms);
    out.list(host.logs.iter(), write_log);
    let settings = host.settings.as_ref().map(settings::to_text).transpose()?;
    out.option(settings.as_deref(), Writer::text);
    out.option(host.settings_at, Writer::time);
    let Footprint { rss_bytes, cpu_ms, state_bytes } = host.footprint;
    [rss_bytes, cpu_ms, state_bytes].into_iter().for_each(|number| out.u64(number));
    out.option(host.coverage, |out, (from, to)| {
        out.time(from);
        out.time(to);
    });
    out.list(host.findings.iter(), |out, finding| {
        out.text(&finding.code);
        out.option(finding.log.as_deref(), Writer::text);
        out.text(&finding.text);
        out.time(finding.at);
    });
    super::pack(&out.finish())
}

pub(crate) fn unpack(packed: &[u8]) -> Result<HostRecord, StoreError> {
    let plain = super::unpack(TABLE, packed)?;
    read(&plain).map_err(|Broken| corrupt(TABLE, "a record"))
}

fn read(plain: &[u8]) -> Result<HostRecord, Broken> {
    let from = &mut Reader::new(plain)?;
    let text = |from: &mut Reader<'_>| Ok(from.text()?.to_string());
    let claim = Claim {
        name: text(from)?,
        platform: text(from)?,
        machine: text(from)?,
        boot: text(from)?,
        version: text(from)?,
    };
    Ok(HostRecord {
        claim,
        interval_s: u32::try_from(from.u64()?).map_err(|_| Broken)?,
        kind: match from.u64()? {
            0 => ReportKind::Snapshot,
            1 => ReportKind::Changes,
            2 => ReportKind::LastWill,
            _ => return Err(Broken),
        },
        received: from.time()?,
        clock_offset_ms: from.i64()?,
        logs: from.list(read_log)?,
        settings: from
            .option(Reader::text)?
            .map(|text| serde_json::from_str(&text).map_err(|_| Broken))
            .transpose()?,
        settings_at: from.option(Reader::time)?,
        footprint: Footprint { rss_bytes: from.u64()?, cpu_ms: from.u64()?, state_bytes: from.u64()? },
        coverage: from.option(|from| Ok((from.time()?, from.time()?)))?,
        findings: from.list(|from| {
            Ok(Finding { code: text(from)?, log: from.option(text)?, text: text(from)?, at: from.time()? })
        })?,
    })
}
