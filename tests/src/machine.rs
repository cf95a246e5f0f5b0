//! What a machine has once, and tests take turns with.

use std::fs::File;

/// The lock on the kernel's audit rules, which one test of this machine holds at a time. Dropping it frees it.
///
/// # Panics
/// Where the temporary folder holds no lock.
#[must_use]
pub fn kernel_audit() -> File {
    let path = std::env::temp_dir().join("blindspot-kernel-audit.lock");
    let lock = File::options().create(true).append(true).open(path).expect("a lock file");
    lock.lock().expect("the lock");
    lock
}
