//! The tag that a message begins with: `sshd[812]: `.

use super::facts::{Facts, fill, is_apple_severity, is_priority};

/// The longest name that a program has.
const MAX_NAME_BYTES: usize = 128;
/// Within so many bytes a name with spaces ends.
const MAX_SPACED_BYTES: usize = 48;
/// Within so many bytes the brackets behind a name close.
const MAX_BRACKET_BYTES: usize = 64;

/// Who wrote a message, and what it says.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Tag<'l> {
    pub(super) program: &'l [u8],
    pub(super) facts: Facts,
    pub(super) text: &'l [u8],
}

/// The tag, where the message has one. A first word alone is none: it may be any word of a text. A name ends with
/// `: `, or with its process in brackets.
#[inline]
pub(super) fn of(message: &[u8]) -> Option<Tag<'_>> {
    match first_word(message) {
        Some(tag) => is_program(tag.program).then_some(tag),
        None => behind_priority(message).or_else(|| with_spaces(message)),
    }
}

#[inline]
fn first_word(message: &[u8]) -> Option<Tag<'_>> {
    let length = message.iter().position(|byte| !is_name_byte(*byte))?;
    let (name, rest) = message.split_at_checked(length)?;
    match rest {
        [b':', text @ ..] if matches!(text.first(), None | Some(b' ' | b'\t' | b'[')) => {
            Some(Tag { program: name, facts: Facts::default(), text })
        }
        [b'[', rest @ ..] => with_process(name, rest),
        _ => None,
    }
}

/// True for a name that a program can have: a letter is in it, and nothing that cannot be shown.
#[inline]
pub(super) fn is_program(name: &[u8]) -> bool {
    let letter = |byte: &u8| byte.is_ascii_alphabetic() || !byte.is_ascii();
    (1..=MAX_NAME_BYTES).contains(&name.len())
        && name.iter().any(letter)
        && (name.is_ascii() || std::str::from_utf8(name).is_ok_and(|name| !name.contains(char::is_control)))
}

/// True for a name in a place of its own, where it may have spaces and more. What holds pairs and lists is a part of a
/// message that a relay took for a name (`date=2026-03-01`).
#[inline]
pub(super) fn is_named(name: &[u8]) -> bool {
    is_program(name)
        && name.iter().all(|byte| !matches!(byte, 0..=31 | 127 | b'=' | b',' | b'"' | b'<' | b'>' | b'|'))
}

#[inline]
fn is_name_byte(byte: u8) -> bool {
    matches!(byte, b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'/' | b'(' | b')' | b'@'
        | b'+' | b'#' | b'$' | b'%' | b'~' | b'\\' | 0x80..)
}

/// `rest` is what follows `NAME[`.
#[inline]
fn with_process<'l>(name: &'l [u8], rest: &'l [u8]) -> Option<Tag<'l>> {
    let length = rest.iter().take(MAX_BRACKET_BYTES).position(|byte| matches!(byte, b']' | b' ' | b'['))?;
    let (process, rest) = rest.split_at_checked(length)?;
    let facts = Facts { pid: Some(fill(process)), ..Facts::default() };
    match rest.strip_prefix(b"]")? {
        [b':', text @ ..] => Some(Tag { program: name, facts, text }),
        text @ ([] | [b' ', ..]) if process.iter().all(u8::is_ascii_digit) => {
            let (severity, text) = apple_severity(text);
            Some(Tag { program: name, facts: facts.or(severity), text })
        }
        _ => None,
    }
}

/// ` <Notice>: `, also behind ` (subsystem[12])`, as macOS writes it.
fn apple_severity(text: &[u8]) -> (Facts, &[u8]) {
    let severity = || {
        let mut rest = text.trim_ascii_start();
        if rest.first() == Some(&b'(') {
            let end = rest.iter().position(|byte| *byte == b')')?;
            rest = rest.get(end + 1..)?.trim_ascii_start();
        }
        let rest = rest.strip_prefix(b"<")?;
        let (word, rest) = rest.split_at_checked(rest.iter().position(|byte| *byte == b'>')?)?;
        let rest = rest.strip_prefix(b">:")?;
        is_apple_severity(word).then_some((Facts::SEVERITY, rest))
    };
    severity().unwrap_or((Facts::default(), text))
}

/// A tag behind `user.notice `.
#[cold]
fn behind_priority(message: &[u8]) -> Option<Tag<'_>> {
    let word = message.split(|byte| *byte == b' ').next().filter(|word| is_priority(word))?;
    let tag = first_word(message.get(word.len()..)?.trim_ascii_start())?;
    is_program(tag.program).then(|| Tag { facts: tag.facts.or(Facts::PRIORITY), ..tag })
}

/// `Firefox Software Update[12]: `: the brackets show that it is a name.
fn with_spaces(message: &[u8]) -> Option<Tag<'_>> {
    let length = message.iter().take(MAX_SPACED_BYTES).position(|byte| *byte == b'[')?;
    let (name, rest) = message.split_at_checked(length)?;
    let words = name.split(|byte| *byte == b' ');
    let named = words.clone().count() > 1
        && words.into_iter().all(|word| !word.is_empty() && word.iter().all(|byte| is_name_byte(*byte)));
    let rest =
        rest.strip_prefix(b"[").filter(|rest| named && rest.first().is_some_and(u8::is_ascii_digit))?;
    let closed = rest.iter().position(|byte| !byte.is_ascii_digit())?;
    let ends = matches!(rest.get(closed..), Some([b']', b':', ..] | [b']', b' ', b'<', ..]));
    with_process(name, rest).filter(|tag| ends && is_program(tag.program))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fill::Fill;

    fn program(message: &str) -> Option<String> {
        of(message.as_bytes()).map(|tag| String::from_utf8_lossy(tag.program).into_owned())
    }

    #[test]
    fn names_end_with_a_colon_or_brackets() {
        for (message, name) in [
            ("kernel: [997.3] sda2", "kernel"),
            ("kernel:", "kernel"),
            ("kernel:[    0.0] Linux", "kernel"),
            ("postfix/smtpd[12]: connect", "postfix/smtpd"),
            ("(systemd)[1]: started", "(systemd)"),
            ("sshd-session[4]: Accepted", "sshd-session"),
            ("sshd(pam_unix)[4]: session", "sshd(pam_unix)"),
            ("dbus-daemon[9] activated", "dbus-daemon"),
            ("sudo:    root : TTY=pts/0", "sudo"),
            ("/usr/sbin/cron[7]: x", "/usr/sbin/cron"),
            ("Firefox Software Update[12]: x", "Firefox Software Update"),
            ("user.notice app: x", "app"),
            ("auth|security:info sshd[3]: x", "sshd"),
            ("%ASA-6-302013: Built", "%ASA-6-302013"),
            ("ímynd[3]: x", "ímynd"),
        ] {
            assert_eq!(program(message).as_deref(), Some(name), "{message}");
        }
    }

    #[test]
    fn words_of_a_text_are_no_names() {
        for message in [
            "Job `cron.daily' terminated",
            "log_tag this is debug",
            "http://example.org/ was read",
            "12:34:56 it happened",
            "123: a number",
            "error foo[bar]: text",
            "a [12]: text",
            "--- last message repeated 5 times ---",
            "app[not closed",
            "app[x y]: z",
            "[12]: x",
            ": x",
            "",
        ] {
            assert_eq!(program(message), None, "{message}");
        }
        assert_eq!(of(&[b"a\xff"[..].into(), b": x".to_vec()].concat()), None);
        assert_eq!(program(&format!("{}: x", "n".repeat(129))), None);
        assert_eq!(program(&format!("{}: x", "n".repeat(128))), Some("n".repeat(128)));
    }

    #[test]
    fn facts_are_told_with_the_name() {
        let facts = |message: &'static str| of(message.as_bytes()).unwrap().facts;
        assert_eq!(facts("a[]: x").pid, Some(Fill::Empty));
        assert_eq!(facts("a[-]: x").pid, Some(Fill::Placeholder));
        assert_eq!(facts("a[0]: x").pid, Some(Fill::Filled));
        assert_eq!(facts("a: x").pid, None);
        assert_eq!(facts("user.notice a: x").facility, Some(Fill::Filled));
        let apple = of(b"com.apple.xpc.launchd[1] (com.apple.x[7]) <Notice>: Service").unwrap();
        assert_eq!((apple.facts.severity, apple.text), (Some(Fill::Filled), &b" Service"[..]));
        assert_eq!(facts("a[1] <b>: x").severity, None);
    }
}
