//! The detection table: verdict, why, and for what does not see, dead branches, fixes and evidence.

use std::cmp::Reverse;

use blindspot_coverage::{Judged, Judgement, Verdict, fix, say};

use super::{steps, words};
use crate::report::Report;

/// Text of opened-up explanations on one page, in bytes; beyond it rows stand without, and say where to look.
const EXPLAINED_BYTES: usize = 5_500_000;
/// Rows that a browser still scrolls well; the JSON has all.
const ROWS: usize = 8_000;
/// Items of each list of an explanation.
const ITEMS: usize = 6;
/// Hosts named per verdict.
const HOSTS: usize = 8;

/// The table.
pub(super) struct Table {
    /// Detections that were judged, worst first.
    pub(super) rows: Vec<Row>,
    /// Detections that are meant for something else, or need what no agent samples.
    pub(super) aside: Vec<Row>,
    /// How many rows the page leaves to the JSON.
    pub(super) left_out: usize,
    /// How many rows stand without their explanation.
    pub(super) unexplained: usize,
    /// The verdicts that occur, for the filter: class and word.
    pub(super) verdicts: Vec<(&'static str, &'static str)>,
    /// The levels that occur, for the filter.
    pub(super) levels: Vec<&'static str>,
}

/// One detection.
pub(super) struct Row {
    /// Its anchor.
    pub(super) place: usize,
    /// For sorting: worst first.
    pub(super) key: usize,
    /// Every verdict that some host has, worst first, with how many hosts have it.
    pub(super) verdicts: Vec<Share>,
    /// Hosts that it is meant for.
    pub(super) meant: usize,
    /// Its level, or nothing.
    pub(super) level: &'static str,
    /// For sorting.
    pub(super) level_key: usize,
    /// Its title.
    pub(super) title: String,
    /// Its id.
    pub(super) id: String,
    /// Tags as written, and the technique that each leads to.
    pub(super) techniques: Vec<(String, String)>,
    /// Why, in one line.
    pub(super) why: String,
    /// The explanation.
    pub(super) more: Option<More>,
}

/// A verdict and the hosts that have it.
pub(super) struct Share {
    /// Its class.
    pub(super) class: &'static str,
    /// Its sign.
    pub(super) sign: &'static str,
    /// Its word.
    pub(super) word: &'static str,
    /// How many hosts have it.
    pub(super) count: usize,
}

/// An explanation.
pub(super) struct More {
    /// Hosts that are judged alike.
    pub(super) groups: Vec<Group>,
    /// What would mend it.
    pub(super) fixes: Vec<Fix>,
    /// What its author says must be set up.
    pub(super) prerequisites: Vec<String>,
}

/// Hosts that are judged alike.
pub(super) struct Group {
    /// The verdict.
    pub(super) share: Share,
    /// The hosts, where there are several in the report.
    pub(super) hosts: String,
    /// Titled lists: reasons, dead branches, evidence and the like.
    pub(super) lists: Vec<(&'static str, Vec<String>)>,
}

/// One step.
pub(super) struct Fix {
    /// What to do.
    pub(super) what: String,
    /// The exact lines.
    pub(super) commands: Vec<String>,
}

impl Table {
    /// From the report.
    pub(super) fn new(report: &Report<'_>) -> Self {
        let mut order: Vec<(usize, &Judged<'_>)> = report.judged.iter().enumerate().collect();
        order.sort_by_key(|(place, judged)| {
            (
                badness(judged.worst()),
                Reverse((judged.detection.level, judged.counts().of(judged.worst()))),
                *place,
            )
        });
        let left_out = order.len().saturating_sub(ROWS);
        let mut table = Self {
            rows: Vec::new(),
            aside: Vec::new(),
            left_out,
            unexplained: 0,
            verdicts: Vec::new(),
            levels: Vec::new(),
        };
        let mut left = EXPLAINED_BYTES;
        for (place, judged) in order.into_iter().take(ROWS) {
            table.add(report, (place, judged), &mut left);
        }
        let occurs =
            |class: &str| table.rows.iter().flat_map(|row| &row.verdicts).any(|share| share.class == class);
        let shown = by_badness().into_iter().filter(|verdict| occurs(verdict.as_str()));
        table.verdicts = shown.map(|verdict| (verdict.as_str(), words::word(verdict))).collect();
        let levels = blindspot_catalog::Level::ALL.into_iter().rev().map(|level| level.as_str());
        table.levels = levels.filter(|level| table.rows.iter().any(|row| row.level == *level)).collect();
        table
    }

    fn add(&mut self, report: &Report<'_>, (place, judged): (usize, &Judged<'_>), left: &mut usize) {
        let mut row = row(report, place, judged);
        if matches!(judged.worst(), Verdict::OutOfScope | Verdict::Unsampled) {
            self.aside.push(row);
            return;
        }
        if judged.worst() != Verdict::Sighted {
            let more = more(report, judged);
            let size = more.size();
            if size <= *left {
                *left -= size;
                row.more = Some(more);
            } else {
                self.unexplained += 1;
            }
        }
        self.rows.push(row);
    }
}

impl More {
    /// About how many bytes of page it takes.
    fn size(&self) -> usize {
        let lists = self.groups.iter().flat_map(|group| &group.lists).flat_map(|(_, items)| items);
        let fixes = self.fixes.iter().flat_map(|fix| fix.commands.iter().chain([&fix.what]));
        let hosts = self.groups.iter().map(|group| &group.hosts);
        let texts = lists.chain(fixes).chain(hosts).chain(&self.prerequisites);
        let markup = 120 * (self.groups.len() + self.fixes.len() + 1);
        texts.map(|text| escaped(text) + 12).sum::<usize>() + markup
    }
}

/// The bytes of a text once it is escaped for HTML.
fn escaped(text: &str) -> usize {
    text.bytes().map(|byte| if matches!(byte, b'<' | b'>' | b'&' | b'"' | b'\'') { 5 } else { 1 }).sum()
}

/// Verdicts from what needs attention to what needs none.
fn by_badness() -> [Verdict; 8] {
    [
        Verdict::Blind,
        Verdict::Unknown,
        Verdict::Partial,
        Verdict::Noisy,
        Verdict::Armed,
        Verdict::Sighted,
        Verdict::Unsampled,
        Verdict::OutOfScope,
    ]
}

fn badness(verdict: Verdict) -> usize {
    by_badness().iter().position(|each| *each == verdict).unwrap_or(usize::MAX)
}

fn share(verdict: Verdict, count: usize) -> Share {
    Share { class: verdict.as_str(), sign: words::sign(verdict), word: words::word(verdict), count }
}

fn row(report: &Report<'_>, place: usize, judged: &Judged<'_>) -> Row {
    let detection = judged.detection;
    let counts = judged.counts();
    let meant = judged.by_host.len() - counts.of(Verdict::OutOfScope);
    let there = by_badness().into_iter().filter(|verdict| counts.of(*verdict) > 0);
    let shares = there.filter(|verdict| meant == 0 || *verdict != Verdict::OutOfScope);
    let tags = detection.techniques.iter().take(ITEMS).map(|tag| {
        let home = report.input.homes(tag).first().map_or_else(|| tag.to_string(), ToString::to_string);
        (tag.to_string(), home)
    });
    Row {
        place,
        key: badness(judged.worst()),
        verdicts: shares.map(|verdict| share(verdict, counts.of(verdict))).collect(),
        meant,
        level: detection.level.map_or("", blindspot_catalog::Level::as_str),
        level_key: detection.level.map_or(0, |level| level as usize + 1),
        title: words::shown(&detection.title),
        id: words::shown(detection.id.as_str()),
        techniques: tags.collect(),
        why: why(report, judged),
        more: None,
    }
}

/// The first reason of the worst host; where nothing is amiss, the first evidence.
fn why(report: &Report<'_>, judged: &Judged<'_>) -> String {
    let worst = judged.worst();
    let Some((judgement, host)) =
        judged.by_host.iter().zip(report.sights).find(|(each, _)| each.verdict == worst)
    else {
        return String::new();
    };
    if worst == Verdict::Sighted {
        return judgement
            .evidence
            .first()
            .map(|first| words::shown(&say::evidence(first)))
            .unwrap_or_default();
    }
    let first = judgement.reasons.first().map(|reason| say::reason(reason, host));
    let outside = judgement.outside.first().map(|what| format!("no agent samples {what}"));
    let scope = match &judged.detection.scope {
        blindspot_catalog::Scope::OtherPlatform(name) => format!("meant for {name}"),
        blindspot_catalog::Scope::Hosts(platform) => format!("meant for {}", platform.as_str()),
        blindspot_catalog::Scope::Any => String::new(),
    };
    words::shown(&first.or(outside).unwrap_or(scope))
}

fn more(report: &Report<'_>, judged: &Judged<'_>) -> More {
    let mut alike: Vec<(&Judgement<'_>, Vec<usize>)> = Vec::new();
    for (place, judgement) in judged.by_host.iter().enumerate() {
        if judgement.verdict == Verdict::OutOfScope {
            continue;
        }
        match alike.iter_mut().find(|(first, _)| same(first, judgement)) {
            Some((_, places)) => places.push(place),
            None => alike.push((judgement, vec![place])),
        }
    }
    alike.sort_by_key(|(judgement, places)| (badness(judgement.verdict), Reverse(places.len())));
    let mut fixes: Vec<Fix> = Vec::new();
    let mut groups = Vec::new();
    for (judgement, places) in alike.iter().take(ITEMS) {
        let Some(host) = places.first().and_then(|place| report.sights.get(*place)) else { continue };
        for step in fix::steps(judged.detection, judgement, host, &report.input.facts) {
            let what = words::shown(&step.what);
            if fixes.len() < ITEMS && !fixes.iter().any(|fix| fix.what == what) {
                fixes.push(Fix { what, commands: steps::commands(&step) });
            }
        }
        groups.push(Group {
            share: share(judgement.verdict, places.len()),
            hosts: if report.sights.len() > 1 { names(report, places) } else { String::new() },
            lists: lists(judgement, host),
        });
    }
    let prerequisites =
        judged.detection.prerequisites.iter().take(ITEMS).map(|text| words::shown(text)).collect();
    More { groups, fixes, prerequisites }
}

/// True where two hosts differ in counts and times only.
fn same(a: &Judgement<'_>, b: &Judgement<'_>) -> bool {
    a.verdict == b.verdict
        && a.reasons.len() == b.reasons.len()
        && a.reasons
            .iter()
            .zip(&b.reasons)
            .all(|(a, b)| (a.code, a.event, a.field) == (b.code, b.event, b.field))
}

fn names(report: &Report<'_>, places: &[usize]) -> String {
    let hosts = places.iter().filter_map(|place| report.sights.get(*place));
    let names: Vec<String> = hosts.map(|host| words::shown(host.inventory.host.as_str())).collect();
    words::few(&names, HOSTS)
}

fn lists(
    judgement: &Judgement<'_>,
    host: &blindspot_coverage::HostSight<'_>,
) -> Vec<(&'static str, Vec<String>)> {
    let reasons = judgement.reasons.iter().map(|reason| say::reason(reason, host)).collect();
    // Where one way is closed, the reasons above are its reasons.
    let told = judgement.dead.len() == 1;
    let dead = judgement.dead.iter().map(|branch| {
        let why = branch
            .reasons
            .iter()
            .take(3)
            .map(|reason| say::reason(reason, host))
            .collect::<Vec<_>>()
            .join("; ");
        if told || why.is_empty() { branch.label.to_owned() } else { format!("{}: {why}", branch.label) }
    });
    let evidence = judgement.evidence.iter().map(say::evidence).collect();
    let lost = judgement.lost_exclusions.iter().map(say::lost_exclusion).collect();
    let outside = judgement.outside.iter().map(ToString::to_string).collect();
    let lists: [(&'static str, Vec<String>); 5] = [
        ("Why", reasons),
        ("Closed ways to fire", dead.collect()),
        ("Exclusions that lost a field", lost),
        ("Also needs, and nothing samples", outside),
        ("Evidence", evidence),
    ];
    lists
        .into_iter()
        .filter(|(_, items)| !items.is_empty())
        .map(|(name, items)| (name, capped(&items)))
        .collect()
}

fn capped(items: &[String]) -> Vec<String> {
    let mut shown: Vec<String> = items.iter().take(ITEMS).map(|item| words::shown(item)).collect();
    let more = items.len().saturating_sub(ITEMS);
    if more > 0 {
        shown.push(format!("and {} more in the JSON report", words::many(more)));
    }
    shown
}
