//! One line of audit rules, as auditctl(8) reads it from a file or prints it.

use std::collections::BTreeSet;

use blindspot_telemetry::{
    Syscall,
    settings::{
        AuditAction, AuditArch, AuditField, AuditFilter, AuditList, AuditRule, AuditState, AuditWatch,
        Comparison, Perms,
    },
};

/// What a line does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Line {
    /// Nothing that matters here: a comment, `-i`, a text for the log.
    Nothing,
    /// Adds a rule at the end of its list.
    Append(AuditRule),
    /// Adds a rule before all of its list.
    Prepend(AuditRule),
    /// Takes a rule away.
    Delete(AuditRule),
    /// Takes all rules away.
    DeleteAll,
    /// `-e`.
    State(AuditState),
    /// `-f`.
    Failure(u32),
    /// `-b`.
    BacklogLimit(u64),
    /// `-r`.
    RateLimit(u64),
}

/// Why a line does nothing that it was meant to do.
pub(super) type Refusal = String;

/// Reads one line.
pub(super) fn read(line: &str) -> Result<Line, Refusal> {
    let line = line.trim();
    if line.is_empty() || line.starts_with('#') {
        return Ok(Line::Nothing);
    }
    let mut building = Building::default();
    let mut words = words(line).into_iter();
    while let Some(word) = words.next() {
        if let Some(whole) = building.option(&word, &mut words)? {
            return Ok(whole);
        }
    }
    building.finish()
}

/// Words in quotes or with a backslash before a blank are one.
fn words(line: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut quote: Option<char> = None;
    let mut letters = line.chars().peekable();
    while let Some(letter) = letters.next() {
        match (quote, letter) {
            (Some(open), _) if letter == open => quote = None,
            (None, '"' | '\'') => {
                quote = Some(letter);
                word.get_or_insert_default();
            }
            (None, '\\') if letters.peek() == Some(&' ') => {
                letters.next();
                word.get_or_insert_default().push(' ');
            }
            (None, _) if letter.is_whitespace() => words.extend(word.take()),
            _ => word.get_or_insert_default().push(letter),
        }
    }
    words.extend(word);
    words
}

/// What `-a`, `-A`, `-d`, `-w` or `-W` does with the rule that the line describes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Verb {
    Append,
    Prepend,
    Delete,
}

#[derive(Debug, Default)]
struct Building {
    verb: Option<Verb>,
    list: Option<(AuditList, AuditAction)>,
    watch: Option<String>,
    arch: Option<AuditArch>,
    syscalls: BTreeSet<Syscall>,
    perms: Option<Perms>,
    fields: Vec<AuditField>,
    between: Vec<AuditField>,
    keys: Vec<String>,
}

impl Building {
    /// Takes one option with its value. An option that is a whole line of its own ends the line.
    fn option(
        &mut self,
        word: &str,
        rest: &mut impl Iterator<Item = String>,
    ) -> Result<Option<Line>, Refusal> {
        let (option, attached) = split(word).ok_or("a word without an option, which auditctl refuses")?;
        let mut value =
            || attached.map(str::to_owned).or_else(|| rest.next()).ok_or(format!("{option} has no value"));
        match option {
            "-a" => self.begin(Verb::Append, &value()?)?,
            "-A" => self.begin(Verb::Prepend, &value()?)?,
            "-d" => self.begin(Verb::Delete, &value()?)?,
            "-w" => self.watch(Verb::Append, value()?)?,
            "-W" => self.watch(Verb::Delete, value()?)?,
            "-p" => self.perms = Some(perms(&value()?)?),
            "-k" => self.keys.push(value()?),
            "-S" => self.syscalls(&value()?),
            "-F" => self.field(&value()?)?,
            "-C" => self.between.push(comparison(&value()?)?),
            "-D" => return Ok(Some(Line::DeleteAll)),
            "-e" => return Ok(Some(Line::State(state(&value()?)?))),
            "-f" => return Ok(Some(Line::Failure(number(&value()?)?))),
            "-b" => return Ok(Some(Line::BacklogLimit(number(&value()?)?))),
            "-r" => return Ok(Some(Line::RateLimit(number(&value()?)?))),
            "-i" | "-c" | "-t" | "-q" | "-m" | "-s" | "-l" | "-v" => return Ok(Some(Line::Nothing)),
            "--backlog_wait_time"
            | "--loginuid-immutable"
            | "--reset-lost"
            | "--reset_backlog_wait_time_actual"
            | "--signal" => return Ok(Some(Line::Nothing)),
            other => return Err(format!("{other} is no option that is known")),
        }
        Ok(None)
    }

    /// `always,exit` or, as older versions wrote, `exit,always`.
    fn begin(&mut self, verb: Verb, text: &str) -> Result<(), Refusal> {
        let mut list = None;
        let mut action = None;
        for part in text.split(',') {
            match part {
                "always" => action = Some(AuditAction::Always),
                "never" => action = Some(AuditAction::Never),
                other => list = AuditList::SPELLED.iter().find(|(word, _)| *word == other).map(|(_, it)| *it),
            }
        }
        self.list = Some(list.zip(action).ok_or(format!("`{text}` names no list and action"))?);
        self.verb = Some(verb);
        Ok(())
    }

    fn watch(&mut self, verb: Verb, path: String) -> Result<(), Refusal> {
        if !path.starts_with('/') {
            return Err(format!("the path `{path}` does not begin with /, which auditctl refuses"));
        }
        self.verb = Some(verb);
        self.watch = Some(without_slash(&path));
        Ok(())
    }

    fn syscalls(&mut self, text: &str) {
        let names = text.split(',').filter(|name| !name.is_empty() && *name != "all");
        self.syscalls.extend(names.map(Syscall::from));
    }

    fn field(&mut self, text: &str) -> Result<(), Refusal> {
        let mut field = comparison(text)?;
        match (field.field.as_str(), field.op) {
            ("arch", Comparison::Equal) => self.arch = Some(arch(&field.value)),
            ("perm", Comparison::Equal) => self.perms = Some(perms(&field.value)?),
            ("key", Comparison::Equal) => self.keys.push(field.value),
            _ => {
                field.value = normal(&field.field, &field.value);
                self.fields.push(field);
            }
        }
        Ok(())
    }

    fn finish(self) -> Result<Line, Refusal> {
        let verb = self.verb.ok_or("neither a list nor a path to watch")?;
        let rule = self.rule();
        Ok(match verb {
            Verb::Append => Line::Append(rule),
            Verb::Prepend => Line::Prepend(rule),
            Verb::Delete => Line::Delete(rule),
        })
    }

    /// The rule in the form in which the kernel lists it: a filter that says no more than a watch is one.
    fn rule(mut self) -> AuditRule {
        let (list, action) = self.list.unwrap_or((AuditList::Exit, AuditAction::Always));
        if let Some(path) = self.watch {
            let perms = self.perms.unwrap_or(Perms::ALL);
            if self.fields.is_empty() && self.between.is_empty() && self.list.is_none() {
                return AuditRule::Watch(AuditWatch { path, perms, keys: self.keys });
            }
            self.perms = Some(perms);
            self.fields
                .insert(0, AuditField { field: "path".to_owned(), op: Comparison::Equal, value: path });
        }
        let plain = list == AuditList::Exit
            && action == AuditAction::Always
            && self.arch.is_none()
            && self.syscalls.is_empty()
            && self.between.is_empty();
        if let ([only], Some(perms), true) = (self.fields.as_slice(), self.perms, plain)
            && matches!(only.field.as_str(), "path" | "dir")
            && only.op == Comparison::Equal
        {
            return AuditRule::Watch(AuditWatch { path: only.value.clone(), perms, keys: self.keys });
        }
        AuditRule::Filter(AuditFilter {
            list,
            action,
            arch: self.arch,
            syscalls: self.syscalls,
            perms: self.perms,
            fields: self.fields,
            between: self.between,
            keys: self.keys,
        })
    }
}

/// An option and the value that is attached to it (`-b8192`).
fn split(word: &str) -> Option<(&str, Option<&str>)> {
    if word.starts_with("--") {
        return Some(word.split_once('=').map_or((word, None), |(option, value)| (option, Some(value))));
    }
    let letter = word.strip_prefix('-')?.chars().next()?;
    let (option, attached) = word.split_at_checked(1 + letter.len_utf8())?;
    Some((option, Some(attached).filter(|attached| !attached.is_empty())))
}

/// `auid>=1000` in its three parts.
fn comparison(text: &str) -> Result<AuditField, Refusal> {
    let at = text.find(['=', '!', '<', '>', '&']).unwrap_or(text.len());
    let (field, rest) = text.split_at_checked(at).unwrap_or((text, ""));
    let found = Comparison::SPELLED.iter().find_map(|(word, op)| Some((*op, rest.strip_prefix(word)?)));
    match found {
        Some((op, value)) if !field.is_empty() && !value.is_empty() => {
            Ok(AuditField { field: field.to_owned(), op, value: value.to_owned() })
        }
        _ => Err(format!("`{text}` compares nothing")),
    }
}

/// One spelling for each value, as far as it does not hang on the host: that which the kernel lists.
fn normal(field: &str, value: &str) -> String {
    let is_id = field.ends_with("uid") || field.ends_with("gid");
    match field {
        "a0" | "a1" | "a2" | "a3" => {
            let number = match value.strip_prefix("0x") {
                Some(hex) => u64::from_str_radix(hex, 16),
                None => value.parse(),
            };
            number.map_or_else(|_| value.to_owned(), |number| format!("{number:#x}"))
        }
        "success" if value == "yes" => "1".to_owned(),
        "success" if value == "no" => "0".to_owned(),
        "dir" | "path" => without_slash(value),
        _ if is_id && matches!(value, "unset" | "4294967295") => "-1".to_owned(),
        _ if is_id && value == "root" => "0".to_owned(),
        _ => value.to_owned(),
    }
}

fn without_slash(path: &str) -> String {
    let short = path.trim_end_matches('/');
    if short.is_empty() { path.chars().take(1).collect() } else { short.to_owned() }
}

/// Numbers are those of linux/audit.h (`AUDIT_ARCH_*`).
fn arch(text: &str) -> AuditArch {
    match text.to_ascii_lowercase().as_str() {
        "b64" | "x86_64" | "aarch64" | "ppc64" | "ppc64le" | "s390x" | "riscv64" | "c000003e"
        | "c00000b7" => AuditArch::B64,
        "b32" | "i386" | "i486" | "i586" | "i686" | "arm" | "armv7l" | "ppc" | "s390" | "40000003"
        | "40000028" => AuditArch::B32,
        _ => AuditArch::Other(text.to_owned()),
    }
}

fn perms(letters: &str) -> Result<Perms, Refusal> {
    letters.parse().map_err(|error| format!("{error}"))
}

fn state(text: &str) -> Result<AuditState, Refusal> {
    state_of(text).ok_or(format!("-e takes 0, 1 or 2, not `{text}`"))
}

/// What `enabled` or `-e` means by a number.
pub(super) fn state_of(text: &str) -> Option<AuditState> {
    match text {
        "0" => Some(AuditState::Off),
        "1" => Some(AuditState::On),
        "2" => Some(AuditState::Locked),
        _ => None,
    }
}

fn number<N: std::str::FromStr>(text: &str) -> Result<N, Refusal> {
    text.parse().map_err(|_| format!("`{text}` is no number"))
}

#[cfg(test)]
mod tests;
