//! Rewrites a condition to the ways in which it can fire: which events, which fields, which exclusions.
//!
//! Values of one field collapse, so a list of a hundred names is one way. Each maximal negated expression is one
//! exclusion; a double negation cancels.

use std::{
    collections::{BTreeMap, btree_map::Entry},
    sync::Arc,
};

use blindspot_telemetry::FieldName;

use super::{
    constraint::{Constraint, Dialect, Reading},
    expr::{Asks, Expr},
    paths::Paths,
};

/// No rule of the public sets comes near.
pub(super) const MAX_WAYS: usize = 4096;

/// One way to fire.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Way {
    /// Which events it is about.
    pub(super) event: Constraint,
    /// Fields that must be filled.
    pub(super) needs: BTreeMap<FieldName, Asks>,
    /// Exclusions that apply, by their place in [`Ways::exclusions`].
    pub(super) exclusions: Vec<usize>,
}

/// All ways of a condition.
pub(super) struct Ways {
    /// Each with its name for people and the paths that it looks for.
    pub(super) ways: Vec<(Way, Arc<str>, Paths)>,
    /// What is excluded, with the filter's name.
    pub(super) exclusions: Vec<(Arc<str>, Expr)>,
}

/// The condition has more ways than [`MAX_WAYS`].
#[derive(Debug, PartialEq, Eq)]
pub(super) struct TooMany;

/// Whether the paths that ways look for are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum KeepPaths {
    /// The audit log can carry the rule: which paths it records is a setting.
    Yes,
    /// No setting asks for them.
    No,
}

/// Rewrites a condition.
pub(super) fn ways(condition: &Expr, dialect: Dialect, paths: KeepPaths) -> Result<Ways, TooMany> {
    let mut rewriting = Rewriting { dialect, paths, exclusions: Vec::new() };
    let found = rewriting.positive(condition)?;
    let fallback = main_label(condition);
    let ways = found
        .into_iter()
        .map(|(way, told)| (way, told.labels.shown().unwrap_or_else(|| fallback.clone()), told.paths));
    Ok(Ways { ways: ways.collect(), exclusions: rewriting.exclusions })
}

/// What is told of a way, whatever alternatives collapsed into it.
#[derive(Debug, Clone, Default)]
struct Told {
    labels: Labels,
    paths: Paths,
}

type Found = BTreeMap<Way, Told>;

struct Rewriting {
    dialect: Dialect,
    paths: KeepPaths,
    exclusions: Vec<(Arc<str>, Expr)>,
}

impl Rewriting {
    fn positive(&mut self, expr: &Expr) -> Result<Found, TooMany> {
        match expr {
            Expr::All(children) => self.product(children, Self::positive),
            Expr::Any(children) => self.sum(children),
            Expr::Named(_, inner) => self.positive(inner),
            Expr::Not(inner) => self.negative(inner),
            Expr::Test(test) => {
                let way = match Constraint::read(test, self.dialect) {
                    Reading::Event(event) => Way { event, ..Way::default() },
                    Reading::Nothing => Way::default(),
                    Reading::EventAndField(event) => Way { event, needs: needs(test), ..Way::default() },
                    Reading::Field => Way { needs: needs(test), ..Way::default() },
                };
                let paths = if self.paths == KeepPaths::Yes { Paths::of(test) } else { Paths::default() };
                Ok(Found::from([(way, Told { labels: Labels::default(), paths })]))
            }
            Expr::Keywords(_) => Ok(one(Way {
                event: Constraint { keywords: true, ..Constraint::default() },
                ..Way::default()
            })),
        }
    }

    /// What stands under `not`: exclusions, or, under a second `not`, ways again.
    fn negative(&mut self, expr: &Expr) -> Result<Found, TooMany> {
        match expr {
            Expr::Not(inner) => self.positive(inner),
            // `not (a or b)` is two exclusions: each keeps its own name.
            Expr::Any(children) => self.product(children, Self::negative),
            other => {
                let known = self.exclusions.iter().position(|(_, known)| known == other);
                let at = known.unwrap_or_else(|| {
                    self.exclusions.push((other.label(), other.clone()));
                    self.exclusions.len() - 1
                });
                Ok(one(Way { exclusions: vec![at], ..Way::default() }))
            }
        }
    }

    fn product(
        &mut self,
        children: &[Expr],
        each: fn(&mut Self, &Expr) -> Result<Found, TooMany>,
    ) -> Result<Found, TooMany> {
        let mut all = one(Way::default());
        for child in children {
            let factors = each(self, child)?;
            let mut product = Found::new();
            for (way, told) in &all {
                for (factor, more) in &factors {
                    if let Some(both) = way.and(factor) {
                        let labels = told.labels.joined(&more.labels);
                        put(&mut product, both, Told { labels, paths: told.paths.and(&more.paths) });
                        if product.len() > MAX_WAYS {
                            return Err(TooMany);
                        }
                    }
                }
            }
            all = product;
        }
        Ok(all)
    }

    fn sum(&mut self, children: &[Expr]) -> Result<Found, TooMany> {
        let mut all = Found::new();
        for child in children {
            let named = if children.len() > 1 { Labels::of(child.label()) } else { Labels::default() };
            for (way, told) in self.positive(child)? {
                put(&mut all, way, Told { labels: named.joined(&told.labels), ..told });
            }
            if all.len() > MAX_WAYS {
                return Err(TooMany);
            }
        }
        Ok(all)
    }
}

fn one(way: Way) -> Found {
    Found::from([(way, Told::default())])
}

/// Adds an alternative, which may be a way that is known already.
fn put(found: &mut Found, way: Way, told: Told) {
    match found.entry(way) {
        Entry::Vacant(entry) => {
            entry.insert(told);
        }
        Entry::Occupied(mut entry) => {
            let known = entry.get_mut();
            known.labels.alternatively(&told.labels);
            known.paths = known.paths.or(&told.paths);
        }
    }
}

fn needs(test: &super::expr::Test) -> BTreeMap<FieldName, Asks> {
    match test.asks() {
        Asks::Absence => BTreeMap::new(),
        asks => test.fields().map(|field| (field, asks)).collect(),
    }
}

impl Way {
    /// Both at once; `None` where no event can be both.
    fn and(&self, other: &Self) -> Option<Self> {
        let mut both = self.clone();
        both.event = self.event.and(&other.event)?;
        for (field, asks) in &other.needs {
            let known = both.needs.entry(field.clone()).or_insert(*asks);
            *known = (*known).max(*asks);
        }
        both.exclusions.extend(&other.exclusions);
        both.exclusions.sort_unstable();
        both.exclusions.dedup();
        Some(both)
    }
}

/// Names of the alternatives that collapsed into one way: the first few, and how many there are.
#[derive(Debug, Clone, Default)]
struct Labels {
    first: Vec<Arc<str>>,
    count: usize,
}

const SHOWN: usize = 3;

impl Labels {
    fn of(label: Arc<str>) -> Self {
        Self { first: vec![label], count: 1 }
    }

    fn alternatively(&mut self, other: &Self) {
        let new: Vec<_> = other.first.iter().filter(|label| !self.first.contains(label)).cloned().collect();
        self.count += other.count.saturating_sub(other.first.len() - new.len());
        self.first.extend(new);
        self.first.truncate(SHOWN);
    }

    fn joined(&self, other: &Self) -> Self {
        match (self.first.is_empty(), other.first.is_empty()) {
            (true, _) => other.clone(),
            (_, true) => self.clone(),
            _ => {
                let pairs = self.first.iter().flat_map(|a| other.first.iter().map(move |b| (a, b)));
                let joined = pairs
                    .take(SHOWN)
                    .map(|(a, b)| if a == b { a.clone() } else { format!("{a} + {b}").into() });
                Self { first: joined.collect(), count: self.count.saturating_mul(other.count) }
            }
        }
    }

    fn shown(&self) -> Option<Arc<str>> {
        let first = self.first.join(" | ");
        match self.count.saturating_sub(self.first.len()) {
            _ if self.first.is_empty() => None,
            0 => Some(first.into()),
            more => Some(format!("{first} and {more} more").into()),
        }
    }
}

/// The selections that the condition names positively, for rules with one way.
fn main_label(condition: &Expr) -> Arc<str> {
    fn collect(expr: &Expr, into: &mut Vec<Arc<str>>) {
        match expr {
            Expr::Named(name, _) => into.push(name.clone()),
            Expr::All(children) | Expr::Any(children) => {
                children.iter().for_each(|child| collect(child, into))
            }
            Expr::Test(_) | Expr::Keywords(_) => into.push(expr.label()),
            Expr::Not(_) => {}
        }
    }
    let mut names = Vec::new();
    collect(condition, &mut names);
    names.dedup();
    if names.is_empty() { "everything not excluded".into() } else { names.join(" + ").into() }
}
