//! A connection of a replay, on which a thread waits: plain, or over TLS.

use crate::engine::prepare_stream;
use crate::engine::tls::{SpokenProtocol, TlsClient, TlsEnd, TlsLayer, shake_hands_within};
use crate::plan::Route;
use std::io::{self, Read, Write};
use std::net::TcpStream;
use std::time::Duration;

/// See the module's documentation.
pub struct ReplayLine {
    tcp: TcpStream,
    layer: Option<Box<TlsLayer>>,
    /// What came with the end of the handshake.
    early: Vec<u8>,
}

impl ReplayLine {
    /// A connection that was opened elsewhere, with its layer if it speaks TLS. No wait on it takes longer
    /// than `patience`.
    ///
    /// # Errors
    /// When it is gone.
    pub fn over(
        tcp: TcpStream,
        layer: Option<Box<TlsLayer>>,
        patience: Duration,
    ) -> io::Result<Self> {
        prepare_stream(&tcp)?;
        tcp.set_read_timeout(Some(patience))?;
        tcp.set_write_timeout(Some(patience))?;
        Ok(Self {
            tcp,
            layer,
            early: Vec::new(),
        })
    }

    /// Opens one to the first of `addresses` that accepts, and shakes hands as `client` says, to speak
    /// `protocol`.
    ///
    /// # Errors
    /// When none accepts, or the one that does fails in the handshake, or wants another protocol.
    pub fn open(
        addresses: &[Route],
        client: Option<&TlsClient>,
        protocol: SpokenProtocol,
        patience: Duration,
    ) -> io::Result<Self> {
        let tcp = super::line::connect(addresses, patience)?;
        let mut line = Self::over(tcp, None, patience)?;
        if let Some(client) = client {
            let secured = shake_hands_within(&mut line.tcp, client, patience)?;
            if secured.agreed.protocol != protocol {
                let why = match protocol {
                    SpokenProtocol::Http2 => "the target does not offer HTTP/2 (ALPN)",
                    SpokenProtocol::Http1 => "the target offers HTTP/2 only (ALPN)",
                };
                return Err(io::Error::other(why));
            }
            line = Self {
                early: secured.early,
                ..Self::over(line.tcp, Some(secured.layer), patience)?
            };
        }
        Ok(line)
    }

    /// What it goes over.
    pub fn tcp(&self) -> &TcpStream {
        &self.tcp
    }

    /// Sends `request`.
    ///
    /// # Errors
    /// When it cannot be sent whole.
    pub fn send(&mut self, request: &[u8]) -> io::Result<()> {
        let bytes = self.sealed(request.to_vec())?;
        self.tcp.write_all(&bytes)
    }

    /// `bytes` as they travel: whoever asks for them has to send them before anything else.
    ///
    /// # Errors
    /// When no more can be sealed.
    pub fn sealed(&mut self, mut bytes: Vec<u8>) -> io::Result<Vec<u8>> {
        if let Some(layer) = &mut self.layer {
            layer.seal(&mut bytes, 0).map_err(io::Error::other)?;
        }
        Ok(bytes)
    }

    /// Sends `request` but for its end, without which no server can carry it out; gives that: a byte, or
    /// the record that holds it.
    ///
    /// # Errors
    /// When it cannot be sent so far.
    pub fn send_start(&mut self, request: &[u8]) -> io::Result<Vec<u8>> {
        let mut bytes = Vec::with_capacity(request.len() + 64);
        let end = match &mut self.layer {
            None => {
                bytes.extend_from_slice(request);
                request.len().saturating_sub(1)
            }
            Some(layer) => layer
                .seal_parted(request, 1, &mut bytes)
                .map_err(io::Error::other)?,
        };
        self.tcp.write_all(&bytes[..end])?;
        Ok(bytes.split_off(end))
    }

    /// Appends what comes to `text`; gives how many bytes, 0 at the end.
    ///
    /// # Errors
    /// When the connection broke, or nothing came in time.
    pub fn receive(&mut self, text: &mut Vec<u8>) -> io::Result<usize> {
        if !self.early.is_empty() {
            let came = self.early.len();
            text.append(&mut self.early);
            return Ok(came);
        }
        let mut bytes = [0; 4_096];
        let Some(layer) = &mut self.layer else {
            let count = self.tcp.read(&mut bytes)?;
            text.extend_from_slice(&bytes[..count]);
            return Ok(count);
        };
        let before = text.len();
        loop {
            if text.len() > before {
                return Ok(text.len() - before);
            }
            match layer.end() {
                None => {}
                Some(TlsEnd::Notified) => return Ok(0),
                Some(TlsEnd::Broken(broken)) => return Err(io::Error::other(broken)),
            }
            match self.tcp.read(&mut bytes)? {
                0 => return Ok(0),
                count => layer.open_onto(&mut bytes[..count], text),
            }
        }
    }
}
