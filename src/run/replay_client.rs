//! Single requests over plain sockets, and several that leave together: for replays, where a thread
//! a request is cheap enough.
//!
//! Racers go to different processes of the target where it has several, and from attempt to attempt a
//! little apart: what two processes do at the same time depends on some hundred microseconds.

use crate::engine::codec::ReplyParser;
use crate::engine::{LONGEST_SURVEY, Opened, Questions, Survey, Surveyor};
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

/// Opens connections for racers, each at another process where the target has several.
pub struct Starter<'a> {
    addresses: &'a [SocketAddr],
    questions: &'a Questions,
    surveyor: Option<Surveyor<'a>>,
}

impl<'a> Starter<'a> {
    /// A starter that knows nothing yet.
    pub fn new(addresses: &'a [SocketAddr], questions: &'a Questions) -> Self {
        Self {
            addresses,
            questions,
            surveyor: None,
        }
    }

    /// Looks for the target's processes.
    pub fn look(&mut self) -> Survey {
        let mut surveyor = Surveyor::new(self.addresses, self.questions, LONGEST_SURVEY, None);
        surveyor.look();
        let survey = surveyor.survey();
        self.surveyor = Some(surveyor);
        survey
    }

    /// `count` open connections. Attempt after attempt another racer has the first process.
    ///
    /// # Errors
    /// When no address accepts.
    fn open(&mut self, count: usize, attempt: u32) -> io::Result<Vec<TcpStream>> {
        let mut opened = self.spread(count);
        if opened.len() < count && self.surveyor.is_some() {
            // What it knew has been closed meanwhile, as servers do after some idle seconds.
            self.look();
            opened = self.spread(count);
        }
        let mut by_turn = in_turn(opened);
        if !by_turn.is_empty() {
            let first = attempt as usize % by_turn.len();
            by_turn.rotate_left(first);
        }
        while by_turn.len() < count {
            by_turn.push(connect(self.addresses)?);
        }
        by_turn.iter().try_for_each(prepare)?;
        Ok(by_turn)
    }

    fn spread(&mut self, count: usize) -> Vec<Opened> {
        let surveyor = self.surveyor.as_mut();
        surveyor.map_or_else(Vec::new, |surveyor| surveyor.open(count, 0).lanes)
    }
}

/// One of each process after the other.
fn in_turn(mut opened: Vec<Opened>) -> Vec<TcpStream> {
    let mut streams = Vec::with_capacity(opened.len());
    let mut last = 0;
    while !opened.is_empty() {
        let other = opened.iter().position(|opened| opened.process != last);
        let next = opened.remove(other.unwrap_or(0));
        last = next.process;
        streams.push(next.stream);
    }
    streams
}

/// How much later racer `racer` of `racers` leaves in an attempt: nothing in the first, then one of
/// them after the other a little more.
#[must_use]
pub fn lateness(attempt: u32, racer: usize, racers: usize) -> Duration {
    const STEPS_US: [u64; 6] = [200, 500, 1_000, 2_000, 4_000, 8_000];
    let Some(later) = attempt.checked_sub(2).map(|later| later as usize) else {
        return Duration::ZERO;
    };
    let racers = racers.max(1);
    match later % racers == racer {
        true => Duration::from_micros(STEPS_US[later / racers % STEPS_US.len()]),
        false => Duration::ZERO,
    }
}

/// Sends the requests on a connection each: all but the last byte, and the last bytes together but
/// for what [`lateness`] adds in this attempt.
///
/// # Errors
/// When no address accepts.
pub fn send_together(
    starter: &mut Starter<'_>,
    requests: &[Vec<u8>],
    attempt: u32,
) -> io::Result<Vec<Answer>> {
    let mut streams = starter.open(requests.len(), attempt)?;
    for (stream, request) in streams.iter_mut().zip(requests) {
        stream.write_all(&request[..request.len() - 1])?;
    }
    let start = Barrier::new(streams.len().max(1));
    Ok(thread::scope(|scope| {
        let racers: Vec<_> = streams
            .into_iter()
            .zip(requests)
            .enumerate()
            .map(|(racer, (stream, request))| {
                let late = lateness(attempt, racer, requests.len());
                let start = &start;
                scope.spawn(move || finish(stream, request, start, late))
            })
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

fn finish(mut stream: TcpStream, request: &[u8], start: &Barrier, late: Duration) -> Answer {
    start.wait();
    if !late.is_zero() {
        thread::sleep(late);
    }
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
                prepare(&stream)?;
                return Ok(stream);
            }
            Err(error) => last = error,
        }
    }
    Err(last)
}

fn prepare(stream: &TcpStream) -> io::Result<()> {
    stream.set_nodelay(true)?;
    stream.set_read_timeout(Some(TIMEOUT))?;
    stream.set_write_timeout(Some(TIMEOUT))
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_attempt_is_at_one_moment_and_later_ones_are_a_little_apart() {
        let late = |attempt| [0, 1].map(|racer| lateness(attempt, racer, 2).as_micros());
        assert_eq!(late(1), [0, 0]);
        assert_eq!(late(2), [200, 0]);
        assert_eq!(late(3), [0, 200]);
        assert_eq!(late(4), [500, 0]);
        assert_eq!(late(13), [0, 8_000]);
        assert_eq!(late(14), [200, 0]);
    }
}
