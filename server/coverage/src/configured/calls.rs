//! Which calls make each record, and which rules record them.

use blindspot_telemetry::{
    RecordType, Syscall,
    settings::{AuditAction, AuditArch, AuditFilter, AuditList, AuditRule},
};

use super::{Configured, Part, Silence, action_of, call::Call, filter_of};

/// The calls whose records a leaf wants.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Wanted {
    /// Any of them makes the record.
    pub(super) calls: Vec<Call>,
    /// Sets of calls: a rule for all of one set makes the record as a matter of course.
    pub(super) core: Vec<Vec<Call>>,
    /// The call that opens files nowadays.
    pub(super) opening: Call,
}

/// What stands for all that a path can be used for, where rules name no call.
const USES_OF_PATHS: [&str; 10] =
    ["execve", "openat", "open", "creat", "unlinkat", "unlink", "renameat2", "rename", "chmod", "setxattr"];

/// The calls that make records of this type.
pub(super) fn of_record(record_type: &RecordType, syscall: Option<&Syscall>, rules: &[AuditRule]) -> Wanted {
    let named =
        |names: &[&str]| names.iter().map(|name| Call::new(&Syscall::from(*name))).collect::<Vec<_>>();
    let opening = Call::new(&Syscall::from("openat"));
    if let Some(call) = syscall {
        let calls = vec![Call::new(call)];
        return Wanted { core: vec![calls.clone()], calls, opening };
    }
    let (calls, core): (&[&str], &[&str]) = match record_type.as_str() {
        "EXECVE" | "BPRM_FCAPS" => (&["execve", "execveat"], &["execve"]),
        "SOCKADDR" => (
            &["connect", "bind", "accept", "accept4", "sendto", "sendmsg", "recvfrom", "recvmsg"],
            &["connect"],
        ),
        "MMAP" => (&["mmap"], &["mmap"]),
        "KERN_MODULE" => {
            (&["init_module", "finit_module", "delete_module"], &["init_module", "finit_module"])
        }
        _ => {
            let mut names: Vec<Syscall> =
                rules.iter().filter_map(filter_of).flat_map(|filter| filter.syscalls.clone()).collect();
            names.extend(USES_OF_PATHS.map(Syscall::from));
            names.sort();
            names.dedup();
            let calls = names.iter().map(Call::new).collect();
            return Wanted { calls, core: vec![named(&["execve"]), named(&["openat"])], opening };
        }
    };
    Wanted { calls: named(calls), core: vec![named(core)], opening }
}

/// What the rules make of all the calls that are wanted.
pub(super) fn all_of<'a>(rules: &'a [AuditRule], wanted: &Wanted) -> Configured<'a> {
    if let Some(whole) = wanted.core.iter().find_map(|core| whole(rules, core)) {
        return whole;
    }
    let ends: Vec<(&Call, Option<usize>)> =
        wanted.calls.iter().map(|call| (call, end(rules, call).map(|(at, _)| at))).collect();
    let records = |(at, rule): &(usize, &AuditRule)| {
        let before_end = |end: &Option<usize>| end.is_none_or(|end| *at <= end);
        action_of(rule) == AuditAction::Always
            && ends.iter().any(|(call, end)| before_end(end) && reach(rule, call).is_some())
    };
    let by: Vec<&AuditRule> = rules.iter().enumerate().filter(records).map(|(_, rule)| rule).collect();
    let kept_out = ends.iter().find_map(|(_, end)| rules.get((*end)?));
    match (by.is_empty(), kept_out) {
        (false, _) => Configured::Part(Part { by, missing: Vec::new() }),
        (true, Some(rule)) => Configured::KeptOut(rule),
        (true, None) => Configured::No(Silence::NoRule),
    }
}

/// The answer where rules record all of these calls, whatever the circumstances.
fn whole<'a>(rules: &'a [AuditRule], calls: &[Call]) -> Option<Configured<'a>> {
    let ends: Option<Vec<(usize, &AuditRule)>> = calls.iter().map(|call| end(rules, call)).collect();
    let ends = ends?;
    if ends.iter().any(|(_, rule)| action_of(rule) == AuditAction::Never) {
        return None;
    }
    let each_32_bit = calls.iter().zip(&ends).all(|(call, (at, _))| {
        let rest = rules.get(*at..).unwrap_or_default();
        rest.iter().any(|rule| records_32_bit(rule, call))
    });
    Some(Configured::All { by: ends.first().map(|(_, rule)| *rule), only_64_bit: !each_32_bit })
}

/// The first rule that matches a call whatever the circumstances: none behind it is asked.
fn end<'a>(rules: &'a [AuditRule], call: &Call) -> Option<(usize, &'a AuditRule)> {
    rules.iter().enumerate().find(|(_, rule)| reach(rule, call) == Some(Reach::Whole))
}

/// True where the rule records the call of 32-bit programs, whatever the circumstances.
fn records_32_bit(rule: &AuditRule, call: &Call) -> bool {
    filter_of(rule).is_some_and(|filter| {
        filter.arch != Some(AuditArch::B64)
            && filter.action == AuditAction::Always
            && filter.list == AuditList::Exit
            && has_call(filter, call)
            && filter.fields.is_empty()
            && filter.between.is_empty()
    })
}

/// How much of a call a rule matches.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reach {
    /// All of it.
    Whole,
    /// Some of it: more must hold.
    Some,
}

/// How much of a call a rule of the exit list matches; `None` where it never does.
pub(super) fn reach(rule: &AuditRule, call: &Call) -> Option<Reach> {
    match rule {
        AuditRule::Watch(watch) => call.use_of(watch.perms).map(|_| Reach::Some),
        AuditRule::Filter(filter) => {
            if filter.list != AuditList::Exit || !has_call(filter, call) {
                return None;
            }
            let of_path = || filter.fields.iter().any(|it| matches!(it.field.as_str(), "path" | "dir"));
            if !call.takes_path() && of_path() {
                return None;
            }
            let by_use = match filter.perms {
                None => Reach::Whole,
                Some(perms) => call.use_of(perms)?,
            };
            let native = matches!(filter.arch, None | Some(AuditArch::B64));
            let free = filter.fields.is_empty() && filter.between.is_empty() && native;
            Some(if free { by_use } else { Reach::Some })
        }
    }
}

fn has_call(filter: &AuditFilter, call: &Call) -> bool {
    filter.syscalls.is_empty() || filter.syscalls.contains(&call.name)
}
