//! An open log file, plain or packed, that is read forwards.

use std::{
    fs::File,
    io::{self, Read},
};

use crate::read_at::read_full;

/// Bytes that are unpacked at a time.
const UNPACK_BYTES: usize = 64 << 10;

/// An open log file.
pub(crate) enum Source {
    /// Its bytes are the log's.
    Plain(File),
    /// Its bytes are unpacked as they are read.
    Packed(Packed),
}

/// A stream of unpacked bytes, of which the last ones are kept.
pub(crate) struct Packed {
    stream: Box<dyn Read + Send>,
    /// Where `kept` begins, in unpacked bytes.
    begin: u64,
    kept: Vec<u8>,
    /// How unpacking broke off.
    pub(crate) broken: Option<io::ErrorKind>,
}

impl Packed {
    pub(crate) fn new(stream: Box<dyn Read + Send>) -> Self {
        Self { stream, begin: 0, kept: Vec::new(), broken: None }
    }

    /// As [`Source::read`]. What breaks off in the middle ends there: what was unpacked until then is good.
    fn read(&mut self, buffer: &mut [u8], from: u64) -> usize {
        let wanted = from.saturating_add(buffer.len() as u64);
        let mut piece = vec![0; UNPACK_BYTES];
        while self.begin + (self.kept.len() as u64) < wanted && self.broken.is_none() {
            self.forget_before(from);
            match self.stream.read(&mut piece) {
                Ok(0) => break,
                Ok(read) => self.kept.extend_from_slice(piece.get(..read).unwrap_or_default()),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => (),
                Err(error) => self.broken = Some(error.kind()),
            }
        }
        self.forget_before(from);
        let length = if self.begin == from { buffer.len().min(self.kept.len()) } else { 0 };
        if let (Some(to), Some(from)) = (buffer.get_mut(..length), self.kept.get(..length)) {
            to.copy_from_slice(from);
        }
        length
    }

    fn forget_before(&mut self, from: u64) {
        let passed = usize::try_from(from.saturating_sub(self.begin)).unwrap_or(usize::MAX);
        let passed = passed.min(self.kept.len());
        self.kept.drain(..passed);
        self.begin += passed as u64;
    }
}

impl Source {
    /// Fills `buffer` from `from` as far as there are bytes, and says how many there were. A packed file is read
    /// forwards only: bytes before those of the last call may be gone.
    pub(crate) fn read(&mut self, buffer: &mut [u8], from: u64) -> io::Result<usize> {
        match self {
            // No file reaches there, and Unix calls it an error.
            Self::Plain(_) if i64::try_from(from).is_err() => Ok(0),
            Self::Plain(file) => read_full(file, buffer, from),
            Self::Packed(packed) => Ok(packed.read(buffer, from)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_packed_file_is_read_forwards_in_any_steps() {
        let bytes: Vec<u8> = (0..200_000_u32).map(|number| (number % 251) as u8).collect();
        let mut source = Source::Packed(Packed::new(Box::new(io::Cursor::new(bytes.clone()))));
        for from in [0_usize, 0, 10, 70_000, 70_001, 199_990] {
            let mut buffer = [0; 100];
            let read = source.read(&mut buffer, from as u64).unwrap();
            assert_eq!(&buffer[..read], &bytes[from..(from + 100).min(bytes.len())]);
        }
        assert_eq!(source.read(&mut [0; 10], 300_000).unwrap(), 0);
    }
}
