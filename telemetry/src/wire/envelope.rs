//! Who sends a report, its number, and the signature over both and the body.
//!
//! The envelope travels in one HTTP header, [`HEADER`], so that a collector knows the sender before it reads a byte of
//! the body. The signature covers the identity, the numbers, the time and the SHA-256 of the body as it is sent.

use std::{fmt, str::FromStr};

use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

/// The HTTP header that carries the envelope.
pub const HEADER: &str = "blindspot-envelope";

/// Declares an id of 16 random bytes, written in hex.
macro_rules! id16 {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(pub [u8; 16]);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
            }
        }

        impl FromStr for $name {
            type Err = ParseEnvelopeError;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                hex16(text).map(Self).ok_or(ParseEnvelopeError)
            }
        }

        impl TryFrom<String> for $name {
            type Error = ParseEnvelopeError;

            fn try_from(text: String) -> Result<Self, Self::Error> {
                text.parse()
            }
        }

        impl From<$name> for String {
            fn from(id: $name) -> Self {
                id.to_string()
            }
        }
    };
}

id16! {
    /// Names one agent; given by the collector at enrolment and bound to the agent's key.
    AgentId
}
id16! {
    /// One unbroken history of an agent's state: new where state was lost or reset.
    Epoch
}
id16! {
    /// One unbroken history of a collector's database: new where a backup was restored.
    ServerEpoch
}

/// The number of a report within its epoch. Every new body has a larger one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Seq(pub u64);

impl fmt::Display for Seq {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

fn hex16(text: &str) -> Option<[u8; 16]> {
    let mut bytes = [0; 16];
    if text.len() != 32 || !text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f')) {
        return None;
    }
    for (index, byte) in bytes.iter_mut().enumerate() {
        *byte = u8::from_str_radix(text.get(index * 2..index * 2 + 2)?, 16).ok()?;
    }
    Some(bytes)
}

/// Who sends which report.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Envelope {
    /// The sender.
    pub agent: AgentId,
    /// Its history.
    pub epoch: Epoch,
    /// The report's number in it.
    pub seq: Seq,
    /// The collector's history that the agent saw last.
    pub server_epoch: ServerEpoch,
    /// When it was sent, by the agent's clock, in milliseconds since 1970.
    pub sent_ms: i64,
}

/// The text is no envelope.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not an envelope")]
pub struct ParseEnvelopeError;

/// An envelope with the signature that came with it. Nothing is proven until the signature was checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signed {
    /// What was claimed.
    pub envelope: Envelope,
    /// The Ed25519 signature.
    pub signature: [u8; 64],
}

impl Envelope {
    /// The bytes that are signed, for a body as it is sent.
    #[must_use]
    pub fn signed_bytes(&self, body: &[u8]) -> Vec<u8> {
        let mut bytes = b"BRP1".to_vec();
        bytes.extend_from_slice(&self.agent.0);
        bytes.extend_from_slice(&self.epoch.0);
        bytes.extend_from_slice(&self.seq.0.to_be_bytes());
        bytes.extend_from_slice(&self.server_epoch.0);
        bytes.extend_from_slice(&self.sent_ms.to_be_bytes());
        bytes.extend_from_slice(&body_hash(body));
        bytes
    }
}

/// The SHA-256 of a body as it is sent: two reports of one number with different hashes are a clone.
#[must_use]
pub fn body_hash(body: &[u8]) -> [u8; 32] {
    Sha256::digest(body).into()
}

impl fmt::Display for Signed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Envelope { agent, epoch, seq, server_epoch, sent_ms } = &self.envelope;
        let signature = BASE64_URL_SAFE_NO_PAD.encode(self.signature);
        write!(f, "1.{agent}.{epoch}.{seq}.{server_epoch}.{sent_ms}.{signature}")
    }
}

impl FromStr for Signed {
    type Err = ParseEnvelopeError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        fn read(text: &str) -> Option<Signed> {
            let mut parts = text.split('.');
            let mut next = || parts.next();
            if next()? != "1" {
                return None;
            }
            let envelope = Envelope {
                agent: next()?.parse().ok()?,
                epoch: next()?.parse().ok()?,
                seq: Seq(next()?.parse().ok()?),
                server_epoch: next()?.parse().ok()?,
                sent_ms: next()?.parse().ok()?,
            };
            let signature = BASE64_URL_SAFE_NO_PAD.decode(next()?).ok()?.try_into().ok()?;
            next().is_none().then_some(Signed { envelope, signature })
        }
        // The longest that can be is far below this.
        if text.len() > 512 { None } else { read(text) }.ok_or(ParseEnvelopeError)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_envelope_survives_its_header_and_nothing_else_is_one() {
        let envelope = Envelope {
            agent: AgentId([1; 16]),
            epoch: Epoch([2; 16]),
            seq: Seq(u64::MAX),
            server_epoch: ServerEpoch([0xab; 16]),
            sent_ms: -5,
        };
        let signed = Signed { envelope, signature: [7; 64] };
        let text = signed.to_string();
        assert_eq!(text.parse(), Ok(signed));
        for wrong in
            ["", "1", &text.replacen('1', "", 1), &format!("{text}."), &text.replace("01010101", "0101010G")]
        {
            assert_eq!(wrong.parse::<Signed>(), Err(ParseEnvelopeError), "{wrong}");
        }
    }

    #[test]
    fn every_part_and_the_body_change_what_is_signed() {
        let base = Envelope {
            agent: AgentId([0; 16]),
            epoch: Epoch([0; 16]),
            seq: Seq(0),
            server_epoch: ServerEpoch([0; 16]),
            sent_ms: 0,
        };
        let signed = base.signed_bytes(b"");
        let others = [
            Envelope { agent: AgentId([1; 16]), ..base }.signed_bytes(b""),
            Envelope { epoch: Epoch([1; 16]), ..base }.signed_bytes(b""),
            Envelope { seq: Seq(1), ..base }.signed_bytes(b""),
            Envelope { server_epoch: ServerEpoch([1; 16]), ..base }.signed_bytes(b""),
            Envelope { sent_ms: 1, ..base }.signed_bytes(b""),
            base.signed_bytes(b"x"),
        ];
        assert!(others.iter().all(|other| *other != signed && other.len() == signed.len()));
    }
}
