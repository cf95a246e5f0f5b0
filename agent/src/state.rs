//! What the agent holds, on disk: two files that are written in turn, so that one of them is always whole.
//!
//! A slot is a header and a payload (CBOR). The payload is written and flushed before the header that vouches for it;
//! whatever the machine does in between, the other slot is the state. Both files are made at their full size, so that
//! ordinary work needs no new disk block.

use std::{
    fs::{self, File},
    io,
    path::{Path, PathBuf},
};

use sha2::{Digest as _, Sha256};

use crate::{
    core::{Slot, State},
    host,
};

const MAGIC: &[u8; 4] = b"BSCP";
const VERSION: u16 = 1;
const HEADER_BYTES: usize = 40;
/// The size that slots are made at.
const SLOT_BYTES: u64 = 4 << 20;
/// The largest payload.
const MAX_PAYLOAD: usize = 32 << 20;
/// The file that keeps a second agent out.
const LOCK: &str = "lock";

/// Why a state cannot be kept.
#[derive(Debug, thiserror::Error)]
pub enum StateError {
    /// The folder.
    #[error("could not use the state folder `{path}`; the agent needs a folder that it alone may write")]
    Folder {
        /// The folder.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// Another agent works in it.
    #[error("another agent works in `{0}`: two of them would count twice")]
    InUse(PathBuf),
    /// Writing failed.
    #[error("the state could not be stored")]
    Write(#[from] io::Error),
    /// It has grown beyond what is kept.
    #[error("the state has {0} bytes, more than is kept")]
    TooLarge(usize),
    /// A newer version wrote it.
    #[error(
        "the state was written by a newer agent (version {found}, this one reads {VERSION}): use that one; nothing was changed"
    )]
    Newer {
        /// Its version.
        found: u16,
    },
}

/// What was found at start.
#[derive(Debug, Clone, PartialEq)]
pub enum Found {
    /// A state, from the slot that was written last or the one before.
    State(Box<State>, Slot),
    /// There never was one.
    Nothing,
    /// There were slots, and none is whole.
    Lost,
}

/// The folder, held by this agent alone.
#[derive(Debug)]
pub struct StateFolder {
    path: PathBuf,
    generation: u64,
    /// Held open, and locked, as long as the agent lives.
    _lock: File,
}

/// One slot, as read.
enum Read {
    Whole {
        generation: u64,
        state: Box<State>,
    },
    /// The header vouches for something that is not there.
    Torn,
    Empty,
}

impl StateFolder {
    /// Opens the folder and reads what is in it.
    ///
    /// # Errors
    /// Where it cannot be used, another agent uses it, or a newer one did.
    pub fn open(path: &Path) -> Result<(Self, Found), StateError> {
        let folder = |source| StateError::Folder { path: path.to_owned(), source };
        host::private_folder(path).map_err(folder)?;
        let lock = host::private_file()
            .write(true)
            .create(true)
            .truncate(false)
            .open(path.join(LOCK))
            .map_err(folder)?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(fs::TryLockError::WouldBlock) => return Err(StateError::InUse(path.to_owned())),
            Err(fs::TryLockError::Error(source)) => return Err(folder(source)),
        }
        let (generation, found) = look(path)?;
        Ok((Self { path: path.to_owned(), generation, _lock: lock }, found))
    }

    /// Stores a state in the slot that is not the newest. When this returns, it is on disk.
    ///
    /// # Errors
    /// Where it could not be written: then the other slot is still whole.
    pub fn store(&mut self, state: &State) -> Result<(), StateError> {
        let mut payload = Vec::new();
        ciborium::into_writer(state, &mut payload).map_err(|error| io::Error::other(error.to_string()))?;
        if payload.len() > MAX_PAYLOAD {
            return Err(StateError::TooLarge(payload.len()));
        }
        // A generation is used once, even where writing it failed: its pages may be gone though nobody said so.
        self.generation += 1;
        let written =
            write_slot(&slot_path(&self.path, self.generation), &header(self.generation, &payload), &payload);
        if written.is_err() {
            // The other slot is the only whole one now: the next attempt goes to this one again, with all its bytes.
            self.generation += 1;
        }
        Ok(written?)
    }
}

fn write_slot(slot: &Path, header: &[u8], payload: &[u8]) -> io::Result<()> {
    let file = host::private_file().write(true).create(true).truncate(false).open(slot)?;
    let needed = (HEADER_BYTES + payload.len()) as u64;
    if file.metadata()?.len() < needed.max(SLOT_BYTES) {
        file.set_len(needed.next_multiple_of(SLOT_BYTES))?;
    }
    write_at(&file, payload, HEADER_BYTES as u64)?;
    file.sync_data()?;
    write_at(&file, header, 0)?;
    file.sync_data()
}

/// What a folder holds, without holding it: for looks from outside.
///
/// # Errors
/// Where it cannot be read, or a newer agent wrote it.
pub fn look_at(path: &Path) -> Result<Found, StateError> {
    look(path).map(|(_, found)| found)
}

fn look(path: &Path) -> Result<(u64, Found), StateError> {
    let slots = [read(&slot_path(path, 0))?, read(&slot_path(path, 1))?];
    let torn = slots.iter().any(|slot| matches!(slot, Read::Torn));
    let newest = slots.into_iter().filter_map(|slot| match slot {
        Read::Whole { generation, state } => Some((generation, state)),
        Read::Torn | Read::Empty => None,
    });
    Ok(match newest.max_by_key(|(generation, _)| *generation) {
        Some((generation, state)) => {
            let slot = if torn { Slot::Older } else { Slot::Newest };
            (generation, Found::State(state, slot))
        }
        None => (0, if torn { Found::Lost } else { Found::Nothing }),
    })
}

fn slot_path(folder: &Path, generation: u64) -> PathBuf {
    folder.join(format!("state.{}", generation % 2))
}

fn header(generation: u64, payload: &[u8]) -> [u8; HEADER_BYTES] {
    let mut bytes = Vec::with_capacity(HEADER_BYTES);
    bytes.extend_from_slice(MAGIC);
    bytes.extend_from_slice(&VERSION.to_le_bytes());
    bytes.extend_from_slice(&0_u16.to_le_bytes());
    bytes.extend_from_slice(&generation.to_le_bytes());
    bytes.extend_from_slice(&u32::try_from(payload.len()).unwrap_or(u32::MAX).to_le_bytes());
    let crc = crc32c::crc32c(&bytes);
    bytes.extend_from_slice(&crc.to_le_bytes());
    let hash: [u8; 32] = Sha256::digest(payload).into();
    bytes.extend(hash.iter().take(16));
    bytes.try_into().unwrap_or([0; HEADER_BYTES])
}

fn read(path: &Path) -> Result<Read, StateError> {
    let bytes = match fs::read(path) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Read::Empty),
        Err(source) => return Err(StateError::Folder { path: path.to_owned(), source }),
    };
    let Some((head, rest)) = bytes.split_first_chunk::<HEADER_BYTES>() else {
        return Ok(if bytes.is_empty() { Read::Empty } else { Read::Torn });
    };
    // A slot that was made and never vouched for.
    if head.iter().all(|byte| *byte == 0) {
        return Ok(Read::Empty);
    }
    parse(head, rest)
}

fn parse(head: &[u8; HEADER_BYTES], rest: &[u8]) -> Result<Read, StateError> {
    let number = |from: usize, bytes: usize| {
        let part = head.get(from..from + bytes).unwrap_or_default();
        part.iter().rev().fold(0_u64, |sum, byte| sum << 8 | u64::from(*byte))
    };
    let vouched = head.get(..20).unwrap_or_default();
    if !head.starts_with(MAGIC) || u64::from(crc32c::crc32c(vouched)) != number(20, 4) {
        return Ok(Read::Torn);
    }
    let version = u16::try_from(number(4, 2)).unwrap_or(u16::MAX);
    if version > VERSION {
        return Err(StateError::Newer { found: version });
    }
    let length = usize::try_from(number(16, 4)).unwrap_or(usize::MAX);
    let Some(payload) = rest.get(..length) else { return Ok(Read::Torn) };
    let hash: [u8; 32] = Sha256::digest(payload).into();
    if head.get(24..) != hash.get(..16) {
        return Ok(Read::Torn);
    }
    Ok(match ciborium::from_reader(payload) {
        Ok(state) => Read::Whole { generation: number(8, 8), state: Box::new(state) },
        Err(_) => Read::Torn,
    })
}

#[cfg(unix)]
fn write_at(file: &File, bytes: &[u8], offset: u64) -> io::Result<()> {
    std::os::unix::fs::FileExt::write_all_at(file, bytes, offset)
}

#[cfg(windows)]
fn write_at(file: &File, bytes: &[u8], offset: u64) -> io::Result<()> {
    let mut written = 0;
    while let Some(rest) = bytes.get(written..).filter(|rest| !rest.is_empty()) {
        match std::os::windows::fs::FileExt::seek_write(file, rest, offset + written as u64)? {
            0 => return Err(io::ErrorKind::WriteZero.into()),
            some => written += some,
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests;
