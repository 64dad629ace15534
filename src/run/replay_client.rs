//! Single requests over plain sockets, and several that leave together: for replays, where a thread
//! a reply is cheap enough. What lets racers go is what lets them go in a run.
//!
//! Racers go to different processes of the target where it has several, and in every other attempt
//! a little apart: what two processes do at the same time depends on some ten or hundred microseconds.

use super::replay_line::ReplayLine;
use crate::engine::codec::ReplyParser;
use crate::engine::tls::{SpokenProtocol, TlsClient};
use crate::engine::{LONGEST_SURVEY, Opened, Questions, Release, Survey, Surveyor};
use crate::plan::{Driver, Route};
use std::io::{self, Write};
use std::net::{Shutdown, TcpStream};
use std::os::fd::AsRawFd;
use std::sync::Barrier;
use std::thread;
use std::time::{Duration, Instant};

/// Longest wait for a connection, and from there to the end of a reply.
pub const TIMEOUT: Duration = Duration::from_secs(10);
/// Largest body of a reply.
pub const MAX_BODY_BYTES: usize = 1 << 20;
/// Those who wait for replies are asleep by then, and take no CPU from the target's processes.
pub const CALM: Duration = Duration::from_millis(1);

/// A sleep may end this late; the rest of a wait is spent looking at the clock.
const WAKE_EARLY: Duration = Duration::from_micros(200);

/// What came of a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReplayReply {
    /// HTTP status; `None` when no reply came.
    pub status: Option<u16>,
    /// Status line and headers of the reply; empty without one.
    pub head: String,
    /// Body of the reply, or why there is none.
    pub text: String,
    /// From the last byte sent to the reply.
    pub took: Duration,
}

/// Where a replay goes.
#[derive(Clone, Copy)]
pub struct ReplayPlace<'a> {
    /// The target's addresses.
    pub addresses: &'a [Route],
    /// How TLS is spoken there, if it is.
    pub tls: Option<&'a TlsClient>,
}

impl ReplayPlace<'_> {
    /// Sends one request and waits for its reply.
    ///
    /// # Errors
    /// When no address accepts, or TLS cannot be spoken with the one that does.
    pub fn send(&self, request: &[u8]) -> io::Result<ReplayReply> {
        let mut line = self.open()?;
        if let Err(error) = line.send(request) {
            return Ok(no_reply(&error.to_string()));
        }
        let sent = Instant::now();
        Ok(receive(&mut line).answer(sent))
    }

    fn open(&self) -> io::Result<ReplayLine> {
        ReplayLine::open(self.addresses, self.tls, SpokenProtocol::Http1, TIMEOUT)
    }

    /// The same place, which begins with another of its addresses at each `turn`.
    pub fn with_addresses<T>(&self, turn: usize, open: impl FnOnce(ReplayPlace<'_>) -> T) -> T {
        let mut addresses = self.addresses.to_vec();
        let turn = turn % addresses.len().max(1);
        addresses.rotate_left(turn);
        open(ReplayPlace {
            addresses: &addresses,
            ..*self
        })
    }
}

/// Opens connections for racers, each at another process where the target has several.
pub struct Starter<'a> {
    place: ReplayPlace<'a>,
    questions: &'a Questions,
    surveyor: Option<Surveyor<'a>>,
}

impl<'a> Starter<'a> {
    /// A starter that knows nothing yet.
    pub fn new(place: ReplayPlace<'a>, questions: &'a Questions) -> Self {
        Self {
            place,
            questions,
            surveyor: None,
        }
    }

    /// Looks for the target's processes.
    pub fn look(&mut self) -> Survey {
        let mut surveyor =
            Surveyor::new(self.place.addresses, self.questions, LONGEST_SURVEY, None);
        surveyor.look();
        let survey = surveyor.survey();
        self.surveyor = Some(surveyor);
        survey
    }

    /// `count` open connections. Attempt after attempt another racer has the first process.
    ///
    /// # Errors
    /// When no address accepts.
    fn open(&mut self, count: usize, attempt: u32) -> io::Result<Vec<ReplayLine>> {
        let mut opened = self.spread(count);
        if opened.len() < count && self.surveyor.is_some() {
            // What it knew has been closed meanwhile, as servers do after some idle seconds.
            self.look();
            opened = self.spread(count);
        }
        let mut by_turn = in_turn(opened)?;
        if !by_turn.is_empty() {
            let first = attempt as usize % by_turn.len();
            by_turn.rotate_left(first);
        }
        while by_turn.len() < count {
            let turn = by_turn.len() + attempt as usize;
            by_turn.push(self.place.with_addresses(turn, |place| place.open())?);
        }
        Ok(by_turn)
    }

    fn spread(&mut self, count: usize) -> Vec<Opened> {
        let surveyor = self.surveyor.as_mut();
        surveyor.map_or_else(Vec::new, |surveyor| {
            surveyor.open(count, 0).race_connections
        })
    }
}

/// One of each process after the other.
fn in_turn(mut opened: Vec<Opened>) -> io::Result<Vec<ReplayLine>> {
    let mut lines = Vec::with_capacity(opened.len());
    let mut last = 0;
    while !opened.is_empty() {
        let other = opened.iter().position(|opened| opened.process != last);
        let next = opened.remove(other.unwrap_or(0));
        last = next.process;
        lines.push(ReplayLine::over(next.stream, next.layer, TIMEOUT)?);
    }
    Ok(lines)
}

/// How much later racer `racer` of `racers` leaves in an attempt: nothing in every other one, and in
/// those between one of them after the other a little more. What is open for some ten microseconds only
/// is met together or never.
#[must_use]
pub fn lateness(attempt: u32, racer: usize, racers: usize) -> Duration {
    const STEPS_US: [u64; 9] = [20, 50, 100, 200, 500, 1_000, 2_000, 4_000, 8_000];
    let racers = racers.max(1);
    let later = (attempt / 2).saturating_sub(1) as usize;
    match attempt.is_multiple_of(2) && later % racers == racer {
        true => Duration::from_micros(STEPS_US[later / racers % STEPS_US.len()]),
        false => Duration::ZERO,
    }
}

/// Sends the requests on a connection each: all but their ends, and the ends in one submission but for
/// what [`lateness`] adds in this attempt. An end is the last byte, or the record of TLS that holds it.
///
/// # Errors
/// When no address accepts.
pub fn send_together(
    starter: &mut Starter<'_>,
    requests: &[Vec<u8>],
    attempt: u32,
) -> io::Result<Vec<ReplayReply>> {
    let mut lines = starter.open(requests.len(), attempt)?;
    let starts = lines.iter_mut().zip(requests);
    let ends: Vec<Vec<u8>> = starts
        .map(|(line, request)| line.send_start(request))
        .collect::<Result<_, _>>()?;
    let streams: Vec<TcpStream> = lines
        .iter()
        .map(|line| line.tcp().try_clone())
        .collect::<Result<_, _>>()?;
    let mut release = release(streams.len())?;
    let waiting = Barrier::new(streams.len() + 1);
    Ok(thread::scope(|scope| {
        let replies: Vec<_> = lines
            .iter_mut()
            .map(|line| {
                let waiting = &waiting;
                scope.spawn(move || {
                    waiting.wait();
                    receive(line)
                })
            })
            .collect();
        waiting.wait();
        thread::sleep(CALM);
        let shots = streams.iter().zip(&ends).enumerate();
        let shots = shots.map(|(racer, (to, bytes))| Shot {
            to,
            bytes,
            late: lateness(attempt, racer, ends.len()),
        });
        let sent = let_go(&mut release, &shots.collect::<Vec<_>>());
        let replies = replies.into_iter().map(|reply| {
            reply
                .join()
                .unwrap_or_else(|panic| std::panic::resume_unwind(panic))
        });
        replies
            .zip(sent)
            .map(|(reply, sent)| match sent {
                Ok(sent) => reply.answer(sent),
                Err(error) => no_reply(&error.to_string()),
            })
            .collect()
    }))
}

/// By a ring, or by system calls where the kernel gives none.
pub fn release(racers: usize) -> io::Result<Release> {
    Release::new(Driver::Uring, racers).or_else(|_| Release::new(Driver::Epoll, racers))
}

/// What leaves on a connection at one moment.
pub struct Shot<'a> {
    /// The connection.
    pub to: &'a TcpStream,
    /// What leaves.
    pub bytes: &'a [u8],
    /// How long after the first ones.
    pub late: Duration,
}

/// Sends the `shots`: those that are not late in one submission, then the others. When each had left, or
/// why it did not.
pub fn let_go(release: &mut Release, shots: &[Shot<'_>]) -> Vec<io::Result<Instant>> {
    let start = Instant::now();
    let (on_time, mut later): (Vec<usize>, Vec<usize>) =
        (0..shots.len()).partition(|&at| shots[at].late.is_zero());
    later.sort_by_key(|&at| shots[at].late);
    let mut sent: Vec<io::Result<Instant>> = shots.iter().map(|_| Ok(start)).collect();
    for due in std::iter::once(on_time).chain(later.into_iter().map(|at| vec![at])) {
        wait_until(start + due.first().map_or(Duration::ZERO, |&at| shots[at].late));
        release.send_all(due.iter().map(|&at| {
            let to = shots[at].to.as_raw_fd().into();
            (to, shots[at].bytes)
        }));
        let left = Instant::now();
        for (&at, &taken) in due.iter().zip(release.results()) {
            let Shot { mut to, bytes, .. } = shots[at];
            let rest = usize::try_from(taken).map(|taken| bytes.get(taken..).unwrap_or_default());
            let whole = match rest {
                Ok([]) => Ok(left),
                Ok(rest) => to.write_all(rest).map(|()| Instant::now()),
                Err(_) => Err(io::Error::from_raw_os_error(-taken)),
            };
            if whole.is_err() {
                // Nobody waits for a reply to what did not leave.
                let _ = to.shutdown(Shutdown::Both);
            }
            sent[at] = whole;
        }
    }
    sent
}

/// To the microsecond: a sleep ends late by more than the smallest of the steps.
fn wait_until(moment: Instant) {
    let left = moment.saturating_duration_since(Instant::now());
    thread::sleep(left.saturating_sub(WAKE_EARLY));
    while Instant::now() < moment {
        std::hint::spin_loop();
    }
}

/// A reply, or why there is none, and when it was there.
pub struct Received {
    /// Status, head and body.
    pub reply: Result<(u16, String, String), String>,
    /// When it was there.
    pub at: Instant,
}

impl Received {
    /// As the answer to a request that had left at `sent`.
    pub fn answer(self, sent: Instant) -> ReplayReply {
        match self.reply {
            Ok((status, head, text)) => ReplayReply {
                status: Some(status),
                head,
                text,
                took: self.at.saturating_duration_since(sent),
            },
            Err(why) => no_reply(&why),
        }
    }
}

fn receive(line: &mut ReplayLine) -> Received {
    receive_within(line, TIMEOUT)
}

/// A reply that comes drop by drop is given up as one that does not come at all.
fn receive_within(line: &mut ReplayLine, patience: Duration) -> Received {
    let mut parser = ReplyParser::new(MAX_BODY_BYTES);
    let mut buffer = Vec::new();
    let deadline = Instant::now() + patience;
    let reply = loop {
        let left = deadline.saturating_duration_since(Instant::now());
        let waiting = match left.is_zero() {
            true => Err(io::ErrorKind::TimedOut.into()),
            false => line.tcp().set_read_timeout(Some(left)),
        };
        match waiting.and_then(|()| line.receive(&mut buffer)) {
            Ok(0) => break parser.close(&buffer).map_err(|error| error.to_string()),
            Ok(_) => {}
            Err(error) => break Err(why(&error, patience)),
        }
        match parser.advance(&mut buffer) {
            Ok(None) => {}
            Ok(Some(reply)) => break Ok(reply),
            Err(malformed) => break Err(malformed.to_string()),
        }
    };
    Received {
        at: Instant::now(),
        reply: reply.map(|reply| {
            let head = String::from_utf8_lossy(&buffer[..reply.body.start]).into_owned();
            let text = String::from_utf8_lossy(&buffer[reply.body]).into_owned();
            (reply.status, head, text)
        }),
    }
}

/// Why there is no reply.
pub fn why(error: &io::Error, patience: Duration) -> String {
    match error.kind() {
        io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut => {
            format!("no complete reply within {} s", patience.as_secs_f64())
        }
        _ => error.to_string(),
    }
}

/// What stands for a reply that did not come.
pub fn no_reply(why: &str) -> ReplayReply {
    ReplayReply {
        status: None,
        head: String::new(),
        text: why.to_owned(),
        took: Duration::ZERO,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::Target;
    use std::io::Read;
    use std::net::TcpListener;

    /// Answers, once as many requests as there are bodies have arrived in full, each with its body, in
    /// the order in which their connections came; with no body the connection is closed.
    fn server_of(bodies: &'static [Option<&'static str>]) -> Route {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        thread::spawn(move || {
            let mut streams: Vec<TcpStream> = (0..bodies.len())
                .map(|_| listener.accept().unwrap().0)
                .collect();
            for stream in &mut streams {
                let mut text = Vec::new();
                while !text.ends_with(b"\r\n\r\n") {
                    let mut byte = [0];
                    stream.read_exact(&mut byte).unwrap();
                    text.push(byte[0]);
                }
            }
            for (stream, body) in streams.iter_mut().zip(bodies) {
                if let Some(body) = body {
                    let length = body.len();
                    let reply =
                        format!("HTTP/1.1 200 OK\r\ncontent-length: {length}\r\n\r\n{body}");
                    stream.write_all(reply.as_bytes()).unwrap();
                }
            }
        });
        address.into()
    }

    #[test]
    fn racers_leave_before_anybody_is_answered_and_each_gets_its_own_reply() {
        let target = Target::parse("http://127.0.0.1:1").unwrap();
        let questions = Questions::of(&target, "/slow", "/quick");
        let request = b"GET / HTTP/1.1\r\n\r\n".to_vec();
        for attempt in [1, 2, 3] {
            let addresses = [server_of(&[Some("first"), None, Some("third")])];
            let place = ReplayPlace {
                addresses: &addresses,
                tls: None,
            };
            let mut starter = Starter::new(place, &questions);
            let requests = vec![request.clone(); 3];
            let answers = send_together(&mut starter, &requests, attempt).unwrap();
            let statuses: Vec<_> = answers.iter().map(|answer| answer.status).collect();
            assert_eq!(statuses, [Some(200), None, Some(200)], "{answers:?}");
            assert_eq!((&*answers[0].text, &*answers[2].text), ("first", "third"));
        }
    }

    /// What a server says that never comes to an end, how it begins and how it goes on, and what is
    /// told of it.
    const ENDLESS: &[(&str, &str, &str)] = &[
        ("HTTP/1.1 200 OK\r\nx: ", "y", "larger than 64 KiB"),
        ("", "HTTP/1.1 100 Continue\r\n\r\n", "larger than 64 KiB"),
        ("HTTP/1.1 200 OK\r\n\r\n", "y", "larger than the limit"),
        (CHUNKED, "t: 1\r\n", "larger than 64 KiB"),
        (CHUNKED, "", "no complete reply within 0.2 s"),
    ];
    const CHUNKED: &str = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n0\r\n";

    #[test]
    fn a_reply_without_end_is_given_up_with_the_limit_that_it_met() {
        for (start, forever, told) in ENDLESS {
            let (stream, mut server) = pair();
            let sender = thread::spawn(move || {
                let mut sent = server.write_all(start.as_bytes());
                while sent.is_ok() && !forever.is_empty() {
                    sent = server.write_all(forever.repeat(500).as_bytes());
                }
                // Held until the other end has given it up.
                let _ = server.read(&mut [0]);
            });
            let patience = match forever.is_empty() {
                true => Duration::from_millis(200),
                false => TIMEOUT,
            };
            let mut line = ReplayLine::over(stream, None, TIMEOUT).unwrap();
            let reply = receive_within(&mut line, patience).reply;
            drop(line);
            sender.join().unwrap();
            let said = reply.unwrap_err();
            assert!(said.contains(told), "{said}");
        }
    }

    #[test]
    fn a_reply_that_comes_drop_by_drop_is_not_waited_for_for_ever() {
        let (stream, mut server) = pair();
        let sender = thread::spawn(move || {
            let _ = server.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 100000\r\n\r\n");
            while server.write_all(b"y").is_ok() {
                thread::sleep(Duration::from_millis(20));
            }
        });
        let mut line = ReplayLine::over(stream, None, TIMEOUT).unwrap();
        let reply = receive_within(&mut line, Duration::from_millis(300)).reply;
        drop(line);
        sender.join().unwrap();
        assert_eq!(reply.unwrap_err(), "no complete reply within 0.3 s");
    }

    fn pair() -> (TcpStream, TcpStream) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let stream = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        (stream, listener.accept().unwrap().0)
    }

    #[test]
    fn what_did_not_leave_is_told_and_not_waited_for() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let stream = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        stream.shutdown(Shutdown::Write).unwrap();
        let mut release = release(1).unwrap();
        let shot = Shot {
            to: &stream,
            bytes: b"x",
            late: Duration::ZERO,
        };
        let sent = let_go(&mut release, &[shot]);
        let error = sent[0].as_ref().expect_err("nothing left");
        assert_eq!(error.kind(), io::ErrorKind::BrokenPipe);
    }

    #[test]
    fn every_other_attempt_is_at_one_moment_and_those_between_are_a_little_apart() {
        let late = |attempt| [0, 1].map(|racer| lateness(attempt, racer, 2).as_micros());
        for together in [1, 3, 5, 99] {
            assert_eq!(late(together), [0, 0], "{together}");
        }
        assert_eq!(late(2), [20, 0]);
        assert_eq!(late(4), [0, 20]);
        assert_eq!(late(6), [50, 0]);
        assert_eq!(late(36), [0, 8_000]);
        assert_eq!(late(38), [20, 0]);
    }
}
