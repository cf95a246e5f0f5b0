//! Days of the calendar and times of the day, from their digits.

/// The days from 1970-01-01 to a date of the Gregorian calendar; `None` where the year has no such date.
pub(super) fn days_since_1970(year: u16, month: u8, day: u8) -> Option<i64> {
    const BEFORE_1970: i64 = 719_162;
    if !is_date(Some(year), month, day) {
        return None;
    }
    let whole = i64::from(year) - 1;
    let leap_days = whole.div_euclid(4) - whole.div_euclid(100) + whole.div_euclid(400);
    let months: i64 = (1..month).map(|before| i64::from(days_of(Some(year), before))).sum();
    Some(whole * 365 + leap_days + months + i64::from(day) - 1 - BEFORE_1970)
}

/// True for a date that a year has; without a year, that any has.
pub(super) fn is_date(year: Option<u16>, month: u8, day: u8) -> bool {
    (1..=12).contains(&month) && (1..=days_of(year, month)).contains(&day)
}

/// `hh:mm:ss` with or without a fraction, as seconds since midnight, and what follows. A leap second is the second
/// before it; the seconds are `None` where no clock shows such a time (hour 24).
#[inline]
pub(super) fn time(text: &[u8]) -> Option<(Option<u32>, &[u8])> {
    let (clock, rest) = text.split_first_chunk::<8>()?;
    let [h, hh, b':', m, mm, b':', s, ss] = *clock else { return None };
    let (hour, minute, second) = (two_digits(h, hh)?, two_digits(m, mm)?, two_digits(s, ss)?);
    let shown = hour < 24 && minute < 60 && second <= 60;
    let seconds = || (u32::from(hour) * 60 + u32::from(minute)) * 60 + u32::from(second.min(59));
    Some((shown.then(seconds), without_fraction(rest)))
}

/// The seconds that a zone is east of UTC (`Z`, `+01:00`, `-0500`, `+01`) and what follows; `None` where there is none.
#[inline]
pub(super) fn offset(text: &[u8]) -> Option<(i64, &[u8])> {
    let (sign, rest) = match text.split_first()? {
        (b'Z' | b'z', rest) => return Some((0, rest)),
        (b'+', rest) => (1, rest),
        (b'-', rest) => (-1, rest),
        _ => return None,
    };
    let (hours, rest) = first_two_digits(rest)?;
    let (minutes, rest) = first_two_digits(rest.strip_prefix(b":").unwrap_or(rest)).unwrap_or((0, rest));
    Some((sign * (hours * 3600 + minutes * 60), rest))
}

fn first_two_digits(text: &[u8]) -> Option<(i64, &[u8])> {
    let ([tens, ones], rest) = text.split_first_chunk()?;
    Some((i64::from(two_digits(*tens, *ones)?), rest))
}

/// A number of as many digits as there are, up to `most`, and what follows.
pub(super) fn number(text: &[u8], most: usize) -> Option<(u32, &[u8])> {
    let digits = text.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let (digits, rest) =
        text.split_at_checked(digits).filter(|(digits, _)| (1..=most).contains(&digits.len()))?;
    let value = digits
        .iter()
        .try_fold(0_u32, |value, digit| value.checked_mul(10)?.checked_add(u32::from(digit - b'0')))?;
    Some((value, rest))
}

/// What two digits say.
#[inline]
pub(super) fn two_digits(tens: u8, ones: u8) -> Option<u8> {
    (tens.is_ascii_digit() && ones.is_ascii_digit()).then(|| (tens - b'0') * 10 + (ones - b'0'))
}

fn without_fraction(text: &[u8]) -> &[u8] {
    match text {
        [b'.' | b',', digits @ ..] if digits.first().is_some_and(u8::is_ascii_digit) => {
            let length = digits.iter().take_while(|byte| byte.is_ascii_digit()).count();
            digits.get(length..).unwrap_or_default()
        }
        _ => text,
    }
}

fn is_leap(year: u16) -> bool {
    year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400))
}

fn days_of(year: Option<u16>, month: u8) -> u8 {
    match month {
        2 => 28 + u8::from(year.is_none_or(is_leap)),
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_those_of_the_calendar() {
        let epoch = jiff::civil::date(1970, 1, 1);
        let mut date = jiff::civil::date(1599, 12, 30);
        for _ in 0..200_000 {
            let since = date.since(epoch).unwrap().get_days();
            let (year, month, day) = (date.year().unsigned_abs(), date.month(), date.day());
            let days = days_since_1970(year, month.unsigned_abs(), day.unsigned_abs());
            assert_eq!(days, Some(i64::from(since)), "{date}");
            date = date.tomorrow().unwrap();
        }
        assert_eq!(days_since_1970(2025, 2, 29), None);
        assert_eq!(days_since_1970(1900, 2, 29), None);
        assert!(is_date(None, 2, 29));
        assert!(!is_date(None, 2, 30));
    }

    #[test]
    fn times_have_digits_and_fractions() {
        assert_eq!(time(b"01:02:03 x"), Some((Some(3723), &b" x"[..])));
        assert_eq!(time(b"23:59:60.123456Z"), Some((Some(86_399), &b"Z"[..])));
        assert_eq!(time(b"00:00:00,5 "), Some((Some(0), &b" "[..])));
        assert_eq!(time(b"24:00:00"), Some((None, &b""[..])));
        assert_eq!(time(b"1:02:03 x"), None);
        assert_eq!(time(b"00:00"), None);
    }

    #[test]
    fn offsets_are_written_in_four_ways() {
        assert_eq!(offset(b"Z h"), Some((0, &b" h"[..])));
        assert_eq!(offset(b"+05:30 h"), Some((19_800, &b" h"[..])));
        assert_eq!(offset(b"-0130 h"), Some((-5400, &b" h"[..])));
        assert_eq!(offset(b"+01 h"), Some((3600, &b" h"[..])));
        assert_eq!(offset(b" h"), None);
        assert_eq!(offset(b"- h"), None);
    }
}
