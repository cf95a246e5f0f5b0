//! `blindspot up`: a collector and an agent on this machine, for a first look. Everything lies in one folder.

use std::{io::Write as _, net::SocketAddr, path::Path, sync::Arc};

use anyhow::Context as _;
use blindspot_agent::{
    cli::enroll::enroll,
    config::{Config as AgentConfig, Limits as AgentLimits},
    identity::Identity,
    process::{LogForm, start_logging, until_stopped},
    run::Agent,
};
use blindspot_store::{ApiToken, EnrolmentToken, Role};
use blindspot_telemetry::clock::SystemClock;
use jiff::SignedDuration;
use sha2::{Digest as _, Sha256};
use tokio::sync::watch;

use super::{Outcome, args::UpArgs, serve};
use crate::{
    client::{ClientFile, install_tls, up_file},
    collector::{
        Collector,
        config::{Config, DetectionFiles, Limits},
        people::{new_token, random},
        run::Opened,
    },
    output::clean::clean,
};

/// Seconds between two reports: a first look should not have to wait.
const INTERVAL_S: u32 = 20;
/// What tokens of this command are called.
const LABEL: &str = "up";

pub(super) fn run(args: &UpArgs) -> anyhow::Result<Outcome> {
    start_logging(LogForm::Text, serve::LOGGED);
    install_tls();
    tokio::runtime::Builder::new_multi_thread().enable_all().build()?.block_on(up(args))?;
    Ok(Outcome::Done)
}

async fn up(args: &UpArgs) -> anyhow::Result<()> {
    let config = Config {
        listen: SocketAddr::from(([127, 0, 0, 1], args.port)),
        url: Some(format!("https://127.0.0.1:{}", args.port)),
        data: args.data.clone(),
        detections: DetectionFiles { rules: args.rules.clone(), ..DetectionFiles::default() },
        interval_s: INTERVAL_S,
        limits: Limits { report_every_s: 5, ..Limits::default() },
        ..Config::default()
    };
    let opened = Collector::open(config, Arc::new(SystemClock::new())).await?;
    let collector = Arc::clone(&opened.collector);
    greet(&opened, &args.data).await?;
    let stopped = until_stopped()?;
    let agent = agent(&collector, args, stopped.clone());
    // The collector ends after the agent's last words.
    let (end, ended) = watch::channel(false);
    let serving = tokio::spawn(opened.serve(ended));
    let worked = tokio::select! {
        worked = agent => worked,
        // A collector that ends by itself has failed; what it says comes below.
        () = end.closed() => Ok(()),
    };
    let _already_gone = end.send(true);
    serving.await??;
    worked
}

/// What a person needs now: where it is, how to log in, what to type next.
async fn greet(opened: &Opened, data: &Path) -> anyhow::Result<()> {
    let collector = &opened.collector;
    let password = serve::first_user(collector).await?;
    let url = collector.config.public_url(&collector.own_name);
    let token = new_client_token(collector).await?;
    let ca = collector.authority.pem().map(str::to_owned);
    ClientFile { url: url.clone(), token, ca }.write(&up_file(data))?;
    let mut out = anstream::stdout();
    writeln!(out, "collector  {url}   (its certificate authority: {})", data.join("ca.pem").display())?;
    if let Some(password) = password {
        writeln!(out, "log in     {} with the password {password}   (not shown again)", serve::FIRST_USER)?;
    }
    let host = clean(&collector.own_name);
    writeln!(
        out,
        "\nin another terminal, in this folder:\n  blindspot hosts list\n  blindspot check syslog:sudo --host {host}\n  \
         blindspot explain T1059.004 --host {host}\nCtrl-C ends collector and agent; {} keeps everything\n",
        data.display()
    )?;
    out.flush()?;
    Ok(())
}

/// A token for the command line in this folder; those of earlier starts end.
async fn new_client_token(collector: &Collector) -> anyhow::Result<String> {
    for old in collector.store.api_tokens().await?.into_iter().filter(|token| token.label == LABEL) {
        collector.store.revoke_api_token(&old.hash).await?;
    }
    let (text, hash) = new_token()?;
    let created = collector.clock.wall();
    let token = ApiToken {
        hash,
        label: LABEL.to_owned(),
        user: None,
        role: Role::Admin,
        created,
        expires: None,
        last_used: None,
    };
    collector.store.create_api_token(&token).await?;
    collector.people.refresh(&collector.store).await?;
    Ok(text)
}

/// The agent, on a thread of its own, until stopped.
async fn agent(
    collector: &Arc<Collector>,
    args: &UpArgs,
    stopped: watch::Receiver<bool>,
) -> anyhow::Result<()> {
    let config = AgentConfig {
        state_dir: args.data.join("agent"),
        logs: args.logs.clone(),
        interval_s: INTERVAL_S,
        // The collector is in the same process, and takes what it needs.
        limits: AgentLimits { rss_mb: u64::MAX, cpu_percent: 50 },
        ..AgentConfig::default()
    };
    if Identity::read(&config.state_dir).is_err() {
        let secret = random()?;
        let now = collector.clock.wall();
        let token = EnrolmentToken {
            hash: Sha256::digest(secret).into(),
            label: LABEL.to_owned(),
            group: "default".to_owned(),
            uses_left: Some(1),
            expires: now.checked_add(SignedDuration::from_hours(1))?,
            created_by: LABEL.to_owned(),
        };
        collector.store.create_token(&token, now).await?;
        enroll(&config, &collector.enrolment_string(secret))
            .await
            .context("this machine's agent did not enrol")?;
    }
    let (done, ended) = tokio::sync::oneshot::channel();
    std::thread::Builder::new().name("agent".to_owned()).spawn(move || {
        let worked = work(config, stopped);
        // The receiver is gone only where the whole program ends.
        let _gone = done.send(worked);
    })?;
    ended.await.context("the agent broke off")?
}

fn work(config: AgentConfig, stopped: watch::Receiver<bool>) -> anyhow::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        Agent::open(config, Arc::new(SystemClock::new()))?.run(stopped).await;
        Ok(())
    })
}
