//! Which files are logs: by their ending, or by their first bytes.

use std::{fs::File, io::Read as _, path::Path};

use crate::files::Wanted;

/// The first bytes of every EVTX file.
const EVTX_MAGIC: &[u8; 8] = b"ElfFile\0";

/// Logs that Blindspot reads.
pub const LOGS: Wanted = Wanted { is: is_log, none: "no log in this folder; Blindspot reads .evtx files" };

fn is_log(path: &Path) -> bool {
    path.extension().is_some_and(|ending| ending.eq_ignore_ascii_case("evtx")) || begins_as_evtx(path)
}

/// A file that cannot be opened is not known to be a log; only its ending could have said so.
fn begins_as_evtx(path: &Path) -> bool {
    let mut head = [0; EVTX_MAGIC.len()];
    File::open(path).and_then(|mut file| file.read_exact(&mut head)).is_ok() && head == *EVTX_MAGIC
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_log_is_known_by_its_ending_or_its_first_bytes() {
        let root = tempfile::tempdir().unwrap();
        let write = |name: &str, bytes: &[u8]| {
            let path = root.path().join(name);
            std::fs::write(&path, bytes).unwrap();
            path
        };
        assert!(is_log(&write("Security.EVTX", b"")));
        assert!(is_log(&write("renamed.bin", b"ElfFile\0and more")));
        assert!(!is_log(&write("notes.txt", b"ElfFil")));
    }
}
