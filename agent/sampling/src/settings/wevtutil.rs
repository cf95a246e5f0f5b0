//! Windows event logs as `wevtutil gl` prints them, one after the other; the names of its keys are the same in every
//! language.

use std::collections::BTreeMap;

use blindspot_telemetry::{WindowsChannel, settings::ChannelSettings};

/// Reads the channels that a text describes, of several times the last. One whose `enabled` is not said is not known.
pub(super) fn read(text: &str) -> BTreeMap<WindowsChannel, ChannelSettings> {
    let mut channels = BTreeMap::new();
    let mut name = None;
    for line in text.lines() {
        let Some((key, value)) = line.split_once(':').map(|(key, value)| (key.trim(), value.trim())) else {
            continue;
        };
        if key == "name" {
            name = Some(WindowsChannel::from(value));
        }
        let Some(name) = &name else { continue };
        match (key, value, channels.get_mut(name)) {
            ("enabled", "true" | "false", _) => {
                let settings = ChannelSettings { enabled: value == "true", ..ChannelSettings::default() };
                channels.insert(name.clone(), settings);
            }
            ("retention", "true" | "false", Some(channel)) => channel.retains_oldest = Some(value == "true"),
            ("maxSize", bytes, Some(channel)) => channel.max_bytes = bytes.parse().ok(),
            _ => {}
        }
    }
    channels
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn several_channels_stand_in_one_text() {
        let text = "name: Security\r\nenabled: true\r\ntype: Admin\r\nchannelAccess: O:BAG:SYD:(A;;CCLCSDRCWDWO;;;SY)\r\n\
                    logging:\r\n  logFileName: C:\\Security.evtx\r\n  retention: false\r\n  autoBackup: false\r\n  \
                    maxSize: 20971520\r\npublishing:\r\n  fileMax: 1\r\n\
                    name: Microsoft-Windows-TaskScheduler/Operational\r\nenabled: false\r\nlogging:\r\n  retention: true\r\n\
                    name: Torn\r\n";
        let channels = read(text);
        let of = |name: &str| channels.get(&WindowsChannel::from(name)).copied();
        let security =
            ChannelSettings { enabled: true, max_bytes: Some(20_971_520), retains_oldest: Some(false) };
        assert_eq!(of("security"), Some(security));
        let tasks = ChannelSettings { enabled: false, max_bytes: None, retains_oldest: Some(true) };
        assert_eq!(of("Microsoft-Windows-TaskScheduler/Operational"), Some(tasks));
        assert_eq!(channels.len(), 2, "a channel of which nothing is said is not known");
    }

    #[test]
    fn what_was_printed_last_holds() {
        let channels = read("name: A\nenabled: false\nname: B\nenabled: true\nname: A\nenabled: true\n");
        assert!(channels.values().all(|channel| channel.enabled));
        assert_eq!(channels.len(), 2);
    }
}
