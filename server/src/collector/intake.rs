//! A report, from its envelope to its acknowledgement.
//!
//! In this order, so that strangers cost little: envelope, sender in memory, its pace, body within its size and time,
//! signature, unpacking within a limit, parsing into types, one transaction for many reports, acknowledgement.

use std::{
    io::Read as _,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use axum::body::Body;
use blindspot_store::{AgentState, Arrival, StoreError, Stored};
use blindspot_telemetry::{
    Clock,
    wire::{
        Ack, AgentId, MAX_BODY_BYTES, MAX_UNPACKED_BYTES, MAX_WINDOW_LOG, Refusal, RefusalCode, Report,
        ServerEpoch,
        envelope::{self, Signed},
        report::ReadError,
    },
};
use tokio::{
    sync::{mpsc, oneshot},
    time::{Instant, timeout_at},
};

use super::{metrics::Metrics, registry::Registry};

/// Reports that wait for the next transaction, at most.
const QUEUE: usize = 4096;
/// Reports of one transaction, at most.
const BATCH: usize = 200;
/// How long the first report of a transaction waits for others.
const GATHER: Duration = Duration::from_millis(20);
/// How long a body may take, from its first byte to its last.
const BODY_TIME: Duration = Duration::from_secs(30);
/// How long a body may be slow.
const SLOW_START: Duration = Duration::from_secs(5);
/// Bytes per second that a body has to come with after that.
const SLOWEST: u64 = 1024;

/// A refusal, and when to come back.
#[derive(Debug)]
pub struct Refused {
    /// What is answered.
    pub refusal: Refusal,
    /// When to try again.
    pub retry_after: Option<Duration>,
}

impl Refused {
    /// A refusal that waiting does not mend.
    #[must_use]
    pub fn new(code: RefusalCode, message: impl Into<String>) -> Self {
        Self { refusal: Refusal { code, message: message.into() }, retry_after: None }
    }

    /// The database cannot store now.
    #[must_use]
    pub fn unavailable() -> Self {
        Self::later(RefusalCode::Unavailable, "nothing can be stored now", Duration::from_secs(30))
    }

    /// A refusal that waiting mends.
    #[must_use]
    pub fn later(code: RefusalCode, message: &str, after: Duration) -> Self {
        Self { retry_after: Some(after), ..Self::new(code, message) }
    }
}

/// Where reports wait for the database.
pub struct Intake {
    queue: Mutex<Option<mpsc::Sender<Waiting>>>,
}

struct Waiting {
    arrival: Arrival,
    answer: oneshot::Sender<Result<Stored, Refused>>,
}

/// What an intake needs to judge a report.
pub struct Desk<'a> {
    /// The agents.
    pub registry: &'a Registry,
    /// Time.
    pub clock: &'a dyn Clock,
    /// What is counted.
    pub metrics: &'a Metrics,
    /// How often one agent may report.
    pub every: Duration,
    /// Seconds until the next report, as acknowledgements say.
    pub interval_s: u32,
    /// This database's history.
    pub server_epoch: ServerEpoch,
}

impl Desk<'_> {
    /// Takes one report in.
    ///
    /// # Errors
    /// Why it is refused.
    pub async fn take(&self, header: Option<&[u8]>, body: Body, intake: &Intake) -> Result<Ack, Refused> {
        let signed: Signed = header
            .and_then(|header| std::str::from_utf8(header).ok())
            .and_then(|header| header.parse().ok())
            .ok_or_else(|| {
                Refused::new(
                    RefusalCode::BadEnvelope,
                    format!("the header {} is missing or unreadable", envelope::HEADER),
                )
            })?;
        let not_allowed = || Refused::new(RefusalCode::NotAllowed, "not an agent of this collector");
        let agent = self.registry.get(signed.envelope.agent).ok_or_else(not_allowed)?;
        agent
            .take_report(self.clock.monotonic(), self.every)
            .map_err(|wait| Refused::later(RefusalCode::TooOften, "reports come too often", wait))?;
        let body = read_body(body).await?;
        if !agent.signed(&signed, &body) {
            return Err(not_allowed());
        }
        match agent.row.state {
            AgentState::Active => {}
            AgentState::Quarantined => return Err(refused(RefusalCode::Quarantined)),
            AgentState::Revoked => return Err(not_allowed()),
        }
        let received = self.clock.wall();
        let report = parse(&unpack(&body)?)?;
        let body_hash = envelope::body_hash(&body);
        self.metrics.report_bytes(body.len());
        let stored = intake
            .store(Arrival { envelope: signed.envelope, body_hash, received, report: Arc::new(report) })
            .await?;
        self.acknowledge(&signed, &stored)
    }

    fn acknowledge(&self, signed: &Signed, stored: &Stored) -> Result<Ack, Refused> {
        if let Some(code) = stored.decision.refusal() {
            return Err(refused(code));
        }
        Ok(Ack {
            epoch: signed.envelope.epoch,
            seq: signed.envelope.seq,
            server_epoch: self.server_epoch,
            now_ms: self.clock.wall().as_millisecond(),
            next_in_s: self.interval_s,
            want_snapshot: stored.want_snapshot || signed.envelope.server_epoch != self.server_epoch,
            off: Vec::new(),
        })
    }
}

/// What a stored state of affairs is answered with.
fn refused(code: RefusalCode) -> Refused {
    let message = match code {
        RefusalCode::Cloned => "another report of this number was stored: two machines use this identity",
        RefusalCode::RolledBack => {
            "this is an older state of an agent that reported since; begin a new epoch"
        }
        RefusalCode::Quarantined => "two machines used this identity; an administrator has to decide",
        _ => "not an agent of this collector",
    };
    Refused::new(code, message)
}

impl Intake {
    /// A queue, and its end for [`write_reports`].
    #[must_use]
    pub fn new() -> (Self, Pending) {
        let (queue, waiting) = mpsc::channel(QUEUE);
        (Self { queue: Mutex::new(Some(queue)) }, Pending(waiting))
    }

    /// Takes no more; [`write_reports`] ends once it stored what waits.
    pub fn close(&self) {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner).take();
    }

    async fn store(&self, arrival: Arrival) -> Result<Stored, Refused> {
        let (answer, stored) = oneshot::channel();
        let full =
            || Refused::later(RefusalCode::Unavailable, "too many reports wait", Duration::from_secs(30));
        let queue = self.queue.lock().unwrap_or_else(PoisonError::into_inner).clone();
        queue.ok_or_else(Refused::unavailable)?.try_send(Waiting { arrival, answer }).map_err(|_| full())?;
        stored.await.map_err(|_| Refused::unavailable())?
    }
}

/// The reports that wait.
pub struct Pending(mpsc::Receiver<Waiting>);

/// Stores reports as they come, many in one transaction, until the queue is closed. An answer is given when its
/// transaction is on disk. `stored` is told what was stored, in that order.
pub async fn write_reports<F, S>(mut pending: Pending, store: S, metrics: Arc<Metrics>, stored: F)
where
    F: Fn(AgentId, &Stored) + Send,
    S: AsyncFn(Vec<Arrival>) -> Result<Vec<Stored>, StoreError>,
{
    while let Some(batch) = next_batch(&mut pending.0).await {
        let (arrivals, answers): (Vec<_>, Vec<_>) =
            batch.into_iter().map(|waiting| (waiting.arrival, waiting.answer)).unzip();
        let agents: Vec<AgentId> = arrivals.iter().map(|arrival| arrival.envelope.agent).collect();
        metrics.batch(arrivals.len());
        match store(arrivals).await {
            Ok(outcomes) => {
                for ((outcome, answer), agent) in outcomes.into_iter().zip(answers).zip(agents) {
                    stored(agent, &outcome);
                    // Who hung up will ask again.
                    let _gone = answer.send(Ok(outcome));
                }
            }
            Err(error) => {
                tracing::error!(error = crate::chain(&error), "reports could not be stored");
                metrics.store_failed();
                for answer in answers {
                    let _gone = answer.send(Err(Refused::unavailable()));
                }
            }
        }
    }
}

async fn next_batch(queue: &mut mpsc::Receiver<Waiting>) -> Option<Vec<Waiting>> {
    let mut batch = vec![queue.recv().await?];
    let until = Instant::now() + GATHER;
    while batch.len() < BATCH {
        match timeout_at(until, queue.recv()).await {
            Ok(Some(waiting)) => batch.push(waiting),
            Ok(None) | Err(_) => break,
        }
    }
    Some(batch)
}

/// The body as it was sent, if it comes soon enough and is not too large.
async fn read_body(body: Body) -> Result<Vec<u8>, Refused> {
    use axum::body::HttpBody as _;
    use std::{future::poll_fn, pin::pin};
    let mut body = pin!(body);
    let (mut read, began) = (Vec::new(), Instant::now());
    let slow = || Refused::new(RefusalCode::BadBody, "the body came too slowly");
    loop {
        // The pace so far says how long the next piece may take.
        let earned = Duration::from_secs(read.len() as u64 / SLOWEST);
        let until = began + (SLOW_START + earned).min(BODY_TIME);
        let frame =
            timeout_at(until, poll_fn(|cx| body.as_mut().poll_frame(cx))).await.map_err(|_| slow())?;
        let Some(frame) = frame else { return Ok(read) };
        let frame = frame.map_err(|_| Refused::new(RefusalCode::BadBody, "the body broke off"))?;
        let Ok(data) = frame.into_data() else { continue };
        if read.len() + data.len() > MAX_BODY_BYTES {
            let most = format!("the body has more than {MAX_BODY_BYTES} bytes");
            return Err(Refused::new(RefusalCode::TooLarge, most));
        }
        read.extend_from_slice(&data);
    }
}

/// Unpacks a body of one frame, at most [`MAX_UNPACKED_BYTES`] of it.
fn unpack(body: &[u8]) -> Result<Vec<u8>, Refused> {
    let bad = || Refused::new(RefusalCode::BadBody, "the body is not zstd as it is read here");
    let mut rest = body;
    let mut decoder = zstd::stream::read::Decoder::with_buffer(&mut rest).map_err(|_| bad())?.single_frame();
    decoder.window_log_max(MAX_WINDOW_LOG).map_err(|_| bad())?;
    let mut unpacked = Vec::new();
    decoder.take(MAX_UNPACKED_BYTES as u64 + 1).read_to_end(&mut unpacked).map_err(|_| bad())?;
    if unpacked.len() > MAX_UNPACKED_BYTES {
        let most = format!("the body unpacks to more than {MAX_UNPACKED_BYTES} bytes");
        return Err(Refused::new(RefusalCode::TooLarge, most));
    }
    if rest.is_empty() { Ok(unpacked) } else { Err(bad()) }
}

fn parse(json: &[u8]) -> Result<Report, Refused> {
    Report::from_json(json).map_err(|error| {
        let code = match &error {
            ReadError::Shape(_) | ReadError::Version(_) => RefusalCode::BadBody,
            ReadError::TooMany { .. } => RefusalCode::TooMany,
            ReadError::Value(_) => RefusalCode::BadValue,
        };
        Refused::new(code, crate::chain(&error))
    })
}
