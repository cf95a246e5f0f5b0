//! The collector's own certificate authority, made at first start, and the certificate that it serves with.
//!
//! The authority's key stays in the data folder, readable by its owner only. Server certificates are made anew at every
//! start, and again long before they end; agents trust the authority, not the certificate.

use std::{
    fs, io,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use jiff::Timestamp;
use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    KeyUsagePurpose, date_time_ymd,
};
use rustls::{
    ServerConfig,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject as _},
};
use sha2::{Digest as _, Sha256};

use super::config::{Config, TlsFiles};
use crate::output::file;

/// How long a server certificate is valid.
const SERVER_DAYS: i64 = 90;
/// How long before a new one is made.
pub const RENEW_EVERY: Duration = Duration::from_secs(30 * 86_400);

/// Why there is no certificate to serve with.
#[derive(Debug, thiserror::Error)]
pub enum AuthorityError {
    /// A file of it.
    #[error("could not use `{path}`")]
    File {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A key or certificate that is none.
    #[error("`{path}` holds no certificate or key that can be used")]
    Pem {
        /// The file.
        path: PathBuf,
        /// Why.
        source: rustls::pki_types::pem::Error,
    },
    /// The authority's own files do not fit.
    #[error(
        "`{path}` is not this collector's authority; restore it from a backup, or move it away to begin anew (agents then have to enrol again)"
    )]
    Own {
        /// The file.
        path: PathBuf,
        /// Why.
        source: rcgen::Error,
    },
    /// Making a certificate failed.
    #[error("could not make a certificate")]
    Make(#[from] rcgen::Error),
    /// Certificate and key do not fit.
    #[error("certificate and key cannot be served with")]
    Tls(#[from] rustls::Error),
}

/// What the collector serves with.
pub enum Authority {
    /// Its own.
    Own {
        /// The certificate, in PEM.
        pem: String,
        /// SHA-256 of the certificate (DER).
        pin: [u8; 32],
        /// It in DER, sent with every handshake so that an agent finds what it was told to trust.
        der: CertificateDer<'static>,
        /// What signs.
        issuer: Box<Issuer<'static, KeyPair>>,
    },
    /// Somebody else's.
    Given(TlsFiles),
}

impl Authority {
    /// The authority of a configuration; its own is made where there is none yet.
    ///
    /// # Errors
    /// Where its files cannot be read, written or understood.
    pub fn open(config: &Config) -> Result<Self, AuthorityError> {
        if let Some(files) = &config.tls {
            return Ok(Self::Given(files.clone()));
        }
        let (certificate, key) = (config.data.join("ca.pem"), config.data.join("ca.key"));
        if !certificate.exists() && !key.exists() {
            make(&certificate, &key)?;
        }
        let pem = read(&certificate)?;
        let own = |source| AuthorityError::Own { path: certificate.clone(), source };
        let signing = KeyPair::from_pem(&read(&key)?).map_err(own)?;
        let issuer = Issuer::from_ca_cert_pem(&pem, signing).map_err(own)?;
        let der = CertificateDer::from_pem_slice(pem.as_bytes())
            .map_err(|source| AuthorityError::Pem { path: certificate.clone(), source })?;
        let pin = Sha256::digest(&der).into();
        Ok(Self::Own { pem, pin, der, issuer: Box::new(issuer) })
    }

    /// SHA-256 of the own authority's certificate; `None` where somebody else vouches.
    #[must_use]
    pub fn pin(&self) -> Option<[u8; 32]> {
        match self {
            Self::Own { pin, .. } => Some(*pin),
            Self::Given(_) => None,
        }
    }

    /// The own authority's certificate in PEM.
    #[must_use]
    pub fn pem(&self) -> Option<&str> {
        match self {
            Self::Own { pem, .. } => Some(pem),
            Self::Given(_) => None,
        }
    }

    /// What to serve with from now on, for these names.
    ///
    /// # Errors
    /// Where no certificate can be made or read.
    pub fn server(&self, names: &[String], now: Timestamp) -> Result<Arc<ServerConfig>, AuthorityError> {
        let (chain, key) = match self {
            Self::Given(files) => given(files)?,
            Self::Own { der, issuer, .. } => {
                let key = KeyPair::generate()?;
                let certificate = server_params(names, now)?.signed_by(&key, issuer)?;
                let key = PrivateKeyDer::Pkcs8(key.serialize_der().into());
                (vec![certificate.der().clone(), der.clone()], key)
            }
        };
        let mut config = ServerConfig::builder().with_no_client_auth().with_single_cert(chain, key)?;
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        // Early data could be replayed.
        config.max_early_data_size = 0;
        Ok(Arc::new(config))
    }
}

/// The names that a server certificate is valid for.
#[must_use]
pub fn names(config: &Config, own_name: &str) -> Vec<String> {
    let url = config.public_url(own_name);
    let host = url.trim_start_matches("https://");
    let host = match host.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        Some((address, _)) => address,
        None => host.rsplit_once(':').map_or(host, |(host, _)| host),
    };
    let mut names: Vec<String> = [host, own_name, "localhost", "127.0.0.1", "::1"].map(str::to_owned).into();
    names.extend(config.names.iter().cloned());
    names.sort();
    names.dedup();
    names.retain(|name| !name.is_empty());
    names
}

fn make(certificate: &Path, key: &Path) -> Result<(), AuthorityError> {
    let mut params = CertificateParams::new(Vec::new())?;
    params.distinguished_name.push(DnType::CommonName, "Blindspot collector authority");
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    // A clock that is wrong at first start must not make an authority that is not valid yet.
    params.not_before = date_time_ymd(2020, 1, 1);
    params.not_after = date_time_ymd(2050, 1, 1);
    let signing = KeyPair::generate()?;
    let made = params.self_signed(&signing)?;
    let write = |path: &Path, text: String| {
        file::write(&text, Some(path))
            .map_err(|source| AuthorityError::File { path: path.to_owned(), source })
    };
    write(key, signing.serialize_pem())?;
    write(certificate, made.pem())
}

fn server_params(names: &[String], now: Timestamp) -> Result<CertificateParams, rcgen::Error> {
    let mut params = CertificateParams::new(names.to_vec())?;
    params.distinguished_name.push(DnType::CommonName, "Blindspot collector");
    params.is_ca = IsCa::ExplicitNoCa;
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    params.use_authority_key_identifier_extension = true;
    let day = |days: i64| {
        let date = jiff::tz::TimeZone::UTC.to_datetime(now).date();
        let date = date.saturating_add(jiff::Span::new().days(days));
        let part = |part: i8| u8::try_from(part).unwrap_or(1);
        date_time_ymd(date.year().into(), part(date.month()), part(date.day()))
    };
    // A day back: clocks of agents may be behind.
    params.not_before = day(-1);
    params.not_after = day(SERVER_DAYS);
    Ok(params)
}

fn read(path: &Path) -> Result<String, AuthorityError> {
    fs::read_to_string(path).map_err(|source| AuthorityError::File { path: path.to_owned(), source })
}

type ChainAndKey = (Vec<CertificateDer<'static>>, PrivateKeyDer<'static>);

fn given(files: &TlsFiles) -> Result<ChainAndKey, AuthorityError> {
    let wrong = |path: &Path, source| AuthorityError::Pem { path: path.to_owned(), source };
    let chain = CertificateDer::pem_slice_iter(read(&files.certificate)?.as_bytes())
        .collect::<Result<Vec<_>, _>>()
        .map_err(|source| wrong(&files.certificate, source))?;
    let key = PrivateKeyDer::from_pem_slice(read(&files.key)?.as_bytes())
        .map_err(|source| wrong(&files.key, source))?;
    Ok((chain, key))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_authority_is_made_once_and_kept() {
        let folder = tempfile::tempdir().unwrap();
        let config = Config { data: folder.path().to_owned(), ..Config::default() };
        let first = Authority::open(&config).unwrap();
        let again = Authority::open(&config).unwrap();
        assert!(first.pin().is_some());
        assert_eq!(first.pin(), again.pin());
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            let mode = fs::metadata(folder.path().join("ca.key")).unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o600);
        }
        fs::write(folder.path().join("ca.key"), "not a key").unwrap();
        assert!(matches!(Authority::open(&config), Err(AuthorityError::Own { .. })));
    }

    #[test]
    fn a_certificate_is_valid_for_every_name_once() {
        let url = |url: &str| Config { url: Some(url.to_owned()), ..Config::default() };
        let found = names(&url("https://c.example:8443/"), "c.example");
        assert_eq!(found, ["127.0.0.1", "::1", "c.example", "localhost"]);
        assert!(names(&url("https://[fe80::1]:8443"), "c").contains(&"fe80::1".to_owned()));
    }
}
