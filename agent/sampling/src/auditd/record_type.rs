//! Record types by number.

use super::{head::number, table::Table};

/// From the kernel's `linux/audit.h` (6.18) and libaudit (3.0.9). 1420 and 1421 are left out: kernels of Ubuntu wrote
/// other records under them (the contexts of several security modules) than Linux does since 6.12 (IPE).
static RECORD_TYPES: Table = Table::new(include_str!("record_types.csv"));

/// The name of a record type. An auditd older than the kernel writes `UNKNOWN[1334]` for types that it does not
/// know; what we do not know either stays as it is written.
pub(super) fn name(written: &[u8]) -> &[u8] {
    let digits = written.strip_prefix(b"UNKNOWN[").and_then(|rest| rest.strip_suffix(b"]"));
    match digits.and_then(number).and_then(|number| RECORD_TYPES.name(number)) {
        Some(name) => name.as_bytes(),
        None => written,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_become_names_where_they_are_known() {
        assert_eq!(name(b"UNKNOWN[1334]"), b"BPF");
        assert_eq!(name(b"UNKNOWN[2507]"), b"VIRT_MIGRATE_OUT");
        for written in
            ["UNKNOWN[1420]", "UNKNOWN[9999]", "UNKNOWN[99999999999999999999]", "UNKNOWN[]", "SYSCALL"]
        {
            assert_eq!(name(written.as_bytes()), written.as_bytes());
        }
    }
}
