//! When an event happened, as its line says it.

use jiff::{Timestamp, civil::Date, tz::TimeZone};

const SECONDS_PER_HOUR: u64 = 3600;
/// How far the kinds of moments lie apart: whole hours, so that an hour of any kind is an hour of the clock.
const KIND: u64 = SECONDS_PER_HOUR << 50;

/// A moment to the second: in UTC, or of a calendar whose year or zone will only be known when all is read. Moments
/// of one kind compare as their times do, moments of different kinds do not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Moment(u64);

/// What a moment of the calendar leaves open.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Open {
    /// Its year and its zone.
    YearAndZone = 1,
    /// Its zone.
    Zone = 2,
    /// Its year; the zone is UTC.
    Year = 3,
}

/// A date and time of a calendar. Month and day count from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Calendar {
    pub(crate) year: u16,
    pub(crate) month: u8,
    pub(crate) day: u8,
    pub(crate) hour: u8,
    pub(crate) minute: u8,
    pub(crate) second: u8,
}

/// What turns moments of the calendar into times.
pub(crate) struct Resolver<'o> {
    /// The zone of the calendar.
    pub(crate) zone: &'o TimeZone,
    /// What to add to its years.
    pub(crate) years: i32,
}

impl Moment {
    /// A moment of UTC, in seconds since 1970; `None` before that, or after the year 9999.
    pub(crate) fn utc(seconds: i64) -> Option<Self> {
        const LAST: i64 = 253_402_207_200;
        (0..=LAST).contains(&seconds).then(|| Self(seconds.unsigned_abs()))
    }

    /// A moment of the calendar; `None` where there is none such (the 31st of June, hour 24). A leap second is the
    /// second before it. The 29th of February is accepted in every year: which year it is may not be known yet.
    pub(crate) fn calendar(at: Calendar, open: Open) -> Option<Self> {
        let days = match at.month {
            1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
            4 | 6 | 9 | 11 => 30,
            2 => 29,
            _ => return None,
        };
        let valid = (1..=days).contains(&at.day) && at.hour < 24 && at.minute < 60 && at.second <= 60;
        let date =
            (u64::from(at.year) * 12 + u64::from(at.month - 1)) * 31 + u64::from(at.day.checked_sub(1)?);
        let time = (u64::from(at.hour) * 60 + u64::from(at.minute)) * 60 + u64::from(at.second.min(59));
        valid.then_some(Self(open as u64 * KIND + date * 24 * SECONDS_PER_HOUR + time))
    }

    /// What kind of moment it is: only moments of one kind compare.
    #[inline]
    pub(crate) fn kind(self) -> u64 {
        self.0 / KIND
    }

    /// The moment so many seconds later, on the same day of its calendar.
    #[inline]
    pub(crate) fn later_that_day(self, seconds: u32) -> Self {
        Self(self.0 + u64::from(seconds))
    }

    /// The moment so many seconds earlier, on the same day of its calendar.
    pub(crate) fn earlier_that_day(self, seconds: u32) -> Self {
        Self(self.0.saturating_sub(u64::from(seconds)))
    }

    /// The moment in units that [`Times`](crate::times::Times) counts.
    pub(crate) fn key(self) -> u64 {
        self.0
    }

    /// The hour that holds it, in units that [`Times`](crate::times::Times) counts.
    #[inline]
    pub(crate) fn hour_key(self) -> u64 {
        self.0 / SECONDS_PER_HOUR
    }
}

impl Resolver<'_> {
    /// The time that a key means.
    pub(crate) fn time(&self, key: u64) -> Timestamp {
        let (kind, packed) = (key / KIND, key % KIND);
        if kind == 0 {
            return i64::try_from(key).ok().and_then(|s| Timestamp::from_second(s).ok()).unwrap_or_default();
        }
        let (date, time) = (packed / (24 * SECONDS_PER_HOUR), packed % (24 * SECONDS_PER_HOUR));
        let (months, day) = (date / 31, date % 31 + 1);
        let part = |value: u64| i8::try_from(value).unwrap_or(i8::MAX);
        let years = if kind == Open::Zone as u64 { 0 } else { self.years };
        let year = i32::try_from(months / 12).unwrap_or(i32::MAX).saturating_add(years);
        let year = i16::try_from(year).unwrap_or(i16::MAX).clamp(1, 9998);
        let first = Date::new(year, part(months % 12 + 1), 1).unwrap_or(Date::ZERO);
        // A 29th of February that the year turns out not to have is the day before.
        let day = part(day).min(first.days_in_month());
        let date = Date::new(year, first.month(), day).unwrap_or(first);
        let clock = date.at(part(time / 3600), part(time / 60 % 60), part(time % 60), 0);
        let zone = if kind == Open::Year as u64 { &TimeZone::UTC } else { self.zone };
        zone.to_timestamp(clock).unwrap_or_default()
    }

    /// The time at which an hour begins. Clocks that are set forward leave hours of the calendar out: what was
    /// written in one is counted in the next.
    pub(crate) fn hour(&self, hour_key: u64) -> Timestamp {
        self.time(hour_key * SECONDS_PER_HOUR)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(year: u16, month: u8, day: u8, hour: u8) -> Option<Moment> {
        Moment::calendar(Calendar { year, month, day, hour, minute: 59, second: 60 }, Open::YearAndZone)
    }

    #[test]
    fn moments_come_back_as_the_times_they_were() {
        let zone = TimeZone::get("Europe/Berlin").unwrap();
        let resolver = Resolver { zone: &zone, years: 0 };
        let summer = at(2026, 7, 31, 23).unwrap();
        assert_eq!(resolver.time(summer.key()).to_string(), "2026-07-31T21:59:59Z");
        assert_eq!(resolver.hour(summer.hour_key()).to_string(), "2026-07-31T21:00:00Z");
        let utc = Moment::utc(1_700_000_000).unwrap();
        assert_eq!(resolver.time(utc.key()).as_second(), 1_700_000_000);
        assert_eq!(resolver.hour(utc.hour_key()).as_second(), 1_700_000_000 / 3600 * 3600);
    }

    #[test]
    fn every_second_is_counted_in_the_hour_that_holds_it() {
        let zone = TimeZone::get("Asia/Kolkata").unwrap();
        let resolver = Resolver { zone: &zone, years: 0 };
        for open in [Open::YearAndZone, Open::Zone, Open::Year] {
            for minute in 0..60 {
                let at = Calendar { year: 2026, month: 3, day: 1, hour: 10, minute, second: 0 };
                let moment = Moment::calendar(at, open).unwrap();
                let begin = Moment::calendar(Calendar { minute: 0, ..at }, open).unwrap();
                assert_eq!(resolver.hour(moment.hour_key()), resolver.time(begin.key()));
            }
        }
    }

    #[test]
    fn only_what_is_open_is_filled_in() {
        let zone = TimeZone::get("Europe/Berlin").unwrap();
        let time = |open| {
            let at = Calendar { year: 2026, month: 3, day: 1, hour: 0, minute: 0, second: 0 };
            let moment = Moment::calendar(at, open).unwrap().later_that_day(3600);
            Resolver { zone: &zone, years: -1 }.time(moment.key()).to_string()
        };
        assert_eq!(time(Open::YearAndZone), "2025-03-01T00:00:00Z");
        assert_eq!(time(Open::Zone), "2026-03-01T00:00:00Z");
        assert_eq!(time(Open::Year), "2025-03-01T01:00:00Z");
    }

    #[test]
    fn a_leap_day_is_kept_until_the_year_is_known() {
        let leap = at(2025, 2, 29, 1).unwrap();
        let zone = TimeZone::UTC;
        let time = |years| Resolver { zone: &zone, years }.time(leap.key()).to_string();
        assert_eq!(time(-1), "2024-02-29T01:59:59Z");
        assert_eq!(time(0), "2025-02-28T01:59:59Z");
    }

    #[test]
    fn what_no_calendar_has_is_no_moment() {
        assert_eq!(at(2026, 6, 31, 1), None);
        assert_eq!(at(2026, 13, 1, 1), None);
        assert_eq!(at(2026, 0, 1, 1), None);
        assert_eq!(at(2026, 1, 0, 1), None);
        assert_eq!(at(2026, 1, 1, 24), None);
        assert_eq!(Moment::utc(-1), None);
        assert_eq!(Moment::utc(i64::MAX), None);
    }
}
