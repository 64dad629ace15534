//! A connection to Redis that reads no more than it is given: the `redis` crate's own takes whatever
//! a server announces, and goes on taking for as long as something comes.
//!
//! It speaks RESP2, which every Redis does that is not asked for another; see
//! <https://redis.io/docs/latest/develop/reference/protocol-spec/>.

use super::meter::Meter;
use super::redis_channel::RedisChannel;
use super::tls_channel::TlsChannel;
use crate::engine::tls::server_name;
use redis::{
    ConnectionAddr, ConnectionInfo, ConnectionLike, ErrorKind, RedisError, RedisResult, Value,
};
use rustls::ClientConfig;
use std::io;
use std::net::{TcpStream, ToSocketAddrs};
use std::os::unix::net::UnixStream;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Longest wait for a connection, and for each answer.
const TIMEOUT: Duration = Duration::from_secs(2);
/// Longest time that all answers of a reading may take.
const READING: Duration = Duration::from_secs(5);
/// Most bytes of a reading's answers: those about 200 streams have some 100 KiB.
const MOST_BYTES: u64 = 8 << 20;
/// What a value is counted as beside its text, which is about what it takes in memory.
const VALUE_BYTES: u64 = 64;
/// Deepest answer; that of `XINFO GROUPS` is an array of arrays.
const DEEPEST: usize = 8;
const PIECE_BYTES: usize = 16 << 10;

/// A connection that is open.
pub struct RedisLink {
    channel: Box<dyn RedisChannel>,
    meter: Meter,
    give_up: Instant,
    /// What came and was not looked at yet, from `at` on.
    inbox: Vec<u8>,
    at: usize,
    database: i64,
}

impl RedisLink {
    /// Connects, in TLS where that is given, and logs in. A reading may bring so much, or what is usual.
    ///
    /// # Errors
    /// When nobody accepts, or it does not let us in.
    pub(super) fn open(
        info: &ConnectionInfo,
        tls: Option<Arc<ClientConfig>>,
        most_bytes: Option<u64>,
    ) -> RedisResult<Self> {
        let settings = info.redis_settings();
        let most_bytes = most_bytes.unwrap_or(MOST_BYTES);
        let mut link = Self::over(connect(info.addr(), tls)?, most_bytes);
        link.database = settings.db();
        if let Some(password) = settings.password() {
            link.log_in(settings.username(), password)?;
        }
        if link.database != 0 {
            redis::cmd("SELECT").arg(link.database).exec(&mut link)?;
        }
        Ok(link)
    }

    /// A connection that is open, of which a reading may bring so much.
    pub(super) fn over(channel: Box<dyn RedisChannel>, most_bytes: u64) -> Self {
        Self {
            channel,
            meter: Meter::new(most_bytes),
            give_up: Instant::now() + READING,
            inbox: Vec::new(),
            at: 0,
            database: 0,
        }
    }

    fn log_in(&mut self, user: Option<&str>, password: &str) -> RedisResult<()> {
        let mut login = redis::cmd("AUTH");
        if let Some(user) = user {
            login.arg(user);
        }
        let refused = match login.arg(password).exec(self) {
            // One from before version 6 knows no users.
            Err(error) if user.is_some() && error.to_string().contains("number of arguments") => {
                return self.log_in(None, password);
            }
            Err(error) => error,
            Ok(()) => return Ok(()),
        };
        Err(match refused.kind() {
            ErrorKind::Server(_) | ErrorKind::Extension => {
                let says = refused.to_string();
                (
                    ErrorKind::AuthenticationFailed,
                    "it does not let us in",
                    says,
                )
                    .into()
            }
            _ => refused,
        })
    }

    /// A new reading begins.
    pub fn begin(&mut self) {
        self.meter.refill();
        self.give_up = Instant::now() + READING;
    }

    /// Sends `commands`, and reads so many answers.
    fn ask(&mut self, commands: &[u8], answers: usize) -> RedisResult<Vec<Value>> {
        self.channel.write_all(commands)?;
        (0..answers).map(|_| self.value(0)).collect()
    }

    /// The next value.
    fn value(&mut self, depth: usize) -> RedisResult<Value> {
        self.take(VALUE_BYTES)?;
        let line = self.line()?;
        let (kind, text) = line.split_first().ok_or_else(garbage)?;
        let number = || -> RedisResult<i64> {
            let text = str::from_utf8(text).map_err(|_| garbage())?;
            text.parse().map_err(|_| garbage())
        };
        match kind {
            // The crate knows the kinds of errors.
            b'+' | b'-' => redis::parse_redis_value(&[&line[..], b"\r\n"].concat()),
            b':' => Ok(Value::Int(number()?)),
            b'$' | b'*' if number()? == -1 => Ok(Value::Nil),
            b'$' => {
                let bytes = usize::try_from(number()?).map_err(|_| garbage())?;
                self.bulk(bytes).map(Value::BulkString)
            }
            b'*' if depth < DEEPEST => {
                let count = u64::try_from(number()?).map_err(|_| garbage())?;
                if count.saturating_mul(VALUE_BYTES) > self.meter.left_bytes() {
                    self.take(u64::MAX)?;
                }
                let values = (0..count).map(|_| self.value(depth + 1));
                values.collect::<RedisResult<_>>().map(Value::Array)
            }
            _ => Err(garbage()),
        }
    }

    /// A text of so many bytes, and its line end.
    fn bulk(&mut self, bytes: usize) -> RedisResult<Vec<u8>> {
        if bytes as u64 > self.meter.left_bytes() + (self.inbox.len() - self.at) as u64 {
            self.take(u64::MAX)?;
        }
        while self.inbox.len() - self.at < bytes + 2 {
            self.receive()?;
        }
        let text = self.inbox[self.at..self.at + bytes].to_vec();
        let end = &self.inbox[self.at + bytes..self.at + bytes + 2];
        if end != b"\r\n" {
            return Err(garbage());
        }
        self.at += bytes + 2;
        Ok(text)
    }

    fn take(&self, bytes: u64) -> RedisResult<()> {
        let refused = |error: io::Error| unreadable(error.to_string());
        self.meter.take(bytes).map_err(refused)
    }

    /// What comes before the next line end.
    fn line(&mut self) -> RedisResult<Vec<u8>> {
        let mut looked_at = self.at;
        loop {
            if let Some(feed) = memchr::memchr(b'\n', &self.inbox[looked_at..]) {
                let end = looked_at + feed;
                let line = self.inbox[self.at..end].to_vec();
                self.at = end + 1;
                return match line.strip_suffix(b"\r") {
                    Some(line) => Ok(line.to_vec()),
                    None => Err(garbage()),
                };
            }
            looked_at = self.inbox.len() - self.at;
            self.receive()?;
        }
    }

    /// Takes more bytes. What was looked at already makes room, so that `at` is 0 afterwards.
    fn receive(&mut self) -> RedisResult<()> {
        self.inbox.drain(..std::mem::take(&mut self.at));
        let left = self.give_up.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Err(io::Error::from(io::ErrorKind::TimedOut).into());
        }
        self.channel.wait_for_at_most(left.min(TIMEOUT))?;
        let mut piece = [0; PIECE_BYTES];
        match self.channel.read(&mut piece)? {
            0 => Err(io::Error::from(io::ErrorKind::UnexpectedEof).into()),
            received => {
                self.take(received as u64)?;
                self.inbox.extend_from_slice(&piece[..received]);
                Ok(())
            }
        }
    }
}

fn connect(
    address: &ConnectionAddr,
    tls: Option<Arc<ClientConfig>>,
) -> RedisResult<Box<dyn RedisChannel>> {
    Ok(match address {
        ConnectionAddr::Tcp(host, port) => {
            let stream = connect_tcp((host.as_str(), *port))?;
            stream.set_nodelay(true)?;
            stream.set_write_timeout(Some(TIMEOUT))?;
            match tls {
                None => Box::new(stream),
                Some(config) => {
                    let name = server_name(host).map_err(io::Error::other)?;
                    Box::new(TlsChannel::open(stream, config, name, TIMEOUT)?)
                }
            }
        }
        ConnectionAddr::Unix(path) => {
            let stream = UnixStream::connect(path)?;
            stream.set_write_timeout(Some(TIMEOUT))?;
            Box::new(stream)
        }
        _ => return Err((ErrorKind::InvalidClientConfig, "neither TCP nor a socket").into()),
    })
}

fn connect_tcp(address: impl ToSocketAddrs) -> io::Result<TcpStream> {
    let mut last = io::Error::from(io::ErrorKind::NotFound);
    for address in address.to_socket_addrs()? {
        match TcpStream::connect_timeout(&address, TIMEOUT) {
            Ok(stream) => return Ok(stream),
            Err(error) => last = error,
        }
    }
    Err(last)
}

fn garbage() -> RedisError {
    unreadable("it does not answer in the protocol of Redis".to_owned())
}

/// An answer that is not read; `why` is the error's detail.
fn unreadable(why: String) -> RedisError {
    (ErrorKind::Parse, "unreadable", why).into()
}

/// Lets the crate's commands and pipelines travel over this connection.
impl ConnectionLike for RedisLink {
    fn req_packed_command(&mut self, command: &[u8]) -> RedisResult<Value> {
        self.ask(command, 1)?.pop().ok_or_else(garbage)
    }

    fn req_packed_commands(
        &mut self,
        commands: &[u8],
        offset: usize,
        count: usize,
    ) -> RedisResult<Vec<Value>> {
        let mut answers = self.ask(commands, offset + count)?;
        answers.drain(..offset);
        Ok(answers)
    }

    fn get_db(&self) -> i64 {
        self.database
    }

    fn check_connection(&mut self) -> bool {
        redis::cmd("PING").exec(self).is_ok()
    }

    fn is_open(&self) -> bool {
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::{Read, Write};
    use std::net::TcpListener;
    use std::thread;

    const PING: &[u8] = b"*1\r\n$4\r\nPING\r\n";

    /// Answers everything with `first`, and then with `forever` until nobody reads any more.
    fn answered(first: &'static [u8], forever: &'static [u8]) -> RedisResult<Value> {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let sender = thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            stream.read_exact(&mut [0; PING.len()]).unwrap();
            let mut sent = stream.write_all(first);
            let piece = forever.repeat(PIECE_BYTES / forever.len().max(1));
            while sent.is_ok() && !forever.is_empty() {
                sent = stream.write_all(&piece);
            }
        });
        let info = redis::IntoConnectionInfo::into_connection_info(format!("redis://{address}"));
        let mut link = RedisLink::open(&info.unwrap(), None, None).unwrap();
        let answer = link.req_packed_command(PING);
        let room = link.inbox.capacity() as u64;
        assert!(room <= 4 * MOST_BYTES, "{room}");
        drop(link);
        sender.join().unwrap();
        answer
    }

    #[test]
    fn every_kind_of_answer_is_read() {
        let text = |text: &str| Value::BulkString(text.as_bytes().to_vec());
        for (wire, expected) in [
            ("+OK\r\n", Value::Okay),
            ("+PONG\r\n", Value::SimpleString("PONG".to_owned())),
            (":-7\r\n", Value::Int(-7)),
            ("$-1\r\n", Value::Nil),
            ("*-1\r\n", Value::Nil),
            ("$0\r\n\r\n", text("")),
            ("$4\r\na\r\nb\r\n", text("a\r\nb")),
            ("*0\r\n", Value::Array(Vec::new())),
            (
                "*2\r\n*1\r\n:1\r\n$1\r\nx\r\n",
                Value::Array(vec![Value::Array(vec![Value::Int(1)]), text("x")]),
            ),
        ] {
            assert_eq!(answered(wire.as_bytes(), b"").unwrap(), expected, "{wire}");
        }
        let Ok(Value::ServerError(error)) = answered(b"-WRONGTYPE not a stream\r\n", b"") else {
            panic!("an error");
        };
        assert_eq!(error.code(), "WRONGTYPE");
    }

    /// What a server answers, how it goes on for ever, and what is told of it.
    const HOSTILE: &[(&[u8], &[u8], &str)] = &[
        (b"*1000000000\r\n", b":1\r\n", "more than the 8 MiB"),
        (b"*1\r\n*1\r\n*100000000\r\n", b"", "more than the 8 MiB"),
        (b"*131000\r\n", b"$3\r\nabc\r\n", "more than the 8 MiB"),
        (b"$2147483647\r\n", b"x", "more than the 8 MiB"),
        (b"$9223372036854775807\r\n", b"", "more than the 8 MiB"),
        (b"+", b"x", "more than the 8 MiB"),
        (b"-ERR ", b"x", "more than the 8 MiB"),
        (b"", b"*1\r\n", "in the protocol of Redis"),
        (b"$-2\r\n", b"", "in the protocol of Redis"),
        (b"*-9\r\n", b"", "in the protocol of Redis"),
        (b":1e9\r\n", b"", "in the protocol of Redis"),
        (b"HTTP/1.1 200 OK\r\n", b"", "in the protocol of Redis"),
        (b"$1\r\nabc", b"", "in the protocol of Redis"),
        (b"%1\r\n", b"", "in the protocol of Redis"),
        (b"$10\r\nabc", b"", "unexpected end of file"),
    ];

    #[test]
    fn an_answer_without_end_is_given_up_before_it_fills_the_memory() {
        for (first, forever, told) in HOSTILE {
            let said = answered(first, forever).unwrap_err().to_string();
            assert!(said.contains(told), "{}: {said}", first.escape_ascii());
        }
    }

    #[test]
    fn an_answer_that_comes_drop_by_drop_is_given_up_in_time() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let sender = thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            while stream.write_all(b"+").is_ok() {
                thread::sleep(Duration::from_millis(20));
            }
        });
        let info = redis::IntoConnectionInfo::into_connection_info(format!("redis://{address}"));
        let mut link = RedisLink::open(&info.unwrap(), None, None).unwrap();
        link.give_up = Instant::now() + Duration::from_millis(200);
        let error = link.value(0).unwrap_err();
        assert!(error.is_timeout(), "{error}");
        drop(link);
        sender.join().unwrap();
    }
}
