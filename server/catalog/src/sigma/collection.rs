//! Rules of many files as one collection: filters are applied, correlations find their rules, all become detections.

use std::{
    collections::{HashMap, hash_map::Entry},
    sync::Arc,
};

use blindspot_telemetry::Platform;

use super::{
    analysis,
    correlation::Resolver,
    expr::Expr,
    logsource::Logsources,
    parse::parse_file,
    rule::{Broken, Correlation, Document, Filter, Logsource, Meta, SigmaRule},
    sysmon::sysmon_lines,
};
use crate::{Detection, DetectionSource, Facts, NotUnderstood, Problem, Requirement, Scope};

/// Sigma rules that belong together.
#[derive(Debug, Clone, Default)]
pub struct Rules {
    /// Detection rules, with the filters that apply to them.
    pub rules: Vec<SigmaRule>,
    /// Correlations over them.
    pub correlations: Vec<Correlation>,
    /// What names itself and could not be read.
    pub broken: Vec<Broken>,
    by_name: HashMap<Arc<str>, Place>,
}

#[derive(Debug, Clone, Copy)]
enum Place {
    Rule(usize),
    Correlation(usize),
    Broken(usize),
}

/// What a name refers to.
pub(super) enum Target<'a> {
    Rule(&'a SigmaRule),
    Correlation(&'a Correlation),
    Broken(&'a Broken),
}

/// Reads files one after the other and assembles them. Callers with many files and threads read them with
/// [`parse_file`] and call [`assemble`].
#[must_use]
pub fn load(files: impl IntoIterator<Item = (String, String)>) -> (Rules, Vec<Problem>) {
    let mut documents = Vec::new();
    let mut problems = Vec::new();
    for (place, yaml) in files {
        let (more, wrong) = parse_file(&place, &yaml);
        documents.extend(more);
        problems.extend(wrong);
    }
    let (rules, wrong) = assemble(documents);
    problems.extend(wrong);
    (rules, problems)
}

/// Makes one collection of the documents of many files.
#[must_use]
pub fn assemble(documents: impl IntoIterator<Item = Document>) -> (Rules, Vec<Problem>) {
    let mut rules = Rules::default();
    let mut problems = Vec::new();
    let mut filters = Vec::new();
    for document in documents {
        match document {
            Document::Rule(rule) => {
                if rules.register(&rule.meta, Place::Rule(rules.rules.len()), &mut problems) {
                    rules.rules.push(rule);
                }
            }
            Document::Correlation(correlation) => {
                let place = Place::Correlation(rules.correlations.len());
                if rules.register(&correlation.meta, place, &mut problems) {
                    rules.correlations.push(correlation);
                }
            }
            Document::Broken(broken) => {
                if rules.register(&broken.meta, Place::Broken(rules.broken.len()), &mut problems) {
                    rules.broken.push(broken);
                }
            }
            Document::Filter(filter) => filters.push(filter),
        }
    }
    for filter in &filters {
        rules.apply(filter, &mut problems);
    }
    (rules, problems)
}

impl Rules {
    /// Notes the names of a document; false where its id is taken.
    fn register(&mut self, meta: &Meta, place: Place, problems: &mut Vec<Problem>) -> bool {
        match self.by_name.entry(Arc::from(meta.id.as_str())) {
            Entry::Occupied(taken) => {
                let first = match taken.get() {
                    Place::Rule(at) => self.rules.get(*at).map(|rule| &rule.meta),
                    Place::Correlation(at) => self.correlations.get(*at).map(|rule| &rule.meta),
                    Place::Broken(at) => self.broken.get(*at).map(|broken| &broken.meta),
                };
                let first = first.map(|meta| meta.path.display().to_string()).unwrap_or_default();
                problems.push(Problem::new(
                    meta.path.display().to_string(),
                    format!("id `{}` is that of a rule in {first} already; this one is left out: give it its own id", meta.id),
                ));
                return false;
            }
            Entry::Vacant(free) => {
                free.insert(place);
            }
        }
        if let Some(name) = &meta.name {
            self.by_name.entry(name.clone()).or_insert(place);
        }
        true
    }

    /// What an id or name refers to.
    pub(super) fn find(&self, name: &str) -> Option<Target<'_>> {
        match self.by_name.get(name)? {
            Place::Rule(at) => self.rules.get(*at).map(Target::Rule),
            Place::Correlation(at) => self.correlations.get(*at).map(Target::Correlation),
            Place::Broken(at) => self.broken.get(*at).map(Target::Broken),
        }
    }

    fn apply(&mut self, filter: &Filter, problems: &mut Vec<Problem>) {
        let mut applied = 0_usize;
        for rule in &mut self.rules {
            let named = filter.rules.as_ref().is_none_or(|names| {
                names.iter().any(|name| {
                    **name == *rule.meta.id.as_str()
                        || rule.meta.name.as_ref() == Some(name)
                        || rule.meta.title == *name
                })
            });
            if named && covers(&filter.logsource, &rule.logsource) {
                filter.condition.collect_fields(&mut rule.fields);
                let before = std::mem::replace(&mut rule.condition, Expr::All(Vec::new()));
                rule.condition = Expr::All(vec![before, with_title(&filter.condition, &filter.title)]);
                applied += 1;
            }
        }
        if applied == 0 {
            problems.push(Problem::new(
                filter.path.display().to_string(),
                format!(
                    "filter `{}` applies to none of the rules given; add their folder or mend its `rules`",
                    filter.title
                ),
            ));
        }
    }

    /// Every rule and correlation as a detection. What was not understood is listed as such.
    #[must_use]
    pub fn detections(&self, logsources: &Logsources, facts: &Facts) -> Vec<Detection> {
        let resolver = Resolver { rules: self, logsources, facts };
        let rules = self.rules.iter().map(|rule| Detection {
            requirement: analysis::requirement(rule, logsources, facts),
            scope: scope(&rule.logsource),
            sysmon_lines: sysmon_lines(rule, logsources),
            prerequisites: rule.logsource.definition.iter().cloned().collect(),
            ..bare(&rule.meta)
        });
        let correlations = self.correlations.iter().map(|correlation| Detection {
            requirement: resolver.requirement(correlation),
            scope: self.scope_of(correlation),
            ..bare(&correlation.meta)
        });
        let broken = self.broken.iter().map(|broken| Detection {
            requirement: Requirement::NotUnderstood {
                kind: NotUnderstood::UnparsedRequirement,
                what: broken.reason.clone(),
            },
            ..bare(&broken.meta)
        });
        rules.chain(correlations).chain(broken).collect()
    }

    /// The platform that all rules of a correlation share.
    fn scope_of(&self, correlation: &Correlation) -> Scope {
        let mut scopes = correlation.rules.iter().filter_map(|name| match self.find(name)? {
            Target::Rule(rule) => Some(scope(&rule.logsource)),
            _ => None,
        });
        let first = scopes.next().unwrap_or(Scope::Any);
        if scopes.all(|scope| scope == first) { first } else { Scope::Any }
    }
}

/// The filter's expression with its exclusions named after the filter.
fn with_title(condition: &Expr, title: &Arc<str>) -> Expr {
    match condition {
        Expr::Not(inner) => Expr::Not(Box::new(Expr::Named(title.clone(), Arc::new((**inner).clone())))),
        other => other.clone(),
    }
}

/// True where a filter's logsource leaves room for a rule's: each word that the filter gives is the rule's too.
fn covers(filter: &Logsource, rule: &Logsource) -> bool {
    let fits = |filter: &Option<Arc<str>>, rule: &Option<Arc<str>>| filter.is_none() || filter == rule;
    fits(&filter.product, &rule.product)
        && fits(&filter.category, &rule.category)
        && fits(&filter.service, &rule.service)
}

fn scope(logsource: &Logsource) -> Scope {
    match logsource.product.as_deref() {
        Some("windows") => Scope::Hosts(Platform::Windows),
        Some("linux") => Scope::Hosts(Platform::Linux),
        Some("macos") => Scope::OtherPlatform("macOS".into()),
        _ => Scope::Any,
    }
}

fn bare(meta: &Meta) -> Detection {
    Detection {
        id: meta.id.clone(),
        source: DetectionSource::Sigma,
        title: meta.title.clone(),
        level: meta.level,
        status: meta.status,
        techniques: meta.techniques.clone(),
        file: Some(meta.path.clone()),
        scope: Scope::Any,
        requirement: Requirement::Parts(Vec::new()),
        sysmon_lines: Vec::new(),
        prerequisites: Vec::new(),
    }
}

#[cfg(test)]
mod tests;
