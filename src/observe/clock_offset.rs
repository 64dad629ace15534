//! How far another clock is from ours: from the round trip of several that took least.

use crate::engine::now_ns;
use std::time::{SystemTime, UNIX_EPOCH};

/// Our clock: the time of day when it was made, and the monotonic clock from then on, so that it never
/// jumps.
#[derive(Clone, Copy, Debug)]
pub(super) struct OwnClock {
    unix_us: i64,
    at_ns: u64,
}

impl OwnClock {
    pub fn start() -> Self {
        let since = SystemTime::now().duration_since(UNIX_EPOCH);
        Self {
            unix_us: since.map_or(0, |since| since.as_micros() as i64),
            at_ns: now_ns(),
        }
    }

    /// The time of day, in microseconds, at a moment of the monotonic clock.
    pub fn at(self, ns: u64) -> i64 {
        self.unix_us + (i128::from(ns) - i128::from(self.at_ns)).div_euclid(1_000) as i64
    }

    pub fn now_us(self) -> i64 {
        self.at(now_ns())
    }
}

/// How far another clock is ahead of ours, and what that may be wrong by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ClockOffset {
    /// Microseconds that it is ahead.
    pub ahead_us: i64,
    /// The true offset is at most so far from `ahead_us`.
    pub within_us: i64,
}

impl ClockOffset {
    /// What is taken off the other clock's times: nothing while it may be the same as ours.
    pub fn correction_us(self) -> i64 {
        if self.ahead_us.abs() <= self.within_us {
            0
        } else {
            self.ahead_us
        }
    }
}

/// Looks for the offset of the clock that `read` tells the microseconds of, in so many round trips.
pub(super) fn offset_of<E>(
    own: OwnClock,
    trips: u32,
    mut read: impl FnMut() -> Result<i64, E>,
) -> Result<Option<ClockOffset>, E> {
    let mut best: Option<ClockOffset> = None;
    for _ in 0..trips {
        let before_us = own.now_us();
        let theirs_us = read()?;
        let after_us = own.now_us();
        let within_us = (after_us - before_us) / 2 + 1;
        let offset = ClockOffset {
            ahead_us: theirs_us.saturating_sub(before_us + (after_us - before_us) / 2),
            within_us,
        };
        if best.is_none_or(|best| within_us < best.within_us) {
            best = Some(offset);
        }
    }
    Ok(best)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_quickest_trip_decides() {
        let own = OwnClock::start();
        let mut trips = 0;
        let offset = offset_of::<()>(own, 4, || {
            trips += 1;
            if trips != 3 {
                std::thread::sleep(std::time::Duration::from_millis(20));
            }
            Ok(own.now_us() + 5_000_000)
        });
        let offset = offset.unwrap().unwrap();
        assert_eq!(trips, 4);
        assert!(
            (offset.ahead_us - 5_000_000).abs() <= offset.within_us,
            "{offset:?}"
        );
        assert_eq!(offset.correction_us(), offset.ahead_us);
        assert_eq!(offset_of::<()>(own, 0, || Ok(0)), Ok(None));
        assert_eq!(offset_of(own, 2, || Err("gone")), Err("gone"));
    }

    #[test]
    fn a_clock_that_may_be_ours_is_taken_for_it() {
        let offset = ClockOffset {
            ahead_us: -90,
            within_us: 100,
        };
        assert_eq!(offset.correction_us(), 0);
    }
}
