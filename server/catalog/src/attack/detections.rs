//! Turns analytics into detections: a part per data component, any event type that carries it.

use std::sync::Arc;

use blindspot_telemetry::Platform;

use super::{
    mappings::Mappings,
    model::{Analytic, AnalyticId, AnalyticPart, Attack, ComponentId, LogSourceRef, PlatformName},
    reading::{Class, Reading, Target},
    rules,
};
use crate::{
    Branch, Breadth, Detection, DetectionId, DetectionSource, Leaf, NotUnderstood, Problem, Requirement,
    Scope,
};

/// One reference of one analytic, and what it was taken to mean.
#[derive(Debug, Clone)]
pub struct Classified<'a> {
    /// The analytic.
    pub analytic: &'a AnalyticId,
    /// Its platform.
    pub platform: &'a PlatformName,
    /// The data component under which it stands.
    pub component: &'a ComponentId,
    /// The reference.
    pub reference: &'a LogSourceRef,
    /// Its meaning.
    pub reading: Reading,
}

/// Every reference of every analytic, in order, with its meaning. None is dropped.
#[must_use]
pub fn classify<'a>(attack: &'a Attack, mappings: &Mappings) -> Vec<Classified<'a>> {
    let mut all = Vec::new();
    for (id, analytic) in &attack.analytics {
        for part in &analytic.parts {
            all.extend(part.references.iter().map(|reference| Classified {
                analytic: id,
                platform: &analytic.platform,
                component: &part.component,
                reference,
                reading: mappings.read(attack, &analytic.platform, (&part.component, reference)),
            }));
        }
    }
    all
}

/// One detection per analytic, and every reference that could not be read, or only by its data component.
#[must_use]
pub fn detections(attack: &Attack, mappings: &Mappings) -> (Vec<Detection>, Vec<Problem>) {
    let mut build = Build { attack, mappings, problems: Vec::new() };
    let detections = attack.analytics.iter().map(|(id, analytic)| build.detection(id, analytic)).collect();
    (detections, build.problems)
}

struct Build<'a> {
    attack: &'a Attack,
    mappings: &'a Mappings,
    problems: Vec<Problem>,
}

impl Build<'_> {
    fn detection(&mut self, id: &AnalyticId, analytic: &Analytic) -> Detection {
        Detection {
            id: DetectionId::new(id.to_arc()),
            source: DetectionSource::Attack {
                strategy: analytic.strategy.as_ref().map(|strategy| strategy.to_arc()),
            },
            title: self.title(analytic),
            level: None,
            status: None,
            techniques: analytic.techniques.clone(),
            file: None,
            scope: scope(&analytic.platform),
            requirement: self.requirement(id, analytic),
            sysmon_lines: Vec::new(),
            prerequisites: Vec::new(),
        }
    }

    /// The strategy's name, or the technique's where a release has no strategies, and the platform.
    fn title(&self, analytic: &Analytic) -> Arc<str> {
        let strategy = analytic.strategy.as_ref().and_then(|id| self.attack.strategies.get(id));
        let technique = || analytic.techniques.first().and_then(|id| self.attack.techniques.get(id));
        let name =
            strategy.map(|strategy| &strategy.name).or_else(|| technique().map(|technique| &technique.name));
        let name = name.map_or("(no strategy)", |name| name);
        format!("{name} ({})", analytic.platform).into()
    }

    fn requirement(&mut self, id: &AnalyticId, analytic: &Analytic) -> Requirement {
        let platform = &analytic.platform;
        if !analytic.parts.is_empty() {
            return Requirement::Parts(
                analytic.parts.iter().map(|part| self.part(id, platform, part)).collect(),
            );
        }
        let what = Arc::from(format!("{platform}: the analytic names no log source"));
        match rules::sampled(platform) {
            None => Requirement::Outside { what },
            Some(_) => {
                self.problems.push(Problem::new(id.as_str(), "names no log source"));
                Requirement::NotUnderstood { kind: NotUnderstood::UnparsedRequirement, what }
            }
        }
    }

    fn part(&mut self, id: &AnalyticId, platform: &PlatformName, part: &AnalyticPart) -> Requirement {
        let component = self.attack.components.get(&part.component);
        let label: Arc<str> =
            component.map_or_else(|| part.component.to_arc(), |component| Arc::clone(&component.name));
        let equivalents = self.mappings.equivalents(self.attack, &part.component, platform);
        let mut leaves = Leaves::default();
        let mut outside: Vec<String> = Vec::new();
        let mut by_component = false;
        for reference in &part.references {
            let reading = self.mappings.read(self.attack, platform, (&part.component, reference));
            self.report(id, reference, &reading);
            by_component |= reading.class == Class::ByComponent;
            leaves.add(&reading.targets, Breadth::Exact);
            if reading.targets.is_empty() {
                outside.push(format!("{} ({})", reference.name, reading.class.as_str()));
            }
            outside.extend(reading.targets.iter().filter_map(|target| match target {
                Target::Outside(what) => Some(what.to_string()),
                Target::Event { .. } => None,
            }));
        }
        // A part of which the host can show nothing stays outside: its equivalents would show something else.
        if !leaves.0.is_empty() || part.references.is_empty() {
            leaves.add(equivalents, Breadth::Exact);
        } else if by_component {
            leaves.add(equivalents, Breadth::SourceLevel);
        }
        if leaves.0.is_empty() {
            outside.sort();
            outside.dedup();
            let named =
                if outside.is_empty() { "no host log carries it".to_owned() } else { outside.join(", ") };
            return Requirement::Outside { what: format!("{label}: {named}").into() };
        }
        Requirement::Branch(Branch { label, alternatives: leaves.0 })
    }

    /// Says what was not read, or only read roughly.
    fn report(&mut self, id: &AnalyticId, reference: &LogSourceRef, reading: &Reading) {
        let what = match reading.class {
            Class::Uninterpretable => "says too little to be tied to event types and is set aside",
            Class::ByComponent => {
                "is in no table and counts as its data component, partial at best; a row in attack-log-sources.csv mends it"
            }
            _ => return,
        };
        let text = format!("`{}` (key {}) {what}", reference.name, reference.key);
        self.problems.push(Problem::new(id.as_str(), text));
    }
}

/// The alternatives of one branch, each event once; what is exact outranks the same event known roughly.
#[derive(Default)]
struct Leaves(Vec<Leaf>);

impl Leaves {
    /// Adds the events among the targets, at most as broad as given.
    fn add(&mut self, targets: &[Target], at_most: Breadth) {
        for target in targets {
            let Target::Event { event, breadth } = target else { continue };
            let breadth = if at_most == Breadth::SourceLevel { at_most } else { *breadth };
            match self.0.iter_mut().find(|leaf| leaf.event == *event) {
                Some(leaf) if breadth == Breadth::Exact => leaf.breadth = breadth,
                Some(_) => (),
                None => self.0.push(Leaf {
                    event: event.clone(),
                    breadth,
                    needs: Arc::from([]),
                    exclusions: Arc::from([]),
                    paths: Arc::default(),
                }),
            }
        }
    }
}

fn scope(platform: &PlatformName) -> Scope {
    match (rules::sampled(platform), platform.as_str()) {
        (Some(Platform::Windows), _) => Scope::Hosts(Platform::Windows),
        (Some(Platform::Linux), _) => Scope::Hosts(Platform::Linux),
        (_, "macOS" | "ESXi") => Scope::OtherPlatform(platform.to_arc()),
        (Some(Platform::Device) | None, _) => Scope::Any,
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::{LeafEvent, attack::EventFilter};

    fn detection_of(id: &str) -> Detection {
        let (all, _) = detections(&Attack::embedded(), &Mappings::embedded());
        all.into_iter().find(|detection| detection.id.as_str() == id).unwrap()
    }

    fn alternatives(branch: &Branch) -> Vec<String> {
        let leaves = branch.alternatives.iter().map(|leaf| match &leaf.event {
            LeafEvent::Type(pattern) => format!("{pattern} {:?}", leaf.breadth),
            LeafEvent::Source(source) => format!("{source} {:?}", leaf.breadth),
        });
        leaves.collect()
    }

    /// An analytic on one platform with one part.
    fn single(platform: &str, component: &str, references: &[(&str, &str)]) -> Detection {
        let references = references.iter().map(|(name, text)| LogSourceRef {
            name: (*name).into(),
            filter: EventFilter::read(text),
            key: super::super::RefKey::of(name, text),
        });
        let part = AnalyticPart { component: ComponentId::new(component), references: references.collect() };
        let analytic = Analytic {
            strategy: None,
            techniques: Vec::new(),
            platform: PlatformName::new(platform),
            parts: vec![part],
        };
        let analytics = BTreeMap::from([(AnalyticId::new("AN0001"), analytic)]);
        let attack = Attack { analytics, ..Attack::default() };
        detections(&attack, &Mappings::embedded()).0.remove(0)
    }

    fn only_part(detection: &Detection) -> &Requirement {
        let Requirement::Parts(parts) = &detection.requirement else { panic!("{detection:?}") };
        &parts[0]
    }

    #[test]
    fn the_ids_of_a_reference_and_the_equivalents_of_its_component_are_alternatives() {
        let detection = single("Windows", "DC0032", &[("WinEventLog:Sysmon", "EventCode=1")]);
        let Requirement::Branch(branch) = only_part(&detection) else { panic!("{detection:?}") };
        assert_eq!(alternatives(branch), ["sysmon:1 Exact", "security:4688 Exact"]);
        assert_eq!(detection.scope, Scope::Hosts(Platform::Windows));
    }

    #[test]
    fn a_component_that_the_host_cannot_show_is_outside_by_name() {
        let detection = single("Windows", "DC0078", &[("NSM:Flow", "conn.log")]);
        let Requirement::Outside { what } = only_part(&detection) else { panic!("{detection:?}") };
        assert!(what.contains("NSM:Flow (not-host)"), "{what}");
        let detection = single("IaaS", "DC0032", &[("AWS:CloudTrail", "RunInstances")]);
        assert_eq!(detection.scope, Scope::Any);
        assert!(matches!(only_part(&detection), Requirement::Outside { .. }));
        assert_eq!(single("macOS", "DC0032", &[]).scope, Scope::OtherPlatform("macOS".into()));
    }

    #[test]
    fn what_no_table_knows_is_partial_at_best() {
        let detection = single("Windows", "DC0032", &[("WinEventLog:New", "something happens")]);
        let Requirement::Branch(branch) = only_part(&detection) else { panic!("{detection:?}") };
        assert_eq!(alternatives(branch), ["sysmon:1 SourceLevel", "security:4688 SourceLevel"]);
    }

    #[test]
    fn before_v18_a_component_alone_stands_for_its_event_types() {
        let detection = single("Linux", "DC0032", &[]);
        let Requirement::Branch(branch) = only_part(&detection) else { panic!("{detection:?}") };
        assert!(alternatives(branch).contains(&"auditd:SYSCALL/execve Exact".to_owned()));
    }

    #[test]
    fn an_analytic_of_the_release_reads_as_its_strategy_on_its_platform() {
        let detection = detection_of("AN0001");
        assert!(
            matches!(&detection.source, DetectionSource::Attack { strategy: Some(id) } if id.starts_with("DET"))
        );
        assert!(!detection.techniques.is_empty() && detection.title.ends_with(')'));
    }

    #[test]
    fn every_reference_of_the_release_has_the_class_that_was_reviewed() {
        let (attack, mappings) = (Attack::embedded(), Mappings::embedded());
        let mut counts: BTreeMap<(&str, Class), usize> = BTreeMap::new();
        let mut with_event_code = 0;
        for classified in classify(&attack, &mappings) {
            let platform = match rules::sampled(classified.platform) {
                Some(Platform::Windows) => "Windows",
                Some(Platform::Linux) => "Linux",
                Some(Platform::Device) | None => "other",
            };
            if platform == "Windows" && matches!(classified.reference.filter, EventFilter::EventIds(_)) {
                assert!(classified.reading.class <= Class::ExactCorrected, "{classified:?}");
                with_event_code += 1;
            }
            *counts.entry((platform, classified.reading.class)).or_default() += 1;
        }
        let found: Vec<_> = counts
            .iter()
            .map(|((platform, class), count)| format!("{platform} {} {count}", class.as_str()))
            .collect();
        assert_eq!(
            found,
            [
                "Linux exact 6",
                "Linux exact-corrected 7",
                "Linux record 505",
                "Linux record-inferred 104",
                "Linux source-level 100",
                "Linux edr-only 8",
                "Linux not-host 126",
                "Linux uninterpretable 11",
                "Windows exact 1253",
                "Windows exact-corrected 17",
                "Windows inferred-eid 50",
                "Windows source-level 27",
                "Windows edr-only 44",
                "Windows not-host 72",
                "Windows uninterpretable 4",
                "other not-sampled 1792",
            ]
        );
        assert_eq!(counts.values().sum::<usize>(), 4126);
        assert_eq!(with_event_code, 1269);
    }

    #[test]
    fn every_analytic_is_a_detection_and_what_says_too_little_is_listed() {
        let (all, problems) = detections(&Attack::embedded(), &Mappings::embedded());
        assert_eq!(all.len(), 1739);
        assert_eq!(problems.len(), 15);
        let windows =
            all.iter().filter(|detection| detection.scope == Scope::Hosts(Platform::Windows)).count();
        assert_eq!(windows, 471);
        let judgeable = all.iter().filter(|detection| match &detection.requirement {
            Requirement::Parts(parts) => parts.iter().any(|part| matches!(part, Requirement::Branch(_))),
            _ => false,
        });
        // 467 of 471 for Windows, 352 of 355 for Linux.
        assert_eq!(judgeable.count(), 819);
    }
}
