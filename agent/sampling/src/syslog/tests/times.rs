//! When the events of lines happened.

use super::*;

#[test]
fn times_are_of_the_zone_that_a_line_names_or_of_the_log() {
    for (line, expected) in [
        ("Mar  1 10:15:00 h a: x", "2026-03-01T09:15:00Z"),
        ("Mar  1 10:15:00 UTC h a: x", "2026-03-01T10:15:00Z"),
        ("Mar  1 10:15:00 CET h a: x", "2026-03-01T09:15:00Z"),
        ("Mar  1 2024 10:15:00 h a: x", "2024-03-01T09:15:00Z"),
        ("Jul  1 2024 10:15:00 h a: x", "2024-07-01T08:15:00Z"),
        ("2024 Mar  1 10:15:00.5 UTC h a: x", "2024-03-01T10:15:00Z"),
        ("2026-03-01T10:15:00.123456-07:00 h a: x", "2026-03-01T17:15:00Z"),
        ("2026-03-01T00:15:00+0100 h a: x", "2026-02-28T23:15:00Z"),
        ("2026-03-01T10:15:00,5Z h a: x", "2026-03-01T10:15:00Z"),
        ("2026-03-01 10:15:00 h a: x", "2026-03-01T09:15:00Z"),
        ("<1>1 2026-03-01T10:15:00.1+01:00 h a - - - x", "2026-03-01T09:15:00Z"),
        // A leap second, and a leap day of which the year is open.
        ("Dec 31 23:59:60 h a: x", "2025-12-31T22:59:59Z"),
        ("Feb 29 10:00:00 h a: x", "2026-02-28T09:00:00Z"),
    ] {
        assert_eq!(time(line), expected, "{line}");
    }
}

#[test]
fn dates_that_do_not_exist_are_undated() {
    let scan = scan(&[
        "Feb 31 10:00:00 h a: x",
        "Apr 31 10:00:00 h a: x",
        "Mar  0 10:00:00 h a: x",
        "Mar  1 24:00:00 h a: x",
        "Mar  1 10:60:00 h a: x",
        "Feb 29 2025 10:00:00 h a: x",
        "2025-02-29T10:00:00Z h a: x",
        "2026-13-01T10:00:00Z h a: x",
        "<13>1 - h a - - - x",
        "<13>no date at all",
        "Mar  1 10:00:00 h a: x",
        "Feb 29 10:00:00 h a: x",
    ]);
    assert_eq!((scan.undated, scan.damaged, scan.continued), (10, 0, 0));
    assert_eq!(counts(&scan), BTreeMap::from([("h syslog:a".to_owned(), 2)]));
}

#[test]
fn years_follow_the_lines_and_end_before_the_log_was_written() {
    let first_and_last = |lines: &[&str]| {
        let scan = scan(lines);
        (scan.oldest.unwrap().to_string(), scan.newest.unwrap().to_string())
    };
    let around_new_year = ["Dec 31 23:00:00 h a: x", "Jan  1 01:00:00 h a: x", "Mar  3 13:00:00 h a: x"];
    assert_eq!(
        first_and_last(&around_new_year),
        ("2025-12-31T22:00:00Z".to_owned(), "2026-03-03T12:00:00Z".to_owned())
    );
    // A second later than a day after the file: the year before.
    assert_eq!(
        first_and_last(&["Dec 31 23:00:00 h a: x", "Mar  3 13:00:01 h a: x"]),
        ("2024-12-31T22:00:00Z".to_owned(), "2025-03-03T12:00:01Z".to_owned())
    );
    // A clock that jumps back over the new year, and returns.
    assert_eq!(
        first_and_last(&["Jan  1 01:00:00 h a: x", "Dec 31 23:00:00 h a: x", "Jan  1 02:00:00 h a: x"]),
        ("2025-12-31T22:00:00Z".to_owned(), "2026-01-01T01:00:00Z".to_owned())
    );
    // Three winters.
    let winters =
        ["Jan", "Jul", "Dec", "Jan", "Jul", "Dec", "Jan"].map(|month| format!("{month}  2 10:00:00 h a: x"));
    assert_eq!(
        first_and_last(&winters.iter().map(String::as_str).collect::<Vec<_>>()),
        ("2024-01-02T09:00:00Z".to_owned(), "2026-01-02T09:00:00Z".to_owned())
    );
}

#[test]
fn a_year_that_is_written_is_not_moved() {
    let scan = scan(&["Mar  1 2019 10:00:00 h a: x", "Dec 31 10:00:00 h b: x", "Jan  1 10:00:00 h b: x"]);
    assert_eq!(scan.oldest, Some(timestamp("2019-03-01T09:00:00Z")));
    assert_eq!(scan.newest, Some(timestamp("2026-01-01T09:00:00Z")));
}

#[test]
fn counting_goes_on_where_clocks_jump() {
    let lines =
        ["Mar  1 10:00:00", "Mar  1 09:00:00", "Feb 27 09:59:59", "Mar  2 00:00:00", "Mar  1 09:30:00"]
            .map(|time| format!("{time} h a: x"));
    let scan = scan_bytes(lines.join("\n").as_bytes());
    let (_, observed) = first(&scan);
    assert_eq!(observed.count, 5);
    assert_eq!(observed.first, timestamp("2026-02-27T08:59:59Z"));
    assert_eq!(observed.last, timestamp("2026-03-01T23:00:00Z"));
    assert_eq!(observed.hours.values().copied().collect::<Vec<_>>(), [1, 2, 1, 1]);
}
