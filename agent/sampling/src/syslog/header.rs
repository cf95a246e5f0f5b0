//! What a line says before its message: when and where it was written, and by whom.

use std::borrow::Cow;

use super::{
    clock::number,
    dates::{Dates, Stamp, When},
    device,
    facts::{Facts, is_chrome_os_severity, is_priority},
    repeats, rfc5424,
    tag::{self, Tag},
};

/// The program of a line that names none that can be told from its text.
pub(super) const NO_PROGRAM: &[u8] = b"-";

/// A line with a header.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Line<'l> {
    pub(super) when: When,
    /// Empty where the line names none.
    pub(super) host: &'l [u8],
    pub(super) program: Cow<'l, [u8]>,
    pub(super) facts: Facts,
    pub(super) text: &'l [u8],
}

/// Reads a line; `None` where it has no header.
#[inline]
pub(super) fn read<'l>(line: &'l [u8], dates: &mut Dates) -> Option<Line<'l>> {
    // A byte order mark begins a log, or one that was appended to it.
    let line = line.strip_prefix(b"\xef\xbb\xbf").unwrap_or(line);
    let (given, rest) = match line.first()? {
        b'<' => (Facts::PRIORITY, behind_priority(line)?),
        _ => (Facts::default(), line),
    };
    match read_rest(rest, dates) {
        Some(read) => Some(Line { facts: read.facts.or(given), ..read }),
        // A priority shows that it is a line of syslog; it only has no time.
        None if given != Facts::default() => Some(from_message(When::Untold, &[], rest, dates))
            .map(|read| Line { facts: read.facts.or(given), ..read }),
        None => None,
    }
}

/// What follows `<34>`.
fn behind_priority(line: &[u8]) -> Option<&[u8]> {
    let (priority, rest) = number(line.get(1..)?, 3)?;
    // RFC 5424, 6.2.1: 24 facilities of 8 severities.
    rest.strip_prefix(b">").filter(|_| priority < 192)
}

#[inline]
fn read_rest<'l>(line: &'l [u8], dates: &mut Dates) -> Option<Line<'l>> {
    match line {
        [b'A'..=b'Z', ..] => match dates.month_day(line) {
            Some(stamp) => behind_date(stamp, dates),
            None => from_device(line, dates),
        },
        [b'1', b' ', rest @ ..] => rfc5424::read(rest, dates),
        [b'0'..=b'9', ..] => read_digits(line, dates),
        [b'*' | b'.', rest @ ..] => cisco(&[], rest, dates),
        [b':', rest @ ..] => behind_date(dates.month_day(rest.trim_ascii_start())?, dates),
        [b'a'..=b'z', ..] => from_device(line, dates),
        _ => None,
    }
}

fn read_digits<'l>(line: &'l [u8], dates: &mut Dates) -> Option<Line<'l>> {
    if let Some(stamp) = dates.iso(line) {
        // Many logs that are no syslog begin with a date and a time as two words: there the tag must prove it.
        let proven = line.get(10) != Some(&b' ');
        return behind_date(stamp, dates).filter(|line| proven || *line.program != *NO_PROGRAM);
    }
    match dates.month_day(line) {
        Some(stamp) => behind_date(stamp, dates),
        None => numbered(line, dates).or_else(|| from_device(line, dates)),
    }
}

/// Cisco's `123: sw1: *Mar  1 18:46:11.123: %LINEPROTO-5-UPDOWN: ..`, with or without the name.
fn numbered<'l>(line: &'l [u8], dates: &mut Dates) -> Option<Line<'l>> {
    let (_, rest) = number(line, 9)?;
    let rest = rest.strip_prefix(b": ")?;
    let unnamed = cisco(&[], rest, dates);
    if unnamed.is_some() {
        return unnamed;
    }
    let (host, rest) = rest.split_at_checked(rest.iter().position(|byte| *byte == b' ')?)?;
    cisco(host.strip_suffix(b":").filter(|host| is_host(host))?, rest.trim_ascii_start(), dates)
}

/// A device's own time and mnemonic. `*` and `.` before the time say that the clock is not synchronised.
fn cisco<'l>(host: &'l [u8], text: &'l [u8], dates: &mut Dates) -> Option<Line<'l>> {
    let text = text.strip_prefix(b"*").or_else(|| text.strip_prefix(b".")).unwrap_or(text);
    let stamp = dates.month_day(text)?;
    let text = stamp.rest.strip_prefix(b":")?.trim_ascii_start();
    let program = Cow::Borrowed(device::mnemonic(text)?);
    Some(Line { when: stamp.when, host, program, facts: Facts::default(), text })
}

/// A message of a device that says itself when it was written.
fn from_device<'l>(line: &'l [u8], dates: &mut Dates) -> Option<Line<'l>> {
    let device = device::of(line, dates)?;
    let device::Device { program, host, when, facts } = device;
    // A mnemonic without a time can be a part of any text.
    (!program.starts_with(b"%")).then_some(Line { when, host, program, facts, text: line })
}

/// Host and message behind a date.
#[inline]
fn behind_date<'l>(stamp: Stamp<'l>, dates: &mut Dates) -> Option<Line<'l>> {
    let Stamp { when, rest } = stamp;
    let (colon, rest) = rest.strip_prefix(b":").map_or((false, rest), |rest| (true, rest));
    if !matches!(rest.first(), None | Some(b' ')) {
        return None;
    }
    let rest = rest.trim_ascii_start();
    if colon {
        return Some(from_message(when, &[], rest, dates));
    }
    let (given, rest) =
        behind_freebsd_priority(rest).map_or((Facts::default(), rest), |rest| (Facts::PRIORITY, rest));
    let Place { facts, host, message } = place(rest);
    let line = from_message(when, host, message, dates);
    Some(Line { facts: given.or(facts).or(line.facts), ..line })
}

/// What stands behind a date.
struct Place<'l> {
    facts: Facts,
    /// Empty where the text names none.
    host: &'l [u8],
    message: &'l [u8],
}

#[inline]
fn place(text: &[u8]) -> Place<'_> {
    let length = text.iter().position(|byte| *byte == b' ').unwrap_or(text.len());
    let (word, rest) = text.split_at_checked(length).unwrap_or((text, &[]));
    let message = rest.trim_ascii_start();
    let unnamed = Place { facts: Facts::default(), host: &[], message: text };
    match word {
        b"-" => Place { message, ..unnamed },
        // An address can end with two colons, a name cannot.
        [.., before, b':'] if *before != b':' => match word.strip_suffix(b":") {
            Some(host) if is_host(host) && device::mnemonic(message).is_some() => {
                Place { host, message, ..unnamed }
            }
            _ => unnamed,
        },
        _ if is_chrome_os_severity(word) => Place { facts: Facts::SEVERITY, message, ..unnamed },
        _ if !is_host(word) || is_message(text) => unnamed,
        _ => Place { host: word, message, ..unnamed },
    }
}

/// What follows `<auth.info> `, or the same in numbers, of `FreeBSD`.
#[inline]
fn behind_freebsd_priority(text: &[u8]) -> Option<&[u8]> {
    let rest = text.strip_prefix(b"<")?;
    let (word, rest) = rest.split_at_checked(rest.iter().position(|byte| *byte == b'>')?)?;
    let numbers = || word.contains(&b'.') && word.iter().all(|byte| byte.is_ascii_digit() || *byte == b'.');
    (is_priority(word) || numbers()).then(|| rest.get(1..).unwrap_or_default().trim_ascii_start())
}

/// True for what stands in the place of the host and is the message.
#[inline]
fn is_message(text: &[u8]) -> bool {
    match text.first() {
        Some(b'l' | b'-') => repeats::of(text).is_some(),
        _ => false,
    }
}

/// True for a name or an address of a machine; brackets are those of an address.
#[inline]
pub(super) fn is_host(word: &[u8]) -> bool {
    let (address, word) = match word.strip_prefix(b"[").and_then(|word| word.strip_suffix(b"]")) {
        Some(address) => (true, address),
        None => (false, word),
    };
    let in_host = |byte: &u8| {
        byte.is_ascii_alphanumeric()
            || !byte.is_ascii()
            || matches!(byte, b'.' | b'-' | b'_' | b':' | b'%' | b'/' | b'@')
    };
    let letter = |byte: &u8| byte.is_ascii_alphanumeric() || !byte.is_ascii() || (address && *byte == b':');
    word.iter().all(in_host)
        && word.iter().any(letter)
        && (word.is_ascii() || std::str::from_utf8(word).is_ok())
}

/// The program that a message names.
#[inline]
pub(super) fn from_message<'l>(when: When, host: &'l [u8], message: &'l [u8], dates: &mut Dates) -> Line<'l> {
    // Cisco's ASA writes `fw1 : %ASA-6-302013: ..`.
    let message = message.strip_prefix(b": ").unwrap_or(message).trim_ascii_start();
    if let Some(Tag { program, facts, text }) = tag::of(message) {
        let program = Cow::Borrowed(device::behind_tag(program, text).unwrap_or(program));
        return Line { when, host, program, facts, text };
    }
    other_message(when, host, message, dates)
}

#[cold]
fn other_message<'l>(when: When, host: &'l [u8], message: &'l [u8], dates: &mut Dates) -> Line<'l> {
    match device::of(message, dates) {
        Some(device) => {
            let host = if device.host.is_empty() { host } else { device.host };
            Line { when, host, program: device.program, facts: device.facts, text: message }
        }
        None => {
            Line { when, host, program: Cow::Borrowed(NO_PROGRAM), facts: Facts::default(), text: message }
        }
    }
}
