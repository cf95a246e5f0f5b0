//! Lines that say how often something happened again.

use super::*;

fn counted(lines: &[&str]) -> Vec<(String, u64)> {
    counts(&scan(lines)).into_iter().collect()
}

fn expect(counts: &[(&str, u64)]) -> Vec<(String, u64)> {
    counts.iter().map(|(name, count)| ((*name).to_owned(), *count)).collect()
}

#[test]
fn repeats_are_events_of_what_was_repeated() {
    let lines = [
        "Mar  1 10:00:00 h1 a[1]: x",
        "Mar  1 10:00:01 h2 b[1]: x",
        "Mar  1 10:00:02 h1 last message repeated 3 times",
        "Mar  1 10:00:03 --- last message repeated 2 times ---",
        "Mar  1 10:00:03: --- last message repeated 1 time ---",
        "Mar  1 10:00:04 h2 b[1]: message repeated 5 times: [ x]",
        "Mar  1 10:00:04 h2 c[1]: message repeated 7 times: [ x]",
        "Mar  1 10:00:05 h2 d[1]: Last message 'x' repeated 2 times, suppressed by syslog-ng on h2",
        "Mar  1 10:00:05 h2 last message repeated 1 times",
    ];
    // The lines without a host follow one that was about h1.
    assert_eq!(
        counted(&lines),
        expect(&[("h1 syslog:a", 7), ("h2 syslog:b", 6), ("h2 syslog:c", 7), ("h2 syslog:d", 3)])
    );
}

#[test]
fn repeats_have_the_fields_of_what_was_repeated() {
    let scan = scan(&["<13>Mar  1 10:00:00 h a[1]: x", "Mar  1 10:00:02 h last message repeated 3 times"]);
    let (_, observed) = first(&scan);
    assert_eq!(observed.count, 4);
    assert_eq!(observed.hours.values().sum::<u64>(), 4);
    for (name, fill) in &observed.fields {
        assert_eq!(*fill, FieldFill { filled: 4, ..FieldFill::default() }, "{name}");
    }
    assert_eq!(observed.fields.len(), 3);
}

#[test]
fn a_repeat_of_what_was_not_seen_is_one_line() {
    let lines = [
        "Mar  1 10:00:02 h1 last message repeated 3 times",
        "Mar  1 10:00:02 h1 a: last message repeated twice",
    ];
    assert_eq!(counted(&lines), expect(&[("h1 syslog:-", 1), ("h1 syslog:a", 1)]));
}
