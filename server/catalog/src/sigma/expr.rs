//! The logic of a Sigma rule as our own small tree, kept for requirements, labels and filter reasoning.

use std::{collections::BTreeSet, fmt, sync::Arc};

use blindspot_telemetry::FieldName;

/// A boolean expression over one event.
#[derive(Debug, Clone, PartialEq)]
pub enum Expr {
    /// All hold; empty is true.
    All(Vec<Expr>),
    /// Any holds; empty is false.
    Any(Vec<Expr>),
    /// It does not hold.
    Not(Box<Expr>),
    /// One field is tested.
    Test(Test),
    /// Words are looked for anywhere in the event.
    Keywords(Vec<Value>),
    /// A named selection of the rule.
    Named(Arc<str>, Arc<Expr>),
}

/// A test of one field.
#[derive(Debug, Clone, PartialEq)]
pub struct Test {
    /// As the rule spells it.
    pub field: FieldName,
    /// How the values are compared.
    pub op: Op,
    /// Whether one value suffices.
    pub link: Link,
    /// What is looked for. With [`Op::FieldRef`] these are names of fields.
    pub values: Vec<Value>,
}

/// How a field is compared with a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Op {
    /// The whole value, wildcards included, without regard to case.
    Equals,
    /// A part of it.
    Contains,
    /// Its beginning.
    StartsWith,
    /// Its end.
    EndsWith,
    /// A regular expression.
    Regex,
    /// An address range.
    Cidr,
    /// Whether the field exists; the value is a boolean.
    Exists,
    /// Another field.
    FieldRef,
    /// A number that is greater or less, or a part of a time.
    Compare,
    /// Any value but this.
    Differs,
    /// An encoding of the value (base64, UTF-16), or a placeholder that a pipeline fills.
    Encoded,
    /// The members of a list (`field[any]`).
    Members,
}

/// How several values of one test are linked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Link {
    /// One suffices.
    Any,
    /// All are needed.
    All,
}

/// A value of a test.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// Text, perhaps with wildcards.
    Text(Vec<Piece>),
    /// A whole number.
    Integer(i64),
    /// A fraction.
    Float(f64),
    /// A boolean.
    Bool(bool),
    /// `null`: the field is absent.
    Null,
}

/// A part of a text with wildcards.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Piece {
    /// Literal text.
    Plain(Arc<str>),
    /// `*`
    AnyText,
    /// `?`
    AnyChar,
}

/// What a test asks of its field's fill.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Asks {
    /// It holds where the field is absent or empty (`null`, `''`, `exists: false`), and perhaps elsewhere.
    Absence,
    /// It holds for a stand-in such as `-` too.
    Placeholder,
    /// It needs a value.
    Value,
}

impl Value {
    /// The text where it has no wildcards.
    #[must_use]
    pub fn plain(&self) -> Option<&str> {
        match self {
            Self::Text(pieces) => match pieces.as_slice() {
                [] => Some(""),
                [Piece::Plain(text)] => Some(text),
                _ => None,
            },
            _ => None,
        }
    }

    /// The whole number that it is or spells.
    #[must_use]
    pub fn number(&self) -> Option<i64> {
        match self {
            Self::Integer(number) => Some(*number),
            _ => self.plain().and_then(|text| text.trim().parse().ok()),
        }
    }

    /// What a test for this value asks of the field.
    fn asks(&self, op: Op) -> Asks {
        let stand_in = |text: &str| text == "-" || text == "{00000000-0000-0000-0000-000000000000}";
        match (self, op) {
            (Self::Null, Op::Equals) | (Self::Bool(false), Op::Exists) => Asks::Absence,
            (Self::Bool(true), Op::Exists) => Asks::Placeholder,
            (_, Op::Equals) if self.plain() == Some("") => Asks::Absence,
            (_, Op::Equals | Op::Contains | Op::StartsWith | Op::EndsWith)
                if self.plain().is_some_and(|text| text.is_empty() || stand_in(text)) =>
            {
                Asks::Placeholder
            }
            // `*` alone is Sigma's older way to say that a field exists.
            (Self::Text(pieces), _) if pieces.iter().all(|piece| *piece == Piece::AnyText) => {
                Asks::Placeholder
            }
            _ => Asks::Value,
        }
    }
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(pieces) if pieces.is_empty() => f.write_str("''"),
            Self::Text(pieces) => pieces.iter().try_for_each(|piece| match piece {
                Piece::Plain(text) => f.write_str(text),
                Piece::AnyText => f.write_str("*"),
                Piece::AnyChar => f.write_str("?"),
            }),
            Self::Integer(number) => write!(f, "{number}"),
            Self::Float(number) => write!(f, "{number}"),
            Self::Bool(value) => write!(f, "{value}"),
            Self::Null => f.write_str("null"),
        }
    }
}

impl Test {
    /// What the test as a whole asks of the field: with several values the easiest one suffices, unless all are needed.
    #[must_use]
    pub fn asks(&self) -> Asks {
        match self.op {
            Op::FieldRef | Op::Compare | Op::Encoded | Op::Members | Op::Differs => return Asks::Value,
            _ => {}
        }
        let each = self.values.iter().map(|value| value.asks(self.op));
        match self.link {
            Link::Any => each.min().unwrap_or(Asks::Value),
            Link::All => each.max().unwrap_or(Asks::Value),
        }
    }

    /// True where nothing but absence satisfies it.
    #[must_use]
    pub fn asks_only_absence(&self) -> bool {
        self.values.iter().all(|value| value.asks(self.op) == Asks::Absence)
    }

    /// The fields that must be filled for it: its own, and with `fieldref` the others.
    pub fn fields(&self) -> impl Iterator<Item = FieldName> + '_ {
        let others = if self.op == Op::FieldRef { self.values.as_slice() } else { &[] };
        std::iter::once(self.field.clone()).chain(others.iter().filter_map(Value::plain).map(FieldName::from))
    }
}

impl fmt::Display for Test {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: ", self.field)?;
        match self.values.as_slice() {
            [] => f.write_str("(no value)"),
            [only] => write!(f, "{only}"),
            [first, rest @ ..] => write!(f, "{first} and {} more", rest.len()),
        }
    }
}

impl Expr {
    /// The names of all fields that are tested, whatever the sign.
    pub fn collect_fields(&self, into: &mut BTreeSet<FieldName>) {
        match self {
            Self::All(children) | Self::Any(children) => {
                children.iter().for_each(|child| child.collect_fields(into));
            }
            Self::Not(inner) => inner.collect_fields(into),
            Self::Named(_, inner) => inner.collect_fields(into),
            Self::Test(test) => {
                into.insert(test.field.clone());
            }
            Self::Keywords(_) => {}
        }
    }

    /// The tests that stand under an even number of `not`.
    pub fn visit_positive<'a>(&'a self, visit: &mut dyn FnMut(&'a Test)) {
        self.visit_signed(Sign::Plus, visit);
    }

    fn visit_signed<'a>(&'a self, sign: Sign, visit: &mut dyn FnMut(&'a Test)) {
        match self {
            Self::All(children) | Self::Any(children) => {
                children.iter().for_each(|child| child.visit_signed(sign, visit));
            }
            Self::Not(inner) => inner.visit_signed(sign.flipped(), visit),
            Self::Named(_, inner) => inner.visit_signed(sign, visit),
            Self::Test(test) if sign == Sign::Plus => visit(test),
            Self::Test(_) | Self::Keywords(_) => {}
        }
    }

    /// A name for people: the selection's, or the first test's.
    #[must_use]
    pub fn label(&self) -> Arc<str> {
        match self {
            Self::Named(name, _) => name.clone(),
            Self::Test(test) => test.to_string().into(),
            Self::Keywords(words) => match words.first() {
                Some(first) if words.len() == 1 => format!("keyword {first}").into(),
                Some(first) => format!("keywords {first} and {} more", words.len() - 1).into(),
                None => "keywords".into(),
            },
            Self::Not(inner) => format!("not {}", inner.label()).into(),
            Self::All(children) | Self::Any(children) => {
                children.first().map_or_else(|| "nothing".into(), Self::label)
            }
        }
    }
}

/// Whether an expression stands under an even or odd number of `not`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Sign {
    Plus,
    Minus,
}

impl Sign {
    fn flipped(self) -> Self {
        match self {
            Self::Plus => Self::Minus,
            Self::Minus => Self::Plus,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(plain: &str) -> Value {
        Value::Text(if plain.is_empty() { vec![] } else { vec![Piece::Plain(plain.into())] })
    }

    fn asks(op: Op, link: Link, values: Vec<Value>) -> Asks {
        Test { field: "F".into(), op, link, values }.asks()
    }

    #[test]
    fn the_easiest_value_decides_unless_all_are_needed() {
        assert_eq!(asks(Op::Equals, Link::Any, vec![Value::Null, text("x")]), Asks::Absence);
        assert_eq!(asks(Op::Equals, Link::Any, vec![text("")]), Asks::Absence);
        assert_eq!(asks(Op::Equals, Link::Any, vec![text("-"), text("x")]), Asks::Placeholder);
        assert_eq!(asks(Op::Contains, Link::All, vec![text("-"), text("x")]), Asks::Value);
        assert_eq!(asks(Op::Exists, Link::Any, vec![Value::Bool(false)]), Asks::Absence);
        assert_eq!(asks(Op::Exists, Link::Any, vec![Value::Bool(true)]), Asks::Placeholder);
        assert_eq!(asks(Op::Equals, Link::Any, vec![Value::Text(vec![Piece::AnyText])]), Asks::Placeholder);
    }

    #[test]
    fn contains_nothing_needs_the_field_but_takes_any_content() {
        assert_eq!(asks(Op::Contains, Link::Any, vec![text("")]), Asks::Placeholder);
        assert_eq!(asks(Op::Regex, Link::Any, vec![text(".*")]), Asks::Value);
    }
}
