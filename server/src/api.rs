//! What agents, people and programs ask a collector, over HTTPS.
//!
//! - [`routes`]: every route with whom it is for; a test knows each of them.
//! - [`access`]: who asks, and whether they may.
//! - [`problem`]: how a refusal is answered; [`page`]: how a long list is cut.
//! - one file per subject: agents, hosts, detections, event types, tokens, people, exceptions, exports, health.
//! - [`document`]: the OpenAPI description.

pub mod access;
pub mod agents;
pub mod detections;
pub mod document;
pub mod event_types;
pub mod exceptions;
pub mod export;
pub mod health;
pub mod hosts;
pub mod page;
pub mod people;
pub mod problem;
pub mod routes;
pub mod tokens;

use std::sync::Arc;

use axum::Router;

use crate::collector::Collector;

/// What handlers share.
pub type App = Arc<Collector>;

/// Everything that is answered.
pub fn router(collector: App) -> Router {
    routes::router(collector)
}
