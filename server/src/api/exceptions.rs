//! Accepted risks: a detection may be blind somewhere, for a reason, until a day.

use axum::{Json, extract::State};
use blindspot_store::{ExceptionRow, NewException, Scope};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{
    App,
    access::{Body, By, Named, log},
    people::Done,
    problem::{Answer, Failure, Problem},
};

/// An accepted risk.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct Accepted {
    /// Its id.
    pub id: String,
    /// The detection's id.
    pub detection: String,
    /// The group that it holds for.
    pub group: Option<String>,
    /// The agent that it holds for. Without group and agent it holds for everything.
    pub agent: Option<String>,
    /// Why the risk is accepted.
    pub reason: String,
    /// Who accepted it.
    pub who: String,
    /// When.
    #[schema(value_type = String)]
    pub created: Timestamp,
    /// It holds until then.
    #[schema(value_type = Option<String>)]
    pub expires: Option<Timestamp>,
}

impl From<&ExceptionRow> for Accepted {
    fn from(row: &ExceptionRow) -> Self {
        let it = &row.exception;
        let (group, agent) = match &it.scope {
            Scope::Everything => (None, None),
            Scope::Group(group) => (Some(group.clone()), None),
            Scope::Agent(agent) => (None, Some(agent.to_string())),
        };
        Self {
            id: row.id.iter().map(|byte| format!("{byte:02x}")).collect(),
            detection: it.detection.clone(),
            group,
            agent,
            reason: it.reason.clone(),
            who: it.who.clone(),
            created: it.created,
            expires: it.expires,
        }
    }
}

/// The accepted risks of a detection that hold now.
#[must_use]
pub fn accepted(rows: &[ExceptionRow], detection: &str, now: Timestamp) -> Vec<Accepted> {
    let holds = |row: &&ExceptionRow| {
        row.exception.detection == detection && row.exception.expires.is_none_or(|expires| expires > now)
    };
    rows.iter().filter(holds).map(Accepted::from).collect()
}

/// All accepted risks, those that have expired among them.
#[utoipa::path(get, path = "/api/v1/exceptions", responses(
    (status = 200, body = Vec<Accepted>), (status = 401, body = Problem)))]
pub async fn list(State(app): State<App>) -> Answer<Vec<Accepted>> {
    Ok(Json(app.store.exceptions().await?.iter().map(Accepted::from).collect()))
}

/// A risk to be accepted.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Accept {
    /// The detection's id.
    pub detection: String,
    /// The group that it holds for.
    pub group: Option<String>,
    /// The agent that it holds for. Without group and agent it holds for everything.
    pub agent: Option<String>,
    /// Why the risk is accepted.
    #[schema(min_length = 1, max_length = 1024)]
    pub reason: String,
    /// It holds until then (2027-01-31T00:00:00Z). Without it, for good.
    #[schema(format = DateTime)]
    pub expires: Option<String>,
}

/// Accepts a risk.
#[utoipa::path(post, path = "/api/v1/exceptions", request_body = Accept, responses(
    (status = 200, body = Accepted), (status = 400, body = Problem), (status = 401, body = Problem),
    (status = 403, body = Problem), (status = 404, body = Problem), (status = 415, body = Problem)))]
pub async fn add(State(app): State<App>, By(person): By, Body(new): Body<Accept>) -> Answer<Accepted> {
    let scope = match (new.group, new.agent) {
        (Some(_), Some(_)) => return Err(Failure::bad("give a group or an agent, not both")),
        (Some(group), None) if group.is_empty() || group.chars().count() > 128 => {
            return Err(Failure::bad("a group's name has 1 to 128 characters"));
        }
        (Some(group), None) => Scope::Group(group),
        (None, Some(agent)) => Scope::Agent(agent.parse().map_err(|_| Failure::not_found("agent"))?),
        (None, None) => Scope::Everything,
    };
    if new.reason.trim().is_empty() || new.reason.chars().count() > 1024 {
        return Err(Failure::bad("an accepted risk needs a reason of up to 1024 characters"));
    }
    if app.fleet.read().set.place_of(&new.detection).is_none() {
        return Err(Failure::not_found("detection"));
    }
    let now = app.clock.wall();
    let expires = new.expires.as_deref().map(str::parse::<Timestamp>).transpose();
    let expires =
        expires.map_err(|_| Failure::bad("expires is no time; one reads like 2027-01-31T00:00:00Z"))?;
    if expires.is_some_and(|expires| expires <= now) {
        return Err(Failure::bad("expires lies in the past"));
    }
    let exception = NewException {
        detection: new.detection,
        scope,
        reason: new.reason,
        who: person.name.clone(),
        created: now,
        expires,
    };
    let id = app.store.add_exception(&exception).await?;
    log(&app, &person, "exception.add", &exception.detection, &exception.reason).await?;
    Ok(Json(Accepted::from(&ExceptionRow { id, exception })))
}

/// Ends an accepted risk.
#[utoipa::path(delete, path = "/api/v1/exceptions/{exception}",
    params(("exception" = String, Path, description = "The exception's id")), responses(
    (status = 200, body = Done), (status = 401, body = Problem), (status = 403, body = Problem),
    (status = 404, body = Problem)))]
pub async fn remove(State(app): State<App>, By(person): By, Named(id): Named) -> Answer<Done> {
    let rows = app.store.exceptions().await?;
    let row = rows.iter().find(|row| Accepted::from(*row).id == id);
    let row = row.ok_or_else(|| Failure::not_found("exception"))?;
    app.store.remove_exception(&row.id).await?;
    log(&app, &person, "exception.remove", &row.exception.detection, &row.exception.reason).await?;
    Ok(Json(Done::default()))
}
