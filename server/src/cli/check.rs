//! `blindspot check`: exit code 0 flowing, 1 not, 2 error, 3 could not look.

use std::{io::Write as _, num::NonZeroUsize};

use blindspot_catalog::{LeafEvent, Problem};
use blindspot_coverage::{HostSight, say};
use blindspot_sampling::Detail;
use blindspot_telemetry::{EventTypePattern, Inventory, SourceId, SourceStatus, Window};
use jiff::tz::TimeZone;

use super::{Outcome, args::CheckArgs};
use crate::{
    api::event_types::Checked,
    client::Client,
    input::{self, Asked, Catalogue},
    logs::{self, read::ReadOptions},
    output::clean::clean,
};

pub(super) fn run(args: &CheckArgs) -> anyhow::Result<Outcome> {
    let fleets = args.host.as_ref().or(args.group.as_ref());
    if let Some(client) = Client::asked(&args.collector, asked_for(args), fleets)? {
        return fleet(&client, args);
    }
    anyhow::ensure!(args.group.is_none(), "--group is a group of a collector's hosts; no collector is known");
    let (hosts, problems) = hosts(args)?;
    let mut out = anstream::stdout();
    let wanted = |host: &&Inventory| args.host.as_deref().is_none_or(|name| goes_by(host, name));
    let windows = input::windows_of(&hosts, args.within, asked_for(args));
    let asked: Vec<(&Inventory, Window)> =
        hosts.iter().zip(windows).filter(|(host, _)| wanted(host)).collect();
    if asked.is_empty() {
        complain(&problems)?;
        let names: Vec<&str> = hosts.iter().map(|host| host.host.as_str()).collect();
        anyhow::ensure!(
            args.host.is_none() || hosts.is_empty(),
            "no such host; the logs are of {}",
            names.join(", ")
        );
        writeln!(out, "{}: could not look, no log was read", args.event_type)?;
        return Ok(Outcome::CouldNotLook);
    }
    let facts = Catalogue::load(None)?.facts;
    let mut answers = Vec::new();
    for &(host, window) in &asked {
        let sight = HostSight::new(host, window, &facts);
        let (answer, mut text) = answer(&args.event_type, args.field.as_deref(), &sight);
        if answer != Outcome::Done && facts.get(&args.event_type).is_none() {
            text.push_str("; the catalogue knows no such event type or log, check the spelling");
        }
        writeln!(out, "{}  {}: {}", clean(&say::host(host)), args.event_type, clean(&text))?;
        answers.push(answer);
    }
    // On this machine's own logs, what is not there is only worth a word where it may be why.
    if asked_for(args) == Asked::Given || answers.iter().any(|answer| *answer != Outcome::Done) {
        complain(&problems)?;
    }
    let flowing = answers.iter().filter(|answer| **answer == Outcome::Done).count();
    if answers.len() > 1 {
        writeln!(out, "flowing on {flowing} of {} hosts", answers.len())?;
    }
    Ok(if flowing == answers.len() {
        Outcome::Done
    } else if answers.contains(&Outcome::No) {
        Outcome::No
    } else {
        Outcome::CouldNotLook
    })
}

/// The same question to a collector.
fn fleet(client: &Client, args: &CheckArgs) -> anyhow::Result<Outcome> {
    let mut query = vec![("event_type", args.event_type.to_string()), ("limit", "5".to_owned())];
    query.extend(args.field.clone().map(|field| ("field", field)));
    query.extend(args.within.map(|span| ("within", format!("{}s", span.as_secs()))));
    query.extend(args.host.clone().map(|host| ("host", host)));
    query.extend(args.group.clone().map(|group| ("group", group)));
    let said: Checked = client.get("/api/v1/check", &query)?;
    let mut out = anstream::stdout();
    let kinds = [
        ("flowing", &said.flowing),
        ("flowing, and the field is never filled", &said.without_field),
        ("not flowing: seen before, not in the span", &said.silent),
        ("not flowing: never seen in a log that was read", &said.never),
        ("not flowing: its log does not exist, is off or is not read", &said.source_missing),
        ("could not look: denied, or nothing was heard of the host", &said.could_not_look),
    ];
    if let (Some(text), Some(host)) = (&said.text, &args.host) {
        writeln!(out, "{}  {}: {}", clean(host), clean(&said.event_type), clean(text))?;
    } else {
        writeln!(out, "{} on {} of {} hosts", clean(&said.event_type), said.flowing.count, said.hosts)?;
        for (what, hosts) in kinds.into_iter().filter(|(_, hosts)| hosts.count > 0) {
            let names: Vec<_> = hosts.named.iter().map(|host| clean(&host.host).into_owned()).collect();
            let more = if hosts.count > names.len() as u64 { ", ..." } else { "" };
            writeln!(out, "  {:>6} {what}: {}{more}", hosts.count, names.join(", "))?;
        }
    }
    Ok(match said.answer.as_str() {
        "flowing" => Outcome::Done,
        "could_not_look" => Outcome::CouldNotLook,
        _ => Outcome::No,
    })
}

fn complain(problems: &[Problem]) -> anyhow::Result<()> {
    for problem in problems {
        writeln!(anstream::stderr(), "blindspot: {}", clean(&problem.to_string()))?;
    }
    Ok(())
}

fn hosts(args: &CheckArgs) -> anyhow::Result<(Vec<Inventory>, Vec<Problem>)> {
    let options = ReadOptions {
        detail: if args.field.is_some() { Detail::Inventory } else { Detail::Counts },
        threads: std::thread::available_parallelism().unwrap_or(NonZeroUsize::MIN),
        zone: args.zone.clone().unwrap_or_else(TimeZone::system),
    };
    let collected = match asked_for(args) {
        Asked::Own => logs::collect_own(&options),
        Asked::Given => logs::collect(&args.paths, &options),
    };
    let (mut hosts, mut problems) = (collected.hosts, collected.problems);
    for path in &args.inventory {
        hosts.extend(input::load_inventory(path, &mut problems)?);
    }
    Ok((hosts, problems))
}

fn asked_for(args: &CheckArgs) -> Asked {
    Asked::of(&args.paths, &args.inventory)
}

/// True where the host has, or had, this name.
pub(super) fn goes_by(host: &Inventory, name: &str) -> bool {
    std::iter::once(&host.host).chain(&host.aliases).any(|each| each.as_str().eq_ignore_ascii_case(name))
}

/// What one host's logs say of an event type, and of one of its fields.
#[must_use]
pub fn answer(pattern: &EventTypePattern, field: Option<&str>, host: &HostSight<'_>) -> (Outcome, String) {
    let event = LeafEvent::Type(pattern.clone());
    let source = SourceId::of_pattern(pattern);
    let count: u64 = host.seen(&event).map(|seen| seen.count).sum();
    let last = host.seen(&event).map(|seen| seen.observed.last).max();
    let when = last.map(|last| last.strftime("%Y-%m-%d %H:%M:%SZ").to_string()).unwrap_or_default();
    if count == 0 {
        let span = say::hours(host.covered_hours());
        return match (host.source(&source).status, last) {
            (_, Some(_)) => {
                (Outcome::No, format!("not flowing, last seen {when}, before the span asked for"))
            }
            (SourceStatus::Read | SourceStatus::Empty, None) => {
                (Outcome::No, format!("not flowing, never seen in {source} ({span} of history)"))
            }
            (SourceStatus::NotGiven, None) => {
                (Outcome::No, format!("not flowing, {source} is not among the logs given"))
            }
            (SourceStatus::Missing | SourceStatus::Disabled, None) => {
                (Outcome::No, format!("not flowing, {source} is {}", host.source(&source).status.as_str()))
            }
            (status, None) => {
                (Outcome::CouldNotLook, format!("could not look, {source} is {}", status.as_str()))
            }
        };
    }
    let Some(field) = field else {
        return (Outcome::Done, format!("flowing, {count} events, last {when}"));
    };
    let fills: Vec<_> = host
        .seen(&event)
        .filter_map(|seen| {
            seen.observed.fields.iter().find(|(name, _)| name.as_str().eq_ignore_ascii_case(field))
        })
        .map(|(_, fill)| *fill)
        .collect();
    let filled: u64 = fills.iter().map(|fill| fill.filled).sum();
    let declared: u64 = fills.iter().map(|fill| fill.declared()).sum();
    match (filled, declared) {
        (0, 0) => (Outcome::No, format!("{count} events, last {when}, and none has a field {field}")),
        (0, _) => {
            (Outcome::No, format!("{count} events, last {when}, and {field} is empty in all that declare it"))
        }
        _ => (
            Outcome::Done,
            format!("flowing, {count} events, last {when}, {field} filled in {filled} of {declared}"),
        ),
    }
}
