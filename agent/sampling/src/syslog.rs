//! Syslog lines to event types.
//!
//! What is read, each line by itself, because a log can change its form half way:
//! - RFC 3164 (`Mar  1 10:15:00 host sshd[812]: ..`), with or without priority, year, fraction and zone; the words that
//!   busybox, `FreeBSD`, AIX, macOS and ChromeOS put before or behind the name;
//! - times of ISO 8601 in place of its own (rsyslog's `FileFormat` and `ForwardFormat`);
//! - RFC 5424, with or without priority (`SyslogProtocol23Format`);
//! - what network devices send ([`device`]).
//!
//! A program is a name with `: ` or with brackets behind it. Free text names none: its lines are those of the program
//! `-`, and so are lines of a name that none can have (more than 128 bytes, no letter, control characters). A line
//! without a header continues the event before it if it is text, and is damage otherwise. A line whose date no calendar
//! has, or that has a priority and no date, is undated.
//!
//! A line that says how often a message was repeated stands for so many events: of its own program where it has one
//! (rsyslog), else of the event before it on that host (sysklogd, busybox, macOS).

mod clock;
mod dates;
mod device;
mod facts;
mod header;
mod repeats;
mod rfc5424;
mod tag;
#[cfg(test)]
mod tests;
mod years;

use rustc_hash::FxHashMap;

use self::{
    dates::{Dates, When},
    facts::Facts,
    header::{Line, NO_PROGRAM},
    repeats::Repeats,
};
use crate::{
    sysmon_linux::{self, SysmonEvent},
    text::{
        Lines, TextOptions,
        moment::Moment,
        names::NameId,
        tally::{Kind, Tally, TypeKey},
    },
};

/// Reads syslog lines.
#[derive(Debug)]
pub(crate) struct SyslogLines {
    dates: Dates,
    /// The last event.
    last: Option<Event>,
    /// The last event of each other host.
    others: FxHashMap<NameId, Event>,
    /// True behind the first header.
    began: bool,
}

/// What a line says that it repeats.
#[derive(Debug, Clone, Copy)]
struct Event {
    key: TypeKey,
    facts: Facts,
}

impl SyslogLines {
    pub(crate) fn new(options: &TextOptions) -> Self {
        Self {
            dates: Dates::new(options.written, &options.zone),
            last: None,
            others: FxHashMap::default(),
            began: false,
        }
    }

    /// As [`Scanner::set_written`](crate::text::Scanner::set_written).
    pub(crate) fn set_written(&mut self, options: &TextOptions) {
        self.dates.set_written(options.written, &options.zone);
    }

    /// What was read so far tells dates to come, but not which year it was.
    pub(crate) fn reopen_years(&mut self) {
        self.dates.reopen_years();
    }

    /// As [`Scanner::awaits_years`](crate::text::Scanner::awaits_years).
    pub(crate) fn awaits_years(&self) -> bool {
        self.dates.awaits_years()
    }

    fn count(&mut self, line: &Line<'_>, tally: &mut Tally) {
        let Some(host) = tally.names.id(line.host) else { return tally.count_unnamed() };
        if *line.program == *b"sysmon"
            && let Some(event) = sysmon_linux::event(line.text)
        {
            return self.count_sysmon(line.when, host, &event, tally);
        }
        let When::At(moment) = line.when else {
            tally.undated += 1;
            return;
        };
        let repeats = repeats::of(line.text);
        if let Some(Repeats::Previous(times)) = repeats
            && let Some(event) = self.previous(host)
        {
            return self.count_event(times, event, moment, tally);
        }
        let Some(program) = tally.names.id(&line.program) else { return tally.count_unnamed() };
        let times = match repeats {
            Some(Repeats::Own(times)) if *line.program != *NO_PROGRAM => times,
            _ => 1,
        };
        let key = TypeKey { host, kind: Kind::Syslog { program } };
        self.count_event(times, Event { key, facts: line.facts }, moment, tally);
    }

    fn count_event(&mut self, times: u64, event: Event, moment: Moment, tally: &mut Tally) {
        self.remember(event);
        if let Some(fields) = tally.count_many(times, event.key, moment) {
            event.facts.count(fields);
        }
    }

    /// An event of Sysmon tells its own time.
    fn count_sysmon(&mut self, line: When, host: NameId, event: &SysmonEvent<'_>, tally: &mut Tally) {
        let own = event.time.and_then(|time| self.dates.iso(time)).map(|stamp| stamp.when);
        let ((Some(When::At(moment)), _) | (_, When::At(moment))) = (own, line) else {
            tally.undated += 1;
            return;
        };
        let key = TypeKey { host, kind: Kind::SysmonLinux { event_id: event.id } };
        self.remember(Event { key, facts: Facts::default() });
        if let Some(mut fields) = tally.count(key, moment) {
            event.fields().for_each(|(name, fill)| fields.see(name, fill));
        }
    }

    fn remember(&mut self, event: Event) {
        if let Some(last) = self.last.replace(event)
            && last.key.host != event.key.host
        {
            self.others.insert(last.key.host, last);
        }
    }

    /// The event before, of a host; of any, where the line names none.
    fn previous(&self, host: NameId) -> Option<Event> {
        let last = self.last.filter(|last| host == NameId::NONE || last.key.host == host);
        last.or_else(|| self.others.get(&host).copied())
    }
}

impl Lines for SyslogLines {
    fn line(&mut self, line: &[u8], tally: &mut Tally) {
        match header::read(line, &mut self.dates) {
            Some(line) => {
                self.began = true;
                self.count(&line, tally);
            }
            None if self.began && is_text(line) => tally.continued += 1,
            None => tally.damaged += 1,
        }
    }

    fn finish(&mut self, tally: &mut Tally) {
        tally.years = self.dates.settle();
    }
}

/// True for what people could read: it has none of the control characters that no text has.
fn is_text(line: &[u8]) -> bool {
    !line.iter().any(|byte| matches!(byte, 0..=8 | 14..=26 | 28..=31))
}
