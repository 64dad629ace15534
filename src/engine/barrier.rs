//! Where users of all cores gather, to be let go at one common moment.
//!
//! A barrier goes from start to start. Users take part as long as they are members; a start is
//! set as soon as all members have arrived, or when the first of them has waited long enough. The
//! lock is taken once a user and start, before anything is due and after everything was answered.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// From the last arrival to the start: longer than any core needs to notice.
pub(super) const LEAD_NS: u64 = 1_000_000;
/// How long the first one that arrived waits for the others.
const PATIENCE_NS: u64 = 250_000_000;

/// See the module's documentation.
#[derive(Debug, Default)]
pub struct Barrier {
    state: Mutex<BarrierState>,
    /// Starts that were set. Written after `start_ns`, so that who sees the number sees the moment.
    starts: AtomicU64,
    /// The moment of the latest start.
    start_ns: AtomicU64,
    /// Users that the latest start lets go.
    crowd: AtomicU64,
}

#[derive(Debug, Default)]
struct BarrierState {
    members: u64,
    arrived: u64,
    first_arrival_ns: u64,
}

/// A start that was set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CommonStart {
    /// When all are let go, on the monotonic clock.
    pub at_ns: u64,
    /// How many, on all cores.
    pub crowd: u64,
}

/// The start was set before the user arrived.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Missed;

impl Barrier {
    /// Number of the start that is being gathered for.
    #[must_use]
    pub fn next_start(&self) -> u64 {
        self.starts.load(Ordering::Acquire)
    }

    /// One more user takes part from now on.
    pub fn join(&self) {
        self.lock().members += 1;
    }

    /// A member takes part no more.
    pub fn leave(&self, now_ns: u64) {
        let mut state = self.lock();
        state.members = state.members.saturating_sub(1);
        if state.arrived > 0 && state.arrived >= state.members {
            self.set_start(&mut state, now_ns);
        }
    }

    /// A member is ready for start number `start`.
    ///
    /// # Errors
    /// When that start was set already, without it.
    pub fn arrive(&self, start: u64, now_ns: u64) -> Result<(), Missed> {
        let mut state = self.lock();
        if self.next_start() != start {
            return Err(Missed);
        }
        if state.arrived == 0 {
            state.first_arrival_ns = now_ns;
        }
        state.arrived += 1;
        if state.arrived >= state.members {
            self.set_start(&mut state, now_ns);
        }
        Ok(())
    }

    /// Somebody who arrived will not start. Too late when the start was set: then it counts.
    pub fn withdraw(&self, start: u64) {
        let mut state = self.lock();
        if self.next_start() == start {
            state.arrived = state.arrived.saturating_sub(1);
        }
    }

    /// Start number `start`, once it is set. To be asked again and again by those who arrived: the
    /// first arrival's patience ends here.
    #[must_use]
    pub fn start(&self, start: u64, now_ns: u64) -> Option<CommonStart> {
        if self.next_start() == start {
            let mut state = self.lock();
            let waited_ns = now_ns.saturating_sub(state.first_arrival_ns);
            if state.arrived == 0 || waited_ns < PATIENCE_NS || self.next_start() != start {
                return None;
            }
            self.set_start(&mut state, now_ns);
        }
        Some(CommonStart {
            at_ns: self.start_ns.load(Ordering::Relaxed),
            crowd: self.crowd.load(Ordering::Relaxed),
        })
    }

    fn set_start(&self, state: &mut BarrierState, now_ns: u64) {
        self.start_ns.store(now_ns + LEAD_NS, Ordering::Relaxed);
        self.crowd.store(state.arrived, Ordering::Relaxed);
        state.arrived = 0;
        self.starts.fetch_add(1, Ordering::Release);
    }

    fn lock(&self) -> MutexGuard<'_, BarrierState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_member_sets_the_start_for_all() {
        let barrier = Barrier::default();
        for _ in 0..3 {
            barrier.join();
        }
        assert_eq!(barrier.arrive(0, 10), Ok(()));
        assert_eq!(barrier.arrive(0, 20), Ok(()));
        assert_eq!(barrier.start(0, 30), None);
        assert_eq!(barrier.arrive(0, 40), Ok(()));
        let start = CommonStart {
            at_ns: 40 + LEAD_NS,
            crowd: 3,
        };
        assert_eq!(barrier.start(0, 50), Some(start));
        assert_eq!(barrier.arrive(0, 60), Err(Missed));
        assert_eq!(barrier.next_start(), 1);
        assert_eq!(barrier.start(1, 70), None);
    }

    #[test]
    fn nobody_waits_for_ever_for_one_who_is_busy_or_gone() {
        let barrier = Barrier::default();
        for _ in 0..3 {
            barrier.join();
        }
        barrier.arrive(0, 10).unwrap();
        assert_eq!(barrier.start(0, 9 + PATIENCE_NS), None);
        let late = barrier.start(0, 10 + PATIENCE_NS);
        assert_eq!(late.map(|start| start.crowd), Some(1));

        barrier.arrive(1, 10).unwrap();
        barrier.arrive(1, 11).unwrap();
        barrier.leave(12);
        assert_eq!(barrier.start(1, 13).map(|start| start.crowd), Some(2));

        barrier.arrive(2, 10).unwrap();
        barrier.withdraw(2);
        assert_eq!(barrier.start(2, 10 + PATIENCE_NS), None, "nobody is there");
    }
}
