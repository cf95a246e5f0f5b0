//! Compiles a STIX bundle, 2.0 or 2.1, into the typed model.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    sync::Arc,
};

use super::{
    analytics,
    model::{
        Attack, ComponentId, DataComponent, Group, Mitigation, MitigationId, PlatformName, Software,
        SoftwareId, SoftwareKind, Tactic, TacticId, Technique,
    },
    release,
    stix::{self, ImportError, Object},
};
use crate::{Problem, TechniqueId};

/// Compiles a bundle. What is not understood stands in the list; the rest is imported.
///
/// `release` is the version where the caller knows it; STIX 2.0 bundles do not say.
///
/// # Errors
/// Where the bytes are not JSON, are cut off, or are no bundle.
pub fn import(bytes: &[u8], release: Option<&str>) -> Result<(Attack, Vec<Problem>), ImportError> {
    stix::with_objects(bytes, |objects, problems| {
        let mut import = Import::new(objects, problems);
        let mut attack = Attack { version: release::version_of(objects, release), ..Attack::default() };
        import.tactics(&mut attack);
        import.techniques(&mut attack);
        import.components(&mut attack);
        import.actors(&mut attack);
        analytics::import(&mut import, &mut attack);
        import.check(&attack);
        (attack, import.problems)
    })
}

/// A bundle while it is compiled.
pub(super) struct Import<'a> {
    pub(super) objects: &'a [Object<'a>],
    pub(super) problems: Vec<Problem>,
    by_id: HashMap<&'a str, &'a Object<'a>>,
    /// Active relationships, by type and source.
    relations: HashMap<(&'a str, &'a str), Vec<&'a str>>,
}

impl<'a> Import<'a> {
    fn new(objects: &'a [Object<'a>], problems: Vec<Problem>) -> Self {
        let by_id = objects.iter().map(|object| (object.id.as_str(), object)).collect();
        let mut relations: HashMap<(&str, &str), Vec<&str>> = HashMap::new();
        for relation in objects.iter().filter(|o| o.kind.as_str() == "relationship" && o.is_active()) {
            let key = (relation.relationship_type.as_str(), relation.source_ref.as_str());
            relations.entry(key).or_default().push(relation.target_ref.as_str());
        }
        Self { objects, problems, by_id, relations }
    }

    /// Active objects of one kind with their ATT&CK ids.
    pub(super) fn active(
        &self,
        kind: &'static str,
    ) -> impl Iterator<Item = (&'a str, &'a Object<'a>)> + use<'a> {
        self.objects
            .iter()
            .filter(move |object| object.kind.as_str() == kind && object.is_active())
            .filter_map(|object| Some((object.attack_id()?, object)))
    }

    /// The object itself where it is active, else what it was revoked by, as far as that leads to active ones.
    pub(super) fn successors(&self, stix_id: &str) -> Vec<&'a Object<'a>> {
        let mut found = Vec::new();
        let mut seen = BTreeSet::new();
        let mut open = vec![stix_id.to_owned()];
        while let Some(id) = open.pop() {
            let Some(object) = self.by_id.get(id.as_str()).filter(|_| seen.insert(id.clone())) else {
                continue;
            };
            if object.is_active() {
                found.push(*object);
            } else if let Some(next) = self.relations.get(&("revoked-by", id.as_str())) {
                open.extend(next.iter().map(|id| (*id).to_owned()));
            }
        }
        found
    }

    /// Techniques that an object is related to, retired ones replaced, in order of their ids.
    pub(super) fn techniques_of(&self, object: &Object<'_>, relation: &'static str) -> Vec<TechniqueId> {
        let targets = self.relations.get(&(relation, object.id.as_str())).into_iter().flatten();
        let found: BTreeSet<TechniqueId> = targets
            .flat_map(|target| self.successors(target))
            .filter(|target| target.kind.as_str() == "attack-pattern")
            .filter_map(|target| target.attack_id()?.parse().ok())
            .collect();
        found.into_iter().collect()
    }

    pub(super) fn problem(&mut self, place: &str, what: impl Into<String>) {
        self.problems.push(Problem::new(place, what));
    }

    pub(super) fn object(&self, stix_id: &str) -> Option<&'a Object<'a>> {
        self.by_id.get(stix_id).copied()
    }

    fn tactics(&mut self, attack: &mut Attack) {
        let mut order: Vec<&str> = Vec::new();
        for (_, matrix) in self.active("x-mitre-matrix") {
            order.extend(matrix.tactic_refs.iter().map(|id| id.as_str()));
        }
        let mut tactics: Vec<_> = self.active("x-mitre-tactic").collect();
        tactics.sort_by_key(|(id, object)| {
            (order.iter().position(|known| *known == object.id.as_str()).unwrap_or(usize::MAX), *id)
        });
        attack.tactics = tactics
            .into_iter()
            .map(|(id, object)| Tactic {
                id: TacticId::new(id),
                shortname: object.shortname.as_str().into(),
                name: object.name.as_str().into(),
            })
            .collect();
    }

    fn techniques(&mut self, attack: &mut Attack) {
        for object in self.objects.iter().filter(|object| object.kind.as_str() == "attack-pattern") {
            let Some(id) = object.attack_id().and_then(|id| id.parse::<TechniqueId>().ok()) else {
                self.problem(object.id.as_str(), "left out: a technique without a technique id");
                continue;
            };
            if object.is_active() {
                let technique = Technique {
                    name: object.name.as_str().into(),
                    tactics: object
                        .kill_chain_phases
                        .iter()
                        .map(|phase| phase.phase_name.as_str().into())
                        .collect(),
                    platforms: platforms(object),
                };
                attack.techniques.insert(id, technique);
            } else {
                let successors = self.successors(object.id.as_str()).into_iter();
                let successors: BTreeSet<TechniqueId> =
                    successors.filter_map(|successor| successor.attack_id()?.parse().ok()).collect();
                if !successors.is_empty() {
                    attack.revoked.insert(id, successors.into_iter().collect());
                }
            }
        }
        // An id can be reused: what is active is not retired.
        attack.revoked.retain(|id, _| !attack.techniques.contains_key(id));
    }

    fn components(&mut self, attack: &mut Attack) {
        for object in
            self.objects.iter().filter(|o| o.kind.as_str() == "x-mitre-data-component" && o.is_active())
        {
            let component =
                DataComponent { stix_id: object.id.as_str().into(), name: object.name.as_str().into() };
            attack.components.insert(component_id(object), component);
        }
    }

    fn actors(&mut self, attack: &mut Attack) {
        for (id, object) in self.active("intrusion-set") {
            let uses = self.relations.get(&("uses", object.id.as_str())).into_iter().flatten();
            let software: BTreeSet<SoftwareId> = uses
                .flat_map(|target| self.successors(target))
                .filter(|target| software_kind(target).is_some())
                .filter_map(|target| target.attack_id().map(SoftwareId::new))
                .collect();
            let group = Group {
                name: object.name.as_str().into(),
                aliases: names(&object.aliases, object.name.as_str()),
                techniques: self.techniques_of(object, "uses"),
                software: software.into_iter().collect(),
            };
            attack.groups.insert(super::model::GroupId::new(id), group);
        }
        for (id, object) in self.active("malware").chain(self.active("tool")) {
            let Some(kind) = software_kind(object) else { continue };
            let software = Software {
                name: object.name.as_str().into(),
                kind,
                aliases: names(&object.software_aliases, object.name.as_str()),
                techniques: self.techniques_of(object, "uses"),
            };
            attack.software.insert(SoftwareId::new(id), software);
        }
        for (id, object) in self.active("course-of-action") {
            let mitigation = Mitigation {
                name: object.name.as_str().into(),
                techniques: self.techniques_of(object, "mitigates"),
            };
            attack.mitigations.insert(MitigationId::new(id), mitigation);
        }
    }

    /// A bundle that parses and holds nothing of ATT&CK deserves a word.
    fn check(&mut self, attack: &Attack) {
        if attack.techniques.is_empty() {
            self.problem("bundle", "holds no technique; is it an ATT&CK Enterprise bundle?");
        }
        let mut unknown: BTreeMap<&str, TechniqueId> = BTreeMap::new();
        for (id, technique) in &attack.techniques {
            for tactic in &technique.tactics {
                if !attack.tactics.iter().any(|known| known.shortname == *tactic) {
                    unknown.entry(tactic).or_insert_with(|| id.clone());
                }
            }
        }
        let lines: Vec<_> =
            unknown.iter().map(|(tactic, id)| (id.to_string(), (*tactic).to_owned())).collect();
        for (id, tactic) in lines {
            self.problem(&id, format!("names the tactic `{tactic}`, which the bundle does not define"));
        }
    }
}

/// A component's id; bundles before v18 number none, so their STIX ids serve.
pub(super) fn component_id(object: &Object<'_>) -> ComponentId {
    ComponentId::new(object.attack_id().unwrap_or(object.id.as_str()))
}

pub(super) fn platforms(object: &Object<'_>) -> Vec<PlatformName> {
    object.platforms.iter().map(|platform| PlatformName::new(platform.as_str())).collect()
}

fn software_kind(object: &Object<'_>) -> Option<SoftwareKind> {
    SoftwareKind::parse(object.kind.as_str())
}

/// Other names, without the object's own, each once.
fn names(aliases: &[stix::Text<'_>], own: &str) -> Vec<Arc<str>> {
    let mut seen = BTreeSet::from([own]);
    aliases.iter().map(|alias| alias.as_str()).filter(|alias| seen.insert(alias)).map(Into::into).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::attack::VersionOrigin;

    /// A bundle as mitre/cti writes it: STIX 2.0, no collection, `revoked` often absent.
    const V18_IN_2_0: &str = r#"{"type":"bundle","id":"bundle--1","spec_version":"2.0","objects":[
      {"type":"x-mitre-matrix","id":"x-mitre-matrix--1","external_references":[{"source_name":"mitre-attack","external_id":"enterprise-attack"}],"tactic_refs":["x-mitre-tactic--2","x-mitre-tactic--1"]},
      {"type":"x-mitre-tactic","id":"x-mitre-tactic--1","name":"Second","x_mitre_shortname":"second","external_references":[{"source_name":"mitre-attack","external_id":"TA0001"}]},
      {"type":"x-mitre-tactic","id":"x-mitre-tactic--2","name":"First","x_mitre_shortname":"first","external_references":[{"source_name":"mitre-attack","external_id":"TA0002"}]},
      {"type":"attack-pattern","id":"attack-pattern--1","name":"Alive","modified":"2025-11-12T00:00:00Z","x_mitre_platforms":["Windows","Linux"],"kill_chain_phases":[{"kill_chain_name":"mitre-attack","phase_name":"first"}],"external_references":[{"source_name":"other","external_id":"X"},{"source_name":"mitre-attack","external_id":"T0001"}]},
      {"type":"attack-pattern","id":"attack-pattern--2","name":"Revoked","revoked":true,"external_references":[{"source_name":"mitre-attack","external_id":"T0002"}]},
      {"type":"attack-pattern","id":"attack-pattern--3","name":"Deprecated","x_mitre_deprecated":true,"external_references":[{"source_name":"mitre-attack","external_id":"T0003"}]},
      {"type":"attack-pattern","id":"attack-pattern--4","name":"Revoked twice over","revoked":true,"external_references":[{"source_name":"mitre-attack","external_id":"T0004"}]},
      {"type":"relationship","id":"relationship--1","relationship_type":"revoked-by","source_ref":"attack-pattern--2","target_ref":"attack-pattern--1"},
      {"type":"relationship","id":"relationship--2","relationship_type":"revoked-by","source_ref":"attack-pattern--4","target_ref":"attack-pattern--2"},
      {"type":"x-mitre-data-component","id":"x-mitre-data-component--1","name":"Process Creation","external_references":[{"source_name":"mitre-attack","external_id":"DC0032"}]},
      {"type":"x-mitre-detection-strategy","id":"x-mitre-detection-strategy--1","name":"See it","x_mitre_analytic_refs":["x-mitre-analytic--1","x-mitre-analytic--9"],"external_references":[{"source_name":"mitre-attack","external_id":"DET0001"}]},
      {"type":"relationship","id":"relationship--3","relationship_type":"detects","source_ref":"x-mitre-detection-strategy--1","target_ref":"attack-pattern--1"},
      {"type":"x-mitre-analytic","id":"x-mitre-analytic--1","name":"Analytic 0001","x_mitre_platforms":["Windows"],"x_mitre_log_source_references":[{"x_mitre_data_component_ref":"x-mitre-data-component--1","name":"WinEventLog:Security","channel":"EventCode=4688"},{"x_mitre_data_component_ref":"x-mitre-data-component--8","name":"NSM:Flow","channel":null}],"external_references":[{"source_name":"mitre-attack","external_id":"AN0001"}]},
      {"type":"intrusion-set","id":"intrusion-set--1","name":"Badgers","aliases":["Badgers","Brocks"],"external_references":[{"source_name":"mitre-attack","external_id":"G0001"}]},
      {"type":"tool","id":"tool--1","name":"Spade","x_mitre_aliases":["Spade","Shovel"],"external_references":[{"source_name":"mitre-attack","external_id":"S0001"}]},
      {"type":"course-of-action","id":"course-of-action--1","name":"Fence","external_references":[{"source_name":"mitre-attack","external_id":"M1001"}]},
      {"type":"relationship","id":"relationship--4","relationship_type":"uses","source_ref":"intrusion-set--1","target_ref":"attack-pattern--4"},
      {"type":"relationship","id":"relationship--5","relationship_type":"uses","source_ref":"intrusion-set--1","target_ref":"tool--1"},
      {"type":"relationship","id":"relationship--6","relationship_type":"uses","source_ref":"tool--1","target_ref":"attack-pattern--1"},
      {"type":"relationship","id":"relationship--7","relationship_type":"mitigates","source_ref":"course-of-action--1","target_ref":"attack-pattern--1"},
      {"type":"relationship","id":"relationship--8","relationship_type":"mitigates","source_ref":"course-of-action--1","target_ref":"attack-pattern--3"}
    ]}"#;

    /// A bundle before v18, as attack-stix-data writes it: STIX 2.1 with a collection; components detect techniques.
    const V17_IN_2_1: &str = r#"{"type":"bundle","id":"bundle--2","objects":[
      {"type":"x-mitre-collection","id":"x-mitre-collection--1","spec_version":"2.1","x_mitre_version":"17.1"},
      {"type":"attack-pattern","id":"attack-pattern--1","spec_version":"2.1","name":"Alive","x_mitre_platforms":["Windows","Network Devices"],"external_references":[{"source_name":"mitre-attack","external_id":"T0001"}]},
      {"type":"x-mitre-data-component","id":"x-mitre-data-component--1","spec_version":"2.1","name":"Process Creation"},
      {"type":"x-mitre-data-component","id":"x-mitre-data-component--2","spec_version":"2.1","name":"Gone","x_mitre_deprecated":true},
      {"type":"relationship","id":"relationship--1","spec_version":"2.1","relationship_type":"detects","source_ref":"x-mitre-data-component--1","target_ref":"attack-pattern--1"},
      {"type":"relationship","id":"relationship--2","spec_version":"2.1","relationship_type":"detects","source_ref":"x-mitre-data-component--2","target_ref":"attack-pattern--1"}
    ]}"#;

    fn imported(json: &str) -> (Attack, Vec<String>) {
        let (attack, problems) = import(json.as_bytes(), None).unwrap();
        (attack, problems.iter().map(ToString::to_string).collect())
    }

    fn ids(techniques: &[TechniqueId]) -> String {
        techniques.iter().map(TechniqueId::as_str).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn only_what_is_active_is_kept_and_the_retired_lead_to_their_successors() {
        let (attack, _) = imported(V18_IN_2_0);
        assert_eq!(attack.techniques.keys().map(TechniqueId::as_str).collect::<Vec<_>>(), ["T0001"]);
        let revoked: Vec<_> = attack.revoked.iter().map(|(id, to)| format!("{id} {}", ids(to))).collect();
        assert_eq!(revoked, ["T0002 T0001", "T0004 T0001"]);
        assert_eq!(ids(&attack.groups["G0001"].techniques), "T0001");
        assert_eq!(ids(&attack.mitigations["M1001"].techniques), "T0001");
    }

    #[test]
    fn tactics_stand_in_the_order_of_the_matrix() {
        let (attack, _) = imported(V18_IN_2_0);
        assert_eq!(
            attack.tactics.iter().map(|tactic| &*tactic.shortname).collect::<Vec<_>>(),
            ["first", "second"]
        );
        assert_eq!(attack.version.to_string(), "18.1");
    }

    #[test]
    fn groups_software_and_mitigations_keep_their_relations() {
        let (attack, _) = imported(V18_IN_2_0);
        let group = &attack.groups["G0001"];
        assert_eq!(group.aliases, [Arc::from("Brocks")]);
        assert_eq!(group.software, [SoftwareId::new("S0001")]);
        let software = &attack.software["S0001"];
        assert_eq!((software.kind, ids(&software.techniques)), (SoftwareKind::Tool, "T0001".to_owned()));
    }

    #[test]
    fn an_analytic_has_a_part_per_component_and_what_dangles_is_a_problem() {
        let (attack, problems) = imported(V18_IN_2_0);
        let analytic = &attack.analytics["AN0001"];
        assert_eq!(ids(&analytic.techniques), "T0001");
        let parts: Vec<_> = analytic.parts.iter().map(|part| part.component.as_str()).collect();
        assert_eq!(parts, ["DC0032", "x-mitre-data-component--8"]);
        assert_eq!(problems.len(), 2, "{problems:?}");
        assert!(problems[0].starts_with("DET0001: names the analytic `x-mitre-analytic--9`"));
        assert!(problems[1].starts_with("AN0001: names the data component `x-mitre-data-component--8`"));
    }

    #[test]
    fn before_v18_a_technique_has_one_analytic_per_platform() {
        let (attack, problems) = imported(V17_IN_2_1);
        assert_eq!(attack.version.number.as_deref(), Some("17.1"));
        assert_eq!(attack.version.origin, VersionOrigin::Collection);
        let analytics: Vec<_> = attack.analytics.keys().map(|id| id.as_str()).collect();
        assert_eq!(analytics, ["T0001/network-devices", "T0001/windows"]);
        let analytic = &attack.analytics["T0001/windows"];
        assert_eq!(analytic.strategy, None);
        assert_eq!(analytic.parts[0].component.as_str(), "x-mitre-data-component--1");
        assert_eq!((analytic.parts.len(), analytic.parts[0].references.len()), (1, 0));
        assert_eq!(problems, Vec::<String>::new());
    }

    #[test]
    fn what_is_imported_reads_back_from_its_lines() {
        for json in [V18_IN_2_0, V17_IN_2_1] {
            let (attack, _) = imported(json);
            let (back, problems) = Attack::read_lines(&attack.write_lines()).unwrap();
            assert_eq!(problems, []);
            assert_eq!(back, attack);
        }
    }

    #[test]
    fn a_bundle_without_techniques_or_with_unknown_tactics_is_remarked() {
        let (_, problems) = imported(r#"{"type":"bundle","objects":[]}"#);
        assert!(problems[0].contains("holds no technique"));
        let tactic = r#"{"type":"bundle","objects":[{"type":"attack-pattern","id":"a","name":"n","kill_chain_phases":[{"phase_name":"lost"}],
            "external_references":[{"source_name":"mitre-attack","external_id":"T0001"}]},{"type":"attack-pattern","id":"b"}]}"#;
        let (_, problems) = imported(tactic);
        assert_eq!(problems.len(), 2);
        assert!(problems[0].starts_with("b: left out"));
        assert!(problems[1].contains("the tactic `lost`"));
    }
}
