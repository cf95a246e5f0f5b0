//! What differs between operating systems: the machine, its start, what the agent takes of it.

#[cfg(unix)]
mod unix;
#[cfg(windows)]
mod windows;

use std::{fs, io, path::Path};

use blindspot_telemetry::{
    Platform,
    wire::{Claim, report::Footprint},
};
use sha2::{Digest as _, Sha256};

#[cfg(unix)]
use unix as os;
#[cfg(windows)]
use windows as os;

/// The platform that this program is built for.
pub const PLATFORM: Platform = if cfg!(windows) { Platform::Windows } else { Platform::Linux };

/// What the agent says of the machine; `name` replaces the operating system's name for it.
#[must_use]
pub fn claim(name: Option<&str>) -> Claim {
    let own = gethostname::gethostname().to_string_lossy().into_owned();
    let machine = os::machine_id().unwrap_or_else(|| own.clone());
    // The id itself is a secret of the machine (machine-id(5)): only a keyed hash leaves it.
    let hash = Sha256::new().chain_update("blindspot machine").chain_update(machine).finalize();
    Claim {
        name: name.map_or(own, str::to_owned),
        platform: PLATFORM.as_str().to_owned(),
        machine: hash.iter().map(|byte| format!("{byte:02x}")).collect(),
        boot: os::boot_id().unwrap_or_default(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
    }
}

/// Resident memory of the agent, in bytes, where the operating system says.
#[must_use]
pub fn rss_bytes() -> Option<u64> {
    os::rss_bytes()
}

/// What the agent takes now. `state` is the folder of its state.
#[must_use]
pub fn footprint(state: &Path) -> Footprint {
    let files = fs::read_dir(state).into_iter().flatten().flatten();
    Footprint {
        rss_bytes: rss_bytes().unwrap_or_default(),
        cpu_ms: os::cpu_ms().unwrap_or_default(),
        state_bytes: files.filter_map(|file| file.metadata().ok()).map(|meta| meta.len()).sum(),
    }
}

/// Makes a folder for its owner only.
///
/// # Errors
/// What the operating system says.
pub fn private_folder(path: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path)
}

/// Options that open a file for its owner only.
#[must_use]
pub fn private_file() -> fs::OpenOptions {
    let mut options = fs::OpenOptions::new();
    os::for_owner(&mut options);
    options
}

/// Replaces a file as a whole, for its owner only.
///
/// # Errors
/// What the operating system says.
pub fn replace_file(path: &Path, bytes: &[u8]) -> io::Result<()> {
    use io::Write as _;
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(".partial");
    let partial = path.with_file_name(name);
    // One that was left over, or put there by somebody else, would keep its owner and mode.
    match fs::remove_file(&partial) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut file = private_file().write(true).create_new(true).open(&partial)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    fs::rename(&partial, path)
}

/// Takes what the agent needs and no more: low priority, few open files, files for their owner only.
pub fn be_modest() {
    os::be_modest();
}

/// Bytes free where this folder is, where the operating system says.
#[must_use]
pub fn free_bytes(path: &Path) -> Option<u64> {
    os::free_bytes(path)
}

/// Tells systemd that the agent is ready (sd_notify(3)).
pub fn tell_ready(socket: &Path) {
    os::tell_ready(socket);
}
