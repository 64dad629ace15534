//! What leader and members say beside what the bus knows.

use crate::record::Generator;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// Order: so many users from a moment on.
pub const STEER: &str = "steer";
/// Order: what is in flight is cut off.
pub const CUT: &str = "cut";
/// Report: this member cannot do what it should.
pub const REFUSED: &str = "refused";
/// Report: the clock of the run has started here.
pub const STARTED: &str = "started";
/// Report of the first shard: what all users share is set up. Order: here it is.
pub const SET_UP: &str = "set-up";
/// Order to the first shard: nobody needs any more what was set up.
pub const CLEAR: &str = "clear";
/// Report: replies that name events which are followed; see [`super::handed_events`].
pub const EVENTS: &str = "events";
/// What changes how long members go on without a leader.
pub const LEADERLESS_FLAG: &str = "--leaderless";

/// How long a Redis that is away is waited for by a member that has a record to hand over.
pub const REDIS_PATIENCE: Duration = Duration::from_secs(60);

/// Bytes of an interval that go into one message.
pub const PART_BYTES: usize = 900 << 10;
/// Most parts of an interval.
const MOST_PARTS: usize = 40;

/// What is said in JSON.
pub trait Said: Serialize + DeserializeOwned {
    /// As bytes.
    fn to_bytes(&self) -> Vec<u8> {
        // Plain data: there is always a JSON text of it.
        serde_json::to_vec(self).unwrap_or_default()
    }

    /// What came; `None` when it is something else.
    fn read(bytes: &[u8]) -> Option<Self> {
        serde_json::from_slice(bytes).ok()
    }
}

/// See [`STEER`] and [`CUT`].
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Steering {
    /// Which of the runs.
    pub round: u32,
    /// The moment, in microseconds from the start of the run.
    pub at_us: u64,
    /// Users of all members.
    pub users: u32,
    /// Users of all members that are started or stopped a second; `None`: at once.
    pub spawn_rate_per_s: Option<f64>,
}

/// See [`REFUSED`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Refused {
    /// Why.
    pub why: String,
    /// The exit code that tells of it.
    pub exit_code: u8,
}

/// See [`STARTED`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Started {
    /// Which of the runs.
    pub round: u32,
    /// How much later than agreed its workers were let go, in nanoseconds.
    pub late_ns: u64,
}

/// See [`SET_UP`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SetUp {
    /// Which of the runs.
    pub round: u32,
    /// What was set up; `None` when users share nothing.
    pub shared: Option<String>,
}

/// See [`CLEAR`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Clear {
    /// Which of the runs.
    pub round: u32,
    /// Numbers of the shards, from 1, of which nobody knows whether they need it: they are lost.
    pub lost: Vec<u32>,
}

/// What a member says of itself when it is prepared.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Prepared {
    /// The hash of the plan that it came to.
    pub hash: String,
    /// Kernel CPU numbers of its workers.
    pub cpus: Vec<usize>,
    /// Connections that are open.
    pub connections: usize,
    /// What its workers need from the order to the start, in microseconds.
    pub delay_us: u64,
    /// How far its wall clock is ahead of the server's, in microseconds.
    pub wall_ahead_us: i64,
}

/// What a member says of a run that is over there.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settled {
    /// Where its record lies.
    pub directory: String,
    /// Whether its user ended it before its time.
    pub interrupted: bool,
    /// What is wrong with its record, a sentence each.
    pub losses: Vec<String>,
    /// When its load ended, in seconds from the start.
    pub measured_s: f64,
    /// How many seconds it told of.
    pub seconds: u32,
    /// How fit its generator was.
    pub generator: Generator,
}

impl Said for Steering {}
impl Said for Refused {}
impl Said for Started {}
impl Said for SetUp {}
impl Said for Clear {}
impl Said for Prepared {}
impl Said for Settled {}

/// Cuts a message into parts that fit: each begins with its place among them, and how many they are.
#[must_use]
pub fn parts(message: &[u8]) -> Vec<Vec<u8>> {
    let chunks = message.chunks(PART_BYTES);
    let count = chunks.len().max(1);
    let head = |place: usize| [place as u8, count as u8];
    match message.is_empty() {
        true => vec![head(0).to_vec()],
        false => chunks
            .enumerate()
            .map(|(place, chunk)| [&head(place)[..], chunk].concat())
            .collect(),
    }
}

/// Puts parts together again.
#[derive(Debug, Default)]
pub struct Parts {
    bytes: Vec<u8>,
    next: usize,
}

impl Parts {
    /// Takes the next part; gives the whole message with the last one. What is out of order is dropped.
    pub fn add(&mut self, part: &[u8]) -> Option<Vec<u8>> {
        let [place, count, bytes @ ..] = part else {
            return None;
        };
        let (place, count) = (usize::from(*place), usize::from(*count));
        if place == 0 {
            *self = Self::default();
        }
        if place != self.next || count > MOST_PARTS || place >= count {
            *self = Self::default();
            return None;
        }
        self.bytes.extend_from_slice(bytes);
        self.next += 1;
        (self.next == count).then(|| std::mem::take(self).bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_message_comes_over_in_parts() {
        let long: Vec<u8> = (0..2 * PART_BYTES + 7).map(|at| (at % 251) as u8).collect();
        for message in [&long[..], b"short", b""] {
            let parts = parts(message);
            let mut whole = Parts::default();
            let (last, before) = parts.split_last().unwrap();
            assert!(before.iter().all(|part| whole.add(part).is_none()));
            assert_eq!(whole.add(last).as_deref(), Some(message));
        }
    }

    #[test]
    fn a_missing_part_leaves_the_message_out_and_the_next_one_comes() {
        let long = vec![1; 2 * PART_BYTES + 7];
        let parts = parts(&long);
        let mut whole = Parts::default();
        assert!(whole.add(&parts[0]).is_none() && whole.add(&parts[2]).is_none());
        assert_eq!(whole.add(&super::parts(b"next")[0]).unwrap(), b"next");
        assert!(whole.add(&[]).is_none() && whole.add(&[3, 1]).is_none());
    }
}
