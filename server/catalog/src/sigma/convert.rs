//! Turns the parser crate's detection sections into our tree. Nothing outside this file and `parse` knows that crate.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use blindspot_telemetry::FieldName;
use rsigma_parser as rsigma;

use super::expr::{Expr, Link, Op, Piece, Test, Value};

/// No real rule comes near; a hostile condition could ask for millions.
const MAX_NODES: usize = 100_000;
/// `3 of sel*` is written out as alternatives; beyond this many it is refused.
const MAX_SUBSETS: usize = 512;

/// Named selections, written out once and shared by all conditions that name them.
struct Selections {
    by_name: BTreeMap<Arc<str>, Arc<Expr>>,
    nodes: usize,
}

/// What a detection section says.
pub(super) struct Section {
    /// Its condition; several conditions are alternatives.
    pub(super) condition: Expr,
    /// Fields of every selection, referred to or not.
    pub(super) fields: BTreeSet<FieldName>,
}

/// Reads a detection section, or says what in it cannot be understood.
pub(super) fn section(detections: &rsigma::Detections) -> Result<Section, String> {
    let by_name: BTreeMap<Arc<str>, Arc<Expr>> = detections
        .named
        .iter()
        .map(|(name, body)| (Arc::from(name.as_str()), Arc::new(body_of(body))))
        .collect();
    let mut fields = BTreeSet::new();
    by_name.values().for_each(|body| body.collect_fields(&mut fields));
    if fields.contains("<<") {
        return Err("a YAML merge key (`<<`) stands in a selection; write its fields out".to_owned());
    }
    let mut selections = Selections { by_name, nodes: 0 };
    let mut conditions = Vec::new();
    for condition in &detections.conditions {
        conditions.push(selections.expression(condition)?);
    }
    Ok(Section { condition: single_or(conditions, Expr::Any), fields })
}

impl Selections {
    fn expression(&mut self, condition: &rsigma::ConditionExpr) -> Result<Expr, String> {
        self.nodes += 1;
        if self.nodes > MAX_NODES {
            return Err(format!("the condition has more than {MAX_NODES} parts; split the rule"));
        }
        match condition {
            rsigma::ConditionExpr::And(children) => Ok(Expr::All(self.each(children)?)),
            rsigma::ConditionExpr::Or(children) => Ok(Expr::Any(self.each(children)?)),
            rsigma::ConditionExpr::Not(inner) => Ok(Expr::Not(Box::new(self.expression(inner)?))),
            rsigma::ConditionExpr::Identifier(name) => match self.by_name.get_key_value(name.as_str()) {
                Some((name, body)) => Ok(Expr::Named(name.clone(), body.clone())),
                None => {
                    Err(format!("the condition names `{name}`, which the detection section does not have"))
                }
            },
            rsigma::ConditionExpr::Selector { quantifier, pattern } => self.selector(quantifier, pattern),
        }
    }

    fn each(&mut self, children: &[rsigma::ConditionExpr]) -> Result<Vec<Expr>, String> {
        children.iter().map(|child| self.expression(child)).collect()
    }

    fn selector(
        &mut self,
        quantifier: &rsigma::Quantifier,
        pattern: &rsigma::SelectorPattern,
    ) -> Result<Expr, String> {
        let chosen: Vec<Expr> = self
            .by_name
            .iter()
            .filter(|(name, _)| pattern.matches_detection_name(name))
            .map(|(name, body)| Expr::Named(name.clone(), body.clone()))
            .collect();
        if chosen.is_empty() {
            return Err(format!(
                "the condition asks for `{quantifier} of {pattern}`, which matches no selection"
            ));
        }
        self.nodes += chosen.len();
        match quantifier {
            rsigma::Quantifier::Any => Ok(Expr::Any(chosen)),
            rsigma::Quantifier::All => Ok(Expr::All(chosen)),
            rsigma::Quantifier::Count(wanted) => {
                let wanted = usize::try_from(*wanted).unwrap_or(usize::MAX);
                if wanted == 0 || wanted > chosen.len() {
                    return Err(format!(
                        "the condition asks for `{quantifier} of {pattern}`, which matches {} selections",
                        chosen.len()
                    ));
                }
                let subsets = subsets(&chosen, wanted).ok_or_else(|| {
                    format!(
                        "`{quantifier} of {pattern}` has more than {MAX_SUBSETS} combinations; split the rule"
                    )
                })?;
                Ok(Expr::Any(subsets.into_iter().map(Expr::All).collect()))
            }
        }
    }
}

/// All ways to choose `wanted` of the expressions; `None` where they are too many.
fn subsets(from: &[Expr], wanted: usize) -> Option<Vec<Vec<Expr>>> {
    if wanted == 0 {
        return Some(vec![Vec::new()]);
    }
    let mut all = Vec::new();
    for (at, first) in from.iter().enumerate() {
        let rest = from.get(at + 1..).unwrap_or_default();
        if rest.len() + 1 < wanted {
            break;
        }
        for mut tail in subsets(rest, wanted - 1)? {
            tail.insert(0, first.clone());
            all.push(tail);
            if all.len() > MAX_SUBSETS {
                return None;
            }
        }
    }
    Some(all)
}

fn body_of(detection: &rsigma::Detection) -> Expr {
    match detection {
        rsigma::Detection::AllOf(items) => single_or(items.iter().map(item).collect(), Expr::All),
        rsigma::Detection::And(parts) => single_or(parts.iter().map(body_of).collect(), Expr::All),
        rsigma::Detection::AnyOf(parts) => single_or(parts.iter().map(body_of).collect(), Expr::Any),
        rsigma::Detection::Keywords(words) => Expr::Keywords(words.iter().map(value).collect()),
        rsigma::Detection::ArrayMatch { field, quantifier, .. } => {
            let members =
                |op, values| Expr::Test(Test { field: field_name(field), op, link: Link::Any, values });
            match quantifier {
                rsigma::ArrayQuantifier::Any | rsigma::ArrayQuantifier::All => {
                    members(Op::Members, Vec::new())
                }
                // An absent list satisfies these two.
                rsigma::ArrayQuantifier::AllOrEmpty | rsigma::ArrayQuantifier::None => {
                    members(Op::Equals, vec![Value::Null])
                }
            }
        }
        // Stands only inside a list's members, which count as a test of the list.
        rsigma::Detection::Conditional { .. } => Expr::All(Vec::new()),
    }
}

fn single_or(mut children: Vec<Expr>, several: fn(Vec<Expr>) -> Expr) -> Expr {
    if children.len() == 1 { children.remove(0) } else { several(children) }
}

/// Brackets are escaped by the parser where they are no list selectors.
fn field_name(name: &str) -> FieldName {
    FieldName::new(name.replace("\\[", "[").replace("\\]", "]"))
}

fn item(item: &rsigma::DetectionItem) -> Expr {
    let values: Vec<Value> = item.values.iter().map(value).collect();
    let Some(name) = &item.field.name else {
        // `'|all': [..]`: each word stands for itself.
        return if item.field.has_modifier(rsigma::Modifier::All) {
            Expr::All(values.into_iter().map(|word| Expr::Keywords(vec![word])).collect())
        } else {
            Expr::Keywords(values)
        };
    };
    let modifiers = &item.field.modifiers;
    let link = if modifiers.contains(&rsigma::Modifier::All) { Link::All } else { Link::Any };
    let (field, op) = (field_name(name), op(modifiers));
    if !modifiers.contains(&rsigma::Modifier::WindAsh) {
        return Expr::Test(Test { field, op, link, values });
    }
    // The dash forms of one value are alternatives, even where all values are needed.
    let any = |values| Expr::Test(Test { field: field.clone(), op, link: Link::Any, values });
    match link {
        Link::Any => any(values.iter().flat_map(dashes).collect()),
        Link::All => single_or(values.iter().map(|value| any(dashes(value))).collect(), Expr::All),
    }
}

fn op(modifiers: &[rsigma::Modifier]) -> Op {
    use rsigma::Modifier as M;
    let has = |wanted: &[M]| modifiers.iter().any(|modifier| wanted.contains(modifier));
    if has(&[M::Base64, M::Base64Offset, M::Wide, M::Utf16, M::Utf16be, M::Expand]) {
        Op::Encoded
    } else if has(&[M::FieldRef]) {
        Op::FieldRef
    } else if has(&[M::Exists]) {
        Op::Exists
    } else if has(&[M::Neq]) {
        Op::Differs
    } else if has(&[M::Gt, M::Gte, M::Lt, M::Lte, M::Minute, M::Hour, M::Day, M::Week, M::Month, M::Year]) {
        Op::Compare
    } else if has(&[M::Re]) {
        Op::Regex
    } else if has(&[M::Cidr]) {
        Op::Cidr
    } else if has(&[M::Contains]) {
        Op::Contains
    } else if has(&[M::StartsWith]) {
        Op::StartsWith
    } else if has(&[M::EndsWith]) {
        Op::EndsWith
    } else {
        Op::Equals
    }
}

fn value(value: &rsigma::SigmaValue) -> Value {
    match value {
        rsigma::SigmaValue::String(text) => Value::Text(
            text.parts
                .iter()
                .map(|part| match part {
                    rsigma::StringPart::Plain(plain) => Piece::Plain(plain.as_str().into()),
                    rsigma::StringPart::Special(rsigma::SpecialChar::WildcardMulti) => Piece::AnyText,
                    rsigma::StringPart::Special(rsigma::SpecialChar::WildcardSingle) => Piece::AnyChar,
                })
                .collect(),
        ),
        rsigma::SigmaValue::Integer(number) => Value::Integer(*number),
        rsigma::SigmaValue::Float(number) => Value::Float(*number),
        rsigma::SigmaValue::Bool(value) => Value::Bool(*value),
        rsigma::SigmaValue::Null => Value::Null,
    }
}

/// The value as written and with `/` for its dash and the reverse, as `windash` asks.
fn dashes(value: &Value) -> Vec<Value> {
    let mut forms = vec![value.clone()];
    if let Some(plain) = value.plain() {
        let swapped: String = plain
            .chars()
            .scan(' ', |before, char| {
                let starts_word = before.is_whitespace() || *before == ' ';
                *before = char;
                Some(match char {
                    '-' if starts_word => '/',
                    '/' if starts_word => '-',
                    other => other,
                })
            })
            .collect();
        if swapped != plain {
            forms.push(Value::Text(vec![Piece::Plain(swapped.into())]));
        }
    }
    forms
}
