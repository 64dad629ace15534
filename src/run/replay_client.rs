//! Single requests over plain sockets, and several that leave together: for replays, where a thread
//! a request is cheap enough.

use crate::engine::codec::ReplyParser;
use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::Barrier;
use std::thread;
use std::time::{Duration, Instant};

const TIMEOUT: Duration = Duration::from_secs(10);
const MAX_BODY_BYTES: usize = 1 << 20;

/// What came of a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// HTTP status; `None` when no reply came.
    pub status: Option<u16>,
    /// Body of the reply, or why there is none.
    pub text: String,
    /// From the last byte sent to the reply.
    pub took: Duration,
}

/// Sends one request and waits for its reply.
///
/// # Errors
/// When no address accepts.
pub fn send(addresses: &[SocketAddr], request: &[u8]) -> io::Result<Answer> {
    let mut stream = connect(addresses)?;
    if let Err(error) = stream.write_all(request) {
        return Ok(no_reply(&error.to_string()));
    }
    Ok(receive(&mut stream, Instant::now()))
}

/// Sends the requests on a connection each: all but the last byte, and the last bytes together.
///
/// # Errors
/// When no address accepts.
pub fn send_together(addresses: &[SocketAddr], requests: &[Vec<u8>]) -> io::Result<Vec<Answer>> {
    let mut streams = Vec::with_capacity(requests.len());
    for request in requests {
        let mut stream = connect(addresses)?;
        stream.write_all(&request[..request.len() - 1])?;
        streams.push(stream);
    }
    let start = Barrier::new(streams.len().max(1));
    Ok(thread::scope(|scope| {
        let racers: Vec<_> = streams
            .into_iter()
            .zip(requests)
            .map(|(stream, request)| scope.spawn(|| finish(stream, request, &start)))
            .collect();
        racers
            .into_iter()
            .map(|racer| {
                racer
                    .join()
                    .unwrap_or_else(|panic| std::panic::resume_unwind(panic))
            })
            .collect()
    }))
}

fn finish(mut stream: TcpStream, request: &[u8], start: &Barrier) -> Answer {
    start.wait();
    let sent = Instant::now();
    match stream.write_all(&request[request.len() - 1..]) {
        Ok(()) => receive(&mut stream, sent),
        Err(error) => no_reply(&error.to_string()),
    }
}

fn connect(addresses: &[SocketAddr]) -> io::Result<TcpStream> {
    let mut last = io::Error::from(io::ErrorKind::NotFound);
    for address in addresses {
        match TcpStream::connect_timeout(address, TIMEOUT) {
            Ok(stream) => {
                stream.set_nodelay(true)?;
                stream.set_read_timeout(Some(TIMEOUT))?;
                stream.set_write_timeout(Some(TIMEOUT))?;
                return Ok(stream);
            }
            Err(error) => last = error,
        }
    }
    Err(last)
}

fn receive(stream: &mut TcpStream, sent: Instant) -> Answer {
    let mut parser = ReplyParser::new(MAX_BODY_BYTES);
    let mut buffer = Vec::new();
    let reply = loop {
        let mut bytes = [0; 4_096];
        match stream.read(&mut bytes) {
            Ok(0) => break parser.close(&buffer),
            Ok(count) => buffer.extend_from_slice(&bytes[..count]),
            Err(error) => return no_reply(&error.to_string()),
        }
        match parser.advance(&mut buffer) {
            Ok(None) => {}
            Ok(Some(reply)) => break Ok(reply),
            Err(malformed) => break Err(malformed),
        }
    };
    match reply {
        Ok(reply) => Answer {
            status: Some(reply.status),
            text: String::from_utf8_lossy(&buffer[reply.body]).into_owned(),
            took: sent.elapsed(),
        },
        Err(malformed) => no_reply(&malformed.to_string()),
    }
}

fn no_reply(why: &str) -> Answer {
    Answer {
        status: None,
        text: why.to_owned(),
        took: Duration::ZERO,
    }
}
