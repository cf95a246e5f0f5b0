//! Lines for a Sysmon configuration that let the events through which a rule looks for.
//!
//! Lines of an include block are alternatives. So each way to fire needs one of its tests as a line: of tests that
//! must all hold, the most specific one; of alternatives, each.

use std::sync::Arc;

use super::{
    constraint,
    expr::{Expr, Link, Op, Piece, Test, Value},
    logsource::{Logsources, Mapping},
    rule::SigmaRule,
};

/// More lines than this are no help to anybody.
const MAX_LINES: usize = 48;
/// A shorter text lets nearly everything through.
const MIN_LENGTH: usize = 3;

/// A longer text is not more telling.
const MAX_STRENGTH: usize = 24;

/// Fields that Sysmon can filter on, and by how much a test of the event's own object is better than one of, say, the
/// process that caused it.
const FIELDS: [(&str, usize); 40] = [
    ("TargetObject", 12),
    ("TargetFilename", 12),
    ("PipeName", 12),
    ("ImageLoaded", 12),
    ("QueryName", 12),
    ("Hashes", 12),
    ("Hash", 12),
    ("StartFunction", 8),
    ("StartModule", 8),
    ("DestinationHostname", 8),
    ("OriginalFileName", 6),
    ("CommandLine", 4),
    ("CallTrace", 4),
    ("Contents", 4),
    ("GrantedAccess", 0),
    ("StartAddress", 0),
    ("DestinationIp", 0),
    ("DestinationPort", 0),
    ("SourceImage", 0),
    ("TargetImage", 0),
    ("Image", 0),
    ("ParentCommandLine", 0),
    ("ParentImage", 0),
    ("Details", 0),
    ("NewName", 0),
    ("Signature", 0),
    ("SignatureStatus", 0),
    ("Product", 0),
    ("Description", 0),
    ("Company", 0),
    ("Device", 0),
    ("Destination", 0),
    ("Query", 0),
    ("Name", 0),
    ("Consumer", 0),
    ("Filter", 0),
    ("CurrentDirectory", 0),
    ("User", 0),
    ("SourceIp", 0),
    ("QueryResults", 0),
];

/// The lines; empty where the rule has no Sysmon alternative, or no test that Sysmon knows.
#[must_use]
pub fn sysmon_lines(rule: &SigmaRule, logsources: &Logsources) -> Vec<Arc<str>> {
    let Mapping::Mapped(rows) = logsources.lookup(&rule.logsource) else { return Vec::new() };
    let mut lines: Vec<Arc<str>> = Vec::new();
    let mut tags: Vec<&str> = Vec::new();
    for row in &rows {
        let Some(tag) = row.sysmon_tag.as_deref() else { continue };
        if tags.contains(&tag) {
            continue;
        }
        tags.push(tag);
        let fields: Vec<&str> = rows
            .iter()
            .filter(|other| other.sysmon_tag.as_deref() == Some(tag))
            .flat_map(|other| other.fields.names.iter().map(|(name, _)| name.as_str()))
            .collect();
        if let Some(cover) = cover(&rule.condition, &fields) {
            lines.extend(cover.lines.iter().map(|line| Arc::from(line.xml(tag))));
        }
    }
    lines.dedup();
    lines
}

/// Lines that together let through whatever an expression matches.
struct Cover {
    /// How little the weakest line lets through: its length, and a grace for the object of the event.
    strength: usize,
    lines: Vec<Line>,
}

/// One condition of an include block.
#[derive(PartialEq, Eq)]
struct Line {
    field: String,
    condition: &'static str,
    text: String,
    /// Length of the shortest text that satisfies it.
    shortest: usize,
}

impl Line {
    fn xml(&self, tag: &str) -> String {
        format!(
            "<{tag} onmatch=\"include\"><{field} condition=\"{condition}\">{text}</{field}></{tag}>",
            field = self.field,
            condition = self.condition,
            text = escaped(&self.text)
        )
    }
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

fn cover(expr: &Expr, fields: &[&str]) -> Option<Cover> {
    match expr {
        Expr::All(children) => children
            .iter()
            .filter_map(|child| cover(child, fields))
            .max_by_key(|cover| (cover.strength, usize::MAX - cover.lines.len())),
        Expr::Any(children) => {
            let mut whole = Cover { strength: usize::MAX, lines: Vec::new() };
            for child in children {
                let part = cover(child, fields)?;
                whole.strength = whole.strength.min(part.strength);
                for line in part.lines {
                    if !whole.lines.contains(&line) {
                        whole.lines.push(line);
                    }
                }
                if whole.lines.len() > MAX_LINES {
                    return None;
                }
            }
            (!whole.lines.is_empty()).then_some(whole)
        }
        Expr::Named(_, inner) => cover(inner, fields),
        Expr::Test(test) => cover_test(test, fields),
        Expr::Not(_) | Expr::Keywords(_) => None,
    }
}

fn cover_test(test: &Test, fields: &[&str]) -> Option<Cover> {
    let name = test.field.as_str();
    if constraint::is_system_field(name) || !fields.contains(&name) {
        return None;
    }
    let (_, grace) = FIELDS.iter().find(|(field, _)| *field == name)?;
    let shapes: Vec<Shape> = match test.link {
        Link::Any => test.values.iter().map(|value| shape(test.op, value)).collect::<Option<_>>()?,
        // All are needed: one that Sysmon knows is enough to let the event through.
        Link::All => vec![merged(test.values.iter().filter_map(|value| shape(test.op, value)))?],
    };
    let lines = lines(name, shapes);
    if lines.is_empty() || lines.len() > MAX_LINES {
        return None;
    }
    let weakest = lines.iter().map(|line| line.shortest).min().unwrap_or_default();
    Some(Cover { strength: weakest.min(MAX_STRENGTH) + grace, lines })
}

/// What Sysmon can compare with.
enum Shape {
    Is(String),
    BeginsWith(String),
    EndsWith(String),
    Contains(String),
    ContainsAll(Vec<String>),
}

/// The texts of conditions that must all hold, as one `contains all`.
fn merged(shapes: impl Iterator<Item = Shape>) -> Option<Shape> {
    let mut texts: Vec<String> = Vec::new();
    for shape in shapes {
        match shape {
            Shape::Contains(text) => texts.push(text),
            Shape::ContainsAll(all) => texts.extend(all),
            exact => return Some(exact),
        }
    }
    together(texts)
}

fn together(mut texts: Vec<String>) -> Option<Shape> {
    // `;` separates the values of `contains all`.
    texts.retain(|text| !text.contains(';'));
    match texts.len() {
        0 => None,
        1 => texts.pop().map(Shape::Contains),
        _ => Some(Shape::ContainsAll(texts)),
    }
}

/// A value as Sysmon can look for it: never narrower than the rule's own test.
fn shape(op: Op, value: &Value) -> Option<Shape> {
    let pieces = match value {
        Value::Integer(number) => return (op == Op::Equals).then(|| Shape::Is(number.to_string())),
        Value::Bool(value) => return (op == Op::Equals).then(|| Shape::Is(value.to_string())),
        Value::Text(pieces) => pieces,
        Value::Float(_) | Value::Null => return None,
    };
    let plain: Vec<&str> = pieces
        .iter()
        .filter_map(|piece| match piece {
            Piece::Plain(text) => Some(&**text),
            _ => None,
        })
        .filter(|text| text.chars().count() >= MIN_LENGTH || op == Op::Equals && pieces.len() == 1)
        .collect();
    let starts = matches!(pieces.first(), Some(Piece::Plain(_))) && matches!(op, Op::Equals | Op::StartsWith);
    let ends = matches!(pieces.last(), Some(Piece::Plain(_))) && matches!(op, Op::Equals | Op::EndsWith);
    if !matches!(op, Op::Equals | Op::Contains | Op::StartsWith | Op::EndsWith) {
        return None;
    }
    match plain.as_slice() {
        [] => None,
        [only] if !is_writable(only) => None,
        [only] => Some(match (starts, ends, pieces.len()) {
            (true, true, 1) => Shape::Is((*only).to_owned()),
            (true, _, _) if is_first(pieces, only) => Shape::BeginsWith((*only).to_owned()),
            (_, true, _) if is_last(pieces, only) => Shape::EndsWith((*only).to_owned()),
            _ => Shape::Contains((*only).to_owned()),
        }),
        several => {
            together(several.iter().filter(|text| is_writable(text)).map(|text| (*text).to_owned()).collect())
        }
    }
}

fn is_first(pieces: &[Piece], text: &str) -> bool {
    matches!(pieces.first(), Some(Piece::Plain(first)) if **first == *text)
}

fn is_last(pieces: &[Piece], text: &str) -> bool {
    matches!(pieces.last(), Some(Piece::Plain(last)) if **last == *text)
}

/// Sysmon trims values, and XML cannot hold control characters.
fn is_writable(text: &str) -> bool {
    text.trim() == text && !text.chars().any(char::is_control)
}

/// One line for each value, or one for all where Sysmon has a condition for lists.
fn lines(field: &str, shapes: Vec<Shape>) -> Vec<Line> {
    let line = |condition, text: String| {
        let shortest = match condition {
            "is any" | "contains any" => text.split(';').map(str::len).min().unwrap_or_default(),
            _ => text.len(),
        };
        Line { field: field.to_owned(), condition, text, shortest }
    };
    let (mut same, mut parts, mut lines) = (Vec::new(), Vec::new(), Vec::new());
    for shape in shapes {
        match shape {
            Shape::Is(text) if !text.contains(';') => same.push(text),
            Shape::Is(text) => lines.push(line("is", text)),
            Shape::Contains(text) if !text.contains(';') => parts.push(text),
            Shape::Contains(text) => lines.push(line("contains", text)),
            Shape::BeginsWith(text) => lines.push(line("begin with", text)),
            Shape::EndsWith(text) => lines.push(line("end with", text)),
            Shape::ContainsAll(texts) => lines.push(line("contains all", texts.join(";"))),
        }
    }
    for (texts, one, several) in [(same, "is", "is any"), (parts, "contains", "contains any")] {
        match texts.len() {
            0 => {}
            1 => lines.push(line(one, texts.concat())),
            _ => lines.push(line(several, texts.join(";"))),
        }
    }
    lines
}

#[cfg(test)]
mod tests;
