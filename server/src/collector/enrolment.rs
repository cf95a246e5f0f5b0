//! How agents get an identity: a token, a key of their own, and proof that they hold it.

use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use blindspot_store::{EnrolError, Store};
use blindspot_telemetry::wire::{EnrolReply, EnrolRequest, RefusalCode, report::MAX_NAME_BYTES};
use jiff::Timestamp;
use ring::signature::{ED25519, UnparsedPublicKey};
use sha2::{Digest as _, Sha256};

use super::intake::Refused;

/// An enrolment that was granted.
pub struct Enrolled {
    /// What the agent is answered.
    pub reply: EnrolReply,
    /// True where the identity is new.
    pub is_new: bool,
}

/// Gives an agent its identity.
///
/// # Errors
/// Why it is refused. Which of wrong, spent, expired and revoked a token is stands in the log only.
pub async fn enrol(
    store: &Store,
    request: &EnrolRequest,
    interval_s: u32,
    now: Timestamp,
) -> Result<Enrolled, Refused> {
    let bad = |what: &str| Refused::new(RefusalCode::BadValue, what);
    let decode = |text: &str| BASE64_URL_SAFE_NO_PAD.decode(text).ok();
    let claim = &request.claim;
    for text in [&claim.name, &claim.platform, &claim.machine, &claim.boot, &claim.version] {
        if text.len() > MAX_NAME_BYTES {
            return Err(Refused::new(RefusalCode::TooMany, "a name is longer than 256 bytes"));
        }
    }
    let secret: [u8; 32] =
        decode(&request.token).and_then(|bytes| bytes.try_into().ok()).ok_or_else(refused_token)?;
    let public_key: [u8; 32] = decode(&request.public_key)
        .and_then(|bytes| bytes.try_into().ok())
        .ok_or_else(|| bad("public_key is no Ed25519 key in base64"))?;
    let proof = decode(&request.proof).ok_or_else(|| bad("proof is no signature in base64"))?;
    let token_hash: [u8; 32] = Sha256::digest(secret).into();
    UnparsedPublicKey::new(&ED25519, public_key)
        .verify(&EnrolRequest::proven_bytes(&public_key, &token_hash), &proof)
        .map_err(|_| bad("proof is not by the key that is enrolled"))?;
    match store.enrol(token_hash, public_key, claim, now).await {
        Ok(enrolment) => Ok(Enrolled {
            reply: EnrolReply {
                agent: enrolment.agent,
                group: enrolment.group,
                interval_s,
                server_epoch: store.server_epoch(),
                now_ms: now.as_millisecond(),
            },
            is_new: enrolment.is_new,
        }),
        Err(EnrolError::Refused(why)) => {
            tracing::warn!(
                host = claim.name.escape_debug().to_string(),
                why = why.to_string(),
                "enrolment refused"
            );
            Err(refused_token())
        }
        Err(EnrolError::Store(error)) => {
            tracing::error!(error = crate::chain(&error), "an enrolment could not be stored");
            Err(Refused::unavailable())
        }
    }
}

fn refused_token() -> Refused {
    Refused::new(
        RefusalCode::BadToken,
        "the enrolment token is wrong, spent, expired or revoked; make another one with `blindspot token create`",
    )
}
