//! The answer in one picture, and what it rests on.

use blindspot_coverage::{Verdict, VerdictCounts, say};

use super::{
    picture::{self, Bar},
    words,
};
use crate::{
    output::text::{meaning, megabytes},
    report::Report,
};

/// Under this much history a verdict deserves a word of caution (DESIGN, rule 8).
const SHORT_HISTORY_HOURS: f64 = 24.0;
/// Channels and hosts named in the head.
const NAMED: usize = 8;

/// What stands first.
pub(super) struct Head {
    /// When the report was made.
    pub(super) made: String,
    /// The subject: a host's name, or how many hosts.
    pub(super) subject: String,
    /// How many detections are blind, as a number.
    pub(super) blind: String,
    /// What that number is of, as the rest of the sentence.
    pub(super) answer: String,
    /// The bars, each with its name.
    pub(super) bars: Vec<(String, Bar)>,
    /// Every verdict with its counts and its meaning.
    pub(super) legend: Vec<Legend>,
    /// What was read, in pairs.
    pub(super) facts: Vec<(&'static str, String)>,
    /// What to bear in mind.
    pub(super) cautions: Vec<String>,
}

/// One verdict of the picture.
pub(super) struct Legend {
    /// Its class.
    pub(super) class: &'static str,
    /// Its sign.
    pub(super) sign: &'static str,
    /// Its word.
    pub(super) word: &'static str,
    /// Detections that have it at best.
    pub(super) best: String,
    /// Detections that have it at worst.
    pub(super) worst: String,
    /// What it means.
    pub(super) meaning: &'static str,
}

impl Head {
    /// From the report.
    pub(super) fn new(report: &Report<'_>) -> Self {
        let hosts = report.sights.len();
        let best = report.best_counts();
        let mut worst = VerdictCounts::default();
        for judged in &report.judged {
            worst.add(judged.worst());
        }
        let meant = report.judged.len() - best.of(Verdict::OutOfScope);
        let subject = match report.input.hosts.as_slice() {
            [one] => words::shown(one.host.as_str()),
            many => words::count(many.len(), "host"),
        };
        let answer = match hosts {
            1 => format!("of {} detections meant for it cannot fire", words::many(meant)),
            all => format!("of {} detections cannot fire on at least one of {all} hosts", words::many(meant)),
        };
        let legend = Verdict::ALL.into_iter().filter(|verdict| best.of(*verdict) + worst.of(*verdict) > 0);
        Self {
            made: format!("{} UTC", words::time(report.generated_at)),
            subject,
            blind: words::many(report.blind().count()),
            answer,
            bars: match hosts {
                1 => vec![(String::new(), picture::bar(&best))],
                _ => vec![
                    ("on the host that sees most".to_owned(), picture::bar(&best)),
                    ("on the host that sees least".to_owned(), picture::bar(&worst)),
                ],
            },
            legend: legend
                .map(|verdict| Legend {
                    class: verdict.as_str(),
                    sign: words::sign(verdict),
                    word: words::word(verdict),
                    best: words::many(best.of(verdict)),
                    worst: words::many(worst.of(verdict)),
                    meaning: meaning(verdict),
                })
                .collect(),
            facts: facts(report),
            cautions: cautions(report),
        }
    }
}

fn facts(report: &Report<'_>) -> Vec<(&'static str, String)> {
    let input = report.input;
    let mut facts = Vec::new();
    let given: Vec<String> = input.given.iter().map(|path| words::shown(path)).collect();
    let mut read = Vec::new();
    if input.files > 0 {
        read.push(format!("{}, {}", words::count(input.files, "log file"), megabytes(input.bytes)));
    }
    if !given.is_empty() {
        read.push(words::few(&given, NAMED));
    }
    if !read.is_empty() {
        facts.push(("Read", read.join(": ")));
    }
    let names: Vec<String> = input.hosts.iter().map(|host| words::shown(host.host.as_str())).collect();
    facts.push((if names.len() == 1 { "Host" } else { "Hosts" }, words::few(&names, NAMED)));
    if let Some((from, to)) = report.span() {
        let hours = to.duration_since(from).as_secs_f64() / 3600.0;
        facts.push((
            "Span",
            format!("{} to {} UTC ({})", words::time(from), words::time(to), say::hours(hours)),
        ));
    }
    facts.push(("Holding", holding(report)));
    let version = words::shown(&input.attack.version.to_string());
    let detections = words::many(input.detections.len());
    facts.push((
        "Judged by",
        if input.judges_analytics() {
            format!("{detections} analytics of ATT&CK v{version}; no rules of your own were named")
        } else {
            format!("{detections} detections; techniques by ATT&CK v{version}")
        },
    ));
    facts
}

/// The logs that held anything, fullest first.
fn holding(report: &Report<'_>) -> String {
    let mut held: std::collections::BTreeMap<String, u64> = std::collections::BTreeMap::new();
    for source in report.input.hosts.iter().flat_map(|host| &host.sources) {
        for id in source.holds.iter().filter(|_| source.records > 0) {
            let sum = held.entry(id.to_string()).or_default();
            *sum = sum.saturating_add(source.records);
        }
    }
    let mut held: Vec<(String, u64)> = held.into_iter().collect();
    held.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
    let names: Vec<String> = held.iter().map(|(name, _)| words::shown(name)).collect();
    if names.is_empty() { "no log that held anything".to_owned() } else { words::few(&names, NAMED) }
}

fn cautions(report: &Report<'_>) -> Vec<String> {
    let mut cautions = Vec::new();
    let short: Vec<f64> = report
        .sights
        .iter()
        .map(blindspot_coverage::HostSight::covered_hours)
        .filter(|hours| *hours < SHORT_HISTORY_HOURS)
        .collect();
    match (short.as_slice(), report.sights.len()) {
        ([], _) => (),
        ([hours], 1) => cautions.push(format!(
            "Only {} of history was read: what is absent here may be normal elsewhere.",
            say::hours(*hours)
        )),
        (some, all) => cautions.push(format!(
            "{} of {all} hosts have less than 24 h of history: what is absent there may be normal elsewhere.",
            some.len()
        )),
    }
    let damaged: u64 = report
        .input
        .hosts
        .iter()
        .flat_map(|host| &host.sources)
        .map(|source| source.damaged)
        .fold(0, u64::saturating_add);
    if damaged > 0 {
        cautions.push(format!("{} damaged records could not be counted.", words::grouped(damaged)));
    }
    cautions
}
