//! Audit rules: what `auditctl -l` lists, and the files that are loaded at the start.

use std::cmp::Ordering;

use blindspot_telemetry::settings::{AuditRule, AuditRules, AuditState, RefusedLine, RulesOrigin};

use super::rule_line::{self, Line};

/// What loading rules files comes to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Loaded {
    list: Vec<AuditRule>,
    refused: Vec<RefusedLine>,
    pub(super) state: Option<AuditState>,
    pub(super) failure: Option<u32>,
    pub(super) backlog_limit: Option<u64>,
    pub(super) rate_limit: Option<u64>,
}

impl Loaded {
    pub(super) fn rules(self, origin: RulesOrigin) -> AuditRules {
        AuditRules { origin, list: self.list, refused: self.refused }
    }

    fn line(&mut self, text: &str) {
        match rule_line::read(text) {
            Ok(Line::Nothing) => {}
            Ok(Line::Append(rule)) => self.list.push(rule),
            Ok(Line::Prepend(rule)) => self.list.insert(0, rule),
            Ok(Line::Delete(rule)) => self.list.retain(|known| *known != rule),
            Ok(Line::DeleteAll) => self.list.clear(),
            Ok(Line::State(state)) => self.state = Some(state),
            Ok(Line::Failure(failure)) => self.failure = Some(failure),
            Ok(Line::BacklogLimit(limit)) => self.backlog_limit = Some(limit),
            Ok(Line::RateLimit(limit)) => self.rate_limit = Some(limit),
            Err(why) => self.refused.push(RefusedLine { line: text.trim().to_owned(), why }),
        }
    }
}

/// The file that is loaded at the start; `None` where there is none.
pub(super) fn file(texts: &[String]) -> Option<Loaded> {
    let mut loaded = Loaded::default();
    texts.iter().flat_map(|text| lines(text)).for_each(|line| loaded.line(&line));
    (!texts.is_empty()).then_some(loaded)
}

/// What augenrules(8) makes of the parts: it moves `-D` before all rules, whichever part holds it.
pub(super) fn merged(parts: &[String]) -> Loaded {
    let mut loaded = Loaded::default();
    let all = parts.iter().flat_map(|text| lines(text));
    all.filter(|line| rule_line::read(line) != Ok(Line::DeleteAll)).for_each(|line| loaded.line(&line));
    loaded
}

/// What `auditctl -l` printed; `None` where it printed neither rules nor that there are none.
pub(super) fn listed(text: &str) -> Option<AuditRules> {
    let mut loaded = Loaded::default();
    let mut said_none = false;
    for line in text.lines() {
        if line.trim() == "No rules" {
            said_none = true;
        } else {
            loaded.line(line);
        }
    }
    (said_none || !loaded.list.is_empty()).then(|| loaded.rules(RulesOrigin::Kernel))
}

/// Lines of a file; one that ends with a backslash goes on in the next.
fn lines(text: &str) -> Vec<String> {
    let mut lines = Vec::new();
    let mut open = String::new();
    for line in text.lines() {
        match line.trim_end().strip_suffix('\\') {
            Some(part) => {
                open.push_str(part);
                open.push(' ');
            }
            None => {
                open.push_str(line);
                lines.push(std::mem::take(&mut open));
            }
        }
    }
    lines.push(open);
    lines
}

/// Names in the order in which `ls -v` lists them and augenrules reads them: numbers in them by their value.
pub(super) fn natural(a: &str, b: &str) -> Ordering {
    let (mut left, mut right) = (a, b);
    loop {
        match (left.chars().next(), right.chars().next()) {
            (Some(x), Some(y)) if x.is_ascii_digit() && y.is_ascii_digit() => {
                let (number, rest) = leading_number(left);
                let (other, other_rest) = leading_number(right);
                match number.len().cmp(&other.len()).then_with(|| number.cmp(other)) {
                    Ordering::Equal => (left, right) = (rest, other_rest),
                    unequal => return unequal,
                }
            }
            (Some(x), Some(y)) if x == y => {
                left = left.strip_prefix(x).unwrap_or_default();
                right = right.strip_prefix(y).unwrap_or_default();
            }
            (x, y) => return x.cmp(&y).then_with(|| a.cmp(b)),
        }
    }
}

/// The digits that a text begins with, without leading zeros, and the rest.
fn leading_number(text: &str) -> (&str, &str) {
    let end = text.find(|letter: char| !letter.is_ascii_digit()).unwrap_or(text.len());
    let (digits, rest) = text.split_at_checked(end).unwrap_or((text, ""));
    (digits.trim_start_matches('0'), rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(loaded: &[AuditRule]) -> Vec<String> {
        loaded.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn a_file_is_loaded_line_by_line() {
        let text = "-w /gone -p r\n-D\n-b 8192\n-f 1\n-e 2\n-w /a -p w\n-A never,exit -S open\n-w /b \\\n -p x\n-W /a -p w\nnonsense\n";
        let loaded = file(&[text.to_owned()]).unwrap();
        assert_eq!(shown(&loaded.list), ["-a never,exit -S open", "-w /b -p x"]);
        assert_eq!((loaded.backlog_limit, loaded.failure), (Some(8192), Some(1)));
        assert_eq!(loaded.state, Some(AuditState::Locked));
        assert_eq!(loaded.refused.len(), 1);
        assert_eq!(file(&[]), None);
    }

    #[test]
    fn a_part_that_begins_with_d_does_not_take_the_others_rules() {
        let merged = merged(&["-w /a -p w\n".to_owned(), "-D\n-w /b -p w\n".to_owned()]);
        assert_eq!(shown(&merged.list), ["-w /a -p w", "-w /b -p w"]);
    }

    #[test]
    fn no_rules_is_not_no_answer() {
        assert_eq!(listed("No rules\n").unwrap().list, []);
        assert_eq!(listed("You must be root to run this program.\n"), None);
        assert_eq!(listed(""), None);
        let one = listed("-a never,task\n-w /etc/passwd -p wa -k id\n").unwrap();
        assert_eq!((one.list.len(), one.origin), (2, RulesOrigin::Kernel));
    }

    #[test]
    fn parts_are_read_in_the_order_of_their_numbers() {
        let mut names = ["99-end.rules", "100-x.rules", "9-a.rules", "audit.rules", "09-b.rules"];
        names.sort_by(|a, b| natural(a, b));
        assert_eq!(names, ["9-a.rules", "09-b.rules", "99-end.rules", "100-x.rules", "audit.rules"]);
    }
}
