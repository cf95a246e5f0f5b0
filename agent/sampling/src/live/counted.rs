//! What a poll counted, of however many scans.

use std::collections::BTreeMap;

use blindspot_telemetry::{EventType, HostName, Observed, SourceId};
use jiff::Timestamp;

use super::{LogFinding, LogTurn, Standing};
use crate::{evtx::Scan, text::LogScan};

/// What was counted and not told yet.
#[derive(Debug, Default)]
pub(super) struct Counted {
    computers: Vec<(Option<HostName>, BTreeMap<EventType, Observed>)>,
    records: u64,
    damaged: u64,
    oldest: Option<Timestamp>,
    newest: Option<Timestamp>,
    holds: Vec<SourceId>,
    /// Records that stand under no event type, or whose fields are not all known.
    overflown: u64,
    /// Messages that journald says it did not write.
    suppressed: u64,
}

impl Counted {
    /// Adds a scan of lines, or of entries of a journal.
    pub(super) fn add(&mut self, scan: LogScan) {
        self.records += scan.records;
        self.damaged += scan.damaged + scan.undated;
        self.overflown += scan.uncounted.max(scan.fields_uncounted);
        self.suppressed += scan.suppressed;
        self.span(scan.oldest, scan.newest);
        self.hold(scan.holds);
        for host in scan.hosts {
            self.observe(host.name, host.event_types);
        }
    }

    /// Adds a scan of a Windows event log.
    pub(super) fn add_evtx(&mut self, scan: Scan) {
        self.records += scan.records;
        self.damaged += scan.damaged;
        self.overflown += scan.uncounted.max(scan.fields_uncounted);
        self.span(scan.oldest, scan.newest);
        self.hold(scan.channels.into_iter().map(SourceId::Channel).collect());
        for computer in scan.computers {
            self.observe(Some(computer.name), computer.event_types);
        }
    }

    /// It as a turn, with what it says of the log in words.
    pub(super) fn into_turn(self, standing: Standing) -> LogTurn {
        let findings = self.findings();
        LogTurn {
            computers: self.computers,
            records: self.records,
            damaged: self.damaged,
            oldest: self.oldest,
            newest: self.newest,
            holds: self.holds,
            findings,
            ..LogTurn::new(standing)
        }
    }

    fn span(&mut self, oldest: Option<Timestamp>, newest: Option<Timestamp>) {
        self.oldest = [self.oldest, oldest].into_iter().flatten().min();
        self.newest = self.newest.max(newest);
    }

    fn hold(&mut self, holds: Vec<SourceId>) {
        self.holds.extend(holds);
        self.holds.sort();
        self.holds.dedup();
    }

    fn observe(&mut self, name: Option<HostName>, event_types: BTreeMap<EventType, Observed>) {
        let Some((_, known)) = self.computers.iter_mut().find(|(known, _)| *known == name) else {
            self.computers.push((name, event_types));
            return;
        };
        for (event_type, seen) in event_types {
            match known.get_mut(&event_type) {
                Some(known) => known.merge(&seen),
                None => {
                    known.insert(event_type, seen);
                }
            }
        }
    }

    fn findings(&self) -> Vec<LogFinding> {
        let mut findings = Vec::new();
        if self.suppressed > 0 {
            findings.push(LogFinding {
                code: "messages_suppressed",
                text: format!(
                    "the log says itself that {} messages were not written: a service wrote more than its rate limit \
                     allows (RateLimitBurst= in journald.conf)",
                    self.suppressed
                ),
            });
        }
        if self.overflown > 0 {
            findings.push(LogFinding {
                code: "too_many_names",
                text: format!(
                    "more distinct event types, hours or fields than are kept: {} records are not counted in full",
                    self.overflown
                ),
            });
        }
        findings
    }
}

/// Who wrote when: names that follow each other are one renamed machine, names that come back are several.
#[derive(Debug, Default)]
pub(super) struct Turns {
    known: Vec<HostName>,
    current: Option<HostName>,
    interleaved: bool,
}

/// Names that are remembered. A log of more machines is one of several.
const MAX_NAMES: usize = 64;

impl Turns {
    /// Notes the hosts of a scan.
    pub(super) fn see(&mut self, scan: &LogScan) {
        self.see_names(scan.hosts.iter().filter_map(|host| host.name.as_ref()));
        self.interleaved |= scan.interleaved;
    }

    /// Notes the computers of a scan.
    pub(super) fn see_evtx(&mut self, scan: &Scan) {
        self.see_names(scan.computers.iter().map(|computer| &computer.name));
        self.interleaved |= scan.interleaved;
    }

    /// Notes the names of one scan, in the order of their first records.
    fn see_names<'n>(&mut self, names: impl Iterator<Item = &'n HostName>) {
        for name in names {
            if self.current.as_ref() == Some(name) {
                continue;
            }
            self.interleaved |= self.known.contains(name) || self.known.len() >= MAX_NAMES;
            if !self.interleaved {
                self.known.push(name.clone());
            }
            self.current = Some(name.clone());
        }
    }

    /// True once a name came back.
    pub(super) fn are_several(&self) -> bool {
        self.interleaved
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn turns(polls: &[&[&str]]) -> bool {
        let mut turns = Turns::default();
        for poll in polls {
            let names: Vec<HostName> = poll.iter().map(|name| HostName::new(*name)).collect();
            turns.see_names(names.iter());
        }
        turns.are_several()
    }

    #[test]
    fn names_that_come_back_in_a_later_poll_are_several_machines() {
        assert!(!turns(&[&["a"], &["a", "b"], &["b"], &[], &["b", "c"]]));
        assert!(turns(&[&["a"], &["b"], &["a"]]));
    }
}
