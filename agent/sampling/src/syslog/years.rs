//! The years of dates that name none.

use jiff::{SignedDuration, Timestamp, tz::TimeZone};

const SECONDS_PER_DAY: i64 = 86_400;
/// Half a year, of months that all have 31 days.
const HALF_YEAR: i64 = 186 * SECONDS_PER_DAY;
/// Clocks differ: a line can be this much newer than the file.
const SKEW: SignedDuration = SignedDuration::from_hours(24);

/// Gives each date the year that is nearest to the date before it.
#[derive(Debug)]
pub(super) struct Years {
    /// The latest moment that a line can be of: its year, and its place in the year.
    limit: (i32, i64),
    /// The year of the date before, and the place of its day in the year.
    day: Option<(i32, i64)>,
    /// The seconds of the line before since its midnight.
    seconds: u32,
    /// True once the year of a date is known.
    settled: bool,
}

impl Years {
    /// No date was met. `written` is when the log was last written.
    pub(super) fn new(written: Timestamp, zone: &TimeZone) -> Self {
        Self { limit: limit(written, zone), day: None, seconds: 0, settled: false }
    }

    /// The log was written again.
    pub(super) fn set_written(&mut self, written: Timestamp, zone: &TimeZone) {
        self.limit = limit(written, zone);
    }

    /// The year of a date.
    pub(super) fn of(&mut self, month: u8, day: u8, seconds: u32) -> u16 {
        let place = place_of_day(month, day);
        let year = match self.day {
            None => self.latest(place + i64::from(seconds)),
            Some((year, before)) if place - before > HALF_YEAR => year - 1,
            Some((year, before)) if before - place > HALF_YEAR => year + 1,
            Some((year, _)) => year,
        };
        let year = year.clamp(1, 9998);
        self.day = Some((year, place));
        self.seconds = seconds;
        u16::try_from(year).unwrap_or_default()
    }

    /// Another line of the same day.
    #[inline]
    pub(super) fn same_day(&mut self, seconds: u32) {
        self.seconds = seconds;
    }

    /// How many years all dates so far are to be moved, so that the last line has the latest year that it can have.
    pub(super) fn settle(&mut self) -> i32 {
        let Some((year, place)) = self.day else { return 0 };
        let shift = self.latest(place + i64::from(self.seconds)) - year;
        self.day = Some((year + shift, place));
        self.settled = true;
        shift
    }

    /// The years so far may still be moved.
    pub(super) fn reopen(&mut self) {
        self.settled = false;
    }

    /// True where dates were met whose year is not settled.
    pub(super) fn is_open(&self) -> bool {
        self.day.is_some() && !self.settled
    }

    fn latest(&self, place: i64) -> i32 {
        let (year, limit) = self.limit;
        if place <= limit { year } else { year - 1 }
    }
}

/// The latest moment of a line in a log that was last written then.
fn limit(written: Timestamp, zone: &TimeZone) -> (i32, i64) {
    let latest = zone.to_datetime(written.saturating_add(SKEW).unwrap_or(Timestamp::MAX));
    let seconds = i64::from(latest.hour()) * 3600 + i64::from(latest.minute()) * 60;
    let place = place_of_day(latest.month().unsigned_abs(), latest.day().unsigned_abs());
    (i32::from(latest.year()), place + seconds + i64::from(latest.second()))
}

/// Seconds from the beginning of the year, if all months had 31 days.
fn place_of_day(month: u8, day: u8) -> i64 {
    (i64::from(month) * 31 + i64::from(day)) * SECONDS_PER_DAY
}

#[cfg(test)]
mod tests {
    use super::*;

    fn years() -> Years {
        Years::new("2026-03-01T12:00:00Z".parse().unwrap(), &TimeZone::UTC)
    }

    #[test]
    fn the_last_line_is_not_later_than_a_day_after_the_file() {
        let mut years = years();
        assert_eq!(years.of(3, 2, 43_200), 2026);
        assert_eq!(years.settle(), 0);
        assert_eq!(super::tests::years().of(3, 2, 43_201), 2025);
    }

    #[test]
    fn a_new_year_goes_up_and_the_end_decides_which_one_it_was() {
        let mut years = years();
        assert_eq!(years.of(2, 28, 0), 2026);
        assert_eq!(years.of(8, 1, 0), 2026);
        assert_eq!(years.of(12, 31, 0), 2026);
        assert_eq!(years.of(1, 1, 0), 2027);
        // The clock jumps back, and returns.
        assert_eq!(years.of(12, 31, 0), 2026);
        assert_eq!(years.of(1, 2, 0), 2027);
        assert!(years.is_open());
        assert_eq!(years.settle(), -1);
        assert!(!years.is_open());
        assert_eq!(years.settle(), 0, "what was settled stays");
        assert_eq!(years.of(1, 3, 0), 2026);
    }
}
