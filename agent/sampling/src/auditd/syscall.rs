//! Which system call a record is about.

use super::{fields::Fields, head::number, table::Table};

// The names that libaudit 3.0.9 gives (`ausyscall`), because rules are written and enriched logs are read with them;
// where it gives none, those of the kernel's headers (6.1).
static X86_64: Table = Table::new(include_str!("syscalls/x86_64.csv"));
static X32: Table = Table::new(include_str!("syscalls/x32.csv"));
static I386: Table = Table::new(include_str!("syscalls/i386.csv"));
static ARM: Table = Table::new(include_str!("syscalls/arm.csv"));
/// Architectures younger than the kernel's `asm-generic/unistd.h` share its numbers.
static GENERIC: Table = Table::new(include_str!("syscalls/generic.csv"));
static RISCV: Table = Table::new(include_str!("syscalls/riscv.csv"));
static PPC: Table = Table::new(include_str!("syscalls/ppc.csv"));
static S390: Table = Table::new(include_str!("syscalls/s390.csv"));
static S390X: Table = Table::new(include_str!("syscalls/s390x.csv"));
/// Since Linux 5.1 a new call has one number on all architectures, from 424 on. To 6.19.
static COMMON: Table = Table::new(include_str!("syscalls/common.csv"));

/// Set in the numbers of x32 calls, which have the architecture of x86_64.
const X32_BIT: u64 = 0x4000_0000;
/// The longest name of a call that a log may tell.
const MAX_NAME_BYTES: usize = 64;

/// The name of the call: as an enriched record tells it, or by the numbers `arch` and `syscall`. A call that has no
/// name is `unknown-NUMBER-ARCH`, for which `unknown` is room. Empty where the record tells no call.
pub(super) fn name<'n>(raw: &'n [u8], enriched: &'n [u8], unknown: &'n mut Vec<u8>) -> &'n [u8] {
    // Where auditd is older than the kernel, it writes `SYSCALL=unknown-syscall(452)`.
    if let Some(name) = value_of(enriched, b"SYSCALL").filter(|name| is_name(name)) {
        return name;
    }
    let Some(written) = value_of(raw, b"syscall") else { return b"" };
    let Some(call) = number(written) else {
        // `ausearch -i` puts names in place of numbers.
        return if is_name(written) { written } else { b"" };
    };
    let arch = value_of(raw, b"arch").and_then(hexadecimal);
    if let Some(name) = arch.and_then(|arch| name_of(arch, call)) {
        return name.as_bytes();
    }
    unknown.clear();
    unknown.extend_from_slice(
        match arch {
            Some(arch) => format!("unknown-{call}-{arch:08x}"),
            None => format!("unknown-{call}"),
        }
        .as_bytes(),
    );
    unknown
}

fn value_of<'l>(text: &'l [u8], wanted: &[u8]) -> Option<&'l [u8]> {
    Fields::of(text).find(|(name, _)| *name == wanted).map(|(_, value)| value)
}

/// The name of a call on the architecture of a kernel's `AUDIT_ARCH_*` number (`linux/audit.h`).
fn name_of(arch: u32, call: u64) -> Option<&'static str> {
    let x32 = arch == 0xc000_003e && call & X32_BIT != 0;
    let tables: &[&Table] = match arch {
        0xc000_003e if x32 => &[&X32, &X86_64, &COMMON],
        0xc000_003e => &[&X86_64, &COMMON],
        0x4000_0003 => &[&I386, &COMMON],
        0x4000_0028 | 0x0000_0028 => &[&ARM, &COMMON],
        // aarch64, loongarch64.
        0xc000_00b7 | 0xc000_0102 => &[&GENERIC, &COMMON],
        0xc000_00f3 => &[&RISCV, &GENERIC, &COMMON],
        // ppc, ppc64, ppc64le.
        0x0000_0014 | 0x8000_0015 | 0xc000_0015 => &[&PPC, &COMMON],
        0x0000_0016 => &[&S390, &COMMON],
        0x8000_0016 => &[&S390X, &COMMON],
        _ => &[],
    };
    let call = if x32 { call & !X32_BIT } else { call };
    tables.iter().find_map(|table| table.name(call))
}

fn hexadecimal(text: &[u8]) -> Option<u32> {
    u32::from_str_radix(str::from_utf8(text).ok()?, 16).ok()
}

/// True for what can be a call's name, and is no number.
fn is_name(text: &[u8]) -> bool {
    text.len() <= MAX_NAME_BYTES
        && text.first().is_some_and(|byte| byte.is_ascii_alphabetic() || *byte == b'_')
        && text.iter().all(|byte| byte.is_ascii_alphanumeric() || *byte == b'_')
}

#[cfg(test)]
mod tests {
    use std::{io::Write as _, process::Command};

    use super::*;

    #[track_caller]
    fn assert_name(raw: &str, enriched: &str, expected: &str) {
        let mut unknown = b"left over".to_vec();
        let name = name(raw.as_bytes(), enriched.as_bytes(), &mut unknown);
        assert_eq!(String::from_utf8_lossy(name), expected, "{raw} {enriched}");
    }

    #[test]
    fn calls_have_the_number_of_their_architecture() {
        for (arch, call, expected) in [
            ("c000003e", 59, "execve"),
            ("c000003e", 0x4000_0208, "execve"),
            ("c000003e", 0x4000_0001, "write"),
            ("c000003e", 437, "openat2"),
            ("40000003", 11, "execve"),
            ("40000028", 11, "execve"),
            ("28", 322, "openat"),
            ("c00000b7", 221, "execve"),
            ("c00000f3", 221, "execve"),
            ("c00000f3", 258, "riscv_hwprobe"),
            ("c0000015", 11, "execve"),
            ("80000015", 286, "openat"),
            ("14", 286, "openat"),
            ("80000016", 288, "openat"),
            ("16", 288, "openat"),
            ("80000016", 452, "fchmodat2"),
            ("c000003e", 99_999, "unknown-99999-c000003e"),
            ("c0000abc", 59, "unknown-59-c0000abc"),
        ] {
            assert_name(&format!("arch={arch} syscall={call} success=yes"), "", expected);
        }
    }

    #[test]
    fn what_an_enriched_record_tells_comes_first() {
        assert_name("arch=c000003e syscall=59", r#"ARCH=x86_64 SYSCALL=openat AUID="root""#, "openat");
        assert_name("arch=c000003e syscall=452", "ARCH=x86_64 SYSCALL=unknown-syscall(452)", "fchmodat2");
        assert_name("arch=x86_64 syscall=execve", "", "execve");
    }

    #[test]
    fn a_record_may_tell_no_call() {
        assert_name("arch=c000003e", "", "");
        assert_name("syscall=59", "", "unknown-59");
        assert_name("arch=zz syscall=-1", "", "");
        assert_name("arch=c000003e syscall=../etc", "", "");
    }

    /// Raw and enriched logs of one call must tell one name. Another release of libaudit may have renamed a few.
    #[test]
    fn names_are_those_of_libaudit() {
        for (name, arch) in [
            ("x86_64", 0xc000_003e),
            ("i386", 0x4000_0003),
            ("arm", 0x4000_0028),
            ("aarch64", 0xc000_00b7),
            ("ppc64", 0x8000_0015),
            ("ppc", 0x14),
            ("s390", 0x16),
            ("s390x", 0x8000_0016),
        ] {
            let Ok(output) = Command::new("ausyscall").args([name, "--dump"]).output() else {
                writeln!(std::io::stderr(), "no ausyscall: skipped names_are_those_of_libaudit").unwrap();
                return;
            };
            let text = String::from_utf8(output.stdout).unwrap();
            let numbered: Vec<(u64, &str)> = text
                .lines()
                .filter_map(|line| line.split_once('\t'))
                .filter_map(|(number, name)| Some((number.trim().parse().ok()?, name.trim())))
                .collect();
            assert!(numbered.len() > 300, "{name}: {} calls", numbered.len());
            let same = numbered.iter().filter(|(call, known)| name_of(arch, *call) == Some(known)).count();
            assert!(same * 100 >= numbered.len() * 98, "{name}: {same} of {}", numbered.len());
        }
    }
}
