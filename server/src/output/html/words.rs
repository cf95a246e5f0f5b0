//! Names from logs and rules as text for the page: shown, not obeyed, and never endless.

use blindspot_coverage::Verdict;
use jiff::Timestamp;

use crate::output::clean::clean;

/// Letters of one name or sentence before it is cut; the JSON has it whole.
const LONGEST: usize = 400;

/// A text with what could steer shown as escapes, cut where it is endless. The templates escape it for HTML.
#[must_use]
pub(super) fn shown(text: &str) -> String {
    let cleaned = clean(text);
    match cleaned.char_indices().nth(LONGEST) {
        None => cleaned.into_owned(),
        Some((end, _)) => format!("{}…", cleaned.get(..end).unwrap_or_default()),
    }
}

/// A whole number with its thousands set apart.
#[must_use]
pub(super) fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// The same for lengths.
#[must_use]
pub(super) fn many(number: usize) -> String {
    grouped(u64::try_from(number).unwrap_or(u64::MAX))
}

/// `1 host`, `3 hosts`.
#[must_use]
pub(super) fn count(number: usize, thing: &str) -> String {
    format!("{} {thing}{}", many(number), if number == 1 { "" } else { "s" })
}

/// A time to the minute.
#[must_use]
pub(super) fn time(time: Timestamp) -> String {
    time.strftime("%Y-%m-%d %H:%M").to_string()
}

/// The first few of a list, and how many more there are.
#[must_use]
pub(super) fn few(names: &[String], limit: usize) -> String {
    let first = names.iter().take(limit).map(String::as_str).collect::<Vec<_>>().join(", ");
    match names.len().saturating_sub(limit) {
        0 => first,
        more => format!("{first} and {} more", many(more)),
    }
}

/// The verdict's word for people.
#[must_use]
pub(super) fn word(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::OutOfScope => "out of scope",
        other => other.as_str(),
    }
}

/// A sign beside the word, so that nothing rests on colour.
#[must_use]
pub(super) fn sign(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Sighted => "●",
        Verdict::Noisy => "◉",
        Verdict::Partial => "◐",
        Verdict::Armed => "◌",
        Verdict::Unknown => "?",
        Verdict::Blind => "✕",
        Verdict::Unsampled => "–",
        Verdict::OutOfScope => "·",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_endless_name_is_cut_between_letters() {
        assert_eq!(shown("WS01"), "WS01");
        let cut = shown(&"é".repeat(5_000));
        assert_eq!(cut.chars().count(), LONGEST + 1);
        assert!(cut.ends_with('…'));
    }

    #[test]
    fn numbers_and_lists_read_well() {
        assert_eq!(grouped(0), "0");
        assert_eq!(grouped(1_234_567), "1,234,567");
        assert_eq!(count(1, "host"), "1 host");
        assert_eq!(few(&["a".to_owned(), "b".to_owned(), "c".to_owned()], 2), "a, b and 1 more");
    }
}
