//! What agents, people and programs ask a collector, over HTTPS.
//!
//! - [`routes`]: every route with whom it is for; a test knows each of them.
//! - [`access`]: who asks, and whether they may.
//! - [`problem`]: how a refusal is answered.
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
pub mod people;
pub mod problem;
pub mod routes;
pub mod tokens;

use std::sync::Arc;

use axum::Router;

use crate::collector::Collector;

/// What handlers share.
pub type App = Arc<Collector>;

/// Rows of one page of a list, where nothing is asked for, and at most.
pub const PAGE: usize = 100;
/// The most rows of one page.
pub const LARGEST_PAGE: usize = 1000;

/// Everything that is answered.
pub fn router(collector: App) -> Router {
    routes::router(collector)
}
