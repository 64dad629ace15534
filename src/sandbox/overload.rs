//! Falling over: a shop that dies when too many requests arrive, and comes back if it is told to.
//! Its threads share one state, so that they fall together.
//!
//! Listeners are shut down by whoever notices, whichever thread they belong to: from that moment
//! the kernel refuses connections. Each thread then ends its own connections (see `acceptor`).

use crate::engine::{now_ns, shut_down};
use std::os::fd::RawFd;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// When a shop falls over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FallsOver {
    /// Most requests that it bears within one second, at least 1.
    pub above: usize,
    /// How long it is down; `None` when it does not come back.
    pub back_after: Option<Duration>,
}

/// What the threads of a shop that falls over share.
#[derive(Debug)]
pub struct OverloadState {
    most: u64,
    back_after_ns: Option<u64>,
    arrived: SlidingSecond,
    /// When it is back, on the monotonic clock: it is down before that moment. `u64::MAX` is never.
    back_ns: AtomicU64,
    falls: AtomicU32,
    /// Descriptors of the open listeners of all threads; each is taken out before it is closed.
    listeners: Mutex<Vec<RawFd>>,
}

impl OverloadState {
    /// A shop that stands.
    pub fn new(falls_over: FallsOver) -> Self {
        let back_after = falls_over.back_after;
        Self {
            most: falls_over.above as u64,
            back_after_ns: back_after.map(|time| time.as_nanos() as u64),
            arrived: SlidingSecond::default(),
            back_ns: AtomicU64::new(0),
            falls: AtomicU32::new(0),
            listeners: Mutex::default(),
        }
    }

    /// Counts a request that has arrived. False when nobody answers it: the shop is down, or fell
    /// over by this request.
    pub fn admits_another(&self) -> bool {
        self.admits_another_at(now_ns())
    }

    fn admits_another_at(&self, now_ns: u64) -> bool {
        let back_ns = self.back_ns.load(Ordering::Acquire);
        if now_ns < back_ns {
            return false;
        }
        if self.arrived.count(now_ns) <= self.most {
            return true;
        }
        self.fall(now_ns, back_ns);
        false
    }

    /// Falls over, unless another thread has just done it. `was_back_ns` is what was known.
    #[cold]
    fn fall(&self, now_ns: u64, was_back_ns: u64) {
        let after_ns = self.back_after_ns.unwrap_or(u64::MAX);
        let swapped = self.back_ns.compare_exchange(
            was_back_ns,
            now_ns.saturating_add(after_ns),
            Ordering::AcqRel,
            Ordering::Acquire,
        );
        if swapped.is_ok() {
            self.falls.fetch_add(1, Ordering::AcqRel);
            self.arrived.clear();
            for &descriptor in self.listeners().iter() {
                shut_down(descriptor);
            }
        }
    }

    /// When it is back, on the monotonic clock; `None` when it stands.
    pub fn down_until_ns(&self) -> Option<u64> {
        let back_ns = self.back_ns.load(Ordering::Acquire);
        (now_ns() < back_ns).then_some(back_ns)
    }

    /// How often it fell: what began at another count is lost.
    pub fn falls(&self) -> u32 {
        self.falls.load(Ordering::Acquire)
    }

    /// Has the listener of `descriptor` shut down with the next fall.
    pub fn opened(&self, descriptor: RawFd) {
        self.listeners().push(descriptor);
    }

    /// The listener of `descriptor` is about to be closed.
    pub fn closing(&self, descriptor: RawFd) {
        self.listeners().retain(|&open| open != descriptor);
    }

    fn listeners(&self) -> std::sync::MutexGuard<'_, Vec<RawFd>> {
        self.listeners
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

/// A tenth of a second.
const TENTH_NS: u64 = 100_000_000;
const TENTHS: u32 = 10;

/// Counts what happens within a second that slides on in tenths: the tenth that has begun, and the
/// nine before it.
#[derive(Debug, Default)]
struct SlidingSecond {
    /// Number of the tenth in the upper half, what happened in it in the lower.
    tenths: [AtomicU64; TENTHS as usize],
}

impl SlidingSecond {
    /// Counts one more at `now_ns`; returns how many there were within the second, with it.
    fn count(&self, now_ns: u64) -> u64 {
        let number = (now_ns / TENTH_NS) as u32;
        let one_more = |packed: u64| match number_of(packed) == number {
            true => packed + 1,
            false => u64::from(number) << 32 | 1,
        };
        let slot = &self.tenths[(number % TENTHS) as usize];
        let mut packed = slot.load(Ordering::Relaxed);
        while let Err(other) = slot.compare_exchange_weak(
            packed,
            one_more(packed),
            Ordering::Relaxed,
            Ordering::Relaxed,
        ) {
            packed = other;
        }
        let slots = self.tenths.iter().map(|slot| slot.load(Ordering::Relaxed));
        // Another thread may be a tenth ahead.
        let is_recent = |packed: &u64| {
            let age = number.wrapping_sub(number_of(*packed));
            age < TENTHS || age == u32::MAX
        };
        slots
            .filter(is_recent)
            .map(|packed| packed & u64::from(u32::MAX))
            .sum()
    }

    /// Forgets everything.
    fn clear(&self) {
        for slot in &self.tenths {
            slot.store(0, Ordering::Relaxed);
        }
    }
}

fn number_of(packed: u64) -> u32 {
    (packed >> 32) as u32
}

#[cfg(test)]
mod tests {
    use super::*;

    const S: u64 = 10 * TENTH_NS;

    /// A moment from which seconds are told; any will do.
    const START_NS: u64 = 123_456 * S;

    #[test]
    fn a_second_slides() {
        let second = SlidingSecond::default();
        for earlier in 0..5 {
            assert_eq!(second.count(START_NS), earlier + 1);
        }
        assert_eq!(second.count(START_NS + TENTH_NS - 1), 6);
        assert_eq!(second.count(START_NS + 9 * TENTH_NS), 7);
        // The first tenth is over a second ago as a whole, the last one is not.
        assert_eq!(second.count(START_NS + S), 2);
        assert_eq!(second.count(START_NS + 100 * S), 1);
    }

    #[test]
    fn an_even_load_is_counted_as_its_rate() {
        let second = SlidingSecond::default();
        let highest = (0..5_000).map(|number| second.count(START_NS + number * S / 1_000));
        assert_eq!(highest.max(), Some(1_000));
    }

    #[test]
    fn what_is_cleared_is_forgotten() {
        let second = SlidingSecond::default();
        second.count(START_NS);
        second.count(START_NS + TENTH_NS);
        second.clear();
        assert_eq!(second.count(START_NS + TENTH_NS), 1);
    }

    #[test]
    fn threads_count_together() {
        let second = SlidingSecond::default();
        std::thread::scope(|scope| {
            for thread in 0..4 {
                let second = &second;
                // Their clocks lie a tenth apart at most.
                let at_ns = START_NS + thread % 2 * TENTH_NS;
                scope.spawn(move || {
                    for _ in 0..1_000 {
                        second.count(at_ns);
                    }
                });
            }
        });
        assert_eq!(second.count(START_NS), 4_001);
    }

    #[test]
    fn a_shop_falls_above_its_limit_comes_back_empty_and_falls_again() {
        let overload = OverloadState::new(FallsOver {
            above: 3,
            back_after: Some(Duration::from_millis(50)),
        });
        let admits = |at_ns| overload.admits_another_at(START_NS + at_ns);
        for fall in 0..3 {
            let from_ns = u64::from(fall) * 60_000_000;
            assert_eq!(overload.falls(), fall);
            assert!((0..3).all(|_| admits(from_ns)));
            assert!(!admits(from_ns), "one too many");
            assert_eq!(overload.falls(), fall + 1);
            assert!(!admits(from_ns + 49_999_999), "it is down");
            assert_eq!(overload.falls(), fall + 1, "once is enough");
        }
    }

    #[test]
    fn a_shop_stays_down_unless_told() {
        let overload = OverloadState::new(FallsOver {
            above: 1,
            back_after: None,
        });
        assert_eq!(overload.down_until_ns(), None);
        assert!(overload.admits_another() && !overload.admits_another());
        assert_eq!(overload.down_until_ns(), Some(u64::MAX));
        assert!(!overload.admits_another_at(u64::MAX - 1));
    }
}
