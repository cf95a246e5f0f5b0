//! Rules 1 and 2 of judgement, over every log of the corpus: what fires is seen, what was not logged is not.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
};

use blindspot::{
    input,
    logs::{self, read::ReadOptions},
};
use blindspot_catalog::{Facts, LeafEvent, Requirement};
use blindspot_coverage::{HostSight, judge};
use blindspot_telemetry::{EventTypePattern, Inventory, SourceId};
use rsigma_parser::SigmaRule;

use crate::{
    event::Kind,
    oracle::{Corpus, Oracle, in_parallel, kinds, records},
};

fn hosts_of(path: &Path) -> Vec<Inventory> {
    logs::collect(&[path.to_owned()], &ReadOptions::default()).hosts
}

fn sight<'h>(host: &'h Inventory, facts: &Facts) -> HostSight<'h> {
    HostSight::new(host, input::window_of(host, None), facts)
}

/// The names under which a host wrote, in lower case.
fn names(host: &Inventory) -> Vec<String> {
    std::iter::once(&host.host).chain(&host.aliases).map(|name| name.as_str().to_ascii_lowercase()).collect()
}

fn shown(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

/// The floors at its end keep the check from checking nothing.
#[test]
fn what_fires_on_a_log_is_sighted_noisy_or_partial_on_it() {
    let Some(corpus) = Corpus::load() else { return };
    let oracle = Oracle::new(&corpus.rules);
    assert_eq!(oracle.unrouted, BTreeSet::from(["file_access".to_owned(), "file_rename".to_owned()]));
    let detections: BTreeMap<&str, _> =
        corpus.detections.iter().map(|detection| (detection.id.as_str(), detection)).collect();
    let checked = in_parallel(&corpus.logs, |path| {
        let events = records(path);
        let hosts = hosts_of(path);
        let sights: Vec<_> = hosts.iter().map(|host| (names(host), sight(host, &corpus.facts))).collect();
        let mut verdicts = Vec::new();
        for (computer, id) in oracle.firings(&events) {
            let on: Vec<_> = sights.iter().filter(|(names, _)| names.contains(&computer)).collect();
            assert_eq!(on.len(), 1, "{}: {computer} is one host", path.display());
            let detection = detections[id.as_str()];
            let judgement = judge(detection, &on[0].1, &corpus.facts);
            let reasons: Vec<_> =
                judgement.reasons.iter().map(|reason| (reason.code, reason.event)).collect();
            let text = format!(
                "{} on {computer} of {}: {:?} {reasons:?}",
                detection.id,
                shown(path),
                judgement.verdict
            );
            verdicts.push((id, judgement.verdict, text));
        }
        verdicts
    });
    let fired: Vec<_> = checked.iter().flatten().collect();
    let rules: BTreeSet<&str> = fired.iter().map(|(id, ..)| id.as_str()).collect();
    let of_rule = |rule: &&SigmaRule| rule.id.as_deref().is_some_and(|id| rules.contains(id));
    let logsource = |rule: &SigmaRule| rule.logsource.category.clone().or(rule.logsource.service.clone());
    let logsources: BTreeSet<_> = corpus.rules.iter().filter(of_rule).filter_map(logsource).collect();
    let logs = checked.iter().filter(|verdicts| !verdicts.is_empty()).count();
    let mut by_verdict = BTreeMap::new();
    for (_, verdict, _) in &fired {
        *by_verdict.entry(*verdict).or_insert(0) += 1;
    }
    println!(
        "{} rules tried; {} firings of {} rules for {} log sources on {logs} of {} logs: {by_verdict:?}",
        oracle.rules,
        fired.len(),
        rules.len(),
        logsources.len(),
        corpus.logs.len()
    );
    let wrong: Vec<&str> =
        fired.iter().filter(|(_, verdict, _)| !verdict.sees()).map(|(.., text)| text.as_str()).collect();
    assert!(wrong.is_empty(), "{} wrong:\n{}", wrong.len(), wrong.join("\n"));
    assert!(fired.len() > 800 && rules.len() > 380 && logs > 220, "too little was checked");
    assert!(logsources.len() > 15, "{logsources:?}");
}

#[test]
fn what_was_not_logged_is_neither_sighted_nor_noisy_nor_partial() {
    let Some(corpus) = Corpus::load() else { return };
    let oracle = Oracle::new(&corpus.rules);
    let rules: BTreeMap<&str, _> =
        corpus.rules.iter().filter_map(|rule| Some((rule.id.as_deref()?, rule))).collect();
    let results = in_parallel(&corpus.logs, |path| {
        let by_computer = kinds(&records(path));
        let (mut open, mut closed, mut wrong) = (0, 0, Vec::new());
        for host in &hosts_of(path) {
            let logged: BTreeSet<Kind> =
                names(host).iter().filter_map(|name| by_computer.get(name)).flatten().cloned().collect();
            let sight = sight(host, &corpus.facts);
            for detection in &corpus.detections {
                let verdict = judge(detection, &sight, &corpus.facts).verdict;
                if !verdict.sees() {
                    closed += 1;
                    continue;
                }
                open += 1;
                if !names_any(&detection.requirement, &logged) {
                    wrong.push(format!(
                        "{} {verdict:?} on {}: none of its event types",
                        detection.id,
                        shown(path)
                    ));
                }
                if !oracle.reaches(rules[detection.id.as_str()], &logged) {
                    wrong.push(format!(
                        "{} {verdict:?} on {}: none of its log source",
                        detection.id,
                        shown(path)
                    ));
                }
            }
        }
        (open, closed, wrong)
    });
    let (open, closed) =
        results.iter().fold((0, 0), |(open, closed), result| (open + result.0, closed + result.1));
    println!("{open} sighted, noisy or partial and {closed} other verdicts on {} logs", corpus.logs.len());
    let wrong: Vec<&str> = results.iter().flat_map(|result| &result.2).map(String::as_str).collect();
    assert!(wrong.is_empty(), "{} wrong:\n{}", wrong.len(), wrong[..wrong.len().min(40)].join("\n"));
    assert!(open > 200_000 && closed > 800_000, "too little was checked: {open} {closed}");
}

/// True where an event type or source that the requirement names was logged.
fn names_any(requirement: &Requirement, logged: &BTreeSet<Kind>) -> bool {
    match requirement {
        Requirement::Parts(parts) | Requirement::Together(parts) => {
            parts.iter().any(|part| names_any(part, logged))
        }
        Requirement::Branch(branch) => {
            branch.alternatives.iter().any(|leaf| logged.iter().any(|kind| means(&leaf.event, kind)))
        }
        Requirement::Outside { .. } | Requirement::NotUnderstood { .. } => false,
    }
}

/// True where a leaf means this kind of event.
fn means(event: &LeafEvent, kind: &Kind) -> bool {
    match event {
        LeafEvent::Type(EventTypePattern::Windows { channel, provider, event_id }) => {
            channel.as_str().eq_ignore_ascii_case(&kind.channel)
                && u64::from(event_id.0) == kind.id
                && provider
                    .as_ref()
                    .is_none_or(|provider| provider.as_str().eq_ignore_ascii_case(&kind.provider))
        }
        LeafEvent::Source(SourceId::Channel(channel)) => channel.as_str().eq_ignore_ascii_case(&kind.channel),
        _ => false,
    }
}
