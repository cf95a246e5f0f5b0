//! Compiles detection strategies and analytics, and the older model in which data components detect techniques.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::{
    filter::{EventFilter, RefKey},
    import::{Import, component_id, platforms},
    model::{
        Analytic, AnalyticId, AnalyticPart, Attack, ComponentId, DetectionStrategy, LogSourceRef,
        PlatformName, StrategyId,
    },
    stix::Object,
};
use crate::TechniqueId;

/// Fills in strategies and analytics. A bundle without analytics is read by the older model.
pub(super) fn import(import: &mut Import<'_>, attack: &mut Attack) {
    let mut strategy_of: HashMap<&str, StrategyId> = HashMap::new();
    for (id, object) in import.active("x-mitre-detection-strategy") {
        let id = StrategyId::new(id);
        let techniques = import.techniques_of(object, "detects");
        if techniques.is_empty() {
            import.problem(id.as_str(), "detects no active technique");
        }
        for analytic in &object.analytic_refs {
            if import.object(analytic.as_str()).is_none() {
                import.problem(
                    id.as_str(),
                    format!("names the analytic `{}`, which is not there", analytic.as_str()),
                );
            }
            strategy_of.insert(analytic.as_str(), id.clone());
        }
        attack.strategies.insert(id, DetectionStrategy { name: object.name.as_str().into(), techniques });
    }
    for (id, object) in import.active("x-mitre-analytic") {
        let strategy = strategy_of.get(object.id.as_str()).cloned();
        if strategy.is_none() {
            import.problem(id, "belongs to no active detection strategy");
        }
        add_analytic(import, attack, Raw { id, object, strategy });
    }
    if attack.analytics.is_empty() {
        component_model(import, attack);
    }
}

/// An analytic as the bundle has it.
struct Raw<'a> {
    id: &'a str,
    object: &'a Object<'a>,
    strategy: Option<StrategyId>,
}

fn add_analytic(import: &mut Import<'_>, attack: &mut Attack, raw: Raw<'_>) {
    let techniques = raw.strategy.as_ref().and_then(|id| attack.strategies.get(id));
    let techniques = techniques.map(|strategy| strategy.techniques.clone()).unwrap_or_default();
    let mut parts: Vec<AnalyticPart> = Vec::new();
    for reference in &raw.object.log_source_references {
        let component = match import.object(reference.component.as_str()) {
            Some(object) => component_id(object),
            None => {
                let what = format!(
                    "names the data component `{}`, which is not there",
                    reference.component.as_str()
                );
                import.problem(raw.id, what);
                ComponentId::new(reference.component.as_str())
            }
        };
        let text = reference.channel.as_ref().map(|text| text.as_str()).unwrap_or_default();
        let log_source = LogSourceRef {
            name: reference.name.as_str().trim().into(),
            filter: EventFilter::read(text),
            key: RefKey::of(reference.name.as_str(), text),
        };
        match parts.iter_mut().find(|part| part.component == component) {
            Some(part) => part.references.push(log_source),
            None => parts.push(AnalyticPart { component, references: vec![log_source] }),
        }
    }
    let platforms = platforms(raw.object);
    if platforms.is_empty() {
        import.problem(raw.id, "names no platform");
    }
    let alone = platforms.len() == 1;
    for platform in platforms {
        let id = if alone { AnalyticId::new(raw.id) } else { on_platform(raw.id, &platform) };
        let analytic = Analytic {
            strategy: raw.strategy.clone(),
            techniques: techniques.clone(),
            platform,
            parts: parts.clone(),
        };
        attack.analytics.insert(id, analytic);
    }
}

/// Bundles before v18: one analytic per technique and platform, a part per component that detects the technique.
fn component_model(import: &Import<'_>, attack: &mut Attack) {
    let mut components: BTreeMap<TechniqueId, BTreeSet<ComponentId>> = BTreeMap::new();
    for object in
        import.objects.iter().filter(|o| o.kind.as_str() == "x-mitre-data-component" && o.is_active())
    {
        for technique in import.techniques_of(object, "detects") {
            components.entry(technique).or_default().insert(component_id(object));
        }
    }
    for (id, components) in components {
        let Some(technique) = attack.techniques.get(&id) else { continue };
        for platform in &technique.platforms {
            let parts =
                components.iter().map(|id| AnalyticPart { component: id.clone(), references: Vec::new() });
            let analytic = Analytic {
                strategy: None,
                techniques: vec![id.clone()],
                platform: platform.clone(),
                parts: parts.collect(),
            };
            attack.analytics.insert(on_platform(id.as_str(), platform), analytic);
        }
    }
}

/// `T1059/windows`.
fn on_platform(id: &str, platform: &PlatformName) -> AnalyticId {
    AnalyticId::new(format!("{id}/{}", platform.as_str().to_lowercase().replace(' ', "-")))
}
