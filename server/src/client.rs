//! Asking a collector, from the command line.

use std::{
    fs,
    path::{Path, PathBuf},
    time::Duration,
};

use anyhow::Context as _;
use reqwest::{Certificate, Method, redirect::Policy};
use serde::{Deserialize, Serialize, de::DeserializeOwned};

use crate::{api::problem::Problem, cli::args::CollectorArgs, input::Asked, output::file};

/// How long an answer may take; a fleet's export takes a while.
const PATIENCE: Duration = Duration::from_secs(120);
/// Where `blindspot up` keeps its files, below the current folder.
pub const UP_FOLDER: &str = "blindspot-data";
/// The file that says where the collector is, in that folder or in the user's own.
const CLIENT_FILE: &str = "client.toml";

/// Where a collector is, and who asks: what `blindspot up` and `blindspot user login` write, for their owner only.
#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClientFile {
    /// The address: `https://host:port`.
    pub url: String,
    /// The token.
    pub token: String,
    /// The certificate of the collector's own authority, in PEM.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ca: Option<String>,
}

impl ClientFile {
    /// Writes it, readable by its owner only.
    ///
    /// # Errors
    /// Where it cannot be written.
    pub fn write(&self, path: &Path) -> anyhow::Result<()> {
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder).with_context(|| format!("could not make {}", folder.display()))?;
        }
        let text = toml::to_string(self)?;
        file::write(&text, Some(path)).with_context(|| format!("could not write {}", path.display()))
    }
}

/// The user's own file.
#[must_use]
pub fn own_file(home: &Path) -> PathBuf {
    home.join(".config").join("blindspot").join(CLIENT_FILE)
}

/// The file of `blindspot up`.
#[must_use]
pub fn up_file(folder: &Path) -> PathBuf {
    folder.join(CLIENT_FILE)
}

/// One collector, and who asks it.
pub struct Client {
    url: String,
    token: Option<String>,
    http: reqwest::Client,
    runtime: tokio::runtime::Runtime,
}

impl Client {
    /// The collector that arguments, environment or files name; `None` where none does.
    ///
    /// # Errors
    /// Where what they name cannot be used.
    pub fn find(args: &CollectorArgs) -> anyhow::Result<Option<Self>> {
        let candidates = [Some(up_file(Path::new(UP_FOLDER))), args.home.as_deref().map(own_file)];
        let known = candidates
            .into_iter()
            .flatten()
            .find(|path| path.is_file())
            .map(|path| read(&path))
            .transpose()?;
        let given = args.collector.clone().map(|url| ClientFile { url, token: String::new(), ca: None });
        // A file speaks of its own collector only.
        let same = |file: &ClientFile| given.as_ref().is_none_or(|given| given.url == file.url);
        let known = known.filter(same);
        let Some(mut found) = known.or(given) else { return Ok(None) };
        if let Some(token) = &args.token {
            found.token.clone_from(token);
        }
        if let Some(path) = &args.ca {
            let pem =
                fs::read_to_string(path).with_context(|| format!("could not read {}", path.display()))?;
            found.ca = Some(pem);
        }
        Self::new(found).map(Some)
    }

    /// The collector that is to be asked by a command that can look into logs as well: one that is named, or, where no
    /// logs are and a host or group of a fleet is, one that is known.
    ///
    /// # Errors
    /// Where what is known of it cannot be used.
    pub fn asked(args: &CollectorArgs, logs: Asked, hosts: Option<&String>) -> anyhow::Result<Option<Self>> {
        if logs == Asked::Given || (args.collector.is_none() && hosts.is_none()) {
            return Ok(None);
        }
        Self::find(args)
    }

    /// The same, where one is needed.
    ///
    /// # Errors
    /// Where there is none.
    pub fn needed(args: &CollectorArgs) -> anyhow::Result<Self> {
        Self::find(args)?.ok_or_else(|| {
            anyhow::anyhow!(
                "which collector? Give --collector https://HOST:PORT or BLINDSPOT_URL (and BLINDSPOT_TOKEN), or run \
                 `blindspot user login`"
            )
        })
    }

    /// A client of the collector in a file.
    ///
    /// # Errors
    /// Where its address or certificate cannot be used.
    pub fn new(file: ClientFile) -> anyhow::Result<Self> {
        anyhow::ensure!(file.url.starts_with("https://"), "{} does not begin with https://", file.url);
        install_tls();
        let mut builder = reqwest::Client::builder()
            .timeout(PATIENCE)
            .redirect(Policy::none())
            .user_agent(concat!("blindspot/", env!("CARGO_PKG_VERSION")));
        if let Some(pem) = &file.ca {
            let certificates =
                Certificate::from_pem_bundle(pem.as_bytes()).context("the authority is no PEM file")?;
            builder = builder.tls_certs_only(certificates);
        }
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        Ok(Self {
            url: file.url.trim_end_matches('/').to_owned(),
            token: Some(file.token).filter(|token| !token.is_empty()),
            http: builder.build()?,
            runtime,
        })
    }

    /// Its address.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Asks with a method, a path, parameters and a body.
    ///
    /// # Errors
    /// Where there is no answer, or a refusal, in its own words.
    pub fn ask<T: DeserializeOwned>(
        &self,
        method: Method,
        path: &str,
        query: &[(&str, String)],
        body: Option<&serde_json::Value>,
    ) -> anyhow::Result<T> {
        let bytes = self.bytes(method, path, query, body)?;
        serde_json::from_slice(&bytes)
            .with_context(|| format!("{} answered what this version does not understand", self.url))
    }

    /// The same for a plain look.
    ///
    /// # Errors
    /// As [`ask`](Self::ask).
    pub fn get<T: DeserializeOwned>(&self, path: &str, query: &[(&str, String)]) -> anyhow::Result<T> {
        self.ask(Method::GET, path, query, None)
    }

    /// The body of an answer as it is.
    ///
    /// # Errors
    /// As [`ask`](Self::ask).
    pub fn bytes(
        &self,
        method: Method,
        path: &str,
        query: &[(&str, String)],
        body: Option<&serde_json::Value>,
    ) -> anyhow::Result<Vec<u8>> {
        let mut request = self.http.request(method, format!("{}{path}", self.url)).query(query);
        if let Some(token) = &self.token {
            request = request.bearer_auth(token);
        }
        if let Some(body) = body {
            request = request.json(body);
        }
        self.runtime.block_on(async {
            let unreachable = || format!("the collector {} does not answer", self.url);
            let response =
                request.send().await.map_err(reqwest::Error::without_url).with_context(unreachable)?;
            let status = response.status();
            let bytes =
                response.bytes().await.map_err(reqwest::Error::without_url).with_context(unreachable)?;
            if status.is_success() {
                return Ok(bytes.to_vec());
            }
            let said = serde_json::from_slice::<Problem>(&bytes).map(|problem| problem.message);
            anyhow::bail!("{}: {}", self.url, said.unwrap_or_else(|_| format!("HTTP status {status}")))
        })
    }
}

fn read(path: &Path) -> anyhow::Result<ClientFile> {
    let text = fs::read_to_string(path).with_context(|| format!("could not read {}", path.display()))?;
    toml::from_str(&text).map_err(|error| {
        anyhow::anyhow!("{} is not as this version writes it: {}", path.display(), error.message())
    })
}

/// One TLS provider for the whole program. A second call changes nothing.
pub fn install_tls() {
    let _already = rustls::crypto::ring::default_provider().install_default();
}
