//! One entry of a team's inventory, turned into a detection.

use std::{path::PathBuf, sync::Arc};

use blindspot_telemetry::{EventTypePattern, FieldName, Platform, SourceId};

use super::too_generic;
use crate::{
    Accepts, Branch, Breadth, Detection, DetectionId, DetectionSource, Facts, FieldNeed, Leaf, LeafEvent,
    Level, Requirement, Schema, Scope, TechniqueId,
};

/// An entry as it was written, whatever the format.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Entry {
    pub(super) id: String,
    pub(super) title: String,
    pub(super) techniques: Vec<String>,
    pub(super) events: Events,
    pub(super) fields: Vec<String>,
    pub(super) level: Option<String>,
    pub(super) platform: Option<String>,
}

/// What an entry needs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Events {
    /// Any one of these.
    Any(Vec<String>),
    /// All of these; each lists alternatives with `|`.
    All(Vec<String>),
    /// Something that no agent samples.
    Outside(String),
}

/// A field that an entry needs: on one event type, or on all.
struct NeededField {
    name: FieldName,
    only_on: Option<LeafEvent>,
}

impl Entry {
    /// The detection, and what is odd about it.
    pub(super) fn detection(
        self,
        facts: &Facts,
        file: &Arc<PathBuf>,
    ) -> Result<(Detection, Vec<String>), String> {
        for (key, text) in [("id", &self.id), ("title", &self.title)] {
            if text.trim().is_empty() {
                return Err(format!("`{key}` is empty"));
            }
        }
        let (tactics, techniques): (Vec<_>, Vec<_>) =
            self.techniques.iter().partition(|text| is_tactic(text));
        let techniques = techniques.into_iter().map(|text| text.parse::<TechniqueId>());
        let techniques = techniques.collect::<Result<Vec<_>, _>>().map_err(|error| error.to_string())?;
        let generic = too_generic(&techniques, tactics.first().map(|tactic| tactic.as_str()));
        let notes = generic.map(|generic| format!("`{}` {generic}", self.id)).into_iter().collect();

        let groups = self.events.groups()?;
        let fields = self.fields.iter().map(|text| needed_field(text)).collect::<Result<Vec<_>, _>>()?;
        let named = |event: &LeafEvent| groups.iter().flatten().any(|(named, _)| named == event);
        if let Some(stray) =
            fields.iter().find(|field| field.only_on.as_ref().is_some_and(|event| !named(event)))
        {
            return Err(format!(
                "the field `{}` is asked of an event type that the entry does not name",
                stray.name
            ));
        }
        let scope = scope(self.platform.as_deref(), &groups);
        let requirement = match &self.events {
            Events::Outside(what) => Requirement::Outside { what: what.as_str().into() },
            Events::Any(_) | Events::All(_) => {
                let mut branches: Vec<_> = groups.iter().map(|group| branch(group, &fields, facts)).collect();
                match (branches.pop(), branches.is_empty()) {
                    (Some(only), true) => only,
                    (last, _) => Requirement::Together(branches.into_iter().chain(last).collect()),
                }
            }
        };
        let detection = Detection {
            id: DetectionId::new(self.id),
            source: DetectionSource::Own,
            title: self.title.into(),
            level: self.level.as_deref().map(level).transpose()?,
            status: None,
            techniques,
            file: Some(Arc::clone(file)),
            scope,
            requirement,
            sysmon_lines: Vec::new(),
            prerequisites: Vec::new(),
        };
        Ok((detection, notes))
    }
}

impl Events {
    /// Groups that are needed together, each of alternatives, with the texts that name them.
    fn groups(&self) -> Result<Vec<Vec<(LeafEvent, &str)>>, String> {
        let groups = match self {
            Self::Outside(_) => return Ok(Vec::new()),
            Self::Any(any) => vec![alternatives(any.iter().map(String::as_str))?],
            Self::All(all) => {
                all.iter().map(|group| alternatives(group.split('|'))).collect::<Result<_, _>>()?
            }
        };
        if groups.is_empty() || groups.iter().any(Vec::is_empty) {
            return Err("no event type is named".to_owned());
        }
        Ok(groups)
    }
}

fn alternatives<'a>(texts: impl Iterator<Item = &'a str>) -> Result<Vec<(LeafEvent, &'a str)>, String> {
    texts.map(str::trim).map(|text| Ok((leaf_event(text)?, text))).collect()
}

/// `TA0002`.
fn is_tactic(text: &str) -> bool {
    let digits = text.trim().strip_prefix("TA").or_else(|| text.trim().strip_prefix("ta"));
    digits.is_some_and(|digits| digits.len() == 4 && digits.bytes().all(|byte| byte.is_ascii_digit()))
}

/// `sysmon:13`, or `sysmon:*` for any event of the source.
fn leaf_event(text: &str) -> Result<LeafEvent, String> {
    let pattern = |text: &str| text.parse::<EventTypePattern>().map_err(|error| error.to_string());
    match text.strip_suffix(":*") {
        None => pattern(text).map(LeafEvent::Type),
        Some(source) => {
            pattern(&format!("{source}:0")).map(|any| LeafEvent::Source(SourceId::of_pattern(&any)))
        }
    }
}

/// `CommandLine`, or `CommandLine@sysmon:1`.
fn needed_field(text: &str) -> Result<NeededField, String> {
    let (name, event) = text.split_once('@').map_or((text, None), |(name, event)| (name, Some(event)));
    if name.trim().is_empty() {
        return Err(format!("`{text}` names no field; one reads like CommandLine or CommandLine@sysmon:1"));
    }
    let only_on = event.map(|event| leaf_event(event.trim())).transpose()?;
    Ok(NeededField { name: FieldName::new(name.trim()), only_on })
}

fn level(text: &str) -> Result<Level, String> {
    let known = Level::ALL.into_iter().find(|level| level.as_str().eq_ignore_ascii_case(text.trim()));
    known.ok_or_else(|| format!("`{text}` is no level; one is informational, low, medium, high or critical"))
}

/// Where the entry says, or what all its event types belong to.
fn scope(platform: Option<&str>, groups: &[Vec<(LeafEvent, &str)>]) -> Scope {
    match platform.map(str::trim).map(str::to_ascii_lowercase).as_deref() {
        Some("any") => return Scope::Any,
        Some("windows") => return Scope::Hosts(Platform::Windows),
        Some("linux") => return Scope::Hosts(Platform::Linux),
        Some(_) => return Scope::OtherPlatform(platform.unwrap_or_default().trim().into()),
        None => (),
    }
    let mut platforms = groups.iter().flatten().map(|(event, _)| platform_of(event));
    let Some(first) = platforms.next() else { return Scope::Any };
    if platforms.all(|platform| platform == first) { Scope::Hosts(first) } else { Scope::Any }
}

fn platform_of(event: &LeafEvent) -> Platform {
    let source = match event {
        LeafEvent::Type(pattern) => SourceId::of_pattern(pattern),
        LeafEvent::Source(source) => source.clone(),
    };
    match source {
        SourceId::Channel(_) => Platform::Windows,
        SourceId::Auditd | SourceId::Syslog | SourceId::SysmonLinux => Platform::Linux,
    }
}

/// One group of alternatives. The same event on other versions of the system is one more.
fn branch(group: &[(LeafEvent, &str)], fields: &[NeededField], facts: &Facts) -> Requirement {
    let mut events: Vec<(LeafEvent, &LeafEvent)> = Vec::new();
    for (event, _) in group {
        let twins = match event {
            LeafEvent::Type(pattern) => {
                facts.row(pattern).map(|known| known.same_as.as_slice()).unwrap_or_default()
            }
            LeafEvent::Source(_) => &[],
        };
        for same in std::iter::once(event.clone()).chain(twins.iter().cloned().map(LeafEvent::Type)) {
            if events.iter().all(|(known, _)| *known != same) {
                events.push((same, event));
            }
        }
    }
    let label: Vec<_> = group.iter().map(|(_, text)| *text).collect();
    let leaf = |(event, written): (LeafEvent, &LeafEvent)| {
        let asked = fields.iter().filter(|field| field.only_on.as_ref().is_none_or(|only| only == written));
        Leaf {
            breadth: if matches!(event, LeafEvent::Type(_)) { Breadth::Exact } else { Breadth::SourceLevel },
            needs: asked.map(|field| need(&field.name, &event, facts)).collect(),
            exclusions: Arc::default(),
            paths: Arc::default(),
            event,
        }
    };
    Requirement::Branch(Branch {
        label: label.join(" or ").into(),
        alternatives: events.into_iter().map(leaf).collect(),
    })
}

fn need(name: &FieldName, event: &LeafEvent, facts: &Facts) -> FieldNeed {
    let schema = match event {
        LeafEvent::Type(pattern) => facts.row(pattern).map_or(Schema::Unknown, |known| known.schema_of(name)),
        LeafEvent::Source(_) => Schema::Unknown,
    };
    FieldNeed {
        rule_name: name.clone(),
        event_fields: [name.clone()].into(),
        schema,
        accepts: Accepts::Value,
    }
}
