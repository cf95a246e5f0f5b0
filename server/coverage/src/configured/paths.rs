//! Whether rules record the paths that a leaf asks for.
//!
//! A path is called unrecorded only where that is certain: a rule that might record it leaves it open. What stays
//! uncertain and is taken for granted: that a call which uses two paths (rename) is not how the one is touched while a
//! rule watches the other.

use std::collections::HashSet;

use blindspot_catalog::{Access, PathOf, PathShape, PathTest, PathText};
use blindspot_telemetry::settings::{AuditAction, AuditArch, AuditField, AuditRule, Comparison, Perms};

use super::{
    Configured, Part, Silence, action_of,
    call::Call,
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

/// A rule of the exit list, as far as a leaf is concerned.
struct Candidate<'a, 'w> {
    rule: &'a AuditRule,
    /// The calls of the leaf that it matches.
    reached: Vec<&'w Call>,
    /// The path that it compares, in the usual spelling.
    path: Option<(Kind, String)>,
    /// True where nothing but the path and the uses of it must hold.
    free: bool,
    perms: Option<Perms>,
}

impl<'a, 'w> Candidate<'a, 'w> {
    fn new(rule: &'a AuditRule, wanted: &'w Wanted, asked: PathOf) -> Option<Self> {
        let reached: Vec<&Call> =
            wanted.calls.iter().filter(|call| calls::reach(rule, call).is_some()).collect();
        if reached.is_empty() {
            return None;
        }
        let (path, perms, free) = match rule {
            AuditRule::Watch(watch) => (Some((Kind::Either, usual(&watch.path))), Some(watch.perms), true),
            AuditRule::Filter(filter) => {
                let path = filter.fields.iter().find_map(|field| compared(field, asked));
                let others = filter.fields.len() - usize::from(path.is_some());
                let native = matches!(filter.arch, None | Some(AuditArch::B64));
                (path, filter.perms, others == 0 && filter.between.is_empty() && native)
            }
        };
        Some(Self { rule, reached, path, free, perms })
    }
}

/// The path that a field compares, where it is one that a test asks for.
fn compared(field: &AuditField, asked: PathOf) -> Option<(Kind, String)> {
    if field.op != Comparison::Equal {
        return None;
    }
    let kind = match (field.field.as_str(), asked) {
        ("path", _) => Kind::File,
        ("dir", _) => Kind::Tree,
        ("exe", PathOf::Program) => Kind::Program,
        _ => return None,
    };
    Some((kind, usual(&field.value)))
}

/// What a rule's path is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    File,
    Tree,
    /// A watch does not tell.
    Either,
    /// The program that acts.
    Program,
}

/// What the rules make of a leaf that asks for these paths, all of them.
pub(super) fn all_of<'a>(rules: &'a [AuditRule], wanted: &Wanted, tests: &[PathTest]) -> Configured<'a> {
    let mut part: Option<Part<'a>> = None;
    for test in tests {
        let candidates: Vec<Candidate<'a, '_>> =
            rules.iter().filter_map(|rule| Candidate::new(rule, wanted, test.of)).collect();
        match of_test(&candidates, wanted, test) {
            Configured::Part(found) => part = part.or(Some(found)),
            decided => return decided,
        }
    }
    part.map_or(Configured::No(Silence::NoRule), Configured::Part)
}

/// What they make of one test.
fn of_test<'a>(candidates: &[Candidate<'a, '_>], wanted: &Wanted, test: &PathTest) -> Configured<'a> {
    let recording =
        || candidates.iter().map(|it| it.rule).filter(|rule| action_of(rule) == AuditAction::Always);
    if recording().next().is_none() {
        return Configured::No(Silence::NoRule);
    }
    let found: Vec<(&PathText, Found<'a>)> =
        test.any_of.iter().map(|text| (text, find(candidates, wanted, test, text))).collect();
    if found.iter().all(|(_, it)| it.fit == Fit::Never) {
        let kept_out = found.iter().find_map(|(_, it)| it.kept_out);
        return Configured::Elsewhere { by: recording().collect(), kept_out };
    }
    if found.iter().all(|(_, it)| it.fit == Fit::Surely) {
        let by = found.iter().find_map(|(_, it)| it.by.last().copied());
        return Configured::All { by, only_64_bit: false };
    }
    let missing = found.iter().filter(|(_, it)| it.fit == Fit::Never).map(|(text, _)| (*text).clone());
    let missing: Vec<PathText> = missing.collect();
    let named: HashSet<*const AuditRule> =
        found.iter().flat_map(|(_, it)| it.by.iter().map(|rule| std::ptr::from_ref(*rule))).collect();
    let by = recording().filter(|rule| named.contains(&std::ptr::from_ref(*rule))).collect();
    Configured::Part(Part { by, missing })
}

/// What the rules make of one text.
struct Found<'a> {
    fit: Fit,
    by: Vec<&'a AuditRule>,
    /// An earlier rule that keeps it out.
    kept_out: Option<&'a AuditRule>,
}

fn find<'a>(
    candidates: &[Candidate<'a, '_>],
    wanted: &Wanted,
    test: &PathTest,
    text: &PathText,
) -> Found<'a> {
    let mut found = Found { fit: Fit::Never, by: Vec::new(), kept_out: None };
    let asked = (text.shape, usual(&text.text));
    for candidate in candidates {
        let fit = fit(candidate, wanted, test, &asked);
        match (action_of(candidate.rule), fit) {
            (_, Fit::Never) | (AuditAction::Never, Fit::Perhaps) => {}
            (AuditAction::Never, Fit::Surely) => {
                found.kept_out = Some(candidate.rule);
                break;
            }
            (AuditAction::Always, fit) => {
                found.fit = found.fit.max(fit);
                found.by.push(candidate.rule);
                if fit == Fit::Surely {
                    break;
                }
            }
        }
    }
    found
}

/// How well one rule matches the use of a text.
fn fit(candidate: &Candidate<'_, '_>, wanted: &Wanted, test: &PathTest, asked: &(PathShape, String)) -> Fit {
    let by_path = match &candidate.path {
        None => without_path(candidate, wanted, test),
        Some((kind, path)) if test.of == PathOf::Object || *kind == Kind::Program => {
            compare(asked, path, *kind)
        }
        // A program may be started by another name than the one that is recorded.
        Some((kind, path)) => match candidate.reached.iter().all(|call| call.executes()) {
            true => compare(asked, path, *kind).max(Fit::Perhaps),
            false => Fit::Perhaps,
        },
    };
    let uses = candidate.perms.is_none_or(|perms| allows(perms, test));
    let all = candidate.path.is_none() || takes_all(candidate.rule, wanted, test);
    if candidate.free && uses && all { by_path } else { by_path.min(Fit::Perhaps) }
}

/// Rules that name calls record only those; of a watch the uses decide.
fn takes_all(rule: &AuditRule, wanted: &Wanted, test: &PathTest) -> bool {
    match filter_of(rule) {
        None => true,
        Some(filter) => {
            filter.syscalls.is_empty() || enough(wanted, test, |call| filter.syscalls.contains(&call.name))
        }
    }
}

/// True where these calls make the record as a matter of course. A path may be used by other calls than the usual.
fn enough(wanted: &Wanted, test: &PathTest, has: impl Fn(&Call) -> bool) -> bool {
    let all = |core: &Vec<Call>| core.iter().all(&has);
    match test.of {
        PathOf::Program => wanted.core.iter().any(all),
        PathOf::Object => wanted.core.len() == 1 && wanted.core.iter().all(all),
    }
}

/// A rule that names no path records any, if one of its calls uses paths at all.
fn without_path(candidate: &Candidate<'_, '_>, wanted: &Wanted, test: &PathTest) -> Fit {
    if test.of == PathOf::Object && !candidate.reached.iter().any(|call| call.uses_file()) {
        return Fit::Never;
    }
    let whole = |call: &Call| calls::reach(candidate.rule, call) == Some(Reach::Whole);
    let opens = test.of == PathOf::Object && whole(&wanted.opening);
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

fn compare((shape, asked): &(PathShape, String), watched: &str, kind: Kind) -> Fit {
    let below = |inner: &str, outer: &str| {
        inner
            .strip_prefix(outer.trim_end_matches('/'))
            .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    };
    // Beside a file the kernel names the folder that holds it.
    let folder = || watched.rsplit_once('/').is_some_and(|(folder, _)| folder == asked.trim_end_matches('/'));
    let tree = matches!(kind, Kind::Tree | Kind::Either);
    let inside = tree && below(asked, watched);
    match shape {
        PathShape::Is if asked == watched || inside => Fit::Surely,
        PathShape::Is if folder() => Fit::Perhaps,
        PathShape::StartsWith if inside => Fit::Surely,
        PathShape::StartsWith if watched.starts_with(asked) || folder() => Fit::Perhaps,
        PathShape::Is | PathShape::StartsWith => Fit::Never,
        // What lies below a folder may end and be named as it likes.
        PathShape::EndsWith | PathShape::Contains if tree => Fit::Perhaps,
        PathShape::EndsWith if watched.ends_with(asked) => Fit::Perhaps,
        PathShape::Contains if watched.contains(asked) => Fit::Perhaps,
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
