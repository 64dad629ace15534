//! A connection over TLS of a thread that waits: for questions beside the load, and to see what a server
//! shows and agrees on.

use super::{CertificateFacts, HandshakeError, TlsError, client_config, server_name};
use crate::plan::TlsSettings;
use rustls::{ClientConnection, ProtocolVersion, Stream};
use std::io::{self, Read, Write};
use std::net::TcpStream;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// A handshake that takes more has no end.
const MOST_HANDSHAKE_BYTES: usize = 256 << 10;

/// What was shown and agreed on in a handshake.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TlsFacts {
    /// For example `TLS 1.3`.
    pub version: String,
    /// As IANA calls it, like `TLS_AES_128_GCM_SHA256`.
    pub cipher_suite: String,
    /// What is spoken over the connection (ALPN), like `h2`; empty when nothing was agreed on.
    pub protocol: String,
    /// The server's certificate, if it can be read.
    pub certificate: Option<CertificateFacts>,
}

impl TlsFacts {
    /// Whether HTTP/2 was agreed on.
    #[must_use]
    pub fn is_http2(&self) -> bool {
        self.protocol == "h2"
    }
}

/// Why there is no connection.
#[derive(Debug, thiserror::Error)]
pub enum VisitError {
    /// TLS cannot be spoken at all.
    #[error(transparent)]
    SetUp(#[from] TlsError),
    /// The handshake failed.
    #[error(transparent)]
    Handshake(#[from] HandshakeError),
    /// The connection broke in it.
    #[error("{0}")]
    Broken(io::Error),
    /// It did not end.
    #[error("the handshake had no end within {} s", .0.as_secs_f64())]
    Late(Duration),
}

/// See the module's documentation.
pub struct TlsVisit {
    connection: ClientConnection,
    tcp: TcpStream,
}

impl TlsVisit {
    /// Shakes hands over `tcp`, for at most `patience`, with the server `host`, and offers it the protocols
    /// `alpn`.
    ///
    /// # Errors
    /// When there will be no connection.
    pub fn begin(
        tcp: TcpStream,
        settings: &TlsSettings,
        host: &str,
        alpn: &[&[u8]],
        patience: Duration,
    ) -> Result<Self, VisitError> {
        let config = Arc::new(client_config(settings, alpn)?);
        let name = server_name(host)?;
        let connection = ClientConnection::new(config, name).map_err(HandshakeError::Tls)?;
        let mut visit = Self { connection, tcp };
        visit.shake_hands(patience)?;
        Ok(visit)
    }

    fn shake_hands(&mut self, patience: Duration) -> Result<(), VisitError> {
        let deadline = Instant::now() + patience;
        let told = |error: io::Error| match error.kind() {
            io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut => VisitError::Late(patience),
            _ => VisitError::Broken(error),
        };
        let mut taken_bytes = 0;
        self.tcp.set_write_timeout(Some(patience)).map_err(told)?;
        loop {
            while self.connection.wants_write() {
                self.connection.write_tls(&mut self.tcp).map_err(told)?;
            }
            if !self.connection.is_handshaking() {
                return Ok(());
            }
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Err(VisitError::Late(patience));
            }
            self.tcp.set_read_timeout(Some(left)).map_err(told)?;
            if taken_bytes == 0 && self.is_answered_in_http().map_err(told)? {
                return Err(HandshakeError::PlainHttp.into());
            }
            match self.connection.read_tls(&mut self.tcp).map_err(told)? {
                0 => return Err(HandshakeError::Closed.into()),
                count => taken_bytes += count,
            }
            if let Err(error) = self.connection.process_new_packets() {
                // The alert that tells the server.
                let _ = self.connection.write_tls(&mut self.tcp);
                return Err(HandshakeError::Tls(error).into());
            }
            if taken_bytes > MOST_HANDSHAKE_BYTES {
                return Err(HandshakeError::Endless.into());
            }
        }
    }

    /// Looks at what comes first without taking it.
    fn is_answered_in_http(&self) -> io::Result<bool> {
        let mut first = [0; 5];
        let seen = self.tcp.peek(&mut first)?;
        Ok(seen > 0 && b"HTTP/".starts_with(&first[..seen]))
    }

    /// What was shown and agreed on.
    #[must_use]
    pub fn facts(&self) -> TlsFacts {
        let version = match self.connection.protocol_version() {
            Some(ProtocolVersion::TLSv1_3) => "TLS 1.3".to_owned(),
            Some(ProtocolVersion::TLSv1_2) => "TLS 1.2".to_owned(),
            other => format!("{other:?}"),
        };
        let suite = self.connection.negotiated_cipher_suite();
        let suite = suite.and_then(|suite| suite.suite().as_str());
        let protocol = self.connection.alpn_protocol().unwrap_or_default();
        let shown = self.connection.peer_certificates();
        let own = shown.and_then(|chain| chain.first());
        TlsFacts {
            version,
            cipher_suite: suite.unwrap_or_default().replacen("TLS13_", "TLS_", 1),
            protocol: String::from_utf8_lossy(protocol).into_owned(),
            certificate: own.and_then(|own| CertificateFacts::read(own)),
        }
    }

    /// What it goes over, to bound its reads.
    #[must_use]
    pub fn tcp(&self) -> &TcpStream {
        &self.tcp
    }
}

impl Read for TlsVisit {
    /// A connection that was closed without a word ends there, too: how much has to come, replies say.
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = Stream::new(&mut self.connection, &mut self.tcp).read(buffer);
        match read {
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Ok(0),
            Err(error) => Err(in_words(error)),
            read => read,
        }
    }
}

impl Write for TlsVisit {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = Stream::new(&mut self.connection, &mut self.tcp).write(bytes);
        written.map_err(in_words)
    }

    fn flush(&mut self) -> io::Result<()> {
        Stream::new(&mut self.connection, &mut self.tcp).flush()
    }
}

/// A server that does not take what it was shown says so after the handshake.
fn in_words(error: io::Error) -> io::Error {
    let of_tls = error.get_ref().and_then(|inner| inner.downcast_ref());
    match of_tls {
        Some(of_tls) => {
            let of_tls: &rustls::Error = of_tls;
            HandshakeError::Tls(of_tls.clone()).into()
        }
        None => error,
    }
}

#[cfg(test)]
mod tests {
    use super::super::server_config;
    use super::*;
    use crate::plan::{TlsIdentity, TlsRoots};
    use rcgen::{CertifiedKey, KeyPair, generate_simple_self_signed};
    use rustls::ServerConnection;
    use std::net::TcpListener;
    use std::thread;

    const PATIENCE: Duration = Duration::from_secs(20);

    fn own() -> CertifiedKey<KeyPair> {
        generate_simple_self_signed(vec!["shop.test".to_owned()]).unwrap()
    }

    fn identity(own: &CertifiedKey<KeyPair>) -> TlsIdentity {
        TlsIdentity {
            chain_pem: own.cert.pem().into_bytes(),
            key_pem: own.signing_key.serialize_pem().into_bytes(),
        }
    }

    fn trusting(own: &CertifiedKey<KeyPair>) -> TlsSettings {
        TlsSettings {
            roots: TlsRoots::Pem(own.cert.pem().into_bytes()),
            ..TlsSettings::default()
        }
    }

    /// A server that does `serve` with its first connection.
    fn served(serve: impl FnOnce(TcpStream) + Send + 'static) -> TcpStream {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        thread::spawn(move || serve(listener.accept().unwrap().0));
        TcpStream::connect(address).unwrap()
    }

    #[test]
    fn what_is_shown_and_agreed_on_is_told() {
        let own = own();
        let config = server_config(&identity(&own), &[b"h2", b"http/1.1"]).unwrap();
        let tcp = served(move |mut tcp| {
            let mut connection = ServerConnection::new(Arc::new(config)).unwrap();
            let mut stream = Stream::new(&mut connection, &mut tcp);
            let mut text = [0; 4];
            stream.read_exact(&mut text).unwrap();
            stream.write_all(&text).unwrap();
        });
        let mut visit =
            TlsVisit::begin(tcp, &trusting(&own), "shop.test", &[b"http/1.1"], PATIENCE).unwrap();
        visit.write_all(b"ping").unwrap();
        let mut text = String::new();
        // Closed without a word.
        visit.read_to_string(&mut text).unwrap();
        assert_eq!(text, "ping");
        let facts = visit.facts();
        assert_eq!((&*facts.version, &*facts.protocol), ("TLS 1.3", "http/1.1"));
        assert!(facts.cipher_suite.starts_with("TLS_A"), "{facts:?}");
        assert_eq!(facts.certificate.unwrap().names, ["shop.test"]);
    }

    #[test]
    fn what_is_no_tls_is_told() {
        let begun = |tcp: TcpStream, patience: Duration| {
            let begun = TlsVisit::begin(tcp, &trusting(&own()), "shop.test", &[], patience);
            begun.err().unwrap()
        };
        let http = served(|mut tcp| {
            let _ = tcp.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n");
            let _ = tcp.read(&mut [0; 4_096]);
        });
        let plain = begun(http, PATIENCE);
        assert!(
            matches!(plain, VisitError::Handshake(HandshakeError::PlainHttp)),
            "{plain}"
        );
        let closed = begun(served(drop), PATIENCE).to_string();
        assert!(!closed.is_empty());
        let silent = served(|mut tcp| {
            let _ = io::copy(&mut tcp, &mut io::sink());
        });
        let late = begun(silent, Duration::from_millis(100));
        assert!(matches!(late, VisitError::Late(_)), "{late}");
    }
}
