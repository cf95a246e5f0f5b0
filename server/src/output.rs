//! The forms of a report. Each takes the same [`crate::report::Report`] and returns text.

pub mod clean;
pub mod csv;
pub mod dettect;
pub mod file;
pub mod html;
pub mod json;
pub mod layer;
pub mod paint;
pub mod settings;
pub mod text;

use crate::{cli::args::Format, report::Report};

/// A report in one of its forms.
///
/// # Errors
/// Where a value cannot be written in that form.
pub fn written(report: &Report<'_>, format: Format) -> anyhow::Result<String> {
    Ok(match format {
        Format::Text => text::render(report),
        Format::Json => json::render(report)?,
        Format::Csv => csv::render(report)?,
        Format::Html => html::render(report)?,
        Format::Navigator => layer::render(report)?,
        Format::Dettect => dettect::render(report)?,
    })
}
