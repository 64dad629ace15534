//! What a client's connection is served over: plain TCP or TLS.

use super::polled_stream::PolledStream;
use super::tls_session::TlsSession;
use crate::engine::{ByteStream, Tcp};
use rustls::ServerConfig;
use std::future::Future;
use std::io;
use std::os::fd::RawFd;
use std::sync::Arc;

/// Sealed bytes that are received at once: a record of ordinary requests, and more.
const WIRE_BYTES: usize = 8 << 10;
/// What is sent is sealed in pieces of so many bytes, so that the sealed copy stays small.
const SEALED_AT_ONCE: usize = 64 << 10;

/// See the module's documentation. Buffers are lent and come back.
pub trait ClientStream: Sized + 'static {
    /// Appends what arrives to `buffer`, as far as its spare capacity allows; 0 means that the client
    /// closed its side.
    fn receive(&mut self, buffer: Vec<u8>) -> impl Future<Output = (io::Result<usize>, Vec<u8>)>;

    /// Sends from the start of `bytes`; returns how many went.
    fn send(&mut self, bytes: Vec<u8>) -> impl Future<Output = (io::Result<usize>, Vec<u8>)>;

    /// The descriptor.
    fn descriptor(&self) -> RawFd;

    /// Says that nothing more comes, where there is a word for it.
    fn say_goodbye(&mut self) -> impl Future<Output = ()>;

    /// The same connection for a protocol that receives while it sends; `received` came already.
    fn into_polled(self, received: Vec<u8>) -> PolledStream;
}

impl ClientStream for Tcp {
    #[inline]
    fn receive(&mut self, buffer: Vec<u8>) -> impl Future<Output = (io::Result<usize>, Vec<u8>)> {
        ByteStream::receive(self, buffer)
    }

    #[inline]
    fn send(&mut self, bytes: Vec<u8>) -> impl Future<Output = (io::Result<usize>, Vec<u8>)> {
        ByteStream::send(self, bytes)
    }

    fn descriptor(&self) -> RawFd {
        ByteStream::descriptor(self)
    }

    async fn say_goodbye(&mut self) {}

    fn into_polled(self, received: Vec<u8>) -> PolledStream {
        PolledStream::plain(self, received)
    }
}

/// A connection over which TLS is spoken.
pub struct TlsStream {
    tcp: Tcp,
    session: Box<TlsSession>,
    /// Received and not taken in yet, from `taken` on.
    wire: Vec<u8>,
    taken: usize,
    /// To be sent.
    sealed: Vec<u8>,
}

impl TlsStream {
    /// Greets the client.
    ///
    /// # Errors
    /// When it goes, or does not speak TLS; it has been told so.
    pub async fn accept(tcp: Tcp, config: &Arc<ServerConfig>) -> io::Result<Self> {
        let session = TlsSession::new(config).map_err(io::Error::other)?;
        let mut stream = Self {
            tcp,
            session: Box::new(session),
            wire: Vec::with_capacity(WIRE_BYTES),
            taken: 0,
            sealed: Vec::new(),
        };
        while stream.session.is_handshaking() {
            if stream.hear().await? == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
        }
        Ok(stream)
    }

    /// Whether the client has chosen HTTP/2.
    pub fn is_http_2(&self) -> bool {
        self.session.is_http_2()
    }

    /// Takes in what is there, or else what comes next; 0 when the client closed its side.
    async fn hear(&mut self) -> io::Result<usize> {
        if self.taken == self.wire.len() {
            self.taken = 0;
            let mut wire = std::mem::take(&mut self.wire);
            wire.clear();
            let received;
            (received, wire) = ByteStream::receive(&mut self.tcp, wire).await;
            self.wire = wire;
            if received? == 0 {
                return Ok(0);
            }
        }
        let mut rest = &self.wire[self.taken..];
        let before = rest.len();
        let heard = self.session.take_in(&mut rest, &mut self.sealed);
        let taken = before - rest.len();
        self.taken += taken;
        self.flush().await?;
        heard.map(|()| taken)
    }

    async fn flush(&mut self) -> io::Result<()> {
        let mut left = std::mem::take(&mut self.sealed);
        while !left.is_empty() {
            let sent;
            (sent, left) = ByteStream::send(&mut self.tcp, left).await;
            match sent? {
                0 => return Err(io::ErrorKind::WriteZero.into()),
                sent if sent == left.len() => left.clear(),
                sent => drop(left.drain(..sent)),
            }
        }
        self.sealed = left;
        Ok(())
    }

    async fn send_all(&mut self, bytes: &[u8]) -> io::Result<usize> {
        for piece in bytes.chunks(SEALED_AT_ONCE) {
            self.session.seal(piece, &mut self.sealed)?;
            self.flush().await?;
        }
        Ok(bytes.len())
    }
}

impl ClientStream for TlsStream {
    async fn receive(&mut self, mut buffer: Vec<u8>) -> (io::Result<usize>, Vec<u8>) {
        loop {
            let opened = self.session.open(|plain| {
                let spare = buffer.capacity() - buffer.len();
                let count = plain.len().min(spare);
                buffer.extend_from_slice(&plain[..count]);
                (count, count)
            });
            if let Some(count) = opened {
                return (Ok(count), buffer);
            }
            match self.hear().await {
                Ok(0) => return (Ok(0), buffer),
                Ok(_) => {}
                Err(error) => return (Err(error), buffer),
            }
        }
    }

    async fn send(&mut self, bytes: Vec<u8>) -> (io::Result<usize>, Vec<u8>) {
        (self.send_all(&bytes).await, bytes)
    }

    fn descriptor(&self) -> RawFd {
        ByteStream::descriptor(&self.tcp)
    }

    async fn say_goodbye(&mut self) {
        self.session.say_goodbye(&mut self.sealed);
        // One that is gone already hears nothing.
        let _ = self.flush().await;
    }

    fn into_polled(self, received: Vec<u8>) -> PolledStream {
        let unread = self.wire[self.taken..].to_vec();
        PolledStream::sealed(self.tcp, self.session, unread, received)
    }
}
