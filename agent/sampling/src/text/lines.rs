//! Bytes to lines, of bounded length.

use memchr::memchr;

/// The bytes of a line that a scan keeps. What a longer line says beyond is skipped.
pub const MAX_LINE_BYTES: usize = 64 << 10;

/// Cuts bytes, in pieces as they come, into lines.
#[derive(Debug, Default)]
pub(crate) struct LineSplitter {
    /// The beginning of a line whose end has not come yet; at most [`MAX_LINE_BYTES`].
    pending: Vec<u8>,
    /// Lines that were longer than is kept.
    pub(crate) oversize: u64,
    /// True while the rest of such a line is skipped.
    skipping: bool,
}

impl LineSplitter {
    /// Tells `line` every line that these bytes complete, without its end and without NULs before it (a crash leaves
    /// stretches of them in a log). Lines of nothing are not told.
    pub(crate) fn feed(&mut self, mut bytes: &[u8], line: &mut dyn FnMut(&[u8])) {
        while let Some(end) = memchr(b'\n', bytes) {
            let (head, rest) = bytes.split_at(end);
            bytes = rest.get(1..).unwrap_or_default();
            if self.pending.is_empty() && head.len() <= MAX_LINE_BYTES {
                tell(head, line);
            } else {
                self.keep(head);
                self.skipping = false;
                tell(&self.pending, line);
                self.pending.clear();
            }
        }
        self.keep(bytes);
    }

    /// True where no line is begun.
    pub(crate) fn is_between(&self) -> bool {
        self.pending.is_empty() && !self.skipping
    }

    /// The last line, where the log ends without ending it.
    pub(crate) fn take_rest(&mut self) -> Option<Vec<u8>> {
        let rest = std::mem::take(&mut self.pending);
        let mut last = None;
        tell(&rest, &mut |line| last = Some(line.to_vec()));
        last
    }

    fn keep(&mut self, bytes: &[u8]) {
        let room = MAX_LINE_BYTES - self.pending.len();
        self.pending.extend_from_slice(bytes.get(..room).unwrap_or(bytes));
        if bytes.len() > room && !self.skipping {
            self.skipping = true;
            self.oversize += 1;
        }
    }
}

fn tell(line: &[u8], told: &mut dyn FnMut(&[u8])) {
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    let line = match line.first() {
        Some(0) => without_nuls(line),
        _ => line,
    };
    if !line.is_empty() {
        told(line);
    }
}

fn without_nuls(line: &[u8]) -> &[u8] {
    let begin = line.iter().position(|byte| *byte != 0).unwrap_or(line.len());
    line.get(begin..).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The lines that come of pieces, and how many were oversize.
    fn split(pieces: &[&[u8]]) -> (Vec<Vec<u8>>, u64) {
        let mut splitter = LineSplitter::default();
        let mut lines = Vec::new();
        for piece in pieces {
            splitter.feed(piece, &mut |line| lines.push(line.to_vec()));
        }
        lines.extend(splitter.take_rest());
        (lines, splitter.oversize)
    }

    #[test]
    fn lines_are_the_same_however_the_bytes_come() {
        let whole: &[u8] = b"one\r\n\n\0\0two\nthree";
        let expected = vec![b"one".to_vec(), b"two".to_vec(), b"three".to_vec()];
        assert_eq!(split(&[whole]), (expected.clone(), 0));
        let bytes: Vec<&[u8]> = whole.chunks(1).collect();
        assert_eq!(split(&bytes), (expected, 0));
    }

    #[test]
    fn a_long_line_is_cut_counted_once_and_the_next_one_is_whole() {
        let long = vec![b'x'; MAX_LINE_BYTES * 3];
        let (lines, oversize) = split(&[&long, &long, b"\nnext\n"]);
        assert_eq!(oversize, 1);
        assert_eq!(lines.iter().map(Vec::len).collect::<Vec<_>>(), [MAX_LINE_BYTES, 4]);
        let exact = [vec![b'y'; MAX_LINE_BYTES], b"\nz\n".to_vec()].concat();
        assert_eq!(split(&[&exact]).1, 0);
        assert_eq!(split(&[exact.get(..100).unwrap(), exact.get(100..).unwrap()]).1, 0);
    }
}
