//! What agents ask: an identity, and that a report be stored.

use std::net::SocketAddr;

use axum::{
    Json,
    body::Body as Bytes,
    extract::{ConnectInfo, State},
    http::HeaderMap,
};
use blindspot_store::AuditEntry;
use blindspot_telemetry::wire::{Ack, EnrolReply, EnrolRequest, envelope};

use super::{
    App,
    access::Body,
    problem::{Answer, Failure},
};
use crate::collector::enrolment;

/// Gives an agent its identity. Asked again with the same token and key, the same one.
///
/// # Errors
/// Why it is refused.
pub async fn enrol(
    State(app): State<App>,
    ConnectInfo(from): ConnectInfo<SocketAddr>,
    Body(request): Body<EnrolRequest>,
) -> Answer<EnrolReply> {
    if !app.paces.may_enrol(from.ip()) {
        return Err(Failure::too_often());
    }
    let now = app.clock.wall();
    let enrolled = enrolment::enrol(&app.store, &request, app.config.interval_s, now).await?;
    if let Some(row) = app.store.agent(enrolled.reply.agent).await? {
        app.registry.put(row, app.clock.monotonic());
    }
    if enrolled.is_new {
        let entry = AuditEntry {
            at: now,
            who: format!("agent {}", enrolled.reply.agent),
            action: "agent.enrol".to_owned(),
            subject: request.claim.name.clone(),
            detail: format!("from {}", from.ip()),
        };
        app.store.append_audit(&entry).await?;
    }
    Ok(Json(enrolled.reply))
}

/// Stores a report. The answer comes when it is on disk.
///
/// # Errors
/// Why it is refused.
pub async fn report(State(app): State<App>, headers: HeaderMap, body: Bytes) -> Answer<Ack> {
    let mut envelopes = headers.get_all(envelope::HEADER).iter().map(axum::http::HeaderValue::as_bytes);
    // Of two it could not be told which one a proxy has looked at.
    let header = envelopes.next().filter(|_| envelopes.next().is_none());
    match app.desk().take(header, body, &app.intake).await {
        Ok(ack) => {
            app.metrics.stored();
            Ok(Json(ack))
        }
        Err(refused) => {
            app.metrics.refused(refused.refusal.code);
            Err(refused.into())
        }
    }
}
