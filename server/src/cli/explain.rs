//! `blindspot explain`: why a technique, rule, analytic or event type is seen or not, on what evidence, how to mend it.

use std::fmt::Write as _;

use blindspot_catalog::{Detection, Leaf, LeafEvent, TechniqueId};
use blindspot_coverage::{
    Evidence, HostSight, Judged, Judgement, LeafFinding, LeafState, Verdict, fix, judge_all, judge_leaf, say,
    usage,
};
use blindspot_sampling::Detail;
use blindspot_telemetry::EventTypePattern;

use super::{Outcome, args::ExplainArgs, check::goes_by};
use crate::{
    api::detections::Explanation,
    client::Client,
    input::{Asked, Input},
    output::{self, clean::clean, paint, text},
};

/// Detections of a technique that are told in full; the others get a line.
const IN_FULL: usize = 5;

pub(super) fn run(args: &ExplainArgs) -> anyhow::Result<Outcome> {
    let logs = Asked::of(&args.input.paths, &args.input.inventory);
    let hosts = args.host.as_ref().or(args.group.as_ref());
    if let Some(client) = Client::asked(&args.collector, logs, hosts)? {
        let mut query = vec![("what", args.what.clone())];
        query.extend(args.host.clone().map(|host| ("host", host)));
        query.extend(args.group.clone().map(|group| ("group", group)));
        let told: Explanation = client.get("/api/v1/explain", &query)?;
        output::file::write(&clean_lines(&told.text), None)?;
        return Ok(Outcome::Done);
    }
    anyhow::ensure!(args.group.is_none(), "--group is a group of a collector's hosts; no collector is known");
    let mut input = Input::load(&args.input, Detail::Inventory)?;
    if let Some(name) = &args.host {
        keep_host(&mut input, name)?;
    }
    let sights = input.sights();
    output::file::write(&told(&input, &sights, &args.what)?, None)?;
    Ok(Outcome::Done)
}

/// The explanation of a technique, detection or event type on these hosts.
///
/// # Errors
/// Where the text names nothing that is known.
pub fn told(input: &Input, sights: &[HostSight<'_>], what: &str) -> anyhow::Result<String> {
    let explain = Explain { input, sights };
    match what.parse::<TechniqueId>() {
        Ok(id) => explain.technique(&id),
        Err(_) => match explain.find(what) {
            Some(detection) => Ok(explain.detection(detection)),
            None => match what.parse::<EventTypePattern>() {
                Ok(pattern) => explain.event_type(&pattern),
                Err(_) => anyhow::bail!(
                    "`{what}` is no technique (T1547.001), no rule or analytic among {} detections by id or title, and no \
                     event type (sysmon:13)",
                    input.detections.len()
                ),
            },
        },
    }
}

/// What a collector says, line by line, with nothing in it that could steer a terminal.
fn clean_lines(text: &str) -> String {
    let lines: Vec<_> = text.lines().map(clean).collect();
    format!("{}\n", lines.join("\n"))
}

fn keep_host(input: &mut Input, name: &str) -> anyhow::Result<()> {
    let names: Vec<String> = input.hosts.iter().map(|host| host.host.to_string()).collect();
    let keep: Vec<bool> = input.hosts.iter().map(|host| goes_by(host, name)).collect();
    anyhow::ensure!(keep.contains(&true), "no host `{name}`; the logs are of {}", names.join(", "));
    let mut flags = keep.iter();
    input.hosts.retain(|_| *flags.next().unwrap_or(&false));
    let mut flags = keep.iter();
    input.windows.retain(|_| *flags.next().unwrap_or(&false));
    Ok(())
}

struct Explain<'r> {
    input: &'r Input,
    sights: &'r [HostSight<'r>],
}

/// Why nothing was seen, or how it is known that it would be.
fn why_unseen(finding: &LeafFinding<'_>, host: &HostSight<'_>) -> String {
    let reasons = finding.reasons.iter();
    let reasons = reasons.map(|reason| format!("{}: {}", reason.code.as_str(), say::reason(reason, host)));
    let evidence = finding.evidence.iter().map(|each| say::evidence(each));
    reasons.chain(evidence).map(|line: String| format!("      {}\n", clean(&line))).collect()
}

impl<'r> Explain<'r> {
    fn find(&self, what: &str) -> Option<&'r Detection> {
        let by_id = self.input.detections.iter().find(|each| each.id.as_str().eq_ignore_ascii_case(what));
        by_id.or_else(|| self.input.detections.iter().find(|each| each.title.eq_ignore_ascii_case(what)))
    }

    fn judged(&self, detections: &'r [Detection]) -> Vec<Judged<'r>> {
        judge_all(detections, self.sights, &self.input.facts, self.input.threads)
    }

    fn detection(&self, detection: &'r Detection) -> String {
        let judged = self.judged(std::slice::from_ref(detection));
        judged.iter().map(|judged| self.tell(judged)).collect()
    }

    fn technique(&self, id: &TechniqueId) -> anyhow::Result<String> {
        let homes = self.input.homes(id);
        let mut judged = self.judged(&self.input.detections);
        judged.retain(|each| {
            let tags = each.detection.techniques.iter().flat_map(|tag| self.input.homes(tag));
            tags.into_iter()
                .any(|tag| homes.contains(&tag) || tag.parent().is_some_and(|parent| homes.contains(&parent)))
        });
        let version = &self.input.attack.version;
        let mut told = String::new();
        for home in &homes {
            match self.input.attack.techniques.get(home) {
                Some(known) => writeln!(told, "{}  {}", paint::heading(home.as_str()), clean(&known.name))?,
                None => writeln!(told, "{}  unknown to ATT&CK v{version}", paint::heading(home.as_str()))?,
            }
        }
        if !homes.contains(id) {
            writeln!(told, "{id} is another ATT&CK version's id for it; this is v{version}")?;
        }
        if judged.is_empty() {
            writeln!(
                told,
                "no detection of it among {}: it is unscored, not unseen",
                self.input.detections.len()
            )?;
            return Ok(told);
        }
        judged.sort_by_key(Judged::best);
        for verdict in Verdict::ALL {
            let count = judged.iter().filter(|each| each.best() == verdict).count();
            if count > 0 {
                writeln!(told, "  {count:>4} {}", paint::verdict(verdict))?;
            }
        }
        let dark_first = judged.iter().rev().filter(|each| each.best() < Verdict::Unsampled);
        let (shown, rest): (Vec<_>, Vec<_>) = dark_first.enumerate().partition(|(place, _)| *place < IN_FULL);
        for (_, each) in shown {
            told.push('\n');
            told.push_str(&self.tell(each));
        }
        if !rest.is_empty() {
            writeln!(told, "\nand {} more; name one by its id to have it told in full:", rest.len())?;
        }
        for (_, each) in rest {
            let detection = each.detection;
            writeln!(
                told,
                "  {:9} {}  {}",
                each.best().as_str(),
                clean(detection.id.as_str()),
                clean(&detection.title)
            )?;
        }
        Ok(told)
    }

    fn event_type(&self, pattern: &EventTypePattern) -> anyhow::Result<String> {
        let mut told = paint::heading(&pattern.to_string());
        let facts = self.input.facts.get(pattern);
        writeln!(told, "  {}", facts.map(|facts| clean(&facts.title)).unwrap_or_default())?;
        let event = LeafEvent::Type(pattern.clone());
        for host in self.sights {
            let name = say::host(host.inventory);
            let name = clean(&name);
            let mut any = false;
            for seen in host.seen(&event) {
                any = true;
                writeln!(
                    told,
                    "  {name}: {} {} times, last {}",
                    clean(&seen.event_type.to_string()),
                    seen.count,
                    text::date(seen.observed.last)
                )?;
                for (field, fill) in &seen.observed.fields {
                    let of = fill.declared();
                    writeln!(told, "      {:28} filled in {} of {of}", clean(field.as_str()), fill.filled)?;
                }
            }
            if !any {
                writeln!(told, "  {name}: not seen")?;
                let leaf = Leaf::bare(event.clone());
                told.push_str(&why_unseen(&judge_leaf(&leaf, host, &self.input.facts), host));
            }
        }
        let demand = usage::Demand::of(&self.input.detections);
        let needed = demand.naming(pattern);
        writeln!(told, "  named by {} of {} detections", needed.len(), self.input.detections.len())?;
        for fix in facts.map(|facts| facts.fixes.as_slice()).unwrap_or_default() {
            writeln!(told, "  to record it: {}", clean(&fix.action))?;
            if let Some(command) = &fix.command {
                writeln!(told, "      {}", clean(command))?;
            }
        }
        Ok(told)
    }

    /// One detection: its verdict by host, and for each kind of verdict one host in full.
    fn tell(&self, judged: &Judged<'r>) -> String {
        let detection = judged.detection;
        let techniques: Vec<&str> = detection.techniques.iter().map(|id| id.as_str()).collect();
        let mut lines =
            vec![format!("{}  {}", paint::heading(&clean(&detection.title)), techniques.join(" "))];
        lines.push(format!("  {} {}", detection.source.as_str(), clean(detection.id.as_str())));
        for verdict in Verdict::ALL {
            let mut having =
                judged.by_host.iter().zip(self.sights).filter(|(each, _)| each.verdict == verdict);
            let Some((judgement, host)) = having.next() else { continue };
            let others = having.count();
            let name = say::host(host.inventory);
            let name = clean(&name);
            let on = match (self.sights.len(), others) {
                (1, _) => format!("on {name}"),
                (all, others) => format!("on {} of {all} hosts, such as {name}", others + 1),
            };
            lines.push(format!("  {} {on}", paint::verdict(verdict)));
            lines.extend(self.why(detection, judgement, host));
        }
        lines.push(String::new());
        lines.join("\n")
    }

    fn why(&self, detection: &Detection, judgement: &Judgement<'r>, host: &HostSight<'r>) -> Vec<String> {
        let mut lines = Vec::new();
        // A field that is nowhere filled is told among the reasons.
        let shown = |each: &&Evidence<'_>| each.field.is_none() || each.filled > 0;
        for evidence in judgement.evidence.iter().filter(shown) {
            lines.push(format!("    + {}", clean(&say::evidence(evidence))));
        }
        for branch in &judgement.dead {
            let state = if branch.state == LeafState::Dead { "cannot match" } else { "not known" };
            lines.push(format!("    - {state}: {}", clean(branch.label)));
            for reason in &branch.reasons {
                lines.push(format!(
                    "        {}: {}",
                    reason.code.as_str(),
                    clean(&say::reason(reason, host))
                ));
            }
        }
        let told =
            |code| judgement.dead.iter().flat_map(|branch| &branch.reasons).any(|each| each.code == code);
        for reason in judgement.reasons.iter().filter(|reason| !told(reason.code)) {
            lines.push(format!("    - {}: {}", reason.code.as_str(), clean(&say::reason(reason, host))));
        }
        for lost in &judgement.lost_exclusions {
            lines.push(format!("    ~ {}", clean(&say::lost_exclusion(lost))));
        }
        for what in &judgement.outside {
            lines.push(format!("    . set aside, no agent samples it: {}", clean(what)));
        }
        let steps = fix::steps(detection, judgement, host, &self.input.facts);
        if !steps.is_empty() {
            lines.push("    to mend it:".to_owned());
            lines.extend(text::step_lines(&steps).into_iter().map(|line| format!("    {line}")));
        }
        for prerequisite in &detection.prerequisites {
            lines.push(format!("    its author asks for: {}", clean(prerequisite)));
        }
        lines
    }
}
