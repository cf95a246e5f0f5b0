//! A backup on its way to whoever asked for it: written by one task, read by another.

use std::io::{self, Write};

use tokio::sync::mpsc;

/// Pieces that wait to be read.
const WAITING: usize = 8;
/// Bytes of a piece.
const PIECE: usize = 64 << 10;

/// The writing end.
pub struct Pipe {
    pieces: mpsc::Sender<io::Result<Vec<u8>>>,
    piece: Vec<u8>,
    whole: Whole,
}

/// Whether everything was written.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Whole {
    NotYet,
    Yes,
}

/// A pipe and what comes out of it. Where the writer breaks off, the reader is told: half a backup is none.
#[must_use]
pub fn piped() -> (Pipe, Pieces) {
    let (pieces, read) = mpsc::channel(WAITING);
    (Pipe { pieces, piece: Vec::with_capacity(PIECE), whole: Whole::NotYet }, Pieces(read))
}

impl Pipe {
    fn send(&mut self) -> io::Result<()> {
        let piece = std::mem::replace(&mut self.piece, Vec::with_capacity(PIECE));
        let sent = tokio::task::block_in_place(|| self.pieces.blocking_send(Ok(piece)));
        sent.map_err(|_| io::ErrorKind::BrokenPipe.into())
    }
}

impl Write for Pipe {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.whole = Whole::NotYet;
        self.piece.extend_from_slice(bytes);
        if self.piece.len() >= PIECE {
            self.send()?;
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        if !self.piece.is_empty() {
            self.send()?;
        }
        self.whole = Whole::Yes;
        Ok(())
    }
}

impl Drop for Pipe {
    fn drop(&mut self) {
        if self.whole == Whole::NotYet {
            // A reader that is gone needs no word.
            let _gone = self.pieces.try_send(Err(io::Error::other("the backup broke off")));
        }
    }
}

/// The reading end.
pub struct Pieces(mpsc::Receiver<io::Result<Vec<u8>>>);

impl futures_core::Stream for Pieces {
    type Item = io::Result<Vec<u8>>;

    fn poll_next(
        mut self: std::pin::Pin<&mut Self>,
        cx: &mut std::task::Context<'_>,
    ) -> std::task::Poll<Option<Self::Item>> {
        self.0.poll_recv(cx)
    }
}
