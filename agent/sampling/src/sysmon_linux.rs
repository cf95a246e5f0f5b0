//! Events of Sysmon for Linux: XML in the message of a syslog line or a journal entry of the identifier `sysmon`.
//!
//! The shape is that of a Windows event (github.com/microsoft/SysmonForLinux): `System` with `EventID`, `TimeCreated` and
//! `Channel`, then `EventData` with named `Data`, all on one line, texts escaped.

use memchr::{memchr, memmem};

use crate::fill::Fill;

const CHANNEL: &[u8] = b"Linux-Sysmon/Operational";
const PROVIDER: &[u8] = b"\"Linux-Sysmon\"";
const ZERO_GUID: &[u8] = b"{00000000-0000-0000-0000-000000000000}";

/// One event, as far as its message reaches.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct SysmonEvent<'m> {
    pub(crate) id: u16,
    /// When it happened: `2026-03-01T10:15:00.123456000Z`. `None` where the message does not say.
    pub(crate) time: Option<&'m [u8]>,
    /// What follows `System`.
    data: &'m [u8],
}

/// The event that a message holds. A message that was cut off counts as long as its `EventID` is whole.
pub(crate) fn event(message: &[u8]) -> Option<SysmonEvent<'_>> {
    let message = message.trim_ascii_start();
    let rest = message.strip_prefix(b"<Event")?;
    matches!(rest.first(), Some(b'>' | b' ')).then_some(())?;
    let end = memmem::find(message, b"</System>").unwrap_or(message.len());
    let (system, data) = message.split_at_checked(end)?;
    let id = between(system, b"<EventID>", b"</EventID>")?;
    let id = std::str::from_utf8(id).ok()?.parse().ok()?;
    let ours = match between(system, b"<Channel>", b"</Channel>") {
        Some(channel) => channel == CHANNEL,
        None => memmem::find(system, PROVIDER).is_some(),
    };
    let time = between(system, b"SystemTime=\"", b"\"");
    ours.then_some(SysmonEvent { id, time, data })
}

impl<'m> SysmonEvent<'m> {
    /// The names of its data, and what each holds. One whose value is cut off is left out.
    pub(crate) fn fields(&self) -> impl Iterator<Item = (&'m [u8], Fill)> + use<'m> {
        let mut rest = self.data;
        std::iter::from_fn(move || {
            let (name, value, after) = next_data(rest)?;
            rest = after;
            Some((name, fill(value)))
        })
    }
}

/// The name and value of the next `Data`, and what follows it.
fn next_data(text: &[u8]) -> Option<(&[u8], &[u8], &[u8])> {
    const OPENING: &[u8] = b"<Data Name=\"";
    let text = text.get(memmem::find(text, OPENING)? + OPENING.len()..)?;
    let (name, text) = text.split_at_checked(memchr(b'"', text)?)?;
    let text = text.get(1..)?.trim_ascii_start();
    if let Some(after) = text.strip_prefix(b"/>") {
        return Some((name, &[], after));
    }
    let text = text.strip_prefix(b">")?;
    // Texts are escaped: the first tag behind a value closes it.
    let (value, after) = text.split_at_checked(memmem::find(text, b"</Data>")?)?;
    Some((name, value, after))
}

fn fill(value: &[u8]) -> Fill {
    match value {
        [] => Fill::Empty,
        [b'-'] => Fill::Placeholder,
        _ if value == ZERO_GUID => Fill::Placeholder,
        _ => Fill::Filled,
    }
}

fn between<'m>(text: &'m [u8], opening: &[u8], closing: &[u8]) -> Option<&'m [u8]> {
    let text = text.get(memmem::find(text, opening)? + opening.len()..)?;
    text.get(..memmem::find(text, closing)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    const WHOLE: &str = concat!(
        r#" <Event><System><Provider Name="Linux-Sysmon" Guid="{1}"/><EventID>1</EventID><Version>5</Version>"#,
        r#"<TimeCreated SystemTime="2026-03-01T09:15:00.5Z"/><Channel>Linux-Sysmon/Operational</Channel></System>"#,
        r#"<EventData><Data Name="RuleName">-</Data><Data Name="Image">/bin/sh &lt;Data&gt;#012</Data>"#,
        r#"<Data Name="Hashes"></Data><Data Name="User"/><Data Name="LogonGuid">"#,
        r#"{00000000-0000-0000-0000-000000000000}</Data><Data Name="ProcessId">0</Data></EventData></Event>"#,
    );

    fn fields(message: &str) -> Vec<(String, Fill)> {
        let event = event(message.as_bytes()).unwrap();
        event.fields().map(|(name, fill)| (String::from_utf8_lossy(name).into_owned(), fill)).collect()
    }

    #[test]
    fn an_event_tells_its_id_its_time_and_its_data() {
        let event = event(WHOLE.as_bytes()).unwrap();
        assert_eq!((event.id, event.time), (1, Some(&b"2026-03-01T09:15:00.5Z"[..])));
        let expected = [
            ("RuleName", Fill::Placeholder),
            ("Image", Fill::Filled),
            ("Hashes", Fill::Empty),
            ("User", Fill::Empty),
            ("LogonGuid", Fill::Placeholder),
            ("ProcessId", Fill::Filled),
        ];
        assert_eq!(fields(WHOLE), expected.map(|(name, fill)| (name.to_owned(), fill)));
    }

    #[test]
    fn a_message_that_was_cut_off_counts_with_what_is_whole() {
        let first = WHOLE.find("</EventID>").unwrap() + "</EventID>".len();
        for end in 0..WHOLE.len() {
            let cut = event(&WHOLE.as_bytes()[..end]);
            assert_eq!(cut.map(|event| event.id), (end >= first).then_some(1), "{end}");
        }
        let (before, _) = WHOLE.split_once("</Data><Data Name=\"Hashes").unwrap();
        assert_eq!(fields(before).len(), 1);
        assert_eq!(fields(&format!("{before}</Data>")).len(), 2);
    }

    #[test]
    fn other_messages_are_no_events() {
        for other in [
            "Sysmon started".to_owned(),
            "<Eventual>".to_owned(),
            WHOLE.replace("Linux-Sysmon/Operational", "Security"),
            WHOLE.replace("<EventID>1<", "<EventID>x<"),
            WHOLE.replace("<EventID>1<", "<EventID>70000<"),
            WHOLE.replace("<Channel>", "<X>").replace("Linux-Sysmon", "Other"),
        ] {
            assert_eq!(event(other.as_bytes()), None, "{other}");
        }
    }
}
