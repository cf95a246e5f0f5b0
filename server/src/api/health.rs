//! Whether the collector lives, what it counts of itself, and the fleet in a few numbers.

use std::collections::BTreeMap;

use axum::{
    Json,
    extract::{Request, State},
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse as _, Response},
};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::{
    App,
    access::{Asked, person},
    detections::{hosts_meant, verdict_words},
    problem::{Answer, Failure},
};

/// The process answers.
#[utoipa::path(get, path = "/healthz", responses((status = 200, description = "It lives", body = str)))]
pub async fn alive() -> &'static str {
    "ok\n"
}

/// The database answers, and every host of it was judged.
#[utoipa::path(get, path = "/readyz", responses(
    (status = 200, description = "It is ready", body = str),
    (status = 503, description = "Not yet, or not now", body = super::problem::Problem)))]
pub async fn ready(State(app): State<App>) -> Result<&'static str, Failure> {
    if !app.is_ready() {
        return Err(Failure::unavailable("hosts are still being judged"));
    }
    app.store.ping().await.map_err(|_| Failure::unavailable("the database does not answer"))?;
    Ok("ready\n")
}

/// What the collector counts of itself, in OpenMetrics text. For viewers, or for everybody where the server file says so.
#[utoipa::path(get, path = "/metrics", responses(
    (status = 200, description = "OpenMetrics", content_type = "application/openmetrics-text", body = String),
    (status = 401, description = "No token", body = super::problem::Problem)))]
pub async fn metrics(State(app): State<App>, request: Request) -> Response {
    if !app.config.open_metrics && person(&app, &request).is_none() {
        return Failure::unknown_person().into_response();
    }
    let kind = HeaderValue::from_static("application/openmetrics-text; version=1.0.0; charset=utf-8");
    (StatusCode::OK, [(header::CONTENT_TYPE, kind)], app.metrics.render()).into_response()
}

/// Which hosts are meant.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct OfGroup {
    /// The hosts of this group only.
    pub group: Option<String>,
}

/// The fleet in a few numbers. None of them is a score.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct Summary {
    /// Hosts, those seen through relays among them.
    pub hosts: u64,
    /// Hosts that were not heard of for so long that nothing is claimed of them.
    pub stale: u64,
    /// Agents that enrolled.
    pub agents: usize,
    /// Detections that are judged.
    pub detections: usize,
    /// Detections by the worst verdict that any host has, those out of scope everywhere under `out_of_scope`.
    pub by_worst: BTreeMap<String, usize>,
    /// Detections by the best verdict that any host has.
    pub by_best: BTreeMap<String, usize>,
    /// The groups of hosts.
    pub groups: Vec<String>,
    /// When the detections were read.
    #[schema(value_type = String)]
    pub detections_read: Timestamp,
    /// Rules and tables that could not be read or understood.
    pub problems: Vec<String>,
    /// The version of ATT&CK.
    pub attack: String,
    /// Days back from now that count.
    pub window_days: u32,
    /// True while hosts wait for their verdicts.
    pub judging: bool,
}

/// The fleet, or a group of it, in a few numbers.
#[utoipa::path(get, path = "/api/v1/summary", params(OfGroup), responses(
    (status = 200, body = Summary), (status = 400, body = super::problem::Problem),
    (status = 401, body = super::problem::Problem), (status = 404, body = super::problem::Problem)))]
pub async fn summary(State(app): State<App>, Asked(of): Asked<OfGroup>) -> Answer<Summary> {
    let state = app.fleet.read();
    let set = hosts_meant(&state, of.group.as_deref(), None)?;
    let hosts = state.index.hosts(&set);
    let (mut by_worst, mut by_best) = (verdict_words(), verdict_words());
    for counts in state.counts(&set) {
        *by_best.entry(counts.best().as_str().to_owned()).or_default() += 1;
        *by_worst.entry(counts.worst().as_str().to_owned()).or_default() += 1;
    }
    Ok(Json(Summary {
        stale: (state.index.stale_hosts() & &hosts).len(),
        hosts: hosts.len(),
        agents: app.registry.len(),
        detections: state.set.detections.len(),
        by_worst,
        by_best,
        groups: state.groups().map(str::to_owned).collect(),
        detections_read: state.set.loaded_at,
        problems: state.set.problems.iter().map(ToString::to_string).collect(),
        attack: state.set.attack.version.to_string(),
        window_days: app.fleet.window_days(),
        judging: !app.is_ready() || app.judging.waiting() > 0,
    }))
}
