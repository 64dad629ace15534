//! What a guest's bytes travel over: plain, or in TLS. The handshake is made by whoever reads first, so
//! that a guest who never ends it takes a place for no longer than one who asks slowly.

use rustls::ServerConfig;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio_rustls::server::TlsStream;
use tokio_rustls::{Accept, TlsAcceptor};

/// What a connection in TLS begins with: a record of the handshake (RFC 8446, 5.1).
const HANDSHAKE: u8 = 22;

/// See the module's documentation.
pub(super) enum GuestStream {
    /// Without TLS.
    Plain(TcpStream),
    /// Nothing has come yet.
    Awaited(TcpStream, TlsAcceptor),
    /// The handshake is under way.
    Greeted(Box<Accept<TcpStream>>),
    /// In TLS.
    Secured(Box<TlsStream<TcpStream>>),
    /// A handshake has failed.
    Gone,
}

impl GuestStream {
    /// One in TLS, where there is a certificate.
    pub fn new(stream: TcpStream, tls: Option<&Arc<ServerConfig>>) -> Self {
        match tls {
            None => Self::Plain(stream),
            Some(config) => Self::Awaited(stream, TlsAcceptor::from(Arc::clone(config))),
        }
    }

    /// Goes on until it is known how the guest speaks, and what it says can be read.
    ///
    /// # Errors
    /// When the handshake fails.
    pub fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        loop {
            match self {
                Self::Plain(_) | Self::Secured(_) => return Poll::Ready(Ok(())),
                Self::Gone => return Poll::Ready(Err(io::ErrorKind::NotConnected.into())),
                Self::Awaited(stream, _) => {
                    let mut first = [0];
                    let mut buffer = ReadBuf::new(&mut first);
                    let came = ready!(stream.poll_peek(context, &mut buffer))?;
                    self.meet(came > 0 && first[0] == HANDSHAKE);
                }
                Self::Greeted(accepting) => {
                    let accepted = ready!(Pin::new(accepting).poll(context));
                    *self = Self::Gone;
                    *self = Self::Secured(Box::new(accepted?));
                }
            }
        }
    }

    /// Whether the guest speaks without TLS where it should not.
    pub fn is_in_clear(&self) -> bool {
        matches!(self, Self::Plain(_))
    }

    fn meet(&mut self, in_tls: bool) {
        if let Self::Awaited(stream, acceptor) = std::mem::replace(self, Self::Gone) {
            *self = match in_tls {
                true => Self::Greeted(Box::new(acceptor.accept(stream))),
                false => Self::Plain(stream),
            };
        }
    }
}

impl AsyncRead for GuestStream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        ready!(self.poll_ready(context))?;
        match &mut *self {
            Self::Plain(stream) => Pin::new(stream).poll_read(context, buffer),
            Self::Secured(stream) => Pin::new(stream).poll_read(context, buffer),
            _ => Poll::Ready(Err(io::ErrorKind::NotConnected.into())),
        }
    }
}

impl AsyncWrite for GuestStream {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        ready!(self.poll_ready(context))?;
        match &mut *self {
            Self::Plain(stream) => Pin::new(stream).poll_write(context, bytes),
            Self::Secured(stream) => Pin::new(stream).poll_write(context, bytes),
            _ => Poll::Ready(Err(io::ErrorKind::NotConnected.into())),
        }
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut *self {
            Self::Plain(stream) => Pin::new(stream).poll_flush(context),
            Self::Secured(stream) => Pin::new(stream).poll_flush(context),
            _ => Poll::Ready(Ok(())),
        }
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut *self {
            Self::Plain(stream) | Self::Awaited(stream, _) => {
                Pin::new(stream).poll_shutdown(context)
            }
            Self::Secured(stream) => Pin::new(stream).poll_shutdown(context),
            Self::Greeted(_) | Self::Gone => Poll::Ready(Ok(())),
        }
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        pieces: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        ready!(self.poll_ready(context))?;
        match &mut *self {
            Self::Plain(stream) => Pin::new(stream).poll_write_vectored(context, pieces),
            Self::Secured(stream) => Pin::new(stream).poll_write_vectored(context, pieces),
            _ => Poll::Ready(Err(io::ErrorKind::NotConnected.into())),
        }
    }

    fn is_write_vectored(&self) -> bool {
        true
    }
}
