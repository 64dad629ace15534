//! One client's session of TLS: sealed bytes of the wire on one side, what they mean on the other.

use rustls::{ServerConfig, ServerConnection};
use std::io::{self, BufRead, Write};
use std::sync::Arc;

/// The name that HTTP/2 goes by in a handshake (RFC 7301).
pub const ALPN_HTTP_2: &[u8] = b"h2";
/// The name that HTTP/1.1 goes by.
pub const ALPN_HTTP_11: &[u8] = b"http/1.1";

/// See the module's documentation.
pub struct TlsSession(ServerConnection);

impl TlsSession {
    /// A session whose handshake has not begun.
    ///
    /// # Errors
    /// When rustls refuses the configuration.
    pub fn new(config: &Arc<ServerConfig>) -> Result<Self, rustls::Error> {
        let mut connection = ServerConnection::new(Arc::clone(config))?;
        // Whoever seals takes at once what was sealed.
        connection.set_buffer_limit(None);
        Ok(Self(connection))
    }

    /// Whether the handshake is under way.
    pub fn is_handshaking(&self) -> bool {
        self.0.is_handshaking()
    }

    /// Whether the client has chosen HTTP/2.
    pub fn is_http_2(&self) -> bool {
        self.0.alpn_protocol() == Some(ALPN_HTTP_2)
    }

    /// Takes some bytes from the start of `wire`; what follows from them is to be fetched before the
    /// next call, and what it has to say of them is appended to `answer`.
    ///
    /// # Errors
    /// When the client does not speak TLS as it should; `answer` then says so to it.
    pub fn take_in(&mut self, wire: &mut &[u8], answer: &mut Vec<u8>) -> io::Result<()> {
        self.0.read_tls(wire)?;
        let processed = self.0.process_new_packets();
        self.say(answer);
        processed
            .map(drop)
            .map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error))
    }

    /// Has `take` look at what the client has sent, and takes away as much of it as that says; `None`
    /// when nothing is there, and no bytes when the client has said goodbye.
    pub fn open<R>(&mut self, take: impl FnOnce(&[u8]) -> (usize, R)) -> Option<R> {
        let mut reader = self.0.reader();
        let chunk = reader.fill_buf().ok()?;
        let (taken, result) = take(chunk);
        reader.consume(taken);
        Some(result)
    }

    /// Appends `plain`, sealed, to `wire`.
    ///
    /// # Errors
    /// When the session cannot go on.
    pub fn seal(&mut self, plain: &[u8], wire: &mut Vec<u8>) -> io::Result<()> {
        self.0.writer().write_all(plain)?;
        self.say(wire);
        Ok(())
    }

    /// Appends that nothing more comes to `wire` (close_notify).
    pub fn say_goodbye(&mut self, wire: &mut Vec<u8>) {
        self.0.send_close_notify();
        self.say(wire);
    }

    fn say(&mut self, wire: &mut Vec<u8>) {
        while self.0.wants_write() {
            // Memory takes everything.
            if self.0.write_tls(wire).is_err() {
                return;
            }
        }
    }
}
