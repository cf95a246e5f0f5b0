//! What an audit is made of: hosts, detections, the catalogue, and everything that could not be read.

use std::{
    collections::BTreeMap,
    fs,
    num::NonZeroUsize,
    path::{Path, PathBuf},
    sync::Arc,
};

use blindspot_catalog::{
    Detection, DetectionSource, Facts, Problem, TechniqueId, attack, attack::Attack, own, sigma,
};
use blindspot_coverage::HostSight;
use blindspot_sampling::Detail;
use blindspot_telemetry::{Clock as _, Inventory, Window, clock::SystemClock, report};
use jiff::{SignedDuration, Timestamp, tz::TimeZone};

use crate::{
    cli::args::InputArgs,
    logs::{self, read::ReadOptions},
};

/// All that an audit judges, and what could not be read on the way.
pub struct Input {
    /// One inventory per host.
    pub hosts: Vec<Inventory>,
    /// Each host's window, in the hosts' order.
    pub windows: Vec<Window>,
    /// The detections to judge.
    pub detections: Arc<[Detection]>,
    /// ATT&CK.
    pub attack: Arc<Attack>,
    /// What its references and retired ids mean.
    pub mappings: Arc<attack::Mappings>,
    /// What is known of event types.
    pub facts: Arc<Facts>,
    /// What could not be read or understood.
    pub problems: Vec<Problem>,
    /// Paths and inventories that were given, as typed.
    pub given: Vec<String>,
    /// Log files read.
    pub files: usize,
    /// Their bytes.
    pub bytes: u64,
    /// Threads to work with.
    pub threads: NonZeroUsize,
}

/// Why nothing can be judged at all.
#[derive(Debug, thiserror::Error)]
pub enum InputError {
    /// Neither logs nor inventories came to a host.
    #[error("no host to judge: {0}")]
    NoHosts(String),
    /// Nothing to judge them by.
    #[error("no detection to judge by: {0}")]
    NoDetections(String),
    /// The ATT&CK bundle given.
    #[error("could not use `{path}` as ATT&CK")]
    Bundle {
        /// The file.
        path: PathBuf,
        /// Why.
        source: attack::ImportError,
    },
    /// The compiled ATT&CK given.
    #[error("could not use the folder `{path}` as compiled ATT&CK")]
    Lines {
        /// The folder.
        path: PathBuf,
        /// Why.
        source: attack::LinesError,
    },
    /// A file given by name.
    #[error("could not read `{path}`")]
    Read {
        /// The file or folder.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
}

/// The catalogue: what is known whatever any host has.
pub struct Catalogue {
    /// What is known of event types.
    pub facts: Facts,
    /// What Sigma log sources mean.
    pub logsources: sigma::Logsources,
    /// What ATT&CK log source references mean.
    pub mappings: attack::Mappings,
    /// Rows that were not understood.
    pub problems: Vec<Problem>,
}

impl Catalogue {
    /// The embedded tables, overridden and extended by those of a folder.
    ///
    /// # Errors
    /// Where the folder cannot be read.
    pub fn load(folder: Option<&Path>) -> Result<Self, InputError> {
        let Some(folder) = folder else {
            let (facts, logsources, mappings) = (
                Facts::embedded(),
                sigma::Logsources::embedded().clone(),
                attack::Mappings::embedded().clone(),
            );
            return Ok(Self { facts, logsources, mappings, problems: Vec::new() });
        };
        let tables = read_folder(folder)?;
        let (facts, mut problems) = Facts::from_files(&tables);
        let mut logsources = sigma::Logsources::embedded().clone();
        if let Some(table) = tables.get("sigma-logsources.csv") {
            let (own, more) = sigma::Logsources::from_csv(table);
            logsources = logsources.overridden_by(own);
            problems.extend(more);
        }
        let (mappings, more) = attack::Mappings::from_files(&tables);
        problems.extend(more);
        Ok(Self { facts, logsources, mappings, problems })
    }
}

/// The text files of a folder, by name.
fn read_folder(folder: &Path) -> Result<BTreeMap<String, String>, InputError> {
    let failed = |path: &Path, source| InputError::Read { path: path.to_owned(), source };
    let mut texts = BTreeMap::new();
    for entry in fs::read_dir(folder).map_err(|error| failed(folder, error))? {
        let path = entry.map_err(|error| failed(folder, error))?.path();
        let Some(name) = path.file_name().and_then(|name| name.to_str()).filter(|_| path.is_file()) else {
            continue;
        };
        let text = fs::read_to_string(&path).map_err(|error| failed(&path, error))?;
        texts.insert(name.to_owned(), text);
    }
    Ok(texts)
}

/// ATT&CK from a bundle, from a folder that `catalog import` wrote, or the embedded one.
///
/// # Errors
/// Where what was given cannot be read or is not ATT&CK.
pub fn load_attack(given: Option<&Path>) -> Result<(Attack, Vec<Problem>), InputError> {
    let Some(path) = given else { return Ok((Attack::embedded(), Vec::new())) };
    let path = path.to_owned();
    if path.is_dir() {
        return Attack::read_lines(&read_folder(&path)?).map_err(|source| InputError::Lines { path, source });
    }
    match fs::read(&path) {
        Ok(bytes) => attack::import(&bytes, None).map_err(|source| InputError::Bundle { path, source }),
        Err(source) => Err(InputError::Read { path, source }),
    }
}

impl Input {
    /// Reads everything that the arguments name.
    ///
    /// # Errors
    /// Only where nothing can be judged; all else is a problem in the list.
    pub fn load(args: &InputArgs, detail: Detail) -> Result<Self, InputError> {
        let threads =
            args.threads.unwrap_or_else(|| std::thread::available_parallelism().unwrap_or(NonZeroUsize::MIN));
        let asked = Asked::of(&args.paths, &args.inventory);
        let mut collected = collect(args, detail, threads);
        let mut problems = std::mem::take(&mut collected.problems);
        let mut hosts = collected.hosts;
        for path in &args.inventory {
            hosts.extend(load_inventory(path, &mut problems)?);
        }
        if hosts.is_empty() {
            return Err(InputError::NoHosts(first_or(&problems, "the paths given hold no log")));
        }
        let Catalogue { facts, logsources, mappings, problems: more } =
            Catalogue::load(args.catalog.as_deref())?;
        problems.extend(more);
        let (attack, more) = load_attack(args.attack.as_deref())?;
        problems.extend(more);
        let (detections, more) = if args.rules.is_empty() && args.detections.is_empty() {
            attack::detections(&attack, &mappings)
        } else {
            load_detections(args, &logsources, &facts, threads)?
        };
        let detections = keep(detections, args, &more)?;
        problems.extend(more);
        Ok(Self {
            windows: windows_of(&hosts, args.since, asked),
            hosts,
            detections: detections.into(),
            attack: Arc::new(attack),
            mappings: Arc::new(mappings),
            facts: Arc::new(facts),
            problems,
            given: if asked == Asked::Own {
                vec!["this machine's own logs".to_owned()]
            } else {
                args.paths.iter().chain(&args.inventory).map(|path| path.display().to_string()).collect()
            },
            files: collected.files,
            bytes: collected.bytes,
            threads,
        })
    }

    /// The hosts, indexed for judging.
    #[must_use]
    pub fn sights(&self) -> Vec<HostSight<'_>> {
        self.hosts
            .iter()
            .zip(&self.windows)
            .map(|(host, window)| HostSight::new(host, *window, &self.facts))
            .collect()
    }

    /// What a tag means in the ATT&CK version at hand; an id that it does not know stands for itself.
    #[must_use]
    pub fn homes(&self, id: &TechniqueId) -> Vec<TechniqueId> {
        homes(&self.attack, &self.mappings, id)
    }

    /// True where the detections are ATT&CK's own analytics.
    #[must_use]
    pub fn judges_analytics(&self) -> bool {
        self.detections.iter().all(|detection| matches!(detection.source, DetectionSource::Attack { .. }))
    }
}

/// What a tag means in an ATT&CK version; an id that it does not know stands for itself.
#[must_use]
pub fn homes(attack: &Attack, mappings: &attack::Mappings, id: &TechniqueId) -> Vec<TechniqueId> {
    let resolved = attack.resolve(id, mappings.aliases());
    if resolved.ids().is_empty() { vec![id.clone()] } else { resolved.ids().to_vec() }
}

fn first_or(problems: &[Problem], otherwise: &str) -> String {
    problems.first().map_or_else(|| otherwise.to_owned(), ToString::to_string)
}

fn collect(args: &InputArgs, detail: Detail, threads: NonZeroUsize) -> logs::Collected {
    let options = ReadOptions { detail, threads, zone: args.zone.clone().unwrap_or_else(TimeZone::system) };
    match (args.paths.is_empty(), args.inventory.is_empty()) {
        (true, true) => logs::collect_own(&options),
        (true, false) => logs::Collected::default(),
        (false, _) => logs::collect(&args.paths, &options),
    }
}

/// Sigma rules and a team's own entries.
fn load_detections(
    args: &InputArgs,
    logsources: &sigma::Logsources,
    facts: &Facts,
    threads: NonZeroUsize,
) -> Result<(Vec<Detection>, Vec<Problem>), InputError> {
    let (mut detections, mut problems) = crate::rules::load(&args.rules, logsources, facts, threads);
    for path in &args.detections {
        let text =
            fs::read_to_string(path).map_err(|source| InputError::Read { path: path.clone(), source })?;
        let (own, more) = own::parse(&path.display().to_string(), &text, facts);
        detections.extend(own);
        problems.extend(more);
    }
    Ok((detections, problems))
}

/// The inventories of one document; a document that cannot be understood is a problem, not the end.
///
/// # Errors
/// Where the file cannot be read at all.
pub fn load_inventory(path: &Path, problems: &mut Vec<Problem>) -> Result<Vec<Inventory>, InputError> {
    let bytes = fs::read(path).map_err(|source| InputError::Read { path: path.to_owned(), source })?;
    Ok(report::read_inventories(&bytes).unwrap_or_else(|error| {
        problems.push(Problem::new(path.display().to_string(), crate::chain(&error)));
        Vec::new()
    }))
}

/// `--since` counts back from the host's own newest record: logs are judged where they end, not where today is.
#[must_use]
pub fn window_of(host: &Inventory, since: Option<SignedDuration>) -> Window {
    let newest = host.span().map(|(_, newest)| newest);
    Window { from: since.zip(newest).and_then(|(since, newest)| newest.checked_sub(since).ok()), to: None }
}

/// Whose logs are asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Asked {
    /// Nothing is named: this machine's own.
    Own,
    /// Those that are named.
    Given,
}

impl Asked {
    /// What these arguments ask for.
    #[must_use]
    pub fn of(paths: &[PathBuf], inventories: &[PathBuf]) -> Self {
        if paths.is_empty() && inventories.is_empty() { Self::Own } else { Self::Given }
    }
}

/// Each host's window: on this machine's own logs back from now, otherwise back from the host's newest record.
#[must_use]
pub fn windows_of(hosts: &[Inventory], since: Option<SignedDuration>, asked: Asked) -> Vec<Window> {
    match asked {
        Asked::Own => vec![window_until(SystemClock::new().wall(), since); hosts.len()],
        Asked::Given => hosts.iter().map(|host| window_of(host, since)).collect(),
    }
}

/// How far back this machine's own logs are judged, where `--since` says nothing else.
const OWN_HISTORY: SignedDuration = SignedDuration::from_hours(7 * 24);

/// This machine's own logs are judged where today is: a log that ended is silent.
fn window_until(now: Timestamp, since: Option<SignedDuration>) -> Window {
    Window { from: now.checked_sub(since.unwrap_or(OWN_HISTORY)).ok(), to: None }
}

/// The detections that `--level` and `--status` leave.
fn keep(
    detections: Vec<Detection>,
    args: &InputArgs,
    problems: &[Problem],
) -> Result<Vec<Detection>, InputError> {
    if detections.is_empty() {
        return Err(InputError::NoDetections(first_or(problems, "the rules given hold none")));
    }
    let level = |each: &Detection| match &args.level {
        None => true,
        Some(levels) => each.level.is_some_and(|level| levels.0.contains(&level)),
    };
    let status = |each: &Detection| {
        args.status.is_empty() || each.status.is_some_and(|status| args.status.contains(&status))
    };
    let kept: Vec<Detection> = detections.into_iter().filter(|each| level(each) && status(each)).collect();
    if kept.is_empty() {
        return Err(InputError::NoDetections("--level and --status leave none".to_owned()));
    }
    Ok(kept)
}
