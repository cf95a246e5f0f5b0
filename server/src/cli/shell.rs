//! Completions and man pages, made from the command line's own definition.

use std::{fs, path::Path};

use anyhow::Context as _;
use clap::CommandFactory as _;

use super::{Outcome, args::Cli};
use crate::output;

pub(super) fn completions(shell: clap_complete::Shell) -> anyhow::Result<Outcome> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "blindspot", &mut script);
    output::file::write(&String::from_utf8_lossy(&script), None)?;
    Ok(Outcome::Done)
}

pub(super) fn man(folder: &Path) -> anyhow::Result<Outcome> {
    fs::create_dir_all(folder)
        .with_context(|| format!("could not make the folder `{}`", folder.display()))?;
    clap_mangen::generate_to(Cli::command(), folder)
        .with_context(|| format!("could not write man pages to `{}`", folder.display()))?;
    Ok(Outcome::Done)
}
