//! Connections of a survey, and what its requests on them cost: all on one thread, before the clock
//! starts.

use super::Questions;
use crate::engine::clock::now_ns;
use crate::engine::codec::ReplyParser;
use crate::engine::dialling::{dial, prepare_stream};
use crate::engine::secured::Shaken;
use crate::engine::tls::{Secured, TlsLayer, shake_hands_within};
use crate::plan::{PeerAddress, Route};
use std::io::{self, Read, Write};
use std::net::TcpStream;
use std::os::fd::AsRawFd;
use std::time::Duration;

/// Largest reply that is read: the description of a shop has some 100 KiB.
const MAX_BODY_BYTES: usize = 16 << 20;
/// What is not answered after this long is given up, with its connection. The first description that a
/// process of the real shop gives takes it 0.3 s.
const PATIENCE_NS: u64 = 3_000_000_000;
/// A survey sends about so many requests at most: a question that has begun is asked to its end.
pub const MOST_REQUESTS: u32 = 4_000;
/// Bytes read at once.
const PIECE_BYTES: usize = 64 << 10;

/// What is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SurveyQuestion {
    /// What takes a process long.
    Slow,
    /// What takes it a moment.
    Quick,
}

/// One open connection.
pub struct TimedConnection {
    stream: TcpStream,
    /// What opens and seals its records, where TLS is spoken.
    layer: Option<Box<TlsLayer>>,
    shaken: Option<Shaken>,
    parser: ReplyParser,
    inbox: Vec<u8>,
    /// When the first byte of the last reply was seen; 0 before.
    first_ns: u64,
    is_owed: bool,
    is_usable: bool,
    connect_us: u64,
}

/// A connection that is handed on.
pub struct Opened {
    /// The connection: blocking, without delay, idle.
    pub stream: TcpStream,
    /// Where it is.
    pub address: PeerAddress,
    /// How long connecting took, in microseconds.
    pub connect_us: u64,
    /// The process that is believed to serve it, from 1; 0 when nothing is believed.
    pub process: u8,
    /// What opens and seals its records, where TLS is spoken.
    pub layer: Option<Box<TlsLayer>>,
    /// How the handshake went that it had.
    pub shaken: Option<Shaken>,
}

/// Asks and measures. Lines are numbered in the order in which they were opened.
pub struct TimedConnections<'a> {
    addresses: &'a [Route],
    /// Those that did not accept: they are tried again only where all the others do not either.
    refused: Vec<PeerAddress>,
    questions: &'a Questions,
    lines: Vec<Option<TimedConnection>>,
    /// The address of each line, by its index.
    places: Vec<usize>,
    /// Turns the addresses.
    turn: usize,
    end_ns: u64,
    /// Requests that were sent.
    pub requests: u32,
    /// Connections that were opened.
    pub opened: u32,
}

impl<'a> TimedConnections<'a> {
    /// Connections of a survey that gives up at `end_ns` on the monotonic clock.
    pub fn new(addresses: &'a [Route], questions: &'a Questions, end_ns: u64) -> Self {
        Self {
            addresses,
            refused: Vec::new(),
            questions,
            lines: Vec::new(),
            places: Vec::new(),
            turn: 0,
            end_ns,
            requests: 0,
            opened: 0,
        }
    }

    /// There is so much time from now on.
    pub fn extend(&mut self, time: Duration) {
        self.end_ns = now_ns() + time.as_nanos() as u64;
    }

    /// How much time is left, in nanoseconds.
    pub fn left_ns(&self) -> u64 {
        self.end_ns.saturating_sub(now_ns())
    }

    /// Whether there is no time left, or nothing more may be asked.
    pub fn is_over(&self) -> bool {
        now_ns() >= self.end_ns || self.requests >= MOST_REQUESTS
    }

    /// How many addresses connections are opened at.
    pub fn addresses(&self) -> usize {
        self.addresses.len() - self.refused.len().min(self.addresses.len() - 1)
    }

    /// The addresses that did not accept.
    pub fn refused(&self) -> &[PeerAddress] {
        &self.refused
    }

    /// Opens a line at the next address; gives its number.
    ///
    /// # Errors
    /// When no address accepts in time.
    pub fn open(&mut self) -> io::Result<usize> {
        let first = self.turn;
        self.turn += 1;
        self.open_from(first)
    }

    /// Opens a line at the address of `other`, if that accepts; gives its number.
    ///
    /// # Errors
    /// As of [`TimedConnections::open`].
    pub fn open_near(&mut self, other: usize) -> io::Result<usize> {
        self.open_from(self.places[other])
    }

    /// Tries the addresses from one on, those that have refused last.
    fn open_from(&mut self, first: usize) -> io::Result<usize> {
        let count = self.addresses.len();
        let mut order: Vec<usize> = (0..count).map(|step| (first + step) % count).collect();
        order.sort_by_key(|&place| self.refused.contains(&self.addresses[place].to));
        let mut last = io::Error::from(io::ErrorKind::NotFound);
        for place in order {
            match self.open_at(place) {
                Ok(line) => return Ok(line),
                Err(error) => last = error,
            }
        }
        Err(last)
    }

    fn open_at(&mut self, place: usize) -> io::Result<usize> {
        let route = &self.addresses[place];
        let address = route.to;
        let left_ns = self.end_ns.saturating_sub(now_ns()).max(1_000_000);
        let started_ns = now_ns();
        let turn = self.lines.len() / self.addresses.len();
        let stream = dial(route, turn, Duration::from_nanos(left_ns)).inspect_err(|_| {
            if !self.refused.contains(&address) {
                self.refused.push(address);
            }
        })?;
        self.refused.retain(|refused| *refused != address);
        prepare_stream(&stream)?;
        let connected_ns = now_ns();
        let mut stream = stream;
        let patience = Duration::from_nanos(left_ns);
        let (layer, shaken) = match &self.questions.tls {
            None => (None, None),
            Some(client) => {
                let Secured { layer, agreed, .. } =
                    shake_hands_within(&mut stream, client, patience)?;
                let took_us = (now_ns() - connected_ns) / 1_000;
                let is_resumed = agreed.is_resumed;
                (
                    Some(layer),
                    Some(Shaken {
                        took_us,
                        is_resumed,
                    }),
                )
            }
        };
        stream.set_nonblocking(true)?;
        self.opened += 1;
        self.places.push(place);
        self.lines.push(Some(TimedConnection {
            stream,
            layer,
            shaken,
            parser: ReplyParser::new(MAX_BODY_BYTES),
            inbox: Vec::new(),
            first_ns: 0,
            is_owed: false,
            is_usable: true,
            connect_us: (connected_ns - started_ns) / 1_000,
        }));
        Ok(self.lines.len() - 1)
    }

    /// Whether a line can be asked.
    pub fn is_usable(&self, line: usize) -> bool {
        self.lines[line].as_ref().is_some_and(|line| line.is_usable)
    }

    /// Closes a line.
    pub fn close(&mut self, line: usize) {
        self.lines[line] = None;
    }

    /// Hands a line on, unless it is closed or broken.
    pub fn take(&mut self, line: usize, process: u8) -> Option<Opened> {
        let address = self.addresses[self.places[line]].to;
        let line = self.lines[line].take().filter(|line| line.is_usable)?;
        line.stream.set_nonblocking(false).ok()?;
        Some(Opened {
            stream: line.stream,
            address,
            connect_us: line.connect_us,
            process,
            layer: line.layer,
            shaken: line.shaken,
        })
    }

    /// Sends a question.
    pub fn ask(&mut self, line: usize, question: SurveyQuestion) {
        let text = match question {
            SurveyQuestion::Slow => &self.questions.slow,
            SurveyQuestion::Quick => &self.questions.quick,
        };
        self.requests += 1;
        let Some(line) = self.lines[line].as_mut() else {
            return;
        };
        line.first_ns = 0;
        line.inbox.clear();
        line.parser.reset();
        // A request of some hundred bytes finds room in an idle connection's buffer.
        let sent = match &mut line.layer {
            None => matches!(line.stream.write(text), Ok(sent) if sent == text.len()),
            Some(layer) => {
                let mut sealed = text.to_vec();
                layer.begin();
                layer.seal(&mut sealed, 0).is_ok()
                    && matches!(line.stream.write(&sealed), Ok(sent) if sent == sealed.len())
            }
        };
        line.is_owed = sent;
        line.is_usable &= line.is_owed;
    }

    /// Reads what comes until every one of `lines` is answered, broken, or out of time.
    pub fn hear(&mut self, lines: &[usize]) {
        let mut waiting: Vec<usize> = Vec::with_capacity(lines.len());
        let patience_ends_ns = self.end_ns.min(now_ns() + PATIENCE_NS);
        loop {
            waiting.clear();
            let is_owed = |line: &usize| self.lines[*line].as_ref().is_some_and(|l| l.is_owed);
            waiting.extend(lines.iter().copied().filter(is_owed));
            if waiting.is_empty() {
                return;
            }
            let left_ns = patience_ends_ns.saturating_sub(now_ns());
            if left_ns == 0 || !self.await_any(&waiting, left_ns) {
                for &line in &waiting {
                    if let Some(line) = self.lines[line].as_mut() {
                        (line.is_owed, line.is_usable) = (false, false);
                    }
                }
                return;
            }
        }
    }

    /// Waits until something came on any of `waiting`, and reads it. All that is there then counts as
    /// having come at one moment. Returns false when nothing came in time.
    fn await_any(&mut self, waiting: &[usize], timeout_ns: u64) -> bool {
        let mut watched: Vec<libc::pollfd> = waiting
            .iter()
            .map(|&line| libc::pollfd {
                fd: self.lines[line]
                    .as_ref()
                    .map_or(-1, |line| line.stream.as_raw_fd()),
                events: libc::POLLIN,
                revents: 0,
            })
            .collect();
        let timeout_ms = timeout_ns.div_ceil(1_000_000).min(60_000) as libc::c_int;
        // SAFETY: `watched` is a live, writable array of as many entries as are named.
        let ready = unsafe {
            libc::poll(
                watched.as_mut_ptr(),
                watched.len() as libc::nfds_t,
                timeout_ms,
            )
        };
        if ready < 0 {
            return io::Error::last_os_error().kind() == io::ErrorKind::Interrupted;
        }
        let now_ns = now_ns();
        for (&line, seen) in waiting.iter().zip(&watched) {
            if seen.revents != 0
                && let Some(line) = self.lines[line].as_mut()
            {
                line.read(now_ns);
            }
        }
        ready > 0
    }

    /// When the first byte of the last reply on `line` was seen; `None` when there was no reply.
    pub fn first_ns(&self, line: usize) -> Option<u64> {
        let line = self.lines[line].as_ref().filter(|line| line.is_usable)?;
        (line.first_ns > 0).then_some(line.first_ns)
    }

    /// How long the first byte of a reply to `question` takes alone, in nanoseconds.
    pub fn alone_ns(&mut self, line: usize, question: SurveyQuestion) -> Option<u64> {
        let sent_ns = now_ns();
        self.ask(line, question);
        self.hear(&[line]);
        Some(self.first_ns(line)?.saturating_sub(sent_ns))
    }
}

impl TimedConnection {
    fn read(&mut self, now_ns: u64) {
        let mut piece = [0; PIECE_BYTES];
        loop {
            match self.stream.read(&mut piece) {
                Ok(0) => break,
                Ok(count) => {
                    match &mut self.layer {
                        None => self.inbox.extend_from_slice(&piece[..count]),
                        Some(layer) => layer.open_onto(&mut piece[..count], &mut self.inbox),
                    }
                    if self.first_ns == 0 && !self.inbox.is_empty() {
                        self.first_ns = now_ns;
                    }
                    // Piece by piece, so that one who sends without end meets the parser's limits.
                    match self.parser.advance(&mut self.inbox) {
                        Ok(None) => {}
                        Ok(Some(reply)) if reply.reusable && self.is_owed => self.is_owed = false,
                        Ok(Some(_)) | Err(_) => break,
                    }
                    if self.layer.as_ref().is_some_and(|layer| layer.is_over()) {
                        break;
                    }
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return,
                Err(_) => break,
            }
        }
        // What closes or cannot be read is of no use to the survey.
        (self.is_owed, self.is_usable) = (false, false);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::Target;
    use std::net::{SocketAddr, TcpListener};

    const SECOND_NS: u64 = 1_000_000_000;

    #[test]
    fn lines_go_round_the_addresses_that_accept_and_stay_at_one_when_asked_to() {
        let listen = |host: &str| TcpListener::bind((host, 0)).unwrap();
        let listeners = ["127.0.0.1", "127.0.0.2"].map(listen);
        let down = listen("127.0.0.3").local_addr().unwrap();
        let [first, second] = listeners.each_ref().map(|it| it.local_addr().unwrap());
        let addresses = [first, down, second].map(Route::from);
        let target = Target::parse("http://shop.test").unwrap();
        let questions = Questions::of(&target, "/slow", "/quick");
        let mut timed = TimedConnections::new(&addresses, &questions, now_ns() + 20 * SECOND_NS);
        assert_eq!(timed.addresses(), 3);
        let lines: Vec<usize> = (0..5).map(|_| timed.open().unwrap()).collect();
        assert_eq!(
            (timed.addresses(), timed.refused()),
            (2, &[down.into()][..])
        );
        let near: Vec<usize> = (0..2).map(|_| timed.open_near(lines[1]).unwrap()).collect();
        let places = lines.iter().chain(&near).map(|&line| {
            let opened = timed.take(line, 0).unwrap();
            assert_eq!(opened.address, opened.stream.peer_addr().unwrap().into());
            opened.stream.peer_addr().unwrap()
        });
        let places: Vec<SocketAddr> = places.collect();
        // The third of them falls to the one after it, whose turn then is the next.
        assert_eq!(places[..5], [first, second, second, first, second]);
        assert_eq!(places[5..], [second, second]);
        drop(listeners);
        assert!(timed.open().is_err());
        assert_eq!((timed.addresses(), timed.refused().len()), (1, 3));
    }

    #[test]
    fn a_reply_without_end_ends_the_connection_and_not_the_memory() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let addresses = [listener.local_addr().unwrap().into()];
        let sender = std::thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            let mut sent = stream.write_all(b"HTTP/1.1 200 OK\r\n\r\n");
            while sent.is_ok() {
                sent = stream.write_all(&[b'y'; PIECE_BYTES]);
            }
        });
        let target = Target::parse("http://127.0.0.1:1").unwrap();
        let questions = Questions::of(&target, "/slow", "/quick");
        let end_ns = now_ns() + 60_000_000_000;
        let mut connections = TimedConnections::new(&addresses, &questions, end_ns);
        let line = connections.open().unwrap();
        assert_eq!(connections.alone_ns(line, SurveyQuestion::Quick), None);
        assert!(!connections.is_usable(line));
        let room = connections.lines[line].as_ref().map(|it| it.inbox.len());
        assert!(room <= Some(MAX_BODY_BYTES + 2 * PIECE_BYTES), "{room:?}");
        connections.close(line);
        sender.join().unwrap();
    }
}
