//! Which audit record a rule means that names no record type, by the fields it tests.

use blindspot_telemetry::{FieldName, RecordType};

/// Fields that tell a record type, from linux-audit's field dictionary; `SYSCALL` is what remains.
const BY_FIELD: [(&str, &str); 17] = [
    ("name", "PATH"),
    ("nametype", "PATH"),
    ("objtype", "PATH"),
    ("ouid", "PATH"),
    ("argc", "EXECVE"),
    ("saddr", "SOCKADDR"),
    ("laddr", "SOCKADDR"),
    ("lport", "SOCKADDR"),
    ("proctitle", "PROCTITLE"),
    ("cwd", "CWD"),
    ("exe", "SYSCALL"),
    ("comm", "SYSCALL"),
    ("key", "SYSCALL"),
    ("syscall", "SYSCALL"),
    ("SYSCALL", "SYSCALL"),
    ("success", "SYSCALL"),
    ("ppid", "SYSCALL"),
];

/// The record type that carries the fields, where one of them tells it.
pub(super) fn record_type<'f>(fields: impl Iterator<Item = &'f FieldName> + Clone) -> Option<RecordType> {
    let told = BY_FIELD.iter().find(|(field, _)| fields.clone().any(|tested| tested.as_str() == *field));
    if let Some((_, record_type)) = told {
        return Some(RecordType::from(*record_type));
    }
    let is_argument = |field: &FieldName| {
        field
            .as_str()
            .strip_prefix('a')
            .is_some_and(|rest| !rest.is_empty() && rest.bytes().all(|b| b.is_ascii_digit()))
    };
    let mut fields = fields.peekable();
    (fields.peek().is_some() && fields.all(is_argument)).then(|| RecordType::from("EXECVE"))
}
