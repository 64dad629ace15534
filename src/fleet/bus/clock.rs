//! How far a machine's `CLOCK_MONOTONIC` is from the clock of the Redis where all meet: pure arithmetic
//! over round trips. The wall clocks of the machines do not matter, and may be wrong.

use serde::{Deserialize, Serialize};

/// Round trips of a measurement; the smallest counts.
pub const ROUND_TRIPS: usize = 50;
/// Steps of the server's clock, `TIME`: it tells whole microseconds.
const RESOLUTION_NS: u64 = 1_000;
/// Round trips that are longer than any that is waited for tell nothing.
const LONGEST_NS: u64 = 60_000_000_000;

/// One look at the server's clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ClockSample {
    /// When it was asked, on the own clock.
    pub asked_ns: u64,
    /// What it said, in microseconds since 1970.
    pub server_us: u64,
    /// When the answer was there, on the own clock.
    pub answered_ns: u64,
}

/// What has to be added to the own clock to get the server's, and how wrong that can be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClockOffset {
    /// The server's clock minus the own, in nanoseconds. The own begins with the machine.
    pub offset_ns: i64,
    /// The true offset is at most so far from it: half the smallest round trip, and a microsecond.
    pub bound_ns: u64,
    /// When it was measured, on the own clock.
    pub measured_ns: u64,
}

/// How the offset changed while a run lasted.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClockDrift {
    /// The later offset minus the earlier one, in nanoseconds.
    pub drift_ns: i64,
    /// How wrong that can be.
    pub bound_ns: u64,
    /// Over which time, in nanoseconds.
    pub over_ns: u64,
}

impl ClockOffset {
    /// From the sample with the smallest round trip; `None` where there is no usable one.
    #[must_use]
    pub fn of_samples(samples: &[ClockSample]) -> Option<Self> {
        let round_trip = |sample: &&ClockSample| sample.answered_ns.checked_sub(sample.asked_ns);
        let usable = samples.iter().filter(|sample| {
            round_trip(sample).is_some_and(|round_trip_ns| round_trip_ns <= LONGEST_NS)
        });
        let best = usable.min_by_key(round_trip)?;
        let round_trip_ns = best.answered_ns - best.asked_ns;
        // The clock was somewhere in the microsecond that it told: its middle is at most half of it wrong.
        let server_ns = i64::try_from(best.server_us)
            .ok()?
            .checked_mul(1_000)?
            .checked_add(RESOLUTION_NS as i64 / 2)?;
        let middle_ns = i64::try_from(best.asked_ns + round_trip_ns / 2).ok()?;
        Some(Self {
            offset_ns: server_ns.checked_sub(middle_ns)?,
            bound_ns: round_trip_ns.div_ceil(2) + RESOLUTION_NS,
            measured_ns: best.answered_ns,
        })
    }

    /// The moment of the own clock at which the server's is at `server_us`; 0 where that was before the
    /// own began.
    #[must_use]
    pub fn own_ns(&self, server_us: u64) -> u64 {
        let server_ns = i128::from(server_us) * 1_000;
        let own_ns = server_ns - i128::from(self.offset_ns);
        u64::try_from(own_ns.max(0)).unwrap_or(u64::MAX)
    }

    /// What the server's clock says at a moment of the own, in microseconds since 1970.
    #[must_use]
    pub fn server_us(&self, own_ns: u64) -> u64 {
        let server_ns = i128::from(own_ns) + i128::from(self.offset_ns);
        u64::try_from(server_ns.max(0) / 1_000).unwrap_or(u64::MAX)
    }

    /// How it has changed until `later` was measured.
    #[must_use]
    pub fn drift_until(&self, later: &Self) -> ClockDrift {
        ClockDrift {
            drift_ns: later.offset_ns.saturating_sub(self.offset_ns),
            bound_ns: self.bound_ns.saturating_add(later.bound_ns),
            over_ns: later.measured_ns.saturating_sub(self.measured_ns),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// 2026, in nanoseconds since 1970.
    const TODAY_NS: i64 = 1_795_000_000_000_000_000;

    /// Round trips over a way that takes `there` and `back`, to a server whose clock is so far ahead.
    fn played(offset_ns: i64, ways: &[(u64, u64)], start_ns: u64) -> Vec<ClockSample> {
        let mut now_ns = start_ns;
        let samples = ways.iter().map(|(there_ns, back_ns)| {
            let asked_ns = now_ns;
            let server_ns = (asked_ns + there_ns) as i64 + offset_ns;
            now_ns += there_ns + back_ns;
            ClockSample {
                asked_ns,
                server_us: server_ns as u64 / 1_000,
                answered_ns: now_ns,
            }
        });
        samples.collect()
    }

    proptest! {
        #[test]
        fn the_true_offset_is_within_the_bound(
            skew_ns in -3_000_000_000_i64..3_000_000_000,
            start_ns in 0_u64..1_000_000_000_000_000,
            ways in prop::collection::vec((0_u64..50_000_000, 0_u64..50_000_000), 1..ROUND_TRIPS),
        ) {
            let offset_ns = TODAY_NS + skew_ns;
            let measured = ClockOffset::of_samples(&played(offset_ns, &ways, start_ns)).unwrap();
            let wrong_ns = measured.offset_ns.abs_diff(offset_ns);
            prop_assert!(wrong_ns <= measured.bound_ns, "{wrong_ns} {measured:?}");
            let smallest = ways.iter().map(|(there, back)| there + back).min().unwrap();
            prop_assert_eq!(measured.bound_ns, smallest.div_ceil(2) + 1_000);
        }

        #[test]
        fn a_common_moment_is_one_moment_on_all_machines(
            skews_ns in prop::collection::vec(-3_000_000_000_i64..3_000_000_000, 2..8),
            ways in prop::collection::vec((0_u64..2_000_000, 0_u64..2_000_000), 1..ROUND_TRIPS),
        ) {
            // Each machine was switched on at another time; the server's clock tells the same to all.
            let start_us = TODAY_NS as u64 / 1_000 + 5_000_000;
            for skew_ns in skews_ns {
                let offset_ns = TODAY_NS + skew_ns;
                let measured = ClockOffset::of_samples(&played(offset_ns, &ways, 0)).unwrap();
                let true_ns = start_us as i64 * 1_000 - offset_ns;
                let wrong_ns = (measured.own_ns(start_us) as i64).abs_diff(true_ns);
                prop_assert!(wrong_ns <= measured.bound_ns, "{wrong_ns} {measured:?}");
                prop_assert_eq!(measured.server_us(measured.own_ns(start_us)), start_us);
            }
        }

        #[test]
        fn no_clock_makes_it_fail(asked_ns: u64, server_us: u64, answered_ns: u64, at: u64) {
            let sample = ClockSample { asked_ns, server_us, answered_ns };
            if let Some(offset) = ClockOffset::of_samples(&[sample]) {
                let _ = (offset.own_ns(at), offset.server_us(at), offset.drift_until(&offset));
            }
        }
    }

    #[test]
    fn a_clock_three_seconds_off_changes_nothing_but_the_offset() {
        let ways = [(400_000, 500_000), (300_000, 200_000), (9_000_000, 100_000)];
        let right = ClockOffset::of_samples(&played(TODAY_NS, &ways, 5_000)).unwrap();
        let wrong =
            ClockOffset::of_samples(&played(TODAY_NS + 3_000_000_000, &ways, 5_000)).unwrap();
        assert_eq!(wrong.offset_ns - right.offset_ns, 3_000_000_000);
        assert_eq!((wrong.bound_ns, right.bound_ns), (251_000, 251_000));
        assert_eq!(right.drift_until(&wrong).drift_ns, 3_000_000_000);
        assert_eq!(ClockOffset::of_samples(&[]), None);
    }
}
