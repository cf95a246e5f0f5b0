//! The inventory as TOML.

use serde::Deserialize;
use toml::de::{DeTable, DeValue, ValueDeserializer};

use super::{
    entry::{Entry, Events},
    line_of,
};
use crate::Problem;

/// One `[[detection]]` as it is written.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Table {
    id: String,
    title: String,
    #[serde(default)]
    techniques: Vec<String>,
    any: Option<Vec<String>>,
    all: Option<Vec<String>>,
    outside: Option<String>,
    #[serde(default)]
    fields: Vec<String>,
    level: Option<String>,
    platform: Option<String>,
}

/// The entries of a file, with their lines.
pub(super) fn read(file: &str, text: &str, problems: &mut Vec<Problem>) -> Vec<(usize, Entry)> {
    let place = |byte: usize| format!("{file}:{}", line_of(text, byte));
    let table = match DeTable::parse(text) {
        Ok(table) => table.into_inner(),
        Err(error) => {
            let byte = error.span().map_or(0, |span| span.start);
            problems.push(Problem::new(place(byte), error.message()));
            return Vec::new();
        }
    };
    let mut entries = Vec::new();
    for (key, value) in table {
        let start = key.span().start;
        let DeValue::Array(items) = value.into_inner() else {
            problems.push(Problem::new(place(start), not_a_detection(key.as_ref())));
            continue;
        };
        if key.as_ref() != "detection" {
            problems.push(Problem::new(place(start), not_a_detection(key.as_ref())));
            continue;
        }
        for item in items {
            let start = item.span().start;
            let table = Table::deserialize(ValueDeserializer::from(item));
            let table = table
                .map_err(|error| (error.span().map_or(start, |span| span.start), error.message().to_owned()));
            match table.and_then(|table| table.entry().map_err(|what| (start, what))) {
                Ok(entry) => entries.push((line_of(text, start), entry)),
                Err((byte, what)) => problems.push(Problem::new(place(byte), what)),
            }
        }
    }
    entries
}

fn not_a_detection(key: &str) -> String {
    format!("`{key}` is not known here; the file holds [[detection]] tables")
}

impl Table {
    fn entry(self) -> Result<Entry, String> {
        let events = match (self.any, self.all, self.outside) {
            (Some(any), None, None) => Events::Any(any),
            (None, Some(all), None) => Events::All(all),
            (None, None, Some(what)) => Events::Outside(what),
            (None, None, None) => return Err("one of `any`, `all` and `outside` is needed".to_owned()),
            _ => return Err("`any`, `all` and `outside` exclude each other".to_owned()),
        };
        Ok(Entry {
            id: self.id,
            title: self.title,
            techniques: self.techniques,
            events,
            fields: self.fields,
            level: self.level,
            platform: self.platform,
        })
    }
}
