//! ATT&CK Navigator layers, format 4.5: one JSON list of layers for sight, depth and each overlay.
//!
//! What was not judged has no score, for unscored is not zero. Tactics are not named, for their names differ between
//! releases; ids unknown to the ATT&CK at hand stand in the description, for the Navigator would drop them silently.

use blindspot_catalog::TechniqueId;
use blindspot_coverage::{Judged, Verdict, say, technique::TechniqueSight};
use blindspot_telemetry::Platform;
use serde::Serialize;

use super::clean::clean;
use crate::{overlay, report::Report};

/// The oldest Navigator whose layers are of this format and that its users still run.
const NAVIGATOR: &str = "5.3.2";
/// Reasons named per technique.
const REASONS: usize = 3;
/// The colour of a technique of which nothing may be claimed.
const UNKNOWN: &str = "#9a8bb4";
/// Blind to sighted, as the page has them.
const COLORS: [&str; 4] = ["#c63a17", "#eaa61b", "#6ea6dc", "#1c5fa8"];

#[derive(Serialize)]
struct Layer {
    name: String,
    versions: Versions,
    domain: &'static str,
    description: String,
    filters: Filters,
    sorting: u8,
    layout: Layout,
    #[serde(rename = "hideDisabled")]
    hide_disabled: bool,
    techniques: Vec<Technique>,
    gradient: Gradient,
    #[serde(rename = "legendItems")]
    legend_items: Vec<LegendItem>,
    metadata: Vec<Metadata>,
    #[serde(rename = "showTacticRowBackground")]
    show_tactic_row_background: bool,
    #[serde(rename = "selectTechniquesAcrossTactics")]
    select_techniques_across_tactics: bool,
    #[serde(rename = "selectSubtechniquesWithParent")]
    select_subtechniques_with_parent: bool,
}

#[derive(Serialize)]
struct Versions {
    #[serde(skip_serializing_if = "Option::is_none")]
    attack: Option<String>,
    navigator: &'static str,
    layer: &'static str,
}

#[derive(Serialize)]
struct Filters {
    platforms: Vec<&'static str>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Layout {
    layout: &'static str,
    aggregate_function: &'static str,
    #[serde(rename = "showID")]
    show_id: bool,
    show_name: bool,
    show_aggregate_scores: bool,
    count_unscored: bool,
    expanded_subtechniques: &'static str,
}

#[derive(Serialize)]
struct Technique {
    #[serde(rename = "techniqueID")]
    id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    score: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    color: Option<&'static str>,
    enabled: bool,
    metadata: Vec<Metadata>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Gradient {
    colors: Vec<&'static str>,
    min_value: usize,
    max_value: usize,
}

#[derive(Serialize)]
struct LegendItem {
    label: &'static str,
    color: &'static str,
}

#[derive(Clone, Serialize)]
struct Metadata {
    name: String,
    value: String,
}

/// Which host a layer speaks of where there are several.
#[derive(Clone, Copy)]
enum Of {
    Best,
    Worst,
}

/// Writes the list of layers.
///
/// # Errors
/// Never on any report; the signature is the serialiser's.
pub fn render(report: &Report<'_>) -> anyhow::Result<String> {
    let mut layers = vec![sight(report, Of::Best)];
    if report.sights.len() > 1 {
        layers.push(sight(report, Of::Worst));
    }
    layers.push(depth(report));
    layers.extend(report.overlays.iter().map(|each| overlaid(report, each)));
    let mut text = serde_json::to_string_pretty(&layers)?;
    text.push('\n');
    Ok(text)
}

/// A layer without techniques.
fn layer(report: &Report<'_>, name: &str, description: String) -> Layer {
    let attack = &report.input.attack;
    let strangers: Vec<&str> = report
        .techniques
        .keys()
        .filter(|id| !attack.techniques.contains_key(*id))
        .map(|id| id.as_str())
        .collect();
    let strangers = match strangers.as_slice() {
        [] => String::new(),
        some => {
            format!(" Named by detections and unknown to ATT&CK v{}: {}.", attack.version, some.join(", "))
        }
    };
    let has = |platform| report.input.hosts.iter().any(|host| host.platform == platform);
    let names =
        [(Platform::Windows, "Windows"), (Platform::Linux, "Linux"), (Platform::Device, "Network Devices")];
    let major =
        attack.version.number.as_deref().map(|number| number.split('.').next().unwrap_or(number).to_owned());
    Layer {
        name: name.to_owned(),
        versions: Versions { attack: major, navigator: NAVIGATOR, layer: "4.5" },
        domain: "enterprise-attack",
        description: format!("{description}{strangers}"),
        filters: Filters {
            platforms: names.into_iter().filter(|(p, _)| has(*p)).map(|(_, name)| name).collect(),
        },
        sorting: 0,
        layout: Layout {
            layout: "side",
            aggregate_function: "min",
            show_id: false,
            show_name: true,
            show_aggregate_scores: true,
            count_unscored: false,
            expanded_subtechniques: "none",
        },
        hide_disabled: false,
        techniques: Vec::new(),
        gradient: Gradient { colors: COLORS.to_vec(), min_value: 0, max_value: 100 },
        legend_items: Vec::new(),
        metadata: about(report),
        show_tactic_row_background: false,
        select_techniques_across_tactics: true,
        select_subtechniques_with_parent: false,
    }
}

fn about(report: &Report<'_>) -> Vec<Metadata> {
    let mut about = vec![
        metadata("Made by", format!("Blindspot {}", env!("CARGO_PKG_VERSION"))),
        metadata("Made at", report.generated_at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()),
        metadata("ATT&CK version", report.input.attack.version.to_string()),
        metadata("Hosts", report.sights.len().to_string()),
        metadata("Detections", report.judged.len().to_string()),
    ];
    if let Some((from, to)) = report.span() {
        let time = |time: jiff::Timestamp| time.strftime("%Y-%m-%dT%H:%M:%SZ").to_string();
        about.push(metadata("Span", format!("{} to {}", time(from), time(to))));
    }
    about
}

fn metadata(name: &str, value: String) -> Metadata {
    Metadata { name: name.to_owned(), value }
}

/// The techniques of the report that this ATT&CK knows.
fn known<'r, 'a>(report: &'r Report<'a>) -> impl Iterator<Item = (&'r TechniqueId, &'r TechniqueSight<'a>)> {
    report.techniques.iter().filter(|(id, _)| report.input.attack.techniques.contains_key(*id))
}

fn sight(report: &Report<'_>, of: Of) -> Layer {
    let several = report.sights.len() > 1;
    let (name, host) = match of {
        Of::Best if several => {
            ("Blindspot: sight on the host that sees most", " on the host where that is most")
        }
        Of::Worst => ("Blindspot: sight on the host that sees least", " on the host where that is least"),
        Of::Best => ("Blindspot: sight", ""),
    };
    let mut layer = layer(
        report,
        name,
        format!(
            "What the best detection of each technique can see{host}. Without a score: nothing was judged, or nothing may be claimed."
        ),
    );
    layer.techniques = known(report)
        .filter_map(|(id, sight)| {
            let verdict = verdict_of(report, sight, of)?;
            let score = score(verdict);
            Some(Technique {
                id: id.to_string(),
                score,
                color: score.is_none().then_some(UNKNOWN),
                enabled: true,
                metadata: reasons(report, sight, (verdict, of)),
            })
        })
        .collect();
    layer.legend_items = vec![
        LegendItem { label: "sighted", color: "#1c5fa8" },
        LegendItem { label: "noisy: an exclusion lost a field", color: "#6ea6dc" },
        LegendItem { label: "armed: nothing seen, and it would be", color: "#aca67c" },
        LegendItem { label: "partial", color: "#eaa61b" },
        LegendItem { label: "blind", color: "#c63a17" },
        LegendItem { label: "unknown: nothing may be claimed", color: UNKNOWN },
    ];
    layer
}

/// The score of a verdict: places on the gradient.
fn score(verdict: Verdict) -> Option<usize> {
    match verdict {
        Verdict::Sighted => Some(100),
        Verdict::Noisy => Some(67),
        Verdict::Armed => Some(50),
        Verdict::Partial => Some(33),
        Verdict::Blind => Some(0),
        Verdict::Unknown | Verdict::Unsampled | Verdict::OutOfScope => None,
    }
}

/// The best verdict of any detection of the technique on one host: the host where that is best, or where it is worst.
/// `None` where no detection of it was judged on any host.
fn verdict_of(report: &Report<'_>, sight: &TechniqueSight<'_>, of: Of) -> Option<Verdict> {
    let hosts = by_host(report, sight);
    match of {
        Of::Best => hosts.min(),
        Of::Worst => hosts.max(),
    }
}

/// For each host on which a detection of the technique was judged, the best verdict there.
fn by_host<'r>(report: &'r Report<'_>, sight: &'r TechniqueSight<'_>) -> impl Iterator<Item = Verdict> + 'r {
    let members = || sight.members.iter().filter_map(|place| report.judged.get(*place));
    (0..report.sights.len()).filter_map(move |host| {
        members()
            .filter_map(|judged| judged.by_host.get(host))
            .map(|judgement| judgement.verdict)
            .filter(|verdict| !matches!(verdict, Verdict::Unsampled | Verdict::OutOfScope))
            .min()
    })
}

fn reasons(report: &Report<'_>, sight: &TechniqueSight<'_>, (verdict, of): (Verdict, Of)) -> Vec<Metadata> {
    let mut list = vec![metadata("Sight", verdict.as_str().to_owned())];
    let all: usize = sight.detections.iter().map(|(_, count)| count).sum();
    if report.sights.len() > 1 {
        let hosts: Vec<Verdict> = by_host(report, sight).collect();
        let like = hosts.iter().filter(|each| **each == verdict).count();
        list.push(metadata("On hosts", format!("{} on {like} of {}", verdict.as_str(), hosts.len())));
    }
    for (each, count) in sight.detections.iter().filter(|(_, count)| *count > 0) {
        list.push(metadata(&format!("Detections {}", each.as_str()), format!("{count} of {all}")));
    }
    list.extend(depth_in_words(sight));
    let looked = |judged: &Judged<'_>| match of {
        Of::Best => judged.best(),
        Of::Worst => judged.worst(),
    };
    let members = sight.members.iter().filter_map(|place| report.judged.get(*place));
    let short = members
        .map(|judged| (judged, looked(judged)))
        .filter(|(_, verdict)| matches!(verdict, Verdict::Partial | Verdict::Unknown | Verdict::Blind));
    for (judged, verdict) in short.take(REASONS) {
        let found =
            judged.by_host.iter().zip(report.sights).find(|(judgement, _)| judgement.verdict == verdict);
        let Some(reason) =
            found.and_then(|(judgement, host)| judgement.reasons.first().map(|r| say::reason(r, host)))
        else {
            continue;
        };
        let because = format!("{}: {}", clean(&judged.detection.title), clean(&reason));
        list.push(metadata(&format!("{} because", verdict.as_str()), because));
    }
    list
}

fn depth_in_words(sight: &TechniqueSight<'_>) -> Vec<Metadata> {
    let mut list = Vec::new();
    if let Some(depth) = sight.depth {
        list.push(metadata("Depth", depth.to_string()));
    }
    if let Some(worst) = sight.depth_worst.filter(|worst| Some(*worst) != sight.depth) {
        list.push(metadata("Depth on the worst host", worst.to_string()));
    }
    if let Some(sole) = sight.sole_source {
        list.push(metadata("Rests only on", clean(&sole.to_string()).into_owned()));
    }
    list
}

fn depth(report: &Report<'_>) -> Layer {
    let several = if report.sights.len() > 1 { ", on the host where they are most" } else { "" };
    let description = format!(
        "How many different producers (Sysmon, Security auditing, PowerShell, auditd, ...) see each technique{several}. \
         0 is judged and seen by none; without a score nothing was judged."
    );
    let mut layer = layer(report, "Blindspot: depth", description);
    layer.techniques = known(report)
        .filter_map(|(id, sight)| {
            let depth = sight.depth?;
            let metadata = depth_in_words(sight);
            Some(Technique { id: id.to_string(), score: Some(depth), color: None, enabled: true, metadata })
        })
        .collect();
    by_depth(&mut layer);
    layer
}

fn by_depth(layer: &mut Layer) {
    layer.gradient.max_value = 4;
    layer.gradient.colors = vec!["#f0b7a4", "#dbe9f6", "#a8cdec", "#5a9fd6", "#1c5fa8"];
    layer.legend_items = vec![
        LegendItem { label: "depth 0: judged, and nothing sees it", color: "#f0b7a4" },
        LegendItem { label: "1 producer", color: "#dbe9f6" },
        LegendItem { label: "2 producers", color: "#a8cdec" },
        LegendItem { label: "3 producers", color: "#5a9fd6" },
        LegendItem { label: "4 or more producers", color: "#1c5fa8" },
    ];
}

fn overlaid(report: &Report<'_>, overlay: &overlay::Overlay) -> Layer {
    let what = match overlay.kind {
        overlay::Kind::Group => "group",
        overlay::Kind::Mitigation => "mitigation",
    };
    let name = format!("Blindspot: {what} {} ({})", clean(&overlay.name), overlay.id);
    let description = format!(
        "The techniques of {what} {} by depth. {} of {} are seen; no detection was judged for {} of them.",
        clean(&overlay.name),
        overlay.seen,
        overlay.techniques.len(),
        overlay.unscored
    );
    let mut layer = layer(report, &name, description);
    let rows =
        overlay.techniques.iter().filter(|row| report.input.attack.techniques.contains_key(row.id.as_str()));
    layer.techniques = rows
        .map(|row| {
            let mut list: Vec<Metadata> =
                report.techniques.get(row.id.as_str()).map(depth_in_words).unwrap_or_default();
            if !row.through.is_empty() {
                list.push(metadata("Through software", row.through.join(", ")));
            }
            if row.depth.is_none() {
                list.push(metadata("Sight", "no detection judged".to_owned()));
            }
            Technique {
                id: row.id.clone(),
                score: row.depth,
                color: row.depth.is_none().then_some("#c9ced4"),
                enabled: true,
                metadata: list,
            }
        })
        .collect();
    by_depth(&mut layer);
    layer.legend_items.push(LegendItem { label: "no detection judged", color: "#c9ced4" });
    layer
        .metadata
        .extend(overlay.invest_in.iter().map(|step| metadata("Invest in", clean(step).into_owned())));
    layer
}
