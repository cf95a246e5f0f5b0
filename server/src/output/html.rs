//! The report as one page that opens without network: everything stands in it, nothing is fetched, every name is escaped.
//!
//! - `head`: the answer in one picture, and what it rests on.
//! - `matrix`: ATT&CK by depth. `techniques` has the rows that its cells lead to.
//! - `steps`: what to do first. `detections`, `event_types`, `hosts`: the tables.
//! - `beside`: overlays, the baseline, telemetry that nothing needs, problems.
//! - `picture`: bars and strips. `words`: names as text. `policy`: what the page may do.

mod beside;
mod detections;
mod event_types;
mod head;
mod hosts;
mod matrix;
mod picture;
mod policy;
mod steps;
mod techniques;
mod words;

use askama::Template;

use crate::report::Report;

/// The page's style, as it stands in the page.
const STYLE: &str = include_str!("../../templates/audit.css");
/// The page's script, as it stands in the page. Without it everything is still there to read.
const SCRIPT: &str = include_str!("../../templates/audit.js");

/// All that the page shows. The templates only lay it out.
#[derive(Template)]
#[template(path = "audit.html")]
struct Page {
    policy: String,
    version: &'static str,
    attack: String,
    host_count: usize,
    head: head::Head,
    steps: steps::Steps,
    matrix: matrix::Matrix,
    detections: detections::Table,
    techniques: Vec<techniques::Row>,
    event_types: event_types::Table,
    hosts: hosts::Table,
    beside: beside::Beside,
}

impl Page {
    /// True where a verdict needs "on n of m hosts" beside it.
    fn several(&self) -> bool {
        self.host_count > 1
    }
}

/// Writes the page.
///
/// # Errors
/// Never on any report; the signature is the template engine's.
pub fn render(report: &Report<'_>) -> anyhow::Result<String> {
    let page = Page {
        policy: policy::content_security_policy(STYLE, SCRIPT),
        version: env!("CARGO_PKG_VERSION"),
        attack: words::shown(&report.input.attack.version.to_string()),
        host_count: report.sights.len(),
        head: head::Head::new(report),
        steps: steps::Steps::new(report),
        matrix: matrix::Matrix::new(report),
        detections: detections::Table::new(report),
        techniques: techniques::rows(report),
        event_types: event_types::Table::new(report),
        hosts: hosts::Table::new(report),
        beside: beside::Beside::new(report),
    };
    Ok(page.render()?)
}
