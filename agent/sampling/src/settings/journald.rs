//! journald.conf(5): the `[Journal]` section of one file, laid over what came before.

use blindspot_telemetry::settings::{JournalStorage, JournaldSettings};

/// Lays the text over the settings. An empty value takes back what an earlier file set.
pub(super) fn read(text: &str, settings: &mut JournaldSettings) {
    let mut section = String::new();
    for line in text.lines().map(str::trim) {
        if line.is_empty() || line.starts_with(['#', ';']) {
            continue;
        }
        if let Some(name) = line.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
            name.clone_into(&mut section);
            continue;
        }
        if section != "Journal" {
            continue;
        }
        let understood =
            line.split_once('=').is_some_and(|(name, value)| set(settings, name.trim(), value.trim()));
        if !understood {
            settings.not_understood.push(line.to_owned());
        }
    }
}

fn set(settings: &mut JournaldSettings, name: &str, value: &str) -> bool {
    match name {
        "Storage" => match value {
            "persistent" => settings.storage = JournalStorage::Persistent,
            "volatile" => settings.storage = JournalStorage::Volatile,
            "auto" | "" => settings.storage = JournalStorage::Auto,
            "none" => settings.storage = JournalStorage::None,
            _ => return false,
        },
        "RateLimitIntervalSec" | "RateLimitInterval" => {
            return put(&mut settings.rate_limit_interval_ms, value, milliseconds);
        }
        "RateLimitBurst" => return put(&mut settings.rate_limit_burst, value, |text| text.parse().ok()),
        "ForwardToSyslog" => return put(&mut settings.forward_to_syslog, value, boolean),
        "SystemMaxUse" => return put(&mut settings.system_max_use_bytes, value, bytes),
        _ => {}
    }
    true
}

fn put<T>(slot: &mut Option<T>, value: &str, read: fn(&str) -> Option<T>) -> bool {
    if value.is_empty() {
        *slot = None;
        return true;
    }
    let read = read(value);
    let understood = read.is_some();
    *slot = read.or(slot.take());
    understood
}

fn boolean(text: &str) -> Option<bool> {
    match text.to_ascii_lowercase().as_str() {
        "1" | "yes" | "y" | "true" | "t" | "on" => Some(true),
        "0" | "no" | "n" | "false" | "f" | "off" => Some(false),
        _ => None,
    }
}

/// A span of systemd.time(7): `30s`, `1min 30s`, a bare number of seconds.
fn milliseconds(text: &str) -> Option<u64> {
    let mut sum: u64 = 0;
    let mut rest = text.trim();
    while !rest.is_empty() {
        let (number, after) = leading_number(rest)?;
        let after = after.trim_start();
        let end = after.find(|letter: char| !letter.is_ascii_alphabetic()).unwrap_or(after.len());
        let (unit, after) = after.split_at_checked(end)?;
        let factor: u64 = match unit {
            "us" | "usec" => {
                sum = sum.checked_add(number / 1000)?;
                rest = after.trim_start();
                continue;
            }
            "ms" | "msec" => 1,
            "" | "s" | "sec" | "second" | "seconds" => 1000,
            "m" | "min" | "minute" | "minutes" => 60_000,
            "h" | "hr" | "hour" | "hours" => 3_600_000,
            "d" | "day" | "days" => 86_400_000,
            "w" | "week" | "weeks" => 604_800_000,
            _ => return None,
        };
        sum = sum.checked_add(number.checked_mul(factor)?)?;
        rest = after.trim_start();
    }
    Some(sum)
}

/// A size with the letters K, M, G, T of 1024 each.
fn bytes(text: &str) -> Option<u64> {
    let (number, unit) = leading_number(text)?;
    let power = match unit.trim() {
        "" | "B" => 0,
        "K" => 1,
        "M" => 2,
        "G" => 3,
        "T" => 4,
        "P" => 5,
        _ => return None,
    };
    number.checked_mul(1024_u64.checked_pow(power)?)
}

fn leading_number(text: &str) -> Option<(u64, &str)> {
    let end = text.find(|letter: char| !letter.is_ascii_digit()).unwrap_or(text.len());
    let (digits, rest) = text.split_at_checked(end)?;
    Some((digits.parse().ok()?, rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_drop_in_overrides_and_an_empty_value_takes_back() {
        let mut settings = JournaldSettings::default();
        read(
            "[Journal]\n#Storage=auto\nStorage=volatile\nRateLimitIntervalSec=1min 30s\nRateLimitBurst=10000\nForwardToSyslog=yes\nSystemMaxUse=1G\n",
            &mut settings,
        );
        assert_eq!(settings.storage, JournalStorage::Volatile);
        assert_eq!(settings.rate_limit_interval_ms, Some(90_000));
        assert_eq!(settings.system_max_use_bytes, Some(1 << 30));
        read(
            "[Journal]\nStorage=persistent\nRateLimitBurst=\nSystemMaxUse=much\n[Other]\nStorage=none\n",
            &mut settings,
        );
        assert_eq!(settings.storage, JournalStorage::Persistent);
        assert_eq!((settings.rate_limit_burst, settings.forward_to_syslog), (None, Some(true)));
        assert_eq!(settings.system_max_use_bytes, Some(1 << 30));
        assert_eq!(settings.not_understood, ["SystemMaxUse=much"]);
    }

    #[test]
    fn spans_are_read_as_systemd_reads_them() {
        for (text, ms) in [
            ("30s", Some(30_000)),
            ("0", Some(0)),
            ("500ms", Some(500)),
            ("2h", Some(7_200_000)),
            ("soon", None),
            ("99999999999999999999", None),
        ] {
            assert_eq!(milliseconds(text), ms, "{text}");
        }
    }
}
