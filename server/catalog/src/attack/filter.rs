//! The free text beside a log source's name, read once: event ids, audit words, or prose that only a table can read.

use std::{fmt, sync::Arc};

use blindspot_telemetry::{EventId, exact_name};
use sha2::{Digest, Sha256};

use super::linux;

/// What of a reference's text a machine can read. ATT&CK calls the text a channel; in this project only Windows logs are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum EventFilter {
    /// `EventCode=4688, 4689`: any of these.
    EventIds(Vec<EventId>),
    /// System calls and audit record types that the text begins with: `open, write: ...`, `EXECVE`.
    Audit(Vec<Arc<str>>),
    /// Words for people; only the reviewed table knows what they mean.
    Prose,
    /// No text, or `None`.
    Unspecified,
}

impl EventFilter {
    /// Reads a reference's text.
    #[must_use]
    pub fn read(text: &str) -> Self {
        let text = text.trim();
        if text.is_empty() || text == "None" {
            return Self::Unspecified;
        }
        if let Some(ids) = event_ids(text) {
            return Self::EventIds(ids);
        }
        let words = linux::leading_words(text);
        if words.is_empty() { Self::Prose } else { Self::Audit(words) }
    }

    /// Reads what [`Display`](fmt::Display) prints.
    #[must_use]
    pub fn parse(text: &str) -> Self {
        match text {
            "" => Self::Prose,
            "-" => Self::Unspecified,
            _ => {
                let ids: Option<Vec<EventId>> =
                    text.split_whitespace().map(|id| id.parse().ok().map(EventId)).collect();
                ids.map_or_else(
                    || Self::Audit(text.split_whitespace().map(Into::into).collect()),
                    Self::EventIds,
                )
            }
        }
    }
}

impl fmt::Display for EventFilter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let joined = match self {
            Self::EventIds(ids) => ids.iter().map(ToString::to_string).collect::<Vec<_>>().join(" "),
            Self::Audit(words) => words.join(" "),
            Self::Prose => String::new(),
            Self::Unspecified => "-".to_owned(),
        };
        f.write_str(&joined)
    }
}

exact_name! {
    /// Stands for a reference's name and text: the first 16 hexadecimal digits of their SHA-256.
    ///
    /// MITRE's prose is not copied into this project; the reviewed table joins on this key instead.
    RefKey
}

impl RefKey {
    /// The key of a name and its text.
    #[must_use]
    pub fn of(name: &str, text: &str) -> Self {
        let digest =
            Sha256::new().chain_update(name.trim()).chain_update([0]).chain_update(text.trim()).finalize();
        Self::new(digest.iter().take(8).map(|byte| format!("{byte:02x}")).collect::<String>())
    }
}

/// `EventCode=` with a list, ranges or repeated prefixes; `None` where anything else stands in the text.
fn event_ids(text: &str) -> Option<Vec<EventId>> {
    if !text.starts_with("EventCode") {
        return None;
    }
    let mut ids = Vec::new();
    for part in text.split(',') {
        let part = part.trim();
        let number =
            part.strip_prefix("EventCode").map_or(part, |rest| rest.trim_start().trim_start_matches('='));
        let (first, last) = number.split_once('-').unwrap_or((number, number));
        let (first, last): (u16, u16) = (first.trim().parse().ok()?, last.trim().parse().ok()?);
        ids.extend((first..=last).map(EventId));
    }
    (!ids.is_empty()).then_some(ids)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> String {
        EventFilter::read(text).to_string()
    }

    #[test]
    fn event_codes_are_lists_ranges_and_repeated_prefixes() {
        assert_eq!(read("EventCode=4688, 4689"), "4688 4689");
        assert_eq!(read("EventCode=4778, EventCode=4779"), "4778 4779");
        assert_eq!(read("EventCode=4103-4106"), "4103 4104 4105 4106");
    }

    #[test]
    fn an_event_code_among_words_is_prose() {
        assert_eq!(EventFilter::read("EventCode=7 (loader), EventCode=8 (unloader)"), EventFilter::Prose);
        assert_eq!(EventFilter::read("EventCode=70000"), EventFilter::Prose);
    }

    #[test]
    fn no_text_is_not_prose() {
        for text in ["", " ", "None"] {
            assert_eq!(EventFilter::read(text), EventFilter::Unspecified);
        }
    }

    #[test]
    fn what_is_printed_reads_back() {
        for text in ["EventCode=1, 2", "open/write to a file", "some words", "None"] {
            let filter = EventFilter::read(text);
            assert_eq!(EventFilter::parse(&filter.to_string()), filter);
        }
    }

    #[test]
    fn a_key_stands_for_name_and_text() {
        assert_eq!(RefKey::of("a ", "b"), RefKey::of("a", " b"));
        assert_ne!(RefKey::of("ab", "c"), RefKey::of("a", "bc"));
        assert_eq!(RefKey::of("a", "b").as_str().len(), 16);
    }
}
