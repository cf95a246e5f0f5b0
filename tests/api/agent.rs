//! An enrolled agent that signs whatever it is given.

use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use blindspot_telemetry::{
    Clock as _,
    clock::SystemClock,
    wire::{
        AgentId, ENROL_PATH, EnrolRequest, EnrolmentString, Envelope, Epoch, REPORT_PATH, Seq, ServerEpoch,
        envelope::{HEADER, Signed, body_hash},
    },
};
use ring::{
    rand::SystemRandom,
    signature::{Ed25519KeyPair, KeyPair as _},
};
use serde_json::{Value, json};

use crate::{client::request, collector::Collector};

/// An identity.
pub(crate) struct Agent {
    key: Ed25519KeyPair,
    pub(crate) id: AgentId,
    epoch: Epoch,
    seq: u64,
    server_epoch: ServerEpoch,
}

/// What an agent says of its machine.
pub(crate) fn claim() -> Value {
    json!({"name": "host-1", "platform": "linux", "machine": "m", "boot": "b", "version": "0.1.0"})
}

pub(crate) fn new_key() -> Ed25519KeyPair {
    let pkcs8 = Ed25519KeyPair::generate_pkcs8(&SystemRandom::new()).expect("a key");
    Ed25519KeyPair::from_pkcs8(pkcs8.as_ref()).expect("a key")
}

/// A token for this many enrolments.
pub(crate) fn token(collector: &Collector, uses: u32) -> EnrolmentString {
    let made = collector.order("POST", "/api/v1/enrolment-tokens", Some(&json!({"uses": uses})));
    made["enrolment_string"].as_str().expect("a string").parse().expect("an enrolment string")
}

/// An enrolment that is as it should be.
pub(crate) fn enrolment(secret: &[u8; 32], key: &Ed25519KeyPair) -> Value {
    let public = key.public_key().as_ref();
    let proof = key.sign(&EnrolRequest::proven_bytes(public, &body_hash(secret)));
    let text = |bytes: &[u8]| BASE64_URL_SAFE_NO_PAD.encode(bytes);
    json!({"token": text(secret), "public_key": text(public), "proof": text(proof.as_ref()), "claim": claim()})
}

impl Agent {
    /// Enrols with a token.
    pub(crate) fn enrol(collector: &Collector, token: &EnrolmentString) -> Self {
        let key = new_key();
        let answer = collector.ask("POST", ENROL_PATH, None, Some(&enrolment(&token.secret, &key)));
        assert_eq!(answer.status, 200, "{}", answer.text());
        let reply = answer.json();
        let text = |name: &str| reply[name].as_str().expect("a word").to_owned();
        Self {
            key,
            id: text("agent").parse().expect("an id"),
            epoch: Epoch([1; 16]),
            seq: 0,
            server_epoch: text("server_epoch").parse().expect("an epoch"),
        }
    }

    /// The next envelope, signed for this body.
    pub(crate) fn sign(&mut self, body: &[u8]) -> Signed {
        self.seq += 1;
        let envelope = Envelope {
            agent: self.id,
            epoch: self.epoch,
            seq: Seq(self.seq),
            server_epoch: self.server_epoch,
            sent_ms: SystemClock::new().wall().as_millisecond(),
        };
        let signature = self.key.sign(&envelope.signed_bytes(body));
        Signed { envelope, signature: signature.as_ref().try_into().expect("64 bytes") }
    }

    /// A request that reports this body.
    pub(crate) fn report(&mut self, body: &[u8]) -> Vec<u8> {
        let header = format!("{HEADER}: {}", self.sign(body));
        request("POST", REPORT_PATH, &[&header], body)
    }
}

/// A report that is as it should be: one log with one event type.
pub(crate) fn report() -> Value {
    let row = json!({
        "type": {"syslog": "sshd"}, "count": 3, "span": [1_700_000_000_000_i64, 1_700_000_001_000_i64],
        "full": ["pid"], "fields": {"severity": [1, 1, 1]}
    });
    json!({
        "schema": "blindspot.report/1", "kind": "changes", "host": claim(), "interval_s": 300,
        "logs": [{
            "path": "/var/log/auth.log", "kind": "syslog", "status": "read", "holds": ["syslog"],
            "records": 3, "damaged": 0, "oldest": null, "newest": null,
            "computers": [{"name": "host-1", "types": [row]}]
        }],
        "footprint": {"rss_bytes": 1, "cpu_ms": 1, "state_bytes": 1}
    })
}

/// JSON as a body.
pub(crate) fn pack(json: &[u8]) -> Vec<u8> {
    zstd::encode_all(json, 1).expect("packing")
}

pub(crate) fn pack_json(json: &Value) -> Vec<u8> {
    pack(&serde_json::to_vec(json).expect("JSON"))
}
