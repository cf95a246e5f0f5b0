//! The reviewed tables: what prose references mean, which event types carry a data component, and other releases' names.

use std::collections::HashMap;

use blindspot_telemetry::Platform;

use super::{
    aliases::{Aliases, TECHNIQUE_ALIASES},
    filter::RefKey,
    lines::Files,
    model::{Attack, ComponentId, LogSourceRef, PlatformName},
    reading::{self, Class, Reading, Target},
    rules, table,
};
use crate::Problem;

/// The file name of the table of references.
pub const LOG_SOURCES: &str = "attack-log-sources.csv";
/// The file name of the table of data components.
pub const DATA_COMPONENTS: &str = "attack-data-components.csv";

const LOG_SOURCE_COLUMNS: &[&str] = &["platform", "key", "name", "class", "event_types", "note"];
const COMPONENT_COLUMNS: &[&str] = &["id", "stix_id", "name", "windows", "linux", "note"];

/// The tables in use: those built in, with a user's rows over them.
#[derive(Debug, Clone, Default)]
pub struct Mappings {
    references: HashMap<(PlatformName, RefKey), Reading>,
    /// By ATT&CK id and by STIX id.
    components: HashMap<String, Equivalents>,
    aliases: Aliases,
}

/// Event types that carry one data component, whatever an analytic names.
#[derive(Debug, Clone, Default)]
struct Equivalents {
    windows: Vec<Target>,
    linux: Vec<Target>,
}

impl Mappings {
    /// The tables that are built in.
    #[must_use]
    pub fn embedded() -> Self {
        let mut mappings = Self::default();
        // A test reads the same tables and asserts that they hold no problem.
        mappings.add(&embedded_tables());
        mappings
    }

    /// The built-in tables, with the rows of a user's files over them. Files of other names are not read.
    #[must_use]
    pub fn from_files(files: &Files) -> (Self, Vec<Problem>) {
        let mut mappings = Self::embedded();
        let problems = mappings.add(files);
        (mappings, problems)
    }

    /// Names of techniques and tactics in other releases.
    #[must_use]
    pub fn aliases(&self) -> &Aliases {
        &self.aliases
    }

    /// What a reference means on a platform: the table's row, else the rules.
    ///
    /// Where neither knows, it is read by its data component, or is uninterpretable where that has no event types.
    #[must_use]
    pub fn read(
        &self,
        attack: &Attack,
        platform: &PlatformName,
        at: (&ComponentId, &LogSourceRef),
    ) -> Reading {
        let (component, reference) = at;
        if let Some(reading) = self.references.get(&(platform.clone(), reference.key.clone())) {
            return reading.clone();
        }
        rules::read(platform, reference).unwrap_or_else(|| {
            let equivalents = self.equivalents(attack, component, platform);
            let class = if equivalents.is_empty() { Class::Uninterpretable } else { Class::ByComponent };
            Reading::new(class, Vec::new())
        })
    }

    /// Event types that carry a data component on a platform; empty where no host log does.
    #[must_use]
    pub fn equivalents(
        &self,
        attack: &Attack,
        component: &ComponentId,
        platform: &PlatformName,
    ) -> &[Target] {
        let by_stix_id = || attack.components.get(component).and_then(|c| self.components.get(&*c.stix_id));
        let found = self.components.get(component.as_str()).or_else(by_stix_id);
        match (found, rules::sampled(platform)) {
            (Some(equivalents), Some(Platform::Windows)) => &equivalents.windows,
            (Some(equivalents), Some(Platform::Linux)) => &equivalents.linux,
            _ => &[],
        }
    }

    fn add(&mut self, files: &Files) -> Vec<Problem> {
        let mut problems = Vec::new();
        if let Some(text) = files.get(LOG_SOURCES) {
            self.add_references(text, &mut problems);
        }
        if let Some(text) = files.get(DATA_COMPONENTS) {
            self.add_components(text, &mut problems);
        }
        if let Some(text) = files.get(TECHNIQUE_ALIASES) {
            self.aliases.add(text, &mut problems);
        }
        problems
    }

    fn add_references(&mut self, text: &str, problems: &mut Vec<Problem>) {
        for row in table::read(LOG_SOURCES, text, LOG_SOURCE_COLUMNS, problems) {
            let Some(class) = Class::parse(row.cell(3)) else {
                problems.push(row.problem(format!("left out: `{}` is no class", row.cell(3))));
                continue;
            };
            match reading::parse_targets(row.cell(4)) {
                Ok(targets) => {
                    let note = Some(row.cell(5)).filter(|note| !note.is_empty()).map(Into::into);
                    let key = (PlatformName::new(row.cell(0)), RefKey::new(row.cell(1)));
                    self.references.insert(key, Reading { class, targets, note });
                }
                Err(error) => problems.push(row.problem(format!("left out: {error}"))),
            }
        }
    }

    fn add_components(&mut self, text: &str, problems: &mut Vec<Problem>) {
        for row in table::read(DATA_COMPONENTS, text, COMPONENT_COLUMNS, problems) {
            match (reading::parse_targets(row.cell(3)), reading::parse_targets(row.cell(4))) {
                (Ok(windows), Ok(linux)) => {
                    let equivalents = Equivalents { windows, linux };
                    for id in [row.cell(0), row.cell(1)].into_iter().filter(|id| !id.is_empty()) {
                        self.components.insert(id.to_owned(), equivalents.clone());
                    }
                }
                (Err(error), _) | (_, Err(error)) => problems.push(row.problem(format!("left out: {error}"))),
            }
        }
    }
}

fn embedded_tables() -> Files {
    let tables = [
        (LOG_SOURCES, include_str!("../../../../config/catalog/attack-log-sources.csv")),
        (DATA_COMPONENTS, include_str!("../../../../config/catalog/attack-data-components.csv")),
        (TECHNIQUE_ALIASES, include_str!("../../../../config/catalog/technique-aliases.csv")),
    ];
    tables.into_iter().map(|(name, text)| (name.to_owned(), text.to_owned())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_built_in_tables_hold_no_problem() {
        assert_eq!(Mappings::default().add(&embedded_tables()), []);
    }

    #[test]
    fn a_users_row_overrides_and_a_bad_row_is_a_problem() {
        let key = RefKey::of("linux:thing", "prose");
        let table = format!(
            "platform,key,name,class,event_types,note\nLinux,{key},linux:thing,record,auditd:AVC,mine\nLinux,x,y,best,,\nLinux,x,y,exact,sysmon,\n"
        );
        let (mappings, problems) = Mappings::from_files(&Files::from([(LOG_SOURCES.to_owned(), table)]));
        assert_eq!(problems.len(), 2);
        let reference =
            LogSourceRef { name: "linux:thing".into(), filter: super::super::EventFilter::Prose, key };
        let component = ComponentId::new("DC0032");
        let reading =
            mappings.read(&Attack::default(), &PlatformName::new("Linux"), (&component, &reference));
        assert_eq!(reading.class, Class::Record);
        assert_eq!(table::join(reading.targets), "auditd:AVC");
    }

    #[test]
    fn what_no_row_and_no_rule_knows_is_read_by_its_component() {
        let mappings = Mappings::embedded();
        let reference = LogSourceRef {
            name: "linux:new".into(),
            filter: super::super::EventFilter::Prose,
            key: RefKey::of("linux:new", "words"),
        };
        let read = |component: &str| {
            let component = ComponentId::new(component);
            mappings.read(&Attack::default(), &PlatformName::new("Linux"), (&component, &reference)).class
        };
        assert_eq!(read("DC0032"), Class::ByComponent);
        assert_eq!(read("DC9999"), Class::Uninterpretable);
    }
}
