//! The Linux audit log to event types.
//!
//! A line is one record: `node=HOST type=SYSCALL msg=audit(1700000000.123:456): arch=c000003e syscall=59 ...`, where
//! `node=` is mostly left out and an enriched log appends what numbers meant on the host, behind a byte 0x1d.
//! Records of one time and serial are one audit event. A record's fields are counted for its own type only.
//!
//! Sources: the record, field and event-format specifications of the linux-audit project, auditd.conf(5), ausearch(8).

mod events;
mod fields;
mod find;
mod head;
mod recent_names;
mod record_type;
mod syscall;
mod table;
mod value;

use memchr::memchr;

use self::{
    events::RecentEvents,
    fields::Fields,
    head::{Head, RecordId},
    recent_names::RecentNames,
};
use crate::text::{
    Lines,
    names::{NameId, Names},
    tally::{Kind, Tally, TypeKey},
};

/// Stands before what an enriched log appends to a record.
const ENRICHED: u8 = 0x1d;

/// Reads lines of an audit log.
#[derive(Debug, Default)]
pub(crate) struct AuditLines {
    events: RecentEvents,
    names: RecentNames,
    /// The name made up for the last system call that has none.
    unknown: Vec<u8>,
}

/// What of a line follows its head.
#[derive(Debug, Clone, Copy)]
struct Body<'l> {
    /// As the kernel or a program wrote it.
    raw: &'l [u8],
    /// As auditd added to it.
    enriched: &'l [u8],
}

impl AuditLines {
    pub(crate) fn new() -> Self {
        Self::default()
    }

    /// What a record is; `None` where a name is too long to be one, or the scan keeps no more names.
    fn key(&mut self, head: &Head<'_>, body: Body<'_>, names: &mut Names) -> Option<TypeKey> {
        let host = if head.node.is_empty() { NameId::NONE } else { names.id(head.node)? };
        let name = record_type::name(head.record_type);
        let record_type = self.names.id(name, names)?;
        let syscall = match name {
            b"SYSCALL" => self.names.id(syscall::name(body.raw, body.enriched, &mut self.unknown), names)?,
            _ => NameId::NONE,
        };
        Some(TypeKey { host, kind: Kind::Auditd { record_type, syscall } })
    }
}

impl Lines for AuditLines {
    fn line(&mut self, line: &[u8], tally: &mut Tally) {
        let Some((head, body)) = Head::of(line) else {
            tally.damaged += u64::from(!head::is_decoration(line));
            return;
        };
        let Some(RecordId { moment, milliseconds, serial }) = head.id() else {
            tally.undated += 1;
            return;
        };
        let body = body_of(body);
        let Some(key) = self.key(&head, body, &mut tally.names) else {
            tally.count_unnamed();
            return;
        };
        tally.audit_events += u64::from(self.events.is_new((key.host, moment.key(), milliseconds, serial)));
        if let Some(mut counted) = tally.count(key, moment) {
            for part in [body.raw, body.enriched] {
                for (name, value) in Fields::of(part) {
                    counted.see(name, value::fill(name, value));
                }
            }
        }
    }
}

fn body_of(body: &[u8]) -> Body<'_> {
    let (raw, enriched) = body.split_at(memchr(ENRICHED, body).unwrap_or(body.len()));
    Body { raw, enriched: enriched.get(1..).unwrap_or_default() }
}

#[cfg(test)]
mod tests;
