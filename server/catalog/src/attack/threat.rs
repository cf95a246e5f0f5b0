//! Who uses what, and what works against it: groups, software and mitigations by id, name or other name.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use super::model::{Attack, Group, GroupId, Mitigation, MitigationId, Software, SoftwareId};
use crate::TechniqueId;

/// The techniques of a group, by how they are known to be used.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct GroupTechniques {
    /// Reported for the group itself.
    pub direct: BTreeSet<TechniqueId>,
    /// Possible with software that the group uses, and which software.
    pub through_software: BTreeMap<TechniqueId, BTreeSet<SoftwareId>>,
}

impl GroupTechniques {
    /// Both together.
    #[must_use]
    pub fn all(&self) -> BTreeSet<TechniqueId> {
        self.direct.iter().chain(self.through_software.keys()).cloned().collect()
    }
}

impl Attack {
    /// A group by its id, name or another of its names, in any case.
    #[must_use]
    pub fn find_group(&self, text: &str) -> Option<(&GroupId, &Group)> {
        find(&self.groups, text, GroupId::as_str, |group| (&group.name, &group.aliases))
    }

    /// Software by its id, name or another of its names, in any case.
    #[must_use]
    pub fn find_software(&self, text: &str) -> Option<(&SoftwareId, &Software)> {
        find(&self.software, text, SoftwareId::as_str, |software| (&software.name, &software.aliases))
    }

    /// A mitigation by its id or name, in any case.
    #[must_use]
    pub fn find_mitigation(&self, text: &str) -> Option<(&MitigationId, &Mitigation)> {
        find(&self.mitigations, text, MitigationId::as_str, |mitigation| (&mitigation.name, &[]))
    }

    /// The techniques of a group, its own and those of its software kept apart.
    #[must_use]
    pub fn techniques_of_group(&self, group: &Group) -> GroupTechniques {
        let mut techniques = GroupTechniques {
            direct: group.techniques.iter().cloned().collect(),
            ..GroupTechniques::default()
        };
        for id in &group.software {
            for technique in self.software.get(id).into_iter().flat_map(|software| &software.techniques) {
                techniques.through_software.entry(technique.clone()).or_default().insert(id.clone());
            }
        }
        techniques
    }
}

/// By id first, then by name, then by another name: two groups may share an alias, but not a name.
fn find<'a, Id: Ord, T>(
    objects: &'a BTreeMap<Id, T>,
    text: &str,
    id_text: impl Fn(&Id) -> &str,
    names: impl Fn(&T) -> (&Arc<str>, &[Arc<str>]),
) -> Option<(&'a Id, &'a T)> {
    let text = text.trim();
    let by_id = objects.iter().find(|(id, _)| id_text(id).eq_ignore_ascii_case(text));
    by_id.or_else(|| objects.iter().find(|(_, object)| names(object).0.eq_ignore_ascii_case(text))).or_else(
        || {
            objects
                .iter()
                .find(|(_, object)| names(object).1.iter().any(|name| name.eq_ignore_ascii_case(text)))
        },
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_group_is_found_by_id_name_and_alias() {
        let attack = Attack::embedded();
        for text in ["G0046", "fin7", " Carbon Spider "] {
            assert_eq!(attack.find_group(text).unwrap().0.as_str(), "G0046", "{text}");
        }
        assert!(attack.find_group("nobody").is_none());
    }

    #[test]
    fn techniques_through_software_are_kept_apart() {
        let attack = Attack::embedded();
        let (_, group) = attack.find_group("G0046").unwrap();
        let techniques = attack.techniques_of_group(group);
        assert!(!techniques.direct.is_empty() && !techniques.through_software.is_empty());
        let all = techniques.all();
        assert!(all.len() > techniques.direct.len());
        assert!(all.iter().all(|id| attack.techniques.contains_key(id)));
    }

    #[test]
    fn a_mitigation_names_its_techniques() {
        let attack = Attack::embedded();
        let (_, mitigation) = attack.find_mitigation("M1038").unwrap();
        assert_eq!(mitigation.name.as_ref(), "Execution Prevention");
        assert!(mitigation.techniques.len() > 50);
        assert!(attack.find_software("Mimikatz").is_some());
    }
}
