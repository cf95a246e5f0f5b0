//! What a scan is asked for.

use std::num::NonZeroUsize;

use blindspot_telemetry::WindowsChannel;

use crate::Detail;

/// How to scan one file.
#[derive(Debug, Clone)]
pub struct ScanOptions {
    /// How much is learned of each record.
    pub detail: Detail,
    /// How many threads share the file's chunks. More than one pays off from some ten MB on.
    pub threads: NonZeroUsize,
    /// The channel of records that name none, as those of `Microsoft-Windows-RPC` do: usually
    /// [`channel_of_file_name`]. Without it they are counted under the channel with the empty name.
    pub fallback_channel: Option<WindowsChannel>,
    /// Only records with a higher id are counted, and only damage behind it. The id is that in a record's header: its
    /// place in the log, in a log that Windows writes the same as its EventRecordID. Chunks whose header says that they
    /// end at or below it are passed over; destroyed chunks are counted all the same.
    pub after_record_id: Option<u64>,
    /// Only records with a lower id are counted, and only damage before it.
    pub before_record_id: Option<u64>,
}

impl Default for ScanOptions {
    /// The whole inventory, on one thread.
    fn default() -> Self {
        Self {
            detail: Detail::Inventory,
            threads: NonZeroUsize::MIN,
            fallback_channel: None,
            after_record_id: None,
            before_record_id: None,
        }
    }
}

/// The channel that a log file's name stands for: Windows writes `/` as `%4` in it.
///
/// ```
/// use blindspot_sampling::evtx::channel_of_file_name;
/// let channel = channel_of_file_name("Microsoft-Windows-Sysmon%4Operational.evtx");
/// assert_eq!(channel.unwrap().as_str(), "Microsoft-Windows-Sysmon/Operational");
/// ```
#[must_use]
pub fn channel_of_file_name(file_name: &str) -> Option<WindowsChannel> {
    let (stem, extension) = file_name.rsplit_once('.')?;
    (extension.eq_ignore_ascii_case("evtx") && !stem.is_empty())
        .then(|| WindowsChannel::new(stem.replace("%4", "/")))
}
