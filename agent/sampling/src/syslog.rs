//! Syslog lines to event types.

use crate::text::{Lines, TextOptions, tally::Tally};

/// Reads syslog lines.
#[derive(Debug)]
pub(crate) struct SyslogLines {}

impl SyslogLines {
    pub(crate) fn new(_options: &TextOptions) -> Self {
        Self {}
    }
}

impl Lines for SyslogLines {
    fn line(&mut self, _line: &[u8], tally: &mut Tally) {
        tally.damaged += 1;
    }
}
