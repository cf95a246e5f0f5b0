//! Compressed logs to their bytes, told by how they begin, not by their name.
//!
//! gzip, xz and zstd are unpacked, also where several archives follow each other, as rotated logs are put together.
//! An archive that is cut off gives what came before and then an error of the kind
//! [`UnexpectedEof`](io::ErrorKind::UnexpectedEof): [`scan_to_break`](crate::text::scan_to_break) counts the one and
//! returns the other.

mod magic;
#[cfg(test)]
mod tests;

use std::io::{self, BufReader, Read};

use flate2::read::MultiGzDecoder;
use lzma_rust2::XzReader;
use zstd::stream::read::Decoder as ZstdDecoder;

use self::magic::Begin;

/// The most bytes that come out of one archive. Logs pack to a hundredth and better, so a ratio tells nothing; this
/// much is read in minutes.
pub const MAX_UNPACKED_BYTES: u64 = 64 << 30;
/// Memory for unpacking xz: enough for the dictionary of 64 MiB that `xz -9` makes.
const XZ_MEMORY_KIB: u32 = 72 << 10;
/// The largest window of zstd, 64 MiB: `zstd -19` makes 8, `--long` 128.
const ZSTD_WINDOW_LOG: u32 = 26;

/// How a log is packed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Packing {
    /// Not at all.
    Plain,
    /// gzip (RFC 1952).
    Gzip,
    /// xz (The .xz File Format 1.2.1).
    Xz,
    /// zstd (RFC 8878).
    Zstd,
}

/// Why a log is not read.
#[derive(Debug, thiserror::Error)]
pub enum UnpackError {
    /// It is packed in a way that is not unpacked.
    #[error("{format} is not read: unpack it first with `{command}`, and give what is in it")]
    Refused {
        /// What it is.
        format: &'static str,
        /// What unpacks it.
        command: &'static str,
    },
    /// Its beginning could not be read, or zstd has no memory.
    #[error("could not begin to read")]
    Read(#[from] io::Error),
}

/// A log as it was before it was packed.
pub struct Unpacked {
    /// How it is packed.
    pub packing: Packing,
    /// Its bytes. An error of reading them says what is wrong with the archive.
    pub bytes: Box<dyn Read + Send>,
}

/// The bytes of a log that may be packed. `file` is read from its beginning.
///
/// # Errors
/// Where the file cannot be read, or is packed in a way that is not unpacked: an archive of several files, bzip2, lz4.
pub fn reader(mut file: Box<dyn Read + Send>) -> Result<Unpacked, UnpackError> {
    let head = Head::read(&mut *file);
    let packing = refuse(magic::of(&head.bytes))?;
    let file = head.and(file);
    let archive: Box<dyn Read + Send> = match packing {
        Packing::Plain => return Ok(Unpacked { packing, bytes: Box::new(file) }),
        Packing::Gzip => Box::new(MultiGzDecoder::new(file)),
        Packing::Xz => Box::new(XzReader::new_mem_limit(BufReader::new(file), true, XZ_MEMORY_KIB)),
        Packing::Zstd => Box::new(zstd_reader(file)?),
    };
    let mut bytes = Bounded { archive, packing, left: MAX_UNPACKED_BYTES };
    let head = Head::read(&mut bytes);
    // A folder of logs in one archive is no log; what looks packed twice is left to whoever reads it.
    refuse(magic::of(&head.bytes))?;
    Ok(Unpacked { packing, bytes: Box::new(head.and(bytes)) })
}

fn refuse(begin: Begin) -> Result<Packing, UnpackError> {
    match begin {
        Begin::Known(packing) => Ok(packing),
        Begin::Refused { format, command } => Err(UnpackError::Refused { format, command }),
    }
}

#[expect(clippy::disallowed_methods, reason = "`Bounded` takes the limit; it also says that it was met")]
fn zstd_reader<R: Read>(file: R) -> io::Result<ZstdDecoder<'static, BufReader<R>>> {
    let mut decoder = ZstdDecoder::new(file)?;
    decoder.window_log_max(ZSTD_WINDOW_LOG)?;
    Ok(decoder)
}

/// The beginning of something that is read, and the error that came behind it.
struct Head {
    bytes: Vec<u8>,
    error: Option<io::Error>,
}

impl Head {
    fn read(from: &mut dyn Read) -> Self {
        let mut bytes = Vec::new();
        let error = from.take(magic::BYTES).read_to_end(&mut bytes).err();
        Self { bytes, error }
    }

    /// The whole again.
    fn and<R: Read>(self, rest: R) -> impl Read {
        io::Cursor::new(self.bytes).chain(Failing(self.error)).chain(rest)
    }
}

/// Fails once, if with anything, and holds no bytes.
struct Failing(Option<io::Error>);

impl Read for Failing {
    fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
        self.0.take().map_or(Ok(0), Err)
    }
}

/// An archive that gives so many bytes and no more, and whose errors say what to do.
struct Bounded {
    archive: Box<dyn Read + Send>,
    packing: Packing,
    left: u64,
}

impl Read for Bounded {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        // One byte more than may come shows that there is more.
        let room = usize::try_from(self.left.saturating_add(1)).unwrap_or(usize::MAX).min(buffer.len());
        let buffer = buffer.get_mut(..room).unwrap_or_default();
        let read = self.archive.read(buffer).map_err(|error| explained(self.packing, error))?;
        match self.left.checked_sub(read as u64) {
            Some(left) => self.left = left,
            None => return Err(io::Error::new(io::ErrorKind::FileTooLarge, TOO_LARGE)),
        }
        Ok(read)
    }
}

const TOO_LARGE: &str =
    "more than 64 GiB come out of the archive: unpack it and give the parts that are logs";

fn explained(packing: Packing, error: io::Error) -> io::Error {
    let text = error.to_string();
    let memory = text.contains("memory");
    match packing {
        _ if error.kind() == io::ErrorKind::Interrupted => error,
        Packing::Xz if memory => io::Error::new(
            io::ErrorKind::OutOfMemory,
            "the archive needs a dictionary above 64 MiB: unpack it with `xz -d`",
        ),
        Packing::Zstd if memory => io::Error::new(
            io::ErrorKind::OutOfMemory,
            "the archive needs a window above 64 MiB: unpack it with `zstd -d --long=31`",
        ),
        _ if error.kind() == io::ErrorKind::UnexpectedEof => {
            io::Error::new(io::ErrorKind::UnexpectedEof, "the archive is cut off: its end is missing")
        }
        _ => io::Error::new(error.kind(), format!("the archive is damaged: {text}")),
    }
}
