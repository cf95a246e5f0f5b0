//! What the agent noticed and the collector has not heard yet.

use std::collections::VecDeque;

use blindspot_telemetry::wire::report::{Finding, MAX_FINDINGS, MAX_NAME_BYTES, MAX_TEXT_BYTES};
use jiff::Timestamp;

/// The most findings that wait. More than that are not kept: the first ones say what began.
const MAX_WAITING: usize = MAX_FINDINGS;

/// Findings in the order in which they were noticed. They leave it from the front, once a report with them is stored.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Findings(VecDeque<Finding>);

impl Findings {
    /// Waits to be told. What already waits is not noted twice.
    pub(super) fn note(&mut self, code: &str, log: Option<&str>, text: &str, at: Timestamp) -> bool {
        let finding = Finding {
            code: shortened(code, MAX_NAME_BYTES).to_owned(),
            log: log.map(|log| shortened(log, MAX_TEXT_BYTES).to_owned()),
            text: shortened(text, MAX_TEXT_BYTES).to_owned(),
            at,
        };
        let same = |other: &Finding| {
            (&other.code, &other.log, &other.text) == (&finding.code, &finding.log, &finding.text)
        };
        let new = self.0.len() < MAX_WAITING && !self.0.iter().any(same);
        if new {
            self.0.push_back(finding);
        }
        new
    }

    /// All that wait.
    pub(super) fn waiting(&self) -> Vec<Finding> {
        self.0.iter().cloned().collect()
    }

    /// The first ones were told.
    pub(super) fn told(&mut self, count: usize) {
        self.0.drain(..count.min(self.0.len()));
    }
}

impl From<Vec<Finding>> for Findings {
    fn from(findings: Vec<Finding>) -> Self {
        Self(findings.into())
    }
}

/// The text's beginning, in whole characters.
pub(super) fn shortened(text: &str, bytes: usize) -> &str {
    let end = (0..=bytes.min(text.len())).rev().find(|end| text.is_char_boundary(*end));
    end.and_then(|end| text.get(..end)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_finding_waits_once_and_the_first_are_kept() {
        let mut findings = Findings::default();
        let at = Timestamp::UNIX_EPOCH;
        assert!(findings.note("truncated", Some("/a"), "lost", at));
        assert!(!findings.note("truncated", Some("/a"), "lost", at));
        assert!(findings.note("truncated", Some("/b"), "lost", at));
        for number in 0..MAX_WAITING {
            findings.note("other", None, &number.to_string(), at);
        }
        assert_eq!(findings.waiting().len(), MAX_WAITING);
        findings.told(1);
        assert_eq!(findings.waiting()[0].log.as_deref(), Some("/b"));
    }

    #[test]
    fn a_text_is_cut_between_characters() {
        assert_eq!(shortened("aä", 2), "a");
        assert_eq!(shortened("aä", 3), "aä");
    }
}
