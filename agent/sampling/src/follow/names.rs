//! Which files are rotated siblings of a log, by their names, and in which order they were written.

use std::cmp::Ordering;

use jiff::Timestamp;

/// Endings of packed files.
const PACKED: [&str; 7] = ["gz", "xz", "zst", "bz2", "lz4", "lzma", "Z"];

/// Words that take the place of a number in a rotated name.
const WORDS: [&str; 4] = ["old", "bak", "prev", "backup"];

/// How the bytes of a log stand in its file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    Plain,
    Packed,
}

/// Which names are siblings of a log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kinship {
    /// A rotated name is the log's own name and one part more: `log.1`, `log-20260301.gz`, `app-20260301.log`.
    OwnName,
    /// The log is a link to one of several numbered or dated names. They differ in that part alone.
    Numbered,
}

/// What a rotated name says about its turn.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Turn {
    /// `.1`, `.2`: the higher, the older.
    Number(u32),
    /// A date, and perhaps a time: digits alone, the higher the newer.
    Date(String),
    /// A word, or nothing that can be compared.
    Word,
}

/// The name without the ending that says how it is packed.
pub(crate) fn unpacked(name: &str) -> (&str, Form) {
    match name.rsplit_once('.') {
        Some((plain, ending)) if PACKED.contains(&ending) => (plain, Form::Packed),
        _ => (name, Form::Plain),
    }
}

/// The turn of `name` where it is a rotated sibling of the log called `log`.
pub(crate) fn turn(log: &str, name: &str, kinship: Kinship) -> Option<Turn> {
    let (name, form) = unpacked(name);
    match kinship {
        Kinship::OwnName if name == log => (form == Form::Packed).then_some(Turn::Word),
        Kinship::OwnName => parts(name).find(|part| part.is_added_to(log)).map(|part| part.turn()),
        Kinship::Numbered => {
            let ours: Vec<Part<'_>> = parts(log).collect();
            let same =
                |part: &Part<'_>| ours.iter().any(|our| (our.before, our.after) == (part.before, part.after));
            parts(name).find(same).map(|part| part.turn())
        }
    }
}

/// The logs that a file of this name may be a rotated sibling of, in the sense of [`Kinship::OwnName`].
pub(crate) fn logs_of(name: &str) -> Vec<String> {
    let (plain, form) = unpacked(name);
    let packed = (form == Form::Packed).then(|| plain.to_owned());
    let added = parts(plain).filter(|part| !part.before.is_empty());
    packed.into_iter().chain(added.map(|part| format!("{}{}", part.before, part.after))).collect()
}

/// Sorts siblings, the oldest first: by their numbers or dates where all have such, otherwise by when they were last
/// written.
pub(crate) fn sort<T>(siblings: &mut [T], of: impl Fn(&T) -> (&Turn, Option<Timestamp>)) {
    let all_numbers = siblings.iter().all(|sibling| matches!(of(sibling).0, Turn::Number(_)));
    let all_dates = siblings.iter().all(|sibling| matches!(of(sibling).0, Turn::Date(_)));
    siblings.sort_by(|a, b| {
        let (a, b) = (of(a), of(b));
        let by_turn = match (a.0, b.0) {
            (Turn::Number(a), Turn::Number(b)) => b.cmp(a),
            (Turn::Date(a), Turn::Date(b)) => a.cmp(b),
            _ => Ordering::Equal,
        };
        if all_numbers || all_dates { by_turn } else { a.1.cmp(&b.1).then(by_turn) }
    });
}

/// A part of a name that a rotation may have put in: a separator, then digits or a word.
struct Part<'a> {
    before: &'a str,
    mark: &'a str,
    after: &'a str,
}

impl Part<'_> {
    fn is_added_to(&self, log: &str) -> bool {
        !self.before.is_empty() && log.strip_prefix(self.before) == Some(self.after)
    }

    fn turn(&self) -> Turn {
        let digits: String = self.mark.chars().filter(char::is_ascii_digit).collect();
        match digits.parse() {
            Ok(number) if digits.len() < 6 => Turn::Number(number),
            _ if digits.is_empty() => Turn::Word,
            _ => Turn::Date(digits),
        }
    }
}

/// Every way to see a rotation's part in a name, longest first.
fn parts(name: &str) -> impl Iterator<Item = Part<'_>> {
    let begins = name.char_indices().filter(|(_, sign)| is_separator(*sign)).map(|(at, _)| at);
    begins.flat_map(move |begin| {
        let ends = name.char_indices().map(|(at, _)| at).chain([name.len()]).rev();
        ends.filter_map(move |end| {
            let part =
                Part { before: name.get(..begin)?, mark: name.get(begin + 1..end)?, after: name.get(end..)? };
            let next = part.after.chars().next();
            (is_rotation(part.mark) && !next.is_some_and(char::is_alphanumeric)).then_some(part)
        })
    })
}

/// A number, a date with or without time (`2026-03-01T10:00:00`), or a word for the same.
fn is_rotation(mark: &str) -> bool {
    let in_date =
        |sign: char| sign.is_ascii_digit() || is_separator(sign) || matches!(sign, 'T' | ':' | '+' | 'Z');
    let begins = mark.starts_with(|sign: char| sign.is_ascii_digit());
    WORDS.contains(&mark) || (begins && mark.len() <= 40 && mark.chars().all(in_date))
}

fn is_separator(sign: char) -> bool {
    matches!(sign, '.' | '-' | '_')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rotated_names_are_known_and_neighbours_are_not() {
        let turn = |log, name| turn(log, name, Kinship::OwnName);
        assert_eq!(turn("log", "log.1"), Some(Turn::Number(1)));
        assert_eq!(turn("log", "log.12.gz"), Some(Turn::Number(12)));
        assert_eq!(turn("messages", "messages-20260301"), Some(Turn::Date("20260301".to_owned())));
        assert_eq!(turn("a.log", "a.log-2026-03-01T10:00:00"), Some(Turn::Date("20260301100000".to_owned())));
        assert_eq!(turn("app.log", "app-20260301.log.xz"), Some(Turn::Date("20260301".to_owned())));
        assert_eq!(turn("app.log", "app.1.log"), Some(Turn::Number(1)));
        assert_eq!(turn("log", "log.old"), Some(Turn::Word));
        assert_eq!(turn("log", "log.gz"), Some(Turn::Word));
        for stranger in
            ["log", "log.pos", "log.1.tmp", "log-ng", "catalog.1", "log1", "other.1", ".1", "log.1x"]
        {
            assert_eq!(turn("log", stranger), None, "{stranger}");
        }
        assert_eq!(turn("node-1.log", "node-2.log"), None, "another live log");
        assert_eq!(turn("node-1.log", "node-1.log.2"), Some(Turn::Number(2)));
    }

    #[test]
    fn the_logs_of_a_rotated_name_are_those_that_it_is_a_sibling_of() {
        for (log, name) in
            [("log", "log.1"), ("log", "log.12.gz"), ("app.log", "app-20260301.log.xz"), ("log", "log.gz")]
        {
            assert!(logs_of(name).iter().any(|known| known == log), "{name}");
            assert!(
                logs_of(name).iter().all(|log| super::turn(log, name, Kinship::OwnName).is_some()),
                "{name}"
            );
        }
        assert_eq!(logs_of("auth.log"), Vec::<String>::new());
    }

    #[test]
    fn targets_of_a_link_differ_in_their_number_or_date_alone() {
        let turn = |log, name| turn(log, name, Kinship::Numbered);
        assert_eq!(turn("app-20260301.log", "app-20260302.log"), Some(Turn::Date("20260302".to_owned())));
        assert_eq!(turn("app-20260301.log", "app-20260228.log.gz"), Some(Turn::Date("20260228".to_owned())));
        assert_eq!(turn("app-20260301.log", "web-20260301.log"), None);
        assert_eq!(turn("log.A", "log.B"), None);
    }

    #[test]
    fn the_oldest_comes_first_by_number_by_date_or_by_time() {
        let sorted = |names: [&'static str; 3], times: [i64; 3]| {
            let mut siblings: Vec<(Turn, Timestamp, &str)> = (names.iter().zip(times))
                .map(|(name, time)| {
                    (turn("l", name, Kinship::OwnName).unwrap(), Timestamp::from_second(time).unwrap(), *name)
                })
                .collect();
            sort(&mut siblings, |sibling| (&sibling.0, Some(sibling.1)));
            siblings.into_iter().map(|sibling| sibling.2).collect::<Vec<_>>()
        };
        assert_eq!(sorted(["l.1", "l.10.gz", "l.2"], [9, 9, 9]), ["l.10.gz", "l.2", "l.1"]);
        assert_eq!(
            sorted(["l-20260302", "l-20260228", "l-20260301"], [1, 2, 3]),
            ["l-20260228", "l-20260301", "l-20260302"]
        );
        assert_eq!(sorted(["l.old", "l.1", "l-20260301"], [3, 1, 2]), ["l.1", "l-20260301", "l.old"]);
    }
}
