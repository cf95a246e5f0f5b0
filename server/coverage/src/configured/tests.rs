//! Tables of rules and what they make of an event type.

use std::sync::Arc;

use blindspot_catalog::{Access, Breadth, PathOf, PathShape, PathTest};
use blindspot_telemetry::settings::{AuditArch, AuditField, AuditRules, AuditWatch, Comparison, RulesOrigin};

use super::*;

/// A filter of the exit list for 64-bit calls; fields read `auid>=1000`.
fn calls(action: AuditAction, calls: &[&str], fields: &[&str]) -> AuditFilter {
    AuditFilter {
        list: AuditList::Exit,
        action,
        arch: Some(AuditArch::B64),
        syscalls: calls.iter().map(|call| Syscall::from(*call)).collect(),
        perms: None,
        fields: fields.iter().map(|text| field(text)).collect(),
        between: Vec::new(),
        keys: Vec::new(),
    }
}

fn field(text: &str) -> AuditField {
    let (name, op, value) = Comparison::SPELLED
        .iter()
        .filter_map(|(word, op)| text.split_once(word).map(|(name, value)| (name, *op, value)))
        .find(|(name, ..)| name.chars().all(|letter| letter.is_ascii_alphanumeric()))
        .unwrap();
    AuditField { field: name.to_owned(), op, value: value.to_owned() }
}

fn always(names: &[&str], fields: &[&str]) -> AuditRule {
    AuditRule::Filter(calls(AuditAction::Always, names, fields))
}

fn never(names: &[&str], fields: &[&str]) -> AuditRule {
    AuditRule::Filter(calls(AuditAction::Never, names, fields))
}

fn on_list(list: AuditList, fields: &[&str]) -> AuditRule {
    AuditRule::Filter(AuditFilter { list, arch: None, ..calls(AuditAction::Never, &[], fields) })
}

fn b32(names: &[&str]) -> AuditRule {
    AuditRule::Filter(AuditFilter { arch: Some(AuditArch::B32), ..calls(AuditAction::Always, names, &[]) })
}

fn watch(path: &str, perms: &str) -> AuditRule {
    AuditRule::Watch(AuditWatch { path: path.to_owned(), perms: perms.parse().unwrap(), keys: Vec::new() })
}

fn audit(list: Vec<AuditRule>) -> AuditSettings {
    let rules = Some(AuditRules { origin: RulesOrigin::Kernel, list, refused: Vec::new() });
    AuditSettings { rules, state: Some(AuditState::On), pid: Some(7), ..AuditSettings::default() }
}

fn leaf(event_type: &str, paths: &[(PathOf, PathShape, &str)]) -> Leaf {
    let test = |(of, shape, text): &(PathOf, PathShape, &str)| PathTest {
        of: *of,
        any_of: [PathText { shape: *shape, text: (*text).into() }].into(),
        access: Access::Change,
    };
    Leaf {
        event: LeafEvent::Type(event_type.parse().unwrap()),
        breadth: Breadth::Exact,
        needs: Arc::default(),
        exclusions: Arc::default(),
        paths: paths.iter().map(test).collect(),
    }
}

/// The answer in one word.
fn word(audit: &AuditSettings, leaf: &Leaf) -> &'static str {
    match by_audit(audit, leaf) {
        None => "unknown",
        Some(Configured::No(Silence::NoRule)) => "no rule",
        Some(Configured::No(Silence::SwitchedOff)) => "off",
        Some(Configured::No(Silence::NeverTask(_))) => "never,task",
        Some(Configured::KeptOut(_)) => "kept out",
        Some(Configured::Elsewhere { .. }) => "elsewhere",
        Some(Configured::Part(_)) => "part",
        Some(Configured::All { only_64_bit: true, .. }) => "all of 64 bit",
        Some(Configured::All { .. }) => "all",
        Some(
            Configured::AllOfTag(_)
            | Configured::Audited(_)
            | Configured::MayBeWritten(_)
            | Configured::NeedsSacl(_)
            | Configured::No(Silence::NotAudited(_) | Silence::OutcomeNotAudited(..) | Silence::SysmonTag(_)),
        ) => "of Windows",
    }
}

fn of(event_type: &str, rules: Vec<AuditRule>) -> &'static str {
    word(&audit(rules), &leaf(event_type, &[]))
}

#[test]
fn calls_by_the_rules_that_name_them() {
    let execve = "auditd:SYSCALL/execve";
    assert_eq!(of(execve, vec![]), "no rule");
    assert_eq!(of(execve, vec![always(&["connect"], &[])]), "no rule");
    assert_eq!(of(execve, vec![always(&["execve"], &[])]), "all of 64 bit");
    assert_eq!(of(execve, vec![always(&["execve"], &[]), b32(&["execve"])]), "all");
    assert_eq!(of(execve, vec![always(&[], &[])]), "all of 64 bit");
    assert_eq!(of(execve, vec![always(&["execve"], &["euid=33"])]), "part");
    assert_eq!(of(execve, vec![b32(&["execve"])]), "part");
    assert_eq!(of(execve, vec![watch("/usr/bin/su", "x")]), "part");
    assert_eq!(of(execve, vec![watch("/usr/bin/su", "wa")]), "no rule");
}

#[test]
fn the_first_rule_that_matches_whatever_happens_ends_the_list() {
    let execve = "auditd:SYSCALL/execve";
    assert_eq!(of(execve, vec![never(&["execve"], &[]), always(&["execve"], &[])]), "kept out");
    assert_eq!(of(execve, vec![always(&["execve"], &[]), never(&["execve"], &[])]), "all of 64 bit");
    let some_first = vec![always(&["execve"], &["euid=0"]), never(&[], &[]), always(&["execve"], &[])];
    assert_eq!(of(execve, some_first), "part");
    let narrow_never = vec![never(&[], &["exe=/usr/bin/vmtoolsd"]), always(&["execve"], &[])];
    assert_eq!(of(execve, narrow_never), "all of 64 bit");
    assert_eq!(of(execve, vec![never(&["open"], &[]), always(&["execve"], &[])]), "all of 64 bit");
}

#[test]
fn records_by_the_calls_that_make_them() {
    assert_eq!(of("auditd:EXECVE", vec![always(&["execve"], &[])]), "all of 64 bit");
    assert_eq!(of("auditd:EXECVE", vec![always(&["execveat"], &[])]), "part");
    assert_eq!(of("auditd:SOCKADDR", vec![always(&["connect"], &["a2=0x10"])]), "part");
    assert_eq!(of("auditd:KERN_MODULE", vec![always(&["init_module"], &[])]), "part");
    assert_eq!(
        of("auditd:KERN_MODULE", vec![always(&["init_module", "finit_module"], &[])]),
        "all of 64 bit"
    );
    assert_eq!(of("auditd:PROCTITLE", vec![watch("/etc/passwd", "wa")]), "part");
    assert_eq!(of("auditd:CWD", vec![]), "no rule");
    assert_eq!(of("auditd:SYSCALL", vec![always(&["ptrace"], &[])]), "part");
}

#[test]
fn what_silences_everything() {
    let rules = || vec![on_list(AuditList::Task, &[]), always(&["execve"], &[])];
    assert_eq!(of("auditd:EXECVE", rules()), "never,task");
    assert_eq!(of("auditd:USER_AUTH", rules()), "all");
    let one_user = vec![on_list(AuditList::Task, &["uid=33"]), always(&["execve"], &[])];
    assert_eq!(of("auditd:EXECVE", one_user), "all of 64 bit");
    let off = AuditSettings { state: Some(AuditState::Off), ..audit(vec![always(&["execve"], &[])]) };
    assert_eq!(word(&off, &leaf("auditd:EXECVE", &[])), "off");
    assert_eq!(word(&off, &leaf("auditd:USER_CMD", &[])), "off");
    assert_eq!(word(&off, &leaf("auditd:DAEMON_END", &[])), "unknown");
    assert_eq!(word(&off, &leaf("auditd:AVC", &[])), "unknown");
    let locked = AuditSettings { state: Some(AuditState::Locked), ..audit(vec![always(&["execve"], &[])]) };
    assert_eq!(word(&locked, &leaf("auditd:EXECVE", &[])), "all of 64 bit");
}

#[test]
fn types_that_are_excluded() {
    let exclude = |fields: &[&str]| vec![on_list(AuditList::Exclude, fields), always(&["execve"], &[])];
    assert_eq!(of("auditd:CWD", exclude(&["msgtype=CWD"])), "kept out");
    assert_eq!(of("auditd:EXECVE", exclude(&["msgtype=CWD"])), "all of 64 bit");
    assert_eq!(of("auditd:CWD", exclude(&["msgtype=1307"])), "kept out");
    assert_eq!(of("auditd:USER_START", exclude(&["msgtype>=1100", "msgtype<=1199"])), "kept out");
    assert_eq!(of("auditd:CWD", exclude(&["msgtype=CWD", "uid=33"])), "all of 64 bit");
    assert_eq!(of("auditd:DAEMON_START", exclude(&["msgtype=DAEMON_START"])), "unknown");
    assert_eq!(of("auditd:USER_AUTH", vec![on_list(AuditList::User, &[])]), "kept out");
}

#[test]
fn messages_need_a_daemon_that_is_known_to_run() {
    assert_eq!(of("auditd:USER_AUTH", vec![]), "all");
    let alone = AuditSettings { pid: Some(0), ..audit(vec![]) };
    assert_eq!(word(&alone, &leaf("auditd:USER_AUTH", &[])), "unknown");
    assert_eq!(of("auditd:TTY", vec![]), "unknown");
    assert_eq!(of("auditd:MADE_UP", vec![]), "unknown");
    assert_eq!(of("auditd:SYSCALL/bpf", vec![]), "unknown");
    assert_eq!(word(&AuditSettings::default(), &leaf("auditd:EXECVE", &[])), "unknown");
    assert_eq!(of("syslog:sshd", vec![]), "unknown");
}

/// The answer for a `PATH` record of this path.
fn path(shape: PathShape, text: &str, rules: Vec<AuditRule>) -> &'static str {
    word(&audit(rules), &leaf("auditd:PATH", &[(PathOf::Object, shape, text)]))
}

#[test]
fn a_path_by_the_watches_on_it() {
    let is = |text, rules| path(PathShape::Is, text, rules);
    assert_eq!(is("/etc/x", vec![]), "no rule");
    assert_eq!(is("/etc/x", vec![watch("/etc/x", "wa")]), "all");
    assert_eq!(is("/etc/x", vec![watch("/etc/y", "wa")]), "elsewhere");
    assert_eq!(is("/etc/x", vec![watch("/etc", "wa")]), "all");
    assert_eq!(is("/etcetera", vec![watch("/etc", "wa")]), "elsewhere");
    assert_eq!(is("/etc/x", vec![watch("/etc/x", "r")]), "part");
    assert_eq!(is("/usr/bin/x", vec![watch("/bin/x", "wa")]), "all");
    assert_eq!(is("/etc/x", vec![always(&[], &["dir=/etc"])]), "all");
    assert_eq!(is("/etc/x", vec![always(&["open"], &["dir=/etc", "success=0"])]), "part");
    assert_eq!(is("/etc/cron.d", vec![watch("/etc/cron.d/x", "wa")]), "part");
    let starts = |text, rules| path(PathShape::StartsWith, text, rules);
    assert_eq!(starts("/etc/audit/", vec![watch("/etc/audit", "wa")]), "all");
    assert_eq!(starts("/etc/", vec![watch("/etc/passwd", "wa")]), "part");
    assert_eq!(starts("/opt/", vec![watch("/etc/passwd", "wa")]), "elsewhere");
    let ends = |text, rules| path(PathShape::EndsWith, text, rules);
    assert_eq!(ends("/.bashrc", vec![always(&[], &["path=/srv/.profile"])]), "elsewhere");
    assert_eq!(ends("/.bashrc", vec![watch("/srv", "wa")]), "part");
}

#[test]
fn a_rule_without_a_path_may_record_any() {
    let is = |rules| path(PathShape::Is, "/etc/x", rules);
    assert_eq!(is(vec![watch("/etc/y", "wa"), always(&["openat"], &[])]), "all of 64 bit");
    assert_eq!(is(vec![watch("/etc/y", "wa"), always(&["openat"], &["success=0"])]), "part");
    assert_eq!(is(vec![watch("/etc/y", "wa"), always(&["execve"], &[])]), "part");
    assert_eq!(is(vec![watch("/etc/y", "wa"), always(&["socket", "connect"], &[])]), "elsewhere");
    assert_eq!(is(vec![watch("/etc/y", "wa"), always(&[], &["inode=7"])]), "part");
}

#[test]
fn a_path_that_an_earlier_rule_keeps_out() {
    let never_dir = || never(&[], &["dir=/dev/shm"]);
    let shm = |rules| {
        let leaf = leaf("auditd:PATH", &[(PathOf::Object, PathShape::StartsWith, "/dev/shm/")]);
        match by_audit(&audit(rules), &leaf) {
            Some(Configured::Elsewhere { kept_out, .. }) => kept_out.is_some(),
            _ => false,
        }
    };
    assert!(shm(vec![never_dir(), watch("/dev/shm", "wa")]));
    assert!(!shm(vec![watch("/dev/shm", "wa"), never_dir()]));
}

#[test]
fn programs_by_path_are_never_ruled_out_as_they_have_several_names() {
    let program = |rules| {
        let image = (PathOf::Program, PathShape::EndsWith, "/whoami");
        word(&audit(rules), &leaf("auditd:EXECVE", &[image]))
    };
    assert_eq!(program(vec![always(&["execve"], &[])]), "all of 64 bit");
    assert_eq!(program(vec![watch("/usr/bin/whoami", "x")]), "part");
    assert_eq!(program(vec![watch("/usr/bin/id", "x")]), "part");
    assert_eq!(program(vec![always(&["execve"], &["exe=/usr/bin/id"])]), "elsewhere");
}

#[test]
fn of_several_paths_those_without_a_rule_are_named() {
    let texts = ["/etc/a", "/etc/b"].map(|text| PathText { shape: PathShape::Is, text: text.into() });
    let test = PathTest { of: PathOf::Object, any_of: texts.into(), access: Access::Change };
    let leaf = Leaf { paths: [test].into(), ..leaf("auditd:PATH", &[]) };
    let audit = audit(vec![watch("/etc/a", "wa"), watch("/etc/c", "wa")]);
    let Some(Configured::Part(part)) = by_audit(&audit, &leaf) else { panic!("a part") };
    assert_eq!(part.missing.iter().map(|it| &*it.text).collect::<Vec<_>>(), ["/etc/b"]);
    assert_eq!(part.by.iter().map(ToString::to_string).collect::<Vec<_>>(), ["-w /etc/a -p wa"]);
}
