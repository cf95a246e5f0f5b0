//! The colours of verdicts on a terminal. They are stripped where standard output is none, or `NO_COLOR` is set.

use blindspot_coverage::Verdict;
use owo_colors::{OwoColorize as _, Style};

/// The style of a verdict. Words stand beside colours everywhere, so that nothing rests on colour alone.
#[must_use]
pub fn style(verdict: Verdict) -> Style {
    match verdict {
        Verdict::Sighted => Style::new().green(),
        Verdict::Noisy | Verdict::Armed => Style::new().cyan(),
        Verdict::Partial => Style::new().yellow(),
        Verdict::Blind => Style::new().red().bold(),
        Verdict::Unknown => Style::new().magenta(),
        Verdict::Unsampled | Verdict::OutOfScope => Style::new().dimmed(),
    }
}

/// The verdict's word, coloured.
#[must_use]
pub fn verdict(verdict: Verdict) -> String {
    verdict.as_str().style(style(verdict)).to_string()
}

/// A heading.
#[must_use]
pub fn heading(text: &str) -> String {
    text.bold().to_string()
}

/// What is less important than its surroundings.
#[must_use]
pub fn dim(text: &str) -> String {
    text.dimmed().to_string()
}
