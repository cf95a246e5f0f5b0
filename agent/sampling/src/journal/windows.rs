//! A file read front to back in large pieces.

use super::ReadFailure;
use crate::read_at::{ReadAt, read_full};

/// Bytes read at a time. Whatever is asked for at once is shorter.
pub(super) const WINDOW_BYTES: usize = 256 << 10;

/// The piece of a file that is being looked at.
pub(super) struct Windows<'b> {
    bytes: &'b dyn ReadAt,
    progress: &'b dyn Fn(u64),
    buffer: Vec<u8>,
    /// Where the piece begins in the file.
    begin: u64,
    filled: usize,
    /// True where the file ends with the piece.
    last: bool,
    /// Up to where the progress was told.
    told: u64,
}

impl<'b> Windows<'b> {
    /// Nothing is read yet. `progress` is told of bytes that were passed.
    pub(super) fn new(bytes: &'b dyn ReadAt, progress: &'b dyn Fn(u64)) -> Self {
        Self { bytes, progress, buffer: vec![0; WINDOW_BYTES], begin: 0, filled: 0, last: false, told: 0 }
    }

    /// Bytes from `offset`; fewer where the file ends.
    #[inline]
    pub(super) fn get(&mut self, offset: u64, length: usize) -> Result<&[u8], ReadFailure> {
        let in_window = |this: &Self| {
            let at = usize::try_from(offset.checked_sub(this.begin)?).ok()?;
            (at.checked_add(length)? <= this.filled || this.last).then_some(at)
        };
        let at = match in_window(self) {
            Some(at) => at,
            None => self.move_to(offset)?,
        };
        let held = self.buffer.get(at..self.filled).unwrap_or_default();
        Ok(held.get(..length).unwrap_or(held))
    }

    #[cold]
    fn move_to(&mut self, offset: u64) -> Result<usize, ReadFailure> {
        self.pass(offset);
        self.filled = 0;
        self.filled = read_full(self.bytes, &mut self.buffer, offset)
            .map_err(|source| ReadFailure { offset, source })?;
        self.begin = offset;
        self.last = self.filled < self.buffer.len();
        Ok(0)
    }

    /// Tells that everything before `offset` was passed.
    pub(super) fn pass(&mut self, offset: u64) {
        if let Some(passed) = offset.checked_sub(self.told).filter(|passed| *passed > 0) {
            self.told = offset;
            (self.progress)(passed);
        }
    }
}
