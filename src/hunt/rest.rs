//! Between two probes: the target comes to rest, or gets up again.
//!
//! A target that was overloaded works its queue off first: it is at rest when it answers a read of its
//! health about as fast as before any load. A target that fell over is asked until it answers.

use crate::plan::{AddressPolicy, Target};
use crate::run::{ReachError, preflight, resolve};
use std::thread;
use std::time::{Duration, Instant};

/// Time between two looks at a target that is coming to rest.
const LOOK_EVERY: Duration = Duration::from_millis(100);
/// Time between two looks at a target that is down.
const ASK_EVERY: Duration = Duration::from_millis(200);
/// Quick answers in a row that are taken for rest.
const QUICK_ANSWERS: u32 = 3;
/// How much longer than before an answer may take: so many times, …
const SLACK_TIMES: u32 = 3;
/// … or by so much.
const SLACK: Duration = Duration::from_millis(20);
/// Longest wait for one answer.
const ANSWER_LIMIT: Duration = Duration::from_secs(5);
/// Looks without a connection, one after the other, that make a target be down.
const REFUSALS: u32 = 3;

/// Asks the target how it is.
pub struct TargetHealth {
    target: Target,
    addresses: AddressPolicy,
    /// What is asked for: see [`crate::engine::Subject::health_path`].
    path: &'static str,
    /// How long an answer took before any load.
    at_rest: Duration,
}

/// How a wait ended.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Rested {
    /// The target is at rest, or the time was over; after this long.
    After(Duration),
    /// It takes no connections.
    Down,
    /// The user ended it.
    Stopped,
}

impl TargetHealth {
    /// Asks the target for `path` for the first time.
    ///
    /// # Errors
    /// When it does not answer.
    pub fn ask_first(
        target: &Target,
        addresses: &AddressPolicy,
        path: &'static str,
    ) -> Result<Self, ReachError> {
        let mut health = Self {
            target: target.clone(),
            addresses: addresses.clone(),
            path,
            at_rest: Duration::ZERO,
        };
        let answers = [health.ask()?, health.ask()?, health.ask()?];
        health.at_rest = answers.into_iter().min().unwrap_or_default();
        Ok(health)
    }

    fn ask(&self) -> Result<Duration, ReachError> {
        let began = Instant::now();
        let addresses = resolve(&self.target, &self.addresses)?;
        preflight(&self.target, &addresses, self.path, ANSWER_LIMIT)?;
        Ok(began.elapsed())
    }

    fn is_quick(&self, answer: Duration) -> bool {
        answer <= (self.at_rest * SLACK_TIMES).max(self.at_rest + SLACK)
    }

    /// Waits until the target is at rest, for at most `limit`, or until `is_stopped`.
    pub fn rest(&self, limit: Duration, is_stopped: impl Fn() -> bool) -> Rested {
        let began = Instant::now();
        let (mut quick, mut refusals) = (0, 0);
        loop {
            if is_stopped() {
                return Rested::Stopped;
            }
            match self.ask() {
                Ok(answer) => {
                    refusals = 0;
                    quick = if self.is_quick(answer) { quick + 1 } else { 0 };
                }
                Err(ReachError::Unreachable { .. }) => {
                    quick = 0;
                    refusals += 1;
                }
                // It accepted, and did not answer in time: it is busy.
                Err(_) => quick = 0,
            }
            if refusals == REFUSALS {
                return Rested::Down;
            }
            if quick == QUICK_ANSWERS || (began.elapsed() >= limit && refusals == 0) {
                return Rested::After(began.elapsed());
            }
            thread::sleep(LOOK_EVERY);
        }
    }

    /// Waits until the target answers again, for at most `limit`, or until `is_stopped`; whether it
    /// does.
    pub fn recovery(&self, limit: Duration, is_stopped: impl Fn() -> bool) -> bool {
        let began = Instant::now();
        while began.elapsed() < limit && !is_stopped() {
            if self.ask().is_ok() {
                return true;
            }
            thread::sleep(ASK_EVERY);
        }
        false
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::{Read, Write};
    use std::net::TcpListener;

    fn target_on(listener: &TcpListener) -> Target {
        let address = listener.local_addr().unwrap();
        Target::parse(&format!("http://{address}")).unwrap()
    }

    /// Answers every request, until it is told to end by a connection that sends nothing.
    fn serve(listener: &TcpListener) {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let mut piece = [0; 1_024];
            if stream.read(&mut piece).unwrap_or_default() == 0 {
                return;
            }
            let reply = b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n";
            stream.write_all(reply).unwrap();
        }
    }

    #[test]
    fn a_well_target_is_at_rest_and_a_gone_one_is_down() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let (target, policy) = (target_on(&listener), AddressPolicy::new(&[]));
        let address = listener.local_addr().unwrap();
        let server = thread::spawn(move || serve(&listener));
        let health = TargetHealth::ask_first(&target, &policy, "/health").unwrap();
        let limit = Duration::from_secs(60);
        assert!(matches!(health.rest(limit, || false), Rested::After(_)));
        assert_eq!(health.rest(limit, || true), Rested::Stopped);
        assert!(health.recovery(limit, || false));
        drop(std::net::TcpStream::connect(address).unwrap());
        server.join().unwrap();
        assert_eq!(health.rest(limit, || false), Rested::Down);
        assert!(!health.recovery(Duration::ZERO, || false));
        assert!(TargetHealth::ask_first(&target, &policy, "/health").is_err());
    }
}
