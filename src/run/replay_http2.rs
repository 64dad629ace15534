//! The requests of a replay over HTTP/2: single ones, and several whose last frames leave together, as those of a
//! run's races do: in one send where they share a connection, in one submission where each has its own.

use super::replay_client::{
    CALM, MAX_BODY_BYTES, Received, ReplayPlace, ReplayReply, Shot, TIMEOUT, lateness, let_go,
    no_reply, release, why,
};
use super::replay_line::ReplayLine;
use crate::engine::http2::{Client, ClientSettings, KeptFields, StreamKey};
use crate::engine::tls::SpokenProtocol;
use crate::plan::RaceOver;
use std::io;
use std::net::TcpStream;
use std::sync::Barrier;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

/// Most streams of a replay on one connection.
const MOST_STREAMS: usize = 1_024;
/// Longest wait for bytes before it is looked what else there is to do.
const LOOK: Duration = Duration::from_millis(5);

/// Sends one request on a connection of its own and waits for the reply.
///
/// # Errors
/// When no address accepts, or the one that does does not speak HTTP/2.
pub fn send(place: ReplayPlace<'_>, request: &[u8]) -> io::Result<ReplayReply> {
    let mut line = Http2Line::open(place)?;
    let Ok(key) = line.client.open(request, false) else {
        return Ok(no_reply("the server takes no stream"));
    };
    if let Err(error) = line.flush() {
        return Ok(no_reply(&error.to_string()));
    }
    let sent = Instant::now();
    let mut replies = line.replies(&[key], &AtomicBool::new(true));
    let reply = replies.pop();
    Ok(reply.map_or_else(|| no_reply("no reply"), |reply| reply.answer(sent)))
}

/// Sends the requests on streams of one connection, or on a connection each: all but their last frames, and
/// those together but for what [`lateness`] adds in this attempt.
///
/// # Errors
/// When no address accepts, or the server does not take all of them.
pub fn send_together(
    place: ReplayPlace<'_>,
    over: RaceOver,
    requests: &[Vec<u8>],
    attempt: u32,
) -> io::Result<Vec<ReplayReply>> {
    let mut lanes: Vec<Lane> = (0..match over {
        RaceOver::OneConnection => 1,
        RaceOver::Connections => requests.len(),
    })
        .map(|at| {
            let line = place.with_addresses(at + attempt as usize, Http2Line::open)?;
            Ok(Lane {
                line,
                racers: Vec::new(),
                keys: Vec::new(),
            })
        })
        .collect::<io::Result<_>>()?;
    let count = lanes.len().max(1);
    for (racer, request) in requests.iter().enumerate() {
        lanes[racer % count].add(racer, request)?;
    }
    let mut ends = Vec::new();
    for (at, lane) in lanes.iter_mut().enumerate() {
        lane.bring_to_the_start()?;
        ends.extend(
            lane.ends(attempt, requests.len())?
                .into_iter()
                .map(|end| (at, end)),
        );
    }
    let streams: Vec<TcpStream> = lanes
        .iter()
        .map(|lane| lane.line.line.tcp().try_clone())
        .collect::<Result<_, _>>()?;
    let mut release = release(ends.len())?;
    let (waiting, is_released) = (Barrier::new(lanes.len() + 1), AtomicBool::new(false));
    Ok(thread::scope(|scope| {
        let receiving: Vec<_> = lanes
            .iter_mut()
            .map(|lane| {
                let (waiting, is_released) = (&waiting, &is_released);
                scope.spawn(move || {
                    waiting.wait();
                    let replies = lane.line.replies(&lane.keys, is_released);
                    lane.racers.iter().copied().zip(replies).collect::<Vec<_>>()
                })
            })
            .collect();
        waiting.wait();
        thread::sleep(CALM);
        let shots = ends.iter().map(|(at, end)| Shot {
            to: &streams[*at],
            bytes: &end.bytes,
            late: end.late,
        });
        let sent = let_go(&mut release, &shots.collect::<Vec<_>>());
        is_released.store(true, Ordering::Release);
        let mut answers = vec![no_reply("no reply"); requests.len()];
        for receiving in receiving {
            let received = receiving.join();
            let received = received.unwrap_or_else(|panic| std::panic::resume_unwind(panic));
            for (racer, reply) in received {
                let left = ends.iter().zip(&sent);
                let left = left.filter(|((_, end), _)| end.racers.contains(&racer));
                answers[racer] = match left.map(|(_, sent)| sent).next() {
                    Some(Err(error)) => no_reply(&error.to_string()),
                    Some(Ok(sent)) => reply.answer(*sent),
                    None => no_reply("it was not sent"),
                };
            }
        }
        answers
    }))
}

/// A connection and the racers on it.
struct Lane {
    line: Http2Line,
    racers: Vec<usize>,
    keys: Vec<StreamKey>,
}

/// The last frames of racers that leave at one moment.
struct LastFrames {
    racers: Vec<usize>,
    bytes: Vec<u8>,
    late: Duration,
}

impl Lane {
    fn add(&mut self, racer: usize, request: &[u8]) -> io::Result<()> {
        let most = self.line.client.most_streams();
        let key = self.line.client.open(request, true).map_err(|_| {
            io::Error::other(format!(
                "the server takes {most} streams at once on a connection, and there are more racers"
            ))
        })?;
        self.racers.push(racer);
        self.keys.push(key);
        Ok(())
    }

    /// Waits until the server has read all but the last frames.
    fn bring_to_the_start(&mut self) -> io::Result<()> {
        let sign = self.line.client.ask_for_sign();
        let keys = &self.keys;
        self.line.until(|client| {
            if keys.iter().any(|&key| client.is_refused(key)) {
                return Err(io::Error::other(
                    "the server says goodbye to the racers (GOAWAY)",
                ));
            }
            Ok(client.has_sign(sign) && keys.iter().all(|&key| client.is_at_start(key)))
        })
    }

    /// The last frames as they travel, in the order in which they leave.
    fn ends(&mut self, attempt: u32, racers: usize) -> io::Result<Vec<LastFrames>> {
        let late = |racer: usize| lateness(attempt, racer, racers);
        let mut moments: Vec<Duration> = self.racers.iter().map(|&racer| late(racer)).collect();
        moments.sort_unstable();
        moments.dedup();
        let mut ends = Vec::with_capacity(moments.len());
        for moment in moments {
            let due = self.racers.iter().zip(&self.keys);
            let due = due.filter(|(racer, _)| late(**racer) == moment);
            let mut leaving = Vec::new();
            for (&racer, &key) in due {
                self.line.client.release(key);
                leaving.push(racer);
            }
            let frames = self.line.client.take_out(Vec::new());
            ends.push(LastFrames {
                racers: leaving,
                bytes: self.line.line.sealed(frames)?,
                late: moment,
            });
        }
        Ok(ends)
    }
}

/// A connection on which a thread waits.
struct Http2Line {
    line: ReplayLine,
    client: Client,
}

impl Http2Line {
    /// Opens one, and waits until the server has spoken.
    fn open(place: ReplayPlace<'_>) -> io::Result<Self> {
        let tls = place.tls;
        let line = ReplayLine::open(place.addresses, tls, SpokenProtocol::Http2, TIMEOUT)?;
        let client = Client::new(ClientSettings {
            streams: MOST_STREAMS,
            max_body_bytes: MAX_BODY_BYTES,
            is_secure: tls.is_some(),
            kept: KeptFields::All,
        });
        let mut line = Self { line, client };
        line.until(|client| Ok(client.is_ready()))?;
        Ok(line)
    }

    fn flush(&mut self) -> io::Result<()> {
        let out = self.client.take_out(Vec::new());
        match out.is_empty() {
            true => Ok(()),
            false => self.line.send(&out),
        }
    }

    /// Takes what comes within `patience`, if anything does.
    fn receive(&mut self, patience: Duration) -> io::Result<()> {
        self.line.tcp().set_read_timeout(Some(patience))?;
        let mut text = Vec::new();
        match self.line.receive(&mut text) {
            Ok(0) => self.client.close(false),
            Ok(_) => self.client.receive(&text, Vec::new),
            Err(error) => match error.kind() {
                io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut => {}
                _ => return Err(error),
            },
        }
        Ok(())
    }

    /// Goes on until `is_done`.
    fn until(&mut self, is_done: impl Fn(&mut Client) -> io::Result<bool>) -> io::Result<()> {
        let deadline = Instant::now() + TIMEOUT;
        loop {
            self.flush()?;
            if is_done(&mut self.client)? {
                return Ok(());
            }
            if let Some(failure) = self.client.failure() {
                return Err(io::Error::other(failure));
            }
            if Instant::now() >= deadline {
                return Err(io::ErrorKind::TimedOut.into());
            }
            self.receive(LOOK)?;
        }
    }

    /// Waits for the replies on these streams. Says nothing itself before `is_released`: others send what was
    /// written before.
    fn replies(&mut self, keys: &[StreamKey], is_released: &AtomicBool) -> Vec<Received> {
        let deadline = Instant::now() + TIMEOUT;
        let mut received: Vec<Option<Received>> = keys.iter().map(|_| None).collect();
        let mut broken = None;
        loop {
            for (place, &key) in received.iter_mut().zip(keys) {
                let mut room = Vec::new();
                if let Some(ended) = self.client.take_ended(key, &mut room) {
                    let reply = ended.result.map(|reply| {
                        let head = String::from_utf8_lossy(&room[..reply.body.start]).into_owned();
                        let text = String::from_utf8_lossy(&room[reply.body]).into_owned();
                        (reply.status, head, text)
                    });
                    *place = Some(Received {
                        reply: reply.map_err(|failure| failure.to_string()),
                        at: Instant::now(),
                    });
                }
            }
            let is_over = received.iter().all(Option::is_some);
            if is_over || broken.is_some() || Instant::now() >= deadline {
                break;
            }
            let sent = match is_released.load(Ordering::Acquire) {
                true => self.flush(),
                false => Ok(()),
            };
            broken = sent.and_then(|()| self.receive(LOOK)).err();
        }
        let error = broken.unwrap_or_else(|| io::ErrorKind::TimedOut.into());
        let missing = || Received {
            reply: Err(why(&error, TIMEOUT)),
            at: Instant::now(),
        };
        let received = received.into_iter();
        received
            .map(|reply| reply.unwrap_or_else(missing))
            .collect()
    }
}
