//! One way to fire on one event type: its fields in the event's own names, and its exclusions as far as they are open.

use std::{collections::BTreeMap, sync::Arc};

use blindspot_telemetry::{EventType, EventTypePattern, FieldName};

use super::{
    constraint::{self, Constraint, Dialect, Reading},
    expr::{Asks, Expr, Test},
    known,
    logsource::{Alternative, Others},
};
use crate::{Accepts, Breadth, Exclusion, Facts, FieldExpr, FieldNeed, FieldTest, Leaf, LeafEvent, Schema};

/// Where a leaf is built: the row of the table, the event, and what is known of events.
#[derive(Clone, Copy)]
pub(super) struct Site<'a> {
    /// The table's row.
    pub(super) row: &'a Alternative,
    /// The event type or source.
    pub(super) event: &'a LeafEvent,
    /// What is known of event types.
    pub(super) facts: &'a Facts,
    /// How the rule writes tests of the event itself.
    pub(super) dialect: Dialect,
}

/// What a way looks at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Looks {
    /// Fields.
    AtFields,
    /// Words anywhere in the event.
    AtWords,
}

impl Site<'_> {
    fn pattern(&self) -> Option<&EventTypePattern> {
        match self.event {
            LeafEvent::Type(pattern) => Some(pattern),
            LeafEvent::Source(_) => None,
        }
    }

    /// The leaf.
    pub(super) fn leaf(
        &self,
        needs: &BTreeMap<FieldName, Asks>,
        looks: Looks,
        exclusions: Arc<[Exclusion]>,
    ) -> Leaf {
        let (needs, breadth) = match self.event {
            LeafEvent::Type(_) => {
                let needs = needs.iter().filter_map(|(name, asks)| self.need(name, *asks)).collect();
                (needs, if self.row.leaves_event_to_rule() { Breadth::Exact } else { self.row.breadth })
            }
            LeafEvent::Source(_) if needs.is_empty() && looks == Looks::AtWords => {
                (Vec::new(), self.row.breadth)
            }
            // The fields of a whole source are those of no event type: they cannot be judged, so full sight is not
            // claimed.
            LeafEvent::Source(_) => (Vec::new(), Breadth::SourceLevel),
        };
        let paths = Arc::default();
        Leaf { event: self.event.clone(), breadth, needs: needs.into(), exclusions, paths }
    }

    /// The exclusions that this event leaves open; `None` where one of them always holds.
    pub(super) fn exclusions<'x>(
        &self,
        exclusions: impl Iterator<Item = &'x (Arc<str>, Expr)>,
    ) -> Option<Arc<[Exclusion]>> {
        let mut open = Vec::new();
        for (label, expr) in exclusions {
            match self.field_expr(expr) {
                FieldExpr::Constant(true) => return None,
                FieldExpr::Constant(false) => {}
                excluded => open.push(Exclusion { label: label.clone(), excluded }),
            }
        }
        Some(open.into())
    }

    /// The need for a field; `None` where its fill is not judged.
    pub(super) fn need(&self, rule_name: &FieldName, asks: Asks) -> Option<FieldNeed> {
        let listed = self
            .row
            .fields
            .names
            .iter()
            .find(|(name, _)| name.as_str().eq_ignore_ascii_case(rule_name.as_str()));
        let same = || Arc::from([rule_name.clone()]);
        let (event_fields, schema): (Arc<[FieldName]>, Schema) = match (listed, self.row.fields.others) {
            (Some((_, event_fields)), _) => (event_fields.clone(), Schema::Declares),
            (None, Others::PartOfText) => return None,
            (None, Others::Absent) => (same(), Schema::Lacks),
            (None, Others::SameName) => {
                match self.pattern().and_then(|it| known::declared(self.facts, it, rule_name)) {
                    None => (same(), Schema::Unknown),
                    Some(None) => (same(), Schema::Lacks),
                    Some(Some(own)) => (Arc::from([own.clone()]), Schema::Declares),
                }
            }
        };
        let accepts = if asks == Asks::Value { Accepts::Value } else { Accepts::Placeholder };
        Some(FieldNeed { rule_name: rule_name.clone(), event_fields, schema, accepts })
    }

    fn field_expr(&self, expr: &Expr) -> FieldExpr {
        match expr {
            Expr::All(children) => all(children.iter().map(|child| self.field_expr(child))),
            Expr::Any(children) => any(children.iter().map(|child| self.field_expr(child))),
            Expr::Not(inner) => match self.field_expr(inner) {
                FieldExpr::Constant(value) => FieldExpr::Constant(!value),
                FieldExpr::Not(inner) => *inner,
                other => FieldExpr::Not(Box::new(other)),
            },
            Expr::Named(_, inner) => self.field_expr(inner),
            Expr::Keywords(_) => FieldExpr::Open,
            Expr::Test(test) => match Constraint::read(test, self.dialect) {
                Reading::Field => self.field_test(test),
                Reading::Nothing => FieldExpr::Open,
                Reading::Event(event) => self.decides(&event).map_or(FieldExpr::Open, FieldExpr::Constant),
                Reading::EventAndField(event) => match self.decides(&event) {
                    Some(false) => FieldExpr::Constant(false),
                    _ => self.field_test(test),
                },
            },
        }
    }

    fn field_test(&self, test: &Test) -> FieldExpr {
        let asks = test.asks();
        all(test.fields().map(|field| {
            let Some(need) = self.need(&field, if asks == Asks::Absence { Asks::Value } else { asks }) else {
                return FieldExpr::Open;
            };
            match asks {
                Asks::Absence if test.asks_only_absence() => FieldExpr::Test(need, FieldTest::Absence),
                Asks::Absence => FieldExpr::Any(vec![
                    FieldExpr::Test(need.clone(), FieldTest::Absence),
                    FieldExpr::Test(need, FieldTest::Value),
                ]),
                _ => FieldExpr::Test(need, FieldTest::Value),
            }
        }))
    }

    /// Whether an event of this leaf is what a test of the event itself asks for; `None` where that is open.
    fn decides(&self, event: &Constraint) -> Option<bool> {
        match self.pattern()? {
            EventTypePattern::Windows { channel, provider, event_id } => {
                if let Some(ids) = &event.ids {
                    return Some(ids.contains(&event_id.0));
                }
                if let Some(operations) = &event.operations {
                    return if constraint::operation_fits(event_id.0, operations) {
                        None
                    } else {
                        Some(false)
                    };
                }
                if let Some(providers) = &event.providers {
                    let usual = self.usual_provider();
                    return provider.as_ref().or(usual.as_ref()).map(|provider| providers.contains(provider));
                }
                event.channels.as_ref().map(|channels| channels.contains(channel))
            }
            EventTypePattern::SysmonLinux { event_id } => {
                event.ids.as_ref().map(|ids| ids.contains(&event_id.0))
            }
            EventTypePattern::Auditd { record_type, syscall } => match (&event.record_types, &event.syscalls)
            {
                (Some(types), _) => Some(types.contains(record_type)),
                (None, Some(calls)) => syscall.as_ref().map(|call| calls.contains(call)),
                (None, None) => None,
            },
            EventTypePattern::Syslog { .. } => None,
        }
    }

    /// Who writes this event, for event types that the table itself names.
    fn usual_provider(&self) -> Option<blindspot_telemetry::Provider> {
        if self.row.fields.others != Others::Absent {
            return None;
        }
        match self.pattern()?.to_string().parse() {
            Ok(EventType::Windows { provider, .. }) => Some(provider),
            _ => None,
        }
    }
}

fn all(children: impl Iterator<Item = FieldExpr>) -> FieldExpr {
    let mut open = Vec::new();
    for child in children {
        match child {
            FieldExpr::Constant(true) => {}
            FieldExpr::Constant(false) => return child,
            FieldExpr::All(inner) => open.extend(inner),
            other => open.push(other),
        }
    }
    match open.len() {
        0 => FieldExpr::Constant(true),
        1 => open.remove(0),
        _ => FieldExpr::All(open),
    }
}

fn any(children: impl Iterator<Item = FieldExpr>) -> FieldExpr {
    let mut open = Vec::new();
    for child in children {
        match child {
            FieldExpr::Constant(false) => {}
            FieldExpr::Constant(true) => return child,
            FieldExpr::Any(inner) => open.extend(inner),
            other => open.push(other),
        }
    }
    match open.len() {
        0 => FieldExpr::Constant(false),
        1 => open.remove(0),
        _ => FieldExpr::Any(open),
    }
}
