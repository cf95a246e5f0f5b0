//! Hosts: which there are, what one records, what it can see, now and then.

use std::collections::BTreeMap;

use axum::{Json, extract::State};
use blindspot_coverage::{
    Verdict,
    index::{DetectionSlot, HostSet, HostSlot},
};
use blindspot_store::AgentState;
use blindspot_telemetry::{
    report::HostReport,
    wire::{AgentId, report::Finding},
};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::{
    App,
    access::{Asked, Body, By, Named, log},
    detections::{hosts_meant, parse_verdict},
    page::{self, rows_of},
    problem::{Answer, Failure, Problem},
};
use crate::collector::{
    fleet::{self, Host, HostKey},
    jobs::Why,
    subjects,
};

/// One host of a list.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct HostLine {
    /// Its id: that of its agent; for a relayed host, `AGENT~NAME`.
    pub id: String,
    /// Its name.
    pub host: String,
    /// Names it had before.
    pub aliases: Vec<String>,
    /// The relay it is seen through.
    pub relay: Option<String>,
    /// windows, linux or device.
    pub platform: String,
    /// Its group.
    pub group: String,
    /// What people wrote on its agent.
    pub labels: BTreeMap<String, String>,
    /// active, quarantined or revoked.
    pub agent_state: String,
    /// The agent's version.
    pub agent_version: String,
    /// When its agent was last heard of: its verdicts are as of then.
    #[schema(value_type = Option<String>)]
    pub last_report: Option<Timestamp>,
    /// True where nothing is claimed of it, because that is too long ago.
    pub stale: bool,
    /// True where a log of it may not be read.
    pub denied: bool,
    /// How far its clock is behind the collector's, in milliseconds.
    pub clock_offset_ms: Option<i64>,
}

impl HostLine {
    /// The line of a host.
    #[must_use]
    pub fn new(host: &Host, app: &App) -> Self {
        let agent = app.registry.get(host.key.agent);
        let row = agent.as_ref().map(|known| &known.row);
        Self {
            id: host.key.to_string(),
            host: host.name.to_string(),
            aliases: host.aliases.iter().map(ToString::to_string).collect(),
            relay: host.relay.clone(),
            platform: host.platform.as_str().to_owned(),
            group: host.group.clone(),
            labels: row.map(|row| row.labels.clone()).unwrap_or_default(),
            agent_state: row.map(|row| row.state.as_str().to_owned()).unwrap_or_default(),
            agent_version: row.map(|row| row.version.clone()).unwrap_or_default(),
            last_report: host.last_report,
            stale: host.stale,
            denied: host.denied,
            clock_offset_ms: row.and_then(|row| row.clock_offset_ms),
        }
    }
}

/// The host that a name or id means.
///
/// # Errors
/// Where none does, or several do.
pub fn find_host(state: &fleet::State, name: &str) -> Result<(u32, HostKey), Failure> {
    let found = state.named(name);
    match found.as_slice() {
        [only] => {
            let host = state.host(*only).ok_or_else(|| Failure::not_found("host"))?;
            Ok((only.0, host.key.clone()))
        }
        [] => Err(Failure::not_found("host")),
        several => {
            let ids = several.iter().filter_map(|slot| state.host(*slot)).map(|host| host.key.to_string());
            let ids: Vec<String> = ids.take(10).collect();
            Err(Failure::conflict(format!(
                "several hosts go by this name; name one by its id: {}",
                ids.join(", ")
            )))
        }
    }
}

/// Which hosts.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct Which {
    /// Those of this group.
    pub group: Option<String>,
    /// Those whose name or id holds this text.
    pub q: Option<String>,
    /// reporting or stale.
    #[param(pattern = "^(reporting|stale)$")]
    pub standing: Option<String>,
    /// Those on which this detection, by its id ...
    pub detection: Option<String>,
    /// ... has this verdict (without one: blind).
    #[param(pattern = "^(sighted|noisy|partial|armed|unknown|blind|unsampled|out_of_scope)$")]
    pub verdict: Option<String>,
    /// The id of the last host of the page before.
    pub after: Option<String>,
    /// Rows of a page, 1 to 1000.
    #[param(minimum = 1, maximum = 1000)]
    pub limit: Option<usize>,
}

/// A page of hosts.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct HostPage {
    /// How many there are in all.
    pub total: usize,
    /// Those of this page, by id.
    pub hosts: Vec<HostLine>,
    /// What to give as `after` for the next page.
    pub next: Option<String>,
}

/// The hosts of the fleet, those seen through relays among them.
#[utoipa::path(get, path = "/api/v1/hosts", params(Which), responses(
    (status = 200, body = HostPage), (status = 400, body = Problem), (status = 401, body = Problem),
    (status = 404, body = Problem)))]
pub async fn list(State(app): State<App>, Asked(which): Asked<Which>) -> Answer<HostPage> {
    let limit = rows_of(which.limit)?;
    let stale = match which.standing.as_deref() {
        None => None,
        Some("reporting") => Some(false),
        Some("stale") => Some(true),
        Some(_) => return Err(Failure::bad("standing is reporting or stale")),
    };
    let verdict = which.verdict.as_deref().map(parse_verdict).transpose()?;
    if verdict.is_some() && which.detection.is_none() {
        return Err(Failure::bad("verdict is one of a detection: name it"));
    }
    let state = app.fleet.read();
    let mut set = state.index.hosts(&hosts_meant(&state, which.group.as_deref(), None)?);
    if let Some(id) = &which.detection {
        let place = state.set.place_of(id).and_then(|place| u32::try_from(place).ok());
        let place = place.ok_or_else(|| Failure::not_found("detection"))?;
        let verdict = verdict.unwrap_or(Verdict::Blind);
        set &= state.index.hosts_with(DetectionSlot(place), verdict, &HostSet::All);
    }
    let text = which.q.as_ref().map(|text| text.to_lowercase());
    let keep = |slot: HostSlot, host: &Host| {
        set.contains(slot.0)
            && stale.is_none_or(|stale| host.stale == stale)
            && text.as_ref().is_none_or(|text| {
                host.name.as_str().to_lowercase().contains(text)
                    || host.key.to_string().contains(text.as_str())
            })
    };
    let kept: Vec<(String, &Host)> = state
        .hosts()
        .filter(|(slot, host)| keep(*slot, host))
        .map(|(_, host)| (host.key.to_string(), host))
        .collect();
    let (page, next) = page::cut(&kept, |(id, _)| id, which.after.as_deref(), limit);
    let hosts = page.iter().map(|(_, host)| HostLine::new(host, &app)).collect();
    Ok(Json(HostPage { total: kept.len(), hosts, next }))
}

/// One host.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct HostDetail {
    /// It, as in the list.
    pub line: HostLine,
    /// What it records, as in an audit's `hosts` part.
    #[schema(value_type = Object)]
    pub inventory: HostReport,
    /// What its agent noticed lately, the newest last.
    #[schema(value_type = Vec<Object>)]
    pub findings: Vec<Finding>,
    /// Other agents that claim to run on the same machine, by id: a clone, or one that was installed twice.
    pub same_machine: Vec<String>,
    /// How many detections have which verdict.
    pub verdicts: BTreeMap<String, usize>,
}

/// What one host records, and what was noticed on it.
#[utoipa::path(get, path = "/api/v1/hosts/{host}",
    params(("host" = String, Path, description = "Its name or id")), responses(
    (status = 200, body = HostDetail), (status = 401, body = Problem), (status = 404, body = Problem),
    (status = 409, body = Problem), (status = 503, body = Problem)))]
pub async fn one(State(app): State<App>, Named(name): Named) -> Answer<HostDetail> {
    let (slot, key) = find_host(&app.fleet.read(), &name)?;
    let window = subjects::window(app.clock.wall(), app.fleet.window_days());
    let record = app.store.host_with_hours(key.agent, subjects::first_hour(&window)).await?;
    let record = record.ok_or_else(|| Failure::not_found("host"))?;
    let inventory = subjects::inventories(&record)
        .into_iter()
        .find(|host| HostKey::new(key.agent, host) == key)
        .ok_or_else(|| Failure::not_found("host"))?;
    let findings = app.store.findings(key.agent, 50).await?;
    let all = app.registry.all();
    let machine = app.registry.get(key.agent).map(|known| known.row.machine.clone()).unwrap_or_default();
    let twin = |row: &blindspot_store::AgentRow| {
        row.id != key.agent && row.machine == machine && !machine.is_empty()
    };
    let state = app.fleet.read();
    let host = state.host(HostSlot(slot)).filter(|host| host.key == key);
    let line = HostLine::new(host.ok_or_else(|| Failure::not_found("host"))?, &app);
    let mut verdicts = super::detections::verdict_words();
    for verdict in state.index.verdicts(HostSlot(slot)).unwrap_or_default() {
        *verdicts.entry(verdict.as_str().to_owned()).or_default() += 1;
    }
    Ok(Json(HostDetail {
        line,
        inventory: HostReport::from(&inventory),
        findings,
        same_machine: all
            .iter()
            .filter(|known| twin(&known.row))
            .map(|known| known.row.id.to_string())
            .collect(),
        verdicts,
    }))
}

/// Which verdicts.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct When {
    /// As they were then (2026-11-03T04:00:00Z); without it, as they are.
    #[param(format = DateTime)]
    pub at: Option<String>,
}

/// A host's verdicts.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct HostVerdicts {
    /// The host's id.
    pub host: String,
    /// Since when they hold; for those of now, when the agent was last heard of.
    #[schema(value_type = Option<String>)]
    pub as_of: Option<Timestamp>,
    /// Each detection's verdict, by id.
    pub verdicts: BTreeMap<String, String>,
}

/// Every detection's verdict on one host, now or at a moment in the past.
#[utoipa::path(get, path = "/api/v1/hosts/{host}/verdicts",
    params(("host" = String, Path, description = "Its name or id"), When), responses(
    (status = 200, body = HostVerdicts), (status = 400, body = Problem), (status = 401, body = Problem),
    (status = 404, body = Problem), (status = 409, body = Problem)))]
pub async fn verdicts(
    State(app): State<App>,
    Named(name): Named,
    Asked(when): Asked<When>,
) -> Answer<HostVerdicts> {
    let (slot, key) = find_host(&app.fleet.read(), &name)?;
    let Some(at) = when.at else {
        let state = app.fleet.read();
        let verdicts = state.index.verdicts(HostSlot(slot)).ok_or_else(|| Failure::not_found("host"))?;
        let named = state.set.ids.iter().cloned().zip(verdicts.iter().map(|it| it.as_str().to_owned()));
        let as_of = state.host(HostSlot(slot)).and_then(|host| host.last_report);
        return Ok(Json(HostVerdicts { host: key.to_string(), as_of, verdicts: named.collect() }));
    };
    let at: Timestamp = at.parse().map_err(|_| {
        Failure::bad(format!(
            "`{}` is no time; one reads like 2026-11-03T04:00:00Z",
            super::detections::short(&at)
        ))
    })?;
    let subject = key.relayed.clone().unwrap_or_default();
    let then = app.store.verdicts_at(key.agent, &subject, at).await?;
    let then = then.ok_or_else(|| Failure::not_found("verdict of that time: the host was not known then"))?;
    let word = |code: &u8| fleet::verdict_of(*code).map_or("unknown", Verdict::as_str).to_owned();
    let named = then.ids.iter().cloned().zip(then.verdicts.iter().map(word));
    Ok(Json(HostVerdicts { host: key.to_string(), as_of: Some(then.from), verdicts: named.collect() }))
}

/// Where an agent belongs.
#[derive(Debug, Default, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Sorting {
    /// Its group from now on.
    #[schema(min_length = 1, max_length = 128)]
    pub group: Option<String>,
    /// What is written on it from now on, instead of all that was.
    pub labels: Option<BTreeMap<String, String>>,
}

fn agent_of(app: &App, id: &str) -> Result<AgentId, Failure> {
    let id: AgentId = id.parse().map_err(|_| Failure::not_found("agent"))?;
    app.registry.get(id).map(|known| known.row.id).ok_or_else(|| Failure::not_found("agent"))
}

/// Reads an agent's row anew, and judges its hosts in it.
async fn refresh(app: &App, agent: AgentId) -> Result<(), Failure> {
    match app.store.agent(agent).await? {
        Some(row) => {
            app.registry.put(row, app.clock.monotonic());
            app.judging.add(agent, Why::Again);
        }
        None => {
            app.registry.remove(agent);
            app.fleet.remove(agent);
        }
    }
    Ok(())
}

/// Puts an agent into a group, and writes labels on it.
#[utoipa::path(patch, path = "/api/v1/agents/{agent}", request_body = Sorting,
    params(("agent" = String, Path, description = "The agent's id")), responses(
    (status = 200, body = Sorting), (status = 400, body = Problem), (status = 401, body = Problem),
    (status = 403, body = Problem), (status = 404, body = Problem), (status = 415, body = Problem)))]
pub async fn sort(
    State(app): State<App>,
    By(person): By,
    Named(agent): Named,
    Body(sorting): Body<Sorting>,
) -> Answer<Sorting> {
    let id = agent_of(&app, &agent)?;
    let too_long = |text: &str| text.is_empty() || text.chars().count() > 128;
    if sorting.group.as_deref().is_some_and(too_long) {
        return Err(Failure::bad("a group's name has 1 to 128 characters"));
    }
    let labels = sorting.labels.iter().flatten();
    if labels.clone().count() > 64
        || labels.clone().any(|(key, value)| too_long(key) || value.chars().count() > 256)
    {
        return Err(Failure::bad(
            "at most 64 labels, with names of 1 to 128 and values of up to 256 characters",
        ));
    }
    if let Some(group) = &sorting.group {
        app.store.set_agent_group(id, group).await?;
        log(&app, &person, "agent.group", &agent, group).await?;
    }
    if let Some(labels) = &sorting.labels {
        app.store.set_agent_labels(id, labels).await?;
        log(&app, &person, "agent.labels", &agent, &format!("{} labels", labels.len())).await?;
    }
    refresh(&app, id).await?;
    Ok(Json(sorting))
}

/// What an agent may do from now on.
#[derive(Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewState {
    /// active, quarantined or revoked.
    #[schema(pattern = "^(active|quarantined|revoked)$")]
    pub state: String,
}

/// Takes an agent's reports again, puts it into quarantine, or revokes its identity for good.
#[utoipa::path(post, path = "/api/v1/agents/{agent}/state", request_body = NewState,
    params(("agent" = String, Path, description = "The agent's id")), responses(
    (status = 200, body = NewState), (status = 400, body = Problem), (status = 401, body = Problem),
    (status = 403, body = Problem), (status = 404, body = Problem), (status = 415, body = Problem)))]
pub async fn set_state(
    State(app): State<App>,
    By(person): By,
    Named(agent): Named,
    Body(new): Body<NewState>,
) -> Answer<NewState> {
    let id = agent_of(&app, &agent)?;
    let state = AgentState::parse(&new.state)
        .ok_or_else(|| Failure::bad("state is active, quarantined or revoked"))?;
    app.store.set_agent_state(id, state).await?;
    log(&app, &person, "agent.state", &agent, state.as_str()).await?;
    refresh(&app, id).await?;
    Ok(Json(new))
}

/// Forgets an agent with all that it reported.
#[utoipa::path(delete, path = "/api/v1/agents/{agent}",
    params(("agent" = String, Path, description = "The agent's id")), responses(
    (status = 200, body = super::people::Done), (status = 401, body = Problem), (status = 403, body = Problem),
    (status = 404, body = Problem)))]
pub async fn delete(
    State(app): State<App>,
    By(person): By,
    Named(agent): Named,
) -> Answer<super::people::Done> {
    let id = agent_of(&app, &agent)?;
    app.store.delete_agent(id, app.clock.wall()).await?;
    log(&app, &person, "agent.delete", &agent, "").await?;
    refresh(&app, id).await?;
    Ok(Json(super::people::Done::default()))
}
