//! One row of a table of facts, understood.

use std::{collections::HashMap, sync::Arc};

use blindspot_telemetry::{EventTypePattern, FieldName, SourceId, settings::Subcategory};

use super::{AuditNeed, DefaultState, EventFacts, Fix, Outcome, Rate, read::Row, role::Role};

/// The columns of an event type's row; lists are separated by `;`.
///
/// - `event_type`: `sysmon:13`, or `sysmon:*` for what holds of the source's event types without a row.
/// - `rate`: `routine`, `act` or `always_on`. `default`: `on`, `partly` or `off`. `retired`: `yes` or nothing.
/// - `role`: `any`, the word of a role, or `optional:PRODUCT`.
/// - `group`: event types of one group are recorded or not together.
/// - `policy`: subcategories of the Windows audit policy that write it, by the first part of their GUIDs; `outcome`:
///   `success` or `failure` where only one of them does.
/// - `fixes`: names of rows of `fixes.csv`, all of them needed, those that set a SACL named `sacl-...`; `field_fixes`:
///   `CommandLine=command-line`.
/// - `fields`: all that the event declares, or nothing; `later_fields`: `OriginalFileName=4.21`.
/// - `source`: where the facts come from.
pub(super) const COLUMNS: [&str; 16] = [
    "event_type",
    "title",
    "rate",
    "default",
    "role",
    "retired",
    "group",
    "policy",
    "outcome",
    "same_as",
    "fixes",
    "field_fixes",
    "fields",
    "later_fields",
    "sysmon_tag",
    "source",
];

/// What a row is about.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) enum Key {
    /// An event type: `sysmon:13`.
    Type(EventTypePattern),
    /// The other event types of a source: `sysmon:*`.
    Source(SourceId),
}

impl Key {
    /// Reads `sysmon:13` or `sysmon:*`.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let pattern = |text: &str| text.parse::<EventTypePattern>().map_err(|error| error.to_string());
        match text.strip_suffix(":*") {
            None => pattern(text).map(Self::Type),
            // Any event type names its source; for a channel the id is a number.
            Some(source) => {
                pattern(&format!("{source}:0")).map(|any| Self::Source(SourceId::of_pattern(&any)))
            }
        }
    }
}

/// A fix as its row says.
pub(super) fn fix(row: &Row) -> Fix {
    let optional = |column| Some(row.cell(column)).filter(|cell| !cell.is_empty()).map(Arc::from);
    Fix {
        name: row.cell("name").into(),
        action: row.cell("action").into(),
        command: optional("command"),
        volume: optional("volume"),
    }
}

/// The facts that a row states, or what is wrong with it.
pub(super) fn facts(row: &Row, fixes: &HashMap<String, Fix>) -> Result<EventFacts, String> {
    let fix = |name: &str| fixes.get(name).cloned().ok_or_else(|| format!("no table has a fix `{name}`"));
    let optional = |column| Some(row.cell(column)).filter(|cell| !cell.is_empty()).map(Arc::<str>::from);
    let (role, product) = Role::parse(row.cell("role"))?;
    let fields: Arc<[FieldName]> = row.list("fields").map(FieldName::new).collect();
    Ok(EventFacts {
        title: row.cell("title").into(),
        rate: rate(row.cell("rate"))?,
        default: default_state(row.cell("default"))?,
        role,
        product,
        fixes: row.list("fixes").map(fix).collect::<Result<_, _>>()?,
        field_fixes: pairs(row, "field_fixes")
            .map(|pair| pair.and_then(|(field, name)| Ok((FieldName::new(field), fix(name)?))))
            .collect::<Result<_, _>>()?,
        group: optional("group"),
        audited: audited(row)?,
        same_as: row.list("same_as").map(pattern).collect::<Result<_, _>>()?,
        fields: Some(fields).filter(|fields| !fields.is_empty()),
        later_fields: pairs(row, "later_fields")
            .map(|pair| pair.map(|(field, schema)| (FieldName::new(field), schema.into())))
            .collect::<Result<_, _>>()?,
        sysmon_tag: optional("sysmon_tag"),
        retired: retired(row.cell("retired"))?,
        source: row.cell("source").into(),
    })
}

fn audited(row: &Row) -> Result<Option<AuditNeed>, String> {
    let subcategory = |first: &str| {
        let guid = format!("{{{first}-69AE-11D9-BED3-505054503030}}");
        guid.parse::<Subcategory>().map_err(|error| format!("policy: {error}"))
    };
    let subcategories: Arc<[Subcategory]> = row.list("policy").map(subcategory).collect::<Result<_, _>>()?;
    let outcome = match row.cell("outcome") {
        "" => None,
        "success" => Some(Outcome::Success),
        "failure" => Some(Outcome::Failure),
        text => return Err(format!("`{text}` is no outcome; one is success or failure")),
    };
    if subcategories.is_empty() {
        return outcome.map_or(Ok(None), |_| Err("an outcome without a policy".to_owned()));
    }
    let sacl = row.list("fixes").any(|name| name.starts_with("sacl-"));
    Ok(Some(AuditNeed { subcategories, outcome, sacl }))
}

fn pattern(text: &str) -> Result<EventTypePattern, String> {
    text.parse().map_err(|error| format!("same_as: {error}"))
}

/// The parts of a cell that lists `field=value`.
fn pairs<'a>(row: &'a Row, column: &str) -> impl Iterator<Item = Result<(&'a str, &'a str), String>> {
    row.list(column).map(|part| {
        part.split_once('=')
            .ok_or_else(|| format!("`{part}` is no pair; one reads like CommandLine=command-line"))
    })
}

fn rate(text: &str) -> Result<Rate, String> {
    match text {
        "routine" => Ok(Rate::Routine),
        "act" => Ok(Rate::Act),
        "always_on" => Ok(Rate::AlwaysOn),
        _ => Err(format!("`{text}` is no rate; one is routine, act or always_on")),
    }
}

fn default_state(text: &str) -> Result<DefaultState, String> {
    match text {
        "on" => Ok(DefaultState::On),
        "partly" => Ok(DefaultState::Partly),
        "off" => Ok(DefaultState::Off),
        _ => Err(format!("`{text}` is no default; one is on, partly or off")),
    }
}

fn retired(text: &str) -> Result<bool, String> {
    match text {
        "" | "no" => Ok(false),
        "yes" => Ok(true),
        _ => Err(format!("retired is yes or no, not `{text}`")),
    }
}
