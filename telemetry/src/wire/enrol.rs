//! How an agent gets its identity: one string holds all that it needs.

use std::{fmt, str::FromStr};

use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use serde::{Deserialize, Serialize};

use super::{AgentId, Claim, ServerEpoch};

/// What `blindspot token create` prints and `blindspot-agent enroll` takes: `bs1.SECRET.PIN.URL`.
///
/// Its `Debug` form hides the secret.
#[derive(Clone, PartialEq, Eq)]
pub struct EnrolmentString {
    /// The token's secret: 32 random bytes.
    pub secret: [u8; 32],
    /// SHA-256 of the certificate (DER) of the collector's own authority; `None` where a public one vouches for it.
    pub pin: Option<[u8; 32]>,
    /// Where the collector is: `https://host:port`, without a path.
    pub url: String,
}

/// The text is no enrolment string.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "not an enrolment string: one begins with `bs1.` and ends with the collector's https:// address; \
     `blindspot token create` prints it"
)]
pub struct ParseEnrolmentError;

impl fmt::Debug for EnrolmentString {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "EnrolmentString({})", self.url)
    }
}

impl fmt::Display for EnrolmentString {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let secret = BASE64_URL_SAFE_NO_PAD.encode(self.secret);
        let pin = self.pin.map_or_else(|| "-".to_owned(), |pin| BASE64_URL_SAFE_NO_PAD.encode(pin));
        write!(f, "bs1.{secret}.{pin}.{}", self.url)
    }
}

impl FromStr for EnrolmentString {
    type Err = ParseEnrolmentError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        fn bytes(text: &str) -> Option<[u8; 32]> {
            BASE64_URL_SAFE_NO_PAD.decode(text).ok()?.try_into().ok()
        }
        fn read(text: &str) -> Option<EnrolmentString> {
            let mut parts = text.trim().strip_prefix("bs1.")?.splitn(3, '.');
            let secret = bytes(parts.next()?)?;
            let pin = match parts.next()? {
                "-" => None,
                pin => Some(bytes(pin)?),
            };
            let url = parts.next()?.trim_end_matches('/');
            let host = url.strip_prefix("https://")?;
            let is_host = !host.is_empty() && !host.contains(['/', '?', '#', '@', ' ']);
            is_host.then(|| EnrolmentString { secret, pin, url: url.to_owned() })
        }
        read(text).ok_or(ParseEnrolmentError)
    }
}

/// What an agent sends to enrol.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EnrolRequest {
    /// The token's secret, in base64 (URL alphabet, no padding).
    pub token: String,
    /// The agent's Ed25519 public key, in base64.
    pub public_key: String,
    /// The signature, by that key, over `"BEN1"`, the public key and the SHA-256 of the secret, in base64: the sender
    /// holds the key.
    pub proof: String,
    /// The machine.
    pub claim: Claim,
}

impl fmt::Debug for EnrolRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "EnrolRequest({:?})", self.claim)
    }
}

impl EnrolRequest {
    /// The bytes that `proof` signs.
    #[must_use]
    pub fn proven_bytes(public_key: &[u8], secret_sha256: &[u8; 32]) -> Vec<u8> {
        [b"BEN1".as_slice(), public_key, secret_sha256].concat()
    }
}

/// The identity that an agent gets. Asked again with the same token and key, the same one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EnrolReply {
    /// Its name from now on.
    pub agent: AgentId,
    /// The group of hosts that it stands in.
    pub group: String,
    /// Seconds between two reports.
    pub interval_s: u32,
    /// The collector's history.
    pub server_epoch: ServerEpoch,
    /// The collector's time, in milliseconds since 1970.
    pub now_ms: i64,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_enrolment_string_survives_being_copied_and_hides_its_secret() {
        for pin in [None, Some([9; 32])] {
            let string =
                EnrolmentString { secret: [5; 32], pin, url: "https://collector.example:8443".to_owned() };
            let text = string.to_string();
            assert_eq!(format!(" {text}\n").parse(), Ok(string.clone()));
            let secret = BASE64_URL_SAFE_NO_PAD.encode([5; 32]);
            assert!(text.contains(&secret) && !format!("{string:?}").contains(&secret));
        }
    }

    #[test]
    fn what_is_no_enrolment_string_is_refused() {
        let good = EnrolmentString { secret: [5; 32], pin: None, url: "https://c:1".to_owned() }.to_string();
        let wrong = [
            String::new(),
            good.replace("bs1.", "bs2."),
            good.replace("https://", "http://"),
            good.replace("https://c:1", "https://"),
            good.replace("https://c:1", "https://c/path"),
            good.replace(".-.", ".AAAA."),
        ];
        for text in wrong {
            assert_eq!(text.parse::<EnrolmentString>(), Err(ParseEnrolmentError), "{text}");
        }
    }
}
