//! The agents and their keys, in memory: an unknown sender is refused without a look at the disk.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError, RwLock},
    time::Duration,
};

use blindspot_store::{AgentRow, AgentState};
use blindspot_telemetry::wire::{AgentId, envelope::Signed};
use ring::signature::{ED25519, UnparsedPublicKey};

/// Reports that an agent may send at once, after a pause: what did not fit into one.
const BURST: f64 = 6.0;

/// Every agent that enrolled.
#[derive(Default)]
pub struct Registry {
    agents: RwLock<HashMap<AgentId, Arc<KnownAgent>>>,
}

/// One agent, as far as a report needs to know it.
pub struct KnownAgent {
    /// What the database says of it.
    pub row: AgentRow,
    allowance: Mutex<Allowance>,
}

/// A token bucket over monotonic time.
#[derive(Clone, Copy)]
struct Allowance {
    tokens: f64,
    at: Duration,
}

impl Registry {
    /// Takes in what the database says; what is known of an agent's pace stays.
    pub fn put(&self, row: AgentRow, now: Duration) {
        let mut agents = self.agents.write().unwrap_or_else(PoisonError::into_inner);
        let allowance = agents.get(&row.id).map_or(Allowance { tokens: BURST, at: now }, |known| {
            *known.allowance.lock().unwrap_or_else(PoisonError::into_inner)
        });
        agents.insert(row.id, Arc::new(KnownAgent { row, allowance: Mutex::new(allowance) }));
    }

    /// Forgets an agent.
    pub fn remove(&self, agent: AgentId) {
        self.agents.write().unwrap_or_else(PoisonError::into_inner).remove(&agent);
    }

    /// The agent of this id.
    #[must_use]
    pub fn get(&self, agent: AgentId) -> Option<Arc<KnownAgent>> {
        self.agents.read().unwrap_or_else(PoisonError::into_inner).get(&agent).cloned()
    }

    /// All agents, in no order.
    #[must_use]
    pub fn all(&self) -> Vec<Arc<KnownAgent>> {
        self.agents.read().unwrap_or_else(PoisonError::into_inner).values().cloned().collect()
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.agents.read().unwrap_or_else(PoisonError::into_inner).len()
    }

    /// True where none enrolled yet.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

impl KnownAgent {
    /// True where its reports are taken.
    #[must_use]
    pub fn may_report(&self) -> bool {
        self.row.state == AgentState::Active
    }

    /// Takes one report from its allowance, which grows by one every `every`.
    ///
    /// # Errors
    /// How long to wait, where there is none left.
    pub fn take_report(&self, now: Duration, every: Duration) -> Result<(), Duration> {
        if every.is_zero() {
            return Ok(());
        }
        let mut allowance = self.allowance.lock().unwrap_or_else(PoisonError::into_inner);
        let grown = now.saturating_sub(allowance.at).as_secs_f64() / every.as_secs_f64();
        allowance.tokens = (allowance.tokens + grown).min(BURST);
        allowance.at = now;
        if allowance.tokens < 1.0 {
            return Err(every.mul_f64(1.0 - allowance.tokens));
        }
        allowance.tokens -= 1.0;
        Ok(())
    }

    /// True where this agent signed this body.
    #[must_use]
    pub fn signed(&self, signed: &Signed, body: &[u8]) -> bool {
        UnparsedPublicKey::new(&ED25519, self.row.public_key)
            .verify(&signed.envelope.signed_bytes(body), &signed.signature)
            .is_ok()
    }
}
