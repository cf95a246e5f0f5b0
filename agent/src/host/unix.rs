//! Linux and other Unix systems.

use std::{fs, path::Path};

use rustix::{
    fs::Mode,
    process::{Resource, Rlimit},
};

/// Open files that the agent gets along with: logs that are followed, a socket, its state.
const OPEN_FILES: u64 = 1024;
/// The priority of what nobody waits for.
const NICE: i32 = 10;

pub(super) fn machine_id() -> Option<String> {
    let read = |path: &str| fs::read_to_string(path).ok().map(|text| text.trim().to_owned());
    read("/etc/machine-id").or_else(|| read("/var/lib/dbus/machine-id")).filter(|id| !id.is_empty())
}

pub(super) fn boot_id() -> Option<String> {
    fs::read_to_string("/proc/sys/kernel/random/boot_id").ok().map(|text| text.trim().to_owned())
}

/// proc_pid_statm(5): the second number is resident memory, in pages.
pub(super) fn rss_bytes() -> Option<u64> {
    let statm = fs::read_to_string("/proc/self/statm").ok()?;
    let pages: u64 = statm.split_ascii_whitespace().nth(1)?.parse().ok()?;
    Some(pages * rustix::param::page_size() as u64)
}

/// proc_pid_stat(5): fields 14 and 15, in clock ticks, counted behind the name, which may hold anything.
pub(super) fn cpu_ms() -> Option<u64> {
    let stat = fs::read_to_string("/proc/self/stat").ok()?;
    let mut fields = stat.rsplit_once(')')?.1.split_ascii_whitespace().skip(11);
    let user: u64 = fields.next()?.parse().ok()?;
    let system: u64 = fields.next()?.parse().ok()?;
    Some((user + system) * 1000 / rustix::param::clock_ticks_per_second().max(1))
}

pub(super) fn free_bytes(path: &Path) -> Option<u64> {
    let stat = rustix::fs::statvfs(path).ok()?;
    Some(stat.f_bavail.saturating_mul(stat.f_frsize))
}

pub(super) fn for_owner(options: &mut fs::OpenOptions) {
    std::os::unix::fs::OpenOptionsExt::mode(options, 0o600);
}

pub(super) fn be_modest() {
    rustix::process::umask(Mode::from_raw_mode(0o077));
    // Where one of these may not be set, the agent works as well, only less modestly.
    let _unchanged = rustix::process::nice(NICE);
    let limit = rustix::process::getrlimit(Resource::Nofile);
    let lower = |value: Option<u64>| Some(value.map_or(OPEN_FILES, |value| value.min(OPEN_FILES)));
    let modest = Rlimit { current: lower(limit.current), maximum: limit.maximum };
    let _unchanged = rustix::process::setrlimit(Resource::Nofile, modest);
}

/// A datagram to the socket that the service manager named. Where it cannot be sent, the service manager says so itself.
pub(super) fn tell_ready(socket: &Path) {
    let sent = std::os::unix::net::UnixDatagram::unbound().and_then(|from| from.send_to(b"READY=1", socket));
    if let Err(error) = sent {
        tracing::warn!(error = error.to_string(), "the service manager could not be told");
    }
}
