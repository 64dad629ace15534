//! How fast the engines of one domain work, as exact arithmetic on integers.
//!
//! Progress is counted in parts of an event. It is computed from the time that has passed since the
//! sandbox started, never added up, so that it does not drift: whatever the rate, after T busy
//! seconds exactly ⌊rate × T⌋ events are done (a single one may be early by a 65,536th of the time
//! that it takes).

/// Parts of one event.
pub const PARTS: u64 = 1 << 16;
/// Most engines of a domain.
pub const MOST_ENGINES: u32 = 100;
/// Most events a second and engine that can be asked for; beyond it there is "unlimited".
pub const HIGHEST_DRAIN_RATE_PER_S: f64 = 1e6;

/// How many events an engine drains.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DrainRate {
    /// So many in a thousand seconds; 0 stops the engines.
    Per1000S(u64),
    /// Every event at once.
    Unlimited,
}

impl DrainRate {
    /// The measured rate: 7–8 events a second for one identity engine on two cores.
    pub const MEASURED: Self = Self::Per1000S(8_000);

    /// `events` a second, from 0 to [`HIGHEST_DRAIN_RATE_PER_S`], rounded to a thousandth; `None`
    /// when it lies outside, or would be rounded to a stop.
    #[must_use]
    pub fn per_s(events: f64) -> Option<Self> {
        if !(0.0..=HIGHEST_DRAIN_RATE_PER_S).contains(&events) {
            return None;
        }
        let per_1000_s = (events * 1e3).round() as u64;
        (per_1000_s > 0 || events == 0.0).then_some(Self::Per1000S(per_1000_s))
    }
}

/// How fast all engines of one domain work together: as one server that is so much faster.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EnginePace {
    Stopped,
    Per1000S(u64),
    Unlimited,
}

/// Nanoseconds in the thousand seconds that rates are counted in.
const RATE_NS: u128 = 1_000_000_000_000;

impl EnginePace {
    pub fn of(rate: DrainRate, engines: u32) -> Self {
        match rate {
            _ if engines == 0 => Self::Stopped,
            DrainRate::Per1000S(0) => Self::Stopped,
            DrainRate::Per1000S(events) => Self::Per1000S(events * u64::from(engines)),
            DrainRate::Unlimited => Self::Unlimited,
        }
    }

    /// What an engine that is always busy has done `at_ns` after the start, in parts. Without a
    /// limit parts are nanoseconds, and work takes none.
    pub fn progress(self, at_ns: u64) -> u64 {
        match self {
            Self::Stopped => 0,
            Self::Per1000S(events) => {
                let parts = u128::from(at_ns) * u128::from(events) * u128::from(PARTS) / RATE_NS;
                u64::try_from(parts).unwrap_or(u64::MAX)
            }
            Self::Unlimited => at_ns,
        }
    }

    /// When `progress` is reached, in nanoseconds after the start; `None` when never.
    pub fn reached_ns(self, progress: u64) -> Option<u64> {
        match self {
            Self::Stopped => None,
            Self::Per1000S(events) => {
                let part_rate = u128::from(events) * u128::from(PARTS);
                u64::try_from((u128::from(progress) * RATE_NS).div_ceil(part_rate)).ok()
            }
            Self::Unlimited => Some(progress),
        }
    }

    /// What one event takes, in parts.
    pub fn work(self) -> u64 {
        match self {
            Self::Stopped | Self::Per1000S(_) => PARTS,
            Self::Unlimited => 0,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const S: u64 = 1_000_000_000;

    #[test]
    fn rates_are_rounded_to_a_thousandth() {
        assert_eq!(DrainRate::per_s(8.0), Some(DrainRate::MEASURED));
        assert_eq!(DrainRate::per_s(0.5), Some(DrainRate::Per1000S(500)));
        assert_eq!(DrainRate::per_s(0.0), Some(DrainRate::Per1000S(0)));
        for wrong in [-1.0, 0.000_1, 1e6 + 1.0, f64::NAN, f64::INFINITY] {
            assert_eq!(DrainRate::per_s(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn engines_add_up_and_none_is_a_stop() {
        let third = DrainRate::per_s(3.0).unwrap();
        assert_eq!(EnginePace::of(third, 4), EnginePace::Per1000S(12_000));
        assert_eq!(EnginePace::of(third, 0), EnginePace::Stopped);
        assert_eq!(
            EnginePace::of(DrainRate::Per1000S(0), 4),
            EnginePace::Stopped
        );
        assert_eq!(EnginePace::of(DrainRate::Unlimited, 0), EnginePace::Stopped);
        assert_eq!(
            EnginePace::of(DrainRate::Unlimited, 1),
            EnginePace::Unlimited
        );
        assert_eq!(EnginePace::Stopped.progress(u64::MAX), 0);
    }

    #[test]
    fn a_third_of_a_second_does_not_drift_in_a_year() {
        let pace = EnginePace::Per1000S(3_000);
        let year_s = 365 * 24 * 3_600;
        assert_eq!(pace.progress(year_s * S), 3 * year_s * PARTS);
        assert_eq!(pace.progress(year_s * S - 1) / PARTS, 3 * year_s - 1);
    }

    proptest! {
        #[test]
        fn progress_is_reached_exactly_then(
            events in 1_u64..100_000_000_000,
            progress in 0_u64..1 << 40,
        ) {
            let pace = EnginePace::Per1000S(events);
            let at_ns = pace.reached_ns(progress).unwrap();
            prop_assert!(pace.progress(at_ns) >= progress);
            prop_assert!(at_ns == 0 || pace.progress(at_ns - 1) < progress);
        }
    }
}
