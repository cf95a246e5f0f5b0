//! Short names of Windows channels, and who usually writes to them. The names are data: `config/catalog/channels.csv`.

use std::sync::LazyLock;

use crate::{EventId, Provider, WindowsChannel};

/// One row: a channel, its short name, and a provider that writes some of its ids.
struct Row {
    alias: Option<&'static str>,
    channel: WindowsChannel,
    provider: Option<Provider>,
    /// The ids that `provider` writes; empty means all that no other row of the channel lists.
    ids: Vec<EventId>,
}

static ROWS: LazyLock<Vec<Row>> = LazyLock::new(|| {
    include_str!("../../../config/catalog/channels.csv")
        .lines()
        .skip(1)
        .filter_map(|line| {
            let mut cells = line.split(',');
            let alias = cells.next().filter(|alias| !alias.is_empty());
            let channel = WindowsChannel::new(cells.next()?);
            let provider = cells.next().filter(|provider| !provider.is_empty()).map(Provider::new);
            let ids = cells.next().unwrap_or_default().split_whitespace();
            Some(Row {
                alias,
                channel,
                provider,
                ids: ids.filter_map(|id| id.parse().ok()).map(EventId).collect(),
            })
        })
        .collect()
});

/// The channel that a short name means.
pub(super) fn channel_of(alias: &str) -> Option<WindowsChannel> {
    ROWS.iter()
        .find(|row| row.alias.is_some_and(|known| known.eq_ignore_ascii_case(alias)))
        .map(|row| row.channel.clone())
}

/// The short name of a channel.
pub(super) fn alias_of(channel: &WindowsChannel) -> Option<&'static str> {
    ROWS.iter().find(|row| row.channel == *channel).and_then(|row| row.alias)
}

/// Who writes this id to this channel, where only one provider does: the text form then leaves it out.
pub(super) fn usual_provider(channel: &WindowsChannel, event_id: EventId) -> Option<Provider> {
    let rows = || ROWS.iter().filter(|row| row.channel == *channel);
    rows()
        .find(|row| row.ids.contains(&event_id))
        .or_else(|| rows().find(|row| row.ids.is_empty()))
        .map_or_else(
            || channel.as_str().split_once('/').map(|(provider, _)| Provider::new(provider)),
            |row| row.provider.clone(),
        )
}
