//! What a line says beside its program: severity, facility, process and message ids.

use crate::{fill::Fill, text::tally::FieldsOf};

/// The words of RFC 3164 and 5424 as `logger`, busybox, `FreeBSD` and AIX write them.
const SEVERITIES: [&[u8]; 12] = [
    b"emerg", b"alert", b"crit", b"err", b"warning", b"notice", b"info", b"debug", b"panic", b"error",
    b"warn", b"none",
];
const FACILITIES: [&[u8]; 25] = [
    b"kern",
    b"user",
    b"mail",
    b"daemon",
    b"auth",
    b"syslog",
    b"lpr",
    b"news",
    b"uucp",
    b"cron",
    b"authpriv",
    b"ftp",
    b"ntp",
    b"security",
    b"console",
    b"audit",
    b"clockdaemon",
    b"local0",
    b"local1",
    b"local2",
    b"local3",
    b"local4",
    b"local5",
    b"local6",
    b"local7",
];
/// The words of the Apple System Log.
const APPLE: [&[u8]; 8] =
    [b"Emergency", b"Alert", b"Critical", b"Error", b"Warning", b"Notice", b"Info", b"Debug"];
/// What ChromeOS writes in place of the host.
const CHROME_OS: [&[u8]; 8] = [b"EMERG", b"ALERT", b"CRIT", b"ERR", b"WARNING", b"NOTICE", b"INFO", b"DEBUG"];

/// What a line says of its event.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Facts {
    pub(super) severity: Option<Fill>,
    pub(super) facility: Option<Fill>,
    pub(super) pid: Option<Fill>,
    pub(super) msgid: Option<Fill>,
}

impl Facts {
    /// A line that gives severity and facility.
    pub(super) const PRIORITY: Self =
        Self { severity: Some(Fill::Filled), facility: Some(Fill::Filled), pid: None, msgid: None };
    /// A line that gives a severity alone.
    pub(super) const SEVERITY: Self =
        Self { severity: Some(Fill::Filled), facility: None, pid: None, msgid: None };

    /// What either of them says.
    #[inline]
    pub(super) fn or(self, other: Self) -> Self {
        Self {
            severity: self.severity.or(other.severity),
            facility: self.facility.or(other.facility),
            pid: self.pid.or(other.pid),
            msgid: self.msgid.or(other.msgid),
        }
    }

    /// Counts what was said as fields.
    #[inline]
    pub(super) fn count(self, mut fields: FieldsOf<'_>) {
        let named: [(&[u8], Option<Fill>); 4] = [
            (b"severity", self.severity),
            (b"facility", self.facility),
            (b"pid", self.pid),
            (b"msgid", self.msgid),
        ];
        for (name, fill) in named {
            if let Some(fill) = fill {
                fields.see(name, fill);
            }
        }
    }
}

/// What a word says; `-` is the nil of RFC 5424.
#[inline]
pub(super) fn fill(word: &[u8]) -> Fill {
    match word {
        [] => Fill::Empty,
        [b'-'] => Fill::Placeholder,
        _ => Fill::Filled,
    }
}

/// `user.notice` (busybox, FreeBSD), or `auth|security:info` (AIX).
pub(super) fn is_priority(word: &[u8]) -> bool {
    let Some(at) = word.iter().rposition(|byte| matches!(byte, b'.' | b':')) else { return false };
    let (facility, severity) = (word.get(..at).unwrap_or_default(), word.get(at + 1..).unwrap_or_default());
    SEVERITIES.contains(&severity)
        && facility.split(|byte| *byte == b'|').all(|facility| FACILITIES.contains(&facility))
}

/// `Notice`, as macOS writes it.
pub(super) fn is_apple_severity(word: &[u8]) -> bool {
    APPLE.contains(&word)
}

/// `INFO`, as ChromeOS writes it.
#[inline]
pub(super) fn is_chrome_os_severity(word: &[u8]) -> bool {
    word.first().is_some_and(u8::is_ascii_uppercase) && CHROME_OS.contains(&word)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn priorities_are_words_that_are_known() {
        assert!(is_priority(b"user.notice"));
        assert!(is_priority(b"auth|security:info"));
        assert!(!is_priority(b"www.example"));
        assert!(!is_priority(b"user."));
        assert!(!is_priority(b"notice"));
        assert!(is_apple_severity(b"Notice") && !is_apple_severity(b"notice"));
        assert!(is_chrome_os_severity(b"ERR") && !is_chrome_os_severity(b"web1"));
    }
}
