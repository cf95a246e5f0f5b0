//! The fleet in the forms of an audit, and the whole database as a backup.

use axum::{
    body::Body,
    extract::State,
    http::header,
    response::{IntoResponse as _, Response},
};
use blindspot_coverage::index::HostSlot;
use blindspot_telemetry::Inventory;
use clap::ValueEnum as _;
use serde::Deserialize;
use utoipa::IntoParams;

use super::{
    App,
    access::{Asked, By, log},
    detections::hosts_meant,
    problem::{Failure, Problem},
};
use crate::{
    cli::args::Format,
    collector::{fleet::HostKey, subjects},
    input::Input,
    output,
    report::Report,
};

/// Hosts of one export, at most: each is held whole in memory.
const MOST_HOSTS: usize = 1000;

/// What an audit of these hosts would be made of, as they are now.
///
/// # Errors
/// Where there is no such host or group, or they are too many.
pub async fn input(app: &App, group: Option<&str>, host: Option<&str>) -> Result<Input, Failure> {
    let (set, keys) = {
        let state = app.fleet.read();
        let slots = state.index.hosts(&hosts_meant(&state, group, host)?);
        if slots.len() > MOST_HOSTS as u64 {
            return Err(Failure::bad(format!(
                "{} hosts are more than the {MOST_HOSTS} that one answer can hold; name a group or a host",
                slots.len()
            )));
        }
        let keys: Vec<HostKey> =
            slots.iter().filter_map(|slot| state.host(HostSlot(slot))).map(|host| host.key.clone()).collect();
        (std::sync::Arc::clone(&state.set), keys)
    };
    let window = subjects::window(app.clock.wall(), app.fleet.window_days());
    let mut hosts = Vec::new();
    let mut agents: Vec<_> = keys.iter().map(|key| key.agent).collect();
    agents.sort();
    agents.dedup();
    for agent in agents {
        let Some(record) = app.store.host_with_hours(agent, subjects::first_hour(&window)).await? else {
            continue;
        };
        let wanted = |host: &Inventory| keys.contains(&HostKey::new(agent, host));
        hosts.extend(subjects::inventories(&record).into_iter().filter(wanted));
    }
    Ok(Input {
        windows: vec![window; hosts.len()],
        hosts,
        detections: set.detections.clone(),
        attack: set.attack.clone(),
        mappings: set.mappings.clone(),
        facts: set.facts.clone(),
        problems: set.problems.clone(),
        given: vec![format!("collector {}", app.config.public_url(&app.own_name))],
        files: 0,
        bytes: 0,
        threads: app.threads,
    })
}

/// What to export.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct What {
    /// text, json, csv, html, navigator or dettect; without it, json.
    #[param(pattern = "^(text|json|csv|html|navigator|dettect)$")]
    pub format: Option<String>,
    /// The hosts of this group only.
    pub group: Option<String>,
    /// This host only.
    pub host: Option<String>,
}

/// Up to 1000 hosts in any form of an audit. The JSON form can be given to `blindspot audit --inventory`.
#[utoipa::path(get, path = "/api/v1/export/audit", params(What), responses(
    (status = 200, description = "The report, in the form asked for", content(
        (serde_json::Value = "application/json"), (String = "text/plain"), (String = "text/csv"), (String = "text/html"))),
    (status = 400, body = Problem),
    (status = 401, body = Problem), (status = 404, body = Problem), (status = 409, body = Problem),
    (status = 503, body = Problem)))]
pub async fn audit(State(app): State<App>, Asked(what): Asked<What>) -> Result<Response, Failure> {
    let format = what.format.as_deref().map_or(Ok(Format::Json), |word| {
        Format::from_str(word, false)
            .map_err(|_| Failure::bad("format is text, json, csv, html, navigator or dettect"))
    })?;
    let input = input(&app, what.group.as_deref(), what.host.as_deref()).await?;
    if input.hosts.is_empty() {
        return Err(Failure::not_found("host that reported"));
    }
    let now = app.clock.wall();
    let written = tokio::task::spawn_blocking(move || {
        let sights = input.sights();
        let report = Report::new(&input, &sights, now);
        output::written(&report, format).map_err(|error| error.to_string())
    });
    let written = written.await.map_err(|_| Failure::unavailable("the export broke off"))?;
    let text = written.map_err(|error| Failure::unavailable(&error))?;
    let kind = match format {
        Format::Text | Format::Dettect => "text/plain; charset=utf-8",
        Format::Json | Format::Navigator => "application/json",
        Format::Csv => "text/csv; charset=utf-8",
        Format::Html => "text/html; charset=utf-8",
    };
    let plain = anstream::adapter::strip_str(&text).to_string();
    let as_file = "attachment; filename=\"blindspot\"";
    Ok(([(header::CONTENT_TYPE, kind), (header::CONTENT_DISPOSITION, as_file)], plain).into_response())
}

/// The whole database in one portable file. It holds no secrets but their hashes.
#[utoipa::path(get, path = "/api/v1/export/backup", responses(
    (status = 200, description = "The backup", content_type = "application/zstd", body = Vec<u8>),
    (status = 401, body = Problem), (status = 403, body = Problem), (status = 503, body = Problem)))]
pub async fn backup(State(app): State<App>, By(person): By) -> Result<Response, Failure> {
    log(&app, &person, "backup.export", "", "").await?;
    let (out, body) = crate::collector::backup::piped();
    let store = app.store.clone();
    tokio::spawn(async move {
        if let Err(error) = store.export(out).await {
            tracing::error!(error = crate::chain(&error), "a backup broke off");
        }
    });
    let kind = [(header::CONTENT_TYPE, "application/zstd")];
    Ok((kind, Body::from_stream(body)).into_response())
}
