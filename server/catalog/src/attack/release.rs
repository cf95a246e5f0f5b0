//! Which release of ATT&CK a bundle is.

use super::{
    model::{AttackVersion, VersionOrigin},
    stix::Object,
};

/// Days on which releases came out (the `modified` dates of the collection objects in mitre-attack/attack-stix-data).
///
/// A STIX 2.0 bundle does not name its release. `x_mitre_version` counts one object's edits and
/// `x_mitre_attack_spec_version` the format's, so neither tells. But each release changes objects up to its day, so a
/// bundle is the first release that is not older than its newest object.
const RELEASES: &[(&str, &str)] = &[
    ("2022-10-25", "12.0"),
    ("2022-11-08", "12.1"),
    ("2023-04-25", "13.0"),
    ("2023-05-09", "13.1"),
    ("2023-10-31", "14.0"),
    ("2023-11-14", "14.1"),
    ("2024-04-23", "15.0"),
    ("2024-05-02", "15.1"),
    ("2024-10-31", "16.0"),
    ("2024-11-12", "16.1"),
    ("2025-04-22", "17.0"),
    ("2025-05-06", "17.1"),
    ("2025-10-28", "18.0"),
    ("2025-11-13", "18.1"),
];

/// Nothing older than this can be told apart by date.
const OLDEST_KNOWN: &str = "2022-05-01";

/// The release: as the caller says, else as the collection says, else by the newest object's date.
pub(super) fn version_of(objects: &[Object<'_>], given: Option<&str>) -> AttackVersion {
    let version = |number: &str, origin| AttackVersion { number: Some(number.into()), origin };
    if let Some(number) = given {
        return version(number, VersionOrigin::Given);
    }
    let collection = objects.iter().find(|object| {
        object.kind.as_str() == "x-mitre-collection" && !object.object_version.as_str().is_empty()
    });
    if let Some(collection) = collection {
        return version(collection.object_version.as_str(), VersionOrigin::Collection);
    }
    let newest = objects.iter().filter_map(|object| object.modified.as_str().get(..10)).max();
    newest
        .filter(|day| *day >= OLDEST_KNOWN)
        .and_then(|day| RELEASES.iter().find(|(released, _)| day <= *released))
        .map_or_else(AttackVersion::default, |(_, number)| version(number, VersionOrigin::NewestObject))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::attack::stix::Text;

    fn modified(day: &'static str) -> Object<'static> {
        Object { modified: Text(day.into()), ..Object::default() }
    }

    fn text(objects: &[Object<'_>], given: Option<&str>) -> String {
        let version = version_of(objects, given);
        format!("{version} {}", version.origin.as_str())
    }

    #[test]
    fn the_newest_object_tells_the_release() {
        assert_eq!(
            text(&[modified("2020-01-01T"), modified("2025-11-12T22:03:39Z")], None),
            "18.1 newest-object"
        );
        assert_eq!(text(&[modified("2024-11-12T00:00:00Z")], None), "16.1 newest-object");
    }

    #[test]
    fn a_release_that_nothing_tells_is_unknown() {
        assert_eq!(text(&[], None), "unknown unknown");
        assert_eq!(text(&[modified("2030-01-01T00:00:00Z")], None), "unknown unknown");
        assert_eq!(text(&[modified("2019-01-01T00:00:00Z")], None), "unknown unknown");
    }

    #[test]
    fn the_collection_tells_and_the_caller_overrules() {
        let collection = Object {
            kind: Text("x-mitre-collection".into()),
            object_version: Text("17.1".into()),
            ..modified("2025-11-12T00:00:00Z")
        };
        assert_eq!(text(std::slice::from_ref(&collection), None), "17.1 collection");
        assert_eq!(text(&[collection], Some("99.9")), "99.9 given");
    }
}
