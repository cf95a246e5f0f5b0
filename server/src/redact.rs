//! Host names and paths replaced by keyed hashes, so that a report can be shown to strangers.

use blindspot_telemetry::{HostName, Inventory};
use ring::{
    hmac,
    rand::{SecureRandom as _, SystemRandom},
};

use crate::input::Input;

/// Replaces names with hashes under one key.
pub struct Redactor {
    key: hmac::Key,
}

impl Redactor {
    /// A key of the caller's own: the same names give the same hashes in every report made with it.
    #[must_use]
    pub fn with_key(key: &str) -> Self {
        Self { key: hmac::Key::new(hmac::HMAC_SHA256, key.as_bytes()) }
    }

    /// A key that nobody keeps: reports cannot be compared with each other.
    ///
    /// # Errors
    /// Where the operating system gives no randomness.
    pub fn with_random_key() -> anyhow::Result<Self> {
        let mut key = [0; 32];
        SystemRandom::new()
            .fill(&mut key)
            .map_err(|_| anyhow::anyhow!("the operating system gave no randomness"))?;
        Ok(Self { key: hmac::Key::new(hmac::HMAC_SHA256, &key) })
    }

    /// `host-` and twelve hexadecimal digits. Case does not matter to host names, so it does not to their hashes.
    #[must_use]
    pub fn host(&self, name: &HostName) -> HostName {
        HostName::new(format!("host-{}", self.digest(&name.as_str().to_ascii_lowercase())))
    }

    fn digest(&self, text: &str) -> String {
        let tag = hmac::sign(&self.key, text.as_bytes());
        tag.as_ref().iter().take(6).map(|byte| format!("{byte:02x}")).collect()
    }

    fn path(&self, path: &str) -> String {
        format!("log-{}", self.digest(path))
    }

    fn inventory(&self, inventory: &mut Inventory) {
        inventory.host = self.host(&inventory.host);
        for alias in &mut inventory.aliases {
            *alias = self.host(alias);
        }
        if let Some(relay) = &mut inventory.relay {
            *relay = self.path(relay);
        }
        for source in &mut inventory.sources {
            source.path = self.path(&source.path);
        }
    }

    /// Redacts everything that names a host or a path.
    pub fn redact(&self, input: &mut Input) {
        for host in &mut input.hosts {
            self.inventory(host);
        }
        for given in &mut input.given {
            *given = self.path(given);
        }
        for problem in &mut input.problems {
            // Texts may quote the place they are about.
            let hidden = self.path(&problem.place);
            problem.what = problem.what.replace(&problem.place, &hidden);
            problem.place = hidden;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_key_gives_one_hash_and_case_does_not_matter() {
        let redactor = Redactor::with_key("k");
        let name = redactor.host(&"DC01.corp".into());
        assert_eq!(name.as_str(), redactor.host(&"dc01.CORP".into()).as_str());
        assert!(name.as_str().starts_with("host-") && !name.as_str().contains("dc01"));
        assert_ne!(name.as_str(), Redactor::with_key("other").host(&"DC01.corp".into()).as_str());
        assert_ne!(name.as_str(), Redactor::with_random_key().unwrap().host(&"DC01.corp".into()).as_str());
    }
}
