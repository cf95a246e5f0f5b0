//! The STIX bundle as it lies in the file: borrowed, and only the fields that are used.

use std::borrow::Cow;

use serde::Deserialize;

use crate::Problem;

/// Why a file is no ATT&CK bundle at all.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    /// The JSON stops in the middle.
    #[error(
        "the bundle is cut off at line {line}, column {column}; download it again and compare its size with the original"
    )]
    CutOff {
        /// The line on which it ends.
        line: usize,
        /// The column.
        column: usize,
    },
    /// It is compressed.
    #[error("the file is {format} data, not JSON; unpack it first")]
    Compressed {
        /// How.
        format: &'static str,
    },
    /// It is not JSON.
    #[error("the file is not JSON; expected a STIX bundle such as enterprise-attack.json")]
    NotJson(#[source] serde_json::Error),
    /// It is JSON of another kind.
    #[error(
        "the JSON is not a STIX bundle: {0}; expected an object with `type` \"bundle\" and a list of `objects`"
    )]
    NotABundle(&'static str),
}

/// A text that stays in the file's bytes where it has no escapes.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, Deserialize)]
#[serde(transparent)]
pub(super) struct Text<'a>(#[serde(borrow)] pub(super) Cow<'a, str>);

impl Text<'_> {
    pub(super) fn as_str(&self) -> &str {
        &self.0
    }
}

/// A bundle.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Bundle<'a> {
    #[serde(rename = "type", default, borrow)]
    kind: Text<'a>,
    #[serde(default, borrow)]
    objects: Option<Vec<Object<'a>>>,
}

/// Any object of a bundle. One struct serves all kinds: absent fields are empty.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Object<'a> {
    #[serde(rename = "type", borrow)]
    pub(super) kind: Text<'a>,
    #[serde(borrow)]
    pub(super) id: Text<'a>,
    #[serde(borrow)]
    pub(super) name: Text<'a>,
    #[serde(borrow)]
    pub(super) modified: Text<'a>,
    pub(super) revoked: bool,
    #[serde(rename = "x_mitre_deprecated")]
    pub(super) deprecated: bool,
    #[serde(borrow)]
    pub(super) external_references: Vec<ExternalReference<'a>>,
    #[serde(rename = "x_mitre_platforms", borrow)]
    pub(super) platforms: Vec<Text<'a>>,
    #[serde(borrow)]
    pub(super) kill_chain_phases: Vec<KillChainPhase<'a>>,
    #[serde(rename = "x_mitre_shortname", borrow)]
    pub(super) shortname: Text<'a>,
    #[serde(borrow)]
    pub(super) tactic_refs: Vec<Text<'a>>,
    #[serde(rename = "x_mitre_analytic_refs", borrow)]
    pub(super) analytic_refs: Vec<Text<'a>>,
    #[serde(rename = "x_mitre_log_source_references", borrow)]
    pub(super) log_source_references: Vec<LogSourceReference<'a>>,
    #[serde(borrow)]
    pub(super) aliases: Vec<Text<'a>>,
    #[serde(rename = "x_mitre_aliases", borrow)]
    pub(super) software_aliases: Vec<Text<'a>>,
    #[serde(borrow)]
    pub(super) relationship_type: Text<'a>,
    #[serde(borrow)]
    pub(super) source_ref: Text<'a>,
    #[serde(borrow)]
    pub(super) target_ref: Text<'a>,
    #[serde(rename = "x_mitre_version", borrow)]
    pub(super) object_version: Text<'a>,
}

impl Object<'_> {
    /// Neither revoked nor deprecated; a bundle that does not say means that it is active.
    pub(super) fn is_active(&self) -> bool {
        !self.revoked && !self.deprecated
    }

    /// The id that people use: `T1059`, `DET0054`.
    pub(super) fn attack_id(&self) -> Option<&str> {
        self.external_references
            .iter()
            .find(|reference| reference.source_name.as_str().starts_with("mitre-"))
            .map(|reference| reference.external_id.as_str())
            .filter(|id| !id.is_empty())
    }
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct ExternalReference<'a> {
    #[serde(borrow)]
    source_name: Text<'a>,
    #[serde(borrow)]
    external_id: Text<'a>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct KillChainPhase<'a> {
    #[serde(borrow)]
    pub(super) phase_name: Text<'a>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct LogSourceReference<'a> {
    #[serde(rename = "x_mitre_data_component_ref", borrow)]
    pub(super) component: Text<'a>,
    #[serde(borrow)]
    pub(super) name: Text<'a>,
    #[serde(borrow)]
    pub(super) channel: Option<Text<'a>>,
}

/// Reads a bundle's objects and hands them on, with the objects that could not be read as problems.
///
/// The objects are handed to a closure because a bundle with a malformed object is read from an intermediate value, which
/// lives only here.
pub(super) fn with_objects<R>(
    bytes: &[u8],
    then: impl FnOnce(&[Object<'_>], Vec<Problem>) -> R,
) -> Result<R, ImportError> {
    let json = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    match serde_json::from_slice::<Bundle<'_>>(json) {
        Ok(bundle) => {
            check_kind(bundle.kind.as_str())?;
            let objects = bundle.objects.ok_or(ImportError::NotABundle("it has no `objects`"))?;
            Ok(then(&objects, Vec::new()))
        }
        Err(error) if error.is_eof() => {
            Err(ImportError::CutOff { line: error.line(), column: error.column() })
        }
        Err(error) if error.is_syntax() => Err(compression_of(json)
            .map_or_else(|| ImportError::NotJson(error), |format| ImportError::Compressed { format })),
        Err(_) => one_by_one(json, then),
    }
}

/// Reads a bundle in which some object has a field of an unexpected kind, and sets such objects aside.
fn one_by_one<R>(json: &[u8], then: impl FnOnce(&[Object<'_>], Vec<Problem>) -> R) -> Result<R, ImportError> {
    let value: serde_json::Value = serde_json::from_slice(json).map_err(ImportError::NotJson)?;
    check_kind(value.get("type").and_then(serde_json::Value::as_str).unwrap_or_default())?;
    let values = value.get("objects").and_then(serde_json::Value::as_array);
    let values = values.ok_or(ImportError::NotABundle("its `objects` are no list"))?;
    let mut problems = Vec::new();
    let mut objects = Vec::with_capacity(values.len());
    for (index, value) in values.iter().enumerate() {
        match Object::deserialize(value) {
            Ok(object) => objects.push(object),
            Err(error) => {
                let id = value.get("id").and_then(serde_json::Value::as_str);
                let place = id.map_or_else(|| format!("object {}", index.saturating_add(1)), str::to_owned);
                problems.push(Problem::new(
                    place,
                    format!("left out, a field is not what ATT&CK defines: {error}"),
                ));
            }
        }
    }
    Ok(then(&objects, problems))
}

fn check_kind(kind: &str) -> Result<(), ImportError> {
    match kind {
        "bundle" => Ok(()),
        "" => Err(ImportError::NotABundle("it has no `type`")),
        _ => Err(ImportError::NotABundle("its `type` is another")),
    }
}

fn compression_of(bytes: &[u8]) -> Option<&'static str> {
    const MAGICS: [(&[u8], &str); 5] = [
        (b"\xfd7zXZ", "xz"),
        (b"\x1f\x8b", "gzip"),
        (b"PK\x03\x04", "zip"),
        (b"\x28\xb5\x2f\xfd", "zstd"),
        (b"BZh", "bzip2"),
    ];
    MAGICS.iter().find(|(magic, _)| bytes.starts_with(magic)).map(|(_, format)| *format)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(bytes: &[u8]) -> String {
        with_objects(bytes, |objects, _| objects.len()).unwrap_err().to_string()
    }

    #[test]
    fn what_is_no_bundle_says_why_and_what_to_do() {
        assert!(error(br#"{"type":"bundle","objects":[{"type":"att"#).contains("cut off at line 1"));
        assert!(error(b"").contains("cut off"));
        assert!(error(b"<html>").contains("not JSON"));
        assert!(error(b"\xfd7zXZ\x00rest").contains("xz data"));
        assert!(error(br#"{"objects":[]}"#).contains("no `type`"));
        assert!(error(br#"{"type":"bundle"}"#).contains("no `objects`"));
        assert!(error(br#"{"type":"layer","objects":[]}"#).contains("another"));
        assert!(error(br"[1]").contains("not a STIX bundle"));
        assert!(error(br#"{"type":"bundle","objects":{}}"#).contains("no list"));
    }

    #[test]
    fn one_malformed_object_is_a_problem_and_the_others_are_read() {
        let json =
            br#"{"type":"bundle","objects":[{"type":"tool","id":"tool--1","name":7},{"type":"tool"}]}"#;
        let (count, problems) = with_objects(json, |objects, problems| (objects.len(), problems)).unwrap();
        assert_eq!(count, 1);
        assert_eq!(problems.len(), 1);
        assert_eq!(problems[0].place, "tool--1");
    }

    #[test]
    fn a_byte_order_mark_is_no_obstacle() {
        let json = b"\xef\xbb\xbf{\"type\":\"bundle\",\"objects\":[]}";
        assert_eq!(with_objects(json, |objects, _| objects.len()).unwrap(), 0);
    }
}
