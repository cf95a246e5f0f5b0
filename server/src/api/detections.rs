//! Detections over the fleet: who is blind where, and why.

use std::collections::BTreeMap;

use axum::{Json, extract::State};
use blindspot_catalog::{Detection, Level};
use blindspot_coverage::{
    Verdict, VerdictCounts,
    index::{DetectionSlot, HostSet, HostSlot},
};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::{
    App,
    access::{Asked, Named},
    exceptions::{Accepted, accepted},
    export,
    hosts::{HostLine, find_host},
    page::{self, rows_of},
    problem::{Answer, Failure, Problem},
};
use crate::{cli::explain, collector::fleet::State as Fleet};

/// Every verdict's word, with nothing counted.
#[must_use]
pub fn verdict_words() -> BTreeMap<String, usize> {
    Verdict::ALL.into_iter().map(|verdict| (verdict.as_str().to_owned(), 0)).collect()
}

/// Which detections.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct Which {
    /// Those that have this verdict on some host: sighted, noisy, partial, armed, unknown, blind, unsampled, out_of_scope.
    #[param(pattern = "^(sighted|noisy|partial|armed|unknown|blind|unsampled|out_of_scope)$")]
    pub verdict: Option<String>,
    /// Those of this technique (T1547.001) or of its sub-techniques.
    #[param(pattern = "^T[0-9]{4}([.][0-9]{3})?$")]
    pub technique: Option<String>,
    /// Those of this level or above.
    #[param(pattern = "^(informational|low|medium|high|critical)$")]
    pub level: Option<String>,
    /// Those whose title or id holds this text.
    pub q: Option<String>,
    /// Over the hosts of this group only.
    pub group: Option<String>,
    /// On this host only, by name or id.
    pub host: Option<String>,
    /// The id of the last detection of the page before.
    pub after: Option<String>,
    /// Rows of a page, 1 to 1000.
    #[param(minimum = 1, maximum = 1000)]
    pub limit: Option<usize>,
}

/// A page of detections.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct DetectionPage {
    /// How many there are in all.
    pub total: usize,
    /// Those of this page, by id.
    pub detections: Vec<DetectionLine>,
    /// What to give as `after` for the next page.
    pub next: Option<String>,
}

/// One detection over the hosts asked about.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct DetectionLine {
    /// Its id.
    pub id: String,
    /// sigma, attack or own.
    pub origin: String,
    /// Its title.
    pub title: String,
    /// Its level.
    pub level: Option<String>,
    /// The techniques that it is tagged with.
    pub techniques: Vec<String>,
    /// The best verdict of any host that it is meant for.
    pub verdict: String,
    /// The worst.
    pub worst: String,
    /// Hosts by verdict; all eight.
    pub hosts: BTreeMap<String, usize>,
    /// Where its blindness is an accepted risk.
    pub accepted: Vec<Accepted>,
}

impl DetectionLine {
    fn new(detection: &Detection, counts: &VerdictCounts, accepted: Vec<Accepted>) -> Self {
        Self {
            id: detection.id.to_string(),
            origin: detection.source.as_str().to_owned(),
            title: detection.title.to_string(),
            level: detection.level.map(|level| level.as_str().to_owned()),
            techniques: detection.techniques.iter().map(ToString::to_string).collect(),
            verdict: counts.best().as_str().to_owned(),
            worst: counts.worst().as_str().to_owned(),
            hosts: counts.iter().map(|(verdict, count)| (verdict.as_str().to_owned(), count)).collect(),
            accepted,
        }
    }
}

/// The verdict that a word means.
///
/// # Errors
/// Where it means none.
pub fn parse_verdict(word: &str) -> Result<Verdict, Failure> {
    Verdict::ALL.into_iter().find(|verdict| verdict.as_str() == word).ok_or_else(|| {
        let words: Vec<&str> = Verdict::ALL.iter().map(|verdict| verdict.as_str()).collect();
        Failure::bad(format!("`{}` is no verdict; verdicts are {}", short(word), words.join(", ")))
    })
}

/// What somebody typed, as far as it is worth repeating.
#[must_use]
pub fn short(text: &str) -> String {
    text.chars().take(64).collect()
}

/// The hosts that a group or a host's name means; with both, the host within the group.
///
/// # Errors
/// Where there is no such group or host.
pub fn hosts_meant(state: &Fleet, group: Option<&str>, host: Option<&str>) -> Result<HostSet, Failure> {
    match (group, host) {
        (group, Some(host)) => {
            let slot = find_host(state, host)?.0;
            let within = group.map(|group| hosts_meant(state, Some(group), None)).transpose()?;
            if within.is_some_and(|set| !state.index.hosts(&set).contains(slot)) {
                return Err(Failure::not_found("host in this group"));
            }
            Ok(HostSet::Hosts([slot].into_iter().collect()))
        }
        (Some(group), None) => state.group(group).ok_or_else(|| Failure::not_found("group")),
        (None, None) => Ok(HostSet::All),
    }
}

/// Detections, each over the hosts asked about.
#[utoipa::path(get, path = "/api/v1/detections", params(Which), responses(
    (status = 200, body = DetectionPage), (status = 400, body = Problem), (status = 401, body = Problem),
    (status = 404, body = Problem)))]
pub async fn list(State(app): State<App>, Asked(which): Asked<Which>) -> Answer<DetectionPage> {
    let limit = rows_of(which.limit)?;
    let verdict = which.verdict.as_deref().map(parse_verdict).transpose()?;
    let level = which.level.as_deref().map(parse_level).transpose()?;
    let technique = which.technique.as_deref().map(str::parse::<blindspot_catalog::TechniqueId>).transpose();
    let technique = technique.map_err(|error| Failure::bad(error.to_string()))?;
    let exceptions = app.store.exceptions().await?;
    let now = app.clock.wall();
    let state = app.fleet.read();
    let hosts = hosts_meant(&state, which.group.as_deref(), which.host.as_deref())?;
    let counts = state.counts(&hosts);
    let wanted = technique.as_ref().map(|id| state.set.homes(id));
    let text = which.q.as_ref().map(|text| text.to_lowercase());
    let keep = |detection: &Detection, counts: &VerdictCounts| {
        verdict.is_none_or(|verdict| counts.of(verdict) > 0)
            && level.is_none_or(|least| detection.level.is_some_and(|level| level >= least))
            && wanted.as_ref().is_none_or(|wanted| {
                let homes = detection.techniques.iter().flat_map(|tag| state.set.homes(tag));
                homes
                    .into_iter()
                    .any(|id| wanted.contains(&id) || id.parent().is_some_and(|it| wanted.contains(&it)))
            })
            && text.as_ref().is_none_or(|text| {
                detection.title.to_lowercase().contains(text)
                    || detection.id.as_str().to_lowercase().contains(text)
            })
    };
    let all = state.set.detections.iter().zip(&counts).filter(|(detection, counts)| keep(detection, counts));
    let kept: Vec<_> = all.collect();
    let (page, next) =
        page::cut(&kept, |(detection, _)| detection.id.as_str(), which.after.as_deref(), limit);
    let line = |(detection, counts): &(&Detection, &VerdictCounts)| {
        DetectionLine::new(detection, counts, accepted(&exceptions, detection.id.as_str(), now))
    };
    Ok(Json(DetectionPage { total: kept.len(), detections: page.iter().map(line).collect(), next }))
}

fn parse_level(word: &str) -> Result<Level, Failure> {
    Level::ALL.into_iter().find(|level| level.as_str() == word).ok_or_else(|| {
        Failure::bad(format!(
            "`{}` is no level; levels are informational, low, medium, high, critical",
            short(word)
        ))
    })
}

/// Which hosts of a detection.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct HostsOf {
    /// Those with this verdict; without it, all that it is meant for.
    #[param(pattern = "^(sighted|noisy|partial|armed|unknown|blind|unsampled|out_of_scope)$")]
    pub verdict: Option<String>,
    /// Those of this group.
    pub group: Option<String>,
    /// Rows, 1 to 1000.
    #[param(minimum = 1, maximum = 1000)]
    pub limit: Option<usize>,
}

/// The hosts of one detection.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct DetectionHosts {
    /// The detection over these hosts.
    pub detection: DetectionLine,
    /// How many hosts were asked for.
    pub total: u64,
    /// The first of them.
    pub hosts: Vec<HostVerdict>,
}

/// One host's verdict.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct HostVerdict {
    /// The host.
    #[serde(flatten)]
    pub host: HostLine,
    /// Its verdict.
    pub verdict: String,
}

/// On which hosts a detection stands how.
#[utoipa::path(get, path = "/api/v1/detections/{detection}/hosts",
    params(("detection" = String, Path, description = "The detection's id"), HostsOf), responses(
    (status = 200, body = DetectionHosts), (status = 400, body = Problem), (status = 401, body = Problem),
    (status = 404, body = Problem)))]
pub async fn hosts(
    State(app): State<App>,
    Named(id): Named,
    Asked(which): Asked<HostsOf>,
) -> Answer<DetectionHosts> {
    let limit = rows_of(which.limit)?;
    let verdicts = match which.verdict.as_deref() {
        Some(word) => vec![parse_verdict(word)?],
        None => Verdict::in_scope().collect(),
    };
    let exceptions = app.store.exceptions().await?;
    let state = app.fleet.read();
    let set = hosts_meant(&state, which.group.as_deref(), None)?;
    let place = state.set.place_of(&id).ok_or_else(|| Failure::not_found("detection"))?;
    let detection = state.set.detections.get(place).ok_or_else(|| Failure::not_found("detection"))?;
    let slot = DetectionSlot(u32::try_from(place).unwrap_or(u32::MAX));
    let (mut total, mut rows) = (0, Vec::new());
    for verdict in verdicts.into_iter().rev() {
        let having = state.index.hosts_with(slot, verdict, &set);
        total += having.len();
        let room = limit.saturating_sub(rows.len());
        let some = having.iter().take(room).filter_map(|host| state.host(HostSlot(host)));
        rows.extend(some.map(|host| HostVerdict {
            host: HostLine::new(host, &app),
            verdict: verdict.as_str().to_owned(),
        }));
    }
    let counts = state.index.counts(slot, &set);
    let accepted = accepted(&exceptions, &id, app.clock.wall());
    Ok(Json(DetectionHosts {
        detection: DetectionLine::new(detection, &counts, accepted),
        total,
        hosts: rows,
    }))
}

/// What is to be explained.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct Question {
    /// A technique (T1547.001), a rule's id or title, an analytic (AN0001) or an event type (sysmon:13).
    pub what: String,
    /// On this host only.
    pub host: Option<String>,
    /// On the hosts of this group only.
    pub group: Option<String>,
}

/// An explanation.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct Explanation {
    /// It, as `blindspot explain` prints it.
    pub text: String,
}

/// Why a technique, detection or event type is seen or not, on what evidence, and how to mend it.
#[utoipa::path(get, path = "/api/v1/explain", params(Question), responses(
    (status = 200, body = Explanation), (status = 400, body = Problem), (status = 401, body = Problem),
    (status = 404, body = Problem), (status = 503, body = Problem)))]
pub async fn explain(State(app): State<App>, Asked(question): Asked<Question>) -> Answer<Explanation> {
    let input = export::input(&app, question.group.as_deref(), question.host.as_deref()).await?;
    let told = tokio::task::spawn_blocking(move || {
        let sights = input.sights();
        explain::told(&input, &sights, &question.what).map_err(|error| error.to_string())
    });
    let told = told.await.map_err(|_| Failure::unavailable("explaining broke off"))?;
    let text = told.map_err(Failure::absent)?;
    Ok(Json(Explanation { text: anstream::adapter::strip_str(&text).to_string() }))
}
