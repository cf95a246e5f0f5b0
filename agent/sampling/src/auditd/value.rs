//! Whether a value says something.

use crate::fill::Fill;

/// What the field `name` held. A user id or session that was never set is a placeholder: the kernel writes it as the
/// largest number of 32 bits, old kernels as -1, auditd as `unset`, systemd as `n/a`.
#[inline]
pub(super) fn fill(name: &[u8], value: &[u8]) -> Fill {
    match value.first() {
        None => Fill::Empty,
        Some(b'?' | b'(' | b'-' | b'4' | b'u' | b'n' | b',' | b')' | b'\'') => fill_of_special(name, value),
        Some(_) => Fill::Filled,
    }
}

fn fill_of_special(name: &[u8], value: &[u8]) -> Fill {
    // What closes a message, or separates its fields, is not part of the value.
    let end = value.iter().rposition(|byte| !b",)'".contains(byte)).map_or(0, |last| last + 1);
    match value.get(..end).unwrap_or_default() {
        b"" => Fill::Empty,
        b"?" | b"-" | b"(null" | b"(none" => Fill::Placeholder,
        b"4294967295" | b"-1" | b"unset" | b"n/a" if is_login_id(name) => Fill::Placeholder,
        _ => Fill::Filled,
    }
}

/// The user id of the login and the session: `auid`, `old-auid`, `OLD-AUID`, `sauid`, `ses`, `old-ses`.
fn is_login_id(name: &[u8]) -> bool {
    [&b"auid"[..], b"ses"].iter().any(|id| {
        let tail = name.len().checked_sub(id.len()).and_then(|begin| name.get(begin..));
        tail.is_some_and(|tail| tail.eq_ignore_ascii_case(id))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stand_ins_are_told_from_values() {
        for value in ["?", "?,", "?)'", "(null)", "(none)", "-", "?'"] {
            assert_eq!(fill(b"addr", value.as_bytes()), Fill::Placeholder, "{value}");
        }
        for value in ["", ",", "'", ")'"] {
            assert_eq!(fill(b"addr", value.as_bytes()), Fill::Empty, "{value}");
        }
        for value in
            ["0", "-13", "(sd-pam)", "4294967295", "unset", "nullify", "28", "3F", "=unconfined", "4"]
        {
            assert_eq!(fill(b"addr", value.as_bytes()), Fill::Filled, "{value}");
        }
    }

    #[test]
    fn a_login_id_may_be_unset() {
        for (name, value) in [
            ("auid", "4294967295"),
            ("old-ses", "4294967295"),
            ("AUID", "unset"),
            ("OLD-AUID", "unset"),
            ("ses", "-1"),
        ] {
            assert_eq!(fill(name.as_bytes(), value.as_bytes()), Fill::Placeholder, "{name}={value}");
        }
        assert_eq!(fill(b"auid", b"0"), Fill::Filled);
        assert_eq!(fill(b"auid", b"429496729"), Fill::Filled);
        assert_eq!(fill(b"UID", b"unset"), Fill::Filled);
    }
}
