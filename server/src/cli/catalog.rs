//! `blindspot catalog`: what is embedded, what is known of one event type, and compiling a newer ATT&CK bundle.

use std::{collections::BTreeMap, fmt::Write as _, fs, path::Path};

use anyhow::Context as _;
use blindspot_catalog::{
    EventFacts,
    attack::{self, Attack},
};
use blindspot_telemetry::EventTypePattern;

use super::{Outcome, args::CatalogCommand};
use crate::{
    input::Catalogue,
    output::{self, clean::clean, paint},
};

pub(super) fn run(command: &CatalogCommand) -> anyhow::Result<Outcome> {
    let text = match command {
        CatalogCommand::Show { event_type: None, catalog } => {
            overview(&Catalogue::load(catalog.as_deref())?)?
        }
        CatalogCommand::Show { event_type: Some(pattern), catalog } => {
            event_type(pattern, &Catalogue::load(catalog.as_deref())?)?
        }
        CatalogCommand::Import { file, out, attack_version } => import(file, out, attack_version.as_deref())?,
    };
    output::file::write(&text, None)?;
    Ok(Outcome::Done)
}

fn overview(catalogue: &Catalogue) -> anyhow::Result<String> {
    let attack = Attack::embedded();
    let mut text = counts(&attack)?;
    let mut classes: BTreeMap<(&str, attack::Class), usize> = BTreeMap::new();
    let classified = attack::classify(&attack, &catalogue.mappings);
    for each in &classified {
        *classes.entry((each.platform.as_str(), each.reading.class)).or_default() += 1;
    }
    writeln!(text, "\n{}", paint::heading("What its log source references were taken to mean"))?;
    let mut table = output::text::table();
    table.set_header(["platform", "class", "references"]);
    for ((platform, class), count) in &classes {
        table.add_row([(*platform).to_owned(), class.as_str().to_owned(), count.to_string()]);
    }
    writeln!(text, "{table}\n{} references, none dropped", classified.len())?;
    let facts = &catalogue.facts;
    writeln!(text, "\n{}", paint::heading("Event types"))?;
    writeln!(
        text,
        "{} with facts of their own, {} sources",
        facts.event_types().len(),
        facts.sources().len()
    )?;
    for problem in &catalogue.problems {
        writeln!(text, "problem: {}", clean(&problem.to_string()))?;
    }
    Ok(text)
}

fn counts(attack: &Attack) -> anyhow::Result<String> {
    let mut text = format!("{}\n", paint::heading(&format!("ATT&CK Enterprise v{}", attack.version)));
    let references: usize = attack
        .analytics
        .values()
        .flat_map(|analytic| &analytic.parts)
        .map(|part| part.references.len())
        .sum();
    for (count, thing) in [
        (attack.tactics.len(), "tactics"),
        (attack.techniques.len(), "techniques and sub-techniques"),
        (attack.strategies.len(), "detection strategies"),
        (attack.analytics.len(), "analytics"),
        (references, "log source references"),
        (attack.components.len(), "data components"),
        (attack.groups.len(), "groups"),
        (attack.software.len(), "software"),
        (attack.mitigations.len(), "mitigations"),
    ] {
        writeln!(text, "{count:>6} {thing}")?;
    }
    Ok(text)
}

fn event_type(pattern: &EventTypePattern, catalogue: &Catalogue) -> anyhow::Result<String> {
    let facts = catalogue.facts.get(pattern).with_context(|| {
        format!("the catalogue knows nothing of {pattern}; a row in a --catalog folder would tell it")
    })?;
    let mut text = format!("{}  {}\n", paint::heading(&pattern.to_string()), clean(&facts.title));
    describe(facts, &mut text)?;
    Ok(text)
}

fn describe(facts: &EventFacts, text: &mut String) -> std::fmt::Result {
    let rate = match facts.rate {
        blindspot_catalog::Rate::Routine => "a busy host writes it all day",
        blindspot_catalog::Rate::Act => "written only when someone does that thing",
        blindspot_catalog::Rate::AlwaysOn => "cannot be switched off",
    };
    let default = match facts.default {
        blindspot_catalog::DefaultState::On => "recorded",
        blindspot_catalog::DefaultState::Partly => "recorded in part",
        blindspot_catalog::DefaultState::Off => "not recorded",
    };
    writeln!(text, "  rate      {rate}")?;
    writeln!(text, "  default   {default} by a stock installation")?;
    writeln!(text, "  hosts     {}", facts.role.as_str())?;
    for fix in facts.fixes.iter().chain(facts.field_fixes.iter().map(|(_, fix)| fix)) {
        writeln!(text, "  needs     {}", clean(&fix.action))?;
        if let Some(command) = &fix.command {
            writeln!(text, "            {}", clean(command))?;
        }
    }
    for same in &facts.same_as {
        writeln!(text, "  same as   {same} on other versions of Windows")?;
    }
    if let Some(fields) = &facts.fields {
        let names: Vec<&str> = fields.iter().map(|name| name.as_str()).collect();
        writeln!(text, "  fields    {}", names.join(" "))?;
    }
    writeln!(text, "  from      {}", clean(&facts.source))
}

fn import(file: &Path, out: &Path, version: Option<&str>) -> anyhow::Result<String> {
    let bytes = fs::read(file).with_context(|| format!("could not read `{}`", file.display()))?;
    let (attack, problems) =
        attack::import(&bytes, version).with_context(|| format!("could not compile `{}`", file.display()))?;
    fs::create_dir_all(out).with_context(|| format!("could not make the folder `{}`", out.display()))?;
    for (name, text) in attack.write_lines() {
        let path = out.join(name);
        fs::write(&path, text).with_context(|| format!("could not write `{}`", path.display()))?;
    }
    let mut text = counts(&attack)?;
    writeln!(text, "written to {}; use it with --attack {}", out.display(), out.display())?;
    for problem in &problems {
        writeln!(text, "problem: {}", clean(&problem.to_string()))?;
    }
    Ok(text)
}
