//! As much of JSON Schema 2020-12 as our published schemas use.

use serde_json::Value;

/// What of a document is not as its schema says, each with its place.
pub(crate) fn errors(schema: &Value, document: &Value) -> Vec<String> {
    let mut errors = Vec::new();
    check(schema, schema, ("", document), &mut errors);
    errors
}

fn check(root: &Value, schema: &Value, (place, value): (&str, &Value), errors: &mut Vec<String>) {
    let schema_of = resolved(root, schema);
    if !types(schema_of).is_empty() && !types(schema_of).iter().any(|name| is(value, name)) {
        errors.push(format!("{place}: {value} is not {}", schema_of["type"]));
        return;
    }
    if schema_of.get("const").is_some_and(|only| only != value) {
        errors.push(format!("{place}: {value} is not {}", schema_of["const"]));
    }
    if schema_of.get("enum").and_then(Value::as_array).is_some_and(|allowed| !allowed.contains(value)) {
        errors.push(format!("{place}: {value} is none of {}", schema_of["enum"]));
    }
    if value
        .as_f64()
        .zip(schema_of.get("minimum").and_then(Value::as_f64))
        .is_some_and(|(n, least)| n < least)
    {
        errors.push(format!("{place}: {value} is too small"));
    }
    if schema_of["format"] == "date-time"
        && value.as_str().is_some_and(|text| text.parse::<jiff::Timestamp>().is_err())
    {
        errors.push(format!("{place}: {value} is no time"));
    }
    for key in schema_of["required"].as_array().into_iter().flatten().filter_map(Value::as_str) {
        if value.get(key).is_none() {
            errors.push(format!("{place}: lacks {key}"));
        }
    }
    for (key, inner) in value.as_object().into_iter().flatten() {
        if let Some(schema) =
            schema_of["properties"].get(key).or_else(|| schema_of.get("additionalProperties"))
        {
            check(root, schema, (&format!("{place}/{key}"), inner), errors);
        }
    }
    for (index, inner) in value.as_array().into_iter().flatten().enumerate() {
        if let Some(schema) = schema_of.get("items") {
            check(root, schema, (&format!("{place}/{index}"), inner), errors);
        }
    }
}

/// Keys of a document that its schema does not name: a schema may fall behind without failing otherwise.
pub(crate) fn unnamed_keys(schema: &Value, document: &Value) -> Vec<String> {
    let mut unnamed = Vec::new();
    walk(schema, schema, ("", document), &mut unnamed);
    unnamed.sort();
    unnamed.dedup();
    unnamed
}

fn walk(root: &Value, schema: &Value, (place, value): (&str, &Value), unnamed: &mut Vec<String>) {
    let schema = resolved(root, schema);
    for (key, inner) in value.as_object().into_iter().flatten() {
        match schema["properties"].get(key).or_else(|| schema.get("additionalProperties")) {
            Some(schema) => walk(root, schema, (&format!("{place}/{key}"), inner), unnamed),
            None => unnamed.push(format!("{place}/{key}")),
        }
    }
    for inner in value.as_array().into_iter().flatten() {
        walk(root, &schema["items"], (&format!("{place}/*"), inner), unnamed);
    }
}

fn resolved<'a>(root: &'a Value, schema: &'a Value) -> &'a Value {
    match schema.get("$ref").and_then(Value::as_str).and_then(|name| name.strip_prefix('#')) {
        Some(pointer) => root.pointer(pointer).unwrap(),
        None => schema,
    }
}

fn types(schema: &Value) -> Vec<&str> {
    match &schema["type"] {
        Value::String(name) => vec![name],
        Value::Array(names) => names.iter().filter_map(Value::as_str).collect(),
        _ => Vec::new(),
    }
}

fn is(value: &Value, name: &str) -> bool {
    match name {
        "string" => value.is_string(),
        "integer" => value.is_u64() || value.is_i64(),
        "number" => value.is_number(),
        "boolean" => value.is_boolean(),
        "null" => value.is_null(),
        "array" => value.is_array(),
        "object" => value.is_object(),
        other => panic!("the schema has a type {other}"),
    }
}
