//! What is judged: Sigma rules, ATT&CK's analytics and own entries, as the server file names them. Read again when
//! their files change.

use std::{
    fs,
    num::NonZeroUsize,
    path::{Path, PathBuf},
    sync::Arc,
    time::SystemTime,
};

use blindspot_catalog::{Detection, Facts, Problem, TechniqueId, attack, attack::Attack, own};
use blindspot_coverage::index::Compiled;
use jiff::Timestamp;
use sha2::{Digest as _, Sha256};

use super::config::DetectionFiles;
use crate::input::{Catalogue, InputError, homes, load_attack};

/// Everything that hosts are judged by.
pub struct DetectionSet {
    /// The detections, by id.
    pub detections: Arc<[Detection]>,
    /// Their ids, in the same order.
    pub ids: Arc<[String]>,
    /// ATT&CK.
    pub attack: Arc<Attack>,
    /// What its references and retired ids mean.
    pub mappings: Arc<attack::Mappings>,
    /// What is known of event types.
    pub facts: Arc<Facts>,
    /// What could not be read or understood.
    pub problems: Vec<Problem>,
    /// When it was read.
    pub loaded_at: Timestamp,
    /// They and the facts, compiled to judge a fleet.
    pub compiled: Arc<Compiled>,
}

impl DetectionSet {
    /// Reads what the server file names. Rules that cannot be read are problems in the list.
    ///
    /// # Errors
    /// Where the catalogue or ATT&CK given cannot be used, or there is nothing to judge by.
    pub fn load(files: &DetectionFiles, now: Timestamp, threads: NonZeroUsize) -> Result<Self, InputError> {
        let Catalogue { facts, logsources, mappings, mut problems } =
            Catalogue::load(files.catalog.as_deref())?;
        let (attack, more) = load_attack(files.attack.as_deref())?;
        problems.extend(more);
        let (mut detections, more) = crate::rules::load(&files.rules, &logsources, &facts, threads);
        problems.extend(more);
        for path in &files.own {
            let text =
                fs::read_to_string(path).map_err(|source| InputError::Read { path: path.clone(), source })?;
            let (own, more) = own::parse(&path.display().to_string(), &text, &facts);
            detections.extend(own);
            problems.extend(more);
        }
        if files.analytics || detections.is_empty() {
            let (analytics, more) = attack::detections(&attack, &mappings);
            detections.extend(analytics);
            problems.extend(more);
        }
        if detections.is_empty() {
            return Err(InputError::NoDetections("the server file names none that can be read".to_owned()));
        }
        detections.sort_by(|a, b| a.id.cmp(&b.id));
        Ok(Self {
            ids: detections.iter().map(|each| each.id.to_string()).collect(),
            compiled: Arc::new(Compiled::new(&detections, &facts)),
            detections: detections.into(),
            attack: Arc::new(attack),
            mappings: Arc::new(mappings),
            facts: Arc::new(facts),
            problems,
            loaded_at: now,
        })
    }

    /// The detection of this id.
    #[must_use]
    pub fn place_of(&self, id: &str) -> Option<usize> {
        self.detections.binary_search_by(|each| each.id.as_str().cmp(id)).ok()
    }

    /// What a tag means in the ATT&CK version at hand; an id that it does not know stands for itself.
    #[must_use]
    pub fn homes(&self, id: &TechniqueId) -> Vec<TechniqueId> {
        homes(&self.attack, &self.mappings, id)
    }
}

/// What the files named look like now: path, size and time of writing of each. A change means reading again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fingerprint([u8; 32]);

impl Fingerprint {
    /// Looks at every file under the paths that the server file names.
    #[must_use]
    pub fn of(files: &DetectionFiles) -> Self {
        let mut found: Vec<(PathBuf, u64, Option<SystemTime>)> = Vec::new();
        let named = files.rules.iter().chain(&files.own).chain(&files.attack).chain(&files.catalog);
        for path in named {
            look(path, 0, &mut found);
        }
        found.sort();
        let mut hash = Sha256::new();
        for (path, size, modified) in found {
            hash.update(path.as_os_str().as_encoded_bytes());
            hash.update(size.to_be_bytes());
            let since = modified.and_then(|time| time.duration_since(SystemTime::UNIX_EPOCH).ok());
            hash.update(since.unwrap_or_default().as_nanos().to_be_bytes());
        }
        Self(hash.finalize().into())
    }
}

/// Folders deeper than this are not looked into: rules lie a few levels deep, and links may go round.
const MAX_DEPTH: usize = 16;

fn look(path: &Path, depth: usize, found: &mut Vec<(PathBuf, u64, Option<SystemTime>)>) {
    let Ok(meta) = fs::metadata(path) else { return };
    if !meta.is_dir() {
        found.push((path.to_owned(), meta.len(), meta.modified().ok()));
        return;
    }
    if depth < MAX_DEPTH {
        for entry in fs::read_dir(path).into_iter().flatten().flatten() {
            look(&entry.path(), depth + 1, found);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RULE: &str = "title: Sudo\nid: 9a0b1c2d-0000-4000-8000-000000000001\nstatus: test\nlevel: high\n\
        logsource:\n  product: linux\n  service: sudo\ndetection:\n  keywords:\n    - 'x'\n  condition: keywords\n";

    #[test]
    fn without_rules_the_analytics_are_judged_and_with_rules_only_where_asked() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("a.yml"), RULE).unwrap();
        let load = |rules: &[PathBuf], analytics| {
            let files = DetectionFiles { rules: rules.to_vec(), analytics, ..DetectionFiles::default() };
            DetectionSet::load(&files, Timestamp::UNIX_EPOCH, NonZeroUsize::MIN).unwrap()
        };
        let none = load(&[], false);
        let rules = load(&[folder.path().to_owned()], false);
        let both = load(&[folder.path().to_owned()], true);
        assert!(none.detections.len() > 1000);
        assert_eq!(rules.detections.len(), 1);
        assert_eq!(both.detections.len(), none.detections.len() + 1);
        assert_eq!(both.place_of("9a0b1c2d-0000-4000-8000-000000000001"), Some(0));
        assert_eq!(both.compiled.detections(), both.detections.len());
    }

    #[test]
    fn any_change_of_a_file_changes_the_fingerprint() {
        let folder = tempfile::tempdir().unwrap();
        let inner = folder.path().join("inner");
        fs::create_dir(&inner).unwrap();
        let files = DetectionFiles { rules: vec![folder.path().to_owned()], ..DetectionFiles::default() };
        let empty = Fingerprint::of(&files);
        fs::write(inner.join("a.yml"), "a").unwrap();
        let one = Fingerprint::of(&files);
        assert_ne!(one, empty);
        assert_eq!(one, Fingerprint::of(&files));
        fs::write(inner.join("a.yml"), "ab").unwrap();
        assert_ne!(one, Fingerprint::of(&files));
    }
}
