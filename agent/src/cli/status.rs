//! `blindspot-agent status`: how the agent on this machine is.

use std::io::{self, Write as _};

use super::{Outcome, args::Cli};
use crate::run::status::Status;

pub(super) fn run(cli: &Cli) -> anyhow::Result<Outcome> {
    let config = super::config(cli)?;
    let status = match Status::read(&config.state_dir) {
        Ok(status) => status,
        Err(error) if error.kind() == io::ErrorKind::NotFound => anyhow::bail!(
            "no agent has reported from {}: is it enrolled (`blindspot-agent enroll`) and running (`blindspot-agent run`)?",
            config.state_dir.display()
        ),
        Err(error) => {
            anyhow::bail!("could not read the agent's status in {}: {error}", config.state_dir.display())
        }
    };
    let mut out = anstream::stdout();
    writeln!(out, "agent {}  collector {}  started {}", status.agent, status.url, short(status.started))?;
    match status.last_stored {
        Some(at) => writeln!(
            out,
            "last stored report {}; {} reports, {} bytes since the start",
            short(at),
            status.reports,
            status.bytes
        )?,
        None => writeln!(out, "no report was stored since the start")?,
    }
    if let Some((at, why)) = &status.last_failure {
        writeln!(out, "last failure {}: {why}\nsee: blindspot-agent doctor", short(*at))?;
    }
    if status.backlog > 0 {
        writeln!(out, "{} event types have counts that the collector does not have yet", status.backlog)?;
    }
    writeln!(
        out,
        "memory {:.1} MiB, processor {:.1} s, state {:.1} MiB",
        mib(status.footprint.rss_bytes),
        status.footprint.cpu_ms as f64 / 1000.0,
        mib(status.footprint.state_bytes)
    )?;
    for source in &status.sources {
        writeln!(out, "  {:10} {:>9} records  {}", source.status, source.records, source.path)?;
    }
    Ok(if status.last_stored.is_some() && status.last_failure.is_none() {
        Outcome::Done
    } else {
        Outcome::Wrong
    })
}

fn short(at: jiff::Timestamp) -> String {
    at.strftime("%Y-%m-%d %H:%M:%SZ").to_string()
}

#[expect(clippy::cast_precision_loss, reason = "one decimal is shown")]
fn mib(bytes: u64) -> f64 {
    bytes as f64 / 1_048_576.0
}
