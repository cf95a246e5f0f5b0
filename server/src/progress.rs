//! Progress on long work: a bar on standard error, only where that is a terminal.

use std::{io::IsTerminal as _, time::Duration};

use indicatif::{ProgressBar, ProgressStyle};

/// Work that appears only once it has lasted this long would not be worth a flicker before.
const REDRAW_EVERY: Duration = Duration::from_millis(120);

/// One piece of work in progress.
pub struct Progress {
    bar: ProgressBar,
}

impl Progress {
    /// Work measured in bytes.
    #[must_use]
    pub fn bytes(what: &'static str, total: u64) -> Self {
        Self::new(what, total, "{msg:>18} {bar:32} {bytes}/{total_bytes} {binary_bytes_per_sec}")
    }

    fn new(what: &'static str, total: u64, template: &str) -> Self {
        if !std::io::stderr().is_terminal() {
            return Self { bar: ProgressBar::hidden() };
        }
        let style = ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar());
        let bar = ProgressBar::new(total).with_style(style).with_message(what);
        bar.enable_steady_tick(REDRAW_EVERY);
        Self { bar }
    }

    /// So much more is done.
    pub fn advance(&self, amount: u64) {
        self.bar.inc(amount);
    }

    /// All is done: the bar goes away.
    pub fn finish(&self) {
        self.bar.finish_and_clear();
    }
}
