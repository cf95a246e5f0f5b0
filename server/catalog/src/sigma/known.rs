//! What the analysis asks of the facts on event types: twins on other Windows versions, retired ids, declared fields.

use blindspot_telemetry::{EventId, EventTypePattern, FieldName, WindowsChannel};

use crate::{EventFacts, Facts};

/// Facts of an event type: its own row, whoever writes it.
pub(super) fn facts_of<'f>(facts: &'f Facts, pattern: &EventTypePattern) -> Option<&'f EventFacts> {
    facts.row(pattern)
}

/// The event's own spelling of a field, where its fields are documented: `None` is undocumented, `Some(None)` lacks it.
pub(super) fn declared<'f>(
    facts: &'f Facts,
    pattern: &EventTypePattern,
    field: &FieldName,
) -> Option<Option<&'f FieldName>> {
    let fields = facts_of(facts, pattern)?.fields.as_ref()?;
    Some(fields.iter().find(|known| known.as_str().eq_ignore_ascii_case(field.as_str())))
}

fn windows(channel: &WindowsChannel, id: u16) -> EventTypePattern {
    EventTypePattern::Windows { channel: channel.clone(), provider: None, event_id: EventId(id) }
}

/// True where no supported Windows writes the id any more.
pub(super) fn is_retired(facts: &Facts, channel: &WindowsChannel, id: u16) -> bool {
    facts_of(facts, &windows(channel, id)).is_some_and(|facts| facts.retired)
}

/// Ids in groups: those that are one event on different versions of Windows stand together.
pub(super) fn twins(facts: &Facts, channel: &WindowsChannel, ids: &[u16]) -> Vec<Vec<u16>> {
    let same = |one: u16, other: u16| {
        facts_of(facts, &windows(channel, one)).is_some_and(|facts| {
            facts.same_as.iter().any(|twin| {
                matches!(twin, EventTypePattern::Windows { channel: c, event_id, .. } if c == channel && event_id.0 == other)
            })
        })
    };
    let mut groups: Vec<Vec<u16>> = Vec::new();
    for id in ids {
        match groups.iter_mut().find(|group| group.iter().any(|known| same(*known, *id) || same(*id, *known)))
        {
            Some(group) => group.push(*id),
            None => groups.push(vec![*id]),
        }
    }
    groups
}
