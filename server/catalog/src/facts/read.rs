//! Reads the tables of facts, embedded ones first, a user's over them cell by cell.

use std::{
    collections::{BTreeMap, HashMap},
    hash::Hash,
};

use super::{
    EventFacts, Facts, Fix, broader, embedded,
    role::{Evidence, Role},
    row::{self, Key},
};
use crate::Problem;

/// What a table holds, by its file name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Fixes,
    Events,
    Roles,
}

impl Kind {
    const ALL: [Self; 3] = [Self::Fixes, Self::Events, Self::Roles];

    fn of(file: &str) -> Option<Self> {
        let name = file.strip_suffix(".csv")?;
        Self::ALL.into_iter().find(|kind| name.starts_with(kind.prefix()))
    }

    fn prefix(self) -> &'static str {
        match self {
            Self::Fixes => "fixes",
            Self::Events => "event-facts",
            Self::Roles => "roles",
        }
    }

    /// The columns; the first names the row.
    fn columns(self) -> &'static [&'static str] {
        match self {
            Self::Fixes => &["name", "action", "command", "volume", "source"],
            Self::Events => &row::COLUMNS,
            Self::Roles => &["role", "shown_by", "source"],
        }
    }
}

/// One row as it was written: where, and its filled cells by column.
#[derive(Debug, Clone)]
pub(super) struct Row {
    /// File and line.
    pub(super) place: String,
    cells: BTreeMap<&'static str, String>,
}

impl Row {
    /// The cell of a column; empty where there is none or it says `-`.
    pub(super) fn cell(&self, column: &str) -> &str {
        self.cells.get(column).map(String::as_str).filter(|cell| *cell != "-").unwrap_or_default()
    }

    /// This row with the filled cells of a later one.
    fn with(&self, later: &Self) -> Self {
        let mut cells = self.cells.clone();
        cells.extend(later.cells.clone());
        Self { place: later.place.clone(), cells }
    }

    /// The parts of a cell that lists several.
    pub(super) fn list(&self, column: &str) -> impl Iterator<Item = &str> {
        self.cell(column).split(';').map(str::trim).filter(|part| !part.is_empty())
    }
}

/// Reads the embedded tables and a user's.
pub(super) fn read(files: &BTreeMap<String, String>) -> (Facts, Vec<Problem>) {
    let mut problems = Vec::new();
    let own = files.iter().map(|(name, text)| (name.as_str(), text.as_str()));
    let tables: Vec<_> = embedded::FILES.into_iter().chain(own).collect();
    let mut rows_of = |wanted: Kind| -> Vec<Row> {
        let of_kind = tables.iter().filter(|(name, _)| Kind::of(name) == Some(wanted));
        of_kind.flat_map(|(name, text)| rows(name, text, wanted, &mut problems)).collect()
    };
    let (fixes, events, roles) = (rows_of(Kind::Fixes), rows_of(Kind::Events), rows_of(Kind::Roles));

    let name_of = |row: &Row| Ok(row.cell("name").to_owned());
    let fixes: HashMap<String, Fix> =
        merged(fixes, name_of, |row| Ok(row::fix(row)), &mut problems).into_iter().collect();
    let mut facts = Facts::default();
    let key_of = |row: &Row| Key::parse(row.cell("event_type"));
    for (key, known) in merged(events, key_of, |row| row::facts(row, &fixes), &mut problems) {
        facts.insert(key, known);
    }
    for row in roles {
        match role(&row) {
            Ok(role) => facts.roles.push(role),
            Err(what) => problems.push(Problem::new(row.place, what)),
        }
    }
    (facts, problems)
}

impl Facts {
    fn insert(&mut self, key: Key, known: EventFacts) {
        match key {
            Key::Source(source) => {
                self.by_source.insert(source, known);
            }
            Key::Type(pattern) => {
                if let Some(open) = broader(&pattern) {
                    self.with_provider.entry(open).or_default().push(pattern.clone());
                }
                self.by_pattern.insert(pattern, known);
            }
        }
    }
}

/// The rows of one table.
fn rows(file: &str, text: &str, kind: Kind, problems: &mut Vec<Problem>) -> Vec<Row> {
    let mut reader = csv::ReaderBuilder::new().trim(csv::Trim::All).from_reader(text.as_bytes());
    let headers = match reader.headers() {
        Ok(headers) => headers.clone(),
        Err(error) => {
            problems.push(Problem::new(file, error.to_string()));
            return Vec::new();
        }
    };
    let known = kind.columns();
    let columns: Vec<_> =
        headers.iter().map(|name| known.iter().copied().find(|column| *column == name)).collect();
    for (name, _) in headers.iter().zip(&columns).filter(|(_, column)| column.is_none()) {
        let what = format!("there is no column `{name}`; the columns are {}", known.join(", "));
        problems.push(Problem::new(format!("{file}:1"), what));
    }
    let mut rows = Vec::new();
    for record in reader.records() {
        match record {
            Ok(record) => {
                let line = record.position().map_or(0, csv::Position::line);
                let cells = columns.iter().zip(&record).filter(|(_, cell)| !cell.is_empty());
                let cells = cells.filter_map(|(column, cell)| Some(((*column)?, cell.to_owned()))).collect();
                rows.push(Row { place: format!("{file}:{line}"), cells });
            }
            Err(error) => {
                let line = error.position().map_or(0, csv::Position::line);
                problems.push(Problem::new(format!("{file}:{line}"), error.to_string()));
            }
        }
    }
    rows
}

/// What the rows say, by key, in the order of first mention. Later rows change the cells that they fill; one that
/// cannot be understood is a problem and changes nothing.
fn merged<K: Clone + Eq + Hash, T>(
    rows: Vec<Row>,
    key_of: impl Fn(&Row) -> Result<K, String>,
    value_of: impl Fn(&Row) -> Result<T, String>,
    problems: &mut Vec<Problem>,
) -> Vec<(K, T)> {
    let mut places: HashMap<K, usize> = HashMap::new();
    let mut all: Vec<(K, Row, T)> = Vec::new();
    for row in rows {
        let place = row.place.clone();
        let understood = key_of(&row).and_then(|key| {
            let known = places.get(&key).copied();
            let whole = known
                .and_then(|known| all.get(known))
                .map_or_else(|| row.clone(), |(_, old, _)| old.with(&row));
            value_of(&whole).map(|value| (known, (key, whole, value)))
        });
        match understood {
            Err(what) => problems.push(Problem::new(place, what)),
            Ok((known, entry)) => match known.and_then(|known| all.get_mut(known)) {
                Some(old) => *old = entry,
                None => {
                    places.insert(entry.0.clone(), all.len());
                    all.push(entry);
                }
            },
        }
    }
    all.into_iter().map(|(key, _, value)| (key, value)).collect()
}

fn role(row: &Row) -> Result<(Role, Evidence), String> {
    let (role, _) = Role::parse(row.cell("role"))?;
    Ok(match Key::parse(row.cell("shown_by"))? {
        Key::Type(pattern) => (role, Evidence::Event(pattern)),
        Key::Source(source) => (role, Evidence::Source(source)),
    })
}
