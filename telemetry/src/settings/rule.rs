//! One audit rule, in the normal form in which `auditctl -l` prints it.

use std::{collections::BTreeSet, fmt, str::FromStr};

use serde::{Deserialize, Serialize};

use crate::Syscall;

/// One rule of the kernel's audit system.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AuditRule {
    /// `-w`: every use of a path.
    Watch(AuditWatch),
    /// `-a`: what a list's filter lets through, or keeps out.
    Filter(AuditFilter),
}

/// A path and the uses of it that are recorded. It stands in the exit list, among the other rules of that list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuditWatch {
    /// A file, or a folder with all below it: which, only the host can tell.
    pub path: String,
    /// Which uses.
    pub perms: Perms,
    /// Names that its records carry.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub keys: Vec<String>,
}

/// A rule of one of the kernel's lists.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuditFilter {
    /// The list.
    pub list: AuditList,
    /// What a match means.
    pub action: AuditAction,
    /// Whose system calls are meant; `None` is whatever call has the number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub arch: Option<AuditArch>,
    /// System calls by name; empty is every call.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty", with = "syscall_names")]
    pub syscalls: BTreeSet<Syscall>,
    /// Which uses of a path (`-F perm=`): narrows the calls.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub perms: Option<Perms>,
    /// What must hold besides, all of it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub fields: Vec<AuditField>,
    /// Fields that are compared with one another (`-C`), all of it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub between: Vec<AuditField>,
    /// Names that its records carry.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub keys: Vec<String>,
}

/// The kernel's lists of rules (auditctl(8)).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AuditList {
    /// When a process begins: `never` there silences all its system calls.
    Task,
    /// When a system call ends.
    Exit,
    /// When a program sends a message of its own.
    User,
    /// When a record is about to be written: a match keeps it out, whatever the action.
    Exclude,
    /// By type of file system.
    Filesystem,
    /// io_uring operations.
    IoUring,
}

/// What a match means.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AuditAction {
    /// Record.
    Always,
    /// Do not record.
    Never,
}

/// Whose table of system calls a rule means.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AuditArch {
    /// The 64-bit table.
    B64,
    /// The 32-bit table.
    B32,
    /// Another, as written.
    Other(String),
}

/// One comparison, `auid>=1000`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuditField {
    /// The field.
    pub field: String,
    /// How it is compared.
    pub op: Comparison,
    /// With what; in `-C` the other field.
    pub value: String,
}

/// How a field is compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Comparison {
    /// `=`
    Equal,
    /// `!=`
    NotEqual,
    /// `>`
    Greater,
    /// `>=`
    GreaterOrEqual,
    /// `<`
    Less,
    /// `<=`
    LessOrEqual,
    /// `&`: some of the bits are set.
    AnyBits,
    /// `&=`: all of the bits are set.
    AllBits,
}

impl Comparison {
    /// As auditctl spells them, those that begin like another first.
    pub const SPELLED: [(&str, Self); 8] = [
        ("!=", Self::NotEqual),
        (">=", Self::GreaterOrEqual),
        ("<=", Self::LessOrEqual),
        ("&=", Self::AllBits),
        ("=", Self::Equal),
        (">", Self::Greater),
        ("<", Self::Less),
        ("&", Self::AnyBits),
    ];

    /// As auditctl spells it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        Self::SPELLED.iter().find(|(_, op)| *op == self).map_or("=", |(text, _)| text)
    }
}

/// Uses of a path: `r`, `w`, `x`, `a` (a change of attributes). Written as those letters.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Perms {
    /// It is read.
    pub read: bool,
    /// It is written, created, renamed or removed.
    pub write: bool,
    /// It is executed.
    pub execute: bool,
    /// Its owner, mode or extended attributes change.
    pub attributes: bool,
}

impl Perms {
    /// All of them: what a watch without `-p` means.
    pub const ALL: Self = Self { read: true, write: true, execute: true, attributes: true };
}

/// The letters are not some of `rwxa`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not made of r, w, x and a")]
pub struct ParsePermsError(String);

impl FromStr for Perms {
    type Err = ParsePermsError;

    fn from_str(letters: &str) -> Result<Self, Self::Err> {
        let mut perms = Self::default();
        for letter in letters.chars() {
            match letter.to_ascii_lowercase() {
                'r' => perms.read = true,
                'w' => perms.write = true,
                'x' => perms.execute = true,
                'a' => perms.attributes = true,
                _ => return Err(ParsePermsError(letters.to_owned())),
            }
        }
        if perms == Self::default() { Err(ParsePermsError(letters.to_owned())) } else { Ok(perms) }
    }
}

impl TryFrom<String> for Perms {
    type Error = ParsePermsError;

    fn try_from(letters: String) -> Result<Self, Self::Error> {
        letters.parse()
    }
}

impl From<Perms> for String {
    fn from(perms: Perms) -> Self {
        perms.to_string()
    }
}

impl fmt::Display for Perms {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let letters = [(self.read, "r"), (self.write, "w"), (self.execute, "x"), (self.attributes, "a")];
        letters.iter().filter(|(set, _)| *set).try_for_each(|(_, letter)| f.write_str(letter))
    }
}

impl fmt::Display for AuditField {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}{}", self.field, self.op.as_str(), self.value)
    }
}

impl fmt::Display for AuditArch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::B64 => "b64",
            Self::B32 => "b32",
            Self::Other(name) => name,
        })
    }
}

impl AuditList {
    /// auditctl's words for the lists.
    pub const SPELLED: [(&str, Self); 6] = [
        ("task", Self::Task),
        ("exit", Self::Exit),
        ("user", Self::User),
        ("exclude", Self::Exclude),
        ("filesystem", Self::Filesystem),
        ("io_uring", Self::IoUring),
    ];

    /// auditctl's word.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        Self::SPELLED.iter().find(|(_, list)| *list == self).map_or("exit", |(word, _)| word)
    }
}

impl fmt::Display for AuditRule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Watch(watch) => {
                write!(f, "-w {} -p {}", watch.path, watch.perms)?;
                watch.keys.iter().try_for_each(|key| write!(f, " -k {key}"))
            }
            Self::Filter(filter) => filter.fmt(f),
        }
    }
}

impl fmt::Display for AuditFilter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let action = if self.action == AuditAction::Always { "always" } else { "never" };
        write!(f, "-a {action},{}", self.list.as_str())?;
        if let Some(arch) = &self.arch {
            write!(f, " -F arch={arch}")?;
        }
        if !self.syscalls.is_empty() {
            let calls: Vec<&str> = self.syscalls.iter().map(Syscall::as_str).collect();
            write!(f, " -S {}", calls.join(","))?;
        } else if self.list == AuditList::Exit {
            f.write_str(" -S all")?;
        }
        self.fields.iter().try_for_each(|field| write!(f, " -F {field}"))?;
        if let Some(perms) = self.perms {
            write!(f, " -F perm={perms}")?;
        }
        self.between.iter().try_for_each(|field| write!(f, " -C {field}"))?;
        self.keys.iter().try_for_each(|key| write!(f, " -F key={key}"))
    }
}

/// System calls as plain texts.
mod syscall_names {
    use std::collections::BTreeSet;

    use serde::{Deserialize as _, Deserializer, Serializer};

    use crate::Syscall;

    pub(super) fn serialize<S: Serializer>(
        calls: &BTreeSet<Syscall>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(calls.iter().map(Syscall::as_str))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<BTreeSet<Syscall>, D::Error> {
        let names = Vec::<String>::deserialize(deserializer)?;
        Ok(names.into_iter().map(Syscall::new).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_are_read_in_any_order_and_printed_in_one() {
        assert_eq!("aw".parse::<Perms>().unwrap().to_string(), "wa");
        assert!("".parse::<Perms>().is_err() && "wq".parse::<Perms>().is_err());
    }

    #[test]
    fn a_rule_is_printed_as_the_kernel_lists_it() {
        let field = |field: &str, op, value: &str| AuditField {
            field: field.to_owned(),
            op,
            value: value.to_owned(),
        };
        let filter = AuditFilter {
            list: AuditList::Exit,
            action: AuditAction::Always,
            arch: Some(AuditArch::B64),
            syscalls: [Syscall::new("execve"), Syscall::new("execveat")].into(),
            perms: None,
            fields: vec![field("auid", Comparison::GreaterOrEqual, "1000")],
            between: vec![field("auid", Comparison::NotEqual, "obj_uid")],
            keys: vec!["exec".to_owned()],
        };
        assert_eq!(
            AuditRule::Filter(filter).to_string(),
            "-a always,exit -F arch=b64 -S execve,execveat -F auid>=1000 -C auid!=obj_uid -F key=exec"
        );
    }
}
