//! A client's socket at the Observatory, plain or over TLS; blocking, and never for longer than told.

use crate::sandbox::tls_session::TlsSession;
use rustls::ServerConfig;
use std::io::{self, Read, Write};
use std::net::TcpStream;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Sealed bytes that are received at once.
const WIRE_BYTES: usize = 4 << 10;

/// See the module's documentation.
pub struct ClientSocket {
    stream: TcpStream,
    /// `None` where no TLS is spoken.
    session: Option<TlsSession>,
}

impl ClientSocket {
    /// Takes a connection over; one that has to speak TLS has to have done its handshake within
    /// `patience`.
    ///
    /// # Errors
    /// When it does not, or the socket is broken.
    pub fn accept(
        stream: TcpStream,
        tls: Option<&Arc<ServerConfig>>,
        patience: Duration,
    ) -> io::Result<Self> {
        stream.set_nodelay(true)?;
        let session = tls.map(TlsSession::new).transpose();
        let mut socket = Self {
            stream,
            session: session.map_err(io::Error::other)?,
        };
        let deadline = Instant::now() + patience;
        while socket
            .session
            .as_ref()
            .is_some_and(TlsSession::is_handshaking)
        {
            if socket.hear(deadline)? == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
        }
        Ok(socket)
    }

    /// Waits for bytes for so long at most; 0 when the client closed its side.
    ///
    /// # Errors
    /// When none come in time, or the connection breaks.
    pub fn receive(&mut self, chunk: &mut [u8], patience: Duration) -> io::Result<usize> {
        let deadline = Instant::now() + patience;
        loop {
            let Some(session) = &mut self.session else {
                self.stream.set_read_timeout(Some(patience))?;
                return self.stream.read(chunk);
            };
            let opened = session.open(|plain| {
                let count = plain.len().min(chunk.len());
                chunk[..count].copy_from_slice(&plain[..count]);
                (count, count)
            });
            if let Some(count) = opened {
                return Ok(count);
            }
            if self.hear(deadline)? == 0 {
                return Ok(0);
            }
        }
    }

    /// Sends all of `bytes`.
    ///
    /// # Errors
    /// When the connection breaks, or the client takes nothing for too long.
    pub fn send_all(&mut self, bytes: &[u8]) -> io::Result<()> {
        let Some(session) = &mut self.session else {
            return self.stream.write_all(bytes);
        };
        let mut wire = Vec::with_capacity(bytes.len() + 64);
        session.seal(bytes, &mut wire)?;
        self.stream.write_all(&wire)
    }

    /// Takes in what comes next over TLS; 0 when the client closed its side.
    fn hear(&mut self, deadline: Instant) -> io::Result<usize> {
        let Some(session) = &mut self.session else {
            return Ok(0);
        };
        let left = deadline.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Err(io::ErrorKind::TimedOut.into());
        }
        self.stream.set_read_timeout(Some(left))?;
        let mut wire = [0; WIRE_BYTES];
        let received = self.stream.read(&mut wire)?;
        let mut rest = &wire[..received];
        while !rest.is_empty() {
            let mut answer = Vec::new();
            let heard = session.take_in(&mut rest, &mut answer);
            self.stream.write_all(&answer)?;
            heard?;
        }
        Ok(received)
    }
}

impl Drop for ClientSocket {
    fn drop(&mut self) {
        if let Some(session) = &mut self.session {
            let mut goodbye = Vec::new();
            session.say_goodbye(&mut goodbye);
            // One that is gone already hears nothing.
            let _ = self.stream.write_all(&goodbye);
        }
    }
}
