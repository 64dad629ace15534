//! A connection to Redis in TLS. Every wait has an end, whatever the server sends: also for records
//! that bring nothing.

use super::redis_channel::RedisChannel;
use rustls::pki_types::ServerName;
use rustls::{ClientConfig, ClientConnection, StreamOwned};
use std::cell::Cell;
use std::io::{self, Read, Write};
use std::net::TcpStream;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Longest wait for what a server says that takes no more.
const LAST_WORDS: Duration = Duration::from_millis(500);

/// See the module's documentation.
pub(super) struct TlsChannel(StreamOwned<ClientConnection, TimedStream>);

impl TlsChannel {
    /// Makes the handshake, within this time.
    ///
    /// # Errors
    /// When it fails.
    pub fn open(
        stream: TcpStream,
        config: Arc<ClientConfig>,
        name: ServerName<'static>,
        longest: Duration,
    ) -> io::Result<Self> {
        let mut tls = ClientConnection::new(config, name).map_err(io::Error::other)?;
        let mut stream = TimedStream {
            stream,
            give_up: Cell::new(Instant::now() + longest),
        };
        while tls.is_handshaking() {
            tls.complete_io(&mut stream)?;
        }
        Ok(Self(StreamOwned::new(tls, stream)))
    }

    /// What the server said before it hung up, where that explains `error`: since version 1.3 of TLS it
    /// refuses a client's certificate only after the client's part of the handshake.
    fn explained(&mut self, error: io::Error) -> io::Error {
        let (tls, stream) = (&mut self.0.conn, &mut self.0.sock);
        stream.give_up.set(Instant::now() + LAST_WORDS);
        while tls.read_tls(stream).is_ok_and(|received| received > 0) {
            if let Err(why) = tls.process_new_packets() {
                return io::Error::new(io::ErrorKind::InvalidData, why);
            }
        }
        error
    }
}

impl Read for TlsChannel {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.0.read(buffer).map_err(|error| match error.kind() {
            // Whether it says so or just hangs up, more does not come.
            io::ErrorKind::UnexpectedEof => io::ErrorKind::UnexpectedEof.into(),
            _ => error,
        })
    }
}

impl Write for TlsChannel {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.write(bytes).map_err(|error| self.explained(error))
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush().map_err(|error| self.explained(error))
    }
}

impl RedisChannel for TlsChannel {
    fn wait_for_at_most(&self, time: Duration) -> io::Result<()> {
        self.0.sock.give_up.set(Instant::now() + time);
        Ok(())
    }
}

/// A stream whose reads end at one moment, however many there are.
struct TimedStream {
    stream: TcpStream,
    give_up: Cell<Instant>,
}

impl Read for TimedStream {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let left = self.give_up.get().saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Err(io::ErrorKind::TimedOut.into());
        }
        self.stream.set_read_timeout(Some(left))?;
        self.stream.read(buffer)
    }
}

impl Write for TimedStream {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.stream.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.stream.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::tls::{client_config, server_name};
    use crate::plan::TlsSettings;
    use std::net::TcpListener;
    use std::thread;

    /// What becomes of a handshake with a server that says this, and goes on with a byte again and again.
    fn greeted(first: &'static [u8], drops: bool) -> io::Error {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let server = thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            let mut sent = stream.write_all(first);
            while drops && sent.is_ok() {
                thread::sleep(Duration::from_millis(20));
                sent = stream.write_all(b"\0");
            }
            // Until the other end has given it up.
            let _ = stream.read_to_end(&mut Vec::new());
        });
        let settings = TlsSettings {
            is_insecure: true,
            ..TlsSettings::default()
        };
        let config = Arc::new(client_config(&settings, &[]).unwrap());
        let name = server_name("localhost").unwrap();
        let stream = TcpStream::connect(address).unwrap();
        let opened = TlsChannel::open(stream, config, name, Duration::from_millis(300));
        let error = opened.map(|_| ()).unwrap_err();
        server.join().unwrap();
        error
    }

    #[test]
    fn a_handshake_that_does_not_end_is_given_up() {
        let is_late = |error: &io::Error| {
            matches!(
                error.kind(),
                io::ErrorKind::TimedOut | io::ErrorKind::WouldBlock
            )
        };
        // A record that announces as much as may be, and comes drop by drop.
        for (first, drops) in [(&b""[..], false), (b"\x16\x03\x03\x40\x00", true)] {
            let error = greeted(first, drops);
            assert!(is_late(&error), "{error}");
        }
        let error = greeted(b"-ERR unknown command\r\n", false);
        assert_eq!(error.kind(), io::ErrorKind::InvalidData, "{error}");
    }
}
