//! The compiled form of ATT&CK: plain lines, one file per kind of object, the same bytes for the same bundle.

use std::{
    collections::{BTreeMap, HashSet},
    str::FromStr,
    sync::Arc,
};

use super::{
    filter::{EventFilter, RefKey},
    model::{
        Analytic, AnalyticId, AnalyticPart, Attack, AttackVersion, ComponentId, DataComponent,
        DetectionStrategy, Group, GroupId, LogSourceRef, Mitigation, MitigationId, PlatformName, Software,
        SoftwareId, SoftwareKind, StrategyId, Tactic, TacticId, Technique, VersionOrigin,
    },
    table::{self, Row, join},
};
use crate::{Problem, TechniqueId};

/// Text by file name.
pub type Files = BTreeMap<String, String>;

/// The format that this program writes.
const FORMAT: &str = "1";

const META: (&str, &[&str]) = ("meta.csv", &["key", "value"]);
const TACTICS: (&str, &[&str]) = ("tactics.csv", &["id", "shortname", "name"]);
const TECHNIQUES: (&str, &[&str]) = ("techniques.csv", &["id", "name", "tactics", "platforms"]);
const REVOKED: (&str, &[&str]) = ("revoked.csv", &["id", "successors"]);
const COMPONENTS: (&str, &[&str]) = ("components.csv", &["id", "stix_id", "name"]);
const STRATEGIES: (&str, &[&str]) = ("strategies.csv", &["id", "name", "techniques"]);
const ANALYTICS: (&str, &[&str]) = ("analytics.csv", &["id", "strategy", "techniques", "platform"]);
const REFERENCES: (&str, &[&str]) = ("references.csv", &["analytic", "component", "name", "filter", "key"]);
const GROUPS: (&str, &[&str]) = ("groups.csv", &["id", "name", "aliases", "techniques", "software"]);
const SOFTWARE: (&str, &[&str]) = ("software.csv", &["id", "name", "kind", "aliases", "techniques"]);
const MITIGATIONS: (&str, &[&str]) = ("mitigations.csv", &["id", "name", "techniques"]);

/// Why a folder holds no compiled ATT&CK.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LinesError {
    /// There is no `meta.csv`.
    #[error("there is no `meta.csv`; compile a bundle with `blindspot catalog import FILE`")]
    NoMeta,
    /// Another version of this program wrote it.
    #[error("the compiled catalogue has format `{0}`, this program reads `1`; compile the bundle again")]
    Format(String),
}

impl Attack {
    /// The compiled lines, by file name.
    #[must_use]
    pub fn write_lines(&self) -> Files {
        let version = self.version.number.as_deref().unwrap_or_default();
        let mut files = Files::new();
        write(
            &mut files,
            META,
            [["format", FORMAT], ["version", version], ["version_origin", self.version.origin.as_str()]],
        );
        write(&mut files, TACTICS, self.tactics.iter().map(|t| [t.id.as_str(), &t.shortname, &t.name]));
        write_objects(self, &mut files);
        write_references(self, &mut files);
        write_actors(self, &mut files);
        files
    }

    /// Reads compiled lines back. A bad line is a problem, and left out.
    ///
    /// # Errors
    /// Where there is no `meta.csv`, or its format is not this program's.
    pub fn read_lines(files: &Files) -> Result<(Self, Vec<Problem>), LinesError> {
        let mut reader = Reader { files, problems: Vec::new(), ids: HashSet::new() };
        let mut attack = Self { version: reader.version()?, ..Self::default() };
        reader.objects(&mut attack);
        reader.analytics(&mut attack);
        reader.actors(&mut attack);
        Ok((attack, reader.problems))
    }
}

fn write<const N: usize, C: AsRef<str>>(
    files: &mut Files,
    (file, columns): (&str, &[&str]),
    rows: impl IntoIterator<Item = [C; N]>,
) {
    let mut text = String::new();
    table::push_line(&mut text, columns);
    for row in rows {
        table::push_line(&mut text, &row.each_ref().map(AsRef::as_ref));
    }
    files.insert(file.to_owned(), text);
}

fn write_objects(attack: &Attack, files: &mut Files) {
    let techniques = attack.techniques.iter();
    write(
        files,
        TECHNIQUES,
        techniques.map(|(id, technique)| {
            [id.to_string(), technique.name.to_string(), join(&technique.tactics), join(&technique.platforms)]
        }),
    );
    write(files, REVOKED, attack.revoked.iter().map(|(id, successors)| [id.to_string(), join(successors)]));
    let components = attack.components.iter();
    write(files, COMPONENTS, components.map(|(id, c)| [id.as_str(), &c.stix_id, &c.name]));
    let strategies = attack.strategies.iter();
    write(
        files,
        STRATEGIES,
        strategies.map(|(id, s)| [id.to_string(), s.name.to_string(), join(&s.techniques)]),
    );
    write(
        files,
        ANALYTICS,
        attack.analytics.iter().map(|(id, analytic)| {
            let strategy = analytic.strategy.as_ref().map(ToString::to_string).unwrap_or_default();
            [id.to_string(), strategy, join(&analytic.techniques), analytic.platform.to_string()]
        }),
    );
}

fn write_references(attack: &Attack, files: &mut Files) {
    let mut rows: Vec<[String; 5]> = Vec::new();
    for (id, analytic) in &attack.analytics {
        for part in &analytic.parts {
            let of_part = |cells: [String; 3]| {
                let [name, filter, key] = cells;
                [id.to_string(), part.component.to_string(), name, filter, key]
            };
            if part.references.is_empty() {
                rows.push(of_part(Default::default()));
            }
            rows.extend(part.references.iter().map(|reference| {
                of_part([reference.name.to_string(), reference.filter.to_string(), reference.key.to_string()])
            }));
        }
    }
    write(files, REFERENCES, rows);
}

fn write_actors(attack: &Attack, files: &mut Files) {
    write(
        files,
        GROUPS,
        attack.groups.iter().map(|(id, group)| {
            let (aliases, techniques) = (join(&group.aliases), join(&group.techniques));
            [id.to_string(), group.name.to_string(), aliases, techniques, join(&group.software)]
        }),
    );
    write(
        files,
        SOFTWARE,
        attack.software.iter().map(|(id, software)| {
            let (aliases, techniques) = (join(&software.aliases), join(&software.techniques));
            [
                id.to_string(),
                software.name.to_string(),
                software.kind.as_str().to_owned(),
                aliases,
                techniques,
            ]
        }),
    );
    let mitigations = attack.mitigations.iter();
    write(
        files,
        MITIGATIONS,
        mitigations.map(|(id, m)| [id.to_string(), m.name.to_string(), join(&m.techniques)]),
    );
}

struct Reader<'a> {
    files: &'a Files,
    problems: Vec<Problem>,
    /// Ids met so far: most are met often, and share their text.
    ids: HashSet<TechniqueId>,
}

impl Reader<'_> {
    fn rows<'f>(&mut self, (file, columns): (&'f str, &[&str])) -> Vec<Row<'f>> {
        match self.files.get(file) {
            Some(text) => table::read(file, text, columns, &mut self.problems),
            None => {
                self.problems.push(Problem::new(file, "is not there; compile the bundle again"));
                Vec::new()
            }
        }
    }

    fn version(&mut self) -> Result<AttackVersion, LinesError> {
        if !self.files.contains_key(META.0) {
            return Err(LinesError::NoMeta);
        }
        let rows = self.rows(META);
        let value =
            |key: &str| rows.iter().find(|row| row.cell(0) == key).map(|row| row.cell(1)).unwrap_or_default();
        if value("format") != FORMAT {
            return Err(LinesError::Format(value("format").to_owned()));
        }
        Ok(AttackVersion {
            number: Some(value("version")).filter(|number| !number.is_empty()).map(Into::into),
            origin: VersionOrigin::parse(value("version_origin")).unwrap_or_default(),
        })
    }

    /// Technique ids of a cell.
    fn techniques(&mut self, row: &Row<'_>, cell: usize) -> Vec<TechniqueId> {
        row.list(cell).filter_map(|id| self.technique(row, id)).collect()
    }

    fn technique(&mut self, row: &Row<'_>, text: &str) -> Option<TechniqueId> {
        if let Some(known) = self.ids.get(text) {
            return Some(known.clone());
        }
        match TechniqueId::from_str(text) {
            Ok(id) => {
                self.ids.insert(id.clone());
                Some(id)
            }
            Err(error) => {
                self.problems.push(row.problem(error.to_string()));
                None
            }
        }
    }

    fn objects(&mut self, attack: &mut Attack) {
        attack.tactics = self.rows(TACTICS).iter().map(tactic).collect();
        for row in self.rows(TECHNIQUES) {
            let Some(id) = self.technique(&row, row.cell(0)) else { continue };
            let technique = Technique {
                name: row.cell(1).into(),
                tactics: texts(&row, 2),
                platforms: row.list(3).map(PlatformName::new).collect(),
            };
            attack.techniques.insert(id, technique);
        }
        for row in self.rows(REVOKED) {
            let Some(id) = self.technique(&row, row.cell(0)) else { continue };
            attack.revoked.insert(id, self.techniques(&row, 1));
        }
        for row in self.rows(COMPONENTS) {
            let component = DataComponent { stix_id: row.cell(1).into(), name: row.cell(2).into() };
            attack.components.insert(ComponentId::new(row.cell(0)), component);
        }
        for row in self.rows(STRATEGIES) {
            let strategy =
                DetectionStrategy { name: row.cell(1).into(), techniques: self.techniques(&row, 2) };
            attack.strategies.insert(StrategyId::new(row.cell(0)), strategy);
        }
    }

    fn analytics(&mut self, attack: &mut Attack) {
        for row in self.rows(ANALYTICS) {
            let analytic = Analytic {
                strategy: Some(row.cell(1)).filter(|id| !id.is_empty()).map(StrategyId::new),
                techniques: self.techniques(&row, 2),
                platform: PlatformName::new(row.cell(3)),
                parts: Vec::new(),
            };
            attack.analytics.insert(AnalyticId::new(row.cell(0)), analytic);
        }
        for row in self.rows(REFERENCES) {
            let Some(analytic) = attack.analytics.get_mut(row.cell(0)) else {
                self.problems.push(row.problem(format!("left out: there is no analytic `{}`", row.cell(0))));
                continue;
            };
            let reference = (!row.cell(4).is_empty()).then(|| LogSourceRef {
                name: row.cell(2).into(),
                filter: EventFilter::parse(row.cell(3)),
                key: RefKey::new(row.cell(4)),
            });
            match analytic.parts.iter_mut().find(|part| part.component.as_str() == row.cell(1)) {
                Some(part) => part.references.extend(reference),
                None => analytic.parts.push(AnalyticPart {
                    component: ComponentId::new(row.cell(1)),
                    references: reference.into_iter().collect(),
                }),
            }
        }
    }

    fn actors(&mut self, attack: &mut Attack) {
        for row in self.rows(GROUPS) {
            let group = Group {
                name: row.cell(1).into(),
                aliases: texts(&row, 2),
                techniques: self.techniques(&row, 3),
                software: row.list(4).map(SoftwareId::new).collect(),
            };
            attack.groups.insert(GroupId::new(row.cell(0)), group);
        }
        for row in self.rows(SOFTWARE) {
            let Some(kind) = SoftwareKind::parse(row.cell(2)) else {
                self.problems.push(row.problem("left out: its kind is neither `malware` nor `tool`"));
                continue;
            };
            let (aliases, techniques) = (texts(&row, 3), self.techniques(&row, 4));
            let software = Software { name: row.cell(1).into(), kind, aliases, techniques };
            attack.software.insert(SoftwareId::new(row.cell(0)), software);
        }
        for row in self.rows(MITIGATIONS) {
            let mitigation = Mitigation { name: row.cell(1).into(), techniques: self.techniques(&row, 2) };
            attack.mitigations.insert(MitigationId::new(row.cell(0)), mitigation);
        }
    }
}

fn tactic(row: &Row<'_>) -> Tactic {
    Tactic { id: TacticId::new(row.cell(0)), shortname: row.cell(1).into(), name: row.cell(2).into() }
}

fn texts(row: &Row<'_>, cell: usize) -> Vec<Arc<str>> {
    row.list(cell).map(Into::into).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(files: &[(&str, &str)]) -> Result<(Attack, Vec<Problem>), LinesError> {
        Attack::read_lines(
            &files.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect(),
        )
    }

    #[test]
    fn an_empty_release_writes_these_lines() {
        let files = Attack::default().write_lines();
        assert_eq!(files["meta.csv"], "key,value\nformat,1\nversion,\nversion_origin,unknown\n");
        assert_eq!(files["references.csv"], "analytic,component,name,filter,key\n");
        assert_eq!(files.len(), 11);
    }

    #[test]
    fn lines_of_format_1_read() {
        let analytics = "id,strategy,techniques,platform\nAN0001,DET0001,T0001;T0002,Windows\n";
        let references = "analytic,component,name,filter,key\nAN0001,DC0032,WinEventLog:Sysmon,1 5,00ff\n";
        let meta = "key,value\nformat,1\nversion,18.1\nversion_origin,given\n";
        let files = [("meta.csv", meta), ("analytics.csv", analytics), ("references.csv", references)];
        let (attack, problems) = read(&files).unwrap();
        assert_eq!(attack.version.to_string(), "18.1");
        let analytic = &attack.analytics["AN0001"];
        assert_eq!(analytic.techniques.len(), 2);
        assert_eq!(analytic.parts[0].references[0].filter.to_string(), "1 5");
        // The files that are not there are named, one problem each.
        assert_eq!(problems.len(), 8);
    }

    #[test]
    fn what_is_no_compiled_catalogue_says_so() {
        assert_eq!(read(&[]).unwrap_err(), LinesError::NoMeta);
        let newer = read(&[("meta.csv", "key,value\nformat,2\n")]).unwrap_err();
        assert_eq!(newer, LinesError::Format("2".to_owned()));
        assert!(newer.to_string().contains("compile the bundle again"));
    }

    #[test]
    fn bad_lines_are_left_out_and_named() {
        let (attack, problems) = read(&[
            ("meta.csv", "key,value\nformat,1\n"),
            ("techniques.csv", "id,name,tactics,platforms\nT1,short,,\nT0001,good,,\n"),
            ("references.csv", "analytic,component,name,filter,key\nAN9,DC1,n,,k\n"),
            ("software.csv", "id,name,kind,aliases,techniques\nS1,n,weapon,,\n"),
        ])
        .unwrap();
        assert_eq!(attack.techniques.len(), 1);
        let named = |text: &str| problems.iter().any(|problem| problem.to_string().contains(text));
        assert!(named("techniques.csv:2: `T1` is no technique id"));
        assert!(named("there is no analytic `AN9`"));
        assert!(named("neither `malware` nor `tool`"));
    }
}
