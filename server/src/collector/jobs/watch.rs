//! Rules and tables that change on disk are read again without a restart.

use std::{sync::Arc, time::Duration};

use notify::{RecommendedWatcher, RecursiveMode, Watcher as _};
use tokio::{sync::mpsc, time::timeout};

use super::{
    super::{
        Collector,
        detections::{DetectionSet, Fingerprint},
    },
    Why,
};

/// Without news, files are looked at this often: some file systems tell nothing.
const LOOK_EVERY: Duration = Duration::from_secs(60);
/// How long to wait until whoever writes is done.
const SETTLE: Duration = Duration::from_secs(2);

pub(super) async fn run(collector: Arc<Collector>) {
    let files = &collector.config.detections;
    let (news, mut told) = mpsc::channel(1);
    // Dropping the watcher would end it.
    let _watcher = watcher(&collector, news);
    let mut known = Fingerprint::of(files);
    loop {
        if let Ok(Some(())) = timeout(LOOK_EVERY, told.recv()).await {
            while timeout(SETTLE, told.recv()).await.is_ok_and(|news| news.is_some()) {}
        }
        let now = Fingerprint::of(files);
        if now != known {
            known = now;
            reload(&collector).await;
        }
    }
}

fn watcher(collector: &Collector, news: mpsc::Sender<()>) -> Option<RecommendedWatcher> {
    let told = move |event: notify::Result<notify::Event>| {
        if event.is_ok() {
            // One piece of news that waits is enough.
            let _full = news.try_send(());
        }
    };
    let mut watcher = notify::recommended_watcher(told).ok()?;
    let files = &collector.config.detections;
    for path in files.rules.iter().chain(&files.own).chain(&files.catalog).chain(&files.attack) {
        if let Err(error) = watcher.watch(path, RecursiveMode::Recursive) {
            tracing::warn!(
                path = path.display().to_string(),
                error = error.to_string(),
                "is looked at once a minute only"
            );
        }
    }
    Some(watcher)
}

async fn reload(collector: &Arc<Collector>) {
    let (files, now, threads) =
        (collector.config.detections.clone(), collector.clock.wall(), collector.threads);
    let loaded = tokio::task::spawn_blocking(move || DetectionSet::load(&files, now, threads)).await;
    match loaded {
        Ok(Ok(set)) => {
            tracing::info!(
                detections = set.detections.len(),
                problems = set.problems.len(),
                "detections were read again"
            );
            collector.fleet.replace(Arc::new(set));
            for agent in collector.registry.all() {
                collector.judging.add(agent.row.id, Why::Again);
            }
        }
        Ok(Err(error)) => {
            tracing::error!(
                error = crate::chain(&error),
                "the changed detections cannot be used; the old ones hold"
            );
        }
        Err(error) => tracing::error!(error = error.to_string(), "reading detections broke off"),
    }
}
