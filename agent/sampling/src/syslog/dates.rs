//! The date and time that a line begins with.

use jiff::{Timestamp, tz::TimeZone};

use super::{
    clock::{days_since_1970, is_date, number, offset, time, two_digits},
    years::Years,
};
use crate::text::moment::{Calendar, Moment, Open};

/// Zones by the names that devices write behind a time. They are ambiguous (CST is three zones), so only UTC is taken
/// by its word; a time of any other is one of the zone that the scan was told.
const ZONES: [&[u8]; 23] = [
    b"UTC", b"GMT", b"CET", b"CEST", b"EET", b"EEST", b"WET", b"WEST", b"BST", b"IST", b"MSK", b"EST",
    b"EDT", b"CST", b"CDT", b"MST", b"MDT", b"PST", b"PDT", b"JST", b"KST", b"AEST", b"AEDT",
];

/// When a line says that it was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum When {
    /// At a moment.
    At(Moment),
    /// At none that a calendar has, or it does not say.
    Untold,
}

/// A date and time, and what follows it.
#[derive(Debug)]
pub(super) struct Stamp<'l> {
    pub(super) when: When,
    pub(super) rest: &'l [u8],
}

/// Reads dates. Lines mostly have the date of the line before, so the last one of each kind is kept.
#[derive(Debug)]
pub(super) struct Dates {
    years: Years,
    /// `Mar  1 ` and its midnight.
    month_day: Option<([u8; 7], Moment)>,
    /// `2026-03-01` and its midnight.
    iso: Option<([u8; 10], Midnight)>,
}

/// Where a day begins: in UTC (seconds since 1970), and in a zone that is not named.
#[derive(Debug, Clone, Copy)]
struct Midnight {
    utc: i64,
    local: Moment,
}

/// What a word behind a time says of its zone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Zone {
    Utc,
    Other,
}

/// A date whose year may be missing.
#[derive(Debug, Clone, Copy)]
struct Day {
    year: Option<u16>,
    month: u8,
    day: u8,
}

impl Dates {
    /// `written` is when the log was last written, in this zone.
    pub(super) fn new(written: Timestamp, zone: &TimeZone) -> Self {
        Self { years: Years::new(written, zone), month_day: None, iso: None }
    }

    /// How many years the dates without a year so far are to be moved. Those to come follow them.
    pub(super) fn settle(&mut self) -> i32 {
        self.month_day = None;
        self.years.settle()
    }

    pub(super) fn set_written(&mut self, written: Timestamp, zone: &TimeZone) {
        self.years.set_written(written, zone);
    }

    pub(super) fn reopen_years(&mut self) {
        self.years.reopen();
    }

    pub(super) fn awaits_years(&self) -> bool {
        self.years.is_open()
    }

    /// `Mar  1 10:15:00`, `Mar 01 2026 10:15:00`, `2026 Mar  1 10:15:00.123 UTC`.
    #[inline]
    pub(super) fn month_day<'l>(&mut self, text: &'l [u8]) -> Option<Stamp<'l>> {
        if let Some((known, midnight)) = &self.month_day
            && let Some(rest) = text.strip_prefix(known)
            && let Some((Some(seconds), rest)) = time(rest)
            && zone_word(rest).is_none()
        {
            self.years.same_day(seconds);
            return Some(Stamp { when: When::At(midnight.later_that_day(seconds)), rest });
        }
        self.other_month_day(text)
    }

    #[cold]
    fn other_month_day<'l>(&mut self, text: &'l [u8]) -> Option<Stamp<'l>> {
        let (before, rest) = year_and_space(text).map_or((None, text), |(year, rest)| (Some(year), rest));
        let (month, rest) = rest.split_first_chunk::<3>()?;
        let month = month_number(*month)?;
        let (day, rest) = number(spaces(rest)?, 2)?;
        let at_time = spaces(rest)?;
        let (behind, rest) =
            year_and_space(at_time).map_or((None, at_time), |(year, rest)| (Some(year), rest));
        let (seconds, rest) = time(rest)?;
        let (zone, rest) = zone_word(rest).unwrap_or((Zone::Other, rest));
        let day = Day { year: before.or(behind), month, day: u8::try_from(day).ok()? };
        let when = self.place(day, seconds, zone).map_or(When::Untold, When::At);
        self.month_day = match (text.first_chunk::<7>(), when) {
            (Some(known), When::At(moment))
                if day.year.is_none() && zone == Zone::Other && text.len() - at_time.len() == 7 =>
            {
                Some((*known, moment.earlier_that_day(seconds.unwrap_or_default())))
            }
            _ => None,
        };
        Some(Stamp { when, rest })
    }

    fn place(&mut self, at: Day, seconds: Option<u32>, zone: Zone) -> Option<Moment> {
        let Day { year, month, day } = at;
        let seconds = seconds.filter(|_| is_date(year, month, day))?;
        if let Some(year) = year.filter(|_| zone == Zone::Utc) {
            return Moment::utc(days_since_1970(year, month, day)? * 86_400 + i64::from(seconds));
        }
        let open = match (year, zone) {
            (Some(_), _) => Open::Zone,
            (None, Zone::Other) => Open::YearAndZone,
            (None, Zone::Utc) => Open::Year,
        };
        let year = year.unwrap_or_else(|| self.years.of(month, day, seconds));
        Some(midnight(year, month, day, open)?.later_that_day(seconds))
    }

    /// `2026-03-01T10:15:00.123456+01:00`, also with a space, with `Z`, without a zone, and with slashes.
    #[inline]
    pub(super) fn iso<'l>(&mut self, text: &'l [u8]) -> Option<Stamp<'l>> {
        let (date, rest) = text.split_first_chunk::<10>()?;
        let [b'T' | b't' | b' ', rest @ ..] = rest else { return None };
        let (seconds, rest) = time(rest)?;
        let (east, rest) = offset(rest).map_or((None, rest), |(east, rest)| (Some(east), rest));
        let when = self.iso_day(date)?.and_then(|day| day.at(seconds?, east)).map_or(When::Untold, When::At);
        Some(Stamp { when, rest })
    }

    /// A date, a time and a zone that stand apart.
    pub(super) fn apart(&mut self, date: &[u8], clock: &[u8], zone: &[u8]) -> Option<When> {
        let day = self.iso_day(date.first_chunk()?)?;
        let (seconds, _) = time(clock)?;
        let east = offset(zone).map(|(east, _)| east);
        Some(day.and_then(|day| day.at(seconds?, east)).map_or(When::Untold, When::At))
    }

    /// `None` for what does not look like a date, `Some(None)` for one that does not exist.
    #[inline]
    fn iso_day(&mut self, text: &[u8; 10]) -> Option<Option<Midnight>> {
        match &self.iso {
            Some((known, midnight)) if known == text => Some(Some(*midnight)),
            _ => self.other_iso_day(text),
        }
    }

    #[cold]
    fn other_iso_day(&mut self, text: &[u8; 10]) -> Option<Option<Midnight>> {
        let [y, yy, yyy, yyyy, b'-' | b'/', m, mm, b'-' | b'/', d, dd] = *text else { return None };
        let (century, of_century) = (two_digits(y, yy)?, two_digits(yyy, yyyy)?);
        let (month, day) = (two_digits(m, mm)?, two_digits(d, dd)?);
        let year = u16::from(century) * 100 + u16::from(of_century);
        let known = days_since_1970(year, month, day).and_then(|days| {
            Some(Midnight { utc: days * 86_400, local: midnight(year, month, day, Open::Zone)? })
        });
        self.iso = known.map(|midnight| (*text, midnight));
        Some(known)
    }
}

impl Midnight {
    #[inline]
    fn at(self, seconds: u32, east: Option<i64>) -> Option<Moment> {
        match east {
            Some(east) => Moment::utc(self.utc + i64::from(seconds) - east),
            None => Some(self.local.later_that_day(seconds)),
        }
    }
}

fn midnight(year: u16, month: u8, day: u8, open: Open) -> Option<Moment> {
    Moment::calendar(Calendar { year, month, day, hour: 0, minute: 0, second: 0 }, open)
}

fn year_and_space(text: &[u8]) -> Option<(u16, &[u8])> {
    let (year, rest) = number(text, 4).filter(|(year, _)| *year >= 1000)?;
    Some((u16::try_from(year).ok()?, spaces(rest)?))
}

/// What follows one or more spaces.
fn spaces(text: &[u8]) -> Option<&[u8]> {
    text.first().filter(|byte| **byte == b' ').map(|_| text.trim_ascii_start())
}

fn month_number(name: [u8; 3]) -> Option<u8> {
    const NAMES: [[u8; 3]; 12] = [
        *b"Jan", *b"Feb", *b"Mar", *b"Apr", *b"May", *b"Jun", *b"Jul", *b"Aug", *b"Sep", *b"Oct", *b"Nov",
        *b"Dec",
    ];
    (1..).zip(NAMES).find(|(_, known)| *known == name).map(|(number, _)| number)
}

/// The word of a zone behind a time, and what follows.
#[inline]
fn zone_word(text: &[u8]) -> Option<(Zone, &[u8])> {
    match text {
        [b' ', a, b, c, ..] if [a, b, c].into_iter().all(u8::is_ascii_uppercase) => {
            known_zone(text.get(1..)?)
        }
        _ => None,
    }
}

fn known_zone(text: &[u8]) -> Option<(Zone, &[u8])> {
    let length = text.iter().position(|byte| !byte.is_ascii_uppercase())?;
    let (word, rest) = text.split_at_checked(length)?;
    let ends = matches!(rest.first(), Some(b' ' | b':'));
    (ends && ZONES.contains(&word))
        .then(|| (if word == b"UTC" || word == b"GMT" { Zone::Utc } else { Zone::Other }, rest))
}
