//! One domain's outbox and its engines: a deterministic queue, first come first served.
//!
//! Nobody works the queue off: its state is a function of what was accepted, when, and of the time.
//! All that is kept is how far the engines will have come when they are done with everything.

use super::pace::{EnginePace, PARTS};
use std::sync::atomic::{AtomicU64, Ordering};

/// See the module's documentation. Shared by all server threads.
pub struct Queue {
    pace: EnginePace,
    /// Progress at which everything accepted is done.
    end: AtomicU64,
    accepted: AtomicU64,
}

/// An accepted event's place in the queue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct QueuePlace {
    /// How many were accepted before it.
    pub number: u64,
    /// Progress at which it is done.
    pub end: u64,
    /// Events not yet done, with this one.
    pub unfinished: u64,
}

/// The queue at one moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct QueueLevel {
    /// Events accepted so far.
    pub accepted: u64,
    /// Of these, not yet done.
    pub unfinished: u64,
}

impl Queue {
    pub fn new(pace: EnginePace) -> Self {
        Self {
            pace,
            end: AtomicU64::new(0),
            accepted: AtomicU64::new(0),
        }
    }

    pub fn pace(&self) -> EnginePace {
        self.pace
    }

    /// Takes an event, `at_ns` after the start.
    pub fn accept(&self, at_ns: u64) -> QueuePlace {
        let now = self.pace.progress(at_ns);
        let end_after = |end: u64| end.max(now).saturating_add(self.pace.work());
        // The end comes first: between the two steps an event may be missing among the accepted
        // ones, but none seems done that is not.
        let before = self
            .end
            .fetch_update(Ordering::AcqRel, Ordering::Acquire, |end| {
                Some(end_after(end))
            });
        let end = end_after(before.unwrap_or_else(|end| end));
        QueuePlace {
            number: self.accepted.fetch_add(1, Ordering::AcqRel),
            end,
            unfinished: self.unfinished(end, now),
        }
    }

    /// Progress at which everything accepted so far is done.
    pub fn end(&self) -> u64 {
        self.end.load(Ordering::Acquire)
    }

    /// The queue `at_ns` after the start.
    pub fn level(&self, at_ns: u64) -> QueueLevel {
        let accepted = self.accepted.load(Ordering::Acquire);
        let end = self.end.load(Ordering::Acquire);
        let unfinished = self.unfinished(end, self.pace.progress(at_ns));
        QueueLevel {
            accepted,
            unfinished: unfinished.min(accepted),
        }
    }

    fn unfinished(&self, end: u64, now: u64) -> u64 {
        match self.pace {
            EnginePace::Unlimited => 0,
            EnginePace::Stopped | EnginePace::Per1000S(_) => {
                end.saturating_sub(now).div_ceil(PARTS)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const S: u64 = 1_000_000_000;
    const MS: u64 = 1_000_000;

    fn unfinished(queue: &Queue, at_ns: u64) -> u64 {
        queue.level(at_ns).unfinished
    }

    #[test]
    fn an_event_takes_its_time_from_when_it_came() {
        let queue = Queue::new(EnginePace::Per1000S(8_000));
        let start_ns = 10 * S + 3 * MS;
        assert_eq!(queue.accept(start_ns).unfinished, 1);
        assert_eq!(unfinished(&queue, start_ns + 124 * MS), 1);
        assert_eq!(unfinished(&queue, start_ns + 125 * MS), 0);
        // The idle time is not made up for.
        queue.accept(start_ns + S);
        assert_eq!(unfinished(&queue, start_ns + S + 124 * MS), 1);
        assert_eq!(unfinished(&queue, start_ns + S + 125 * MS), 0);
    }

    #[test]
    fn a_flood_is_drained_at_the_rate() {
        let queue = Queue::new(EnginePace::Per1000S(7_000));
        let start_ns = 12_345_678_901;
        for number in 0..1_000 {
            assert_eq!(queue.accept(start_ns).number, number);
        }
        for second in 0..=142 {
            assert_eq!(
                unfinished(&queue, start_ns + second * S),
                1_000 - 7 * second
            );
        }
        assert_eq!(unfinished(&queue, start_ns + 143 * S), 0);
    }

    #[test]
    fn stopped_engines_only_let_it_grow_and_unlimited_ones_never() {
        let stopped = Queue::new(EnginePace::Stopped);
        let unlimited = Queue::new(EnginePace::Unlimited);
        for number in 1..=50 {
            assert_eq!(stopped.accept(number * S).unfinished, number);
            assert_eq!(unlimited.accept(number * S).end, number * S);
        }
        let level = |accepted, unfinished| QueueLevel {
            accepted,
            unfinished,
        };
        assert_eq!(stopped.level(u64::MAX), level(50, 50));
        assert_eq!(unlimited.level(50 * S), level(50, 0));
    }

    #[test]
    fn threads_lose_nothing() {
        let queue = Queue::new(EnginePace::Per1000S(1_000));
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| (0..10_000).for_each(|_| _ = queue.accept(5 * S)));
            }
        });
        let level = queue.level(1_005 * S);
        assert_eq!((level.accepted, level.unfinished), (40_000, 39_000));
    }

    proptest! {
        /// Against the plain definition of a server that takes 1/rate for each event in turn.
        #[test]
        fn it_is_the_queue_of_one_server(
            events in prop_oneof![Just(3_000_u64), Just(8_000), 1..10_000_000_u64],
            gaps_us in prop::collection::vec(0_u64..400_000, 1..200),
            later_us in 0_u64..2_000_000,
        ) {
            let queue = Queue::new(EnginePace::Per1000S(events));
            let work_ns = 1e12 / events as f64;
            let (mut at_ns, mut free_ns) = (0, 0_f64);
            let mut ends = Vec::new();
            for gap_us in gaps_us {
                at_ns += gap_us * 1_000;
                free_ns = free_ns.max(at_ns as f64) + work_ns;
                ends.push(free_ns);
                let place = queue.accept(at_ns);
                prop_assert_eq!(place.number + 1, ends.len() as u64);
                let end_ns = queue.pace().reached_ns(place.end).unwrap();
                let tolerance_ns = work_ns / PARTS as f64 + 2.0;
                prop_assert!((end_ns as f64 - free_ns).abs() <= tolerance_ns);
            }
            at_ns += later_us * 1_000;
            let level = queue.level(at_ns);
            prop_assert_eq!(level.accepted, ends.len() as u64);
            let slack_ns = work_ns / PARTS as f64 + 2.0;
            let count = |late_ns: f64| {
                ends.iter().filter(|end_ns| **end_ns + late_ns > at_ns as f64).count() as u64
            };
            prop_assert!((count(-slack_ns)..=count(slack_ns)).contains(&level.unfinished));
        }

        /// While there is always something to do, the engines drain ⌊rate × time⌋.
        #[test]
        fn busy_engines_drain_the_floor_of_rate_times_time(
            events in 1_u64..1_000_000,
            busy_ms in 0_u64..10_000_000,
        ) {
            let queue = Queue::new(EnginePace::Per1000S(events));
            let expected = u64::try_from(
                u128::from(events) * u128::from(busy_ms) / 1_000_000
            ).unwrap();
            let total = 300;
            for _ in 0..total {
                queue.accept(0);
            }
            let level = queue.level(busy_ms * MS);
            prop_assert_eq!(level.accepted - level.unfinished, expected.min(total));
        }
    }
}
