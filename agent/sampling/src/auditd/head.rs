//! The head of a record: who wrote it, what it is, when it happened, to which audit event it belongs.

use memchr::memchr;

use crate::text::moment::{Calendar, Moment, Open};

/// The head of a record, as it is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Head<'l> {
    /// The host that auditd names (`name_format` in auditd.conf(5)); empty where it names none.
    pub(super) node: &'l [u8],
    /// The record type; never empty.
    pub(super) record_type: &'l [u8],
    /// What stands between `audit(` and `)`.
    stamp: &'l [u8],
}

/// When a record was written, and the number of its audit event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct RecordId {
    pub(super) moment: Moment,
    pub(super) milliseconds: u32,
    pub(super) serial: u64,
}

impl<'l> Head<'l> {
    /// The head of a line and what follows it; `None` where the line is no audit record.
    pub(super) fn of(line: &'l [u8]) -> Option<(Self, &'l [u8])> {
        let (node, line) = match line.strip_prefix(b"node=") {
            Some(named) => cut(named, b' ')?,
            None => (&[][..], line),
        };
        let (record_type, line) = cut(line.strip_prefix(b"type=")?, b' ')?;
        if !is_record_type(record_type) {
            return None;
        }
        let line = line.strip_prefix(b"msg=audit(")?;
        // A line that was cut off within its time is still a record.
        let (stamp, body) = cut(line, b')').unwrap_or((line, &[]));
        let body = body.trim_ascii_start();
        Some((Self { node, record_type, stamp }, body.strip_prefix(b":").unwrap_or(body)))
    }

    /// Its time and serial number, `1700000000.123:456`; `None` where they cannot be told.
    pub(super) fn id(&self) -> Option<RecordId> {
        let (time, serial) = cut_last(self.stamp, b':')?;
        let (seconds, milliseconds) = cut_last(time, b'.')?;
        let moment = match number(seconds) {
            Some(seconds) => Moment::utc(i64::try_from(seconds).ok()?),
            None => calendar(seconds),
        };
        Some(RecordId {
            moment: moment?,
            milliseconds: u32::try_from(number(milliseconds)?).ok()?,
            serial: number(serial)?,
        })
    }
}

/// True for lines that `ausearch` puts between the records that it prints.
pub(super) fn is_decoration(line: &[u8]) -> bool {
    line == b"----" || line.starts_with(b"time->")
}

/// A number in decimal digits and nothing else.
#[inline]
pub(super) fn number(digits: &[u8]) -> Option<u64> {
    let mut number = 0_u64;
    for digit in digits {
        let digit = digit.wrapping_sub(b'0');
        if digit > 9 {
            return None;
        }
        number = number.checked_mul(10)?.checked_add(u64::from(digit))?;
    }
    (!digits.is_empty()).then_some(number)
}

/// A time as `ausearch -i` prints it where the locale's date is `2026-03-18 10:11:12`. Other locales' dates
/// (`03/04/2026`) do not tell month and day apart.
fn calendar(text: &[u8]) -> Option<Moment> {
    let (date, time) = cut(text, b' ')?;
    let [year, month, day] = numbers(date, b'-')?;
    let [hour, minute, second] = numbers(time, b':')?;
    let small = |number: u16| u8::try_from(number).ok();
    let at = Calendar {
        year: (1970..10_000).contains(&year).then_some(year)?,
        month: small(month)?,
        day: small(day)?,
        hour: small(hour)?,
        minute: small(minute)?,
        second: small(second)?,
    };
    Moment::calendar(at, Open::Zone)
}

fn numbers(text: &[u8], between: u8) -> Option<[u16; 3]> {
    let (first, rest) = cut(text, between)?;
    let (second, third) = cut(rest, between)?;
    let small = |digits| u16::try_from(number(digits)?).ok();
    Some([small(first)?, small(second)?, small(third)?])
}

fn is_record_type(name: &[u8]) -> bool {
    !name.is_empty() && name.iter().all(|byte| byte.is_ascii_alphanumeric() || b"_-[]".contains(byte))
}

fn cut(text: &[u8], at: u8) -> Option<(&[u8], &[u8])> {
    let (head, tail) = text.split_at(memchr(at, text)?);
    Some((head, tail.get(1..)?))
}

fn cut_last(text: &[u8], at: u8) -> Option<(&[u8], &[u8])> {
    let (head, tail) = text.split_at(text.iter().rposition(|byte| *byte == at)?);
    Some((head, tail.get(1..)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id_of(stamp: &str) -> Option<(u64, u32, u64)> {
        let line = format!("type=CWD msg=audit({stamp}): cwd=\"/\"");
        let (head, body) = Head::of(line.as_bytes()).unwrap();
        assert_eq!(body, b" cwd=\"/\"");
        head.id().map(|id| (id.moment.key(), id.milliseconds, id.serial))
    }

    #[test]
    fn a_head_tells_host_type_and_time() {
        let line = b"node=web01.example type=SYSCALL msg=audit(1700000000.123:456): arch=c000003e";
        let (head, body) = Head::of(line).unwrap();
        assert_eq!(
            (head.node, head.record_type, body),
            (&b"web01.example"[..], &b"SYSCALL"[..], &b" arch=c000003e"[..])
        );
        assert_eq!(id_of("1700000000.123:456"), Some((1_700_000_000, 123, 456)));
        assert_eq!(id_of("1337845201.0:0"), Some((1_337_845_201, 0, 0)));
    }

    #[test]
    fn a_time_that_cannot_be_told_is_none() {
        for stamp in [
            "",
            "1337845201",
            "1337845201.174",
            "1337845201:5",
            "x.174:1",
            "1.x:1",
            "1.1:x",
            "99999999999999999999.1:1",
            "999999999999999.1:1",
            "-5.1:1",
            "03/18/2026 10:11:12.123:45",
            "18.03.2026 10:11:12.123:45",
            "2026-13-18 10:11:12.123:45",
            "26-03-18 10:11:12.123:45",
        ] {
            assert_eq!(id_of(stamp), None, "{stamp}");
        }
        assert!(id_of("2026-03-18 10:11:12.123:45").is_some());
    }

    #[test]
    fn other_lines_are_no_records() {
        for line in [
            "",
            "type= msg=audit(1.1:1): a=b",
            "msg=audit(1.1:1): a=b",
            "type=X",
            "type=X mesg=audit(1.1:1): a=b",
            "type=a/b msg=audit(1.1:1): a=b",
            "node=host",
            "node=host msg=audit(1.1:1):",
            "Mar 18 10:11:12 host kernel: audit: type=1400 audit(1.1:1): a=b",
        ] {
            assert_eq!(Head::of(line.as_bytes()), None, "{line}");
        }
        let (head, body) = Head::of(b"type=X msg=audit(17000").unwrap();
        assert_eq!((head.id(), body), (None, &b""[..]));
    }
}
