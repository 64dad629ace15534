//! How many processes serve a target, and which connection belongs to which: found before the clock
//! starts, without any help of the target.
//!
//! Several processes that accept on one port are woken together when a connection comes, and the
//! first one takes all that are there: connections opened in a burst land on one process. One that
//! is at work takes none. So connections are opened while the processes that are known already are
//! kept at work by something slow, and the next process is found, or one is chosen. Which process
//! a connection belongs to shows in who waits for whom: a quick request on a connection whose
//! process is at work is answered after that work, on any other before it. That is a question of
//! order, and holds however busy the machine is; each is asked several times.

mod evidence;
mod groups;
mod proxy;
mod questions;
mod spread;
mod timed_connections;

use super::clock::now_ns;
use super::interruption::Interruption;
use crate::plan::{PeerAddress, Route};
use groups::{AnswerPace, ProcessGroups};
pub use questions::Questions;
pub use spread::Spread;
use std::time::Duration;
pub use timed_connections::Opened;
use timed_connections::TimedConnections;

/// A survey for races gives up after this long; opening connections may take as long again.
pub const LONGEST: Duration = Duration::from_secs(10);
/// The same for a load without races, which can do without.
pub const SHORTEST: Duration = Duration::from_secs(1);
/// Processes that are told apart; further ones are not looked for.
pub const MOST_PROCESSES: usize = 32;
/// Connections of the first burst.
const BURST: usize = 6;
/// Connections opened one by one while processes are at work, to find another process: as many as
/// may find none before the search ends.
const WAVE: usize = 6;
/// For each of so many addresses.
const MOST_AT_ONE_TIME: usize = 4;

/// How a target handles requests at the same time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Processes {
    /// It was not asked, or does not answer every question.
    Unknown,
    /// It answers too fast to tell: the slow question alone takes so many microseconds.
    TooFast(u64),
    /// So many processes, each of which handles what comes on its connections one after the other.
    Seen(u32),
    /// Connections belong to no process: what is asked on one is handled by whichever process a
    /// proxy picks, or by threads; at least this many at once, two or more.
    PerRequest(u32),
}

/// What a survey found, and what it took.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Survey {
    /// What was found.
    pub processes: Processes,
    /// Connections that were tried.
    pub connections: u32,
    /// Requests that were sent.
    pub requests: u32,
    /// How long it took, in microseconds.
    pub took_us: u64,
}

/// Finds a target's processes, and opens connections at them.
pub struct Surveyor<'a> {
    groups: ProcessGroups<'a>,
    interruption: Option<&'a Interruption>,
    longest: Duration,
    started_ns: u64,
    processes: Processes,
}

impl<'a> Surveyor<'a> {
    /// A survey of the target at `addresses` begins; it gives up after `longest`, and when
    /// `interruption` ends the run.
    #[must_use]
    pub fn new(
        addresses: &'a [Route],
        questions: &'a Questions,
        longest: Duration,
        interruption: Option<&'a Interruption>,
    ) -> Self {
        let started_ns = now_ns();
        let end_ns = started_ns + longest.as_nanos() as u64;
        Self {
            groups: ProcessGroups::new(TimedConnections::new(addresses, questions, end_ns)),
            interruption,
            longest,
            started_ns,
            processes: Processes::Unknown,
        }
    }

    /// Looks for processes.
    pub fn look(&mut self) {
        self.processes = self.find().unwrap_or(Processes::Unknown);
    }

    /// What was found, and what all of it took until now.
    #[must_use]
    pub fn survey(&self) -> Survey {
        let timed = self.groups.timed();
        Survey {
            processes: self.processes,
            connections: timed.opened,
            requests: timed.requests,
            took_us: (now_ns() - self.started_ns) / 1_000,
        }
    }

    /// Addresses of the target that accepted no connection.
    #[must_use]
    pub fn refused(&self) -> &[PeerAddress] {
        self.groups.timed().refused()
    }

    fn is_over(&self) -> bool {
        self.groups.timed().is_over() || self.interruption.is_some_and(Interruption::ends_run)
    }

    /// `None` when the target does not answer.
    fn find(&mut self) -> Option<Processes> {
        let first = self.groups.open()?;
        match self.groups.set_pace(first)? {
            AnswerPace::TooFast(slow_us) => return Some(Processes::TooFast(slow_us)),
            AnswerPace::TooSlow => return None,
            AnswerPace::Telling => {}
        }
        self.groups.found(first);
        let mut burst: Vec<usize> = (1..BURST)
            .filter_map(|_| self.groups.open_near(first))
            .collect();
        let is_full = burst.len() + 1 == BURST;
        // Others of the name's addresses are other processes, as a rule.
        let elsewhere = self.groups.timed().addresses() - 1;
        burst.extend((0..elsewhere).filter_map(|_| self.groups.open()));
        self.groups.sort(&burst);
        if is_full && self.groups.count() == burst.len() + 1 {
            // Not two of a burst wait for each other.
            return Some(Processes::PerRequest(self.groups.at_once()));
        }
        let wave = WAVE * self.groups.timed().addresses().min(MOST_AT_ONE_TIME);
        let mut is_alone = false;
        while self.groups.count() < MOST_PROCESSES && !self.is_over() {
            let known = self.groups.count();
            let wave = self.groups.open_wave(wave);
            self.groups.sort(&wave);
            if self.groups.count() > known {
                continue;
            }
            // That there is only one process is looked at twice.
            if known > 1 || std::mem::replace(&mut is_alone, true) {
                break;
            }
        }
        let is_looked_at = !self.is_over();
        if is_looked_at && !self.groups.are_pinned() && !self.is_over() {
            // Something overtook something else.
            return Some(Processes::PerRequest(self.groups.at_once()));
        }
        match self.groups.count() {
            // Nobody looked to the end.
            1 if self.is_over() => None,
            count => Some(Processes::Seen(count as u32)),
        }
    }
}
