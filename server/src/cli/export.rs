//! `blindspot export`: hosts of a collector in the forms of an audit; its database as a backup, and back.

use std::{
    fs::File,
    io::{BufReader, Write as _},
};

use anyhow::Context as _;
use blindspot_agent::host::{private_folder, replace_file};
use blindspot_store::{DatabaseUrl, Store};
use clap::ValueEnum as _;
use reqwest::Method;

use super::{Outcome, args::ExportCommand};
use crate::{client::Client, collector::config::Config, output};

pub(super) fn run(command: &ExportCommand) -> anyhow::Result<Outcome> {
    match command {
        ExportCommand::Audit { format, group, host, out, collector } => {
            let word =
                format.to_possible_value().map(|value| value.get_name().to_owned()).unwrap_or_default();
            let mut query = vec![("format", word)];
            query.extend(group.clone().map(|group| ("group", group)));
            query.extend(host.clone().map(|host| ("host", host)));
            let bytes =
                Client::needed(collector)?.bytes(Method::GET, "/api/v1/export/audit", &query, None)?;
            let text = String::from_utf8(bytes).context("the collector answered no text")?;
            output::file::write(&text, out.as_deref())?;
        }
        ExportCommand::Backup { out, collector } => {
            let bytes = Client::needed(collector)?.bytes(Method::GET, "/api/v1/export/backup", &[], None)?;
            replace_file(out, &bytes).with_context(|| format!("could not write {}", out.display()))?;
            writeln!(anstream::stdout(), "{} holds the backup, {} bytes", out.display(), bytes.len())?;
        }
        ExportCommand::Restore { backup, config } => {
            let config = Config::read(config)?;
            let url: DatabaseUrl = config.database_url().parse()?;
            private_folder(&config.data)
                .with_context(|| format!("could not make the folder {}", config.data.display()))?;
            let input = File::open(backup).with_context(|| format!("could not read {}", backup.display()))?;
            let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
            runtime.block_on(async {
                let store = Store::restore(&url, BufReader::new(input)).await?;
                store.close().await;
                Ok::<_, blindspot_store::StoreError>(())
            })?;
            writeln!(
                anstream::stdout(),
                "restored; agents send all that they hold when they next report, and nothing of the last 14 days is lost"
            )?;
        }
    }
    Ok(Outcome::Done)
}
