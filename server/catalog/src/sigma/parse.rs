//! Reads Sigma files: YAML text to documents, with one problem for each thing that was not understood.

use std::{path::PathBuf, sync::Arc};

use blindspot_telemetry::FieldName;
use rsigma_parser as rsigma;
use serde::Deserialize as _;
use yaml_serde::Value;

use super::{
    convert::{self, Section},
    guard,
    rule::{Broken, Correlation, CorrelationKind, Document, Filter, Logsource, Meta, SigmaRule, Wanted},
};
use crate::{DetectionId, Level, Problem, Status};

/// A file that is no rule file at all could have a problem on every line.
const MAX_PROBLEMS: usize = 50;

/// Reads one file. A bad document is a problem; the others are kept.
#[must_use]
pub fn parse_file(place: &str, yaml: &str) -> (Vec<Document>, Vec<Problem>) {
    let mut reading =
        Reading { place, path: Arc::new(PathBuf::from(place)), documents: Vec::new(), problems: Vec::new() };
    if let Some(reason) = guard::refuse(yaml) {
        reading.problem(reason);
        return (reading.documents, reading.problems);
    }
    match rsigma::parse_sigma_yaml(yaml) {
        Ok(collection) if collection.errors.is_empty() => reading.take(collection),
        outcome => reading.one_by_one(yaml, outcome),
    }
    let more = reading.problems.len().saturating_sub(MAX_PROBLEMS);
    if more > 0 {
        reading.problems.truncate(MAX_PROBLEMS);
        reading.problem(format!(
            "{more} more documents of this file could not be read; is it a file of Sigma rules?"
        ));
    }
    (reading.documents, reading.problems)
}

struct Reading<'a> {
    place: &'a str,
    path: Arc<PathBuf>,
    documents: Vec<Document>,
    problems: Vec<Problem>,
}

impl Reading<'_> {
    fn problem(&mut self, what: impl Into<String>) {
        self.problems.push(Problem::new(self.place, what));
    }

    /// Documents of one file that had an error somewhere, each read alone so that the error is tied to its document.
    fn one_by_one(&mut self, yaml: &str, whole: Result<rsigma::SigmaCollection, rsigma::SigmaParserError>) {
        let uses_actions = yaml.lines().any(|line| line.starts_with("action:"));
        let pieces = if uses_actions { Vec::new() } else { split_documents(yaml) };
        if pieces.len() <= 1 {
            self.take_with_errors(yaml, whole);
            return;
        }
        for piece in pieces {
            self.take_with_errors(&piece, rsigma::parse_sigma_yaml(&piece));
        }
    }

    fn take_with_errors(
        &mut self,
        yaml: &str,
        outcome: Result<rsigma::SigmaCollection, rsigma::SigmaParserError>,
    ) {
        let (collection, errors) = match outcome {
            Ok(mut collection) => {
                let errors = std::mem::take(&mut collection.errors);
                (collection, errors)
            }
            Err(error) => (rsigma::SigmaCollection::new(), vec![error.to_string()]),
        };
        let nothing = collection.is_empty();
        for error in &errors {
            self.problem(explained(error));
        }
        self.take(collection);
        if let (true, Some(error)) = (nothing, errors.first())
            && let Some(meta) = named(yaml, &self.path)
        {
            self.documents.push(Document::Broken(Broken { meta, reason: explained(error).into() }));
        }
    }

    fn take(&mut self, collection: rsigma::SigmaCollection) {
        for rule in collection.rules {
            self.take_rule(&rule);
        }
        for correlation in collection.correlations {
            self.take_correlation(&correlation);
        }
        for filter in collection.filters {
            self.take_filter(&filter);
        }
    }

    fn take_rule(&mut self, rule: &rsigma::SigmaRule) {
        let meta = meta(
            Names { id: rule.id.as_deref(), name: rule.name.as_deref(), title: &rule.title },
            (rule.level.map(level), rule.status.map(status)),
            &rule.tags,
            &self.path,
        );
        if rsigma::is_unsupported(rule.sigma_version) {
            self.broken(
                meta,
                "it is written for a newer Sigma specification than this version reads".to_owned(),
            );
            return;
        }
        match convert::section(&rule.detection) {
            Err(reason) => self.broken(meta, reason),
            Ok(Section { condition, fields }) => {
                let logsource = logsource(&rule.logsource);
                self.documents.push(Document::Rule(SigmaRule { meta, logsource, condition, fields }));
            }
        }
    }

    fn broken(&mut self, meta: Meta, reason: String) {
        self.problem(format!("rule `{}`: {reason}", meta.title));
        self.documents.push(Document::Broken(Broken { meta, reason: reason.into() }));
    }

    fn take_correlation(&mut self, rule: &rsigma::CorrelationRule) {
        let meta = meta(
            Names { id: rule.id.as_deref(), name: rule.name.as_deref(), title: &rule.title },
            (rule.level.map(level), rule.status.map(status)),
            &rule.tags,
            &self.path,
        );
        let kind = match rule.correlation_type {
            rsigma::CorrelationType::Temporal | rsigma::CorrelationType::TemporalOrdered => {
                CorrelationKind::Temporal
            }
            _ => CorrelationKind::Aggregate,
        };
        let (condition, counted) = match &rule.condition {
            rsigma::CorrelationCondition::Extended(condition) => (wanted(condition), Vec::new()),
            rsigma::CorrelationCondition::Threshold { field, .. } => {
                (None, field.clone().unwrap_or_default())
            }
        };
        let fields =
            rule.group_by.iter().chain(&counted).map(|name| FieldName::from(name.as_str())).collect();
        let aliases = rule
            .aliases
            .iter()
            .flat_map(|alias| {
                alias.mapping.iter().map(|(rule, field)| {
                    (
                        FieldName::from(alias.alias.as_str()),
                        Arc::from(rule.as_str()),
                        FieldName::from(field.as_str()),
                    )
                })
            })
            .collect();
        let rules = rule.rules.iter().map(|name| Arc::from(name.as_str())).collect();
        self.documents.push(Document::Correlation(Correlation {
            meta,
            kind,
            rules,
            condition,
            fields,
            aliases,
        }));
    }

    fn take_filter(&mut self, filter: &rsigma::FilterRule) {
        match convert::section(&filter.detection) {
            Err(reason) => self.problem(format!("filter `{}`: {reason}", filter.title)),
            Ok(Section { condition, .. }) => self.documents.push(Document::Filter(Filter {
                title: filter.title.as_str().into(),
                path: self.path.clone(),
                rules: match &filter.rules {
                    rsigma::FilterRuleTarget::Any => None,
                    rsigma::FilterRuleTarget::Specific(names) => {
                        Some(names.iter().map(|name| Arc::from(name.as_str())).collect())
                    }
                },
                logsource: filter.logsource.as_ref().map(logsource).unwrap_or_default(),
                condition,
            })),
        }
    }
}

/// Texts between lines that begin with `---`.
fn split_documents(yaml: &str) -> Vec<String> {
    let mut pieces = vec![String::new()];
    for line in yaml.lines() {
        if line.trim_end() == "---" {
            pieces.push(String::new());
        } else if let Some(piece) = pieces.last_mut() {
            piece.push_str(line);
            piece.push('\n');
        }
    }
    pieces.retain(|piece| !piece.trim().is_empty());
    pieces
}

/// The parser's message with the next step.
fn explained(error: &str) -> String {
    let mut message = error.split_whitespace().collect::<Vec<_>>().join(" ");
    let step = if message.starts_with("Unknown modifier") {
        "; see the list of modifiers in the Sigma specification"
    } else if message.starts_with("Missing required field") {
        "; is this file a Sigma rule?"
    } else if message.starts_with("invalid level") || message.starts_with("invalid status") {
        "; the rule is kept without it"
    } else if message.contains("YAML parse error") {
        "; the YAML of this document ends there"
    } else {
        ""
    };
    message.push_str(step);
    message
}

/// What a document that is no valid rule says of itself; `None` where it is nothing like a rule.
fn named(yaml: &str, path: &Arc<PathBuf>) -> Option<Meta> {
    let document = yaml_serde::Deserializer::from_str(yaml).next()?;
    let value = Value::deserialize(document).ok()?;
    let looks_like_one = value.get("detection").is_some() || value.get("correlation").is_some();
    let title = value.get("title").and_then(Value::as_str).filter(|_| looks_like_one)?;
    let text = |key: &str| value.get(key).and_then(Value::as_str);
    let tags: Vec<String> = value
        .get("tags")
        .and_then(Value::as_sequence)
        .map(|tags| tags.iter().filter_map(Value::as_str).map(str::to_owned).collect())
        .unwrap_or_default();
    let level = text("level").and_then(|word| Level::ALL.into_iter().find(|level| level.as_str() == word));
    let status =
        text("status").and_then(|word| Status::ALL.into_iter().find(|status| status.as_str() == word));
    Some(meta(Names { id: text("id"), name: text("name"), title }, (level, status), &tags, path))
}

struct Names<'a> {
    id: Option<&'a str>,
    name: Option<&'a str>,
    title: &'a str,
}

fn meta(
    names: Names<'_>,
    grade: (Option<Level>, Option<Status>),
    tags: &[String],
    path: &Arc<PathBuf>,
) -> Meta {
    let (level, status) = grade;
    let attack = || tags.iter().filter_map(|tag| tag.strip_prefix("attack."));
    let mut tactics = Vec::new();
    for tag in attack() {
        let first = tag.as_bytes().first().copied().unwrap_or_default();
        let is_id = tag.as_bytes().get(1).is_some_and(u8::is_ascii_digit)
            && matches!(first, b't' | b's' | b'g' | b'T');
        if !is_id {
            tactics.push(Arc::from(tag));
        }
    }
    Meta {
        id: DetectionId::new(names.id.or(names.name).unwrap_or(names.title)),
        name: names.name.map(Arc::from),
        title: names.title.into(),
        level,
        status,
        techniques: attack().filter_map(|tag| tag.parse().ok()).collect(),
        tactics,
        path: path.clone(),
    }
}

fn logsource(logsource: &rsigma::LogSource) -> Logsource {
    let word =
        |text: &Option<String>| text.as_deref().map(|text| Arc::from(text.trim().to_ascii_lowercase()));
    Logsource {
        product: word(&logsource.product),
        category: word(&logsource.category),
        service: word(&logsource.service),
        definition: logsource.definition.as_deref().map(Arc::from),
    }
}

/// The positive rules of an extended condition; negated ones are not needed for it to fire.
fn wanted(condition: &rsigma::ConditionExpr) -> Option<Wanted> {
    match condition {
        rsigma::ConditionExpr::Identifier(name) => Some(Wanted::Rule(name.as_str().into())),
        rsigma::ConditionExpr::And(children) => {
            Some(Wanted::All(children.iter().filter_map(wanted).collect()))
        }
        rsigma::ConditionExpr::Or(children) => {
            Some(Wanted::Any(children.iter().filter_map(wanted).collect()))
        }
        rsigma::ConditionExpr::Not(_) | rsigma::ConditionExpr::Selector { .. } => None,
    }
}

fn level(level: rsigma::Level) -> Level {
    match level {
        rsigma::Level::Informational => Level::Informational,
        rsigma::Level::Low => Level::Low,
        rsigma::Level::Medium => Level::Medium,
        rsigma::Level::High => Level::High,
        rsigma::Level::Critical => Level::Critical,
    }
}

fn status(status: rsigma::Status) -> Status {
    match status {
        rsigma::Status::Stable => Status::Stable,
        rsigma::Status::Test => Status::Test,
        rsigma::Status::Experimental => Status::Experimental,
        rsigma::Status::Deprecated => Status::Deprecated,
        rsigma::Status::Unsupported => Status::Unsupported,
    }
}

#[cfg(test)]
mod tests;
