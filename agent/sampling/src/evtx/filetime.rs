//! Windows times: FILETIME, 100 ns since 1601-01-01 UTC ([MS-DTYP] 2.3.3), and what it is in ours.

use blindspot_telemetry::Hour;
use jiff::{Timestamp, civil::DateTime, tz::Offset};

use super::bytes::u16_at;

/// Seconds from 1601 to 1970.
const UNIX_EPOCH_SECS: i64 = 11_644_473_600;
const TICKS_PER_SEC: u64 = 10_000_000;
const TICKS_PER_HOUR: u64 = 3600 * TICKS_PER_SEC;

/// The moment that a FILETIME means; `None` where it is later than the year 9999.
pub(super) fn timestamp(filetime: u64) -> Option<Timestamp> {
    let secs = i64::try_from(filetime / TICKS_PER_SEC).ok()? - UNIX_EPOCH_SECS;
    let nanos = i32::try_from(filetime % TICKS_PER_SEC * 100).ok()?;
    Timestamp::new(secs, nanos).ok()
}

/// True for a time that an event can have: not zero, not after the year 9999.
pub(super) fn is_time(filetime: u64) -> bool {
    // The last moment of `jiff`: 9999-12-30T22:00:00.9999999Z.
    const LAST: u64 = 2_650_467_744_000_000_000 - 26 * TICKS_PER_HOUR + TICKS_PER_SEC - 1;
    filetime != 0 && filetime <= LAST
}

/// The FILETIME of a moment; `None` before 1601.
pub(super) fn of_timestamp(time: Timestamp) -> Option<u64> {
    let secs = u64::try_from(time.as_second().checked_add(UNIX_EPOCH_SECS)?).ok()?;
    let ticks = u64::try_from(i64::from(time.subsec_nanosecond()).div_euclid(100)).ok()?;
    secs.checked_mul(TICKS_PER_SEC)?.checked_add(ticks)
}

/// The FILETIME of a SYSTEMTIME: eight 16-bit fields ([MS-DTYP] 2.3.13).
pub(super) fn of_systemtime(bytes: &[u8]) -> Option<u64> {
    let field = |index: usize| u16_at(bytes, index * 2);
    let small = |index: usize| i8::try_from(field(index)?).ok();
    let nanos = i32::from(field(7)?) * 1_000_000;
    let year = i16::try_from(field(0)?).ok()?;
    let time = DateTime::new(year, small(1)?, small(3)?, small(4)?, small(5)?, small(6)?, nanos).ok()?;
    of_timestamp(Offset::UTC.to_timestamp(time).ok()?)
}

/// Hours since 1601 of a FILETIME.
pub(super) fn hours(filetime: u64) -> u64 {
    filetime / TICKS_PER_HOUR
}

/// The hour that `hours` since 1601 means.
pub(super) fn hour(hours: u64) -> Hour {
    Hour(i64::try_from(hours).unwrap_or(i64::MAX).saturating_sub(UNIX_EPOCH_SECS / 3600))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_filetime_becomes_its_moment_and_comes_back() {
        // 2020-01-01T00:00:00.1234567Z
        let filetime = 132_223_104_001_234_567;
        let time = timestamp(filetime).unwrap();
        assert_eq!(time.to_string(), "2020-01-01T00:00:00.1234567Z");
        assert_eq!(of_timestamp(time), Some(filetime));
        assert_eq!(hour(hours(filetime)), Hour::of(time));
        assert_eq!(timestamp(u64::MAX), None);
        let last = of_timestamp(Timestamp::MAX).unwrap();
        assert!(is_time(last) && timestamp(last).is_some());
        assert!(!is_time(last + TICKS_PER_SEC) && timestamp(last + TICKS_PER_SEC).is_none());
    }

    #[test]
    fn a_systemtime_with_an_impossible_month_is_no_time() {
        let bytes = |month: u16| -> Vec<u8> {
            [2020, month, 0, 1, 0, 0, 0, 0].iter().flat_map(|field: &u16| field.to_le_bytes()).collect()
        };
        assert_eq!(of_systemtime(&bytes(1)), Some(132_223_104_000_000_000));
        assert_eq!(of_systemtime(&bytes(13)), None);
    }
}
