//! Which place a report has among those of its agent: new, sent twice, late, of an older state, or of somebody else.
//!
//! Counts are cumulative and merged by the larger value, so that storing a report twice or late is never wrong. What is
//! decided here is only whether the *state* that a report shows is the newest, and whether one identity is used twice.
//!
//! An agent numbers its reports, stores a number before it uses it, and sends one report at a time. So a late copy was
//! always *sent* before the newest report that is known of its line, and carries a boot id that is known. What has an
//! old number and was sent after it, or from an unknown boot, comes from an older state that lives again:
//!
//! - *A disk snapshot* brings an old number with a new boot id. **Rolled back**: the agent begins a new epoch with a
//!   snapshot of all that it holds, so that nothing is lost.
//! - *A memory snapshot* brings the old boot id back too, but its clock goes on. Sent later than the newest report:
//!   **rolled back**, also where its number happens to be the newest one. It is not taken for a clone, because a
//!   machine that was set back is alone: the other line never reports again.
//! - *A duplicate from before a reboot* that arrives after it was sent before the newest report, from a known boot:
//!   **late**, whatever boots came since.
//! - *A clone* is found by what only a clone does: the line that was left goes on with new numbers, although another
//!   epoch began after it. The first conflict of two copies is answered "rolled back", one of them begins a new epoch,
//!   and the next report of the other shows that there are two.
//!
//! A clock that was set back between a report and its late copy makes the copy "rolled back" instead of "late": nobody
//! waits for that answer any more, nothing is lost, and the finding is for information only.

use blindspot_telemetry::wire::{Envelope, Epoch, RefusalCode, Seq};

/// Epochs that are remembered beside the current one. The oldest is forgotten first.
pub const MAX_PAST: usize = 32;
/// Boots of the current epoch that are remembered. The oldest is forgotten first.
pub const MAX_BOOTS: usize = 16;

/// How long a report may be on its way, in milliseconds: agents give up after a minute, a proxy between may hold it longer.
const ON_ITS_WAY_MS: i64 = 10 * 60 * 1000;

/// One epoch of an agent: how far its reports have come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// The epoch.
    pub epoch: Epoch,
    /// The largest number stored.
    pub seq: Seq,
    /// The SHA-256 of that report's body, as it was sent.
    pub body_hash: [u8; 32],
    /// When that report was sent, by the agent's clock, in milliseconds since 1970.
    pub sent_ms: i64,
    /// When the first report of this epoch was sent, by the agent's clock, in milliseconds since 1970.
    pub began_ms: i64,
}

/// How far an agent's reports have come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Progress {
    /// The epoch that reports now.
    pub current: Line,
    /// Boots that reported in it, the latest last.
    pub boots: Vec<String>,
    /// Epochs before it, the latest last.
    pub past: Vec<Line>,
}

/// What becomes of a report.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decision {
    /// The newest of its agent: merged, and its state is the agent's.
    Store,
    /// The newest once more: nothing changes, the same acknowledgement.
    Duplicate,
    /// An older one, late or once more: its counts are merged, its state is not; acknowledged.
    LateDuplicate,
    /// Two report under one identity. Refused; the agent is in quarantine from now on.
    Cloned,
    /// An older state of the agent reports again. Refused: it has to begin a new epoch.
    RolledBack,
    /// The agent is in quarantine. Refused.
    Quarantined,
    /// The agent is not known, or its identity was revoked. Refused.
    NotAllowed,
}

impl Decision {
    /// The refusal that it is answered with; `None` where the report is acknowledged.
    #[must_use]
    pub fn refusal(self) -> Option<RefusalCode> {
        match self {
            Self::Store | Self::Duplicate | Self::LateDuplicate => None,
            Self::Cloned => Some(RefusalCode::Cloned),
            Self::RolledBack => Some(RefusalCode::RolledBack),
            Self::Quarantined => Some(RefusalCode::Quarantined),
            Self::NotAllowed => Some(RefusalCode::NotAllowed),
        }
    }
}

/// Decides what becomes of a report. `known` is how far the agent has come, `boot` the start of the operating system
/// that the report names. The caller has checked the signature and that the agent is active.
#[must_use]
pub fn decide(known: Option<&Progress>, envelope: &Envelope, body_hash: &[u8; 32], boot: &str) -> Decision {
    let Some(known) = known else { return Decision::Store };
    let current = &known.current;
    if current.epoch == envelope.epoch {
        return match within(current, envelope, body_hash) {
            Decision::LateDuplicate if !known.boots.iter().any(|seen| seen == boot) => Decision::RolledBack,
            decision => decision,
        };
    }
    let Some(line) = known.past.iter().find(|line| line.epoch == envelope.epoch) else {
        // The first report of an epoch may arrive after that of the next one. It must not be taken for the newer one.
        let late_by = current.began_ms.saturating_sub(envelope.sent_ms);
        let is_late = (1..=ON_ITS_WAY_MS).contains(&late_by);
        return if is_late { Decision::LateDuplicate } else { Decision::Store };
    };
    let after_the_change = envelope.sent_ms > current.began_ms;
    match within(line, envelope, body_hash) {
        // In flight while the epoch changed, or the line that was left goes on beside the current one.
        Decision::Store if after_the_change => Decision::Cloned,
        Decision::Store => Decision::LateDuplicate,
        Decision::LateDuplicate if after_the_change => Decision::RolledBack,
        decision => decision,
    }
}

/// The place of a report in its own line, as far as numbers and times tell.
fn within(line: &Line, envelope: &Envelope, body_hash: &[u8; 32]) -> Decision {
    let sent_later = envelope.sent_ms > line.sent_ms;
    match envelope.seq.cmp(&line.seq) {
        std::cmp::Ordering::Greater => Decision::Store,
        std::cmp::Ordering::Equal if line.body_hash == *body_hash => Decision::Duplicate,
        std::cmp::Ordering::Equal if sent_later => Decision::RolledBack,
        std::cmp::Ordering::Equal => Decision::Cloned,
        std::cmp::Ordering::Less if sent_later => Decision::RolledBack,
        std::cmp::Ordering::Less => Decision::LateDuplicate,
    }
}

impl Progress {
    /// How far an agent has come once a report was decided to be stored.
    #[must_use]
    pub fn after(known: Option<Self>, envelope: &Envelope, body_hash: [u8; 32], boot: &str) -> Self {
        let mut line = Line {
            epoch: envelope.epoch,
            seq: envelope.seq,
            body_hash,
            sent_ms: envelope.sent_ms,
            began_ms: envelope.sent_ms,
        };
        let Some(mut progress) = known else {
            return Self { current: line, boots: vec![boot.to_owned()], past: Vec::new() };
        };
        if progress.current.epoch == line.epoch {
            line.began_ms = progress.current.began_ms;
            progress.current = line;
        } else {
            let left = std::mem::replace(&mut progress.current, line);
            push_bounded(&mut progress.past, left, MAX_PAST);
            progress.boots.clear();
        }
        if !progress.boots.iter().any(|seen| seen == boot) {
            push_bounded(&mut progress.boots, boot.to_owned(), MAX_BOOTS);
        }
        progress
    }
}

fn push_bounded<T>(list: &mut Vec<T>, item: T, most: usize) {
    if list.len() >= most {
        list.remove(0);
    }
    list.push(item);
}

#[cfg(test)]
mod tests;
