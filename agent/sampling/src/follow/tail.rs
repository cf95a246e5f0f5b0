//! One step with an open file: reading on, noticing that it changed, leaving it.

use std::io;

use super::{
    Follower, Standing, State, Step,
    decide::{self, Progress, Waiting},
    files::{self, Trouble},
    finding::Finding,
    look::Look,
    names::Form,
    reading::{Account, Outcome, Reading, Sink},
    search::{self, Search},
    source::Source,
};

/// Graces between two looks through the siblings, each of which opens them all.
const SEARCH_GRACES: u32 = 12;

impl Follower {
    /// Reads on in the open file.
    pub(super) fn read(&mut self, reading: Box<Reading>, account: &mut Account, sink: Sink<'_>) -> Step {
        let open = match &reading.source {
            Source::Plain(file) => file,
            Source::Packed(_) => return self.read_packed(reading, account, sink),
        };
        match files::look(&self.path) {
            Ok(here) if here.id.is(&reading.id) => self.read_here(reading, &here, account, sink),
            here => match files::look_at(open) {
                Ok(open) => self.read_away(reading, (&open, here), account, sink),
                Err(trouble) => Step::Rest(State::Reading(reading), self.tell(trouble, account)),
            },
        }
    }

    /// The file has the log's name.
    fn read_here(
        &mut self,
        mut reading: Box<Reading>,
        here: &Look,
        account: &mut Account,
        sink: Sink<'_>,
    ) -> Step {
        reading.rotated = false;
        reading.other = None;
        match reading.read_up_to(here, account, sink) {
            Ok(Outcome::End) => {
                self.trouble = None;
                Step::Rest(State::Reading(reading), Standing::CaughtUp)
            }
            other => self.interrupted(reading, other, account),
        }
    }

    /// The file lost the log's name: it is read to its end, and left once nobody writes to it.
    fn read_away(
        &mut self,
        mut reading: Box<Reading>,
        (open, here): (&Look, Result<Look, Trouble>),
        account: &mut Account,
        sink: Sink<'_>,
    ) -> Step {
        let standing = match &here {
            Ok(here) => {
                if reading.other.is_none_or(|other| !other.is(&here.id)) {
                    reading.other = Some(here.id);
                    if self.is_same_again(&mut reading, open, account) {
                        return Step::Again(State::Reading(reading));
                    }
                }
                Standing::Draining
            }
            Err(trouble) => self.tell(*trouble, account),
        };
        match reading.read_up_to(open, account, sink) {
            Ok(Outcome::End) if here.is_ok() => self.trouble = None,
            Ok(Outcome::End) => (),
            other => return self.interrupted(reading, other, account),
        }
        let quiet = account.now.saturating_sub(reading.grew);
        let waiting = self.waiting(&mut reading, here.ok(), account);
        if !decide::may_leave(open, quiet, self.grace, waiting) {
            return Step::Rest(State::Reading(reading), standing);
        }
        self.leave(reading, account, sink)
    }

    /// The name leads to another file. It may hold what the open one holds; then reading goes on in it. Otherwise it is
    /// told what happened.
    fn is_same_again(&self, reading: &mut Reading, open: &Look, account: &mut Account) -> bool {
        let cursor = reading.cursor();
        let here = files::candidate(&self.path, Some(&cursor), Form::Plain);
        if here.is_ok_and(|here| decide::is_same_again(&cursor, open, &here))
            && let Ok((source, look)) = files::open(&self.path, Form::Plain)
        {
            reading.source = source;
            reading.id = look.id;
            account.findings.push(Finding::Remounted);
            return true;
        }
        if !reading.rotated {
            reading.rotated = true;
            account.findings.push(if open.links == 0 { Finding::Replaced } else { Finding::Rotated });
        }
        false
    }

    /// What stands in line. Where the log itself is empty or away, siblings are looked through now and then.
    fn waiting(&self, reading: &mut Reading, here: Option<Look>, account: &Account) -> Waiting {
        if here.is_some_and(|here| here.bytes > 0) {
            return Waiting::Lines;
        }
        let grace = self.grace;
        let first = reading.searched <= reading.grew;
        let pause = if first { grace } else { grace.saturating_mul(SEARCH_GRACES) };
        if account.now.saturating_sub(reading.grew.max(reading.searched)) >= pause {
            reading.searched = account.now;
            if search::sibling_waits(&self.path, &reading.cursor()) {
                return Waiting::Lines;
            }
        }
        if here.is_some() { Waiting::Empty } else { Waiting::Nothing }
    }

    fn read_packed(&mut self, mut reading: Box<Reading>, account: &mut Account, sink: Sink<'_>) -> Step {
        match reading.read(u64::MAX, account, sink) {
            Ok(Outcome::End) => (),
            other => return self.interrupted(reading, other, account),
        }
        if let Source::Packed(packed) = &reading.source
            && let Some(why) = packed.broken
        {
            account.findings.push(Finding::Unreadable { path: reading.path.clone(), why });
        }
        self.leave(reading, account, sink)
    }

    /// The file is done with: its last line is passed on as it is, and the next file is searched.
    fn leave(&mut self, mut reading: Box<Reading>, account: &mut Account, sink: Sink<'_>) -> Step {
        match reading.finish(account, sink) {
            Ok(()) => Step::Again(State::Seeking(Search::new(reading.cursor(), Progress::Finished))),
            Err(error) => self.interrupted(reading, Err(error), account),
        }
    }

    fn interrupted(
        &mut self,
        reading: Box<Reading>,
        how: io::Result<Outcome>,
        account: &mut Account,
    ) -> Step {
        match how {
            Ok(Outcome::End) => Step::Rest(State::Reading(reading), Standing::CaughtUp),
            Ok(Outcome::Budget) => Step::Rest(State::Reading(reading), Standing::Behind),
            Ok(Outcome::Changed) => {
                let mut search = Search::new(reading.cursor(), Progress::Unfinished);
                search.unread = reading.unread();
                Step::Again(State::Seeking(search))
            }
            Err(error) => {
                let trouble = Trouble::Failed(error.kind());
                Step::Rest(State::Reading(reading), self.tell(trouble, account))
            }
        }
    }
}
