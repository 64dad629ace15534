//! A stream that speaks TLS over the runtime's own sends and receives.

use super::handshake::{Handshake, HandshakeStep, Secured};
use super::{Agreed, HandshakeError, TlsClient, TlsEnd, TlsLayer};
use crate::engine::net::{ByteStream, Tcp};
use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::os::fd::RawFd;
use std::time::{Duration, Instant};

/// Shakes hands over `tcp`.
///
/// # Errors
/// When that fails: with a [`super::HandshakeError`] inside where TLS is the reason.
pub(in crate::engine) async fn shake_hands(
    tcp: &mut Tcp,
    client: &TlsClient,
) -> io::Result<Secured> {
    let mut handshake = Handshake::new(client)?;
    loop {
        let step = handshake.advance();
        let sent = send_all(tcp, std::mem::take(&mut handshake.to_send)).await;
        match step? {
            HandshakeStep::Done(secured) => return sent.map(|()| secured),
            HandshakeStep::Receive => sent?,
        }
        let (received, buffer) = tcp.receive(std::mem::take(&mut handshake.received)).await;
        handshake.received = buffer;
        if received? == 0 {
            return Err(handshake.closed().into());
        }
    }
}

/// Shakes hands over `tcp`, a stream of a thread that waits, within `patience`.
///
/// # Errors
/// When that fails: with a [`super::HandshakeError`] inside where TLS is the reason.
pub fn shake_hands_within(
    tcp: &mut TcpStream,
    client: &TlsClient,
    patience: Duration,
) -> io::Result<Secured> {
    let deadline = Instant::now() + patience;
    let mut handshake = Handshake::new(client)?;
    tcp.set_write_timeout(Some(patience))?;
    let mut piece = [0; 4_096];
    loop {
        let step = handshake.advance();
        let sent = tcp.write_all(&handshake.to_send);
        handshake.to_send.clear();
        match step? {
            HandshakeStep::Done(secured) => {
                tcp.set_read_timeout(None)?;
                tcp.set_write_timeout(None)?;
                return sent.map(|()| secured);
            }
            HandshakeStep::Receive => sent?,
        }
        let left = deadline.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Err(HandshakeError::Late.into());
        }
        tcp.set_read_timeout(Some(left))?;
        match tcp.read(&mut piece) {
            Ok(0) => return Err(handshake.closed().into()),
            Ok(received) => handshake.received.extend_from_slice(&piece[..received]),
            Err(error) => match error.kind() {
                io::ErrorKind::Interrupted => {}
                io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut => {
                    return Err(HandshakeError::Late.into());
                }
                _ => return Err(error),
            },
        }
    }
}

async fn send_all(tcp: &mut Tcp, mut bytes: Vec<u8>) -> io::Result<()> {
    while !bytes.is_empty() {
        let (sent, buffer) = tcp.send(bytes).await;
        bytes = buffer;
        match sent? {
            0 => return Err(io::ErrorKind::WriteZero.into()),
            sent => bytes.drain(..sent),
        };
    }
    Ok(())
}

/// See the module's documentation.
pub struct TlsTcp {
    tcp: Tcp,
    layer: Box<TlsLayer>,
    agreed: Agreed,
    /// What comes.
    arrived: Vec<u8>,
}

impl TlsTcp {
    /// Connects to `address` and shakes hands as `client` says.
    ///
    /// # Errors
    /// When either fails: with a [`super::HandshakeError`] inside where TLS is the reason.
    pub async fn connect(address: SocketAddr, client: &TlsClient) -> io::Result<Self> {
        Self::over(Tcp::connect(address).await?, client).await
    }

    /// Shakes hands over a connection that is open.
    ///
    /// # Errors
    /// As of [`TlsTcp::connect`].
    pub async fn over(mut tcp: Tcp, client: &TlsClient) -> io::Result<Self> {
        let Secured { layer, agreed, .. } = shake_hands(&mut tcp, client).await?;
        Ok(Self {
            tcp,
            layer,
            agreed,
            arrived: super::rooms::take_room(),
        })
    }

    /// What was agreed on in the handshake.
    #[must_use]
    pub fn agreed(&self) -> Agreed {
        self.agreed
    }

    /// Sends all of `bytes`, which it seals where they stand.
    ///
    /// # Errors
    /// When the connection broke.
    pub async fn send_all(&mut self, mut bytes: Vec<u8>) -> io::Result<()> {
        self.layer.seal(&mut bytes, 0).map_err(io::Error::other)?;
        send_all(&mut self.tcp, bytes).await
    }

    /// Appends what arrives to `text`; gives how many bytes, 0 when the server ended its side.
    ///
    /// # Errors
    /// When the connection broke, or was closed without being ended: then
    /// [`io::ErrorKind::UnexpectedEof`].
    pub async fn receive(&mut self, text: &mut Vec<u8>) -> io::Result<usize> {
        let before = text.len();
        loop {
            if text.len() > before {
                return Ok(text.len() - before);
            }
            match self.layer.end() {
                None => {}
                Some(TlsEnd::Notified) => return Ok(0),
                Some(TlsEnd::Broken(broken)) => return Err(io::Error::other(broken)),
            }
            let (received, mut arrived) = self.tcp.receive(std::mem::take(&mut self.arrived)).await;
            let received = received.and_then(|bytes| match bytes {
                0 => Err(io::ErrorKind::UnexpectedEof.into()),
                bytes => Ok(bytes),
            });
            if received.is_ok() {
                self.layer.open_onto(&mut arrived, text);
            }
            arrived.clear();
            self.arrived = arrived;
            received?;
        }
    }

    /// The descriptor, to shut the stream down from outside or look at its state.
    #[must_use]
    pub fn descriptor(&self) -> RawFd {
        self.tcp.descriptor()
    }
}
