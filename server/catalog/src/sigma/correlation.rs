//! What correlations need: their rules' requirements, joined, with the fields that they group by and count.

use blindspot_telemetry::FieldName;

use super::{
    analysis::requirement_with,
    collection::{Rules, Target},
    logsource::Logsources,
    rule::{Correlation, CorrelationKind, SigmaRule, Wanted},
};
use crate::{Facts, NotUnderstood, Requirement};

/// Correlations of correlations of correlations: more levels are a circle.
const MAX_DEPTH: usize = 8;

/// Resolves correlations against the rules that they name.
pub(super) struct Resolver<'a> {
    pub(super) rules: &'a Rules,
    pub(super) logsources: &'a Logsources,
    pub(super) facts: &'a Facts,
}

impl Resolver<'_> {
    /// What a correlation needs.
    pub(super) fn requirement(&self, correlation: &Correlation) -> Requirement {
        self.at_depth(correlation, &[], 0)
    }

    fn at_depth(&self, correlation: &Correlation, outer: &[FieldName], depth: usize) -> Requirement {
        if depth > MAX_DEPTH {
            return missing(format!("correlation `{}` refers to itself", correlation.meta.title));
        }
        if correlation.rules.is_empty() && correlation.condition.is_none() {
            return missing(format!("correlation `{}` names no rule", correlation.meta.title));
        }
        let fields: Vec<FieldName> = correlation.fields.iter().chain(outer).cloned().collect();
        let each = || -> Vec<Requirement> {
            correlation.rules.iter().map(|name| self.one(correlation, name, &fields, depth)).collect()
        };
        match (&correlation.condition, correlation.kind) {
            (Some(wanted), CorrelationKind::Temporal) => self.wanted(correlation, wanted, &fields, depth),
            (_, CorrelationKind::Temporal) => joined(each(), Requirement::Together),
            (_, CorrelationKind::Aggregate) => joined(each(), Requirement::Parts),
        }
    }

    fn wanted(&self, of: &Correlation, wanted: &Wanted, fields: &[FieldName], depth: usize) -> Requirement {
        let each = |children: &[Wanted]| {
            children.iter().map(|child| self.wanted(of, child, fields, depth)).collect()
        };
        match wanted {
            Wanted::Rule(name) => self.one(of, name, fields, depth),
            Wanted::All(children) => joined(each(children), Requirement::Together),
            Wanted::Any(children) => joined(each(children), Requirement::Parts),
        }
    }

    fn one(&self, of: &Correlation, name: &str, fields: &[FieldName], depth: usize) -> Requirement {
        match self.rules.find(name) {
            Some(Target::Rule(rule)) => {
                requirement_with(rule, &in_rule(of, fields, rule), self.logsources, self.facts)
            }
            Some(Target::Correlation(inner)) => self.at_depth(inner, fields, depth + 1),
            Some(Target::Broken(broken)) => missing(format!(
                "it refers to rule `{}`, which could not be read: {}",
                broken.meta.title, broken.reason
            )),
            None => missing(format!(
                "it refers to rule `{name}`, which is not among the rules given; add its folder"
            )),
        }
    }
}

/// The correlation's fields by the names that they have in one of its rules.
fn in_rule(of: &Correlation, fields: &[FieldName], rule: &SigmaRule) -> Vec<FieldName> {
    let is_rule = |name: &str| rule.meta.id.as_str() == name || rule.meta.name.as_deref() == Some(name);
    fields
        .iter()
        .filter_map(|field| {
            let mut aliases = of.aliases.iter().filter(|(alias, ..)| alias == field).peekable();
            if aliases.peek().is_none() {
                return Some(field.clone());
            }
            aliases.find(|(_, name, _)| is_rule(name)).map(|(.., own)| own.clone())
        })
        .collect()
}

fn joined(mut requirements: Vec<Requirement>, several: fn(Vec<Requirement>) -> Requirement) -> Requirement {
    if requirements.len() == 1 { requirements.remove(0) } else { several(requirements) }
}

fn missing(what: String) -> Requirement {
    Requirement::NotUnderstood { kind: NotUnderstood::UnparsedRequirement, what: what.into() }
}
