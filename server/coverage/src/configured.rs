//! What the settings of a host make of one leaf: whether its records are written at all, in part, or whole. The
//! Windows audit policy decides (`policy`), the configuration of Sysmon (`sysmon`), or the audit rules of Linux.
//!
//! The kernel asks the rules of a list in their order, and the first that matches decides (audit_filter_syscall and
//! the rules' `prio` in kernel/auditsc.c and kernel/auditfilter.c). Watches stand in the exit list with all the others.

mod call;
mod calls;
mod paths;
mod policy;
mod records;
mod sysmon;

use std::sync::Arc;

use blindspot_catalog::{EventFacts, Leaf, LeafEvent, Outcome, PathText};
use blindspot_telemetry::{
    EventTypePattern, RecordType, Syscall,
    settings::{AuditAction, AuditFilter, AuditList, AuditRule, AuditSettings, AuditState, Subcategory},
};

use records::Written;

use crate::HostSight;

/// What the settings make of a leaf.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Configured<'a> {
    /// Nothing makes the host write it.
    No(Silence<'a>),
    /// A rule keeps it out: `exclude` by its type, or an earlier `never`.
    KeptOut(&'a AuditRule),
    /// Rules record such events, and none of them on the paths that the leaf asks for.
    Elsewhere {
        /// The rules that record others.
        by: Vec<&'a AuditRule>,
        /// The rule that keeps these out, where one does.
        kept_out: Option<&'a AuditRule>,
    },
    /// Rules record some of it.
    Part(Part<'a>),
    /// A rule records all of it; no rule is named for what is written without any.
    All {
        /// The rule.
        by: Option<&'a AuditRule>,
        /// True where calls of 32-bit programs are left out.
        only_64_bit: bool,
    },
    /// The Sysmon configuration has all of this tag written.
    AllOfTag(Arc<str>),
    /// The Windows audit policy has it written.
    Audited(Subcategory),
    /// The policy has one outcome of it written, or it needs more than the policy.
    MayBeWritten(Subcategory),
    /// The policy has it written for objects that have a SACL, of which nothing is known.
    NeedsSacl(Subcategory),
}

/// Why nothing is written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Silence<'a> {
    /// No rule asks for it.
    NoRule,
    /// The kernel does not audit (`enabled 0`).
    SwitchedOff,
    /// `never,task`: no process is watched at all.
    NeverTask(&'a AuditRule),
    /// The Windows audit policy leaves its subcategory out.
    NotAudited(Subcategory),
    /// The policy audits the other outcome only.
    OutcomeNotAudited(Subcategory, Outcome),
    /// The Sysmon configuration lets nothing of this tag through.
    SysmonTag(Arc<str>),
}

/// What rules let through.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part<'a> {
    /// The rules, each of which records some of it.
    pub by: Vec<&'a AuditRule>,
    /// Of the paths that the leaf asks for, those that no rule records.
    pub missing: Vec<PathText>,
}

/// What the settings of a host make of a leaf; `None` where they say nothing of it.
#[must_use]
pub fn configured<'a>(
    host: &HostSight<'a>,
    leaf: &Leaf,
    facts: Option<&EventFacts>,
) -> Option<Configured<'a>> {
    match &leaf.event {
        LeafEvent::Type(EventTypePattern::Auditd { .. }) => by_audit(host.audit()?, leaf),
        _ if facts?.sysmon_tag.is_some() => sysmon::by_elements(host.sysmon()?, facts?),
        _ => policy::by_policy(host.audit_policy()?, facts?),
    }
}

/// What the audit system of Linux makes of a leaf.
#[must_use]
pub fn by_audit<'a>(audit: &'a AuditSettings, leaf: &Leaf) -> Option<Configured<'a>> {
    let LeafEvent::Type(EventTypePattern::Auditd { record_type, syscall }) = &leaf.event else {
        return None;
    };
    let written = records::written(record_type, syscall.as_ref())?;
    if audit.state == Some(AuditState::Off) && written != Written::Always {
        return Some(Configured::No(Silence::SwitchedOff));
    }
    let rules = audit.known_rules()?;
    if let Some(rule) = rules.iter().find(|rule| records::excludes(rule, record_type)) {
        return Some(Configured::KeptOut(rule));
    }
    match written {
        Written::Always => None,
        Written::ByPrograms => {
            let list = rules.iter().find(|rule| decides_all(rule, AuditList::User));
            match list {
                Some(rule) if action_of(rule) == AuditAction::Never => Some(Configured::KeptOut(rule)),
                _ => without_rule(audit),
            }
        }
        Written::ByKernel => without_rule(audit),
        Written::ByRules => Some(by_rules(rules, record_type, syscall.as_ref(), leaf)),
    }
}

/// What needs no rule is written where the kernel itself says that it audits, and to a daemon.
fn without_rule(audit: &AuditSettings) -> Option<Configured<'_>> {
    let audits = matches!(audit.state, Some(AuditState::On | AuditState::Locked));
    let connected = audit.pid.is_some_and(|pid| pid != 0);
    (audits && connected).then_some(Configured::All { by: None, only_64_bit: false })
}

fn by_rules<'a>(
    rules: &'a [AuditRule],
    record_type: &RecordType,
    syscall: Option<&Syscall>,
    leaf: &Leaf,
) -> Configured<'a> {
    let never = rules.iter().find(|rule| decides_all(rule, AuditList::Task));
    if let Some(rule) = never.filter(|rule| action_of(rule) == AuditAction::Never) {
        return Configured::No(Silence::NeverTask(rule));
    }
    let wanted = calls::of_record(record_type, syscall, rules);
    let by_call = calls::all_of(rules, &wanted);
    if leaf.paths.is_empty() || matches!(by_call, Configured::No(_) | Configured::KeptOut(_)) {
        return by_call;
    }
    match (by_call, paths::all_of(rules, &wanted, &leaf.paths)) {
        (whole @ Configured::All { .. }, Configured::All { .. }) => whole,
        (_, by_path) => by_path,
    }
}

/// True for a rule of this list that matches whatever happens.
fn decides_all(rule: &AuditRule, list: AuditList) -> bool {
    filter_of(rule)
        .is_some_and(|filter| filter.list == list && filter.fields.is_empty() && filter.between.is_empty())
}

fn action_of(rule: &AuditRule) -> AuditAction {
    filter_of(rule).map_or(AuditAction::Always, |filter| filter.action)
}

fn filter_of(rule: &AuditRule) -> Option<&AuditFilter> {
    match rule {
        AuditRule::Filter(filter) => Some(filter),
        AuditRule::Watch(_) => None,
    }
}

#[cfg(test)]
mod tests;
