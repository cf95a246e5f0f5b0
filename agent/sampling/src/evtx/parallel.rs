//! Several workers on one file: each takes the next stretch of chunks until none is left.

use std::{
    ops::Range,
    sync::atomic::{AtomicU64, Ordering},
    thread,
};

use super::{
    chunk::CHUNK_BYTES,
    options::ScanOptions,
    scan::{FILE_HEAD, Harvest, ReadFailure, scan_chunks},
};
use crate::read_at::ReadAt;

/// Stretches per worker: enough that a worker whose core is shared does not hold up the others.
const STRETCHES_PER_WORKER: u64 = 16;
/// Chunks of the shortest stretch: 1 MiB.
const MIN_STRETCH: u64 = 16;

/// Scans every chunk of a file of `length` bytes with as many threads as asked for.
pub(super) fn scan_all(
    bytes: &dyn ReadAt,
    length: u64,
    options: &ScanOptions,
    progress: &(dyn Fn(u64) + Sync),
) -> Result<Vec<Harvest>, ReadFailure> {
    let chunks = length.saturating_sub(FILE_HEAD).div_ceil(CHUNK_BYTES as u64);
    let asked = u64::try_from(options.threads.get()).unwrap_or(u64::MAX);
    let stretch = match asked {
        1 => chunks,
        _ => chunks.div_ceil(asked.saturating_mul(STRETCHES_PER_WORKER)).max(MIN_STRETCH),
    };
    let next = AtomicU64::new(0);
    let work = || scan_chunks(bytes, stretches(&next, stretch, chunks), options, progress);
    thread::scope(|scope| {
        let useful = asked.min(chunks.div_ceil(stretch.max(1)));
        // One worker runs here: a scan on one thread starts none, and one that can start none still ends.
        let spawn = |_| thread::Builder::new().spawn_scoped(scope, work).ok();
        let others: Vec<_> = (1..useful).map_while(spawn).collect();
        let mut harvests = vec![work()?];
        for other in others {
            match other.join() {
                Ok(harvest) => harvests.push(harvest?),
                Err(panic) => std::panic::resume_unwind(panic),
            }
        }
        Ok(harvests)
    })
}

/// Takes stretches of chunk numbers from what all workers share.
fn stretches(next: &AtomicU64, stretch: u64, chunks: u64) -> impl Iterator<Item = Range<u64>> {
    std::iter::from_fn(move || {
        let start = next.fetch_add(stretch, Ordering::Relaxed);
        (start < chunks).then(|| start..start.saturating_add(stretch).min(chunks))
    })
}
