//! `blindspot-agent enroll`: an identity from a collector.

use std::io::Write as _;

use anyhow::Context as _;
use blindspot_telemetry::wire::EnrolmentString;

use super::{
    Outcome,
    args::{Cli, EnrollArgs},
};
use crate::{
    config::Config,
    host,
    identity::{Identity, IdentityError, Key},
    send::{Collector, Pinned},
};

pub(super) fn run(cli: &Cli, args: &EnrollArgs) -> anyhow::Result<Outcome> {
    let config = super::config(cli)?;
    host::be_modest();
    match Identity::read(&config.state_dir) {
        Err(IdentityError::None) => {}
        _ if args.force => {}
        Err(other) => return Err(other.into()),
        Ok(known) if known.url == args.string.url => {}
        Ok(known) => anyhow::bail!(
            "this agent is enrolled with {}; to leave that collector for {}, add --force",
            known.url,
            args.string.url
        ),
    }
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let identity = runtime.block_on(enroll(&config, &args.string))?;
    writeln!(
        anstream::stdout(),
        "enrolled with {} as agent {} in group {}; it reports once it runs: blindspot-agent run",
        identity.url,
        identity.agent,
        identity.group
    )?;
    Ok(Outcome::Done)
}

/// Gets an identity and writes it down. Asked again with the same string, the same one.
///
/// # Errors
/// Why there is none.
pub async fn enroll(config: &Config, string: &EnrolmentString) -> anyhow::Result<Identity> {
    let key = Key::open(&config.state_dir)?;
    let request = key.request(&string.secret, config.name.as_deref());
    let proxy = config.proxy.as_deref();
    let (reply, authority) = match string.pin {
        None => (Collector::new(&string.url, None, proxy)?.enrol(&request).await, None),
        Some(pin) => {
            let pinned = Pinned::new(pin);
            let reply = Collector::pinned(&string.url, &pinned, proxy)?.enrol(&request).await;
            (reply, pinned.authority().map(<[u8]>::to_vec))
        }
    };
    let reply = reply.map_err(|why| anyhow::anyhow!(why)).context("not enrolled")?;
    let identity = Identity::new(reply, string.url.clone(), authority.as_deref());
    identity.write(&config.state_dir)?;
    Ok(identity)
}
