//! What makes each audit record, and which rules keep it out. Names and numbers are those of linux/audit.h and of
//! audit-userspace's audit-records.h.

use blindspot_telemetry::{
    RecordType, Syscall,
    settings::{AuditField, AuditList, AuditRule, Comparison},
};

use super::filter_of;

/// What makes a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Written {
    /// A rule of the exit list, when a system call ends.
    ByRules,
    /// A program that sends it to the kernel.
    ByPrograms,
    /// The kernel, without any rule.
    ByKernel,
    /// Whatever the kernel's settings: auditd itself, or a security module.
    Always,
}

/// Records of a system call that a rule matched.
const BY_RULES: [&str; 24] = [
    "SYSCALL",
    "EXECVE",
    "PATH",
    "CWD",
    "PROCTITLE",
    "SOCKADDR",
    "SOCKETCALL",
    "MMAP",
    "KERN_MODULE",
    "IPC",
    "IPC_SET_PERM",
    "MQ_OPEN",
    "MQ_SENDRECV",
    "MQ_NOTIFY",
    "MQ_GETSETATTR",
    "FD_PAIR",
    "OBJ_PID",
    "BPRM_FCAPS",
    "CAPSET",
    "OPENAT2",
    "TIME_INJOFFSET",
    "TIME_ADJNTPVAL",
    "URINGOP",
    "FANOTIFY",
];

/// Calls beside which the kernel writes a record of its own: the SYSCALL record then comes without any rule, as the
/// call's context is written with it (audit_get_stamp in kernel/auditsc.c).
const WRITTEN_ALONG: [&str; 5] = ["bpf", "setsockopt", "sendto", "sendmsg", "write"];

/// What makes a record of this type; `None` where that is not known.
pub(super) fn written(record_type: &RecordType, syscall: Option<&Syscall>) -> Option<Written> {
    let name = record_type.as_str();
    if BY_RULES.contains(&name) {
        let along = syscall.is_some_and(|call| WRITTEN_ALONG.contains(&call.as_str()));
        return (!along).then_some(Written::ByRules);
    }
    if name.starts_with("DAEMON_") || name.starts_with("MAC_") || matches!(name, "AVC" | "USER_AVC") {
        return Some(Written::Always);
    }
    let number = number(name)?;
    match number {
        // Where and whether PAM's and the terminal's records come is set elsewhere.
        1124 | 1319 => None,
        1100..=1199 | 2100..=2999 => Some(Written::ByPrograms),
        1006 | 1305 | 1325 | 1326 | 1700..=1799 => Some(Written::ByKernel),
        _ => None,
    }
}

/// True where an `exclude` rule keeps all records of this type out, whatever its action says.
pub(super) fn excludes(rule: &AuditRule, record_type: &RecordType) -> bool {
    let Some(filter) = filter_of(rule).filter(|filter| filter.list == AuditList::Exclude) else {
        return false;
    };
    // auditd's own records do not pass the kernel.
    !record_type.as_str().starts_with("DAEMON_")
        && !filter.fields.is_empty()
        && filter.between.is_empty()
        && filter.fields.iter().all(|field| field.field == "msgtype" && holds(field, record_type.as_str()))
}

fn holds(field: &AuditField, name: &str) -> bool {
    let same = field.value == name;
    let ordered = || number(name).zip(number(&field.value));
    match field.op {
        Comparison::Equal => same || ordered().is_some_and(|(this, that)| this == that),
        Comparison::NotEqual => !same && ordered().is_some_and(|(this, that)| this != that),
        Comparison::Greater => ordered().is_some_and(|(this, that)| this > that),
        Comparison::GreaterOrEqual => ordered().is_some_and(|(this, that)| this >= that),
        Comparison::Less => ordered().is_some_and(|(this, that)| this < that),
        Comparison::LessOrEqual => ordered().is_some_and(|(this, that)| this <= that),
        Comparison::AnyBits | Comparison::AllBits => false,
    }
}

/// The number of a record type, by name or as it is spelled.
fn number(name: &str) -> Option<u32> {
    let known = NUMBERS.iter().find(|(known, _)| *known == name).map(|(_, number)| *number);
    known.or_else(|| name.parse().ok())
}

const NUMBERS: [(&str, u32); 75] = [
    ("LOGIN", 1006),
    ("USER_AUTH", 1100),
    ("USER_ACCT", 1101),
    ("USER_MGMT", 1102),
    ("CRED_ACQ", 1103),
    ("CRED_DISP", 1104),
    ("USER_START", 1105),
    ("USER_END", 1106),
    ("USER_AVC", 1107),
    ("USER_CHAUTHTOK", 1108),
    ("USER_ERR", 1109),
    ("CRED_REFR", 1110),
    ("USYS_CONFIG", 1111),
    ("USER_LOGIN", 1112),
    ("USER_LOGOUT", 1113),
    ("ADD_USER", 1114),
    ("DEL_USER", 1115),
    ("ADD_GROUP", 1116),
    ("DEL_GROUP", 1117),
    ("DAC_CHECK", 1118),
    ("CHGRP_ID", 1119),
    ("TEST", 1120),
    ("TRUSTED_APP", 1121),
    ("USER_SELINUX_ERR", 1122),
    ("USER_CMD", 1123),
    ("USER_TTY", 1124),
    ("CHUSER_ID", 1125),
    ("GRP_AUTH", 1126),
    ("SYSTEM_BOOT", 1127),
    ("SYSTEM_SHUTDOWN", 1128),
    ("SYSTEM_RUNLEVEL", 1129),
    ("SERVICE_START", 1130),
    ("SERVICE_STOP", 1131),
    ("GRP_MGMT", 1132),
    ("GRP_CHAUTHTOK", 1133),
    ("MAC_CHECK", 1134),
    ("ACCT_LOCK", 1135),
    ("ACCT_UNLOCK", 1136),
    ("SYSCALL", 1300),
    ("PATH", 1302),
    ("IPC", 1303),
    ("SOCKETCALL", 1304),
    ("CONFIG_CHANGE", 1305),
    ("SOCKADDR", 1306),
    ("CWD", 1307),
    ("EXECVE", 1309),
    ("IPC_SET_PERM", 1311),
    ("MQ_OPEN", 1312),
    ("MQ_SENDRECV", 1313),
    ("MQ_NOTIFY", 1314),
    ("MQ_GETSETATTR", 1315),
    ("FD_PAIR", 1317),
    ("OBJ_PID", 1318),
    ("TTY", 1319),
    ("EOE", 1320),
    ("BPRM_FCAPS", 1321),
    ("CAPSET", 1322),
    ("MMAP", 1323),
    ("NETFILTER_CFG", 1325),
    ("SECCOMP", 1326),
    ("PROCTITLE", 1327),
    ("KERN_MODULE", 1330),
    ("FANOTIFY", 1331),
    ("TIME_INJOFFSET", 1332),
    ("TIME_ADJNTPVAL", 1333),
    ("BPF", 1334),
    ("URINGOP", 1336),
    ("OPENAT2", 1337),
    ("AVC", 1400),
    ("ANOM_PROMISCUOUS", 1700),
    ("ANOM_ABEND", 1701),
    ("ANOM_LINK", 1702),
    ("CRYPTO_KEY_USER", 2404),
    ("CRYPTO_SESSION", 2407),
    ("SOFTWARE_UPDATE", 1138),
];
