//! Which event types each Sigma logsource means: `config/catalog/sigma-logsources.csv`, or a user's own copy of it.

use std::{
    collections::BTreeMap,
    sync::{Arc, LazyLock},
};

use blindspot_telemetry::{EventId, EventTypePattern, FieldName, SourceId};
use serde::Deserialize;

use super::rule::Logsource;
use crate::{Breadth, Problem};

const PLACE: &str = "sigma-logsources.csv";

/// The table of logsources.
#[derive(Debug, Clone, Default)]
pub struct Logsources {
    rows: BTreeMap<Key, Vec<Arc<Alternative>>>,
}

type Key = (String, String, String);

/// One way to feed a logsource: event types that carry its fields in the same manner.
#[derive(Debug, Clone)]
pub struct Alternative {
    /// Alternatives of one rank are one logging setup (Sysmon 12, 13 and 14); lower ranks are more usual.
    pub rank: u8,
    /// Event types, in order.
    pub carriers: Vec<Carrier>,
    /// Ids that a rule means which names none, for carriers that leave the id to the rule.
    pub default_ids: Vec<EventId>,
    /// What is known of its fields.
    pub fields: Fields,
    /// Whether seeing it is full sight.
    pub breadth: Breadth,
    /// The Sysmon configuration tag that filters it.
    pub sysmon_tag: Option<Arc<str>>,
    /// What people should know of it.
    pub note: Arc<str>,
}

/// What carries a logsource.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Carrier {
    /// One event type.
    Type(EventTypePattern),
    /// A source; the rule says which of its events.
    Source(SourceId),
}

/// What is known of an alternative's fields.
#[derive(Debug, Clone)]
pub struct Fields {
    /// Rule field to the event's own fields. An empty list is a field that another record of the same event carries.
    pub names: Vec<(FieldName, Arc<[FieldName]>)>,
    /// What holds for fields that are not listed.
    pub others: Others,
}

/// What holds for fields that a row does not list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Others {
    /// The event does not have them.
    Absent,
    /// The rule spells them as the event does.
    SameName,
    /// They are pieces of a text line that a pipeline cuts out: their fill is not judged.
    PartOfText,
}

/// What the table says of a logsource.
#[derive(Debug, Clone)]
pub enum Mapping {
    /// Event types, best first.
    Mapped(Vec<Arc<Alternative>>),
    /// Nothing samples it.
    Outside(Arc<str>),
    /// No row is for it.
    Unmapped,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Row {
    product: String,
    category: String,
    service: String,
    rank: u8,
    event_types: String,
    default_ids: String,
    fields: String,
    field_list: String,
    breadth: String,
    class: String,
    sysmon_tag: String,
    note: String,
}

static EMBEDDED: LazyLock<(Logsources, Vec<Problem>)> =
    LazyLock::new(|| Logsources::from_csv(include_str!("../../../../config/catalog/sigma-logsources.csv")));

impl Logsources {
    /// The table that the program carries.
    #[must_use]
    pub fn embedded() -> &'static Self {
        &EMBEDDED.0
    }

    /// Reads a table in the form of `config/catalog/sigma-logsources.csv`. A bad line is a problem; the others are kept.
    #[must_use]
    pub fn from_csv(text: &str) -> (Self, Vec<Problem>) {
        let mut table = Self::default();
        let mut problems = Vec::new();
        let mut reader = csv::ReaderBuilder::new().flexible(false).from_reader(text.as_bytes());
        for (at, record) in reader.deserialize::<Row>().enumerate() {
            let place = || format!("{PLACE}, row {}", at + 2);
            match record {
                Err(error) => {
                    problems.push(Problem::new(place(), format!("the row cannot be read: {error}")))
                }
                Ok(row) => match alternative(&row) {
                    Err(reason) => problems.push(Problem::new(place(), reason)),
                    Ok(alternative) => {
                        let key = (row.product, row.category, row.service);
                        table.rows.entry(key).or_default().push(Arc::new(alternative));
                    }
                },
            }
        }
        for rows in table.rows.values_mut() {
            rows.sort_by_key(|row| row.rank);
        }
        (table, problems)
    }

    /// Puts another table's logsources in place of this one's.
    #[must_use]
    pub fn overridden_by(mut self, other: Self) -> Self {
        self.rows.extend(other.rows);
        self
    }

    /// What the table says of a logsource.
    #[must_use]
    pub fn lookup(&self, logsource: &Logsource) -> Mapping {
        let word = |word: &Option<Arc<str>>| word.as_deref().unwrap_or_default().to_owned();
        let (product, category, service) =
            (word(&logsource.product), word(&logsource.category), word(&logsource.service));
        let rows = self.rows_for(&product, &category, &service);
        let outside = rows.iter().all(|row| row.carriers.is_empty());
        match rows.first() {
            None => Mapping::Unmapped,
            Some(row) if outside => Mapping::Outside(row.note.clone()),
            Some(_) => Mapping::Mapped(rows.into_iter().filter(|row| !row.carriers.is_empty()).collect()),
        }
    }

    fn rows_for(&self, product: &str, category: &str, service: &str) -> Vec<Arc<Alternative>> {
        let get = |product: &str, category: &str, service: &str| {
            self.rows
                .get(&(product.to_owned(), category.to_owned(), service.to_owned()))
                .cloned()
                .unwrap_or_default()
        };
        let exact = get(product, category, service);
        if !exact.is_empty() {
            return exact;
        }
        if product.is_empty() && !(category.is_empty() && service.is_empty()) {
            // A category or service without product is meant for every product.
            let mut both = get("windows", category, service);
            both.extend(get("linux", category, service));
            return both;
        }
        if !category.is_empty() && !service.is_empty() {
            // Both given: the category's event types, as far as the service's logs hold them.
            let (by_category, by_service) = (get(product, category, ""), get(product, "", service));
            let narrowed: Vec<_> = by_category
                .iter()
                .filter(|row| by_service.iter().any(|other| row.shares_source(other)))
                .cloned()
                .collect();
            let found = [narrowed, by_category, by_service].into_iter().find(|rows| !rows.is_empty());
            if let Some(rows) = found {
                return rows;
            }
        }
        get(product, "*", "*")
    }

    /// A line that would map the logsource, for the reader to complete.
    #[must_use]
    pub fn suggestion(logsource: &Logsource) -> String {
        let word = |word: &Option<Arc<str>>| word.as_deref().unwrap_or_default().to_owned();
        format!(
            "{},{},{},1,CHANNEL:*,,,open,exact,windows-event,,",
            word(&logsource.product),
            word(&logsource.category),
            word(&logsource.service)
        )
    }
}

impl Alternative {
    /// True where the row names several sources because the logsource names none.
    #[must_use]
    pub fn is_any_log(&self) -> bool {
        self.breadth == Breadth::SourceLevel && self.leaves_event_to_rule()
    }

    /// True where the rule, not the row, says which events of a source are meant.
    #[must_use]
    pub fn leaves_event_to_rule(&self) -> bool {
        self.carriers.iter().all(|carrier| matches!(carrier, Carrier::Source(_)))
    }

    fn shares_source(&self, other: &Self) -> bool {
        let source = |carrier: &Carrier| match carrier {
            Carrier::Type(pattern) => SourceId::of_pattern(pattern),
            Carrier::Source(source) => source.clone(),
        };
        self.carriers.iter().any(|mine| other.carriers.iter().any(|theirs| source(mine) == source(theirs)))
    }

    /// True where the source is one of this alternative's, or could be.
    #[must_use]
    pub fn is_fed_by(&self, source: &SourceId) -> bool {
        self.is_any_log() || self.carriers.contains(&Carrier::Source(source.clone()))
    }

    /// True where the event type is one of this alternative's.
    #[must_use]
    pub fn carries(&self, pattern: &EventTypePattern) -> bool {
        self.is_any_log()
            || self.carriers.iter().any(|carrier| match carrier {
                Carrier::Type(mine) => without_provider(mine) == without_provider(pattern),
                Carrier::Source(source) => *source == SourceId::of_pattern(pattern),
            })
    }
}

fn without_provider(pattern: &EventTypePattern) -> EventTypePattern {
    match pattern.clone() {
        EventTypePattern::Windows { channel, event_id, .. } => {
            EventTypePattern::Windows { channel, provider: None, event_id }
        }
        other => other,
    }
}

fn alternative(row: &Row) -> Result<Alternative, String> {
    let carriers = list(&row.event_types, ';').map(carrier).collect::<Result<_, _>>()?;
    let default_ids = row.default_ids.split_whitespace().map(|id| {
        id.parse()
            .map(EventId)
            .map_err(|_| format!("`{id}` among the default ids is no number from 0 to 65535"))
    });
    let others = match row.field_list.as_str() {
        "closed" => Others::Absent,
        "open" => Others::SameName,
        "text" => Others::PartOfText,
        other => return Err(format!("`{other}` is no field list; write closed, open or text")),
    };
    let breadth = match row.breadth.as_str() {
        "exact" => Breadth::Exact,
        "source-level" => Breadth::SourceLevel,
        other => return Err(format!("`{other}` is no breadth; write exact or source-level")),
    };
    let note = if row.event_types.is_empty() { outside_text(row) } else { row.note.clone() };
    Ok(Alternative {
        rank: row.rank,
        carriers,
        default_ids: default_ids.collect::<Result<_, _>>()?,
        fields: Fields { names: list(&row.fields, ';').map(field).collect(), others },
        breadth,
        sysmon_tag: (!row.sysmon_tag.is_empty()).then(|| row.sysmon_tag.as_str().into()),
        note: note.into(),
    })
}

/// What nothing samples, in few words: `cloud (aws cloudtrail)`.
fn outside_text(row: &Row) -> String {
    let class = row.class.strip_prefix("not-sampled:").unwrap_or(&row.class);
    let words = [&row.product, &row.category, &row.service];
    let named: Vec<&str> =
        words.into_iter().map(String::as_str).filter(|word| !matches!(*word, "" | "*")).collect();
    let note = if row.note.is_empty() { String::new() } else { format!("; {}", row.note) };
    format!("{class} ({}){note}", named.join(" "))
}

fn list(text: &str, separator: char) -> impl Iterator<Item = &str> {
    text.split(separator).map(str::trim).filter(|part| !part.is_empty())
}

fn carrier(text: &str) -> Result<Carrier, String> {
    let parse = |text: &str| {
        text.parse::<EventTypePattern>().map_err(|error| format!("`{text}` is no event type: {error}"))
    };
    match text.strip_suffix(":*") {
        None => parse(text).map(Carrier::Type),
        // Any id will do to learn which source the short name means.
        Some(source) => {
            parse(&format!("{source}:0")).map(|pattern| Carrier::Source(SourceId::of_pattern(&pattern)))
        }
    }
}

/// `Image<-NewProcessName`, `TargetObject<-ObjectName+ObjectValueName`, `CommandLine`.
fn field(text: &str) -> (FieldName, Arc<[FieldName]>) {
    match text.split_once("<-") {
        None => (text.into(), Arc::from([FieldName::from(text)])),
        Some((rule, event)) => (rule.trim().into(), list(event, '+').map(FieldName::from).collect()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn logsource(product: &str, category: &str, service: &str) -> Logsource {
        let word = |word: &str| (!word.is_empty()).then(|| word.into());
        Logsource {
            product: word(product),
            category: word(category),
            service: word(service),
            definition: None,
        }
    }

    fn carriers(mapping: &Mapping) -> Vec<String> {
        let Mapping::Mapped(rows) = mapping else { return vec![] };
        rows.iter()
            .flat_map(|row| &row.carriers)
            .map(|carrier| match carrier {
                Carrier::Type(pattern) => pattern.to_string(),
                Carrier::Source(source) => format!("{source}:*"),
            })
            .collect()
    }

    #[test]
    fn the_embedded_table_has_no_bad_row() {
        assert_eq!(EMBEDDED.1, vec![]);
    }

    #[test]
    fn a_category_has_its_alternatives_in_order() {
        let table = Logsources::embedded();
        let found = carriers(&table.lookup(&logsource("windows", "process_creation", "")));
        assert_eq!(found, ["sysmon:1", "security:4688"]);
        let narrowed = carriers(&table.lookup(&logsource("windows", "process_creation", "security")));
        assert_eq!(narrowed, ["security:4688"]);
        let both = carriers(&table.lookup(&logsource("", "process_creation", "")));
        assert!(both.contains(&"sysmon:1".to_owned()) && both.contains(&"sysmon-linux:1".to_owned()));
    }

    #[test]
    fn what_is_not_sampled_says_what_it_is_and_what_is_unknown_is_unmapped() {
        let table = Logsources::embedded();
        let Mapping::Outside(what) = table.lookup(&logsource("aws", "", "cloudtrail")) else { panic!() };
        assert_eq!(&*what, "cloud (aws cloudtrail)");
        let Mapping::Outside(what) = table.lookup(&logsource("aws", "", "guardduty")) else { panic!() };
        assert_eq!(&*what, "cloud (aws)");
        assert!(matches!(table.lookup(&logsource("windows", "", "no-such")), Mapping::Unmapped));
        assert!(matches!(table.lookup(&logsource("", "", "")), Mapping::Unmapped));
    }

    #[test]
    fn a_user_table_replaces_single_logsources_and_its_bad_rows_are_problems() {
        let header = include_str!("../../../../config/catalog/sigma-logsources.csv").lines().next().unwrap();
        let text = format!(
            "{header}\nwindows,,no-such,1,My Channel:*,,,open,exact,windows-event,,\nwindows,x,,1,bad,,,open,exact,,,\nwindows,y,,1,sysmon:1,,,sometimes,exact,,,\n"
        );
        let (own, problems) = Logsources::from_csv(&text);
        assert_eq!(problems.len(), 2);
        assert!(problems[0].to_string().contains("row 3: `bad` is no event type"));
        let table = Logsources::embedded().clone().overridden_by(own);
        assert_eq!(carriers(&table.lookup(&logsource("windows", "", "no-such"))), ["My Channel:*"]);
        assert_eq!(carriers(&table.lookup(&logsource("windows", "clipboard_capture", ""))), ["sysmon:24"]);
    }

    #[test]
    fn the_suggested_line_is_one_that_the_table_reads() {
        let header = include_str!("../../../../config/catalog/sigma-logsources.csv").lines().next().unwrap();
        let line = Logsources::suggestion(&logsource("windows", "", "no-such"));
        let (table, problems) = Logsources::from_csv(&format!("{header}\n{line}\n"));
        assert_eq!(problems, vec![]);
        assert!(matches!(table.lookup(&logsource("windows", "", "no-such")), Mapping::Mapped(_)));
    }
}
