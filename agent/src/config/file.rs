//! Settings files in TOML, the agent's and the collector's: read whole, or refused with the file, the place and the reason.

use std::{
    fs, io,
    ops::RangeInclusive,
    path::{Path, PathBuf},
};

use serde::de::DeserializeOwned;

/// What a settings file holds. Keys that are not known are refused.
pub trait Settings: DeserializeOwned {
    /// What such a file is called.
    const NAME: &'static str;
    /// The file that shows every key.
    const EXAMPLE: &'static str;

    /// The first value that cannot be, in words.
    fn wrong(&self) -> Option<String>;
}

/// Why a settings file cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// It cannot be read.
    #[error("could not read the {name} `{path}`")]
    Read {
        /// What it is called.
        name: &'static str,
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// It is not what it should be.
    #[error("`{path}` is no {name}; {example} shows every key")]
    Shape {
        /// What it is called.
        name: &'static str,
        /// The file that shows every key.
        example: &'static str,
        /// The file.
        path: PathBuf,
        /// Why, with line and column.
        source: Box<toml::de::Error>,
    },
    /// A value that cannot be.
    #[error("`{path}`: {what}")]
    Value {
        /// The file.
        path: PathBuf,
        /// What and why.
        what: String,
    },
}

/// Reads a settings file.
///
/// # Errors
/// Where it cannot be read, has a key that is not known, or a value that cannot be.
pub fn read<S: Settings>(path: &Path) -> Result<S, ConfigError> {
    let name = S::NAME;
    let text = fs::read_to_string(path).map_err(|source| ConfigError::Read {
        name,
        path: path.to_owned(),
        source,
    })?;
    let settings: S = toml::from_str(&text).map_err(|source| ConfigError::Shape {
        name,
        example: S::EXAMPLE,
        path: path.to_owned(),
        source: Box::new(source),
    })?;
    match settings.wrong() {
        None => Ok(settings),
        Some(what) => Err(ConfigError::Value { path: path.to_owned(), what }),
    }
}

/// Says of a number that it lies outside of its range.
#[must_use]
pub fn outside(name: &str, value: u64, range: RangeInclusive<u64>) -> Option<String> {
    let (least, most) = (range.start(), range.end());
    (!range.contains(&value)).then(|| format!("{name} is {value}; it can be {least} to {most}"))
}
