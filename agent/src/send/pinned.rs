//! Trust by fingerprint: the collector presents its authority, and only the one with the expected SHA-256 is believed.

use std::sync::{Arc, OnceLock};

use rustls::{
    CertificateError, DigitallySignedStruct, Error, RootCertStore, SignatureScheme,
    client::{
        WebPkiServerVerifier,
        danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier},
    },
    crypto::{CryptoProvider, ring, verify_tls12_signature, verify_tls13_signature},
    pki_types::{CertificateDer, ServerName, UnixTime},
};
use sha2::{Digest as _, Sha256};

/// Believes one authority, which it has not seen yet.
#[derive(Debug)]
pub struct Pinned {
    pin: [u8; 32],
    provider: CryptoProvider,
    seen: OnceLock<Vec<u8>>,
}

impl Pinned {
    /// Believes the authority whose certificate (DER) has this SHA-256.
    #[must_use]
    pub fn new(pin: [u8; 32]) -> Arc<Self> {
        Arc::new(Self { pin, provider: ring::default_provider(), seen: OnceLock::new() })
    }

    /// The authority, once a connection stood.
    #[must_use]
    pub fn authority(&self) -> Option<&[u8]> {
        self.seen.get().map(Vec::as_slice)
    }
}

impl ServerCertVerifier for Pinned {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let is_pinned = |der: &&CertificateDer<'_>| <[u8; 32]>::from(Sha256::digest(der)) == self.pin;
        let authority = intermediates
            .iter()
            .find(is_pinned)
            .ok_or(Error::InvalidCertificate(CertificateError::UnknownIssuer))?;
        let mut roots = RootCertStore::empty();
        roots.add(authority.clone().into_owned())?;
        let provider = Arc::new(self.provider.clone());
        let verifier = WebPkiServerVerifier::builder_with_provider(Arc::new(roots), provider)
            .build()
            .map_err(|error| Error::General(error.to_string()))?;
        // Names and times are checked as with any authority.
        let verified = verifier.verify_server_cert(end_entity, intermediates, server_name, ocsp, now)?;
        let _first = self.seen.set(authority.to_vec());
        Ok(verified)
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls12_signature(message, cert, dss, &self.provider.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls13_signature(message, cert, dss, &self.provider.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}
