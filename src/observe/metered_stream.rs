//! A stream to a database that gives no more than its meter allows: for a client that reads whatever
//! a server sends, and asks it back for every type that it does not know.

use super::meter::Meter;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// What is counted for bytes that are sent, so that a server cannot have us ask for ever: a reading
/// takes a handful of writes.
const WRITE_BYTES: u64 = 4 << 10;

/// Bytes that travel to and from a database.
pub trait ByteChannel: AsyncRead + AsyncWrite + Unpin + Send {}

impl<T: AsyncRead + AsyncWrite + Unpin + Send> ByteChannel for T {}

/// See the module's documentation.
pub(super) struct MeteredStream {
    inner: Box<dyn ByteChannel>,
    meter: Arc<Meter>,
}

impl MeteredStream {
    pub fn new(inner: Box<dyn ByteChannel>, meter: Arc<Meter>) -> Self {
        Self { inner, meter }
    }
}

impl AsyncRead for MeteredStream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        ready!(Pin::new(&mut self.inner).poll_read(context, buffer))?;
        let received = buffer.filled().len() - before;
        Poll::Ready(self.meter.take(received as u64))
    }
}

impl AsyncWrite for MeteredStream {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.meter.take(WRITE_BYTES)?;
        Pin::new(&mut self.inner).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_shutdown(context)
    }
}
