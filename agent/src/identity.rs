//! Who the agent is: its key, the id that the collector gave it, and the authority that it trusts.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use blindspot_telemetry::wire::{AgentId, EnrolReply, EnrolRequest, Envelope, ServerEpoch, envelope::Signed};
use ring::{
    rand::SystemRandom,
    signature::{Ed25519KeyPair, KeyPair as _},
};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::host;

const FILE: &str = "identity.toml";
const KEY_FILE: &str = "key.pk8";

/// Who the agent is, as it stands in the state folder.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Identity {
    /// Its id.
    pub agent: AgentId,
    /// The collector: `https://host:port`.
    pub url: String,
    /// The group that it enrolled into.
    pub group: String,
    /// The collector's history at enrolment.
    pub server_epoch: ServerEpoch,
    /// The certificate (DER, in base64) of the collector's own authority; without one, public authorities vouch.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub authority: Option<String>,
}

/// Why there is no identity.
#[derive(Debug, thiserror::Error)]
pub enum IdentityError {
    /// It never enrolled.
    #[error(
        "this agent is not enrolled: run `blindspot-agent enroll STRING` with a string of `blindspot token create`"
    )]
    None,
    /// Its files.
    #[error("could not use `{path}`")]
    File {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// They are damaged.
    #[error("`{0}` is damaged: enrol again with `blindspot-agent enroll --force STRING`")]
    Damaged(PathBuf),
    /// No random numbers.
    #[error("the operating system gives no random numbers")]
    NoRandom,
}

/// The agent's key. Its `Debug` form shows nothing.
pub struct Key(Ed25519KeyPair);

impl std::fmt::Debug for Key {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Key")
    }
}

impl Key {
    /// The key in a state folder; made where there is none.
    ///
    /// # Errors
    /// Where its file cannot be read or written.
    pub fn open(state: &Path) -> Result<Self, IdentityError> {
        let path = state.join(KEY_FILE);
        let failed = |source| IdentityError::File { path: path.clone(), source };
        host::private_folder(state)
            .map_err(|source| IdentityError::File { path: state.to_owned(), source })?;
        let bytes = match fs::read(&path) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                let made = Ed25519KeyPair::generate_pkcs8(&SystemRandom::new())
                    .map_err(|_| IdentityError::NoRandom)?;
                host::replace_file(&path, made.as_ref()).map_err(failed)?;
                made.as_ref().to_vec()
            }
            Err(error) => return Err(failed(error)),
        };
        Ed25519KeyPair::from_pkcs8(&bytes).map(Self).map_err(|_| IdentityError::Damaged(path))
    }

    /// Signs a report's body.
    #[must_use]
    pub fn sign(&self, envelope: Envelope, body: &[u8]) -> Signed {
        let signature = self.0.sign(&envelope.signed_bytes(body));
        let signature = signature.as_ref().try_into().unwrap_or([0; 64]);
        Signed { envelope, signature }
    }

    /// What an agent sends to enrol with this key.
    #[must_use]
    pub fn request(&self, secret: &[u8; 32], name: Option<&str>) -> EnrolRequest {
        let public = self.0.public_key().as_ref();
        let hash = Sha256::digest(secret).into();
        let proof = self.0.sign(&EnrolRequest::proven_bytes(public, &hash));
        EnrolRequest {
            token: BASE64_URL_SAFE_NO_PAD.encode(secret),
            public_key: BASE64_URL_SAFE_NO_PAD.encode(public),
            proof: BASE64_URL_SAFE_NO_PAD.encode(proof),
            claim: host::claim(name),
        }
    }
}

impl Identity {
    /// The identity that a collector gave.
    #[must_use]
    pub fn new(reply: EnrolReply, url: String, authority: Option<&[u8]>) -> Self {
        let authority = authority.map(|der| BASE64_URL_SAFE_NO_PAD.encode(der));
        Self { agent: reply.agent, url, group: reply.group, server_epoch: reply.server_epoch, authority }
    }

    /// The identity in a state folder.
    ///
    /// # Errors
    /// Where there is none, or it cannot be read.
    pub fn read(state: &Path) -> Result<Self, IdentityError> {
        let path = state.join(FILE);
        match fs::read_to_string(&path) {
            Ok(text) => toml::from_str(&text).map_err(|_| IdentityError::Damaged(path)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Err(IdentityError::None),
            Err(source) => Err(IdentityError::File { path, source }),
        }
    }

    /// Writes it, for its owner only.
    ///
    /// # Errors
    /// What the operating system says.
    pub fn write(&self, state: &Path) -> Result<(), IdentityError> {
        let path = state.join(FILE);
        let text = toml::to_string(self).map_err(|_| IdentityError::Damaged(path.clone()))?;
        host::replace_file(&path, text.as_bytes()).map_err(|source| IdentityError::File { path, source })
    }

    /// The certificate of the collector's own authority, in DER.
    #[must_use]
    pub fn authority_der(&self) -> Option<Vec<u8>> {
        self.authority.as_ref().and_then(|text| BASE64_URL_SAFE_NO_PAD.decode(text).ok())
    }
}

/// 16 random bytes, for an epoch.
///
/// # Errors
/// Where the operating system gives none.
pub fn random16() -> Result<[u8; 16], IdentityError> {
    let mut bytes = [0; 16];
    ring::rand::SecureRandom::fill(&SystemRandom::new(), &mut bytes).map_err(|_| IdentityError::NoRandom)?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use ring::signature::{ED25519, UnparsedPublicKey};

    use super::*;

    #[test]
    fn a_key_is_made_once_and_proves_itself() {
        let folder = tempfile::tempdir().unwrap();
        let state = folder.path().join("state");
        let request = Key::open(&state).unwrap().request(&[7; 32], Some("web1"));
        let again = Key::open(&state).unwrap().request(&[7; 32], Some("web1"));
        assert_eq!((&request.public_key, &request.proof), (&again.public_key, &again.proof));
        let decode = |text: &str| BASE64_URL_SAFE_NO_PAD.decode(text).unwrap();
        let public = decode(&request.public_key);
        let proven = EnrolRequest::proven_bytes(&public, &Sha256::digest([7; 32]).into());
        UnparsedPublicKey::new(&ED25519, &public).verify(&proven, &decode(&request.proof)).unwrap();
        assert_eq!(request.claim.name, "web1");
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
            assert_eq!((mode(&state), mode(&state.join(KEY_FILE))), (0o700, 0o600));
        }
    }

    #[test]
    fn an_identity_is_kept_and_its_absence_says_what_to_do() {
        let folder = tempfile::tempdir().unwrap();
        let error = Identity::read(folder.path()).unwrap_err().to_string();
        assert!(error.contains("blindspot-agent enroll"), "{error}");
        let identity = Identity {
            agent: AgentId([1; 16]),
            url: "https://c:1".to_owned(),
            group: "g".to_owned(),
            server_epoch: ServerEpoch([2; 16]),
            authority: Some(BASE64_URL_SAFE_NO_PAD.encode([1, 2])),
        };
        identity.write(folder.path()).unwrap();
        let read = Identity::read(folder.path()).unwrap();
        assert_eq!((read.authority_der(), read), (Some(vec![1, 2]), identity));
    }
}
