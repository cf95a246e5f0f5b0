//! System calls: which records each makes, which uses of a path each is, and which rules record it.

use blindspot_telemetry::{
    RecordType, Syscall,
    settings::{AuditAction, AuditArch, AuditFilter, AuditList, AuditRule, Perms},
};

use super::{Configured, Part, Silence, filter_of};

/// The calls whose records a leaf wants.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Wanted {
    /// Any of them makes the record.
    pub(super) calls: Vec<Syscall>,
    /// Sets of calls: a rule for all of one set makes the record as a matter of course.
    pub(super) core: Vec<Vec<Syscall>>,
}

/// What stands for all that a path can be used for, where rules name no call.
const USES_OF_PATHS: [&str; 10] =
    ["execve", "openat", "open", "creat", "unlinkat", "unlink", "renameat2", "rename", "chmod", "setxattr"];

/// The calls that make records of this type.
pub(super) fn of_record(record_type: &RecordType, syscall: Option<&Syscall>, rules: &[AuditRule]) -> Wanted {
    let named = |names: &[&str]| names.iter().copied().map(Syscall::from).collect::<Vec<_>>();
    if let Some(call) = syscall {
        return Wanted { calls: vec![call.clone()], core: vec![vec![call.clone()]] };
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
            let mut calls: Vec<Syscall> =
                rules.iter().filter_map(filter_of).flat_map(|filter| filter.syscalls.clone()).collect();
            calls.extend(named(&USES_OF_PATHS));
            calls.sort();
            calls.dedup();
            return Wanted { calls, core: vec![named(&["execve"]), named(&["openat"])] };
        }
    };
    Wanted { calls: named(calls), core: vec![named(core)] }
}

/// What the rules make of all the calls that are wanted.
pub(super) fn all_of<'a>(rules: &'a [AuditRule], wanted: &Wanted) -> Configured<'a> {
    let whole = wanted.core.iter().find_map(|core| {
        let each: Vec<Configured<'a>> = core.iter().map(|call| one(rules, call)).collect();
        each.iter().all(|it| matches!(it, Configured::All { .. })).then(|| each.into_iter().next()).flatten()
    });
    if let Some(whole) = whole {
        return whole;
    }
    let mut by: Vec<&AuditRule> = Vec::new();
    let mut kept_out = None;
    for found in wanted.calls.iter().map(|call| one(rules, call)) {
        match found {
            Configured::All { by: rule, .. } => by.extend(rule),
            Configured::Part(part) => by.extend(part.by),
            Configured::KeptOut(rule) => kept_out = kept_out.or(Some(rule)),
            Configured::No(_) | Configured::Elsewhere { .. } => {}
        }
    }
    let by: Vec<&AuditRule> =
        rules.iter().filter(|rule| by.iter().any(|it| std::ptr::eq(*it, *rule))).collect();
    match (by.is_empty(), kept_out) {
        (false, _) => Configured::Part(Part { by, missing: Vec::new() }),
        (true, Some(rule)) => Configured::KeptOut(rule),
        (true, None) => Configured::No(Silence::NoRule),
    }
}

/// What the rules make of one call: the first that matches whatever the circumstances ends the list.
fn one<'a>(rules: &'a [AuditRule], call: &Syscall) -> Configured<'a> {
    let mut by = Vec::new();
    for (at, rule) in rules.iter().enumerate() {
        let Some(reach) = reach(rule, call) else { continue };
        match (reach, action(rule)) {
            (Reach::Whole, AuditAction::Always) => {
                let rest = rules.get(at..).unwrap_or_default();
                return Configured::All { by: Some(rule), only_64_bit: !any_32_bit(rest, call) };
            }
            (Reach::Whole, AuditAction::Never) if by.is_empty() => return Configured::KeptOut(rule),
            (Reach::Whole, AuditAction::Never) => break,
            (Reach::Some, AuditAction::Always) => by.push(rule),
            (Reach::Some, AuditAction::Never) => {}
        }
    }
    if by.is_empty() {
        Configured::No(Silence::NoRule)
    } else {
        Configured::Part(Part { by, missing: Vec::new() })
    }
}

/// True where one of these rules records the call of 32-bit programs too.
fn any_32_bit(rules: &[AuditRule], call: &Syscall) -> bool {
    rules.iter().filter_map(filter_of).any(|filter| {
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
pub(super) fn reach(rule: &AuditRule, call: &Syscall) -> Option<Reach> {
    match rule {
        AuditRule::Watch(watch) => use_of(watch.perms, call).map(|_| Reach::Some),
        AuditRule::Filter(filter) => {
            if filter.list != AuditList::Exit || !has_call(filter, call) {
                return None;
            }
            let of_path = filter.fields.iter().any(|it| matches!(it.field.as_str(), "path" | "dir"));
            if of_path && takes_no_path(call) {
                return None;
            }
            let by_use = match filter.perms {
                None => Reach::Whole,
                Some(perms) => use_of(perms, call)?,
            };
            let native = matches!(filter.arch, None | Some(AuditArch::B64));
            let free = filter.fields.is_empty() && filter.between.is_empty() && native;
            Some(if free { by_use } else { Reach::Some })
        }
    }
}

fn has_call(filter: &AuditFilter, call: &Syscall) -> bool {
    filter.syscalls.is_empty() || filter.syscalls.contains(call)
}

pub(super) fn action(rule: &AuditRule) -> AuditAction {
    super::action_of(rule)
}

/// Calls that name no file, so that a rule for a path never matches them.
fn takes_no_path(call: &Syscall) -> bool {
    matches!(
        call.as_str(),
        "socket"
            | "accept"
            | "accept4"
            | "ptrace"
            | "kill"
            | "tkill"
            | "tgkill"
            | "mprotect"
            | "personality"
            | "init_module"
            | "delete_module"
            | "memfd_create"
            | "sysinfo"
            | "syslog"
            | "prctl"
            | "setuid"
            | "setgid"
            | "setreuid"
            | "setregid"
            | "setresuid"
            | "setresgid"
            | "adjtimex"
            | "settimeofday"
            | "clock_settime"
            | "add_key"
            | "keyctl"
            | "request_key"
            | "process_vm_readv"
            | "process_vm_writev"
            | "clone"
            | "fork"
            | "vfork"
    )
}

/// Calls that use no file in the ordinary sense: a socket's path is not what a rule about files looks for.
pub(super) fn uses_no_file(call: &Syscall) -> bool {
    takes_no_path(call)
        || matches!(
            call.as_str(),
            "connect" | "sendto" | "sendmsg" | "sendmmsg" | "recvfrom" | "recvmsg" | "mmap"
        )
}

/// How much of a call is one of these uses of a path, as the kernel's tables say (audit_match_perm in
/// kernel/auditsc.c; include/asm-generic/audit_{read,write,dir_write,change_attr}.h).
fn use_of(perms: Perms, call: &Syscall) -> Option<Reach> {
    let name = call.as_str();
    let by_flags = || match (perms.read, perms.write) {
        (true, true) => Some(Reach::Whole),
        (true, false) | (false, true) => Some(Reach::Some),
        (false, false) => None,
    };
    let whole = |set: bool| set.then_some(Reach::Whole);
    match name {
        "execve" | "execveat" => whole(perms.execute),
        "open" | "openat" | "openat2" => by_flags(),
        _ if WRITES.contains(&name) => whole(perms.write).or_else(|| whole(perms.read && name == "quotactl")),
        _ if READS.contains(&name) => whole(perms.read),
        _ if CHANGES_ATTRIBUTES.contains(&name) => whole(perms.attributes),
        _ => None,
    }
}

const WRITES: [&str; 24] = [
    "rename",
    "renameat",
    "renameat2",
    "mkdir",
    "mkdirat",
    "rmdir",
    "creat",
    "link",
    "linkat",
    "unlink",
    "unlinkat",
    "symlink",
    "symlinkat",
    "mknod",
    "mknodat",
    "acct",
    "swapon",
    "quotactl",
    "quotactl_fd",
    "truncate",
    "truncate64",
    "ftruncate",
    "ftruncate64",
    "bind",
];

const READS: [&str; 8] =
    ["readlink", "readlinkat", "listxattr", "llistxattr", "flistxattr", "getxattr", "lgetxattr", "fgetxattr"];

const CHANGES_ATTRIBUTES: [&str; 18] = [
    "chmod",
    "fchmod",
    "fchmodat",
    "fchmodat2",
    "chown",
    "fchown",
    "lchown",
    "fchownat",
    "setxattr",
    "lsetxattr",
    "fsetxattr",
    "setxattrat",
    "removexattr",
    "lremovexattr",
    "fremovexattr",
    "removexattrat",
    "chown32",
    "lchown32",
];
