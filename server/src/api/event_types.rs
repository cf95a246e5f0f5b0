//! Event types over the fleet: is it flowing, where, since when.

use axum::{Json, extract::State};
use blindspot_coverage::{
    HostSight,
    index::{Flow, HostSlot},
};
use blindspot_telemetry::{EventTypePattern, Hour};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::{
    App,
    access::Asked,
    detections::hosts_meant,
    export,
    health::OfGroup,
    hosts::HostLine,
    page::rows_of,
    problem::{Answer, Failure, Problem},
};
use crate::{
    cli::{args::parse_span, check},
    collector::subjects,
};

/// One event type over the hosts asked about.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct EventTypeLine {
    /// Its text form.
    pub event_type: String,
    /// Hosts on which it was ever counted.
    pub hosts: u64,
}

/// Every event type that was ever counted, with on how many hosts.
#[utoipa::path(get, path = "/api/v1/event-types", params(OfGroup), responses(
    (status = 200, body = Vec<EventTypeLine>), (status = 400, body = Problem), (status = 401, body = Problem),
    (status = 404, body = Problem)))]
pub async fn list(State(app): State<App>, Asked(of): Asked<OfGroup>) -> Answer<Vec<EventTypeLine>> {
    let state = app.fleet.read();
    let set = hosts_meant(&state, of.group.as_deref(), None)?;
    let types = state.index.event_types(&set).into_iter();
    Ok(Json(
        types
            .map(|used| EventTypeLine { event_type: used.event_type.to_string(), hosts: used.hosts })
            .collect(),
    ))
}

/// What is asked of an event type.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct Question {
    /// The event type, such as sysmon:13.
    pub event_type: String,
    /// A field that must hold a value.
    pub field: Option<String>,
    /// Only events this far back count, such as 24h; without it, the collector's window.
    #[param(pattern = "^[1-9][0-9]{0,4}(s|m|min|h|d|w)$")]
    pub within: Option<String>,
    /// On this host only.
    pub host: Option<String>,
    /// On the hosts of this group only.
    pub group: Option<String>,
    /// Hosts that are named of each answer, 1 to 1000.
    #[param(minimum = 1, maximum = 1000)]
    pub limit: Option<usize>,
}

/// Whether an event type flows.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct Checked {
    /// The event type, as it was understood.
    pub event_type: String,
    /// flowing (on every host asked about), not_flowing (on some), or could_not_look (on some, and it is not known not
    /// to flow on any).
    pub answer: String,
    /// Hosts asked about.
    pub hosts: u64,
    /// Where it flows, and the field asked for is filled.
    pub flowing: Hosts,
    /// Where it flows, and the field asked for never held a value.
    pub without_field: Hosts,
    /// Where it was seen before, and not in the span.
    pub silent: Hosts,
    /// Where its log was read and never held it.
    pub never: Hosts,
    /// Where its log does not exist, is switched off or is not read.
    pub source_missing: Hosts,
    /// Where nothing can be said: the log may not be read, or nothing was heard of the host.
    pub could_not_look: Hosts,
    /// For one host: the answer in words, with counts and times.
    pub text: Option<String>,
}

/// Hosts that have one answer.
#[derive(Debug, Default, Serialize, Deserialize, ToSchema)]
pub struct Hosts {
    /// How many.
    pub count: u64,
    /// The first of them.
    pub named: Vec<HostLine>,
}

/// Is this event type flowing?
#[utoipa::path(get, path = "/api/v1/check", params(Question), responses(
    (status = 200, body = Checked), (status = 400, body = Problem), (status = 401, body = Problem),
    (status = 404, body = Problem), (status = 409, body = Problem), (status = 503, body = Problem)))]
pub async fn check(State(app): State<App>, Asked(question): Asked<Question>) -> Answer<Checked> {
    let pattern: EventTypePattern = question.event_type.parse().map_err(
        |error: blindspot_telemetry::event_type::ParseEventTypeError| Failure::bad(error.to_string()),
    )?;
    let limit = rows_of(question.limit)?;
    let within = question.within.as_deref().map(parse_span).transpose().map_err(Failure::bad)?;
    let now = app.clock.wall();
    let since = match within {
        Some(span) => now.checked_sub(span).ok().map(Hour::of),
        None => Some(subjects::first_hour(&subjects::window(now, app.fleet.window_days()))),
    };
    let (flow, hosts) = {
        let state = app.fleet.read();
        let set = hosts_meant(&state, question.group.as_deref(), question.host.as_deref())?;
        let flow = state.index.flow(&pattern, question.field.as_deref(), since, &set);
        (flow, state.index.hosts(&set).len())
    };
    let mut text = None;
    if let Some(host) = &question.host {
        let mut input = export::input(&app, None, Some(host)).await?;
        if let (Some(window), Some(span)) = (input.windows.first_mut(), within) {
            window.from = now.checked_sub(span).ok();
        }
        let sight = input.hosts.first().zip(input.windows.first());
        text = sight.map(|(host, window)| {
            let sight = HostSight::new(host, *window, &input.facts);
            check::answer(&pattern, question.field.as_deref(), &sight).1
        });
    }
    Ok(Json(checked(&app, &pattern, &flow, (hosts, limit), text)))
}

fn checked(
    app: &App,
    pattern: &EventTypePattern,
    flow: &Flow,
    (hosts, limit): (u64, usize),
    text: Option<String>,
) -> Checked {
    let state = app.fleet.read();
    let named = |set: &roaring::RoaringBitmap| Hosts {
        count: set.len(),
        named: set
            .iter()
            .take(limit)
            .filter_map(|slot| state.host(HostSlot(slot)))
            .map(|host| HostLine::new(host, app))
            .collect(),
    };
    let no = flow.without_field.len() + flow.silent.len() + flow.never.len() + flow.source_missing.len();
    let answer = match (hosts, no, flow.could_not_look.len()) {
        (0, ..) => "could_not_look",
        (_, 0, 0) => "flowing",
        (_, 0, _) => "could_not_look",
        _ => "not_flowing",
    };
    Checked {
        event_type: pattern.to_string(),
        answer: answer.to_owned(),
        hosts,
        flowing: named(&flow.flowing),
        without_field: named(&flow.without_field),
        silent: named(&flow.silent),
        never: named(&flow.never),
        source_missing: named(&flow.source_missing),
        could_not_look: named(&flow.could_not_look),
        text,
    }
}
