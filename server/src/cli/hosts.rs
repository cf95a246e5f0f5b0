//! `blindspot hosts`: the hosts that report to a collector.

use std::io::Write as _;

use comfy_table::{Table, presets};
use reqwest::Method;
use serde_json::json;

use super::{
    Outcome,
    args::{CollectorArgs, HostsCommand},
};
use crate::{
    api::{
        hosts::{HostDetail, HostLine, HostPage, NewState, Sorting},
        people::Done,
    },
    client::Client,
    output::clean::clean,
};

pub(super) fn run(command: &HostsCommand) -> anyhow::Result<Outcome> {
    match command {
        HostsCommand::List { group, search, stale, blind, collector } => {
            let mut query = Vec::new();
            query.extend(group.clone().map(|group| ("group", group)));
            query.extend(search.clone().map(|text| ("q", text)));
            query.extend(stale.then(|| ("standing", "stale".to_owned())));
            query.extend(blind.clone().map(|id| ("detection", id)));
            list(&Client::needed(collector)?, query)
        }
        HostsCommand::Show { host, collector } => show(&Client::needed(collector)?, host),
        HostsCommand::Group { agent, group, collector } => {
            let path = format!("/api/v1/agents/{agent}");
            let body = json!({ "group": group });
            Client::needed(collector)?.ask::<Sorting>(Method::PATCH, &path, &[], Some(&body))?;
            writeln!(anstream::stdout(), "agent {} is in group {}", clean(agent), clean(group))?;
            Ok(Outcome::Done)
        }
        HostsCommand::Release { agent, collector } => set_state(collector, agent, "active"),
        HostsCommand::Revoke { agent, collector } => set_state(collector, agent, "revoked"),
        HostsCommand::Forget { agent, collector } => {
            let path = format!("/api/v1/agents/{agent}");
            Client::needed(collector)?.ask::<Done>(Method::DELETE, &path, &[], None)?;
            writeln!(anstream::stdout(), "agent {} and all that it reported is forgotten", clean(agent))?;
            Ok(Outcome::Done)
        }
    }
}

fn set_state(collector: &CollectorArgs, agent: &str, state: &str) -> anyhow::Result<Outcome> {
    let path = format!("/api/v1/agents/{agent}/state");
    let body = json!({ "state": state });
    Client::needed(collector)?.ask::<NewState>(Method::POST, &path, &[], Some(&body))?;
    writeln!(anstream::stdout(), "agent {} is {state}", clean(agent))?;
    Ok(Outcome::Done)
}

fn list(client: &Client, mut query: Vec<(&'static str, String)>) -> anyhow::Result<Outcome> {
    query.push(("limit", "1000".to_owned()));
    let mut table = Table::new();
    table.load_style(presets::NOTHING);
    table.set_header(["HOST", "PLATFORM", "GROUP", "LAST REPORT", "STATE", "ID"]);
    let (mut after, mut total) = (None, 0);
    loop {
        let mut asked = query.clone();
        asked.extend(after.take().map(|id| ("after", id)));
        let page: HostPage = client.get("/api/v1/hosts", &asked)?;
        total = total.max(page.total);
        for host in &page.hosts {
            table.add_row(row(host));
        }
        match page.next {
            Some(next) => after = Some(next),
            None => break,
        }
    }
    writeln!(anstream::stdout(), "{table}\n{total} hosts")?;
    Ok(Outcome::Done)
}

fn row(host: &HostLine) -> [String; 6] {
    let name = match &host.relay {
        None => host.host.clone(),
        Some(relay) => format!("{} (through relay {relay})", host.host),
    };
    let last =
        host.last_report.map_or_else(|| "never".to_owned(), |at| at.strftime("%Y-%m-%d %H:%MZ").to_string());
    let state = match (host.agent_state.as_str(), host.stale, host.denied) {
        ("active", true, _) => "stale: nothing is claimed",
        ("active", false, true) => "reporting; a log may not be read",
        ("active", false, false) => "reporting",
        (other, ..) => other,
    };
    [&name, &host.platform, &host.group, &last, state, &host.id].map(|text| clean(text).into_owned())
}

fn show(client: &Client, name: &str) -> anyhow::Result<Outcome> {
    let host: HostDetail = client.get(&format!("/api/v1/hosts/{name}"), &[])?;
    let mut out = anstream::stdout();
    let [title, platform, group, last, state, id] = row(&host.line);
    writeln!(out, "{title}  {platform}  group {group}  {state}  last report {last}\nid {id}")?;
    if !host.same_machine.is_empty() {
        writeln!(
            out,
            "! the same machine reports as {} too: a clone, or installed twice",
            host.same_machine.join(", ")
        )?;
    }
    let counts: Vec<String> = host
        .verdicts
        .iter()
        .filter(|(_, count)| **count > 0)
        .map(|(verdict, count)| format!("{count} {verdict}"))
        .collect();
    writeln!(out, "detections: {}\n\nsources", counts.join(", "))?;
    for source in &host.inventory.sources {
        let newest = source
            .newest
            .map(|at| format!(", newest {}", at.strftime("%Y-%m-%d %H:%MZ")))
            .unwrap_or_default();
        writeln!(
            out,
            "  {:10} {:6} records  {}{newest}",
            source.status,
            source.records,
            clean(&source.path)
        )?;
    }
    writeln!(out, "\nevent types")?;
    for seen in &host.inventory.event_types {
        let last = seen.last.strftime("%Y-%m-%d %H:%MZ");
        writeln!(out, "  {:9} {}, last {last}", seen.count, clean(&seen.key))?;
    }
    if !host.findings.is_empty() {
        writeln!(out, "\nnoticed")?;
    }
    for finding in &host.findings {
        let at = finding.at.strftime("%Y-%m-%d %H:%MZ");
        writeln!(out, "  {at} {}: {}", clean(&finding.code), clean(&finding.text))?;
    }
    Ok(Outcome::Done)
}
