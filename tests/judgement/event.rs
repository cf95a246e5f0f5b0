//! A log record as the flat event that rules are written for.

use serde_json::{Map, Value};

/// Names and values, as Sigma spells them.
pub type Flat = Map<String, Value>;

/// What identifies an event.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Kind {
    pub channel: String,
    pub provider: String,
    pub id: u64,
}

/// A record of a log.
pub struct Event {
    pub kind: Kind,
    pub computer: String,
    pub fields: Flat,
}

impl Event {
    /// Reads what the `evtx` crate makes of a record.
    pub fn of(record: &Value) -> Self {
        let event = &record["Event"];
        let mut fields = Flat::new();
        if let Some(system) = event["System"].as_object() {
            for (name, value) in system {
                system_field(name, value, &mut fields);
            }
        }
        let text = |name: &str| fields.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
        let number = |value: &Value| value.as_u64().or_else(|| value.as_str()?.parse().ok());
        let id = fields.get("EventID").and_then(number).unwrap_or_default();
        let kind = Kind { channel: text("Channel"), provider: text("Provider_Name"), id };
        let computer = text("Computer");
        for payload in ["EventData", "UserData"] {
            leaves(&event[payload], &mut fields);
        }
        Self { kind, computer, fields }
    }
}

/// `<Provider Name="..">` is `Provider_Name`; what stands in an element is named like the element.
fn system_field(name: &str, value: &Value, into: &mut Flat) {
    let Some(parts) = value.as_object() else {
        add(name, value.clone(), into);
        return;
    };
    if let Some(text) = parts.get("#text") {
        add(name, text.clone(), into);
    }
    for (attribute, value) in parts.get("#attributes").and_then(Value::as_object).into_iter().flatten() {
        add(&format!("{name}_{attribute}"), value.clone(), into);
    }
}

fn leaves(value: &Value, into: &mut Flat) {
    let Some(parts) = value.as_object() else { return };
    for (name, value) in parts.iter().filter(|(name, _)| *name != "#attributes") {
        match value {
            Value::Object(inner) => match inner.get("#text") {
                Some(text) => add(name, text.clone(), into),
                None => leaves(value, into),
            },
            Value::Array(items) if items.iter().any(Value::is_object) => {
                items.iter().for_each(|item| leaves(item, into));
            }
            _ => add(name, value.clone(), into),
        }
    }
}

/// Two values under one name (System 104 names the cleared log in a field `Channel`) are both the field's.
fn add(name: &str, value: Value, into: &mut Flat) {
    let merged = match into.remove(name) {
        None => value,
        Some(Value::Array(mut known)) => {
            known.push(value);
            Value::Array(known)
        }
        Some(known) => Value::Array(vec![known, value]),
    };
    into.insert(name.to_owned(), merged);
}

/// The event as shippers send it that leave empty fields out.
pub fn without_empty(fields: &Flat) -> Flat {
    let empty = |value: &Value| value.is_null() || value.as_str() == Some("");
    fields
        .iter()
        .filter(|(_, value)| !empty(value))
        .map(|(name, value)| (name.clone(), value.clone()))
        .collect()
}
