//! `blindspot serve`, and what it shares with `blindspot up`: a collector that runs until it is told to stop.

use std::{io::Write as _, path::Path, sync::Arc};

use blindspot_agent::process::{start_logging, until_stopped};
use blindspot_store::{AuditEntry, Role, User};
use blindspot_telemetry::clock::SystemClock;

use super::{Outcome, args::ServeArgs};
use crate::{
    client::install_tls,
    collector::{
        Collector,
        config::Config,
        people::{hash_password, random},
    },
};

/// The first administrator's name.
pub const FIRST_USER: &str = "admin";
/// What is logged where nothing is said.
pub const LOGGED: &str = "info,sqlx=warn";

pub(super) fn run(args: &ServeArgs) -> anyhow::Result<Outcome> {
    let config = Config::read(&args.config)?;
    start_logging(config.log, LOGGED);
    install_tls();
    tokio::runtime::Builder::new_multi_thread().enable_all().build()?.block_on(serve(config))?;
    Ok(Outcome::Done)
}

/// `blindspot check-config`.
pub(super) fn check_config(file: &Path) -> anyhow::Result<Outcome> {
    let config = Config::read(file)?;
    writeln!(
        anstream::stdout(),
        "{}: a server file that can be used; the collector would listen on {} and keep its data in {}",
        file.display(),
        config.listen,
        config.data.display()
    )?;
    Ok(Outcome::Done)
}

async fn serve(config: Config) -> anyhow::Result<()> {
    let opened = Collector::open(config, Arc::new(SystemClock::new())).await?;
    if let Some(password) = first_user(&opened.collector).await? {
        // Printed once, to the terminal or the service's journal; only its hash is kept.
        writeln!(
            anstream::stdout(),
            "first start: log in as {FIRST_USER} with the password {password} (it is not shown again)"
        )?;
    }
    let address = opened.address()?;
    let url = opened.collector.config.public_url(&opened.collector.own_name);
    tracing::info!(address = address.to_string(), url, "the collector listens");
    opened.serve(until_stopped()?).await?;
    tracing::info!("the collector ended");
    Ok(())
}

/// Makes the first administrator where there is no user yet, and says their password.
///
/// # Errors
/// Where the database cannot be read or written.
pub async fn first_user(collector: &Collector) -> anyhow::Result<Option<String>> {
    if !collector.store.users().await?.is_empty() {
        return Ok(None);
    }
    let password = readable(&random()?);
    let now = collector.clock.wall();
    let user = User {
        name: FIRST_USER.to_owned(),
        password_hash: hash_password(&password)?,
        role: Role::Admin,
        disabled: false,
        created: now,
    };
    match collector.store.create_user(&user).await {
        // Another collector of this database was first.
        Err(blindspot_store::StoreError::Exists(_)) => return Ok(None),
        other => other?,
    }
    let entry = AuditEntry {
        at: now,
        who: "collector".to_owned(),
        action: "user.create".to_owned(),
        subject: FIRST_USER.to_owned(),
        detail: "first start".to_owned(),
    };
    collector.store.append_audit(&entry).await?;
    collector.people.refresh(&collector.store).await?;
    Ok(Some(password))
}

/// A password that can be read aloud: 20 of 32 letters and digits that look alike to nobody, 100 bits.
#[must_use]
pub fn readable(random: &[u8; 32]) -> String {
    const LETTERS: &[u8; 32] = b"abcdefghijkmnpqrstuvwxyz23456789";
    let letter = |byte: &u8| LETTERS.get(usize::from(*byte & 31)).map_or('a', |letter| char::from(*letter));
    let groups: Vec<String> =
        random.chunks(5).take(4).map(|chunk| chunk.iter().map(letter).collect()).collect();
    groups.join("-")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_has_no_letters_that_look_alike() {
        let all: [u8; 32] = std::array::from_fn(|byte| u8::try_from(byte).unwrap());
        let text = readable(&all);
        assert_eq!(text.len(), 23);
        assert!(!text.contains(['l', 'o', '0', '1']), "{text}");
        assert_ne!(readable(&[0; 32]), readable(&[1; 32]));
    }
}
