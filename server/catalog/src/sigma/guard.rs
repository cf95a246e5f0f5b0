//! Refuses documents whose size or nesting is no rule's, before a parser spends memory or stack on them.

use serde::Deserialize as _;
use yaml_serde::Value;

/// The largest rule of the public sets has 295 kB.
const MAX_BYTES: usize = 1 << 20;
/// A parser may repeat an anchored node 100 times as often as the text has nodes; that bounds memory by the size.
const MAX_BYTES_WITH_ANCHORS: usize = 16 << 10;
/// Brackets and `not`s in one condition. Real conditions stay below 10; the grammar's parser recurses on each.
const MAX_CONDITION_DEPTH: usize = 48;

/// Open brackets or list dashes at one place of the text. Reading them takes time by their square; brackets inside
/// values count too, and real rules leave at most 69 open.
const MAX_OPEN: usize = 256;

/// Why the text is refused, if it is.
pub(super) fn refuse(yaml: &str) -> Option<String> {
    if yaml.len() > MAX_BYTES {
        return Some(format!(
            "the file has {} bytes and a rule file at most {MAX_BYTES}; split it",
            yaml.len()
        ));
    }
    if yaml.len() > MAX_BYTES_WITH_ANCHORS && has_anchor(yaml) {
        return Some(format!(
            "YAML anchors in a file of more than {MAX_BYTES_WITH_ANCHORS} bytes are not expanded; write the values out"
        ));
    }
    if opens_too_much(yaml) {
        return Some(format!("lists or maps nest deeper than {MAX_OPEN} levels; a rule needs four"));
    }
    // Only a text with this many brackets or negations can hold a condition that is too deep.
    let suspicious = yaml.bytes().filter(|byte| *byte == b'(').count() > MAX_CONDITION_DEPTH
        || yaml.matches("not").count() > MAX_CONDITION_DEPTH;
    if suspicious && documents(yaml).iter().any(|document| holds_deep_condition(document, 0)) {
        return Some(format!("a condition nests deeper than {MAX_CONDITION_DEPTH} levels; simplify it"));
    }
    None
}

fn documents(yaml: &str) -> Vec<Value> {
    // The first error ends the stream: what follows would never be parsed either.
    yaml_serde::Deserializer::from_str(yaml).map_while(|document| Value::deserialize(document).ok()).collect()
}

fn opens_too_much(yaml: &str) -> bool {
    let (mut open, mut dashes) = (0_usize, 0_usize);
    for byte in yaml.bytes() {
        match byte {
            b'[' | b'{' => open += 1,
            b']' | b'}' => open = open.saturating_sub(1),
            b'-' | b'?' => dashes += 1,
            b' ' | b'\t' => {}
            _ => dashes = 0,
        }
        if open > MAX_OPEN || dashes > MAX_OPEN {
            return true;
        }
    }
    false
}

/// `&name` where a YAML node may begin.
fn has_anchor(yaml: &str) -> bool {
    let mut before = b'\n';
    let mut bytes = yaml.bytes().peekable();
    while let Some(byte) = bytes.next() {
        let starts_node = before.is_ascii_whitespace() || matches!(before, b'[' | b'{' | b',');
        if byte == b'&'
            && starts_node
            && bytes.peek().is_some_and(|next| next.is_ascii_alphanumeric() || *next == b'_')
        {
            return true;
        }
        before = byte;
    }
    false
}

fn holds_deep_condition(value: &Value, depth: usize) -> bool {
    if depth > 16 {
        return false;
    }
    match value {
        Value::Mapping(mapping) => mapping.iter().any(|(key, value)| {
            let is_condition = key.as_str() == Some("condition");
            (is_condition && texts(value).any(is_deep)) || holds_deep_condition(value, depth + 1)
        }),
        Value::Sequence(items) => items.iter().any(|item| holds_deep_condition(item, depth + 1)),
        _ => false,
    }
}

fn texts(value: &Value) -> impl Iterator<Item = &str> {
    let items = value.as_sequence().map(Vec::as_slice).unwrap_or_default();
    value.as_str().into_iter().chain(items.iter().filter_map(Value::as_str))
}

fn is_deep(condition: &str) -> bool {
    let (mut depth, mut deepest) = (0_usize, 0_usize);
    for byte in condition.bytes() {
        match byte {
            b'(' => depth += 1,
            b')' => depth = depth.saturating_sub(1),
            _ => {}
        }
        deepest = deepest.max(depth);
    }
    let mut run = 0_usize;
    for word in condition.split_ascii_whitespace() {
        run = if word.eq_ignore_ascii_case("not") || word.starts_with('(') { run + 1 } else { 0 };
        deepest = deepest.max(run);
    }
    deepest > MAX_CONDITION_DEPTH
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ordinary_rules_pass() {
        assert_eq!(refuse("title: a\ndetection:\n  s:\n    A: '(((((('\n  condition: (s) and not s\n"), None);
        let long = format!("title: a\nx:\n{}", "  - '(&amp; not'\n".repeat(2000));
        assert_eq!(refuse(&long), None);
    }

    #[test]
    fn what_is_too_large_or_too_deep_is_refused_with_the_next_step() {
        assert!(refuse(&"x".repeat(MAX_BYTES + 1)).unwrap().contains("split it"));
        assert!(refuse(&"{a: ".repeat(10_000)).unwrap().contains("nest deeper"));
        assert!(refuse(&"- ".repeat(10_000)).unwrap().contains("nest deeper"));
        let anchored = format!("a: &a [x]\n{}", "b: *a\n".repeat(4000));
        assert!(refuse(&anchored).unwrap().contains("write the values out"));
        let deep = format!("detection:\n  condition: {}s{}\n", "(".repeat(5000), ")".repeat(5000));
        assert!(refuse(&deep).unwrap().contains("simplify"));
        let nots = format!("detection:\n  condition: {} s\n", "not ".repeat(5000));
        assert!(refuse(&nots).unwrap().contains("simplify"));
    }
}
