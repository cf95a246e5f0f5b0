//! System calls: which uses of a path each is, as the kernel's tables say (audit_match_perm in kernel/auditsc.c;
//! include/asm-generic/audit_{read,write,dir_write,change_attr}.h).

use blindspot_telemetry::{Syscall, settings::Perms};

use super::calls::Reach;

/// A call, with what decides whether rules about paths match it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Call {
    pub(super) name: Syscall,
    uses: Uses,
    touches: Touches,
}

/// Which use of a path a call is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Uses {
    Executes,
    /// Its flags tell whether it reads or writes.
    Opens,
    Writes,
    Reads,
    WritesAndReads,
    ChangesAttributes,
    None,
}

/// What a call names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Touches {
    Files,
    /// A socket may have a path, but that is not what a rule about files looks for.
    Sockets,
    Nothing,
}

impl Call {
    pub(super) fn new(name: &Syscall) -> Self {
        let text = name.as_str();
        let uses = match text {
            "execve" | "execveat" => Uses::Executes,
            "open" | "openat" | "openat2" => Uses::Opens,
            "quotactl" => Uses::WritesAndReads,
            _ if WRITES.contains(&text) => Uses::Writes,
            _ if READS.contains(&text) => Uses::Reads,
            _ if CHANGES_ATTRIBUTES.contains(&text) => Uses::ChangesAttributes,
            _ => Uses::None,
        };
        let touches = if SOCKETS.contains(&text) {
            Touches::Sockets
        } else if NOTHING.contains(&text) {
            Touches::Nothing
        } else {
            Touches::Files
        };
        Self { name: name.clone(), uses, touches }
    }

    /// How much of the call is one of these uses of a path.
    pub(super) fn use_of(&self, perms: Perms) -> Option<Reach> {
        let whole = |set: bool| set.then_some(Reach::Whole);
        match self.uses {
            Uses::Executes => whole(perms.execute),
            Uses::Opens if perms.read != perms.write => Some(Reach::Some),
            Uses::Opens => whole(perms.read),
            Uses::Writes => whole(perms.write),
            Uses::Reads => whole(perms.read),
            Uses::WritesAndReads => whole(perms.write || perms.read),
            Uses::ChangesAttributes => whole(perms.attributes),
            Uses::None => None,
        }
    }

    /// True where a rule for a path can match it.
    pub(super) fn takes_path(&self) -> bool {
        self.touches != Touches::Nothing
    }

    /// True where it uses a file in the ordinary sense.
    pub(super) fn uses_file(&self) -> bool {
        self.touches == Touches::Files
    }

    /// True where it starts a program.
    pub(super) fn executes(&self) -> bool {
        self.uses == Uses::Executes
    }
}

/// Calls that name sockets.
const SOCKETS: [&str; 6] = ["connect", "sendto", "sendmsg", "sendmmsg", "recvfrom", "recvmsg"];

/// Calls that name no path at all.
const NOTHING: [&str; 54] = [
    "socket",
    "socketpair",
    "accept",
    "accept4",
    "ptrace",
    "kill",
    "tkill",
    "tgkill",
    "mmap",
    "mprotect",
    "pkey_mprotect",
    "personality",
    "init_module",
    "finit_module",
    "delete_module",
    "kexec_load",
    "kexec_file_load",
    "memfd_create",
    "sysinfo",
    "syslog",
    "prctl",
    "bpf",
    "perf_event_open",
    "setuid",
    "setgid",
    "setreuid",
    "setregid",
    "setresuid",
    "setresgid",
    "setns",
    "unshare",
    "adjtimex",
    "settimeofday",
    "clock_settime",
    "clock_adjtime",
    "sethostname",
    "setdomainname",
    "add_key",
    "keyctl",
    "request_key",
    "process_vm_readv",
    "process_vm_writev",
    "clone",
    "clone3",
    "fork",
    "vfork",
    "msgctl",
    "msgget",
    "semctl",
    "semget",
    "semop",
    "semtimedop",
    "shmctl",
    "shmget",
];

const WRITES: [&str; 23] = [
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
