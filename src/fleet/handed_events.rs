//! Events that are followed over a fleet: shards choose replies that name some, and hand them to their
//! leader, which observes the back end alone. Moments go over on the clock of the Redis where all meet; what
//! that translation may be wrong by goes along.

use super::bus::{ClockOffset, Report};
use super::courier::Courier;
use super::words::{EVENTS, Said};
use crate::engine::{EventSampling, Id, SampledReply};
use crate::plan::EventSample;
use crossbeam_channel::{Receiver, RecvTimeoutError, Sender, bounded};
use serde::{Deserialize, Serialize};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Duration;

/// Time between two messages of a shard.
const PAUSE: Duration = Duration::from_millis(500);
/// Messages between two looks at the clock: 20 s.
const CLOCK_EVERY: u32 = 40;
/// Replies of a message.
const MOST_REPLIES: usize = 2_000;
/// What two clocks that are kept by the same means run apart, at most, in millionths.
const DRIFT_PPM: u64 = 50;

/// A reply that was chosen, as it goes over.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HandedReply {
    /// Which step of the script it was.
    step: u16,
    /// When it was sent, on the server's clock, in microseconds since 1970.
    sent_us: u64,
    /// From then to its reply, in nanoseconds.
    took_ns: u64,
    /// The id that the reply gave.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    given: Option<String>,
    /// The id that the request went to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    on: Option<String>,
}

/// What a shard hands over at once.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HandedEvents {
    /// Which of the runs.
    round: u32,
    /// What the moments may be wrong by, in nanoseconds.
    within_ns: u64,
    /// Replies that name events, since the message before, chosen or not.
    seen: u64,
    /// Those of them that were chosen and found no room.
    no_room: u64,
    /// The chosen ones.
    replies: Vec<HandedReply>,
}

impl Said for HandedEvents {}

/// What the clock of a machine may be wrong by at a moment, since it was measured.
fn within_ns(clock: &ClockOffset, at_ns: u64) -> u64 {
    let age_ns = at_ns.abs_diff(clock.measured_ns);
    let drift_ns = u128::from(age_ns) * u128::from(DRIFT_PPM) / 1_000_000;
    clock
        .bound_ns
        .saturating_add(u64::try_from(drift_ns).unwrap_or(u64::MAX))
}

impl HandedReply {
    fn of(reply: &SampledReply, clock: &ClockOffset) -> Self {
        let text = |id: Option<Id>| id.map(|id| id.as_str().to_owned());
        Self {
            step: reply.step,
            sent_us: clock.server_us(reply.sent_ns),
            took_ns: reply.done_ns.saturating_sub(reply.sent_ns),
            given: text(reply.given),
            on: text(reply.on),
        }
    }

    /// The same on the leader's clock, which may be wrong by `within_ns`; `None` for ids that are none.
    fn taken(&self, clock: &ClockOffset, within_ns: u64) -> Option<SampledReply> {
        let id = |text: &Option<String>| match text {
            None => Some(None),
            Some(text) => Id::new(text.as_bytes()).map(Some),
        };
        let sent_ns = clock.own_ns(self.sent_us);
        Some(SampledReply {
            step: self.step,
            sent_ns,
            done_ns: sent_ns.saturating_add(self.took_ns),
            given: id(&self.given)?,
            on: id(&self.on)?,
            within_us: u32::try_from(within_ns.div_ceil(1_000)).unwrap_or(u32::MAX),
        })
    }
}

impl HandedEvents {
    /// What a shard hands over: the `chosen` ones, and how many it has seen and found no room for.
    #[must_use]
    pub fn of(
        round: u32,
        chosen: &[SampledReply],
        [seen, no_room]: [u64; 2],
        clock: &ClockOffset,
    ) -> Self {
        let latest_ns = chosen.iter().map(|reply| reply.done_ns).max();
        let replies = chosen.iter().map(|reply| HandedReply::of(reply, clock));
        Self {
            round,
            within_ns: within_ns(clock, latest_ns.unwrap_or(clock.measured_ns)),
            seen,
            no_room,
            replies: replies.collect(),
        }
    }

    /// Gives what a shard handed over in `round` to those who follow events; tells how many replies were
    /// none.
    pub fn take_in(self, round: u32, clock: &ClockOffset, events: &EventSampling) -> usize {
        if self.round != round {
            return 0;
        }
        events.count(self.seen, self.no_room);
        let mut odd = 0;
        for reply in self.replies.iter().take(MOST_REPLIES) {
            let own_ns = within_ns(clock, clock.own_ns(reply.sent_us));
            match reply.taken(clock, self.within_ns.saturating_add(own_ns)) {
                Some(reply) => events.take_in(reply),
                None => odd += 1,
            }
        }
        odd
    }
}

/// A shard's side: what its cores choose, and the thread that hands it over.
#[derive(Debug)]
pub struct EventsCourier {
    courier: Courier,
    round: u32,
    sample: EventSample,
    begun: Mutex<Option<Handing>>,
}

#[derive(Debug)]
struct Handing {
    thread: JoinHandle<()>,
    /// Its end, when nothing more is chosen.
    end: Sender<()>,
}

impl EventsCourier {
    /// That of a run in which `sample` is to be followed.
    #[must_use]
    pub fn new(courier: Courier, round: u32, sample: EventSample) -> Self {
        Self {
            courier,
            round,
            sample,
            begun: Mutex::default(),
        }
    }

    /// How `cores` cores choose; what they choose is handed over from now on. `None` where nothing is to be
    /// followed, or the server's clock cannot be asked.
    pub fn begin(&self, cores: usize) -> Option<EventSampling> {
        if self.sample == EventSample::Off {
            return None;
        }
        let clock = self.courier.clock()?;
        let (sampling, replies) = EventSampling::new(self.sample, cores);
        let (end, ended) = bounded(1);
        let hand = Hand {
            courier: self.courier.clone(),
            round: self.round,
            replies,
            sampling: sampling.clone(),
            told: [0; 2],
            clock,
        };
        let thread = thread::spawn(move || hand.run(&ended));
        *self.lock() = Some(Handing { thread, end });
        Some(sampling)
    }

    /// Hands over what is left, once nothing more is chosen.
    pub fn end(&self) {
        if let Some(Handing { thread, end }) = self.lock().take() {
            // It waits for nothing else.
            drop(end);
            // It panics only by a defect, which it has told itself.
            let _ = thread.join();
        }
    }

    fn lock(&self) -> MutexGuard<'_, Option<Handing>> {
        self.begun.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The thread that hands over.
struct Hand {
    courier: Courier,
    round: u32,
    replies: Receiver<SampledReply>,
    sampling: EventSampling,
    /// What was told of [`crate::engine::SampleTally`].
    told: [u64; 2],
    clock: ClockOffset,
}

impl Hand {
    fn run(mut self, ended: &Receiver<()>) {
        let mut messages = 0_u32;
        loop {
            let is_over = ended.recv_timeout(PAUSE) != Err(RecvTimeoutError::Timeout);
            messages = messages.wrapping_add(1);
            if messages.is_multiple_of(CLOCK_EVERY) && !is_over {
                // While Redis is away the last one stands, and is wrong by more and more.
                self.clock = self.courier.clock().unwrap_or(self.clock);
            }
            while self.say() {}
            if is_over {
                return;
            }
        }
    }

    /// Says what is there; whether there was more than a message holds.
    fn say(&mut self) -> bool {
        let chosen: Vec<SampledReply> = self.replies.try_iter().take(MOST_REPLIES).collect();
        let tally = self.sampling.tally();
        let now =
            [&tally.seen, &tally.no_room].map(|count: &AtomicU64| count.load(Ordering::Relaxed));
        let [seen, no_room] = [0, 1].map(|place| now[place] - self.told[place]);
        if chosen.is_empty() && seen == 0 && no_room == 0 {
            return false;
        }
        self.told = now;
        let handed = HandedEvents::of(self.round, &chosen, [seen, no_room], &self.clock);
        self.courier.say(Report::Other {
            topic: EVENTS.to_owned(),
            body: handed.to_bytes(),
        });
        chosen.len() == MOST_REPLIES
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND_NS: u64 = 1_000_000_000;

    fn clock(offset_ns: i64, bound_ns: u64, measured_ns: u64) -> ClockOffset {
        ClockOffset {
            offset_ns,
            bound_ns,
            measured_ns,
        }
    }

    fn reply(sent_ns: u64) -> SampledReply {
        SampledReply {
            step: 3,
            sent_ns,
            done_ns: sent_ns + 7_654_321,
            given: Id::new(b"order-1"),
            on: None,
            within_us: 0,
        }
    }

    #[test]
    fn a_reply_comes_over_at_the_same_moment_with_what_the_clocks_may_be_wrong_by() {
        // Both clocks begin with their machines: hours apart.
        let of_shard = clock(1_700_000_000 * SECOND_NS as i64, 200_000, 100 * SECOND_NS);
        let of_leader = clock(
            1_699_990_000 * SECOND_NS as i64,
            300_000,
            10_100 * SECOND_NS,
        );
        let sent = reply(110 * SECOND_NS);
        let handed = HandedEvents::of(2, &[sent], [40, 1], &of_shard);
        let read = HandedEvents::read(&handed.to_bytes()).unwrap();
        assert_eq!(read, handed);
        let (sampling, replies) = EventSampling::new(EventSample::Share(1.0), 1);
        assert_eq!(read.clone().take_in(1, &of_leader, &sampling), 0);
        assert!(replies.is_empty(), "another run's");
        assert_eq!(read.take_in(2, &of_leader, &sampling), 0);
        let taken = replies.try_recv().unwrap();
        assert_eq!(taken.sent_ns, 10_110 * SECOND_NS);
        assert_eq!(taken.done_ns - taken.sent_ns, 7_654_321);
        assert_eq!(taken.given.unwrap().as_str(), "order-1");
        // Both bounds, and what either clock may have drifted in ten seconds: 50 millionths of it.
        assert!(
            (1_500..1_502).contains(&taken.within_us),
            "{}",
            taken.within_us
        );
        let tally = sampling.tally();
        assert_eq!(tally.seen.load(Ordering::Relaxed), 40);
        assert_eq!(tally.no_room.load(Ordering::Relaxed), 1);
    }

    #[test]
    fn ids_that_no_shop_gives_are_counted_and_left_out() {
        let own = clock(0, 1, SECOND_NS);
        let mut odd = HandedReply::of(&reply(SECOND_NS), &own);
        odd.given = Some("../x".to_owned());
        let handed = HandedEvents {
            replies: vec![odd, HandedReply::of(&reply(SECOND_NS), &own)],
            ..HandedEvents::default()
        };
        let (sampling, replies) = EventSampling::new(EventSample::Share(1.0), 1);
        assert_eq!(handed.take_in(0, &own, &sampling), 1);
        assert_eq!(replies.len(), 1);
        assert_eq!(HandedEvents::read(b"{}"), None);
    }
}
