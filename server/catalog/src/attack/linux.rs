//! What Linux audit words mean: system calls come in families, and some records ride on calls.

use std::sync::Arc;

/// A word of a reference, and the system calls that do what it says on any architecture.
///
/// `read` and `write` stand for opening with that access: audit's permission filter leaves read(2) and write(2) out and
/// looks at the flags of open (auditctl(8)), so that a literal write rule is practically never present.
const FAMILIES: &[(&[&str], &[&str])] = &[
    (&["execve", "execveat", "exec"], &["execve", "execveat"]),
    (&["fork", "vfork", "clone", "clone3"], &["fork", "vfork", "clone", "clone3"]),
    (&["open", "openat", "openat2", "read"], OPEN),
    (&["creat", "create"], &["creat", "open", "openat", "openat2"]),
    (&["write"], WRITE),
    (&["rename", "renameat", "renameat2"], &["rename", "renameat", "renameat2"]),
    (&["truncate", "ftruncate"], &["truncate", "ftruncate"]),
    (&["unlink", "unlinkat"], &["unlink", "unlinkat"]),
    (&["chmod", "fchmod", "fchmodat", "fchmodat2"], &["chmod", "fchmod", "fchmodat", "fchmodat2"]),
    (&["chown", "fchown", "lchown", "fchownat"], &["chown", "fchown", "lchown", "fchownat"]),
    (&["setxattr", "lsetxattr", "fsetxattr", "removexattr", "lremovexattr", "fremovexattr"], XATTR),
    (&["getxattr", "lgetxattr", "fgetxattr"], &["getxattr", "lgetxattr", "fgetxattr"]),
    (&["stat", "lstat", "fstat", "newfstatat", "statx"], &["stat", "lstat", "fstat", "newfstatat", "statx"]),
    (&["sendto", "sendmsg", "sendmmsg"], &["sendto", "sendmsg", "sendmmsg"]),
    (&["recvfrom", "recvmsg"], &["recvfrom", "recvmsg"]),
    (&["accept", "accept4"], &["accept", "accept4"]),
    (&["mprotect", "pkey_mprotect"], &["mprotect", "pkey_mprotect"]),
    (
        &["mount", "umount", "umount2", "move_mount", "fsmount"],
        &["mount", "umount2", "move_mount", "fsmount"],
    ),
    (&["kill", "tkill", "tgkill"], &["kill", "tkill", "tgkill"]),
    (&["init_module", "finit_module", "delete_module"], &["init_module", "finit_module", "delete_module"]),
    (&["keyctl", "add_key", "request_key"], &["keyctl", "add_key", "request_key"]),
    (&["nanosleep", "clock_nanosleep"], &["nanosleep", "clock_nanosleep"]),
    (&["kexec_load", "kexec_file_load"], &["kexec_load", "kexec_file_load"]),
    (&["mknod", "mknodat"], &["mknod", "mknodat"]),
    (&["exit", "exit_group"], &["exit", "exit_group"]),
];

const OPEN: &[&str] = &["open", "openat", "openat2"];
const WRITE: &[&str] =
    &["open", "openat", "openat2", "creat", "truncate", "ftruncate", "rename", "renameat", "renameat2"];
const XATTR: &[&str] = &["setxattr", "lsetxattr", "fsetxattr", "removexattr", "lremovexattr", "fremovexattr"];

/// Calls that stand for themselves only.
const SINGLE: &[&str] = &[
    "bind",
    "bpf",
    "clock_settime",
    "connect",
    "fcntl",
    "flock",
    "ioctl",
    "listen",
    "memfd_create",
    "mmap",
    "prctl",
    "process_vm_readv",
    "process_vm_writev",
    "ptrace",
    "rmdir",
    "setns",
    "setsockopt",
    "settimeofday",
    "socket",
    "unshare",
];

/// Record types that carry evidence of their own (linux-audit/audit-userspace, `lib/msg_typetab.h`).
const RECORDS: &[&str] = &[
    "ADD_GROUP",
    "ADD_USER",
    "ANOM_ABEND",
    "ANOM_PROMISCUOUS",
    "AVC",
    "BPF",
    "CONFIG_CHANGE",
    "CRED_ACQ",
    "CRED_DISP",
    "DAEMON_ABORT",
    "DAEMON_END",
    "DAEMON_START",
    "DEL_GROUP",
    "DEL_USER",
    "EXECVE",
    "GRP_MGMT",
    "KERN_MODULE",
    "LOGIN",
    "MMAP",
    "NETFILTER_CFG",
    "PATH",
    "PROCTITLE",
    "SECCOMP",
    "SERVICE_START",
    "SERVICE_STOP",
    "SOCKADDR",
    "SYSTEM_BOOT",
    "SYSTEM_SHUTDOWN",
    "TTY",
    "USER_ACCT",
    "USER_AUTH",
    "USER_CHAUTHTOK",
    "USER_CMD",
    "USER_END",
    "USER_ERR",
    "USER_LOGIN",
    "USER_LOGOUT",
    "USER_MGMT",
    "USER_START",
    "USER_TTY",
];

/// True where auditd writes records of this type.
pub(super) fn is_record(word: &str) -> bool {
    RECORDS.contains(&word)
}

/// The system calls that a word stands for; empty where it is none.
pub(super) fn calls(word: &str) -> Vec<&'static str> {
    FAMILIES
        .iter()
        .find(|(words, _)| words.contains(&word))
        .map(|(_, calls)| calls.to_vec())
        .or_else(|| SINGLE.iter().find(|call| **call == word).map(|call| vec![*call]))
        .unwrap_or_default()
}

/// The system calls and record types that a text begins with, in its order, each once.
pub(super) fn leading_words(text: &str) -> Vec<Arc<str>> {
    let text = text.strip_prefix("syscall in (").unwrap_or(text);
    let mut found: Vec<Arc<str>> = Vec::new();
    for token in text.split([',', '/', ' ', '\t', '|', '(']).filter(|token| !token.is_empty()) {
        if matches!(token, "or" | "and") && !found.is_empty() {
            continue;
        }
        let word = token.trim_end_matches([':', ')']);
        if calls(word).is_empty() && !is_record(word) {
            break;
        }
        if !found.iter().any(|known| **known == *word) {
            found.push(word.into());
        }
        if word.len() < token.len() {
            break;
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(text: &str) -> String {
        leading_words(text).join(" ")
    }

    #[test]
    fn a_list_ends_where_prose_begins() {
        assert_eq!(words("open, write: files below a folder, chmod later"), "open write");
        assert_eq!(words("open or creat calls on a path"), "open creat");
        assert_eq!(words("execve of some tool that may mount"), "execve");
        assert_eq!(words("syscall in (chmod, fchmod) by somebody"), "chmod fchmod");
        assert_eq!(words("EXECVE"), "EXECVE");
        assert_eq!(words("Creation of archives"), "");
    }

    #[test]
    fn writing_is_opening_with_a_write_flag_or_replacing() {
        assert!(calls("write").contains(&"openat"));
        assert!(calls("write").contains(&"renameat2"));
        assert!(!calls("write").contains(&"write"));
        assert!(calls("no_such_call").is_empty());
    }
}
