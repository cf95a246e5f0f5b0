//! Messages that stand for others: `last message repeated 3 times`.

use memchr::memmem;

use super::clock::number;

/// Whose event happened again, and how often.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Repeats {
    /// The event before this line (sysklogd, busybox, the BSDs, macOS).
    Previous(u64),
    /// An event of the program that the line itself names (rsyslog, syslog-ng).
    Own(u64),
}

/// What a message says of repeats. rsyslog: `message repeated 3 times: [ text]`; syslog-ng: `Last message 'text' repeated
/// 3 times, suppressed by syslog-ng`; macOS: `--- last message repeated 3 times ---`.
#[inline]
pub(super) fn of(message: &[u8]) -> Option<Repeats> {
    let message = message.trim_ascii_start();
    match message.first() {
        Some(b'm' | b'l' | b'L' | b'-') => read(message),
        _ => None,
    }
}

fn read(message: &[u8]) -> Option<Repeats> {
    if let Some(rest) = message.strip_prefix(b"message repeated ") {
        let (count, rest) = count(rest)?;
        return rest.starts_with(b": [").then_some(Repeats::Own(count));
    }
    if let Some(rest) = message.strip_prefix(b"Last message '") {
        let at = memmem::rfind(rest, b"' repeated ")?;
        let (count, rest) = count(rest.get(at..)?.strip_prefix(b"' repeated ")?)?;
        return rest.starts_with(b", suppressed by").then_some(Repeats::Own(count));
    }
    let message = message.strip_prefix(b"--- ").unwrap_or(message);
    let (count, rest) = count(message.strip_prefix(b"last message repeated ")?)?;
    matches!(rest.trim_ascii(), b"" | b"---").then_some(Repeats::Previous(count))
}

/// `3 times`, or `1 time`. A count of more than nine digits is none.
fn count(text: &[u8]) -> Option<(u64, &[u8])> {
    let (count, rest) = number(text, 9).filter(|(count, _)| *count > 0)?;
    let rest = rest.strip_prefix(b" time")?;
    Some((u64::from(count), rest.strip_prefix(b"s").unwrap_or(rest)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_syslog_daemon_has_its_words() {
        assert_eq!(of(b" message repeated 3 times: [ Failed password]"), Some(Repeats::Own(3)));
        assert_eq!(
            of(b"Last message 'it''s' repeated 2 times, suppressed by syslog-ng on h"),
            Some(Repeats::Own(2))
        );
        assert_eq!(of(b"last message repeated 1 time"), Some(Repeats::Previous(1)));
        assert_eq!(of(b"--- last message repeated 5 times ---"), Some(Repeats::Previous(5)));
    }

    #[test]
    fn texts_about_repeats_are_texts() {
        for text in [
            "message repeated 3 times",
            "message repeated 0 times: [ x]",
            "message repeated 9999999999 times: [ x]",
            "last message repeated twice",
            "last message repeated 3 times, they say",
            "Last message 'x' was lost",
            "",
        ] {
            assert_eq!(of(text.as_bytes()), None, "{text}");
        }
    }
}
