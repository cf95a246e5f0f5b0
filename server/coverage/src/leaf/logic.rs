//! Whether an expression over fields can come out true, and false, on some event of a type.

use blindspot_catalog::{FieldExpr, FieldNeed, FieldTest};
use blindspot_telemetry::FieldName;

/// Whether an expression can come out true, and false, on some event of the type.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Can {
    pub(crate) be_true: bool,
    pub(crate) be_false: bool,
}

impl Can {
    /// The event decides.
    pub(crate) const EITHER: Self = Self { be_true: true, be_false: true };
    /// Never true: a value of a field that no event holds.
    const NEVER: Self = Self { be_true: false, be_false: true };
    /// Always true.
    const ALWAYS: Self = Self { be_true: true, be_false: false };

    /// A test of a field that no event holds.
    pub(crate) fn without_field(test: FieldTest) -> Self {
        match test {
            FieldTest::Value => Self::NEVER,
            FieldTest::Absence => Self::ALWAYS,
        }
    }

    /// Its negation.
    pub(crate) fn negated(self) -> Self {
        Self { be_true: self.be_false, be_false: self.be_true }
    }

    /// Both hold.
    pub(crate) fn and(self, other: Self) -> Self {
        Self { be_true: self.be_true && other.be_true, be_false: self.be_false || other.be_false }
    }

    /// Any holds.
    pub(crate) fn or(self, other: Self) -> Self {
        Self { be_true: self.be_true || other.be_true, be_false: self.be_false && other.be_false }
    }
}

impl From<bool> for Can {
    fn from(constant: bool) -> Self {
        if constant { Self::ALWAYS } else { Self::NEVER }
    }
}

pub(super) struct Outcome<'a> {
    pub(super) can: Can,
    /// A field whose absence decides a test that was meant to depend on the event.
    pub(super) lost: Option<&'a FieldName>,
}

/// The field of a need that no event can hold, if that is known.
pub(super) type Missing<'f, 'a> = &'f dyn Fn(&'a FieldNeed) -> Option<&'a FieldName>;

pub(super) fn evaluate<'a>(expr: &'a FieldExpr, missing: Missing<'_, 'a>) -> Outcome<'a> {
    match expr {
        FieldExpr::Constant(value) => Outcome { can: Can::from(*value), lost: None },
        FieldExpr::Open => Outcome { can: Can::EITHER, lost: None },
        FieldExpr::Not(inner) => {
            let Outcome { can, lost } = evaluate(inner, missing);
            Outcome { can: can.negated(), lost }
        }
        FieldExpr::Test(need, test) => {
            let lost = missing(need);
            Outcome { can: lost.map_or(Can::EITHER, |_| Can::without_field(*test)), lost }
        }
        FieldExpr::All(parts) => combine(parts, missing, Can::and),
        FieldExpr::Any(parts) => combine(parts, missing, Can::or),
    }
}

fn combine<'a>(parts: &'a [FieldExpr], missing: Missing<'_, 'a>, join: fn(Can, Can) -> Can) -> Outcome<'a> {
    let mut outcomes = parts.iter().map(|part| evaluate(part, missing));
    let Some(first) = outcomes.next() else { return Outcome { can: Can::EITHER, lost: None } };
    outcomes.fold(first, |sum, part| Outcome { can: join(sum.can, part.can), lost: sum.lost.or(part.lost) })
}
