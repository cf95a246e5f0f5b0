//! What one journal entry says, however it is written, and how it is counted.
//!
//! The event type is the program that `journalctl` prints: `SYSLOG_IDENTIFIER`, without it `_COMM`. Where an entry has
//! neither, it is `kernel` for what came from the kernel's log, and `-` as in syslog for anything else. Fields are
//! those of systemd.journal-fields(7).

use super::notice;
use crate::{
    fill::Fill,
    sysmon_linux,
    text::{
        moment::Moment,
        names::{NameId, Names},
        tally::{FieldsOf, Kind, Tally, TypeKey},
    },
};

/// The program of an entry that names none.
const NO_PROGRAM: &[u8] = b"-";
/// The same for one from the kernel's log.
const KERNEL: &[u8] = b"kernel";
/// How Sysmon for Linux calls itself.
const SYSMON: &[u8] = b"sysmon";
/// Times that systemd accepts end here, in microseconds since 1970 (`VALID_REALTIME` in its `time-util.h`).
const REALTIME_END: u64 = 1 << 55;

/// A field that matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Field {
    /// A name: of the program or of the host.
    Name(Naming),
    /// How the entry came.
    Transport,
    /// Which message of a catalogue it is.
    MessageId,
    /// How many messages journald dropped.
    Dropped,
    /// A field whose value does not matter, only whether there is one.
    Plain(Plain),
}

/// What a name is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Naming {
    Identifier,
    Command,
    Host,
}

/// A field that is counted by its fill.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Plain {
    Unit,
    Transport,
    Severity,
    Facility,
    Pid,
    Executable,
    CommandLine,
    User,
    Message,
}

/// The names of [`Plain`] fields in an inventory, in its order. What syslog lines have too is called as there.
const PLAIN_NAMES: [&str; 9] =
    ["unit", "transport", "severity", "facility", "pid", "_EXE", "_CMDLINE", "_UID", "MESSAGE"];

impl Field {
    /// The field of this name; `None` for one that does not matter.
    pub(super) fn of(name: &[u8]) -> Option<Self> {
        Some(match name {
            b"SYSLOG_IDENTIFIER" => Self::Name(Naming::Identifier),
            b"_COMM" => Self::Name(Naming::Command),
            b"_HOSTNAME" => Self::Name(Naming::Host),
            b"_TRANSPORT" => Self::Transport,
            b"MESSAGE_ID" => Self::MessageId,
            b"N_DROPPED" => Self::Dropped,
            b"_SYSTEMD_UNIT" => Self::Plain(Plain::Unit),
            b"PRIORITY" => Self::Plain(Plain::Severity),
            b"SYSLOG_FACILITY" => Self::Plain(Plain::Facility),
            b"SYSLOG_PID" | b"_PID" => Self::Plain(Plain::Pid),
            b"_EXE" => Self::Plain(Plain::Executable),
            b"_CMDLINE" => Self::Plain(Plain::CommandLine),
            b"_UID" => Self::Plain(Plain::User),
            b"MESSAGE" => Self::Plain(Plain::Message),
            _ => return None,
        })
    }

    /// What the field says with this value, or with the beginning of a longer one.
    pub(super) fn meaning(self, value: &[u8], names: &mut Names) -> Meaning {
        match self {
            Self::Name(_) if value.is_empty() => Meaning::Ignored,
            Self::Name(naming) => match names.id(value) {
                Some(id) => Meaning::Name(naming, id),
                None => Meaning::Overlong(naming),
            },
            // What journald says itself; no other program can claim this.
            Self::Transport if value == b"driver" => Meaning::Driver,
            Self::Transport if value == b"kernel" => Meaning::Kernel,
            Self::Transport => Meaning::Plain(Plain::Transport, fill(value)),
            Self::MessageId if notice::is_notice(value) => Meaning::Notice,
            Self::MessageId => Meaning::Ignored,
            Self::Dropped => notice::first_number(value).map_or(Meaning::Ignored, Meaning::Dropped),
            Self::Plain(plain) => Meaning::Plain(plain, fill(value)),
        }
    }

    /// What the field says with a value that was left out because it is large.
    pub(super) fn meaning_of_large(self) -> Meaning {
        match self {
            Self::Name(naming) => Meaning::Overlong(naming),
            Self::Transport => Meaning::Plain(Plain::Transport, Fill::Filled),
            Self::MessageId | Self::Dropped => Meaning::Ignored,
            Self::Plain(plain) => Meaning::Plain(plain, Fill::Filled),
        }
    }
}

fn fill(value: &[u8]) -> Fill {
    match value {
        b"" => Fill::Empty,
        b"-" => Fill::Placeholder,
        _ => Fill::Filled,
    }
}

/// What one field with its value says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Meaning {
    /// Nothing that matters.
    Ignored,
    /// It cannot be read.
    Unreadable,
    /// A name.
    Name(Naming, NameId),
    /// A name that is too long to be one, or one name too many.
    Overlong(Naming),
    /// The entry is journald's own.
    Driver,
    /// The entry is from the kernel's log.
    Kernel,
    /// The entry is a notice of lost messages.
    Notice,
    /// How many were lost.
    Dropped(u32),
    /// A field by its fill.
    Plain(Plain, Fill),
}

/// A name that an entry gives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Named {
    As(NameId),
    Overlong,
}

impl Named {
    fn id(self) -> Option<NameId> {
        match self {
            Self::As(id) => Some(id),
            Self::Overlong => None,
        }
    }
}

/// What one entry says. Of a field that comes several times the first name and the best fill count.
#[derive(Debug, Clone, Default)]
pub(super) struct Entry {
    identifier: Option<Named>,
    command: Option<Named>,
    host: Option<Named>,
    driver: bool,
    kernel: bool,
    notice: bool,
    dropped: Option<u32>,
    plain: [Option<Fill>; PLAIN_NAMES.len()],
    /// Some of its fields could not be read.
    torn: bool,
}

impl Entry {
    /// Takes one field.
    #[inline]
    pub(super) fn see(&mut self, meaning: Meaning) {
        match meaning {
            Meaning::Ignored => (),
            Meaning::Plain(plain, fill) => self.fill(plain, fill),
            Meaning::Name(naming, id) => self.name(naming, Named::As(id)),
            Meaning::Overlong(naming) => self.name(naming, Named::Overlong),
            Meaning::Driver => {
                self.driver = true;
                self.fill(Plain::Transport, Fill::Filled);
            }
            Meaning::Kernel => {
                self.kernel = true;
                self.fill(Plain::Transport, Fill::Filled);
            }
            Meaning::Notice => self.notice = true,
            Meaning::Dropped(count) => self.dropped = Some(count),
            Meaning::Unreadable => self.torn = true,
        }
    }

    fn count_fields(&self, mut fields: FieldsOf<'_>) {
        for (name, fill) in PLAIN_NAMES.iter().zip(self.plain) {
            if let Some(fill) = fill {
                fields.see(name.as_bytes(), fill);
            }
        }
    }

    fn fill(&mut self, plain: Plain, fill: Fill) {
        if let Some(seen) = self.plain.get_mut(plain as usize) {
            *seen = (*seen).max(Some(fill));
        }
    }

    fn name(&mut self, naming: Naming, name: Named) {
        let known = match naming {
            Naming::Identifier => &mut self.identifier,
            Naming::Command => &mut self.command,
            Naming::Host => &mut self.host,
        };
        known.get_or_insert(name);
    }
}

/// Counts entries.
#[derive(Debug)]
pub(super) struct Entries {
    no_program: NameId,
    kernel: NameId,
    sysmon: NameId,
}

impl Entries {
    pub(super) fn new(names: &mut Names) -> Self {
        let mut id = |name| names.id(name).unwrap_or(NameId::NONE);
        Self { no_program: id(NO_PROGRAM), kernel: id(KERNEL), sysmon: id(SYSMON) }
    }

    /// True where the message itself is needed to count the entry.
    pub(super) fn needs_message(&self, entry: &Entry) -> bool {
        entry.identifier == Some(Named::As(self.sysmon))
            || (entry.driver && entry.notice && entry.dropped.is_none())
    }

    /// Counts one entry of this time, in microseconds since 1970. The message may be left out where it is not needed.
    pub(super) fn count(
        &self,
        entry: &Entry,
        realtime: Option<u64>,
        message: Option<&[u8]>,
        tally: &mut Tally,
    ) {
        // Whose entry it is stood in what cannot be read: no event type is made up.
        if entry.torn && entry.identifier.is_none() {
            tally.damaged += 1;
            return;
        }
        let Some(moment) = realtime.and_then(moment) else {
            tally.undated += 1;
            return;
        };
        if entry.driver && entry.notice {
            let told = entry.dropped.or_else(|| notice::first_number(message?));
            tally.suppressed += told.map_or(0, u64::from);
        }
        let (Some(program), Some(host)) = (self.program(entry), host(entry)) else {
            tally.count_unnamed();
            return;
        };
        let sysmon = message.filter(|_| program == self.sysmon).and_then(sysmon_linux::event);
        let Some(event) = sysmon else {
            let key = TypeKey { host, kind: Kind::Syslog { program } };
            if let Some(fields) = tally.count(key, moment) {
                entry.count_fields(fields);
                tally.fields_uncounted += u64::from(entry.torn);
            }
            return;
        };
        let key = TypeKey { host, kind: Kind::SysmonLinux { event_id: event.id } };
        if let Some(mut fields) = tally.count(key, moment) {
            event.fields().for_each(|(name, fill)| fields.see(name, fill));
        }
    }

    /// The name of the program that wrote it; `None` where that is none.
    fn program(&self, entry: &Entry) -> Option<NameId> {
        match entry.identifier.or(entry.command) {
            Some(name) => name.id(),
            None if entry.kernel => Some(self.kernel),
            None => Some(self.no_program),
        }
    }
}

fn host(entry: &Entry) -> Option<NameId> {
    entry.host.map_or(Some(NameId::NONE), Named::id)
}

fn moment(realtime: u64) -> Option<Moment> {
    let valid = (1..REALTIME_END).contains(&realtime);
    Moment::utc(i64::try_from(realtime / 1_000_000).ok().filter(|_| valid)?)
}
