//! Every log of the corpus with its records, and which rules really fire on it.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    num::NonZeroUsize,
    path::{Path, PathBuf},
    sync::atomic::{AtomicUsize, Ordering},
    thread,
};

use blindspot_catalog::{Detection, Facts, sigma::Logsources};
use blindspot_tests::corpus::{corpus, files_below};
use evtx::{EvtxParser, ParserSettings};
use rsigma_eval::{Engine, JsonEvent};
use rsigma_parser::{SigmaRule, parse_sigma_yaml};
use serde_json::Value;

use crate::{
    event::{Event, Kind, without_empty},
    route::{Route, routes, shaped},
};

/// The corpus: logs, rules as the oracle reads them, and the same rules as we read them.
pub struct Corpus {
    pub logs: Vec<PathBuf>,
    pub rules: Vec<SigmaRule>,
    pub detections: Vec<Detection>,
    pub facts: Facts,
}

impl Corpus {
    /// `None`, after a line that says so, where no corpus is given.
    pub fn load() -> Option<Self> {
        let folder = corpus()?;
        let facts = Facts::embedded();
        let (detections, problems) =
            blindspot::rules::load(&[rules_in(&folder)], Logsources::embedded(), &facts, threads());
        assert_eq!(problems, []);
        let rules = oracle_rules(&rules_in(&folder));
        assert_eq!(rules.len(), detections.len(), "both read the same rules");
        Some(Self { logs: files_below(&folder, ".evtx"), rules, detections, facts })
    }
}

fn rules_in(corpus: &Path) -> PathBuf {
    corpus.join("sigma-rules-2026-08")
}

/// The rules as the oracle's parser reads them.
pub fn oracle_rules(folder: &Path) -> Vec<SigmaRule> {
    let files = files_below(folder, ".yml");
    in_parallel(&files, |path| {
        let text = fs::read_to_string(path).expect("a rule");
        parse_sigma_yaml(&text).expect("a rule that parses").rules
    })
    .into_iter()
    .flatten()
    .collect()
}

pub fn threads() -> NonZeroUsize {
    thread::available_parallelism().unwrap_or(NonZeroUsize::MIN)
}

/// Does the same with each, on all processors, and keeps the order.
pub fn in_parallel<'a, T: Sync, R: Send>(items: &'a [T], work: impl Fn(&'a T) -> R + Sync) -> Vec<R> {
    let next = AtomicUsize::new(0);
    let mut done: Vec<(usize, R)> = thread::scope(|scope| {
        let run = || {
            let mut mine = Vec::new();
            loop {
                let at = next.fetch_add(1, Ordering::Relaxed);
                let Some(item) = items.get(at) else { break mine };
                mine.push((at, work(item)));
            }
        };
        let workers: Vec<_> = (0..threads().get()).map(|_| scope.spawn(run)).collect();
        workers.into_iter().flat_map(|worker| worker.join().expect("a worker that ends well")).collect()
    });
    done.sort_by_key(|(at, _)| *at);
    done.into_iter().map(|(_, result)| result).collect()
}

/// The records of a log that the `evtx` crate can read.
pub fn records(path: &Path) -> Vec<Event> {
    let settings = ParserSettings::default().num_threads(1);
    let mut parser = EvtxParser::from_path(path).expect("an EVTX file").with_configuration(settings);
    parser.records_json_value().flatten().map(|record| Event::of(&record.data)).collect()
}

/// Which kinds of events each computer wrote.
pub fn kinds(events: &[Event]) -> BTreeMap<String, BTreeSet<Kind>> {
    let mut kinds: BTreeMap<String, BTreeSet<Kind>> = BTreeMap::new();
    for event in events {
        kinds.entry(event.computer.to_ascii_lowercase()).or_default().insert(event.kind.clone());
    }
    kinds
}

/// The rules of each log source, ready to be tried on its events.
pub struct Oracle {
    engines: Vec<(Vec<Route>, Engine)>,
    /// Windows log sources that no event log holds.
    pub unrouted: BTreeSet<String>,
    pub rules: usize,
}

impl Oracle {
    pub fn new(rules: &[SigmaRule]) -> Self {
        let mut by_logsource: BTreeMap<(Option<&str>, Option<&str>), Vec<&SigmaRule>> = BTreeMap::new();
        for rule in rules.iter().filter(|rule| rule.logsource.product.as_deref() == Some("windows")) {
            let key = (rule.logsource.category.as_deref(), rule.logsource.service.as_deref());
            by_logsource.entry(key).or_default().push(rule);
        }
        let mut oracle = Self { engines: Vec::new(), unrouted: BTreeSet::new(), rules: 0 };
        for ((category, service), rules) in by_logsource {
            let routes = rules.first().map(|rule| routes(&rule.logsource)).unwrap_or_default();
            if routes.is_empty() {
                oracle.unrouted.insert(category.or(service).unwrap_or_default().to_owned());
                continue;
            }
            let mut engine = Engine::new();
            oracle.rules += rules.len();
            let refused = engine.add_rules(rules);
            assert!(refused.is_empty(), "{refused:?}");
            oracle.engines.push((routes, engine));
        }
        oracle
    }

    /// Which rules fire on which computer of a log: (computer in lower case, rule id).
    pub fn firings(&self, events: &[Event]) -> BTreeSet<(String, String)> {
        let mut firings = BTreeSet::new();
        for event in events {
            for (routes, engine) in &self.engines {
                for route in routes.iter().filter(|route| route.takes(&event.kind.channel, event.kind.id)) {
                    let fields = shaped(&event.fields, route.shape);
                    for form in [without_empty(&fields), fields] {
                        let form = Value::Object(form);
                        for hit in engine.evaluate(&JsonEvent::borrow(&form)) {
                            let id = hit.header.rule_id.expect("a rule with an id");
                            firings.insert((event.computer.to_ascii_lowercase(), id));
                        }
                    }
                }
            }
        }
        firings
    }

    /// True where the log source of a rule means one of these kinds of events.
    pub fn reaches(&self, rule: &SigmaRule, kinds: &BTreeSet<Kind>) -> bool {
        let routes = routes(&rule.logsource);
        kinds.iter().any(|kind| routes.iter().any(|route| route.takes(&kind.channel, kind.id)))
    }
}
