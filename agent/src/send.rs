//! Reports and enrolments on their way to the collector. The only place that opens a socket; nothing listens.

mod pinned;

use std::{io::Write as _, sync::Arc, time::Duration};

use blindspot_telemetry::{
    Clock as _,
    clock::SystemClock,
    wire::{
        Ack, ENROL_PATH, EnrolReply, EnrolRequest, Envelope, MAX_BODY_BYTES, MAX_WINDOW_LOG, REPORT_PATH,
        Refusal, envelope,
    },
};
use reqwest::{
    Client, Proxy, Response, StatusCode,
    header::{CONNECTION, CONTENT_TYPE, DATE, RETRY_AFTER},
    redirect::Policy,
};
use rustls::{ClientConfig, RootCertStore, pki_types::CertificateDer};

pub use self::pinned::Pinned;
use crate::{core::Outgoing, identity::Key};

/// How long a connection may take to stand.
const CONNECT_TIME: Duration = Duration::from_secs(15);
/// How long a request may take in all.
const PATIENCE: Duration = Duration::from_secs(60);
/// How hard bodies are packed: 3 of 22 is zstd's own default.
const LEVEL: i32 = 3;
/// The largest answer that is read.
const LARGEST_ANSWER: usize = 64 << 10;

/// Why a way to the collector could not be set up.
#[derive(Debug, thiserror::Error)]
pub enum SetUpError {
    /// The authority's certificate is none.
    #[error("the collector's certificate authority cannot be used; enrol again")]
    Authority(#[source] rustls::Error),
    /// The proxy is none.
    #[error("the proxy or another setting of the connection cannot be used")]
    Http(#[from] reqwest::Error),
}

/// What sending came to.
#[derive(Debug)]
pub enum Sent {
    /// It is stored.
    Stored(Ack),
    /// The collector refused it, and perhaps said after how many seconds to come back.
    Refused(Refusal, Option<u64>),
    /// Nobody answered, or not as a collector does.
    Lost(String),
}

/// Whether a collector answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reachable {
    /// It does.
    Yes {
        /// How far this clock is behind its, in seconds.
        behind_s: i64,
    },
    /// It does not, and why.
    No(String),
}

/// A way to one collector.
#[derive(Debug, Clone)]
pub struct Collector {
    url: String,
    http: Client,
}

/// One TLS provider for the whole program. A second call changes nothing.
pub fn install_tls() {
    let _already = rustls::crypto::ring::default_provider().install_default();
}

impl Collector {
    /// A way to an address, trusting this authority (DER) only; without one, the system's.
    ///
    /// # Errors
    /// Where authority or proxy cannot be used.
    pub fn new(url: &str, authority: Option<&[u8]>, proxy: Option<&str>) -> Result<Self, SetUpError> {
        install_tls();
        let tls = authority.map(trusting).transpose().map_err(SetUpError::Authority)?;
        Self::with(url, tls, proxy)
    }

    /// A way to an address for enrolling: trusting whichever authority it presents whose certificate has this SHA-256.
    /// What it was is kept in `pinned`.
    ///
    /// # Errors
    /// Where the proxy cannot be used.
    pub fn pinned(url: &str, pinned: &Arc<Pinned>, proxy: Option<&str>) -> Result<Self, SetUpError> {
        install_tls();
        let tls = ClientConfig::builder()
            .dangerous()
            .with_custom_certificate_verifier(Arc::clone(pinned) as Arc<_>)
            .with_no_client_auth();
        Self::with(url, Some(tls), proxy)
    }

    fn with(url: &str, tls: Option<ClientConfig>, proxy: Option<&str>) -> Result<Self, SetUpError> {
        let mut builder = Client::builder()
            .connect_timeout(CONNECT_TIME)
            .timeout(PATIENCE)
            .redirect(Policy::none())
            .https_only(true)
            // Reports are minutes apart: no connection is worth keeping.
            .pool_max_idle_per_host(0)
            .user_agent(concat!("blindspot-agent/", env!("CARGO_PKG_VERSION")));
        if let Some(tls) = tls {
            builder = builder.tls_backend_preconfigured(tls);
        }
        if let Some(proxy) = proxy {
            builder = builder.proxy(Proxy::all(proxy)?);
        }
        Ok(Self { url: url.trim_end_matches('/').to_owned(), http: builder.build()? })
    }

    /// Asks for an identity.
    ///
    /// # Errors
    /// Why there is none, in words.
    pub async fn enrol(&self, request: &EnrolRequest) -> Result<EnrolReply, String> {
        let sent = self.http.post(format!("{}{ENROL_PATH}", self.url)).json(request).send().await;
        let response = sent.map_err(|error| self.lost(&error))?;
        let status = response.status();
        let body = read(response).await.map_err(|error| self.lost(&error))?;
        if status.is_success() {
            return serde_json::from_slice(&body).map_err(|_| self.stranger(status));
        }
        match serde_json::from_slice::<Refusal>(&body) {
            Ok(refusal) => Err(refusal.message),
            Err(_) => Err(self.stranger(status)),
        }
    }

    /// Sends a report's body as it was signed.
    pub async fn send(&self, letter: &Letter) -> Sent {
        let request = self
            .http
            .post(format!("{}{REPORT_PATH}", self.url))
            .header(envelope::HEADER, &letter.header)
            .header(CONTENT_TYPE, "application/zstd")
            .header(CONNECTION, "close")
            .body(letter.body.clone());
        let response = match request.send().await {
            Ok(response) => response,
            Err(error) => return Sent::Lost(self.lost(&error)),
        };
        let status = response.status();
        let retry_after = response.headers().get(RETRY_AFTER);
        let retry_after = retry_after.and_then(|value| value.to_str().ok()?.parse().ok());
        let body = match read(response).await {
            Ok(body) => body,
            Err(error) => return Sent::Lost(self.lost(&error)),
        };
        if status.is_success() {
            return serde_json::from_slice(&body)
                .map_or_else(|_| Sent::Lost(self.stranger(status)), Sent::Stored);
        }
        match serde_json::from_slice(&body) {
            Ok(refusal) => Sent::Refused(refusal, retry_after),
            Err(_) => Sent::Lost(self.stranger(status)),
        }
    }

    /// Whether a collector answers, and how far its clock is ahead of this one's.
    pub async fn reach(&self) -> Reachable {
        let sent = self.http.get(format!("{}/healthz", self.url)).send().await;
        let response = match sent {
            Ok(response) => response,
            Err(error) => return Reachable::No(self.lost(&error)),
        };
        let date = response.headers().get(DATE).and_then(|date| date.to_str().ok());
        let date = date.and_then(|date| jiff::fmt::rfc2822::parse(date).ok()).map(|date| date.timestamp());
        let now = SystemClock::new().wall();
        match (response.status().is_success(), date) {
            (true, Some(date)) => Reachable::Yes { behind_s: date.duration_since(now).as_secs() },
            (true, None) => Reachable::Yes { behind_s: 0 },
            (false, _) => Reachable::No(self.stranger(response.status())),
        }
    }

    fn lost(&self, error: &reqwest::Error) -> String {
        format!("{} does not answer: {}", self.url, crate::chain(error))
    }

    fn stranger(&self, status: StatusCode) -> String {
        format!("{} answers with HTTP status {status}, and not as a collector does", self.url)
    }
}

/// A body with its envelope, as it is sent: a retry sends the same bytes.
#[derive(Debug, Clone)]
pub struct Letter {
    header: String,
    body: Vec<u8>,
}

/// Why a report cannot be sent at all.
#[derive(Debug, thiserror::Error)]
pub enum LetterError {
    /// It cannot be written or packed.
    #[error("a report could not be written")]
    Write(#[from] std::io::Error),
    /// It cannot be written as JSON.
    #[error("a report could not be written as JSON")]
    Json(#[from] serde_json::Error),
    /// It is larger than a collector reads.
    #[error("a report has {0} bytes, more than a collector reads")]
    TooLarge(usize),
}

impl Letter {
    /// Writes, packs and signs a report.
    ///
    /// # Errors
    /// Where it cannot be written, or is too large.
    pub fn new(outgoing: &Outgoing, key: &Key, sent_ms: i64) -> Result<Self, LetterError> {
        let mut packer = zstd::Encoder::new(Vec::new(), LEVEL)?;
        packer.window_log(MAX_WINDOW_LOG)?;
        packer.write_all(&outgoing.report.to_json()?)?;
        let body = packer.finish()?;
        if body.len() > MAX_BODY_BYTES {
            return Err(LetterError::TooLarge(body.len()));
        }
        let Outgoing { agent, epoch, seq, server_epoch, .. } = *outgoing;
        let header = key.sign(Envelope { agent, epoch, seq, server_epoch, sent_ms }, &body).to_string();
        Ok(Self { header, body })
    }

    /// Bytes of the body.
    #[must_use]
    pub fn size(&self) -> usize {
        self.body.len()
    }
}

fn trusting(der: &[u8]) -> Result<ClientConfig, rustls::Error> {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from(der.to_vec()))?;
    Ok(ClientConfig::builder().with_root_certificates(roots).with_no_client_auth())
}

/// The beginning of an answer; a longer one is no collector's.
async fn read(mut response: Response) -> reqwest::Result<Vec<u8>> {
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await? {
        body.extend_from_slice(&chunk);
        if body.len() > LARGEST_ANSWER {
            break;
        }
    }
    Ok(body)
}
