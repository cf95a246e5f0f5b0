//! Logs, computers, event types and tallies as bytes.

use std::collections::BTreeMap;

use blindspot_telemetry::{
    EventId, EventType, FieldFill, FieldName, HostName, Hour, Program, Provider, RecordType, Source,
    SourceId, SourceKind, SourceStatus, Syscall, WindowsChannel,
    census::{ComputerCensus, LogCensus, Tally},
};

use super::bytes::{Broken, Reader, Writer};

pub(super) fn write_event_type(out: &mut Writer, event_type: &EventType) {
    match event_type {
        EventType::Windows { channel, provider, event_id } => {
            out.u64(0);
            out.text(channel.as_str());
            out.text(provider.as_str());
            out.u64(event_id.0.into());
        }
        EventType::Auditd { record_type, syscall } => {
            out.u64(1);
            out.text(record_type.as_str());
            out.option(syscall.as_ref(), |out, syscall| out.text(syscall.as_str()));
        }
        EventType::Syslog { program } => {
            out.u64(2);
            out.text(program.as_str());
        }
        EventType::SysmonLinux { event_id } => {
            out.u64(3);
            out.u64(event_id.0.into());
        }
    }
}

fn read_event_id(from: &mut Reader<'_>) -> Result<EventId, Broken> {
    u16::try_from(from.u64()?).map(EventId).map_err(|_| Broken)
}

pub(super) fn read_event_type(from: &mut Reader<'_>) -> Result<EventType, Broken> {
    Ok(match from.u64()? {
        0 => EventType::Windows {
            channel: WindowsChannel::new(from.text()?),
            provider: Provider::new(from.text()?),
            event_id: read_event_id(from)?,
        },
        1 => EventType::Auditd {
            record_type: RecordType::new(from.text()?),
            syscall: from.option(Reader::text)?.map(Syscall::new),
        },
        2 => EventType::Syslog { program: Program::new(from.text()?) },
        3 => EventType::SysmonLinux { event_id: read_event_id(from)? },
        _ => return Err(Broken),
    })
}

pub(super) fn write_computer_name(out: &mut Writer, name: Option<&HostName>) {
    out.option(name, |out, name| out.text(name.as_str()));
}

pub(super) fn read_computer_name(from: &mut Reader<'_>) -> Result<Option<HostName>, Broken> {
    Ok(from.option(Reader::text)?.map(HostName::new))
}

fn write_tally(out: &mut Writer, tally: &Tally) {
    out.u64(tally.count);
    out.u64(tally.undated);
    out.option(tally.span, |out, (first, last)| {
        out.time(first);
        out.time(last);
    });
    out.list(tally.hours.iter(), |out, (hour, count)| {
        out.i64(hour.0);
        out.u64(*count);
    });
    out.list(tally.fields.iter(), |out, (name, fill)| {
        out.text(name.as_str());
        // What is filled in all events, or never, is written short.
        let (all, other) = (fill.filled == tally.count, fill.placeholder > 0 || fill.empty > 0);
        out.u64(u64::from(all) | u64::from(other) << 1);
        if !all {
            out.u64(fill.filled);
        }
        if other {
            out.u64(fill.placeholder);
            out.u64(fill.empty);
        }
    });
}

fn read_tally(from: &mut Reader<'_>) -> Result<Tally, Broken> {
    let (count, undated) = (from.u64()?, from.u64()?);
    Ok(Tally {
        count,
        undated,
        span: from.option(|from| Ok((from.time()?, from.time()?)))?,
        hours: from.list(|from| Ok((Hour(from.i64()?), from.u64()?)))?,
        fields: from.list(|from| Ok((FieldName::new(from.text()?), read_fill(from, count)?)))?,
    })
}

fn read_fill(from: &mut Reader<'_>, count: u64) -> Result<FieldFill, Broken> {
    let short = from.u64()?;
    if short > 3 {
        return Err(Broken);
    }
    let filled = if short & 1 == 0 { from.u64()? } else { count };
    let (placeholder, empty) = if short & 2 == 0 { (0, 0) } else { (from.u64()?, from.u64()?) };
    Ok(FieldFill { filled, placeholder, empty })
}

fn write_source_id(out: &mut Writer, id: &SourceId) {
    match id {
        SourceId::Channel(channel) => {
            out.u64(0);
            out.text(channel.as_str());
        }
        SourceId::Auditd => out.u64(1),
        SourceId::Syslog => out.u64(2),
        SourceId::SysmonLinux => out.u64(3),
    }
}

fn read_source_id(from: &mut Reader<'_>) -> Result<SourceId, Broken> {
    Ok(match from.u64()? {
        0 => SourceId::Channel(WindowsChannel::new(from.text()?)),
        1 => SourceId::Auditd,
        2 => SourceId::Syslog,
        3 => SourceId::SysmonLinux,
        _ => return Err(Broken),
    })
}

fn write_source(out: &mut Writer, source: &Source) {
    out.text(&source.path);
    out.text(source.kind.as_str());
    out.text(source.status.as_str());
    out.list(source.holds.iter(), write_source_id);
    out.u64(source.records);
    out.u64(source.damaged);
    out.option(source.oldest, Writer::time);
    out.option(source.newest, Writer::time);
    out.option(source.size_bytes, Writer::u64);
}

fn read_source(from: &mut Reader<'_>) -> Result<Source, Broken> {
    Ok(Source {
        path: from.text()?.to_string(),
        kind: SourceKind::parse(&from.text()?).ok_or(Broken)?,
        status: SourceStatus::parse(&from.text()?).ok_or(Broken)?,
        holds: from.list(read_source_id)?,
        records: from.u64()?,
        damaged: from.u64()?,
        oldest: from.option(Reader::time)?,
        newest: from.option(Reader::time)?,
        size_bytes: from.option(Reader::u64)?,
    })
}

pub(super) fn write_log(out: &mut Writer, log: &LogCensus) {
    write_source(out, &log.source);
    out.option(log.stream.as_deref(), Writer::text);
    out.u64(u64::from(log.relay));
    out.option(log.caught_up_until, Writer::time);
    out.list(log.computers.iter(), |out, computer| {
        write_computer_name(out, computer.name.as_ref());
        out.list(computer.event_types.iter(), |out, (event_type, tally)| {
            write_event_type(out, event_type);
            write_tally(out, tally);
        });
    });
}

pub(super) fn read_log(from: &mut Reader<'_>) -> Result<LogCensus, Broken> {
    Ok(LogCensus {
        source: read_source(from)?,
        stream: from.option(Reader::text)?.map(|text| text.to_string()),
        relay: from.u64()? != 0,
        caught_up_until: from.option(Reader::time)?,
        computers: from.list(|from| {
            let name = read_computer_name(from)?;
            let event_types: BTreeMap<EventType, Tally> =
                from.list(|from| Ok((read_event_type(from)?, read_tally(from)?)))?;
            Ok(ComputerCensus { name, event_types })
        })?,
    })
}
