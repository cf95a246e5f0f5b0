//! What a process needs that runs until it is told to stop: its end, and its log.

use serde::Deserialize;
use tokio::sync::watch;
use tracing_subscriber::EnvFilter;

/// How a process logs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LogForm {
    /// For people.
    Text,
    /// One JSON object per line.
    Json,
}

/// Turns true at SIGTERM, SIGINT or Ctrl-C.
///
/// # Errors
/// Where signals cannot be waited for.
pub fn until_stopped() -> std::io::Result<watch::Receiver<bool>> {
    let (stop, stopped) = watch::channel(false);
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        let (mut term, mut int) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
        tokio::spawn(async move {
            tokio::select! {
                _ = term.recv() => {}
                _ = int.recv() => {}
            }
            let _all_gone = stop.send(true);
        });
    }
    #[cfg(not(unix))]
    tokio::spawn(async move {
        let _never = tokio::signal::ctrl_c().await;
        let _all_gone = stop.send(true);
    });
    Ok(stopped)
}

/// Logs go to standard error; `RUST_LOG` chooses which, and where it is not set, these directives do.
pub fn start_logging(form: LogForm, directives: &str) {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new(directives));
    let logs = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    // A second start, in tests, changes nothing.
    let _already = match form {
        LogForm::Json => logs.json().try_init(),
        LogForm::Text => logs.with_ansi(std::io::IsTerminal::is_terminal(&std::io::stderr())).try_init(),
    };
}
