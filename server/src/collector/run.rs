//! All of a collector, started and stopped.

use std::{
    io,
    net::SocketAddr,
    num::NonZeroUsize,
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use axum_server::{
    Handle,
    tls_rustls::{RustlsAcceptor, RustlsConfig},
};
use blindspot_store::{DatabaseUrl, Store, StoreError};
use blindspot_telemetry::{
    Clock,
    wire::{EnrolmentString, ServerEpoch},
};
use hyper_util::rt::TokioTimer;
use tokio::{net::TcpListener, sync::watch, task::JoinSet};

use super::{
    authority::{self, Authority, AuthorityError},
    config::Config,
    connections::Gate,
    detections::DetectionSet,
    fleet::Fleet,
    intake::{self, Desk, Intake, Pending},
    jobs::{self, Judging},
    metrics::Metrics,
    pace::Paces,
    people::People,
    registry::Registry,
};
use crate::{api, input::InputError};

/// How long a handshake, and the head of a request, may take.
const HEAD_TIME: Duration = Duration::from_secs(5);
/// Bytes that the head of a request may have.
const HEAD_BYTES: usize = 8 << 10;
/// Lines that the head of a request may have.
const HEADERS: usize = 64;
/// How long open requests are waited for when the collector stops.
const LAST_ANSWERS: Duration = Duration::from_secs(10);

/// Why a collector does not run.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// Its certificate.
    #[error("the collector has no certificate to serve with")]
    Authority(#[from] AuthorityError),
    /// Its database.
    #[error("the collector cannot use its database")]
    Store(#[from] StoreError),
    /// The database's address.
    #[error(
        "`{0}` is no database: one reads like sqlite:/var/lib/blindspot/blindspot.db or postgres://user@host/name"
    )]
    DatabaseUrl(String),
    /// What it judges by.
    #[error("the collector has nothing to judge by")]
    Detections(#[from] InputError),
    /// Its folder.
    #[error("could not make the folder `{path}`")]
    Folder {
        /// The folder.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// Its address.
    #[error("could not listen on {address}")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// Why.
        source: io::Error,
    },
    /// Serving ended.
    #[error("serving broke off")]
    Serve(#[from] io::Error),
}

/// A collector: what its requests and jobs share.
pub struct Collector {
    /// What its file says.
    pub config: Config,
    /// This machine's name.
    pub own_name: String,
    /// Its database.
    pub store: Store,
    /// What it serves with.
    pub authority: Authority,
    /// The agents.
    pub registry: Registry,
    /// Users and tokens.
    pub people: People,
    /// The hosts and their verdicts.
    pub fleet: Fleet,
    /// Hosts whose verdicts are to be worked out.
    pub judging: Judging,
    /// Where reports wait.
    pub intake: Intake,
    /// What it counts.
    pub metrics: Arc<Metrics>,
    /// How fast strangers may ask.
    pub paces: Paces,
    /// Open connections.
    pub gate: Gate,
    /// Time.
    pub clock: Arc<dyn Clock>,
    /// Threads to judge with.
    pub threads: NonZeroUsize,
    ready: AtomicBool,
}

/// A collector that was opened and does not serve yet.
pub struct Opened {
    /// It.
    pub collector: Arc<Collector>,
    pending: Pending,
    listener: TcpListener,
}

impl Collector {
    /// Opens the database, reads the detections, takes the address.
    ///
    /// # Errors
    /// Why it cannot run.
    pub async fn open(config: Config, clock: Arc<dyn Clock>) -> Result<Opened, RunError> {
        let folder = |source| RunError::Folder { path: config.data.clone(), source };
        blindspot_agent::host::private_folder(&config.data).map_err(folder)?;
        let listener = TcpListener::bind(config.listen)
            .await
            .map_err(|source| RunError::Listen { address: config.listen, source })?;
        let own_name = gethostname::gethostname().to_string_lossy().into_owned();
        let authority = Authority::open(&config)?;
        let url: DatabaseUrl = config
            .database_url()
            .parse()
            .map_err(|_| RunError::DatabaseUrl(redacted(&config.database_url())))?;
        let store = Store::open(&url).await?;
        let threads = std::thread::available_parallelism().unwrap_or(NonZeroUsize::MIN);
        let set = Arc::new(DetectionSet::load(&config.detections, clock.wall(), threads)?);
        for problem in &set.problems {
            tracing::debug!(problem = problem.to_string(), "not judged");
        }
        tracing::info!(
            detections = set.detections.len(),
            problems = set.problems.len(),
            "detections were read; /api/v1/summary lists the problems"
        );
        let (intake, pending) = Intake::new();
        let collector = Arc::new(Self {
            fleet: Fleet::new(set, config.window_days, config.stale_after_h, threads),
            gate: Gate::new(config.limits),
            paces: Paces::new(config.limits),
            own_name,
            store,
            authority,
            registry: Registry::default(),
            people: People::default(),
            judging: Judging::default(),
            intake,
            metrics: Arc::default(),
            clock,
            threads,
            config,
            ready: AtomicBool::new(false),
        });
        // Nobody who is known may be refused because it was asked early.
        collector.people.refresh(&collector.store).await?;
        let now = collector.clock.monotonic();
        for row in collector.store.agents().await? {
            collector.registry.put(row, now);
        }
        Ok(Opened { collector, pending, listener })
    }

    /// The database's history.
    #[must_use]
    pub fn server_epoch(&self) -> ServerEpoch {
        self.store.server_epoch()
    }

    /// What a report is judged by when it arrives.
    #[must_use]
    pub fn desk(&self) -> Desk<'_> {
        Desk {
            registry: &self.registry,
            clock: &*self.clock,
            metrics: &self.metrics,
            every: Duration::from_secs(self.config.limits.report_every_s.into()),
            interval_s: self.config.interval_s,
            server_epoch: self.server_epoch(),
        }
    }

    /// The string by which an agent enrols with this secret.
    #[must_use]
    pub fn enrolment_string(&self, secret: [u8; 32]) -> EnrolmentString {
        let url = self.config.public_url(&self.own_name);
        EnrolmentString { secret, pin: self.authority.pin(), url }
    }

    /// True once every host of the database was judged.
    #[must_use]
    pub fn is_ready(&self) -> bool {
        self.ready.load(Ordering::Acquire)
    }

    /// Every host of the database was judged.
    pub fn set_ready(&self) {
        self.ready.store(true, Ordering::Release);
    }
}

impl Opened {
    /// The address that it serves on.
    ///
    /// # Errors
    /// What the operating system says.
    pub fn address(&self) -> io::Result<SocketAddr> {
        self.listener.local_addr()
    }

    /// Serves until `stop` turns true; then answers what is open, stores what waits, and ends.
    ///
    /// # Errors
    /// Where serving breaks off.
    pub async fn serve(self, mut stop: watch::Receiver<bool>) -> Result<(), RunError> {
        let Self { collector, pending, listener } = self;
        let names = authority::names(&collector.config, &collector.own_name);
        let tls = RustlsConfig::from_config(collector.authority.server(&names, collector.clock.wall())?);
        let mut jobs = JoinSet::new();
        let (store, judged) = (collector.store.clone(), Arc::clone(&collector));
        let writer = tokio::spawn(intake::write_reports(
            pending,
            async move |arrivals| store.store_reports(arrivals).await,
            Arc::clone(&collector.metrics),
            move |agent, stored| judged.after_storing(agent, stored),
        ));
        jobs::start(&mut jobs, &collector, &tls, &names);
        let handle = Handle::new();
        let stopping = handle.clone();
        jobs.spawn(async move {
            // The sender gone means the same.
            while !*stop.borrow_and_update() && stop.changed().await.is_ok() {}
            stopping.graceful_shutdown(Some(LAST_ANSWERS));
            std::future::pending::<()>().await;
        });
        let acceptor = RustlsAcceptor::new(tls).handshake_timeout(HEAD_TIME).acceptor(collector.gate.clone());
        let mut server = axum_server::from_tcp(listener.into_std()?)?
            .acceptor(acceptor)
            .handle(handle)
            // Another protocol would have other limits, and finding out which one is spoken has no time limit.
            .http1_only()
            .first_request_timeout(HEAD_TIME);
        server
            .http_builder()
            .http1()
            .timer(TokioTimer::new())
            .header_read_timeout(HEAD_TIME)
            .max_headers(HEADERS)
            .max_buf_size(HEAD_BYTES);
        let served = server
            .serve(api::router(Arc::clone(&collector)).into_make_service_with_connect_info::<SocketAddr>())
            .await;
        jobs.shutdown().await;
        collector.intake.close();
        // What was acknowledged is stored already; this waits for what is being stored.
        let _ended = writer.await;
        collector.store.close().await;
        Ok(served?)
    }
}

/// An address without its password.
fn redacted(url: &str) -> String {
    match url.split_once("://").and_then(|(scheme, rest)| Some((scheme, rest.rsplit_once('@')?.1))) {
        Some((scheme, host)) => format!("{scheme}://...@{host}"),
        None => url.to_owned(),
    }
}
