//! What a Sysmon configuration makes of an event type, by its elements alone: nothing of it is written, all of it, or
//! what its conditions let through.
//!
//! The driver asks the exclude elements of an event first, then the include elements; the first that matches decides.
//! Where none matches, a single element decides by its kind, and several drop the event (SysmonCommon rules.c).

use blindspot_catalog::{DefaultState, EventFacts, Fix};
use blindspot_telemetry::settings::{OnMatch, SysmonFilter, SysmonSettings};

use super::{Configured, Silence};

/// What the configuration makes of an event type; `None` where its conditions decide, or where it is not known whole.
pub(super) fn by_elements(sysmon: &SysmonSettings, facts: &EventFacts) -> Option<Configured<'static>> {
    let tag = facts.sysmon_tag.clone().filter(|_| sysmon.not_understood.is_empty())?;
    let of_tag = |filter: &&SysmonFilter| filter.tag.eq_ignore_ascii_case(&tag);
    let elements: Vec<&SysmonFilter> = sysmon.filters.iter().filter(of_tag).collect();
    let kind = |element: &SysmonFilter| (element.on_match, element.conditions > 0);
    let kinds: Vec<(OnMatch, bool)> = elements.iter().map(|element| kind(element)).collect();
    let all = match kinds.as_slice() {
        // Without an element the manifest decides, whose default is the catalogue's.
        [] => facts.default == DefaultState::On,
        [(OnMatch::Exclude, false)] => true,
        [(_, true)] => return None,
        [(OnMatch::Include, false)] => false,
        several if several.contains(&(OnMatch::Include, true)) => return None,
        _ => false,
    };
    match all {
        false => Some(Configured::No(Silence::SysmonTag(tag))),
        // Archived copies and the clipboard need more than an element.
        true => facts.fixes.iter().all(is_element).then_some(Configured::AllOfTag(tag)),
    }
}

/// True for a fix that is an element of a configuration, or the loading of it.
fn is_element(fix: &Fix) -> bool {
    fix.name.starts_with("sysmon-tag-") || fix.name.ends_with("-load")
}

#[cfg(test)]
mod tests {
    use blindspot_catalog::Facts;

    use super::*;

    /// What elements such as `include 3` make of an event type.
    fn of(event_type: &str, elements: &[&str]) -> Option<bool> {
        let facts = Facts::embedded();
        let facts = facts.get(&event_type.parse().unwrap()).unwrap();
        let filters = elements.iter().map(|text| {
            let (kind, conditions) = text.split_once(' ').unwrap();
            SysmonFilter {
                tag: facts.sysmon_tag.as_deref().unwrap().to_owned(),
                on_match: if kind == "include" { OnMatch::Include } else { OnMatch::Exclude },
                conditions: conditions.parse().unwrap(),
            }
        });
        let sysmon = SysmonSettings { filters: filters.collect(), ..SysmonSettings::default() };
        by_elements(&sysmon, facts).map(|found| matches!(found, Configured::AllOfTag(_)))
    }

    #[test]
    fn elements_decide_as_the_driver_does() {
        assert_eq!(of("sysmon:13", &[]), Some(false), "off where the configuration does not name it");
        assert_eq!(of("sysmon:1", &[]), Some(true), "on where it does not name it");
        assert_eq!(of("sysmon:13", &["exclude 0"]), Some(true));
        assert_eq!(of("sysmon:13", &["include 0"]), Some(false));
        assert_eq!(of("sysmon:24", &["exclude 0"]), None, "CaptureClipboard decides");
        assert_eq!(of("sysmon:24", &[]), Some(false));
        assert_eq!(of("sysmon:13", &["include 9"]), None, "its conditions decide");
        assert_eq!(of("sysmon:13", &["exclude 9"]), None);
        assert_eq!(of("sysmon:13", &["include 9", "exclude 3"]), None);
        assert_eq!(of("sysmon:13", &["include 0", "exclude 3"]), Some(false), "an empty include beside");
        assert_eq!(of("sysmon:13", &["exclude 0", "exclude 3"]), Some(false), "two elements drop the rest");
    }

    #[test]
    fn a_torn_configuration_says_nothing() {
        let facts = Facts::embedded();
        let facts = facts.get(&"sysmon:13".parse().unwrap()).unwrap();
        let torn = SysmonSettings {
            not_understood: vec!["not well-formed".to_owned()],
            ..SysmonSettings::default()
        };
        assert!(by_elements(&torn, facts).is_none());
    }
}
