//! Users and tokens, in memory: a wrong token is refused without a look at the disk.

use std::{
    collections::HashMap,
    sync::{PoisonError, RwLock},
};

use argon2::{Argon2, PasswordHasher as _, PasswordVerifier as _};
use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use blindspot_store::{ApiToken, Role, Store, StoreError, User};
use jiff::Timestamp;
use ring::rand::{SecureRandom as _, SystemRandom};
use sha2::{Digest as _, Sha256};
use tokio::sync::Semaphore;

/// What tokens for the interface begin with, so that scanners of code find one that was committed.
pub const TOKEN_PREFIX: &str = "bst_";
/// Passwords shorter than this are refused.
pub const SHORTEST_PASSWORD: usize = 12;

/// Who asks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Person {
    /// Their name; `token LABEL` for a program. No user's name has a space, so that none is taken for the other.
    pub name: String,
    /// What they may do.
    pub role: Role,
}

/// All users and tokens.
pub struct People {
    known: RwLock<Known>,
    /// Held while users change, so that two administrators cannot remove each other at once.
    pub changing: tokio::sync::Mutex<()>,
    /// Held while they are read anew: what was read first must not replace what was read later.
    reading: tokio::sync::Mutex<()>,
    /// Checking a password takes 19 MiB: only so many at a time.
    checks: Semaphore,
}

#[derive(Default)]
struct Known {
    users: HashMap<String, User>,
    tokens: HashMap<[u8; 32], ApiToken>,
}

impl Default for People {
    fn default() -> Self {
        Self {
            known: RwLock::default(),
            changing: tokio::sync::Mutex::default(),
            reading: tokio::sync::Mutex::default(),
            checks: Semaphore::new(2),
        }
    }
}

/// Something went wrong that is nobody's fault.
#[derive(Debug, thiserror::Error)]
#[error("the operating system gives no random numbers, or memory")]
pub struct NoRandom;

/// 32 random bytes.
///
/// # Errors
/// Where the operating system gives none.
pub fn random() -> Result<[u8; 32], NoRandom> {
    let mut bytes = [0; 32];
    SystemRandom::new().fill(&mut bytes).map_err(|_| NoRandom)?;
    Ok(bytes)
}

/// A new token's text, shown once, and its hash, which is kept.
///
/// # Errors
/// Where there are no random numbers.
pub fn new_token() -> Result<(String, [u8; 32]), NoRandom> {
    let text = format!("{TOKEN_PREFIX}{}", BASE64_URL_SAFE_NO_PAD.encode(random()?));
    let hash = Sha256::digest(&text).into();
    Ok((text, hash))
}

/// The hash of a password, as it is kept (Argon2id).
///
/// # Errors
/// Where there is no memory for it.
pub fn hash_password(password: &str) -> Result<String, NoRandom> {
    Argon2::default().hash_password(password.as_bytes()).map(|hash| hash.to_string()).map_err(|_| NoRandom)
}

impl People {
    /// Reads all of them anew.
    ///
    /// # Errors
    /// Where the database cannot be read.
    pub async fn refresh(&self, store: &Store) -> Result<(), StoreError> {
        let _reading = self.reading.lock().await;
        let users = store.users().await?.into_iter().map(|user| (user.name.clone(), user)).collect();
        let tokens = store.api_tokens().await?.into_iter().map(|token| (token.hash, token)).collect();
        *self.known.write().unwrap_or_else(PoisonError::into_inner) = Known { users, tokens };
        Ok(())
    }

    /// Who holds this token.
    #[must_use]
    pub fn by_token(&self, text: &str, now: Timestamp) -> Option<Person> {
        let hash: [u8; 32] = Sha256::digest(text.strip_prefix(TOKEN_PREFIX).map(|_| text)?).into();
        let known = self.known.read().unwrap_or_else(PoisonError::into_inner);
        let token = known.tokens.get(&hash)?;
        if token.expires.is_some_and(|expires| expires <= now) {
            return None;
        }
        match &token.user {
            None => Some(Person { name: format!("token {}", token.label), role: token.role }),
            Some(name) => {
                let user = known.users.get(name).filter(|user| !user.disabled)?;
                // A token never allows more than its user may do now.
                Some(Person { name: name.clone(), role: token.role.min(user.role) })
            }
        }
    }

    /// The user of this name and password. Takes as long for a name that is not known.
    pub async fn by_password(&self, name: &str, password: String) -> Option<Person> {
        let user = {
            let known = self.known.read().unwrap_or_else(PoisonError::into_inner);
            known.users.get(name).filter(|user| !user.disabled).cloned()
        };
        let hash = user.as_ref().map_or_else(|| DUMMY.to_owned(), |user| user.password_hash.clone());
        let _place = self.checks.acquire().await.ok()?;
        let right = tokio::task::spawn_blocking(move || verify(&password, &hash)).await.unwrap_or(false);
        user.filter(|_| right).map(|user| Person { name: user.name, role: user.role })
    }
}

/// The hash of a password that nobody has, with the parameters of all others.
const DUMMY: &str = "$argon2id$v=19$m=19456,t=2,p=1$c29tZXNhbHRzb21lc2FsdA$\
                     AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

fn verify(password: &str, hash: &str) -> bool {
    argon2::PasswordHash::new(hash)
        .is_ok_and(|hash| Argon2::default().verify_password(password.as_bytes(), &hash).is_ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_fits_its_hash_only_and_nobody_has_the_dummy() {
        let hash = hash_password("correct horse battery").unwrap();
        assert!(hash.starts_with("$argon2id$"));
        assert!(verify("correct horse battery", &hash));
        assert!(!verify("correct horse batterx", &hash));
        assert!(argon2::PasswordHash::new(DUMMY).is_ok());
        assert!(!verify("", DUMMY));
    }
}
