//! The report for a terminal: what was read, how detections stand, what is blind, what to do first.

use std::collections::BTreeMap;

use blindspot_catalog::Level;
use blindspot_coverage::{HostSight, Judged, Verdict, fix, say};
use blindspot_telemetry::SourceStatus;
use comfy_table::{ContentArrangement, Table, presets};
use jiff::Timestamp;

use super::{clean::clean, paint, settings};
use crate::report::Report;

/// Rows of each list before "and n more".
const ROWS: usize = 12;
/// Steps shown.
const STEPS: usize = 6;
/// Command lines shown per step; the JSON has all.
const COMMAND_LINES: usize = 4;
/// The width assumed where standard output is no terminal.
const DEFAULT_WIDTH: u16 = 110;
/// Under this much history a verdict deserves a word of caution (DESIGN, rule 8).
const SHORT_HISTORY_HOURS: f64 = 24.0;

/// Writes the report.
#[must_use]
pub fn render(report: &Report<'_>) -> String {
    let mut page = Page { text: String::new(), report };
    page.head();
    page.verdicts();
    page.blind();
    page.what_to_do();
    page.techniques();
    for overlay in &report.overlays {
        page.text.push('\n');
        page.text.push_str(&crate::overlay::text(overlay));
    }
    if let Some(change) = &report.change {
        page.text.push('\n');
        page.text.push_str(&crate::baseline::text(change));
    }
    page.unused();
    if let Some(verified) = &report.verified {
        page.text.push('\n');
        page.text.push_str(&crate::verify::text(verified));
    }
    page.problems();
    page.text
}

struct Page<'r, 'a> {
    text: String,
    report: &'r Report<'a>,
}

impl Page<'_, '_> {
    fn line(&mut self, line: &str) {
        self.text.push_str(line);
        self.text.push('\n');
    }

    fn heading(&mut self, text: &str) {
        let heading = paint::heading(text);
        self.text.push('\n');
        self.line(&heading);
    }

    fn head(&mut self) {
        let input = self.report.input;
        let made = date(self.report.generated_at);
        let head = format!("{}  {}", paint::heading("Blindspot audit"), paint::dim(&made));
        self.line(&head);
        let hosts = match input.hosts.as_slice() {
            [one] => format!("1 host: {}", clean(&say::host(one))),
            many => format!("{} hosts", many.len()),
        };
        let span = self
            .report
            .span()
            .map_or_else(String::new, |(from, to)| format!(", {} to {}", date(from), date(to)));
        let files = plural(input.files, "log file");
        self.line(&format!("{:11} {files}, {}; {hosts}{span}", "Logs", megabytes(input.bytes)));
        let held = self.held();
        self.line(&format!("{:11} {held}", "Holding"));
        if let [host] = input.hosts.as_slice()
            && let said = settings::phrases(&host.settings)
            && !said.is_empty()
        {
            self.line(&format!("{:11} {}", "Set to", clean(&said.join("; "))));
        }
        self.line(&format!("{:11} {}", "Judged by", self.judged_by()));
        self.cautions();
    }

    /// The sources given, those that held most first; one that says nothing is said, with its status.
    fn held(&self) -> String {
        let mut held: BTreeMap<String, (u64, Option<SourceStatus>)> = BTreeMap::new();
        for source in self.report.input.hosts.iter().flat_map(|host| &host.sources) {
            for id in &source.holds {
                let (records, status) = held.entry(id.to_string()).or_default();
                *records = (*records).max(source.records);
                if source.status == SourceStatus::Read || status.is_none() {
                    *status = Some(source.status);
                }
            }
        }
        let mut sources: Vec<_> = held.into_iter().collect();
        sources.sort_by_key(|(_, (records, _))| std::cmp::Reverse(*records));
        let shown: Vec<String> = sources
            .iter()
            .take(6)
            .map(|(name, (_, status))| match status {
                Some(SourceStatus::Read) | None => clean(name).into_owned(),
                Some(status) => format!("{} ({})", clean(name), status.as_str().replace('_', " ")),
            })
            .collect();
        let more = sources.len().saturating_sub(shown.len());
        if more > 0 { format!("{} and {more} more channels", shown.join(", ")) } else { shown.join(", ") }
    }

    fn judged_by(&self) -> String {
        let input = self.report.input;
        let version = clean(&input.attack.version.to_string()).into_owned();
        if input.judges_analytics() {
            return format!(
                "{} analytics of ATT&CK v{version}; name your own rules with --rules",
                input.detections.len()
            );
        }
        format!("{}, techniques of ATT&CK v{version}", plural(input.detections.len(), "detection"))
    }

    fn cautions(&mut self) {
        let short: Vec<&HostSight<'_>> =
            self.report.sights.iter().filter(|host| host.covered_hours() < SHORT_HISTORY_HOURS).collect();
        if let [host] = short.as_slice()
            && self.report.sights.len() == 1
        {
            let hours = say::hours(host.covered_hours());
            self.line(&format!(
                "{:11} only {hours} of history: what is absent here may be normal elsewhere",
                "Caution"
            ));
        } else if !short.is_empty() {
            let (n, m) = (short.len(), self.report.sights.len());
            self.line(&format!("{:11} {n} of {m} hosts have less than 24 h of history", "Caution"));
        }
    }

    fn verdicts(&mut self) {
        let several = self.report.sights.len() > 1;
        self.heading(if several { "How detections stand (best host)" } else { "How detections stand" });
        let counts = self.report.best_counts();
        let most = counts.iter().map(|(_, count)| count).max().unwrap_or(0).max(1);
        for (verdict, count) in counts.iter().filter(|(_, count)| *count > 0) {
            let length = (count * 40).div_ceil(most);
            let bar = "█".repeat(length);
            let bar = owo_colors::OwoColorize::style(&bar, paint::style(verdict)).to_string();
            let word = format!("{:12}", verdict.as_str());
            let word = owo_colors::OwoColorize::style(&word, paint::style(verdict)).to_string();
            self.line(&format!("  {word} {count:>5}  {bar}  {}", paint::dim(meaning(verdict))));
        }
    }

    fn blind(&mut self) {
        let report = self.report;
        let mut rows: Vec<&Judged<'_>> = report.blind().collect();
        if rows.is_empty() {
            self.heading("No detection is blind");
            return;
        }
        rows.sort_by_key(|judged| {
            std::cmp::Reverse((judged.detection.level, judged.counts().of(Verdict::Blind)))
        });
        let several = report.sights.len() > 1;
        let heading = if several { "Blind on some host" } else { "Blind" };
        self.heading(&format!("{heading} ({})", rows.len()));
        for judged in rows.iter().take(ROWS) {
            let detection = judged.detection;
            let ids: Vec<&str> = detection.techniques.iter().map(|id| id.as_str()).collect();
            let level = detection.level.map_or("", Level::as_str);
            let on = if several {
                format!("  on {} hosts", on_hosts(judged, Verdict::Blind))
            } else {
                String::new()
            };
            let title = clean(&detection.title);
            self.line(&format!("  {level:8}  {title}  {}{on}", paint::dim(&ids.join(" "))));
            let found = judged.by_host.iter().zip(report.sights).find(|(j, _)| j.verdict == Verdict::Blind);
            if let Some((judgement, host)) = found {
                let why: Vec<String> =
                    judgement.reasons.iter().take(2).map(|each| say::reason(each, host)).collect();
                self.line(&paint::dim(&format!("            {}", clean(&why.join("; ")))));
            }
        }
        self.more(
            rows.len(),
            "blind detections; --format html or json lists all, `blindspot explain` says more of one",
        );
    }

    fn what_to_do(&mut self) {
        let report = self.report;
        if report.gains.is_empty() {
            return;
        }
        self.heading("What to do first");
        for (place, gain) in report.gains.iter().take(STEPS).enumerate() {
            let on = match report.sights.len() {
                1 => String::new(),
                all => format!(" on {} of {all} hosts", gain.hosts.len()),
            };
            let helps = format!(
                "helps {}, {} of them blind{on}",
                plural(gain.detections.len(), "detection"),
                gain.blind.len()
            );
            self.line(&format!("  {}. {}", place + 1, clean(&gain.step.what)));
            self.line(&format!("     {}", paint::dim(&helps)));
            for command in gain.step.commands.iter().take(COMMAND_LINES) {
                self.line(&format!("       {}", clean(command)));
            }
        }
        self.more_than(report.gains.len(), STEPS, "steps");
    }

    fn techniques(&mut self) {
        let report = self.report;
        let scored =
            || report.techniques.iter().filter_map(|(id, sight)| sight.depth.map(|depth| (id, depth, sight)));
        if scored().next().is_none() {
            return;
        }
        self.heading("Techniques by depth (different producers that see each)");
        for depth in 0..=4 {
            let here = scored().filter(|(_, d, _)| if depth == 4 { *d >= 4 } else { *d == depth });
            let ids: Vec<&str> = here.map(|(id, _, _)| id.as_str()).collect();
            if ids.is_empty() {
                continue;
            }
            let shown = ids.iter().take(8).copied().collect::<Vec<_>>().join(" ");
            let more = ids.len().saturating_sub(8);
            let more = if more > 0 { format!(" and {more} more") } else { String::new() };
            let name = if depth == 4 { "4+".to_owned() } else { depth.to_string() };
            self.line(&format!("  {name:>2}  {:>4}  {}", ids.len(), paint::dim(&format!("{shown}{more}"))));
        }
        let sole = scored().filter(|(_, _, sight)| sight.sole_source.is_some()).count();
        if sole > 0 {
            let rest = if sole == 1 { "rests" } else { "rest" };
            self.line(&format!("  {sole} of them {rest} on one event type only"));
        }
    }

    fn unused(&mut self) {
        let unused = &self.report.unused;
        if unused.is_empty() {
            return;
        }
        let heading =
            format!("Collected, and needed by none of these detections ({} event types)", unused.len());
        self.heading(&heading);
        let shown: Vec<String> = unused
            .iter()
            .take(8)
            .map(|(event_type, n)| format!("{} ({n})", clean(&event_type.to_string())))
            .collect();
        let more = unused.len().saturating_sub(8);
        let more = if more > 0 { format!(" and {more} more") } else { String::new() };
        self.line(&format!("  {}{more}", shown.join(", ")));
    }

    fn problems(&mut self) {
        let problems = &self.report.input.problems;
        if problems.is_empty() {
            return;
        }
        let heading = format!("Problems ({})", problems.len());
        self.heading(&heading);
        for problem in problems.iter().take(ROWS) {
            self.line(&format!("  {}", clean(&problem.to_string())));
        }
        self.more(problems.len(), "problems; --format json lists all");
    }

    fn more(&mut self, all: usize, what: &str) {
        self.more_than(all, ROWS, what);
    }

    fn more_than(&mut self, all: usize, shown: usize, what: &str) {
        if all > shown {
            let line = paint::dim(&format!("  and {} more {what}", all - shown));
            self.line(&line);
        }
    }
}

/// A table that fits the terminal.
#[must_use]
pub fn table() -> Table {
    let mut table = Table::new();
    table.load_style(presets::UTF8_HORIZONTAL_ONLY).set_content_arrangement(ContentArrangement::Dynamic);
    if table.width().is_none() {
        table.set_width(DEFAULT_WIDTH);
    }
    table
}

/// `n of m` for a verdict over hosts.
#[must_use]
pub fn on_hosts(judged: &Judged<'_>, verdict: Verdict) -> String {
    let counts = judged.counts();
    let meant = judged.by_host.len() - counts.of(Verdict::OutOfScope);
    format!("{} of {meant}", counts.of(verdict))
}

/// What a verdict means, in a few words.
#[must_use]
pub fn meaning(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Sighted => "can fire, all it needs is recorded",
        Verdict::Noisy => "can fire, and an exclusion lost a field",
        Verdict::Partial => "can fire in some ways, not in others",
        Verdict::Armed => "nothing seen, and it would be recorded",
        Verdict::Unknown => "nothing may be claimed",
        Verdict::Blind => "cannot fire",
        Verdict::Unsampled => "needs what no agent samples",
        Verdict::OutOfScope => "meant for another platform or role",
    }
}

/// A time to the minute.
#[must_use]
pub fn date(time: Timestamp) -> String {
    time.strftime("%Y-%m-%d %H:%MZ").to_string()
}

/// `1 log file`, `3 log files`.
#[must_use]
pub fn plural(count: impl std::fmt::Display, thing: &str) -> String {
    let count = count.to_string();
    let ending = if count == "1" { "" } else { "s" };
    format!("{count} {thing}{ending}")
}

/// A size in megabytes of a million bytes, to the tenth.
#[must_use]
pub fn megabytes(bytes: u64) -> String {
    let tenths = bytes.saturating_mul(10) / 1_000_000;
    format!("{}.{} MB", tenths / 10, tenths % 10)
}

/// The steps that would mend one judgement, as lines for a terminal.
#[must_use]
pub fn step_lines(steps: &[fix::Step]) -> Vec<String> {
    let mut lines = Vec::new();
    for step in steps {
        lines.push(format!("  - {}", clean(&step.what)));
        lines.extend(step.commands.iter().map(|command| format!("      {}", clean(command))));
        lines.extend(
            step.volume
                .iter()
                .map(|volume| format!("      {}", paint::dim(&format!("volume: {}", clean(volume))))),
        );
    }
    lines
}
