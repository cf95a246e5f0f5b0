//! One line per detection, for spreadsheets.

use blindspot_coverage::{Verdict, say};

use super::clean::cell;
use crate::report::Report;

const HEAD: [&str; 16] = [
    "id",
    "title",
    "origin",
    "level",
    "techniques",
    "verdict",
    "worst",
    "hosts_sighted",
    "hosts_noisy",
    "hosts_partial",
    "hosts_armed",
    "hosts_unknown",
    "hosts_blind",
    "hosts_out_of_scope",
    "reason",
    "fix",
];

/// Writes the lines.
///
/// # Errors
/// Never on any report; the signature is the writer's.
pub fn render(report: &Report<'_>) -> Result<String, csv::Error> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.write_record(HEAD)?;
    for judged in &report.judged {
        let detection = judged.detection;
        let counts = judged.counts();
        let worst = judged.worst();
        let shown =
            judged.by_host.iter().zip(report.sights).find(|(judgement, _)| judgement.verdict == worst);
        let reason = shown
            .and_then(|(judgement, host)| judgement.reasons.first().map(|first| say::reason(first, host)));
        let steps = shown.map(|(judgement, host)| {
            blindspot_coverage::fix::steps(detection, judgement, host, &report.input.facts)
        });
        let fix = steps.as_deref().and_then(<[_]>::first).map(blindspot_coverage::fix::line);
        let techniques: Vec<&str> = detection.techniques.iter().map(|id| id.as_str()).collect();
        let count = |verdict| counts.of(verdict).to_string();
        writer.write_record([
            cell(detection.id.as_str()),
            cell(&detection.title),
            detection.source.as_str().to_owned(),
            detection.level.map(|level| level.as_str().to_owned()).unwrap_or_default(),
            techniques.join(" "),
            judged.best().as_str().to_owned(),
            worst.as_str().to_owned(),
            count(Verdict::Sighted),
            count(Verdict::Noisy),
            count(Verdict::Partial),
            count(Verdict::Armed),
            count(Verdict::Unknown),
            count(Verdict::Blind),
            count(Verdict::OutOfScope),
            cell(&reason.unwrap_or_default()),
            cell(&fix.unwrap_or_default()),
        ])?;
    }
    let bytes = writer.into_inner().map_err(|error| error.into_error())?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}
