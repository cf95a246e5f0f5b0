//! Files of one kind under the paths that a user gave.

use std::{
    collections::HashSet,
    fs,
    path::{Path, PathBuf},
};

use blindspot_catalog::Problem;

/// A file that was looked for.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct FoundFile {
    /// Where it is.
    pub path: PathBuf,
    /// Its size in bytes when it was found.
    pub size: u64,
}

/// What to look for in folders.
pub struct Wanted {
    /// True for the files that are wanted.
    pub is: fn(&Path) -> bool,
    /// What to say of a folder that holds none.
    pub none: &'static str,
}

/// Walks the paths. A file that is named outright is taken whatever it is; in folders, only what is wanted. A folder
/// that is reached twice, through links, is walked once. What could not be looked at is a problem beside the rest.
#[must_use]
pub fn find(paths: &[PathBuf], wanted: &Wanted) -> (Vec<FoundFile>, Vec<Problem>) {
    let mut walk = Walk { wanted, files: Vec::new(), problems: Vec::new(), visited: HashSet::new() };
    for path in paths {
        let before = walk.files.len();
        match fs::metadata(path) {
            Ok(meta) if meta.is_dir() => {
                walk.folder(path);
                if walk.files.len() == before {
                    walk.problem(path, wanted.none);
                }
            }
            Ok(meta) => walk.files.push(FoundFile { path: path.clone(), size: meta.len() }),
            Err(error) => walk.problem(path, &format!("could not be opened: {error}; check the path")),
        }
    }
    walk.files.sort();
    walk.files.dedup();
    (walk.files, walk.problems)
}

struct Walk<'w> {
    wanted: &'w Wanted,
    files: Vec<FoundFile>,
    problems: Vec<Problem>,
    visited: HashSet<PathBuf>,
}

impl Walk<'_> {
    fn folder(&mut self, folder: &Path) {
        // A canonical path is the same for every way in, so that a loop of links ends.
        let first_visit = match fs::canonicalize(folder) {
            Ok(real) => self.visited.insert(real),
            Err(error) => return self.problem(folder, &format!("could not be followed: {error}")),
        };
        if !first_visit {
            return;
        }
        let entries = match fs::read_dir(folder) {
            Ok(entries) => entries,
            Err(error) => {
                return self
                    .problem(folder, &format!("could not be listed: {error}; nothing in it is judged"));
            }
        };
        for entry in entries {
            match entry {
                Ok(entry) => self.entry(&entry.path()),
                Err(error) => self.problem(folder, &format!("could not be listed to the end: {error}")),
            }
        }
    }

    fn entry(&mut self, path: &Path) {
        match fs::metadata(path) {
            Ok(meta) if meta.is_dir() => self.folder(path),
            Ok(meta) if meta.is_file() && (self.wanted.is)(path) => {
                self.files.push(FoundFile { path: path.to_owned(), size: meta.len() });
            }
            Ok(_) => (),
            Err(error) => self.problem(path, &format!("could not be looked at: {error}")),
        }
    }

    fn problem(&mut self, path: &Path, what: &str) {
        self.problems.push(Problem::new(path.display().to_string(), what));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXTS: Wanted =
        Wanted { is: |path| path.extension().is_some_and(|ending| ending == "txt"), none: "no text here" };

    #[test]
    fn folders_are_walked_once_whatever_links_say() {
        let root = tempfile::tempdir().unwrap();
        let inner = root.path().join("inner");
        fs::create_dir(&inner).unwrap();
        fs::write(inner.join("a.txt"), b"1").unwrap();
        fs::write(inner.join("b.log"), b"").unwrap();
        #[cfg(unix)]
        std::os::unix::fs::symlink(root.path(), inner.join("loop")).unwrap();
        let (files, problems) = find(&[root.path().to_owned()], &TEXTS);
        assert_eq!(files, [FoundFile { path: inner.join("a.txt"), size: 1 }]);
        assert!(problems.is_empty(), "{problems:?}");
    }

    #[test]
    fn a_path_that_is_not_there_and_a_folder_without_any_are_problems() {
        let root = tempfile::tempdir().unwrap();
        let gone = root.path().join("gone");
        let (files, problems) = find(&[root.path().to_owned(), gone.clone()], &TEXTS);
        assert!(files.is_empty());
        let places: Vec<_> = problems.iter().map(|problem| problem.place.clone()).collect();
        assert_eq!(places, [root.path().display().to_string(), gone.display().to_string()]);
    }

    #[test]
    fn a_file_that_is_named_outright_is_taken_whatever_its_name() {
        let root = tempfile::tempdir().unwrap();
        let odd = root.path().join("odd");
        fs::write(&odd, b"12").unwrap();
        let (files, _) = find(&[odd.clone(), odd.clone()], &TEXTS);
        assert_eq!(files, [FoundFile { path: odd, size: 2 }]);
    }
}
