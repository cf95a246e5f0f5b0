//! The published JSON document, `blindspot.audit/1`. Its schema stands in `docs/schema/`; changes only add.

use std::collections::BTreeMap;

use blindspot_coverage::{Evidence, HostSight, Judged, Judgement, Reason, Verdict, VerdictCounts, fix, say};
use blindspot_telemetry::report::{HostReport, SCHEMA};
use jiff::Timestamp;
use serde::Serialize;

use crate::{baseline::Change, overlay::Overlay, report::Report, verify::Verified};

#[derive(Serialize)]
struct Document<'r> {
    schema: &'static str,
    generated_at: Timestamp,
    attack: AttackVersion,
    window: WindowReport,
    given: &'r [String],
    hosts: Vec<HostReport>,
    detections: Vec<DetectionReport<'r>>,
    techniques: Vec<TechniqueReport<'r>>,
    what_to_do: Vec<GainReport<'r>>,
    unused: Vec<UnusedReport>,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    overlays: &'r [Overlay],
    #[serde(skip_serializing_if = "Option::is_none")]
    change: Option<&'r Change>,
    #[serde(skip_serializing_if = "Option::is_none")]
    verified: Option<&'r Verified>,
    problems: Vec<ProblemReport<'r>>,
    summary: Summary,
}

#[derive(Serialize)]
struct AttackVersion {
    version: String,
}

#[derive(Serialize)]
struct WindowReport {
    from: Option<Timestamp>,
    to: Option<Timestamp>,
    covered_hours: f64,
}

#[derive(Serialize)]
struct DetectionReport<'r> {
    id: &'r str,
    origin: &'static str,
    title: &'r str,
    level: Option<&'static str>,
    techniques: Vec<&'r str>,
    verdict: &'static str,
    reasons: Vec<ReasonReport>,
    evidence: Vec<EvidenceReport>,
    dead_branches: Vec<&'r str>,
    fixes: Vec<String>,
    worst: &'static str,
    hosts: BTreeMap<&'static str, usize>,
    by_host: Vec<HostVerdict<'r>>,
}

#[derive(Serialize)]
struct HostVerdict<'r> {
    host: &'r str,
    #[serde(skip_serializing_if = "Option::is_none")]
    relay: Option<&'r str>,
    verdict: &'static str,
    covered_hours: f64,
    reasons: Vec<ReasonReport>,
    evidence: Vec<EvidenceReport>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    dead_branches: Vec<&'r str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    lost_exclusions: Vec<LostExclusionReport<'r>>,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    outside: &'r [&'r str],
}

#[derive(Serialize)]
struct LostExclusionReport<'r> {
    exclusion: &'r str,
    field: &'r str,
}

#[derive(Serialize)]
struct ReasonReport {
    code: &'static str,
    event_type: Option<String>,
    field: Option<String>,
    text: String,
}

#[derive(Serialize)]
struct EvidenceReport {
    event_type: String,
    field: Option<String>,
    count: u64,
    filled: u64,
    of: u64,
    last: Option<Timestamp>,
    how: &'static str,
}

#[derive(Serialize)]
struct TechniqueReport<'r> {
    id: &'r str,
    name: Option<&'r str>,
    tactics: Vec<&'r str>,
    depth: Option<usize>,
    depth_worst: Option<usize>,
    sighted: usize,
    noisy: usize,
    partial: usize,
    armed: usize,
    unknown: usize,
    blind: usize,
    unsampled: usize,
    sole_source: Option<String>,
}

#[derive(Serialize)]
struct GainReport<'r> {
    about: &'r str,
    what: &'r str,
    commands: &'r [String],
    volume: Option<&'r str>,
    detections: usize,
    blind: usize,
    hosts: usize,
}

#[derive(Serialize)]
struct UnusedReport {
    event_type: String,
    count: u64,
}

#[derive(Serialize)]
struct ProblemReport<'r> {
    #[serde(rename = "where")]
    place: &'r str,
    what: &'r str,
}

#[derive(Serialize)]
struct Summary {
    hosts: usize,
    detections: usize,
    /// Detections by the best verdict of any host.
    best: BTreeMap<&'static str, usize>,
    /// Detections by the worst verdict of any host.
    worst: BTreeMap<&'static str, usize>,
    event_types: usize,
    events: u64,
}

/// Writes the document.
///
/// # Errors
/// Never on any report; the signature is the serialiser's.
pub fn render(report: &Report<'_>) -> serde_json::Result<String> {
    let mut text = serde_json::to_string_pretty(&document(report))?;
    text.push('\n');
    Ok(text)
}

fn document<'r>(report: &'r Report<'r>) -> Document<'r> {
    let input = report.input;
    let span = report.span();
    Document {
        schema: SCHEMA,
        generated_at: report.generated_at,
        attack: AttackVersion { version: input.attack.version.to_string() },
        window: WindowReport {
            from: span.map(|span| span.0),
            to: span.map(|span| span.1),
            covered_hours: hours(
                report.sights.iter().map(HostSight::covered_hours).fold(f64::INFINITY, f64::min),
            ),
        },
        given: &input.given,
        hosts: input.hosts.iter().map(HostReport::from).collect(),
        detections: report.judged.iter().map(|judged| detection(report, judged)).collect(),
        techniques: techniques(report),
        what_to_do: report.gains.iter().map(gain).collect(),
        unused: report
            .unused
            .iter()
            .map(|(event_type, count)| UnusedReport { event_type: event_type.to_string(), count: *count })
            .collect(),
        overlays: &report.overlays,
        change: report.change.as_ref(),
        verified: report.verified.as_ref(),
        problems: input
            .problems
            .iter()
            .map(|problem| ProblemReport { place: &problem.place, what: &problem.what })
            .collect(),
        summary: summary(report),
    }
}

fn detection<'r>(report: &'r Report<'r>, judged: &'r Judged<'r>) -> DetectionReport<'r> {
    let detection = judged.detection;
    let best = judged.best();
    // The reasons and evidence beside the verdict are those of the first host that has it.
    let shown = judged.by_host.iter().zip(report.sights).find(|(judgement, _)| judgement.verdict == best);
    let fixes = shown.map(|(judgement, host)| fix::steps(detection, judgement, host, &report.input.facts));
    DetectionReport {
        id: detection.id.as_str(),
        origin: detection.source.as_str(),
        title: &detection.title,
        level: detection.level.map(blindspot_catalog::Level::as_str),
        techniques: detection.techniques.iter().map(|id| id.as_str()).collect(),
        verdict: best.as_str(),
        reasons: shown.map(|(judgement, host)| reasons(judgement, host)).unwrap_or_default(),
        evidence: shown.map(|(judgement, _)| evidence(judgement)).unwrap_or_default(),
        dead_branches: shown.map(|(judgement, _)| dead(judgement)).unwrap_or_default(),
        fixes: fixes.unwrap_or_default().iter().map(fix::line).collect(),
        worst: judged.worst().as_str(),
        hosts: by_verdict(&judged.counts()),
        by_host: judged
            .by_host
            .iter()
            .zip(report.sights)
            .map(|(judgement, host)| HostVerdict {
                host: host.inventory.host.as_str(),
                relay: host.inventory.relay.as_deref(),
                verdict: judgement.verdict.as_str(),
                covered_hours: hours(host.covered_hours()),
                reasons: reasons(judgement, host),
                evidence: evidence(judgement),
                dead_branches: dead(judgement),
                lost_exclusions: judgement
                    .lost_exclusions
                    .iter()
                    .map(|lost| LostExclusionReport { exclusion: lost.label, field: lost.field.as_str() })
                    .collect(),
                outside: &judgement.outside,
            })
            .collect(),
    }
}

fn reasons(judgement: &Judgement<'_>, host: &HostSight<'_>) -> Vec<ReasonReport> {
    let report = |reason: &Reason<'_>| ReasonReport {
        code: reason.code.as_str(),
        event_type: reason.event.map(say::event),
        field: reason.field.map(ToString::to_string),
        text: say::reason(reason, host),
    };
    judgement.reasons.iter().map(report).collect()
}

fn evidence(judgement: &Judgement<'_>) -> Vec<EvidenceReport> {
    let report = |evidence: &Evidence<'_>| EvidenceReport {
        event_type: evidence.counted.map_or_else(|| say::event(evidence.event), ToString::to_string),
        field: evidence.field.map(ToString::to_string),
        count: evidence.count,
        filled: evidence.filled,
        of: evidence.of,
        last: evidence.last,
        how: evidence.how.as_str(),
    };
    judgement.evidence.iter().map(report).collect()
}

fn dead<'r>(judgement: &'r Judgement<'r>) -> Vec<&'r str> {
    judgement.dead.iter().map(|branch| branch.label).collect()
}

fn techniques<'r>(report: &'r Report<'r>) -> Vec<TechniqueReport<'r>> {
    report
        .techniques
        .iter()
        .map(|(id, sight)| {
            let known = report.input.attack.techniques.get(id);
            let count = |verdict| sight.detections.of(verdict);
            TechniqueReport {
                id: id.as_str(),
                name: known.map(|technique| &*technique.name),
                tactics: known
                    .map(|technique| technique.tactics.iter().map(|tactic| &**tactic).collect())
                    .unwrap_or_default(),
                depth: sight.depth,
                depth_worst: sight.depth_worst,
                sighted: count(Verdict::Sighted),
                noisy: count(Verdict::Noisy),
                partial: count(Verdict::Partial),
                armed: count(Verdict::Armed),
                unknown: count(Verdict::Unknown),
                blind: count(Verdict::Blind),
                unsampled: count(Verdict::Unsampled),
                sole_source: sight.sole_source.map(ToString::to_string),
            }
        })
        .collect()
}

fn gain(gain: &fix::Gain) -> GainReport<'_> {
    GainReport {
        about: &gain.about,
        what: &gain.step.what,
        commands: &gain.step.commands,
        volume: gain.step.volume.as_deref(),
        detections: gain.detections.len(),
        blind: gain.blind.len(),
        hosts: gain.hosts.len(),
    }
}

fn summary(report: &Report<'_>) -> Summary {
    let mut worst = VerdictCounts::default();
    for judged in &report.judged {
        worst.add(judged.worst());
    }
    let seen = || report.input.hosts.iter().flat_map(|host| &host.event_types);
    Summary {
        hosts: report.input.hosts.len(),
        detections: report.judged.len(),
        best: by_verdict(&report.best_counts()),
        worst: by_verdict(&worst),
        event_types: seen()
            .map(|(event_type, _)| event_type)
            .collect::<std::collections::BTreeSet<_>>()
            .len(),
        events: seen().map(|(_, observed)| observed.count).sum(),
    }
}

fn by_verdict(counts: &VerdictCounts) -> BTreeMap<&'static str, usize> {
    counts.iter().map(|(verdict, count)| (verdict.as_str(), count)).collect()
}

/// Hours to three digits, so that documents of one audit are the same to the letter.
fn hours(hours: f64) -> f64 {
    if hours.is_finite() { (hours * 1000.0).round() / 1000.0 } else { 0.0 }
}
