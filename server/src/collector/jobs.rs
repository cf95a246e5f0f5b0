//! What time passing demands: verdicts brought up to date, other collectors followed, old rows dropped.

mod daily;
mod follow;
mod judging;
mod watch;

use std::{sync::Arc, time::Duration};

use axum_server::tls_rustls::RustlsConfig;
use tokio::{task::JoinSet, time::interval};

use super::{Collector, authority, metrics::HostState};

pub use judging::{Judging, Why};

/// How often time passing is looked after.
const SWEEP_EVERY: Duration = Duration::from_secs(60);

/// Starts every job.
pub(super) fn start(
    jobs: &mut JoinSet<()>,
    collector: &Arc<Collector>,
    tls: &RustlsConfig,
    names: &[String],
) {
    jobs.spawn(follow::run(Arc::clone(collector)));
    jobs.spawn(judging::run(Arc::clone(collector)));
    jobs.spawn(sweep(Arc::clone(collector)));
    jobs.spawn(watch::run(Arc::clone(collector)));
    jobs.spawn(daily::run(Arc::clone(collector)));
    jobs.spawn(renew(Arc::clone(collector), tls.clone(), names.to_vec()));
}

/// Marks hosts that were not heard of, and judges anew what leaves the window.
async fn sweep(collector: Arc<Collector>) {
    let mut tick = interval(SWEEP_EVERY);
    loop {
        tick.tick().await;
        let (changes, leaving) = collector.fleet.sweep(collector.clock.wall());
        judging::keep(&collector, &changes).await;
        for agent in leaving {
            collector.judging.add(agent, Why::Again);
        }
        collector.paces.forget_old();
        report_sizes(&collector);
    }
}

fn report_sizes(collector: &Collector) {
    let (all, stale, detections) = {
        let state = collector.fleet.read();
        let stale = state.hosts().filter(|(_, host)| host.stale).count();
        (state.hosts().count(), stale, state.set.detections.len())
    };
    let metrics = &collector.metrics;
    metrics.sizes(collector.registry.len(), detections, collector.gate.open_now());
    metrics.hosts(HostState::Stale, stale);
    metrics.hosts(HostState::Reporting, all - stale);
}

/// Makes a new server certificate long before the old one ends.
async fn renew(collector: Arc<Collector>, tls: RustlsConfig, names: Vec<String>) {
    let mut tick = interval(authority::RENEW_EVERY);
    tick.tick().await;
    loop {
        tick.tick().await;
        match collector.authority.server(&names, collector.clock.wall()) {
            Ok(config) => tls.reload_from_config(config),
            Err(error) => {
                tracing::error!(error = crate::chain(&error), "the certificate could not be renewed")
            }
        }
    }
}
