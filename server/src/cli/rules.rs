//! `blindspot rules`: what each Sigma rule needs, whatever any host has, and which rules deserve a second look.

use std::{collections::BTreeMap, io::Write as _, num::NonZeroUsize, path::PathBuf};

use blindspot_catalog::{
    Detection, Problem,
    own::{self, TooGeneric},
    sigma::{self, Explained, SigmaRule},
};
use blindspot_coverage::{Verdict, ideal};
use serde::Serialize;

use super::{
    Outcome,
    args::{ListFormat, RulesCommand},
};
use crate::{
    input::Catalogue,
    output::{self, clean::clean, paint},
};

pub(super) fn run(command: &RulesCommand) -> anyhow::Result<Outcome> {
    match command {
        RulesCommand::Show { rules, format, catalog } => {
            let list = list(rules, &Catalogue::load(catalog.as_deref())?);
            let text = match format {
                ListFormat::Json => {
                    let mut text = serde_json::to_string_pretty(&list)?;
                    text.push('\n');
                    text
                }
                ListFormat::Text => text(&list),
            };
            output::file::write(&text, None)?;
            Ok(if list.rules.is_empty() { Outcome::Failed } else { Outcome::Done })
        }
        RulesCommand::Lint { rules, catalog } => lint_all(rules, &Catalogue::load(catalog.as_deref())?),
    }
}

#[derive(Serialize)]
struct RuleList {
    schema: &'static str,
    rules: Vec<RuleReport>,
    problems: Vec<ProblemReport>,
}

#[derive(Serialize)]
struct ProblemReport {
    #[serde(rename = "where")]
    place: String,
    what: String,
}

#[derive(Serialize)]
struct RuleReport {
    id: String,
    title: String,
    path: String,
    level: Option<&'static str>,
    logsource: LogsourceReport,
    mapped: bool,
    reason: Option<String>,
    alternatives: Vec<AlternativeReport>,
    fields: FieldsReport,
    techniques: Vec<String>,
    prerequisites: Vec<String>,
}

#[derive(Serialize)]
struct LogsourceReport {
    product: Option<String>,
    category: Option<String>,
    service: Option<String>,
}

#[derive(Serialize)]
struct AlternativeReport {
    event_types: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    sources: Vec<String>,
    verdict_if_all_fields: &'static str,
    missing_fields: Vec<String>,
}

#[derive(Serialize)]
struct FieldsReport {
    needed: Vec<String>,
    exclusion_only: Vec<String>,
}

fn threads() -> NonZeroUsize {
    std::thread::available_parallelism().unwrap_or(NonZeroUsize::MIN)
}

fn list(paths: &[PathBuf], catalogue: &Catalogue) -> RuleList {
    let (rules, problems) = crate::rules::parse(paths, threads());
    let detections = rules.detections(&catalogue.logsources, &catalogue.facts);
    let by_id: BTreeMap<&str, &Detection> =
        detections.iter().map(|detection| (detection.id.as_str(), detection)).collect();
    let report = |rule: &SigmaRule| {
        let detection = by_id.get(rule.meta.id.as_str()).copied();
        rule_report(
            rule,
            detection,
            &sigma::explain(rule, &catalogue.logsources, &catalogue.facts),
            catalogue,
        )
    };
    let mut reports: Vec<RuleReport> = rules.rules.iter().map(report).collect();
    let plain =
        rules.correlations.iter().map(|rule| &rule.meta).chain(rules.broken.iter().map(|rule| &rule.meta));
    reports.extend(plain.map(|meta| meta_report(meta, by_id.get(meta.id.as_str()).copied())));
    let own = catalogue.problems.iter().chain(&problems);
    RuleList {
        schema: "blindspot.rules/1",
        rules: reports,
        problems: own
            .map(|each| ProblemReport { place: each.place.clone(), what: each.what.clone() })
            .collect(),
    }
}

fn rule_report(
    rule: &SigmaRule,
    detection: Option<&Detection>,
    explained: &Explained,
    catalogue: &Catalogue,
) -> RuleReport {
    let text = |word: &Option<std::sync::Arc<str>>| word.as_deref().map(str::to_owned);
    let alternative = |each: &sigma::ExplainedAlternative| AlternativeReport {
        event_types: each.event_types.iter().map(|event| event.pattern.to_string()).collect(),
        sources: each.sources.iter().map(ToString::to_string).collect(),
        verdict_if_all_fields: detection
            .map_or(Verdict::Unknown, |detection| ideal::verdict_if_whole(detection, each, &catalogue.facts))
            .as_str(),
        missing_fields: each.missing_fields.iter().map(ToString::to_string).collect(),
    };
    RuleReport {
        logsource: LogsourceReport {
            product: text(&rule.logsource.product),
            category: text(&rule.logsource.category),
            service: text(&rule.logsource.service),
        },
        mapped: explained.unmapped_because.is_none(),
        reason: explained.unmapped_because.as_deref().map(str::to_owned),
        alternatives: explained.alternatives.iter().map(alternative).collect(),
        fields: FieldsReport {
            needed: explained.needed.iter().map(ToString::to_string).collect(),
            exclusion_only: explained.exclusion_only.iter().map(ToString::to_string).collect(),
        },
        ..meta_report(&rule.meta, detection)
    }
}

/// What stands over any document; the rest is empty for correlations and for what could not be read.
fn meta_report(meta: &sigma::Meta, detection: Option<&Detection>) -> RuleReport {
    let reason = detection.and_then(|detection| match &detection.requirement {
        blindspot_catalog::Requirement::NotUnderstood { what, .. } => Some(what.to_string()),
        _ => None,
    });
    RuleReport {
        id: meta.id.to_string(),
        title: meta.title.to_string(),
        path: meta.path.display().to_string(),
        level: meta.level.map(blindspot_catalog::Level::as_str),
        logsource: LogsourceReport { product: None, category: None, service: None },
        mapped: reason.is_none(),
        reason,
        alternatives: Vec::new(),
        fields: FieldsReport { needed: Vec::new(), exclusion_only: Vec::new() },
        techniques: meta.techniques.iter().map(ToString::to_string).collect(),
        prerequisites: detection
            .map(|detection| detection.prerequisites.iter().map(ToString::to_string).collect())
            .unwrap_or_default(),
    }
}

fn text(list: &RuleList) -> String {
    let mut table = output::text::table();
    table.set_header(["rule", "needs", "if that is whole", "fields"]);
    for rule in &list.rules {
        let needs: Vec<String> = rule
            .alternatives
            .iter()
            .map(|each| [each.event_types.as_slice(), each.sources.as_slice()].concat().join(" "))
            .collect();
        let whole: Vec<&str> = rule.alternatives.iter().map(|each| each.verdict_if_all_fields).collect();
        let needs = rule.reason.clone().unwrap_or_else(|| needs.join("\nor "));
        table.add_row([
            clean(&rule.title).into_owned(),
            clean(&needs).replace("\\u{a}", "\n"),
            whole.join("\n"),
            clean(&rule.fields.needed.join(" ")).into_owned(),
        ]);
    }
    let mapped = list.rules.iter().filter(|rule| rule.mapped).count();
    let mut text = format!("{table}\n{} of {} rules are mapped to event types\n", mapped, list.rules.len());
    if !list.problems.is_empty() {
        text.push_str(&format!("\n{}\n", paint::heading(&format!("Problems ({})", list.problems.len()))));
        for problem in &list.problems {
            text.push_str(&format!("  {}: {}\n", clean(&problem.place), clean(&problem.what)));
        }
    }
    text
}

/// Exit code 0 nothing to mend, 1 something, 2 no rule could be read.
fn lint_all(paths: &[PathBuf], catalogue: &Catalogue) -> anyhow::Result<Outcome> {
    let (rules, problems) = crate::rules::parse(paths, threads());
    let mut findings: Vec<Problem> = catalogue.problems.iter().chain(&problems).cloned().collect();
    for rule in &rules.rules {
        findings.extend(lint_one(rule, catalogue));
    }
    findings.sort();
    let mut out = anstream::stdout();
    for finding in &findings {
        writeln!(out, "{}", clean(&finding.to_string()))?;
    }
    writeln!(out, "{} rules, {} findings", rules.rules.len(), findings.len())?;
    Ok(match (rules.rules.is_empty(), findings.is_empty()) {
        (true, _) => Outcome::Failed,
        (false, false) => Outcome::No,
        (false, true) => Outcome::Done,
    })
}

fn lint_one(rule: &SigmaRule, catalogue: &Catalogue) -> Vec<Problem> {
    let place = rule.meta.path.display().to_string();
    let explained = sigma::explain(rule, &catalogue.logsources, &catalogue.facts);
    let mut findings = Vec::new();
    if let Some(reason) = explained.unmapped_because {
        findings.push(Problem::new(place.clone(), reason.to_string()));
    }
    let hopeless = !explained.alternatives.is_empty()
        && explained.alternatives.iter().all(|each| !each.missing_fields.is_empty());
    if hopeless {
        let lacking: Vec<String> = explained
            .alternatives
            .iter()
            .flat_map(|each| each.missing_fields.iter().map(ToString::to_string))
            .collect();
        findings.push(Problem::new(
            place.clone(),
            format!(
                "no event type of its log source has all its fields; missing somewhere: {}",
                lacking.join(", ")
            ),
        ));
    }
    let generic = own::too_generic(&rule.meta.techniques, rule.meta.tactics.first().map(|tactic| &**tactic));
    if let Some(generic) = generic {
        findings.push(Problem::new(place, describe(&generic)));
    }
    findings
}

fn describe(generic: &TooGeneric) -> String {
    match generic {
        TooGeneric::NoTechnique => "has no ATT&CK tag: add the technique that it detects".to_owned(),
        TooGeneric::TacticOnly => {
            "is tagged with a tactic only: add the technique that it detects".to_owned()
        }
        TooGeneric::ManyTechniques(count) => {
            format!("is tagged with {count} techniques: what it detects is less than that")
        }
    }
}
