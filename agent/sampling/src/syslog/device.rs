//! Messages of network devices, which name what happened in ways of their own.
//!
//! | device | message | program | host |
//! |---|---|---|---|
//! | Cisco | `%ASA-6-302013: Built ..`, also behind a number, a name and a time | `%ASA-6-302013` | the name |
//! | Fortinet | `date=2026-03-01 time=10:00:00 devname="FG1" .. type="traffic" subtype="forward"` | `traffic/forward` | `FG1` |
//! | Palo Alto | `1,2026/03/01 10:00:00,serial,TRAFFIC,end,..` | `TRAFFIC` | |
//! | CEF, LEEF | `CEF:0\|Vendor\|Product\|..` | `Product` | |

use std::borrow::Cow;

use memchr::memchr;

use super::{
    dates::{Dates, When},
    facts::Facts,
    tag::is_named,
};

/// A Cisco mnemonic begins within so many bytes.
const MAX_BEFORE_MNEMONIC: usize = 128;
/// A Fortinet message says what it is within so many pairs.
const MAX_PAIRS: usize = 48;

/// What a device says of an event.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Device<'l> {
    pub(super) program: Cow<'l, [u8]>,
    /// Empty where the message names none.
    pub(super) host: &'l [u8],
    pub(super) when: When,
    pub(super) facts: Facts,
}

/// What the message of a device says; `None` for any other message.
pub(super) fn of<'l>(message: &'l [u8], dates: &mut Dates) -> Option<Device<'l>> {
    let named = |program| Device {
        program: Cow::Borrowed(program),
        host: &[],
        when: When::Untold,
        facts: Facts::default(),
    };
    match message.first()? {
        b'0'..=b'9' => palo_alto(message, dates).or_else(|| cisco(message).map(named)),
        b'C' | b'L' => {
            let rest = message.strip_prefix(b"CEF:").or_else(|| message.strip_prefix(b"LEEF:"))?;
            common_event(rest.trim_ascii_start()).map(named)
        }
        b'a'..=b'z' => fortinet(message, dates).or_else(|| cisco(message).map(named)),
        _ => cisco(message).map(named),
    }
}

/// What a device says behind a tag that is none: relays take the name of the device, or that of the form, for a program.
#[inline]
pub(super) fn behind_tag<'l>(tag: &[u8], text: &'l [u8]) -> Option<&'l [u8]> {
    let text = text.trim_ascii_start();
    match text.first() {
        Some(b'%' | b'*' | b'.') => cisco(text),
        Some(b'0'..=b'9') if tag == b"CEF" || tag == b"LEEF" => common_event(text),
        _ => None,
    }
}

/// `%FACILITY-SEVERITY-MNEMONIC` at the beginning of a message, or a little behind it.
fn cisco(message: &[u8]) -> Option<&[u8]> {
    let head = message.get(..MAX_BEFORE_MNEMONIC).unwrap_or(message);
    mnemonic(message.get(memchr(b'%', head)?..)?)
}

/// The mnemonic that a text begins with, `%` and all. The severity is one digit between dashes.
pub(super) fn mnemonic(text: &[u8]) -> Option<&[u8]> {
    let rest = text.strip_prefix(b"%")?;
    let length = rest
        .iter()
        .position(|byte| !matches!(byte, b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'_' | b'-'))?;
    let (words, after) = rest.split_at_checked(length)?;
    let severity = words.split(|byte| *byte == b'-').skip(1).any(|word| matches!(word, [b'0'..=b'7']));
    let ends = matches!(after, [b':', ..] | [b' ', b':', ..]);
    let facility = words.first().is_some_and(u8::is_ascii_uppercase);
    (severity && ends && facility).then(|| text.get(..=length)).flatten().filter(|name| is_named(name))
}

/// What follows `CEF:` or `LEEF:`, which relays take for a tag: `0|Vendor|Product|`.
fn common_event(text: &[u8]) -> Option<&[u8]> {
    let mut parts = text.split(|byte| *byte == b'|');
    parts.next().filter(|version| version.first().is_some_and(u8::is_ascii_digit))?;
    let program = parts.nth(1).filter(|product| is_named(product))?;
    parts.next().map(|_| program)
}

/// `1,2026/03/01 10:00:00,serial,TYPE,subtype,`: the first place is kept free by the vendor.
fn palo_alto<'l>(message: &'l [u8], dates: &mut Dates) -> Option<Device<'l>> {
    let mut parts = message.split(|byte| *byte == b',');
    parts.next().filter(|free| free.len() <= 2 && free.iter().all(u8::is_ascii_digit))?;
    let when = dates.iso(parts.next().filter(|time| time.len() == 19)?)?.when;
    let kind = parts.nth(1)?;
    let is_kind =
        kind.len() >= 3 && kind.iter().all(|byte| byte.is_ascii_uppercase() || matches!(byte, b'-' | b'_'));
    let program = Some(kind).filter(|kind| is_kind && is_named(kind))?;
    Some(Device { program: Cow::Borrowed(program), host: &[], when, facts: Facts::default() })
}

/// `key=value key="value" ..` with the keys that every log of FortiOS has.
fn fortinet<'l>(message: &'l [u8], dates: &mut Dates) -> Option<Device<'l>> {
    const FIRST_KEYS: [&[u8]; 6] = [b"date=", b"eventtime=", b"logver=", b"devname=", b"logid=", b"time="];
    FIRST_KEYS.iter().any(|key| message.starts_with(key)).then_some(())?;
    let mut rest = message;
    let (mut date, mut time, mut zone) = (&[][..], &[][..], &[][..]);
    let (mut kind, mut part, mut host, mut id, mut level) = (&[][..], &[][..], &[][..], &[][..], &[][..]);
    for _ in 0..MAX_PAIRS {
        let Some((key, value, after)) = pair(rest) else { break };
        rest = after;
        match key {
            b"date" => date = value,
            b"time" => time = value,
            b"tz" => zone = value,
            b"devname" => host = value,
            b"logid" | b"log_id" => id = value,
            b"type" => kind = value,
            b"subtype" => part = value,
            b"level" | b"pri" => level = value,
            _ => (),
        }
        if !kind.is_empty() && !part.is_empty() && !level.is_empty() {
            break;
        }
    }
    let program = match part {
        [] => Cow::Borrowed(kind),
        _ => Cow::Owned([kind, b"/", part].concat()),
    };
    (!id.is_empty() && !kind.is_empty() && is_named(&program)).then_some(())?;
    let facts = if level.is_empty() { Facts::default() } else { Facts::SEVERITY };
    Some(Device { program, host, when: dates.apart(date, time, zone).unwrap_or(When::Untold), facts })
}

/// The first pair of a text, its value without quotes, and what follows it.
fn pair(text: &[u8]) -> Option<(&[u8], &[u8], &[u8])> {
    let text = text.trim_ascii_start();
    let (key, rest) = text.split_at_checked(memchr(b'=', text)?)?;
    let rest = rest.get(1..)?;
    match rest.strip_prefix(b"\"") {
        Some(quoted) => {
            let (value, after) = quoted.split_at_checked(memchr(b'"', quoted)?)?;
            Some((key, value, after.get(1..)?))
        }
        None => {
            let (value, after) = rest.split_at_checked(memchr(b' ', rest).unwrap_or(rest.len()))?;
            Some((key, value, after))
        }
    }
}

#[cfg(test)]
mod tests {
    use jiff::{Timestamp, tz::TimeZone};

    use super::*;

    fn dates() -> Dates {
        Dates::new(Timestamp::UNIX_EPOCH, &TimeZone::UTC)
    }

    fn program(message: &str) -> Option<String> {
        of(message.as_bytes(), &mut dates())
            .map(|device| String::from_utf8_lossy(&device.program).into_owned())
    }

    #[test]
    fn each_device_names_what_happened() {
        for (message, name) in [
            ("%ASA-6-302013: Built", "%ASA-6-302013"),
            ("%SPANTREE-SP-2-ROOTGUARD_BLOCK: Root", "%SPANTREE-SP-2-ROOTGUARD_BLOCK"),
            ("123: sw1: *Mar  1 18:46:11: %LINEPROTO-5-UPDOWN: Line", "%LINEPROTO-5-UPDOWN"),
            (
                "RP/0/CPU0:Mar  1 18:46:11 : config[65]: %MGBL-CONFIG-6-DB_COMMIT : x",
                "%MGBL-CONFIG-6-DB_COMMIT",
            ),
            ("1,2026/03/01 10:00:00,0123,TRAFFIC,end,2049", "TRAFFIC"),
            ("CEF:0|Vendor|A Product|1.0|100|name|5|src=1", "A Product"),
            ("LEEF:2.0|Vendor|Product|1.0|100|", "Product"),
            ("date=2026-03-01 time=10:00:00 logid=0000000013 type=traffic level=notice", "traffic"),
        ] {
            assert_eq!(program(message).as_deref(), Some(name), "{message}");
        }
    }

    #[test]
    fn a_fortinet_message_has_a_host_and_a_time_with_a_zone() {
        let message = concat!(
            r#"date=2026-03-01 time=10:00:00 devname="FG 1" devid="x" eventtime=1 tz="+0100" "#,
            r#"logid="0000000013" type="traffic" subtype="forward" level="notice" vd="root" msg="type=x""#,
        );
        let mut dates = dates();
        let device = of(message.as_bytes(), &mut dates).unwrap();
        assert_eq!(*device.program, *b"traffic/forward");
        assert_eq!(device.host, b"FG 1");
        assert_eq!(device.facts, Facts::SEVERITY);
        let expected = dates.iso(b"2026-03-01T09:00:00Z").unwrap().when;
        assert_eq!(device.when, expected);
    }

    #[test]
    fn other_messages_are_no_devices() {
        for message in [
            "100% done: yes",
            "%d-5-x: format",
            "%ASA-9-302013: x",
            "%ASA-6-302013 without an end",
            "1,2026/03/01,x,TRAFFIC",
            "1,2,3,4",
            "CEF:0|Vendor",
            "CEF:x|Vendor|Product|",
            "date=2026-03-01 time=10:00:00 type=x",
            "key=value",
            "",
        ] {
            assert_eq!(program(message), None, "{message}");
        }
    }
}
