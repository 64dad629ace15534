//! The floor: the least CPU that one core pays for a request of this kind, with one ring and nothing
//! around it. Every request has a body of its own, the id of every reply is read, response times go into
//! one histogram; there are no journeys, no JSON library, no record, no runtime.
//!
//! `scripts/bench-peers.sh` runs it beside shopblast; it prints one line of JSON.

mod distance;
mod reply;
mod request;
mod ring;

use hdrhistogram::Histogram;
use reply::{Replies, ReplyError};
use request::Request;
use ring::{Completion, Ring};
use std::io;
use std::net::{SocketAddr, TcpStream};
use std::process::ExitCode;
use std::time::{Duration, Instant};

const USAGE: &str = "\
Usage: floor ADDRESS CONNECTIONS SECONDS [CPU]
       floor --distance CPU CPU

Posts registrations to ADDRESS (like 127.0.0.1:8000) over CONNECTIONS connections, one request after the
other on each, for SECONDS, on CPU if one is given. Prints one line of JSON.

With --distance it prints how many nanoseconds a cache line takes between two CPUs, to and fro.";

/// Longest response time that is told apart, in ns.
const LONGEST_NS: u64 = 60_000_000_000;

/// Why a measurement ended without a result.
#[derive(Debug, thiserror::Error)]
enum FloorError {
    #[error("{0}\n\n{USAGE}")]
    Arguments(String),
    #[error("{what}: {error}")]
    Io { what: String, error: io::Error },
    #[error("connection {connection}: {error}")]
    Reply { connection: u32, error: ReplyError },
    #[error("connection {connection} was closed by the server")]
    Closed { connection: u32 },
    #[error("no request was answered")]
    NoReplies,
    #[error("the distance of the CPUs is unknown: one may not be used, or was busy")]
    NoDistance,
}

/// What is to be done.
struct Asked {
    address: SocketAddr,
    connections: u32,
    run_time: Duration,
    cpu: Option<usize>,
}

fn number<T: std::str::FromStr>(word: &str, what: &str) -> Result<T, FloorError> {
    let says = |_| FloorError::Arguments(format!("`{word}` is no {what}"));
    word.parse().map_err(says)
}

impl Asked {
    fn read(words: &[String]) -> Result<Self, FloorError> {
        let (address, connections, seconds, cpu) = match words {
            [address, connections, seconds] => (address, connections, seconds, None),
            [address, connections, seconds, cpu] => (address, connections, seconds, Some(cpu)),
            _ => {
                let says = format!("3 or 4 arguments are needed, not {}", words.len());
                return Err(FloorError::Arguments(says));
            }
        };
        let asked = Self {
            address: number(address, "address with a port")?,
            connections: number(connections, "number of connections")?,
            run_time: Duration::from_secs(number(seconds, "number of whole seconds")?),
            cpu: cpu.map(|cpu| number(cpu, "CPU")).transpose()?,
        };
        if asked.connections == 0 || asked.run_time.is_zero() {
            let says = "at least one connection and one second are needed".to_owned();
            return Err(FloorError::Arguments(says));
        }
        Ok(asked)
    }
}

/// What was measured, from the first request to the end of the run time.
struct Measured {
    requests: u64,
    enters: u64,
    completions: u64,
    elapsed: Duration,
    used: Usage,
    response_ns: Histogram<u64>,
    last_id: String,
}

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    if matches!(words.as_slice(), [word] if word == "-h" || word == "--help") {
        println!("{USAGE}");
        return ExitCode::SUCCESS;
    }
    match run(&words) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(words: &[String]) -> Result<(), FloorError> {
    if let [flag, here, there] = words
        && flag == "--distance"
    {
        let cpus = [number(here, "CPU")?, number(there, "CPU")?];
        let round_trip_ns = distance::round_trip_ns(cpus).ok_or(FloorError::NoDistance)?;
        println!("{{\"round_trip_ns\":{round_trip_ns:.1}}}");
        return Ok(());
    }
    print(&measure(&Asked::read(words)?)?);
    Ok(())
}

fn measure(asked: &Asked) -> Result<Measured, FloorError> {
    let failed = |what: &str| {
        let what = what.to_owned();
        move |error| FloorError::Io { what, error }
    };
    if let Some(cpu) = asked.cpu
        && !core_affinity::set_for_current(core_affinity::CoreId { id: cpu })
    {
        let says = format!("CPU {cpu} may not be used");
        return Err(FloorError::Arguments(says));
    }
    let sockets = connect(asked).map_err(failed("connecting"))?;
    let mut ring = Ring::new(sockets, &Request::new(asked.address)).map_err(failed("the ring"))?;
    let mut exchange = Exchanges::new(asked.connections);

    let before = Usage::now();
    let start = Instant::now();
    ring.end_after(asked.run_time)
        .map_err(failed("the timer"))?;
    for connection in 0..asked.connections {
        ring.receive(connection).map_err(failed("receiving"))?;
        exchange.send(&mut ring, connection, start.elapsed())?;
    }
    loop {
        let mut is_over = false;
        ring.wait().map_err(failed("waiting"))?;
        while let Some(completion) = ring.next() {
            match completion {
                Completion::Received { connection, bytes } => {
                    let now = start.elapsed();
                    if exchange.take(connection, ring.bytes(&bytes), now)? {
                        exchange.send(&mut ring, connection, now)?;
                    }
                    ring.give_back(bytes);
                }
                Completion::Stopped { connection } => {
                    ring.receive(connection).map_err(failed("receiving"))?;
                }
                Completion::Closed { connection } => {
                    return Err(FloorError::Closed { connection });
                }
                Completion::Failed { connection, error } => {
                    let what = format!("connection {connection}");
                    return Err(FloorError::Io { what, error });
                }
                Completion::TimeIsUp => is_over = true,
            }
        }
        if is_over {
            break;
        }
    }
    let elapsed = start.elapsed();
    let used = Usage::now().since(&before);
    if exchange.requests == 0 {
        return Err(FloorError::NoReplies);
    }
    Ok(Measured {
        requests: exchange.requests,
        enters: ring.enters(),
        completions: ring.completions(),
        elapsed,
        used,
        response_ns: exchange.response_ns,
        last_id: exchange.replies.last_id().to_owned(),
    })
}

fn connect(asked: &Asked) -> io::Result<Vec<TcpStream>> {
    rlimit::increase_nofile_limit(u64::from(asked.connections) + 64)?;
    (0..asked.connections)
        .map(|_| {
            let socket = TcpStream::connect(asked.address)?;
            socket.set_nodelay(true)?;
            ring::send_unpaced(&socket)?;
            Ok(socket)
        })
        .collect()
}

/// Requests and what became of them.
struct Exchanges {
    sent: Vec<Duration>,
    replies: Replies,
    number: u64,
    requests: u64,
    response_ns: Histogram<u64>,
}

impl Exchanges {
    fn new(connections: u32) -> Self {
        Self {
            sent: vec![Duration::ZERO; connections as usize],
            replies: Replies::default(),
            number: 0,
            requests: 0,
            response_ns: Histogram::new_with_bounds(1_000, LONGEST_NS, 3).expect("bounds in order"),
        }
    }

    #[inline]
    fn send(&mut self, ring: &mut Ring, connection: u32, now: Duration) -> Result<(), FloorError> {
        self.number += 1;
        self.sent[connection as usize] = now;
        let queued = ring.send(connection, self.number);
        queued.map_err(|error| FloorError::Io {
            what: "sending".to_owned(),
            error,
        })
    }

    /// Whether the reply is complete.
    #[inline]
    fn take(&mut self, connection: u32, bytes: &[u8], now: Duration) -> Result<bool, FloorError> {
        let complete = self.replies.take(connection, bytes);
        let complete = complete.map_err(|error| FloorError::Reply { connection, error })?;
        if complete {
            let took = now.saturating_sub(self.sent[connection as usize]);
            self.response_ns.saturating_record(took.as_nanos() as u64);
            self.requests += 1;
        }
        Ok(complete)
    }
}

/// CPU time and context switches of this process.
struct Usage {
    user_us: u64,
    system_us: u64,
    switches_voluntary: u64,
    switches_forced: u64,
}

impl Usage {
    fn now() -> Self {
        let usage = ring::usage();
        let us = |time: libc::timeval| time.tv_sec as u64 * 1_000_000 + time.tv_usec as u64;
        Self {
            user_us: us(usage.ru_utime),
            system_us: us(usage.ru_stime),
            switches_voluntary: usage.ru_nvcsw as u64,
            switches_forced: usage.ru_nivcsw as u64,
        }
    }

    fn since(&self, before: &Self) -> Self {
        Self {
            user_us: self.user_us - before.user_us,
            system_us: self.system_us - before.system_us,
            switches_voluntary: self.switches_voluntary - before.switches_voluntary,
            switches_forced: self.switches_forced - before.switches_forced,
        }
    }
}

fn print(measured: &Measured) {
    let requests = measured.requests as f64;
    let used = &measured.used;
    let quantile_us = |share| measured.response_ns.value_at_quantile(share) as f64 / 1e3;
    println!(
        "{{\"requests\":{},\"seconds\":{:.3},\"requests_per_s\":{:.1},\
         \"cpu_us_per_request\":{:.4},\"user_us_per_request\":{:.4},\"system_us_per_request\":{:.4},\
         \"p50_us\":{:.1},\"p99_us\":{:.1},\"enters\":{},\"completions\":{},\
         \"completions_per_enter\":{:.3},\"switches_voluntary\":{},\"switches_forced\":{},\
         \"last_id\":\"{}\"}}",
        measured.requests,
        measured.elapsed.as_secs_f64(),
        requests / measured.elapsed.as_secs_f64(),
        (used.user_us + used.system_us) as f64 / requests,
        used.user_us as f64 / requests,
        used.system_us as f64 / requests,
        quantile_us(0.50),
        quantile_us(0.99),
        measured.enters,
        measured.completions,
        measured.completions as f64 / measured.enters as f64,
        used.switches_voluntary,
        used.switches_forced,
        measured.last_id,
    );
}
