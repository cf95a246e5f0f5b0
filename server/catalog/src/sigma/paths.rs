//! Which paths a rule looks for, kept for rules that the audit log can carry: which paths are recorded is a setting.
//!
//! What is kept is always a necessary condition: it may be weaker than the rule, never stronger.

use std::sync::Arc;

use blindspot_telemetry::{EventTypePattern, FieldName};

use super::{
    expr::{Link, Op, Piece, Test, Value},
    rule::Meta,
};
use crate::{
    LeafEvent,
    requirement::{Access, PathOf, PathShape, PathTest, PathText},
};

/// Of more tests than this the rest are left open: alternatives would multiply them without end.
const MAX_TESTS: usize = 8;

/// Tests of paths that must all hold, by the field as the rule spells it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Paths(Vec<(FieldName, Vec<PathText>)>);

impl Paths {
    /// What a test says of a path; nothing where it is about something else, or cannot be put so.
    pub(super) fn of(test: &Test) -> Self {
        if !matches!(test.field.as_str(), "name" | "exe" | "Image" | "TargetFilename") {
            return Self::default();
        }
        let texts = test.values.iter().map(|value| text(test.op, value));
        let field = || test.field.clone();
        match test.link {
            Link::Any => match texts.collect::<Option<Vec<_>>>() {
                Some(any_of) if !any_of.is_empty() => Self(vec![(field(), any_of)]),
                _ => Self::default(),
            },
            Link::All => Self(texts.flatten().map(|text| (field(), vec![text])).take(MAX_TESTS).collect()),
        }
    }

    /// Both at once.
    pub(super) fn and(&self, other: &Self) -> Self {
        let mut both = self.clone();
        both.0.extend(other.0.iter().filter(|test| !self.0.contains(test)).cloned());
        both.0.truncate(MAX_TESTS);
        both
    }

    /// Either: of each field on both sides, the texts of both. A side that asks nothing of it leaves it open.
    pub(super) fn or(&self, other: &Self) -> Self {
        if self == other {
            return self.clone();
        }
        let pairs = self.0.iter().flat_map(|one| other.0.iter().map(move |another| (one, another)));
        let same = pairs.filter(|((field, _), (other, _))| field == other);
        let joined = same.map(|((field, texts), (_, more))| {
            let mut all: Vec<PathText> = texts.iter().chain(more).cloned().collect();
            all.sort_unstable();
            all.dedup();
            (field.clone(), all)
        });
        Self(joined.take(MAX_TESTS).collect())
    }

    /// Those that say something of an event: other records of it carry the other fields.
    pub(super) fn on(&self, event: &LeafEvent, access: Access) -> Arc<[PathTest]> {
        let LeafEvent::Type(EventTypePattern::Auditd { record_type, syscall }) = event else {
            return Arc::default();
        };
        let starts = syscall.as_ref().is_some_and(|call| call.as_str().starts_with("execve"));
        let told = self.0.iter().filter_map(|(field, any_of)| {
            let of = match (record_type.as_str(), field.as_str()) {
                ("PATH", "name") | ("SYSCALL", "TargetFilename") => PathOf::Object,
                ("SYSCALL", "exe") | ("EXECVE", "Image") => PathOf::Program,
                ("SYSCALL", "Image") if starts => PathOf::Program,
                _ => return None,
            };
            Some(PathTest { of, any_of: any_of.as_slice().into(), access })
        });
        told.collect()
    }
}

/// What a rule of these tactics does to the paths that it names.
pub(super) fn access(meta: &Meta) -> Access {
    let looks = ["discovery", "collection", "credential-access", "reconnaissance"];
    let tactic = |tactic: &Arc<str>| looks.contains(&tactic.replace('_', "-").as_str());
    if !meta.tactics.is_empty() && meta.tactics.iter().all(tactic) { Access::Read } else { Access::Change }
}

/// The part of a value that is certain: what stands before, after or between wildcards.
fn text(op: Op, value: &Value) -> Option<PathText> {
    let Value::Text(pieces) = value else { return None };
    let plain = |piece: Option<&Piece>| match piece {
        Some(Piece::Plain(text)) if !text.is_empty() => Some(text.clone()),
        _ => None,
    };
    let made = |shape, text: Option<Arc<str>>| text.map(|text| PathText { shape, text });
    let longest = || pieces.iter().filter_map(|piece| plain(Some(piece))).max_by_key(|text| text.len());
    let first = || made(PathShape::StartsWith, plain(pieces.first()));
    let last = || made(PathShape::EndsWith, plain(pieces.last()));
    let within = || made(PathShape::Contains, longest());
    match op {
        Op::Equals if pieces.len() == 1 => made(PathShape::Is, plain(pieces.first())),
        Op::Equals => first().or_else(last).or_else(within),
        Op::StartsWith => first().or_else(within),
        Op::EndsWith => last().or_else(within),
        Op::Contains => within(),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn value(pieces: &[&str]) -> Value {
        let piece = |text: &&str| if *text == "*" { Piece::AnyText } else { Piece::Plain((*text).into()) };
        Value::Text(pieces.iter().map(piece).collect())
    }

    fn paths(field: &str, op: Op, link: Link, values: Vec<Value>) -> Paths {
        Paths::of(&Test { field: field.into(), op, link, values })
    }

    fn shown(paths: &Paths) -> Vec<String> {
        let one = |(field, texts): &(FieldName, Vec<PathText>)| {
            let texts: Vec<_> = texts.iter().map(|it| format!("{:?} {}", it.shape, it.text)).collect();
            format!("{field}: {}", texts.join(" | "))
        };
        paths.0.iter().map(one).collect()
    }

    #[test]
    fn wildcards_leave_what_is_certain() {
        for (op, pieces, expected) in [
            (Op::Equals, vec!["/etc/x"], "name: Is /etc/x"),
            (Op::Equals, vec!["/etc/audit/", "*"], "name: StartsWith /etc/audit/"),
            (Op::Equals, vec!["*", ".so"], "name: EndsWith .so"),
            (Op::Equals, vec!["*", "/a/", "*"], "name: Contains /a/"),
            (Op::EndsWith, vec!["/b", "*", ".c"], "name: EndsWith .c"),
            (Op::Contains, vec!["/.config/"], "name: Contains /.config/"),
        ] {
            assert_eq!(shown(&paths("name", op, Link::Any, vec![value(&pieces)])), [expected]);
        }
    }

    #[test]
    fn what_cannot_be_put_so_asks_nothing() {
        assert_eq!(paths("name", Op::Regex, Link::Any, vec![value(&["/x"])]), Paths::default());
        assert_eq!(paths("name", Op::Equals, Link::Any, vec![value(&["/x"]), Value::Null]), Paths::default());
        assert_eq!(paths("comm", Op::Equals, Link::Any, vec![value(&["x"])]), Paths::default());
    }

    #[test]
    fn either_is_weaker_than_each() {
        let one = paths("name", Op::Equals, Link::Any, vec![value(&["/a"])]);
        let other = paths("name", Op::StartsWith, Link::Any, vec![value(&["/b"])]);
        assert_eq!(shown(&one.or(&other)), ["name: Is /a | StartsWith /b"]);
        assert_eq!(one.or(&Paths::default()), Paths::default());
        let exe = paths("exe", Op::Equals, Link::Any, vec![value(&["/c"])]);
        assert_eq!(shown(&one.and(&exe).or(&other)), ["name: Is /a | StartsWith /b"]);
    }
}
