//! The hourly counts of a day, packed.

use super::{
    bytes::{Broken, Reader, Writer},
    census::{read_computer_name, read_event_type, write_computer_name, write_event_type},
};
use crate::{
    StoreError,
    days::{DayHours, HOURS},
    row::corrupt,
};

const TABLE: &str = "host_days";

pub(crate) fn pack(day: &DayHours) -> Result<Vec<u8>, StoreError> {
    let mut out = Writer::default();
    out.list(day.logs.iter(), |out, (path, computers)| {
        out.text(path);
        out.list(computers.iter(), |out, (name, types)| {
            write_computer_name(out, name.as_ref());
            out.list(types.iter(), |out, (event_type, hours)| {
                write_event_type(out, event_type);
                write_hours(out, hours);
            });
        });
    });
    super::pack(&out.finish())
}

pub(crate) fn unpack(packed: &[u8]) -> Result<DayHours, StoreError> {
    let plain = super::unpack(TABLE, packed)?;
    read(&plain).map_err(|Broken| corrupt(TABLE, "hourly counts"))
}

fn read(plain: &[u8]) -> Result<DayHours, Broken> {
    let mut from = Reader::new(plain)?;
    let logs = from.list(|from| {
        let path = from.text()?.to_string();
        let computers = from.list(|from| {
            let name = read_computer_name(from)?;
            Ok((name, from.list(|from| Ok((read_event_type(from)?, read_hours(from)?)))?))
        })?;
        Ok((path, computers))
    })?;
    from.finish()?;
    Ok(DayHours { logs })
}

/// One bit for each hour that has events, then their counts.
fn write_hours(out: &mut Writer, hours: &[u64; HOURS]) {
    let filled = hours.iter().enumerate().filter(|(_, count)| **count > 0);
    out.u64(filled.fold(0, |bits, (hour, _)| bits | 1 << hour));
    hours.iter().filter(|count| **count > 0).for_each(|count| out.u64(*count));
}

fn read_hours(from: &mut Reader<'_>) -> Result<[u64; HOURS], Broken> {
    let bits = from.u64()?;
    let mut hours = [0; HOURS];
    for (hour, count) in hours.iter_mut().enumerate() {
        if bits & 1 << hour != 0 {
            *count = from.u64()?;
        }
    }
    if bits >> HOURS == 0 { Ok(hours) } else { Err(Broken) }
}
