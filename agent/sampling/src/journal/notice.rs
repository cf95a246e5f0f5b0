//! What journald says about messages that it did not write.

/// True for the ids of its two notices in systemd's message catalogue: a service wrote too much in too short a time
/// (`SD_MESSAGE_JOURNAL_DROPPED`), and the kernel's messages came too fast (`SD_MESSAGE_JOURNAL_MISSED`).
pub(super) fn is_notice(message_id: &[u8]) -> bool {
    message_id == b"a596d6fe7bfa4994828e72309e95d61e" || message_id == b"e9bf28e6e834481bb6f48f548ad13606"
}

/// The first number in a text: `Missed 12 kernel messages`.
pub(super) fn first_number(text: &[u8]) -> Option<u32> {
    let begin = text.iter().position(u8::is_ascii_digit)?;
    let digits = text.get(begin..)?.iter().take_while(|byte| byte.is_ascii_digit());
    Some(digits.fold(0_u32, |sum, digit| sum.saturating_mul(10).saturating_add(u32::from(digit - b'0'))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_number_of_lost_messages_is_the_first_in_the_text() {
        assert_eq!(first_number(b"Suppressed 24 messages from user-1000.slice"), Some(24));
        assert_eq!(first_number(b"Missed 99999999999 kernel messages"), Some(u32::MAX));
        assert_eq!(first_number(b"none"), None);
    }
}
