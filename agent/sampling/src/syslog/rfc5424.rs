//! Lines of RFC 5424: `<34>1 2026-03-01T10:15:00Z host app 812 ID47 [data@1 key="value"] message`.

use std::borrow::Cow;

use memchr::memchr3;

use super::{
    dates::Dates,
    device,
    facts::{Facts, fill},
    header::{self, Line, NO_PROGRAM, is_host},
    tag::is_named,
};

/// Reads what follows the version. A line without a time is left to whoever knows that it had a priority.
#[inline]
pub(super) fn read<'l>(text: &'l [u8], dates: &mut Dates) -> Option<Line<'l>> {
    let stamp = dates.iso(text)?;
    let mut rest = stamp.rest.strip_prefix(b" ")?;
    let mut word = || {
        let length = rest.iter().position(|byte| *byte == b' ').unwrap_or(rest.len());
        let (word, after) = rest.split_at_checked(length)?;
        rest = after.get(1..).unwrap_or_default();
        Some(word).filter(|word| !word.is_empty())
    };
    let host = word()?;
    let program = word().unwrap_or(NO_PROGRAM);
    let facts = Facts { pid: word().map(fill), msgid: word().map(fill), ..Facts::default() };
    let text = behind_structured_data(rest);
    let host = if host != b"-" && is_host(host) { host } else { &[] };
    let line = Line { when: stamp.when, host, program: Cow::Borrowed(NO_PROGRAM), facts, text };
    Some(named(line, program, dates))
}

/// Where a line names no program, its message may.
#[inline]
fn named<'l>(line: Line<'l>, program: &'l [u8], dates: &mut Dates) -> Line<'l> {
    let Line { when, host, facts, text, .. } = line;
    if is_named(program) {
        let program = Cow::Borrowed(device::behind_tag(program, text).unwrap_or(program));
        return Line { program, ..line };
    }
    let named = header::from_message(when, host, text, dates);
    Line { facts: facts.or(named.facts), ..named }
}

/// The message, without the byte order mark that may stand before it.
#[inline]
fn behind_structured_data(text: &[u8]) -> &[u8] {
    let text = match text {
        [b'-', rest @ ..] => rest,
        _ => behind_elements(text),
    };
    let text = text.strip_prefix(b" ").unwrap_or(text);
    text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(text)
}

fn behind_elements(mut text: &[u8]) -> &[u8] {
    while text.first() == Some(&b'[') {
        let Some(rest) = behind_element(text) else { break };
        text = rest;
    }
    text
}

/// Values are quoted; in them a quote, a bracket and a backslash stand behind a backslash (RFC 5424, 6.3.3).
fn behind_element(mut text: &[u8]) -> Option<&[u8]> {
    let mut quoted = false;
    loop {
        let at = memchr3(b'"', b'\\', b']', text)?;
        let found = *text.get(at)?;
        text = text.get(at + 1..)?;
        match found {
            b'"' => quoted = !quoted,
            b'\\' => text = text.get(1..)?,
            _ if quoted => (),
            _ => return Some(text),
        }
    }
}

#[cfg(test)]
mod tests {
    use jiff::{Timestamp, tz::TimeZone};

    use super::*;
    use crate::{fill::Fill, syslog::dates::When};

    fn read_line(line: &'static str) -> Option<Line<'static>> {
        read(line.as_bytes(), &mut Dates::new(Timestamp::UNIX_EPOCH, &TimeZone::UTC))
    }

    #[test]
    fn each_part_has_its_place() {
        let line =
            read_line(r#"2026-03-01T10:15:00Z h app 12 ID47 [a@1 k="\"]\\"][b x="]"] the text"#).unwrap();
        assert!(matches!(line.when, When::At(_)));
        assert_eq!((line.host, &*line.program, line.text), (&b"h"[..], &b"app"[..], &b"the text"[..]));
        assert_eq!((line.facts.pid, line.facts.msgid), (Some(Fill::Filled), Some(Fill::Filled)));
        assert_eq!(line.facts.severity, None);
    }

    #[test]
    fn nil_is_no_value() {
        let line = read_line("2026-03-01T10:15:00Z - - - - - \u{feff}text").unwrap();
        assert_eq!((line.host, &*line.program, line.text), (&b""[..], NO_PROGRAM, &b"text"[..]));
        assert_eq!((line.facts.pid, line.facts.msgid), (Some(Fill::Placeholder), Some(Fill::Placeholder)));
        let inside = read_line("2026-03-01T10:15:00Z h - - - - sshd[3]: Accepted").unwrap();
        assert_eq!((&*inside.program, inside.facts.pid), (&b"sshd"[..], Some(Fill::Placeholder)));
        assert_eq!(read_line("- h app - - - text"), None);
    }

    #[test]
    fn a_line_that_breaks_off_counts_with_what_it_has() {
        let line = read_line("2026-03-01T10:15:00Z h app").unwrap();
        assert_eq!((&*line.program, line.facts), (&b"app"[..], Facts::default()));
        let open = read_line(r#"2026-03-01T10:15:00Z h app - - [a@1 k="never closed"#).unwrap();
        assert_eq!(&*open.program, b"app");
        assert_eq!(read_line("2026-03-01T10:15:00Z"), None);
    }
}
