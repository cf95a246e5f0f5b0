//! Whether rules record the paths that a leaf asks for.
//!
//! A path is called unrecorded only where that is certain: a rule that might record it leaves it open. What stays
//! uncertain and is taken for granted: that a call which uses two paths (rename) is not how the one is touched while a
//! rule watches the other.

use blindspot_catalog::{Access, PathOf, PathShape, PathTest, PathText};
use blindspot_telemetry::{
    Syscall,
    settings::{AuditAction, AuditArch, AuditField, AuditRule, Comparison, Perms},
};

use super::{
    Configured, Part, Silence,
    calls::{self, Reach, Wanted},
    filter_of,
};

/// How well a text is recorded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Fit {
    /// Certainly not.
    Never,
    /// Perhaps, or some of it.
    Perhaps,
    /// Whatever is done to it.
    Surely,
}

/// What the rules make of a leaf that asks for these paths, all of them.
pub(super) fn all_of<'a>(rules: &'a [AuditRule], wanted: &Wanted, tests: &[PathTest]) -> Configured<'a> {
    let recording: Vec<&AuditRule> = rules.iter().filter(|rule| records(rule, wanted)).collect();
    if recording.is_empty() {
        return Configured::No(Silence::NoRule);
    }
    let mut part: Option<Part<'a>> = None;
    for test in tests {
        let found: Vec<(&PathText, Found<'a>)> =
            test.any_of.iter().map(|text| (text, find(rules, wanted, test, text))).collect();
        if found.iter().all(|(_, it)| it.fit == Fit::Never) {
            let kept_out = found.iter().find_map(|(_, it)| it.kept_out);
            return Configured::Elsewhere { by: recording, kept_out };
        }
        if found.iter().all(|(_, it)| it.fit == Fit::Surely) {
            let by = found.iter().find_map(|(_, it)| it.by.first().copied());
            return Configured::All { by, only_64_bit: false };
        }
        let missing = found.iter().filter(|(_, it)| it.fit == Fit::Never).map(|(text, _)| (*text).clone());
        let missing: Vec<PathText> = missing.collect();
        let by =
            |rule: &&AuditRule| found.iter().any(|(_, it)| it.by.iter().any(|by| std::ptr::eq(*by, *rule)));
        part.get_or_insert_with(|| Part { by: recording.iter().copied().filter(by).collect(), missing });
    }
    part.map_or(Configured::No(Silence::NoRule), Configured::Part)
}

fn records(rule: &AuditRule, wanted: &Wanted) -> bool {
    calls::action(rule) == AuditAction::Always
        && wanted.calls.iter().any(|call| calls::reach(rule, call).is_some())
}

/// What the rules make of one text.
struct Found<'a> {
    fit: Fit,
    by: Vec<&'a AuditRule>,
    /// An earlier rule that keeps it out.
    kept_out: Option<&'a AuditRule>,
}

fn find<'a>(rules: &'a [AuditRule], wanted: &Wanted, test: &PathTest, text: &PathText) -> Found<'a> {
    let mut found = Found { fit: Fit::Never, by: Vec::new(), kept_out: None };
    for rule in rules {
        let fit = fit(rule, wanted, test, text);
        match (calls::action(rule), fit) {
            (_, Fit::Never) | (AuditAction::Never, Fit::Perhaps) => {}
            (AuditAction::Never, Fit::Surely) => {
                found.kept_out = Some(rule);
                break;
            }
            (AuditAction::Always, fit) => {
                found.fit = found.fit.max(fit);
                found.by.push(rule);
                if fit == Fit::Surely {
                    break;
                }
            }
        }
    }
    found
}

/// How well one rule matches the use of a text.
fn fit(rule: &AuditRule, wanted: &Wanted, test: &PathTest, text: &PathText) -> Fit {
    let reached: Vec<&Syscall> =
        wanted.calls.iter().filter(|call| calls::reach(rule, call).is_some()).collect();
    if reached.is_empty() {
        return Fit::Never;
    }
    let (path, perms, free) = match rule {
        AuditRule::Watch(watch) => (Some(Filter::Watch(&watch.path)), Some(watch.perms), true),
        AuditRule::Filter(filter) => {
            let path = filter.fields.iter().find_map(|field| Filter::of(field, test.of));
            let others = filter.fields.len() - usize::from(path.is_some());
            let native = matches!(filter.arch, None | Some(AuditArch::B64));
            (path, filter.perms, others == 0 && filter.between.is_empty() && native)
        }
    };
    let by_path = match path {
        None => without_path(rule, wanted, test, &reached),
        Some(Filter::Program(exe)) => compare(text, exe, Kind::File),
        Some(_) if test.of == PathOf::Program && !starts_programs(&reached) => Fit::Perhaps,
        // A program may be started by another name than the one that is recorded.
        Some(filter) if test.of == PathOf::Program => filter.compare(text).max(Fit::Perhaps),
        Some(filter) => filter.compare(text),
    };
    let opens_any = path.is_none();
    let certain =
        free && perms.is_none_or(|perms| allows(perms, test)) && (opens_any || takes_all(rule, wanted, test));
    if certain { by_path } else { by_path.min(Fit::Perhaps) }
}

/// Rules that name calls record only those; of a watch the uses decide.
fn takes_all(rule: &AuditRule, wanted: &Wanted, test: &PathTest) -> bool {
    match filter_of(rule) {
        None => true,
        Some(filter) => {
            filter.syscalls.is_empty() || enough(wanted, test, |call| filter.syscalls.contains(call))
        }
    }
}

/// True where these calls make the record as a matter of course. A path may be used by other calls than the usual.
fn enough(wanted: &Wanted, test: &PathTest, has: impl Fn(&Syscall) -> bool) -> bool {
    let all = |core: &Vec<Syscall>| core.iter().all(&has);
    match test.of {
        PathOf::Program => wanted.core.iter().any(all),
        PathOf::Object => wanted.core.len() == 1 && wanted.core.iter().all(all),
    }
}

fn starts_programs(reached: &[&Syscall]) -> bool {
    reached.iter().all(|call| call.as_str().starts_with("execve"))
}

/// A rule that names no path records any, if one of its calls uses paths at all.
fn without_path(rule: &AuditRule, wanted: &Wanted, test: &PathTest, reached: &[&Syscall]) -> Fit {
    if test.of == PathOf::Object && reached.iter().all(|call| calls::uses_no_file(call)) {
        return Fit::Never;
    }
    let whole = |call: &Syscall| calls::reach(rule, call) == Some(Reach::Whole);
    let opens = test.of == PathOf::Object && whole(&Syscall::from("openat"));
    if opens || enough(wanted, test, whole) { Fit::Surely } else { Fit::Perhaps }
}

/// The uses that a rule records, against what is meant.
fn allows(perms: Perms, test: &PathTest) -> bool {
    match (test.of, test.access) {
        (PathOf::Program, _) => perms.execute,
        (PathOf::Object, Access::Read) => perms.read,
        (PathOf::Object, Access::Change) => perms.write,
    }
}

/// What of a rule compares a path.
#[derive(Debug, Clone, Copy)]
enum Filter<'a> {
    Watch(&'a str),
    File(&'a str),
    Tree(&'a str),
    Program(&'a str),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    File,
    Tree,
    Either,
}

impl<'a> Filter<'a> {
    fn of(field: &'a AuditField, asked: PathOf) -> Option<Self> {
        if field.op != Comparison::Equal {
            return None;
        }
        match (field.field.as_str(), asked) {
            ("path", _) => Some(Self::File(&field.value)),
            ("dir", _) => Some(Self::Tree(&field.value)),
            ("exe", PathOf::Program) => Some(Self::Program(&field.value)),
            _ => None,
        }
    }

    fn compare(self, text: &PathText) -> Fit {
        match self {
            Self::Watch(path) => compare(text, path, Kind::Either),
            Self::File(path) | Self::Program(path) => compare(text, path, Kind::File),
            Self::Tree(path) => compare(text, path, Kind::Tree),
        }
    }
}

fn compare(text: &PathText, watched: &str, kind: Kind) -> Fit {
    let (asked, watched) = (usual(&text.text), usual(watched));
    let below = |inner: &str, outer: &str| {
        inner
            .strip_prefix(outer.trim_end_matches('/'))
            .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    };
    // Beside a file the kernel names the folder that holds it.
    let folder = || watched.rsplit_once('/').is_some_and(|(folder, _)| folder == asked.trim_end_matches('/'));
    let inside = kind != Kind::File && below(&asked, &watched);
    match text.shape {
        PathShape::Is if asked == watched || inside => Fit::Surely,
        PathShape::Is if folder() => Fit::Perhaps,
        PathShape::StartsWith if inside => Fit::Surely,
        PathShape::StartsWith if watched.starts_with(&asked) || folder() => Fit::Perhaps,
        PathShape::Is | PathShape::StartsWith => Fit::Never,
        // What lies below a folder may end and be named as it likes.
        PathShape::EndsWith | PathShape::Contains if kind != Kind::File => Fit::Perhaps,
        PathShape::EndsWith if watched.ends_with(&asked) => Fit::Perhaps,
        PathShape::Contains if watched.contains(&asked) => Fit::Perhaps,
        PathShape::EndsWith | PathShape::Contains => Fit::Never,
    }
}

/// One spelling for folders that are links to one another on most systems; Sigma compares without regard to case.
fn usual(path: &str) -> String {
    let lower = path.to_ascii_lowercase();
    for (link, target) in [
        ("/usr/bin/", "/bin/"),
        ("/usr/sbin/", "/sbin/"),
        ("/usr/lib", "/lib"),
        ("/var/run/", "/run/"),
        ("/var/lock/", "/run/lock/"),
    ] {
        if let Some(rest) = lower.strip_prefix(link) {
            return format!("{target}{rest}");
        }
    }
    lower
}
