//! The inventory as CSV.

use super::entry::{Entry, Events};
use crate::Problem;

const COLUMNS: [&str; 8] = ["id", "title", "techniques", "events", "fields", "level", "platform", "outside"];

/// The entries of a table, with their lines.
pub(super) fn read(file: &str, text: &str, problems: &mut Vec<Problem>) -> Vec<(usize, Entry)> {
    let mut reader = csv::ReaderBuilder::new().trim(csv::Trim::All).from_reader(text.as_bytes());
    let headers = match reader.headers() {
        Ok(headers) => headers.clone(),
        Err(error) => {
            problems.push(Problem::new(file, error.to_string()));
            return Vec::new();
        }
    };
    for name in headers.iter().filter(|name| !COLUMNS.contains(name)) {
        let what = format!("there is no column `{name}`; the columns are {}", COLUMNS.join(", "));
        problems.push(Problem::new(format!("{file}:1"), what));
    }
    let mut entries = Vec::new();
    for record in reader.records() {
        match record {
            Ok(record) => {
                let line = record.position().map_or(0, csv::Position::line);
                let cell = |name: &str| {
                    let cells = headers.iter().zip(&record);
                    cells
                        .filter(|(header, cell)| *header == name && !cell.is_empty())
                        .map(|(_, cell)| cell)
                        .next()
                };
                match entry(cell) {
                    Ok(entry) => entries.push((usize::try_from(line).unwrap_or(usize::MAX), entry)),
                    Err(what) => problems.push(Problem::new(format!("{file}:{line}"), what)),
                }
            }
            Err(error) => {
                let line = error.position().map_or(0, csv::Position::line);
                problems.push(Problem::new(format!("{file}:{line}"), error.to_string()));
            }
        }
    }
    entries
}

fn entry<'r>(cell: impl Fn(&str) -> Option<&'r str>) -> Result<Entry, String> {
    let needed = |name| cell(name).map(str::to_owned).ok_or_else(|| format!("the cell `{name}` is empty"));
    let list = |name| -> Vec<String> {
        let parts = cell(name).unwrap_or_default().split(';').map(str::trim);
        parts.filter(|part| !part.is_empty()).map(str::to_owned).collect()
    };
    let events = match (cell("events"), cell("outside")) {
        (Some(_), None) => Events::All(list("events")),
        (None, Some(what)) => Events::Outside(what.to_owned()),
        (None, None) => return Err("one of the cells `events` and `outside` must be filled".to_owned()),
        (Some(_), Some(_)) => return Err("the cells `events` and `outside` exclude each other".to_owned()),
    };
    Ok(Entry {
        id: needed("id")?,
        title: needed("title")?,
        techniques: list("techniques"),
        events,
        fields: list("fields"),
        level: cell("level").map(str::to_owned),
        platform: cell("platform").map(str::to_owned),
    })
}
