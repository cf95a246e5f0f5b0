//! The ATT&CK release that is built into the program (`config/catalog/attack/`, compressed by the build script).

use super::{lines::Files, model::Attack};

/// What the build script made of the lines.
const COMPRESSED: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/attack-lines.zst"));

/// Room for the lines; a test notices when they outgrow it.
const LINES_LIMIT_BYTES: usize = 4 * 1024 * 1024;

/// Begins each file in the joined text; the name follows, then a line feed.
const FILE_MARK: char = '\u{1e}';

impl Attack {
    /// The release that is built in.
    #[must_use]
    #[expect(
        clippy::expect_used,
        reason = "the lines are part of the program, and the tests below read them"
    )]
    pub fn embedded() -> Self {
        let (attack, _) =
            Self::read_lines(&embedded_files()).expect("the built-in lines have this program's format");
        attack
    }
}

/// The built-in lines, by file name.
fn embedded_files() -> Files {
    let bytes = zstd::bulk::decompress(COMPRESSED, LINES_LIMIT_BYTES).unwrap_or_default();
    let text = String::from_utf8(bytes).unwrap_or_default();
    let files = text.split(FILE_MARK).filter_map(|file| file.split_once('\n'));
    files.map(|(name, lines)| (name.to_owned(), lines.to_owned())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_built_in_lines_read_without_a_problem_and_write_back_the_same() {
        let files = embedded_files();
        let (attack, problems) = Attack::read_lines(&files).unwrap();
        assert_eq!(problems, []);
        assert!(attack.write_lines() == files);
    }

    #[test]
    fn the_built_in_release_is_whole() {
        let attack = Attack::embedded();
        assert_eq!(attack.version.to_string(), "18.1");
        assert_eq!(attack.tactics.len(), 14);
        assert_eq!(attack.tactics[0].shortname.as_ref(), "reconnaissance");
        assert_eq!(attack.techniques.len(), 691);
        assert_eq!(attack.strategies.len(), 691);
        assert_eq!(attack.analytics.len(), 1739);
        let references =
            attack.analytics.values().flat_map(|analytic| &analytic.parts).map(|p| p.references.len());
        assert_eq!(references.sum::<usize>(), 4126);
    }
}
