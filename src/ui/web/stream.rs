//! Bodies that are written piece by piece on a thread of their own, so that no file is held in
//! memory and no reader holds the server up.

use axum::body::{Body, Bytes};
use futures_util::stream;
use std::io::{self, Write};
use tokio::sync::mpsc;

/// Bytes of a piece.
const PIECE_BYTES: usize = 64 << 10;
/// Pieces that are written ahead of a slow reader.
const AHEAD: usize = 4;

/// A body of what `write` writes. When it fails the body breaks off, so that nobody takes half a
/// file for a whole one.
pub fn streamed(write: impl FnOnce(&mut dyn Write) -> io::Result<()> + Send + 'static) -> Body {
    let (pieces, received) = mpsc::channel::<io::Result<Bytes>>(AHEAD);
    tokio::task::spawn_blocking(move || {
        let mut pipe = io::BufWriter::with_capacity(PIECE_BYTES, Pipe(pieces.clone()));
        let written = write(&mut pipe).and_then(|()| pipe.flush());
        if let Err(error) = written {
            // Nobody is told when nobody reads any more.
            let _ = pieces.blocking_send(Err(error));
        }
    });
    Body::from_stream(stream::unfold(received, |mut received| async {
        received.recv().await.map(|piece| (piece, received))
    }))
}

struct Pipe(mpsc::Sender<io::Result<Bytes>>);

impl Write for Pipe {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let piece = Bytes::copy_from_slice(bytes);
        match self.0.blocking_send(Ok(piece)) {
            Ok(()) => Ok(bytes.len()),
            Err(_) => Err(io::ErrorKind::BrokenPipe.into()),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
