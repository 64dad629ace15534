//! A handshake, without a socket: what came goes in, what is to be sent comes out, until the keys are there.

use super::{TlsBreak, TlsClient, TlsLayer, TlsTrouble};
use rustls::client::UnbufferedClientConnection;
use rustls::unbuffered::{ConnectionState, EncodeError, UnbufferedStatus};
use rustls::{Error, HandshakeKind, PeerIncompatible, ProtocolVersion};
use std::io;

/// Room for what comes of a handshake at once, at least.
const RECEIVED_BYTES: usize = 4_096;
/// A server that sends more has no end.
const MOST_RECEIVED_BYTES: usize = 256 << 10;

/// What is spoken over the connection, as agreed on in the handshake (ALPN, RFC 7301).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SpokenProtocol {
    /// HTTP/1.1, or nothing was agreed on.
    #[default]
    Http1,
    /// HTTP/2.
    Http2,
}

/// How a handshake ended well.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Agreed {
    /// What is spoken.
    pub protocol: SpokenProtocol,
    /// Whether a session was resumed, without certificates.
    pub is_resumed: bool,
}

/// A connection whose handshake is done.
pub struct Secured {
    /// Seals and opens its records.
    pub layer: Box<TlsLayer>,
    /// What was agreed on.
    pub agreed: Agreed,
    /// What the server said right after its part of the handshake, where it speaks first (HTTP/2).
    pub early: Vec<u8>,
}

/// Why a handshake failed.
#[derive(Debug, thiserror::Error)]
pub enum HandshakeError {
    /// The peer, or what it shows, is not as it should be.
    #[error("{}", TlsTrouble::of(.0))]
    Tls(Error),
    /// Another protocol is spoken there.
    #[error("the server answers without TLS: plain HTTP is spoken on this port")]
    PlainHttp,
    /// It was not over in time.
    #[error("the handshake was not over in time")]
    Late,
    /// It hung up.
    #[error("the server closed the connection in the handshake")]
    Closed,
    /// Data came before anything was asked.
    #[error("the server sent data in the handshake")]
    Data,
    /// It sends without end.
    #[error("the server sends a handshake without end")]
    Endless,
}

impl From<HandshakeError> for io::Error {
    fn from(error: HandshakeError) -> Self {
        Self::other(error)
    }
}

/// What is to be done next.
pub enum HandshakeStep {
    /// Bytes of the server's are to be received.
    Receive,
    /// It is done.
    Done(Secured),
}

/// See the module's documentation.
pub struct Handshake {
    /// Until it is done.
    connection: Option<UnbufferedClientConnection>,
    /// What came and was not read yet; what comes is appended to it.
    pub received: Vec<u8>,
    /// What is to be sent after each step, even after one that failed.
    pub to_send: Vec<u8>,
    taken_bytes: usize,
    early: Vec<u8>,
}

impl Handshake {
    /// Begins one.
    ///
    /// # Errors
    /// When the configuration allows none.
    pub fn new(client: &TlsClient) -> Result<Self, HandshakeError> {
        Ok(Self {
            connection: Some(client.begin().map_err(HandshakeError::Tls)?),
            received: Vec::with_capacity(RECEIVED_BYTES),
            to_send: Vec::with_capacity(1_024),
            taken_bytes: 0,
            early: Vec::new(),
        })
    }

    /// Goes on with what has come, as far as that goes. What is in [`Handshake::to_send`] then is to be sent,
    /// whatever came of the step.
    ///
    /// # Errors
    /// When there will be no connection.
    pub fn advance(&mut self) -> Result<HandshakeStep, HandshakeError> {
        let is_first = self.taken_bytes == 0;
        if is_first && b"HTTP/".starts_with(&self.received[..self.received.len().min(5)]) {
            // A record begins with a number below 32.
            match self.received.len() {
                0 => {}
                1..5 => return Ok(HandshakeStep::Receive),
                5.. => return Err(HandshakeError::PlainHttp),
            }
        }
        let went_on = self.go_on();
        if went_on.is_err() {
            // The alert that tells the server.
            let _ = self.go_on();
        }
        if self.taken_bytes > MOST_RECEIVED_BYTES {
            return Err(HandshakeError::Endless);
        }
        match went_on? {
            false => {
                if self.received.len() == self.received.capacity() {
                    self.received.reserve(RECEIVED_BYTES);
                }
                Ok(HandshakeStep::Receive)
            }
            true => Ok(HandshakeStep::Done(self.finish()?)),
        }
    }

    /// The server closed its side.
    #[must_use]
    pub fn closed(&self) -> HandshakeError {
        HandshakeError::Closed
    }

    /// Whether it is done.
    fn go_on(&mut self) -> Result<bool, HandshakeError> {
        let Some(connection) = &mut self.connection else {
            return Err(HandshakeError::Closed);
        };
        loop {
            let UnbufferedStatus { mut discard, state } =
                connection.process_tls_records(&mut self.received);
            let is_over = match state {
                Err(error) => Some(Err(HandshakeError::Tls(error))),
                Ok(ConnectionState::EncodeTlsData(mut data)) => {
                    let start = self.to_send.len();
                    let needed = match data.encode(&mut []) {
                        Err(EncodeError::InsufficientSize(needed)) => needed.required_size,
                        _ => 0,
                    };
                    self.to_send.resize(start + needed, 0);
                    // There is as much room as it wants.
                    let _ = data.encode(&mut self.to_send[start..]);
                    None
                }
                Ok(ConnectionState::TransmitTlsData(data)) => {
                    data.done();
                    None
                }
                Ok(ConnectionState::BlockedHandshake) => Some(Ok(false)),
                Ok(ConnectionState::WriteTraffic(_)) => Some(Ok(true)),
                Ok(ConnectionState::ReadTraffic(mut data)) => {
                    let mut failed = None;
                    while let Some(record) = data.next_record() {
                        match record {
                            Ok(record) => {
                                discard += record.discard;
                                self.early.extend_from_slice(record.payload);
                            }
                            Err(error) => failed = Some(Err(HandshakeError::Tls(error))),
                        }
                    }
                    failed
                }
                Ok(_) => Some(Err(HandshakeError::Closed)),
            };
            self.received.drain(..discard);
            self.taken_bytes += discard;
            if let Some(is_done) = is_over {
                return is_done;
            }
        }
    }

    fn finish(&mut self) -> Result<Secured, HandshakeError> {
        let connection = self.connection.take().ok_or(HandshakeError::Closed)?;
        let agreed = Agreed {
            protocol: match connection.alpn_protocol() {
                Some(b"h2") => SpokenProtocol::Http2,
                _ => SpokenProtocol::Http1,
            },
            is_resumed: connection.handshake_kind() == Some(HandshakeKind::Resumed),
        };
        let is_13 = connection.protocol_version() == Some(ProtocolVersion::TLSv1_3);
        let keys = connection.dangerous_into_kernel_connection();
        let (secrets, afterwards) = keys.map_err(HandshakeError::Tls)?;
        let layer = TlsLayer::new(&secrets, is_13, Box::new(afterwards));
        let unknown = |_| HandshakeError::Tls(PeerIncompatible::NoCipherSuitesInCommon.into());
        let mut layer = Box::new(layer.map_err(unknown)?);
        // Tickets may have come with the end of the handshake.
        let mut early = std::mem::take(&mut self.early);
        match agreed.protocol {
            SpokenProtocol::Http2 => layer.open_onto(&mut self.received, &mut early),
            SpokenProtocol::Http1 if !early.is_empty() => return Err(HandshakeError::Data),
            SpokenProtocol::Http1 => layer.open_idle(&mut self.received),
        }
        Ok(Secured {
            layer,
            agreed,
            early,
        })
    }
}

/// What a server means that ends the connection right after the handshake.
#[must_use]
pub fn refusal(broken: TlsBreak) -> String {
    match broken {
        TlsBreak::Alert(alert) => TlsTrouble::of_alert(alert.into()).to_string(),
        other => other.to_string(),
    }
}
